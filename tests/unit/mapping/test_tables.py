"""Code tables and rule tables: what fits, what is recorded, and that nothing unknown gets a default."""

from typing import Any

import pytest

from gateway.mapping.table_checks import faults, unreachable
from gateway.mapping.tables import Table, parse_table

SERVICE = """from_system,from_code,to_system,to_code,note
urn:a,1,urn:x,X1,
urn:b,1,urn:x,X2,
urn:a,2,urn:x,X3,
,3,urn:x,X4,
urn:a,4,urn:x,,not mapped yet
"""
REQUEST = """rule,order_type,code_from,code_to,site,value,value_system,note
RT-01,ServiceRequest,97000,97999,,HS,urn:r,therapy
RT-02,ServiceRequest,J0120,,,IN,urn:r,
RT-03,,,,inpatient,AR,urn:r,
RT-04,DeviceRequest,,,,SC,urn:r,
"""
LET = 'facts: {order_type: "{{ %o.type }}", code: "{{ %o.code }}", site: ["{{ %o.site }}"]}'


def _translate(folder: Any, value: Any) -> Any:
    folder.write("service_type.csv", SERVICE)
    return folder.produce("a: \"{{! %c.translate('service_type') // a known code }}\"", tables="service_type", c=value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"system": "urn:a", "code": "1"}, "X1"),
        ({"system": "urn:b", "code": "1"}, "X2"),
        ({"coding": [{"system": "urn:z", "code": "1"}, {"system": "urn:a", "code": "2"}]}, "X3"),
        ("2", "X3"),
        ({"system": "urn:z", "code": "3"}, "X4"),
    ],
)
def test_a_code_a_coding_and_a_concept_are_translated_by_their_row(folder: Any, value: Any, expected: str) -> None:
    made = _translate(folder, value)
    assert made.value == {"a": expected}
    (choice,) = made.choices
    assert (choice.what, choice.value) == ("service type", expected)
    assert choice.rule in choice.why or "service_type.csv" in choice.why
    assert made.trace[0].rules == (choice.rule,)


@pytest.mark.parametrize(
    "value",
    [
        {"system": "urn:a", "code": "9"},
        {"system": "urn:z", "code": "1"},
        "1",  # two systems know it
        {"system": "urn:a", "code": "4"},  # the cell is blank
        {"text": "free"},
        [],
    ],
)
def test_what_no_row_fits_is_a_gap_and_never_a_default(folder: Any, value: Any) -> None:
    made = _translate(folder, value)
    assert (made.value, made.choices) == ({}, ())
    assert [gap.element for gap in made.gaps] == ["m.a"]


def test_lookup_gives_any_column_and_the_row_is_recorded_once(folder: Any) -> None:
    folder.write("service_type.csv", SERVICE)
    body = """
system: "{{ %c.lookup('service_type', 'to_system') }}"
code: "{{ %c.translate('service_type') }}"
"""
    made = folder.produce(body, tables="service_type", c={"system": "urn:a", "code": "1"})
    assert made.value == {"system": "urn:x", "code": "X1"}
    assert len(made.choices) == 1


@pytest.mark.parametrize(
    ("order", "value", "rule"),
    [
        ({"type": "ServiceRequest", "code": "97110"}, "HS", "RT-01"),
        ({"type": "ServiceRequest", "code": "97000"}, "HS", "RT-01"),
        ({"type": "ServiceRequest", "code": "97999", "site": ["inpatient"]}, "HS", "RT-01"),
        ({"type": "ServiceRequest", "code": "J0120"}, "IN", "RT-02"),
        ({"type": "ServiceRequest", "code": "70551", "site": ["home", "inpatient"]}, "AR", "RT-03"),
        ({"type": "DeviceRequest"}, "SC", "RT-04"),
    ],
)
def test_the_first_rule_that_fits_is_chosen_and_recorded(folder: Any, order: Any, value: str, rule: str) -> None:
    folder.write("request_type.csv", REQUEST)
    body = """
a: "{{! %facts.choose('request_type') // a rule }}"
b: "{{ %facts.choose('request_type', 'value_system') }}"
"""
    made = folder.produce(body, let=LET, tables="request_type", o=order)
    assert made.value == {"a": value, "b": "urn:r"}
    (choice,) = made.choices
    assert choice.why == f"request type {value} chosen by rule {rule} (request_type.csv)"
    assert (choice.rule, made.trace[0].rules) == (rule, (rule,))


