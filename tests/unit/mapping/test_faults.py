"""What loading refuses and lint advises: file, line, place, and the nearest valid name."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

TESTED = "cases: [{name: a, expect: {produced: {a: z}}}]\n"
SCHEMA = Path(__file__).parents[3] / "mappings" / "schema.json"
HEAD = "mapping: m\nreads: [order]\n"


@pytest.mark.parametrize(
    ("text", "line", "path", "words"),
    [
        (HEAD + "produce:\n  a: '{{ %ordr.code }}'\n", 4, "produce.a", "did you mean 'order'?"),
        (HEAD + "produse:\n  a: x\nproduce: {b: z}\n", 3, "produse", "did you mean 'produce'?"),
        (HEAD + "produce:\n  b: x\n  a: '{{ %order..code }}'\n", 5, "produce.a", "FHIRPath"),
        (HEAD + "produce:\n  a: '{{ %order.where(code = 1 }}'\n", 4, "produce.a", "FHIRPath"),
        (HEAD + "produce:\n  a: '{{ %order.now() }}'\n", 4, "produce.a", "now() is not allowed"),
        (HEAD + "produce:\n  a: '{{ }}'\n", 4, "produce.a", "no expression"),
        (HEAD + "produce:\n  a: '{{ %order.code'\n", 4, "produce.a", "pair up"),
        (HEAD + "produce:\n  a: '{{ order.code }}'\n", 4, "produce.a", "write %order"),
        (HEAD + "produce:\n  a: '{{ %order.code.frist() }}'\n", 4, "produce.a", "did you mean 'first'?"),
        (HEAD + "produce:\n  a: \"{{ %order.translate('x') }}\"\n", 4, "produce.a", "not declared under tables"),
        (HEAD + "tables: [tt]\nproduce: {a: x}\n", 3, "tables[0]", "did you mean 't'?"),
        (HEAD + "tables: [t]\nproduce:\n  a: \"{{ %order.lookup('t', 'to_cod') }}\"\n", 5, "produce.a", "'to_code'?"),
        (HEAD + "tables: [t]\nproduce:\n  a: \"{{ %order.choose('t') }}\"\n", 5, "produce.a", "use translate()"),
        (HEAD + "tables: [t]\nproduce:\n  a: '{{ %order.translate(%order) }}'\n", 5, "produce.a", "takes a table"),
        (HEAD + "produce:\n  code: 97110\n", 4, "produce.code", "unquoted number"),
        (HEAD + "produce:\n  'fro x in %order': {a: z}\n", 4, "produce.fro x in %order", "'for x in …'?"),
        (HEAD + "produce:\n  a: {'for order in %order': {a: z}}\n", 4, "", "already means something"),
        (HEAD + "produce:\n  a: {'for x in %order': z, b: z}\n", 4, "", "stands alone"),
        (HEAD + "produce:\n  else: {b: z}\n", 4, "produce (under: else)", "exactly one if"),
        (HEAD + "produce:\n  a: {include: nowhere}\n", 4, "include", "no mapping 'nowhere'"),
        (HEAD + "produce:\n  a: {include: m}\n", 4, "include", "includes this again"),
        (HEAD + "produce:\n  a: {include: o, wiht: {p: z}}\n", 4, "produce.a.wiht", "did you mean 'with'?"),
        (HEAD + "let:\n  code: '{{! %order.code }}'\nproduce: {a: '{{ %code }}'}\n", 4, "let.code", "names an element"),
        (HEAD + "let:\n  b: '{{ %a }}'\n  a: '{{ %order }}'\nproduce: {a: z}\n", 4, "let.b", "not declared"),
        (HEAD + "let: {index: z}\nproduce: {a: z}\n", 3, "let.index", "cannot be a name"),
        ("mapping: m\nreads: [second]\nproduce: {a: z}\n", 2, "reads[0]", "cannot be a name"),
        (HEAD + "produce: {a: '{{ %position }}'}\n", 3, "produce.a", "%position is not declared"),
        (HEAD, 1, "", "'produce' is missing"),
        ("mapping: other\nproduce: {a: z}\n", 1, "mapping", "must be 'm'"),
        ("- a\n", 1, "", "is an object"),
    ],
)
def test_a_mistake_is_refused_with_its_line_and_the_way_out(
    folder: Any, text: str, line: int, path: str, words: str
) -> None:
    folder.write("t.csv", "from_code,to_code\n1,A\n").write("o", "mapping: o\nproduce: {a: z}\n").write("m", text)
    finding = next(finding for finding in folder.faults() if words in finding.message)
    assert finding.file == str(folder.guide / "m.yaml")
    assert finding.line == line
    assert path in ("", finding.path)
    assert str(finding).startswith(f"{finding.file}:{line}:")


def test_all_files_are_examined_before_refusing(folder: Any) -> None:
    for name in "ab":
        folder.write(name, f"mapping: {name}\nproduce: {{x: '{{{{ %q }}}}', y: '{{{{ %r }}}}'}}\n")
    folder.write("t.csv", "")
    assert len(folder.faults()) == 5


def test_an_include_of_a_broken_file_is_not_called_missing(folder: Any) -> None:
    folder.write("part", "a: [").write("m", HEAD + "produce: {a: {include: part}}\n")
    (finding,) = folder.faults()
    assert finding.file.endswith("part.yaml")


def test_an_include_must_be_given_what_it_reads_and_nothing_else(folder: Any) -> None:
    folder.write("part", "mapping: part\nreads: [item]\nproduce: {a: '{{ %item }}'}\n")
    folder.write("m", HEAD + "produce:\n  a: {include: part, with: {itme: '{{ %order }}'}}\n")
    messages = [finding.message for finding in folder.faults()]
    assert messages == [
        "'part' reads %item, which is not in scope here; give it under 'with'",
        "'part' does not read %itme; did you mean 'item'?",
    ]


def test_what_stands_inside_a_function_call_is_not_taken_for_a_variable(folder: Any) -> None:
    body = """
