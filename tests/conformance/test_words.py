"""What the checker says helps: a fix in our own words for every rule, no cascades, nothing said twice."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.conformance import Profiles
from gateway.conformance.advice import merged
from gateway.conformance.definitions import Node
from gateway.conformance.guides import by_hand, definitions, installed, layers
from gateway.fhir import json
from gateway.fhir.outcome import Issue
from tests.mutation.floor import MACHINERY

ROOT = Path(__file__).parents[2]
GUIDES = {guide.name: guide.folder for guide in installed(ROOT / "profiles")}
PAS = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition"
# What guides and terminologies are made of; no request or answer brings them along.
NOT_SENT = frozenset(
    """
    ActivityDefinition CapabilityStatement ChargeItemDefinition CodeSystem CompartmentDefinition ConceptMap
    DataRequirement DeviceDefinition EffectEvidenceSynthesis ElementDefinition EventDefinition Evidence
    EvidenceVariable ExampleScenario GraphDefinition ImplementationGuide Library Measure
    MedicinalProductAuthorization MessageDefinition NamingSystem OperationDefinition ParameterDefinition
    PlanDefinition ResearchDefinition ResearchElementDefinition RiskEvidenceSynthesis SearchParameter
    StructureDefinition StructureMap Subscription SubstanceSpecification TerminologyCapabilities TestReport
    TestScript TriggerDefinition ValueSet
    """.split()  # noqa: SIM905 - shorter than a list of names
)
# Replaced by a rule of this checker (overrides.yaml).
NOT_RUN = {"ImmediateLevelOfCare"}

every_guide = pytest.mark.parametrize("guide", GUIDES)
Check = Callable[[Any], list[Issue]]


@pytest.fixture
def found(profiles: Profiles) -> Check:
    """What is found in a resource by PAS 2.2.1."""
    return lambda resource: list(profiles.check(resource).issues)


def of(bundle: Any, kind: str) -> Any:
    return next(entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind)


@every_guide
def test_words_about_a_rule_make_a_sentence_of_their_own(guide: str) -> None:
    for key, row in by_hand(GUIDES[guide], "rules.yaml").get("fixes", {}).items():
        assert row.keys() == {"wants", "fix"}, key
        assert row["fix"].endswith("."), key
        assert not row["wants"].endswith("."), key
        assert not MACHINERY.search(f"{row['fix']} {row['wants']}"), key


@every_guide
def test_every_rule_that_what_is_sent_can_break_has_words(guide: str) -> None:
    words = merged(by_hand(folder, "rules.yaml") for folder in layers(GUIDES[guide]))

    assert {names for names in _rules(guide) if words.keys().isdisjoint(names)} == set()


def _rules(guide: str) -> Iterator[tuple[str, str]]:
    for folder in layers(GUIDES[guide]):
        for definition in definitions(folder).values():
            for place, element in definition["elements"].items():
                for rule in element.get("rules", ()):
                    if place.partition(".")[0] not in NOT_SENT and rule["key"] not in NOT_RUN:
                        yield rule["key"], f"{rule['key']} {Node(place, '').path}"


def test_a_misspelt_profile_of_the_guide_is_an_error_and_the_nearest_is_named(
    request_bundle: Any, found: Check
) -> None:
    of(request_bundle, "Claim")["meta"]["profile"] = [f"{PAS}/profile-clam"]

    (issue,) = found(request_bundle)

    assert (issue.rule, issue.path) == ("profile", "Bundle.entry[0].resource.meta.profile[0]")
    assert issue.is_error
    assert f"{PAS}/profile-claim," in issue.fix


@pytest.mark.parametrize(("name", "nearest"), [("extension-infoChnaged", "extension-infoChanged"), ("extension-x", "")])
def test_a_misspelt_extension_of_the_guide_is_an_error_that_names_the_nearest(
    request_bundle: Any, found: Check, name: str, nearest: str
) -> None:
    of(request_bundle, "Claim")["extension"] = [{"url": f"{PAS}/{name}", "valueString": "x"}]

    (issue,) = [issue for issue in found(request_bundle) if issue.rule == "unknown-extension"]

    assert ("perhaps" in issue.fix) is bool(nearest)
    assert nearest in issue.fix


@pytest.mark.parametrize(
    "canonical",
    [
        "http://hl7.org/fhir/us/davinci-crd/StructureDefinition/profile-nothing",
        "http://example.org/fhir/StructureDefinition/claim",
        f"{PAS}/profile-claim|9.9.9",
    ],
)
def test_a_profile_of_another_guide_or_version_may_exist(
    request_bundle: Any, profiles: Profiles, canonical: str
) -> None:
    of(request_bundle, "Claim")["meta"]["profile"] = [canonical]

    report = profiles.check(request_bundle)

    assert report.ok
    assert [row.path for row in report.not_evaluated if row.rule == "profile"] == [
        "Bundle.entry[0].resource.meta.profile[0]"
    ]


def test_a_misspelt_resource_type_is_reported_where_it_is_and_nowhere_else(request_bundle: Any, found: Check) -> None:
    of(request_bundle, "Patient")["resourceType"] = "Patiant"

    issues = [issue for issue in found(request_bundle) if issue.is_error]

    assert [issue.rule for issue in issues] == ["resource-type"]
    assert "Patient" in issues[0].fix


@pytest.mark.parametrize("name", ["Zzzzzz", "", "\u0000", 7])
def test_a_resource_type_like_no_other_has_no_nearest(name: object, found: Check) -> None:
    (issue,) = found({"resourceType": name, "id": "a"})

    assert "perhaps" not in issue.fix


def test_what_nothing_leads_to_is_led_to_by_the_element_for_its_type(request_bundle: Any, found: Check) -> None:
    del of(request_bundle, "Claim")["insurance"]

    fixes = [issue.fix for issue in found(request_bundle) if issue.rule == "spec-20"]

    assert any("Claim.insurance.coverage" in fix for fix in fixes)


@pytest.mark.parametrize(("kind", "name"), [("Coverage", "payor"), ("Claim", "use"), ("Claim", "status")])
@pytest.mark.parametrize("value", [None, "wish"])
def test_what_r4_and_the_profile_both_demand_is_said_once(
    request_bundle: Any, found: Check, kind: str, name: str, value: str | None
) -> None:
    resource = of(request_bundle, kind)
    if value is None:
        del resource[name]
    elif name != "payor":
        resource[name] = value

    issues = [issue for issue in found(request_bundle) if issue.path.endswith(f".{name}")]

    assert len(issues) == (1 if value is None or name != "payor" else 0)


def test_an_extension_is_not_sent_to_places_that_are_no_elements() -> None:
    profiles = Profiles.load(GUIDES["pas/2.0.1"])
    row = {"url": f"{PAS}/extension-productOrServiceCodeEnd", "valueCodeableConcept": {"text": "x"}}
    url = {"url": f"{PAS}/extension-requestedService", "valueReference": {"reference": "Basic/1"}}

    issues = profiles.check({"resourceType": "Coverage", "extension": [row, url]}).issues
    fixes = [issue.fix for issue in issues if issue.rule == "extension-context"]

    assert fixes
    assert not [fix for fix in fixes if "Examples" in fix or "Claim-update" in fix]


def test_a_code_the_profile_demands_is_not_warned_of(request_bundle: Any, profiles: Profiles) -> None:
    payer = next(
        entry["resource"]
        for entry in request_bundle["entry"]
        if f"{PAS}/profile-insurer" in str(entry["resource"].get("meta"))
    )
    system = "http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBIdentifierType"
    row = {"type": {"coding": [{"system": system, "code": "payerid"}]}, "system": "http://example.org/a", "value": "1"}

    said = []
    for code in ("payerid", "other"):
        row["type"]["coding"][0]["code"] = code  # type: ignore[index]
        payer["identifier"] = [*payer["identifier"][:1], row]
        said.append([i.rule for i in profiles.check(request_bundle).issues if i.path.endswith("identifier[1].type")])

    assert said == [[], ["binding"]]


@pytest.mark.parametrize("stage", ["1_bundle.json", "2_reply.json"])
def test_our_own_requests_and_answers_of_2_2_1_raise_no_warning(profiles: Profiles, stage: str) -> None:
    for file in sorted((ROOT / "examples/golden/2.2.1").glob(f"*/{stage}")):
        assert profiles.check(json.loads(file.read_bytes())).issues == (), file.parent.name


def test_what_is_said_of_a_code_not_judged_tells_whether_its_system_was(
    request_bundle: Any, profiles: Profiles
) -> None:
    file = next((ROOT / "examples/golden/2.2.1").glob("infused_drug/1_bundle.json"))
    rows = profiles.check(json.loads(file.read_bytes())).not_evaluated

    assert not [row for row in rows if row.path.endswith((".state", ".contentType")) and "system is" in row.reason]
