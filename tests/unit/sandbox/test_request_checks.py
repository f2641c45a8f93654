"""Each rule of the sandbox refuses the request that breaks it, and only official examples with known defects fail."""

import copy
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from gateway.fhir.json import dumps, loads
from gateway.sandbox import names
from gateway.sandbox.checks import check_request
from gateway.sandbox.submit import submit
from gateway.sandbox.versions import VERSIONS
from tests.unit.sandbox.harness import Sandbox

EXAMPLES = Path(__file__).resolve().parents[4] / "shared" / "ig" / "examples" / "pas-2.2.1"
Bundle = dict[str, Any]


@pytest.fixture
def request_bundle(sandbox: Sandbox) -> Bundle:
    bundle: Bundle = loads(dumps(sandbox.request_of("S-15")))
    return bundle


def _resource(bundle: Bundle, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(row["resource"] for row in bundle["entry"] if row["resource"]["resourceType"] == kind)
    return found


def _claim(bundle: Bundle) -> dict[str, Any]:
    return _resource(bundle, "Claim")


def _item(bundle: Bundle) -> dict[str, Any]:
    item: dict[str, Any] = _claim(bundle)["item"][1]
    return item


def _drop_extension(url: str) -> Callable[[Bundle], None]:
    def change(bundle: Bundle) -> None:
        item = _item(bundle)
        item["extension"] = [row for row in item["extension"] if row["url"] != url]

    return change


def _set(name: str, value: Any, of: Callable[[Bundle], dict[str, Any]] = _claim) -> Callable[[Bundle], None]:
    return lambda bundle: of(bundle).update({name: value})


def _drop(name: str, of: Callable[[Bundle], dict[str, Any]] = _claim) -> Callable[[Bundle], None]:
    return lambda bundle: of(bundle).pop(name) and None


def _coverage(bundle: Bundle) -> dict[str, Any]:
    return _resource(bundle, "Coverage")


def _support(*rows: dict[str, Any]) -> Callable[[Bundle], None]:
    return lambda bundle: _claim(bundle).update(supportingInfo=list(rows))


def _category(code: str) -> dict[str, Any]:
    return {"coding": [{"system": names.DIAGNOSIS_TYPE_SYSTEM, "code": code}]}


def _order_with(timing: dict[str, Any], quantity: dict[str, Any]) -> Callable[[Bundle], None]:
    def change(bundle: Bundle) -> None:
        bundle["entry"].append(
            {
                "fullUrl": "https://ehr.example/ServiceRequest/1",
                "resource": {
                    "resourceType": "ServiceRequest",
                    "occurrenceTiming": timing,
                    "quantityQuantity": quantity,
                },
            }
        )

    return change


def _duplicate_patient(bundle: Bundle) -> None:
    bundle["entry"].append(copy.deepcopy(bundle["entry"][1]))


def _relative(port: str) -> Callable[[Bundle], None]:
    def change(bundle: Bundle) -> None:
        base = f"https://ehr.example{port}/fhir"
        bundle["entry"][0]["fullUrl"] = f"{base}/Claim/1"
        patient = next(row for row in bundle["entry"] if row["resource"]["resourceType"] == "Patient")
        patient["fullUrl"] = f"{base}/Patient/1"
        _claim(bundle)["patient"] = {"reference": "Patient/1"}
        _coverage(bundle)["beneficiary"] = {"reference": f"{base}/Patient/1"}

    return change


BROKEN: list[tuple[str, str, Callable[[Bundle], None]]] = [
    ("bundle-type", "Bundle.type", lambda bundle: bundle.update(type="batch")),
    ("bundle-identifier", "Bundle.identifier", lambda bundle: bundle.pop("identifier") and None),
    ("bundle-timestamp", "Bundle.timestamp", lambda bundle: bundle.update(timestamp="2026-12-01")),
    (
        "entry-resource",
        "Bundle.entry[7].resource",
        lambda bundle: bundle["entry"].append({"fullUrl": "https://ehr.example/Patient/9"}),
    ),
    (
        "entry-plain",
        "Bundle.entry[1].request",
        lambda bundle: bundle["entry"][1].update(request={"method": "POST", "url": "Patient"}),
    ),
    ("claim-first", "Bundle.entry[0].resource", lambda bundle: bundle["entry"].reverse()),
    (
        "claim-count",
        "Bundle.entry",
        lambda bundle: bundle["entry"].extend(
            {"fullUrl": f"https://ehr.example/Claim/{number}", "resource": _claim(bundle)} for number in (1, 2)
        ),
    ),
    (
        "full-url",
        "Bundle.entry[1].fullUrl",
        lambda bundle: bundle["entry"][1].update(fullUrl="urn:uuid:00000000-0000-1000-8000-000000000001"),
    ),
    ("full-url", "Bundle.entry[1].fullUrl", lambda bundle: bundle["entry"][1].update(fullUrl="Patient/1")),
    ("full-url-unique", "Bundle.entry[7].fullUrl", _duplicate_patient),
    ("reference", "Bundle.entry[0].resource.patient.reference", _duplicate_patient),
    ("reference", "Bundle.entry[5].resource.practitioner.reference", lambda bundle: bundle["entry"].pop() and None),
    ("reference", "Bundle.entry[0].resource.patient.reference", _relative(":8443")),
    ("reference", "Bundle.entry[0].resource.patient.reference", _set("patient", {"reference": "Patient/1"})),
    ("claim-identifier", "Bundle.entry[0].resource.identifier", _set("identifier", [{"value": "1"}])),
    ("claim-identifier", "Bundle.entry[0].resource.identifier", _drop("identifier")),
    ("claim-status", "Bundle.entry[0].resource.status", _set("status", "cancelled")),
    ("claim-use", "Bundle.entry[0].resource.use", _set("use", "claim")),
    (
        "claim-type",
        "Bundle.entry[0].resource.type",
        _set("type", {"coding": [{"system": names.CLAIM_TYPE_SYSTEM, "code": "vision"}]}),
    ),
    ("claim-created", "Bundle.entry[0].resource.created", _drop("created")),
    ("claim-priority", "Bundle.entry[0].resource.priority", _drop("priority")),
    ("claim-party", "Bundle.entry[0].resource.insurer", _set("insurer", {"display": "A plan"})),
    (
        "claim-party-type",
        "Bundle.entry[0].resource.insurer",
        lambda bundle: _claim(bundle).update(insurer=_claim(bundle)["patient"]),
    ),
    (
        "care-team-scope",
        "Bundle.entry[0].resource.careTeam[0].extension",
        lambda bundle: _claim(bundle)["careTeam"][0].pop("extension") and None,
    ),
    (
        "care-team-row",
        "Bundle.entry[0].resource.careTeam[0]",
        lambda bundle: _claim(bundle)["careTeam"][0].pop("provider") and None,
    ),
    (
        "supporting-info-sequence",
        "Bundle.entry[0].resource.supportingInfo[1].sequence",
        _support(*({"sequence": 1, "category": _category("freeFormMessage"), "valueString": "x"} for _ in range(2))),
    ),
    ("supporting-info-category", "Bundle.entry[0].resource.supportingInfo[0].category", _support({"sequence": 1})),
    (
        "supporting-info-timing",
        "Bundle.entry[0].resource.supportingInfo[0]",
        _support({"sequence": 1, "category": _category("admissionDates")}),
    ),
    (
        "supporting-info-value",
        "Bundle.entry[0].resource.supportingInfo[0]",
        _support({"sequence": 1, "category": _category("freeFormMessage")}),
    ),
    (
        "document-information",
        "Bundle.entry[0].resource.supportingInfo[0].extension",
        lambda bundle: _support(
            {"sequence": 1, "category": _category("additionalInformation"), "valueReference": _claim(bundle)["patient"]}
        )(bundle),
    ),
    ("insurance", "Bundle.entry[0].resource.insurance", _drop("insurance")),
    (
        "insurance-focal",
        "Bundle.entry[0].resource.insurance[0].focal",
        lambda bundle: _claim(bundle)["insurance"][0].update(focal=False),
    ),
    (
        "insurance-row",
        "Bundle.entry[0].resource.insurance[0]",
        lambda bundle: _claim(bundle)["insurance"][0].pop("coverage") and None,
    ),
    (
        "coverage",
        "Bundle.entry[1].resource",
        lambda bundle: _claim(bundle)["insurance"][0].update(coverage=_claim(bundle)["patient"]),
    ),
    (
        "coverage-member-id",
        "Bundle.entry[2].resource.identifier",
        lambda bundle: _coverage(bundle)["identifier"][0].pop("value") and None,
    ),
    ("coverage-member-id", "Bundle.entry[2].resource.identifier", _set("identifier", [], _coverage)),
    ("coverage-status", "Bundle.entry[2].resource.status", _set("status", "cancelled", _coverage)),
    ("coverage-party", "Bundle.entry[2].resource", _drop("payor", _coverage)),
    (
        "coverage-subscriber",
        "Bundle.entry[2].resource.subscriber",
        _set("relationship", {"coding": [{"system": names.SUBSCRIBER_SYSTEM, "code": "self"}]}, _coverage),
    ),
    ("item", "Bundle.entry[0].resource.item", _drop("item")),
    ("item-sequence", "Bundle.entry[0].resource.item[1].sequence", _set("sequence", 1, _item)),
    ("item-sequence", "Bundle.entry[0].resource.item[1].sequence", _set("sequence", True, _item)),
    ("item-request-type", "Bundle.entry[0].resource.item[1].extension", _drop_extension(names.REQUEST_TYPE)),
    (
        "item-certification-type",
        "Bundle.entry[0].resource.item[1].extension",
        _drop_extension(names.CERTIFICATION_TYPE),
    ),
    ("item-category", "Bundle.entry[0].resource.item[1].category", _drop("category", _item)),
    ("item-location", "Bundle.entry[0].resource.item[1].location", _drop("locationCodeableConcept", _item)),
    (
        "item-product-or-service",
        "Bundle.entry[0].resource.item[1].productOrService",
        _set("productOrService", {"coding": [{"system": "http://snomed.info/sct", "code": "77477000"}]}, _item),
    ),
    (
        "item-product-or-service",
        "Bundle.entry[0].resource.item[1].productOrService",
        _set("productOrService", {"text": "a scan"}, _item),
    ),
    ("item-link", "Bundle.entry[0].resource.item[1].diagnosisSequence", _set("diagnosisSequence", [9], _item)),
    ("full-date", "Bundle.entry[0].resource.item[1].servicedDate", _set("servicedDate", "2026-12", _item)),
    ("full-date", "Bundle.entry[0].resource.item[1].servicedDate", _set("servicedDate", "2026-02-30", _item)),
    (
        "full-date",
        "Bundle.entry[0].resource.item[1].servicedPeriod.start",
        _set("servicedPeriod", {"start": "2026-12-01T10:00:00Z"}, _item),
    ),
    ("full-date", "Bundle.entry[0].resource.accident.date", _set("accident", {"date": "2026"})),
    (
        "full-date",
        "Bundle.entry[1].resource.birthDate",
        lambda bundle: bundle["entry"][1]["resource"].update(birthDate="1970"),
    ),
    (
        "full-date",
        "Bundle.entry[0].resource.supportingInfo[0].timingDate",
        _support({"sequence": 1, "category": _category("dischargeDates"), "timingDate": "2026-12"}),
    ),
    (
        "period-order",
        "Bundle.entry[0].resource.item[1].servicedPeriod",
        _set("servicedPeriod", {"start": "2026-12-05", "end": "2026-12-04"}, _item),
    ),
    (
        "prof-1",
        "Bundle.entry[7].resource.occurrenceTiming",
        _order_with({"repeat": {"frequency": 1, "period": 1}}, {"value": 1, "unit": "visit"}),
    ),
    ("prof-2", "Bundle.entry[7].resource.quantityQuantity", _order_with({"repeat": {"count": 1}}, {"value": 1})),
    (
        "prof-3",
        "Bundle.entry[7].resource.quantityQuantity",
        _order_with({"repeat": {"count": 1}}, {"value": 1, "system": "http://unitsofmeasure.org", "code": "1"}),
    ),
    ("prof-2", "Bundle.entry[0].resource.item[1].quantity", _set("quantity", {"unit": "visits"}, _item)),
    ("prof-2", "Bundle.entry[0].resource.item[1].quantity", _set("quantity", {"value": "3", "unit": "x"}, _item)),
    ("prof-3", "Bundle.entry[0].resource.item[1].quantity", _set("quantity", {"value": 3, "code": "UN"}, _item)),
]


@pytest.mark.parametrize(("rule", "path", "change"), BROKEN, ids=[f"{n}-{row[0]}" for n, row in enumerate(BROKEN)])
def test_a_request_that_breaks_a_rule_is_refused_by_that_rule_at_that_place(
    sandbox: Sandbox, request_bundle: Bundle, rule: str, path: str, change: Callable[[Bundle], None]
) -> None:
    change(request_bundle)

    outcome = submit(dumps(request_bundle), sandbox.config)

    assert outcome.status == 400
    assert (rule, [path]) in [
        (issue["diagnostics"].partition(":")[0], issue["expression"]) for issue in outcome.resource["issue"]
    ]


@pytest.mark.parametrize(
    "change",
    [
        _relative(""),
        _set("contained", [{"resourceType": "Organization", "id": "o", "partOf": {"reference": "#o"}}]),
        _support({"sequence": 7, "category": _category("patientEvent"), "timingDate": "2026-12-05"}),
        _order_with({"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}}, {"value": 1, "unit": "visit"}),
        _order_with(
            {"extension": [{"url": names.CALENDAR_PATTERN}]}, {"value": 2, "system": names.UNIT_SYSTEM, "code": "VS"}
        ),
    ],
)
def test_a_request_that_only_looks_odd_is_accepted(
    sandbox: Sandbox, request_bundle: Bundle, change: Callable[[Bundle], None]
) -> None:
    change(request_bundle)

    assert check_request(request_bundle) == ()


def test_a_prior_claims_own_prior_need_not_travel(request_bundle: Bundle) -> None:
    prior = copy.deepcopy(_claim(request_bundle))
    prior["related"] = [{"claim": {"reference": "urn:uuid:00000000-0000-4000-8000-00000000abcd"}}]
    url = "urn:uuid:00000000-0000-4000-8000-00000000aaaa"
    request_bundle["entry"].append({"fullUrl": url, "resource": prior})
    _claim(request_bundle)["related"] = [{"claim": {"reference": url}}]

    assert check_request(request_bundle) == ()

    _claim(request_bundle)["related"] = prior["related"]
    assert [issue.rule for issue in check_request(request_bundle)] == ["reference"]


def test_an_empty_bundle_is_refused_with_one_outcome(sandbox: Sandbox) -> None:
    reply = sandbox.submit({"resourceType": "Bundle", "type": "collection"})

    assert reply.status_code == 400
    assert reply.json()["resourceType"] == "OperationOutcome"
    assert {row["diagnostics"].partition(":")[0] for row in reply.json()["issue"]} >= {"bundle-entry", "claim-first"}


def test_no_issue_repeats_what_the_request_holds(sandbox: Sandbox, request_bundle: Bundle) -> None:
    for row in request_bundle["entry"]:
        for name in list(row["resource"]):
            if name not in ("resourceType", "id"):
                row["resource"][name] = "CANARY"
    request_bundle["entry"][1]["fullUrl"] = "CANARY"

    reply = sandbox.submit(request_bundle)

    assert reply.status_code == 400
    assert "CANARY" not in reply.text


def test_a_very_long_request_is_checked_in_one_pass(request_bundle: Bundle) -> None:
    item = _item(request_bundle)
    _claim(request_bundle)["item"] = [
        {**item, "sequence": number, "careTeamSequence": [number]} for number in range(1, 4001)
    ]
    _claim(request_bundle)["careTeam"] = [
        {**_claim(request_bundle)["careTeam"][0], "sequence": number} for number in range(1, 4001)
    ]
    patient = request_bundle["entry"][1]["resource"]
    request_bundle["entry"] += [
        {"fullUrl": f"https://ehr.example/Patient/{number}", "resource": patient} for number in range(20_000)
    ]
    started = process_time()

    assert check_request(request_bundle) == ()
    assert process_time() - started < 5  # 0.4 s here; a search per reference takes minutes

    request_bundle["entry"] = [{}] * 20_000
    assert len(check_request(request_bundle)) == 500


def _shapes(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deeper for key, child in children for deeper in _shapes(child, (*path, key)))]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("other", [None, {}, "", 0, [None], {"coding": 7}])
def test_no_shape_of_any_element_crashes_the_sandbox(sandbox: Sandbox, version: str, other: Any) -> None:
    raw = dumps(sandbox.request_of("S-04", version))
    for path in _shapes(loads(raw))[1:]:
        bundle = holder = loads(raw)
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = other
        assert submit(dumps(bundle), sandbox.config, VERSIONS[version]).status in (200, 400), path


KNOWN_DEFECTS = {
    "Bundle-HomecareAuthorizationBundleExample.json": {"coverage-member-id"},
    "Bundle-HomecareAuthorizationUpdateBundleExample.json": {"coverage-member-id"},
    "Bundle-MedicalServicesAuthorizationBundleExample.json": {"coverage-member-id"},
    "Bundle-ReferralAuthorizationBundleExample.json": {"coverage-member-id", "prof-3"},
    "Bundle-SurgicalRequestBundleExample.json": {"coverage-member-id", "reference"},
}


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the guide's examples are not beside the repository")
@pytest.mark.parametrize("name", KNOWN_DEFECTS)
def test_an_official_example_fails_for_its_known_defects_and_nothing_else(name: str) -> None:
    issues = check_request(loads((EXAMPLES / name).read_bytes()))

    assert {issue.rule for issue in issues} == KNOWN_DEFECTS[name]