a: "{{ %order.coding.where(system = 's' and (code | display).exists()).code }}"
b: "{{ (%order.a is Patient) or %order.b is FHIR.Quantity }}"
c: "{{ %order.date + 3 days }}"
"""
    folder.produce(body, order={})
    assert folder.faults() == ()


def test_an_empty_folder_is_a_fault_not_an_empty_success(folder: Any) -> None:
    folder.guide.mkdir()
    assert "holds no mapping" in folder.faults()[0].message


def test_lint_advises_what_loading_lets_pass(folder: Any) -> None:
    folder.write("t.csv", "rule,order_typ,value\nR1,a,V\nR2,a,W\n")
    folder.write(
        "m",
        """mapping: m
reads: [order, patient]
tables: [t, u]
let:
  facts: {order_type: "{{ %order.type }}"}
  spare: z
produce:
  a: "{{! %order.id }}"
  b: "{{ %facts.choose('t') }}"
""",
    ).write("u.csv", "from_code,to_code\n1,A\n")
    found = {(finding.line, finding.message.partition(";")[0]) for finding in folder.lint()}
    assert found == {
        (1, "has no test"),
        (2, "'patient' is never used"),
        (3, "'u' is never used"),
        (6, "'spare' is never used"),
        (8, "say after // what would satisfy it: {{! %order.id // … }}"),
        (9, "t.csv looks at 'order_typ', which %facts does not have"),
        (3, "is never reached: rule R1 above fits everything it fits"),
    }
    assert folder.load()


def test_lint_holds_files_against_the_schema_editors_use(folder: Any) -> None:
    folder.write("m", "mapping: m\nabout: true\nproduce: {a: z}\n").write("m.test", TESTED)
    assert folder.lint() == []
    (folder.root / "schema.json").write_text(SCHEMA.read_text("utf-8"), "utf-8")
    assert [(finding.line, finding.path) for finding in folder.lint()] == [(2, "about")]


def test_the_schema_takes_every_construct_and_refuses_misspelt_keys() -> None:
    validator = Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))
    Draft202012Validator.check_schema(validator.schema)
    whole = {
        "mapping": "claim/request",
        "about": "x",
        "reads": ["order"],
        "tables": ["t"],
        "let": {"a": {"b": "{{ %order }}"}},
        "produce": {
            "a": [{"for x in %order": {"b": "z"}}, {"if %a": "z", "else": "w"}, {"include": "c", "with": {"d": "z"}}]
        },
    }
    assert validator.is_valid(whole)
    assert not validator.is_valid({**whole, "produse": {}})
    assert not validator.is_valid({**whole, "produce": {"fro x in y": "z"}})
    assert not validator.is_valid({**whole, "produce": {"include": "c", "wiht": {}}})
