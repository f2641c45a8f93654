"""The FHIRPath door: strict syntax, no clock, a budget of steps, plain data out."""

from decimal import Decimal
from typing import Any

import pytest

from gateway.fhir import path
from gateway.fhir.path import PathFault

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "birthDate": "1980-02-03",
    "active": True,
    "multipleBirthInteger": 2,
    "_gender": {"extension": [{"url": "urn:x", "valueString": "y"}]},
    "name": [{"family": "Roe", "given": ["Ann", "B"]}, {"family": "Doe"}],
    "extension": [{"url": "urn:weight", "valueDecimal": Decimal("1.50")}],
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Patient.name.family", ["Roe", "Doe"]),
        ("name.where(family = 'Roe').given", ["Ann", "B"]),
        ("name.given.first()", ["Ann"]),
        ("Patient.multipleBirth", [2]),
        ("active", [True]),
        ("nothing", []),
        ("Claim.id", []),
        ("name.exists() and id = 'p1'", [True]),
        ("'a' + 'b'", ["ab"]),
        ("1 + 1", [2]),
        ("{}", []),
        ("name[1].family", ["Doe"]),
        ("name[0].single().family.single()", ["Roe"]),
        ("nothing.single()", []),
        ("gender", []),
        ("gender.exists()", [True]),
        ("id.hasValue()", [True]),
        ("name.hasValue()", [False]),
        ("extension.value.hasValue()", [True]),
        ("iif(active, 'yes', 'no')", ["yes"]),
        ("name.select(given.count())", [2, 0]),
        ("%context.id | %resource.id", ["p1"]),
        ("'it''s'.length()", None),
    ],
)
def test_an_expression_gives_plain_data(text: str, found: list[Any] | None) -> None:
    if found is None:
        with pytest.raises(PathFault):
            path.compile(text)
        return
    assert path.compile(text)(PATIENT) == found


def test_variables_are_reachable_by_name() -> None:
    expression = path.compile("%payer.name & ' ' & %n.toString()")
    assert expression(PATIENT, {"payer": {"name": "Acme"}, "n": 3}) == ["Acme 3"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "name.",
        "name..family",
        "name)",
        "(name",
        "name family",
        "name[",
        "1 +",
        "'open",
        "name.where(",
        "a b c",
        "name;",
        "%",
    ],
)
def test_broken_syntax_is_refused_and_not_recovered_from(text: str) -> None:
    with pytest.raises(PathFault):
        path.compile(text)


@pytest.mark.parametrize("text", ["now()", "today() > birthDate", "birthDate < today ()", "timeOfDay()", "(now())"])
def test_an_expression_that_reads_the_clock_is_refused(text: str) -> None:
    with pytest.raises(PathFault, match="pass the time as a variable"):
        path.compile(text)


def test_a_failing_evaluation_is_a_fault_without_content() -> None:
    for text in ("name.family.single()", "name.single().exists()", "name.unknown()", "%nobody", "name.family + 1"):
        with pytest.raises(PathFault) as fault:
            path.compile(text)(PATIENT)
        assert "Roe" not in str(fault.value)


def test_an_expression_runs_out_of_steps() -> None:
    expression = path.compile("name.select(given.select($this))")
    assert expression(PATIENT) == ["Ann", "B"]
    with pytest.raises(PathFault, match="out of steps"):
        expression(PATIENT, steps=2)
    with pytest.raises(PathFault, match="out of steps"):
        path.compile("name.all(given.all($this.length() < 9))")(PATIENT, steps=5)


def test_the_budget_is_each_evaluations_own() -> None:
    expression = path.compile("name.where(family = 'Roe').family")
    for _ in range(50):
        assert expression(PATIENT, steps=20) == ["Roe"]


def test_own_functions_get_plain_data() -> None:
    seen: list[Any] = []

    def shout(inputs: list[Any], marks: list[Any]) -> list[str]:
        seen.append((inputs, marks))
        return [f"{text}{marks[0]}" for text in inputs]

    assert path.compile("name.family.shout('!')", {"shout": shout})(PATIENT) == ["Roe!", "Doe!"]
    assert seen == [(["Roe", "Doe"], ["!"])]
    with pytest.raises(PathFault):
        path.compile("name.family.shout('!')")(PATIENT)


def test_an_expression_is_compiled_once_and_leaves_its_input_alone() -> None:
    assert path.compile("name.family") is path.compile("name.family")
    before = repr(PATIENT)
    path.compile("name.given | name.family")(PATIENT)
    assert repr(PATIENT) == before
    assert repr(path.compile("id")) == "Expression('id')"


def test_tracing_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert path.compile("name.family.trace('x')")(PATIENT) == ["Roe", "Doe"]
    assert capsys.readouterr() == ("", "")


def test_a_typed_value_still_knows_its_choices() -> None:
    [extension] = path.compile("extension").typed(PATIENT)
    assert path.compile("%e.value")(PATIENT, {"e": extension}) == [Decimal("1.50")]
    plain = path.plain([extension])
    assert plain == PATIENT["extension"]
    assert path.compile("value")(path.value_of(plain[0], "Extension")) == [Decimal("1.50")]


def test_the_names_of_functions_and_choices_are_known() -> None:
    assert {"where", "exists", "hasValue"} <= path.FUNCTIONS
    assert {"value", "occurrence", "multipleBirth"} <= path.CHOICES
