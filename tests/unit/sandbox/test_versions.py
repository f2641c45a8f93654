"""One sandbox speaks PAS 2.0.1 and 2.2.1, each at its own address, by its own rules and in its own shape."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle as R4Bundle

from gateway.fhir.bundle import references
from gateway.fhir.json import dumps, loads
from gateway.sandbox import names
from gateway.sandbox.checks import check_request
from gateway.sandbox.config import shipped_scenarios
from gateway.sandbox.scenarios import ErrorAnswer, HttpAnswer
from gateway.sandbox.submit import submit
from gateway.sandbox.versions import VERSIONS
from tests.unit.sandbox.harness import Sandbox

OLD, NEW = VERSIONS["2.0.1"], VERSIONS["2.2.1"]
IDS = [path.name[:4] for path in sorted(shipped_scenarios().glob("*.yaml"))]
SHARED = Path(__file__).resolve().parents[4] / "shared"
Bundle = dict[str, Any]


@pytest.fixture
def old_request(sandbox: Sandbox) -> Bundle:
    bundle: Bundle = loads(dumps(sandbox.request_of("S-15", "2.0.1")))
    return bundle


def claim_of(bundle: Bundle) -> dict[str, Any]:
    claim: dict[str, Any] = bundle["entry"][0]["resource"]
    return claim


def response_to(sandbox: Sandbox, identity: str, version: str = "2.0.1") -> dict[str, Any]:
    outcome = submit(dumps(sandbox.request_of(identity, version)), sandbox.config, VERSIONS[version])
    assert outcome.status == 200, outcome.issues
    response: dict[str, Any] = outcome.resource["entry"][0]["resource"]
    return response


def extension(row: dict[str, Any], url: str) -> dict[str, Any]:
    return next((found for found in row.get("extension", []) if found["url"] == url), {})


# --- two addresses


@pytest.mark.parametrize(("number", "path"), [("2.2.1", "/fhir"), ("2.0.1", "/2.0.1/fhir")])
def test_each_address_says_which_version_it_speaks(sandbox: Sandbox, number: str, path: str) -> None:
    statement = sandbox.ask("GET", f"{path}/metadata").json()
    discovery = sandbox.ask("GET", f"{path}/.well-known/smart-configuration").json()

    assert statement["implementationGuide"] == [
        f"http://hl7.org/fhir/us/davinci-pas/ImplementationGuide/hl7.fhir.us.davinci-pas|{number}"
    ]
    assert statement["implementation"]["url"] == f"http://127.0.0.1:8190{path}"
    assert statement["date"] == VERSIONS[number].published
    assert discovery["token_endpoint"] == "http://127.0.0.1:8190/auth/token"


@pytest.mark.parametrize(("number", "outcome"), [("2.0.1", "queued"), ("2.2.1", "complete")])
def test_one_token_opens_both_addresses_and_the_owner_sees_the_version(
    sandbox: Sandbox, number: str, outcome: str
) -> None:
    token, path = sandbox.token(), f"{VERSIONS[number].path}/Claim/$submit"
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}

    reply = sandbox.ask("POST", path, content=dumps(sandbox.request_of("S-06", number)), headers=headers)
    refused = sandbox.ask("POST", path, content=b"{}")

    assert (reply.status_code, refused.status_code) == (200, 401)
    assert reply.json()["entry"][0]["resource"]["outcome"] == outcome
    rows = sandbox.ask("GET", "/sandbox/received").json()
    assert [(row["what"], row["version"], row["status"]) for row in rows] == [
        ("token", "", 200),
        ("submit", number, 200),
        ("submit", number, 401),
    ]


@pytest.mark.parametrize("number", ["2.0.1", "2.2.1"])
def test_validate_judges_a_request_in_its_version_and_keeps_nothing(sandbox: Sandbox, number: str) -> None:
    token, path = sandbox.token(), f"{VERSIONS[number].path}/Bundle/$validate"
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
    request = sandbox.request_of("S-01", number)
    good = sandbox.ask("POST", path, content=dumps(request), headers=headers)
    claim_of(request).pop("insurer")
    bad = sandbox.ask("POST", path, content=dumps(request), headers=headers)
    broken = sandbox.ask("POST", path, content=b"{", headers=headers)
    stranger = sandbox.ask("POST", path, content=dumps(request))

    assert [one.status_code for one in (good, bad, broken, stranger)] == [200, 200, 200, 401]
    assert [row["severity"] for row in good.json()["issue"]] == ["information"]
    assert (
        {row["severity"] for row in bad.json()["issue"]}
        == {row["severity"] for row in broken.json()["issue"]}
        == {"error"}
    )
    assert sandbox.ask("GET", "/sandbox/book").json() == []
    rows = sandbox.ask("GET", "/sandbox/received").json()
    assert [row["what"] for row in rows if row["version"] == number] == ["validate"] * 3


def test_the_side_door_writes_a_ready_request_in_the_version_asked_for(sandbox: Sandbox) -> None:
    old = sandbox.ask("GET", "/sandbox/scenarios/S-03/request", params={"pas": "2.0.1"})
    unknown = sandbox.ask("GET", "/sandbox/scenarios/S-03/request", params={"pas": "1.0.0"})

    assert check_request(loads(old.content), OLD) == ()
    assert "extension" not in claim_of(old.json())
    assert unknown.status_code == 404


# --- what a request must say


def _drop_extension(bundle: Bundle, url: str) -> None:
    item = claim_of(bundle)["item"][1]
    item["extension"] = [row for row in item["extension"] if row["url"] != url]


def _coverage(bundle: Bundle) -> dict[str, Any]:
    found: dict[str, Any] = bundle["entry"][2]["resource"]
    assert found["resourceType"] == "Coverage"
    return found


def _add_order(bundle: Bundle, **parts: Any) -> None:
    order = {"resourceType": "ServiceRequest", **parts}
    bundle["entry"].append({"fullUrl": "https://ehr.example/ServiceRequest/1", "resource": order})


def _attach(bundle: Bundle) -> None:
    category = {"coding": [{"system": names.DIAGNOSIS_TYPE_SYSTEM, "code": "additionalInformation"}]}
    claim = claim_of(bundle)
    claim["supportingInfo"] = [{"sequence": 1, "category": category, "valueReference": claim["patient"]}]


def _type(code: str) -> dict[str, Any]:
    return {"coding": [{"system": names.CLAIM_TYPE_SYSTEM, "code": code}]}


LEFT_OUT: list[tuple[str, Callable[[Bundle], Any]]] = [
    ("item-request-type", lambda bundle: _drop_extension(bundle, names.REQUEST_TYPE)),
    ("item-certification-type", lambda bundle: _drop_extension(bundle, names.CERTIFICATION_TYPE)),
    ("item-location", lambda bundle: claim_of(bundle)["item"][1].pop("locationCodeableConcept")),
    ("coverage-member-id", lambda bundle: _coverage(bundle).pop("identifier")),
    ("coverage-relationship", lambda bundle: _coverage(bundle).pop("relationship")),
    ("coverage-subscriber", lambda bundle: _coverage(bundle).pop("relationship")),
    ("coverage-one-payor", lambda bundle: _coverage(bundle)["payor"].append(_coverage(bundle)["payor"][0])),
    ("prof-2", lambda bundle: claim_of(bundle)["item"][1].update(quantity={"value": 1})),
    ("prof-3", lambda bundle: claim_of(bundle)["item"][1].update(quantity={"value": 1, "code": "UN"})),
    ("prof-1", lambda bundle: _add_order(bundle, occurrenceTiming={"repeat": {"frequency": 1}})),
    ("document-information", _attach),
    ("claim-type", lambda bundle: claim_of(bundle).update(type=_type("vision"))),
]


@pytest.mark.parametrize(("rule", "change"), LEFT_OUT, ids=[rule for rule, _ in LEFT_OUT])
def test_what_only_the_new_version_demands_may_be_missing_in_the_old(
    old_request: Bundle, rule: str, change: Callable[[Bundle], Any]
) -> None:
    change(old_request)

    assert check_request(old_request, OLD) == ()
    assert rule in {issue.rule for issue in check_request(old_request, NEW)}


def _spoil_extension(bundle: Bundle, url: str) -> None:
    found = extension(claim_of(bundle)["item"][1], url)
    found["valueCodeableConcept"]["coding"][0]["system"] = "urn:example:other"


def _misspell(bundle: Bundle) -> None:
    claim_of(bundle)["item"][1]["extension"].append({"url": f"{names.STRUCTURES}extension-noSuch", "valueString": "x"})


WRONG: list[tuple[str, Callable[[Bundle], Any]]] = [
    ("item-location", lambda bundle: claim_of(bundle)["item"][1].update(locationCodeableConcept=_type("11"))),
    ("item-request-type", lambda bundle: _spoil_extension(bundle, names.REQUEST_TYPE)),
    ("item-certification-type", lambda bundle: _spoil_extension(bundle, names.CERTIFICATION_TYPE)),
    ("item-category", lambda bundle: claim_of(bundle)["item"][1].pop("category")),
    ("item-product-or-service", lambda bundle: claim_of(bundle)["item"][1].pop("productOrService")),
    ("claim-type", lambda bundle: claim_of(bundle).pop("type")),
    ("care-team-scope", lambda bundle: claim_of(bundle)["careTeam"][0].pop("extension")),
    ("coverage-party", lambda bundle: _coverage(bundle).pop("payor")),
    ("coverage-status", lambda bundle: _coverage(bundle).update(status="draft")),
    ("full-date", lambda bundle: bundle["entry"][1]["resource"].update(birthDate="1970")),
    ("quantity-number", lambda bundle: claim_of(bundle)["item"][1].update(quantity={"value": "3"})),
    ("quantity-number", lambda bundle: claim_of(bundle)["item"][1].update(quantity={"value": 10**30})),
    ("bundle-identifier", lambda bundle: bundle.pop("identifier")),
    ("extension-unknown", _misspell),
]


@pytest.mark.parametrize("number", VERSIONS)
@pytest.mark.parametrize(("rule", "change"), WRONG, ids=[rule for rule, _ in WRONG])
def test_what_is_there_must_be_right_in_either_version(
    sandbox: Sandbox, number: str, rule: str, change: Callable[[Bundle], Any]
) -> None:
    bundle: Bundle = loads(dumps(sandbox.request_of("S-15", number)))
    change(bundle)

    assert rule in {issue.rule for issue in check_request(bundle, VERSIONS[number])}


def test_the_old_version_takes_one_claim_with_one_trace_number(old_request: Bundle) -> None:
    claim = claim_of(old_request)
    claim["identifier"].append(claim["identifier"][0])
    prior = copy.deepcopy(claim)
    url = "urn:uuid:00000000-0000-4000-8000-00000000aaaa"
    old_request["entry"].append({"fullUrl": url, "resource": prior})

    assert {issue.rule for issue in check_request(old_request, OLD)} == {"claim-count", "claim-identifier"}
    assert check_request(old_request, NEW) == ()


NEW_ONLY = (
    "TransmissionIdentifiers",
    "documentInformation",
    "itemCategory",
    "revenueCode",
    "authorizedProviderType",
    "claimResponseReviewer",
    "admissionDates",
    "dischargeDate",
)


@pytest.mark.parametrize("name", NEW_ONLY)
def test_an_extension_of_the_new_version_is_unknown_to_the_old(old_request: Bundle, name: str) -> None:
    claim_of(old_request)["item"][0]["extension"].append({"url": f"{names.STRUCTURES}extension-{name}"})

    [issue] = check_request(old_request, OLD)

    assert (issue.rule, issue.path) == ("extension-unknown", "Bundle.entry[0].resource.item[0].extension[3]")
    assert check_request(old_request, NEW) == ()


def test_an_extension_is_found_wherever_it_is_and_other_guides_are_left_alone(old_request: Bundle) -> None:
    patient = old_request["entry"][1]["resource"]
    patient["name"][0]["extension"] = [{"url": "http://example.org/fhir/StructureDefinition/of-somebody"}]
    assert check_request(old_request, OLD) == ()

    patient["name"][0]["modifierExtension"] = [{"url": f"{names.STRUCTURES}modifierextension-infoCancelled"}]
    patient["name"][0]["_family"] = {"extension": [{"url": f"{names.STRUCTURES}extension-itemCategory"}]}
    assert [issue.path for issue in check_request(old_request, OLD)] == [
        "Bundle.entry[1].resource.name[0]._family.extension[0]"
    ]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the guide's packages are not beside the repository")
@pytest.mark.parametrize("number", VERSIONS)
def test_the_extensions_of_a_version_are_those_of_its_package(number: str) -> None:
    import tarfile

    start = "package/StructureDefinition-"
    with tarfile.open(SHARED / "ig" / f"hl7.fhir.us.davinci-pas-{number}.tgz") as package:
        found = {name.removeprefix(start).removesuffix(".json") for name in package.getnames() if start in name}
    assert VERSIONS[number].request.extensions == {name for name in found if "extension-" in name}


DEFECTS_2_0_1 = {
    "Bundle-HomecareAuthorizationBundleExample.json": set(),
    "Bundle-HomecareAuthorizationDifferentialBundleExample.json": set(),
    "Bundle-HomecareAuthorizationUpdateBundleExample.json": set(),
    "Bundle-MedicalServicesAuthorizationBundleExample.json": set(),
    "Bundle-ReferralAuthorizationBundleExample.json": set(),
    "Bundle-SurgicalRequestBundleExample.json": {"reference"},  # a role's practitioner and location are not in it
}


@pytest.mark.skipif(not SHARED.is_dir(), reason="the guide's examples are not beside the repository")
@pytest.mark.parametrize("name", DEFECTS_2_0_1)
def test_an_official_example_of_the_old_version_fails_for_its_known_defects_only(name: str) -> None:
    issues = check_request(loads((SHARED / "ig" / "examples" / "pas-2.0.1" / name).read_bytes()), OLD)

    assert {issue.rule for issue in issues} == DEFECTS_2_0_1[name]


# --- how an answer is written


@pytest.mark.parametrize("identity", IDS)
def test_every_scenario_keeps_its_promise_in_the_old_version(sandbox: Sandbox, identity: str) -> None:
    scenario = sandbox.config.scenarios[identity]
    request = sandbox.request_of(identity, "2.0.1")
    assert check_request(request, OLD) == ()

    outcome = submit(dumps(request), sandbox.config, OLD, came_before=bool)

    if isinstance(scenario.answer, HttpAnswer):
        assert outcome.status == scenario.answer.status
        return
    response = outcome.resource["entry"][0]["resource"]
    if isinstance(scenario.answer, ErrorAnswer):
        assert (response["outcome"], "item" in response) == ("error", False)
        return
    answers = [sandbox.config.scenarios[part].decision for part in scenario.combines] or [scenario.decision]
    actions = [loads(dumps(row["adjudication"][0]["extension"][0]["extension"][-1])) for row in response["item"]]
    assert [action["url"] for action in actions] == [names.REVIEW_ACTION_CODE] * len(answers)
    assert [action["valueCodeableConcept"]["coding"][0]["code"] for action in actions] == [
        answer.action for answer in answers if answer
    ]


@pytest.mark.parametrize("identity", [identity for identity in IDS if identity != "S-13"])
def test_an_answer_of_the_old_version_holds_nothing_of_the_new(sandbox: Sandbox, identity: str) -> None:
    bundle = submit(dumps(sandbox.request_of(identity, "2.0.1")), sandbox.config, OLD, came_before=bool).resource
    raw = dumps(bundle).decode()

    assert (bundle["type"], bundle["meta"]["profile"]) == ("collection", [names.RESPONSE_BUNDLE])
    assert "identifier" not in bundle
    assert "addItem" not in bundle["entry"][0]["resource"]
    assert not [name for name in NEW_ONLY if f"extension-{name}" in raw]
    urls = [row["fullUrl"] for row in bundle["entry"]]
    for path, reference in references(bundle):
        assert path.endswith(".request") or urls.count(reference["reference"]) == 1, path
    R4Bundle.model_validate_json(raw)


@pytest.mark.parametrize(
    ("identity", "old", "new"),
    [
        ("S-01", "complete", "complete"),
        ("S-05", "complete", "complete"),
        ("S-06", "queued", "complete"),
        ("S-14", "queued", "complete"),
        ("S-15", "partial", "complete"),
        ("S-11", "error", "error"),
    ],
)
def test_only_the_old_version_calls_an_open_answer_queued_or_partial(
    sandbox: Sandbox, identity: str, old: str, new: str
) -> None:
    assert response_to(sandbox, identity, "2.0.1")["outcome"] == old
    assert response_to(sandbox, identity, "2.2.1")["outcome"] == new


@pytest.mark.parametrize(("identity", "asked", "given"), [("S-03", 24, 12), ("S-04", 12, 3)])
def test_what_is_authorized_instead_stands_in_the_detail_or_in_an_add_item(
    sandbox: Sandbox, identity: str, asked: int, given: int
) -> None:
    def detail(response: dict[str, Any]) -> Any:
        found = extension(response["item"][0], names.AUTHORIZED_DETAIL)["extension"]
        return next(part["valueQuantity"] for part in found if part["url"] == "quantity")["value"]

    old, new = (response_to(sandbox, identity, number) for number in ("2.0.1", "2.2.1"))

    assert (detail(old), detail(new), new["addItem"][0]["quantity"]["value"]) == (given, asked, given)


@pytest.mark.parametrize(
    ("number", "url"), [("2.0.1", "revenue"), ("2.2.1", f"{names.STRUCTURES}extension-revenueCode")]
)
def test_a_revenue_code_is_named_as_the_version_does(sandbox: Sandbox, number: str, url: str) -> None:
    request = sandbox.request_of("S-03", number)
    revenue = {"coding": [{"system": "https://www.nubc.org/CodeSystem/RevenueCodes", "code": "0420"}]}
    claim_of(request)["item"][0]["revenue"] = revenue

    response = submit(dumps(request), sandbox.config, VERSIONS[number]).resource["entry"][0]["resource"]

    parts = extension(response["item"][0], names.AUTHORIZED_DETAIL)["extension"]
    assert {"url": url, "valueCodeableConcept": revenue} in parts


def test_an_error_element_is_a_string_or_has_parts(sandbox: Sandbox) -> None:
    old, new = (response_to(sandbox, "S-11", number)["error"][0] for number in ("2.0.1", "2.2.1"))

    assert extension(old, names.ERROR_ELEMENT) == {"url": names.ERROR_ELEMENT, "valueString": "2010C-NM109"}
    assert [part["url"] for part in extension(new, names.ERROR_ELEMENT)["extension"]] == ["processNote", "error"]
    assert extension(old, names.ERROR_PATH) == extension(new, names.ERROR_PATH)


def test_only_the_new_version_says_who_reviewed_and_who_sent(sandbox: Sandbox) -> None:
    old, new = (response_to(sandbox, "S-05", number) for number in ("2.0.1", "2.2.1"))

    assert "extension" not in old
    assert [row["url"] for row in new["extension"]] == [names.TRANSMISSION, names.REVIEWER]