@pytest.mark.parametrize("code", ["98000", "9711", "97110X", "9A", None])
def test_no_rule_no_value(folder: Any, code: str | None) -> None:
    folder.write("request_type.csv", REQUEST)
    body = "a: \"{{! %facts.choose('request_type') // a rule for this order }}\""
    made = folder.produce(body, let=LET, tables="request_type", o={"type": "ServiceRequest", "code": code})
    assert (made.value, made.choices) == ({}, ())
    assert [gap.need for gap in made.gaps] == ["a rule for this order"]


def test_the_rule_behind_a_let_is_in_the_trace_of_the_element_that_uses_it(folder: Any) -> None:
    folder.write("request_type.csv", REQUEST)
    let = LET + "\nkind: \"{{ %facts.choose('request_type') }}\""
    made = folder.produce('a: "urn:{{ %kind }}"', let=let, tables="request_type", o={"type": "DeviceRequest"})
    assert [(step.element, step.rules) for step in made.trace] == [("m.a", ("RT-04",))]


def test_a_rule_is_in_the_trace_however_often_its_value_is_passed_on(folder: Any) -> None:
    folder.write("request_type.csv", REQUEST)
    let = LET + "\nkind: \"{{ %facts.choose('request_type') }}\"\nagain: {kind: '{{ %kind }}'}"
    body = "a: '{{ %kind }}'\nb: '{{ %again.kind }}'"
    made = folder.produce(body, let=let, tables="request_type", o={"type": "DeviceRequest"})
    assert [step.rules for step in made.trace] == [("RT-04",), ("RT-04",)]


def _rules(rows: str) -> Table:
    return parse_table(f"rule,kind,code_from,code_to,value\n{rows}", "t", "t.csv")


@pytest.mark.parametrize(
    ("rows", "line", "words"),
    [
        ("R1,a,,,V\n,b,,,V\n", 3, "no id"),
        ("R1,a,,,V\nR1,b,,,V\n", 3, "used in line 2"),
        ("R1,a,900,100,V\n", 2, "after code_to"),
        ("R1,a,900,1000,V\n", 2, "different lengths"),
        ("R1,a,,100,V\n", 2, "without code_from"),
        ("R1,a,,,\n", 2, "chooses nothing"),
        ("R1, a,,,V\n", 2, "spaces"),
    ],
)
def test_rules_that_make_no_sense_are_found(rows: str, line: int, words: str) -> None:
    (finding,) = faults(_rules(rows))
    assert finding.line == line
    assert words in finding.message


@pytest.mark.parametrize(
    ("earlier", "later", "covered"),
    [
        ("a,,", "a,100,200", True),
        (",,", "a,100,", True),
        ("a,100,300", "a,150,200", True),
        ("a,100,300", "a,150,350", False),
        ("a,100,300", "a,1500,2000", False),
        ("a,100,300", "a,,", False),
        ("a,,", "b,,", False),
        ("a,,", ",,", False),
        ("a,100,", "a,100,100", True),
    ],
)
def test_a_rule_under_one_that_fits_all_it_fits_is_found(earlier: str, later: str, covered: bool) -> None:
    found = list(unreachable(_rules(f"R1,{earlier},V\nR2,{later},W\n")))
    assert [finding.path for finding in found] == (["R2"] if covered else [])
    assert all(finding.advice for finding in found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("from_code,to_code\n1,A\n1,B\n", "already"),
        ("from_system,from_code,to_code\n,1,A\nurn:a,1,B\n", "any system"),
        ("from_code,to_code\n,B\n", "blank"),
    ],
)
def test_codes_that_a_table_knows_twice_are_found(text: str, words: str) -> None:
    (finding,) = faults(parse_table(text, "t", "t.csv"))
    assert words in finding.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("from_code,to code\n", "column name"),
        ("from_code,from_code\n", "twice"),
        ("code,value\n", "'from_code'"),
        ("rule,order\n", "'value'"),
        ("from_code,to_code\n1\n", "1 cells"),
        ('from_code,to_code\n"1,2\n', "quotes"),
    ],
)
def test_a_file_that_is_no_table_is_refused(folder: Any, text: str, words: str) -> None:
    folder.write("t.csv", text).write("m", "mapping: m\ntables: [t]\nproduce: {a: x}\n")
    (finding,) = folder.faults()
    assert words in finding.message


def test_cells_are_text_whatever_they_look_like() -> None:
    table = parse_table("from_code,to_code\n0450,1.50\n", "t", "t.csv")
    row = table.translate("0450")
    assert row is not None
    assert row.cells["to_code"] == "1.50"
