"""The judge of the floor gives nothing away: place, severity and novelty all count, and edits do what they say."""

import pytest

from gateway.fhir.outcome import Issue, Severity
from tests.mutation.mutation import ANY, ERROR, WARNING, Mutation, answers, apply, caught

PLACE = "/item/0/extension/1/valueCodeableConcept"


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("Claim.item[0].extension[1].value", True),
        ("Claim.item[0].extension[1].valueCodeableConcept.coding[0].code", True),
        ("Claim.item[0].extension[1]", True),
        ("Claim.item[0].extension('https://a.example/b.c').value", False),
        ("Claim.item[0].extension[2].value", False),
        ("Claim.item[0]", False),
        ("Claim", False),
    ],
)
def test_a_finding_counts_at_the_place_below_it_and_at_its_parent(path: str, counts: bool) -> None:
    assert answers(path, PLACE) is counts


def test_the_parents_of_a_member_are_its_list_and_the_owner_of_the_list() -> None:
    assert answers("Claim.item", "/item/0")
    assert answers("Claim", "/item/0")
    assert not answers("Claim", "/item/0/sequence")


def test_after_an_equals_sign_only_the_very_place_counts() -> None:
    assert answers("Bundle", "=")
    assert answers("Bundle.entry[2].fullUrl", "=/entry/2/fullUrl")
    assert not answers("Bundle.entry[2].resource", "=/entry/2")
    assert not answers("Bundle.entry", "=/entry/2")


@pytest.mark.parametrize(
    ("due", "found", "counts"),
    [
        (ERROR, Severity.ERROR, True),
        (ERROR, Severity.FATAL, True),
        (ERROR, Severity.WARNING, False),
        (WARNING, Severity.ERROR, False),
        (ANY, Severity.WARNING, True),
        (ANY, Severity.ERROR, True),
        (ANY, Severity.INFORMATION, False),
    ],
)
def test_a_finding_counts_with_the_severity_that_is_due(due: str, found: Severity, counts: bool) -> None:
    issue = Issue(found, "a-rule", "Claim.use", "Text.", "Fix.", "invalid")

    assert caught(_mutation(due), [], [issue]) is counts


def test_what_was_found_before_does_not_count_unless_it_is_found_once_more() -> None:
    issue = Issue(Severity.ERROR, "a-rule", "Claim.use", "Text.", "Fix.", "invalid")

    assert not caught(_mutation(ERROR), [issue], [issue])
    assert caught(_mutation(ERROR), [issue], [issue, issue])


def test_edits_change_a_copy_and_nothing_else() -> None:
    claim = {"item": [{"sequence": 1}, {"sequence": 2}], "use": "claim"}
    edits = [
        ("swap", "/item/0", "/item/1"),
        ("copy", "/item", "/item/0"),
        ("set", "/item/0/sequence", 9),
        ("twice", "/use", None),
        ("first", "/item", None),
        ("move", "/uses", "/use"),
        ("append", "/note", {"text": "x"}),
    ]

    assert apply(claim, edits) == {"item": {"sequence": 9}, "uses": ["claim", "claim"], "note": [{"text": "x"}]}
    assert claim == {"item": [{"sequence": 1}, {"sequence": 2}], "use": "claim"}


def _mutation(severity: str) -> Mutation:
    return Mutation("a class", "a way", (("remove", "/use", None),), ("/use",), severity, "a rule")
