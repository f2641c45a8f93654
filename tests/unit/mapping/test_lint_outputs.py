"""What lint says of the output of a mapping, of files that are never read, and in which order causes come."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.cli.mapping import app
from gateway.cli.mapping_coverage import ProfileCoverage, chosen
from gateway.cli.mapping_explain import Explanation, Request
from gateway.cli.mapping_screen import refuse_unknown
from gateway.cli.profile_elements import Shelf
from gateway.mapping.explain import Line
from gateway.mapping.lint import lint
from gateway.mapping.versions import is_version_folder
from gateway.model.errors import NotFound

ROOT = Path(__file__).parents[3]
R4 = Shelf.load(ROOT / "profiles" / "r4" / "4.0.1")
CODES = "from_code,to_code\n1,A\n"
TESTED = "cases: [{name: a, expect: {}}]\n"


def said(folder: Any) -> list[str]:
    """Each finding of the folder but advice, with the place named from there, and what the caret is under."""
    findings = lint(folder.guide, folder.codes, R4.elements, R4.demands)
    return [
        f"{Path(one.file).relative_to(folder.root).as_posix()}:{one.line}:{one.column}: {one.message} "
        f"[{one.text[one.column - 1 : one.column - 1 + one.width] if one.column else ''}]"
        for one in findings
        if not one.advice
    ]


def whole(produce: str) -> str:
    return f"mapping: m\nproduce:\n  resourceType: Basic\n  code: {{text: z}}\n{produce}"


@pytest.mark.parametrize(
    ("produce", "message"),
    [
        ("  subjekt: {display: z}\n", "5:3: Basic has no element subjekt; did you mean 'subject'? [subjekt]"),
        (
            "  identifier: [{typ: {text: z}}]\n",
            "5:17: Identifier has no element typ; did you mean 'type'? [typ]",
        ),
        (
            "  meta:\n    tag: [{zzz: z, cod: z}]\n",
            (
                "6:20: Coding has no element cod; did you mean 'code'? [cod] | 6:12: Coding has no element zzz; "
                "valid here: code, display, extension, id, system, userSelected, version [zzz]"
            ),
        ),
        (
            "  extension: [{url: z, valueStrng: z}]\n",
            "5:24: Extension has no element valueStrng; did you mean 'valueString'? [valueStrng]",
        ),
        (
            "  extension: [{url: z, value: z}]\n",
            "5:24: Extension.value is a choice: name its type too, such as valueBase64Binary [value]",
        ),
        (
            "  extension: [{url: z, valueReference: {referense: z}}]\n",
            "5:41: Reference has no element referense; did you mean 'reference'? [referense]",
        ),
        (
            '  "if true":\n    subject: {"if true": {displai: z}}\n',
            "6:27: Reference has no element displai; did you mean 'display'? [displai]",
        ),
        (
            "  extension: [{valueString: z}]\n",
            "5:15: Extension requires url; no mapping line makes it [{valueString: z}]]",
        ),
    ],
)
def test_an_output_element_that_its_type_does_not_have_is_named(folder: Any, produce: str, message: str) -> None:
    folder.write("m", whole(produce)).write("m.test", TESTED)
    found = said(folder)
    assert [one.removeprefix("guide/m.yaml:") for one in found] == message.split(" | ")


@pytest.mark.parametrize(
    "produce",
    [
        "  contained: [{anything: z}]\n",
        "  _implicitRules: {extension: [{url: z}]}\n",
        '  subject: "{{ 1 }}"\n',
        '  "if true": {created: z}\n  else: {author: {display: z}}\n',
        "  extension: [{url: z, valueQuantity: {value: z, unit: z}}]\n",
    ],
)
def test_of_what_a_type_has_and_of_unknown_types_nothing_is_said(folder: Any, produce: str) -> None:
    assert said(folder.write("m", whole(produce)).write("m.test", TESTED)) == []


def test_a_part_has_the_type_of_the_place_it_is_included_in(folder: Any) -> None:
    folder.write("m", whole("  subject: {include: part}\n  author: {include: whole}\n")).write("m.test", TESTED)
    folder.write("whole", "mapping: whole\nproduce: {include: part}\n").write("whole.test", TESTED)
    folder.write("part", "mapping: part\nproduce:\n  displya: z\n").write("part.test", TESTED)
    assert said(folder) == ["guide/part.yaml:3:3: Reference has no element displya; did you mean 'display'? [displya]"]


def test_what_is_required_may_come_under_a_condition_or_from_an_include(folder: Any) -> None:
    text = 'mapping: m\nproduce:\n  resourceType: Basic\n  "if true": {include: part}\n'
    folder.write("m", text).write("m.test", TESTED)
    folder.write("part", "mapping: part\nproduce: {code: {text: z}}\n").write("part.test", TESTED)
    assert said(folder) == []
    folder.write("part", "mapping: part\nproduce: {created: z}\n")
    assert [one.partition(": ")[2] for one in said(folder)] == [
        "Basic requires code; no mapping line makes it [produce]"
    ]


def test_a_resource_type_that_r4_does_not_have_is_named(folder: Any) -> None:
    folder.write("m", "mapping: m\nproduce: {resourceType: Clam}\n").write("m.test", TESTED)
    assert said(folder) == ["guide/m.yaml:2:11: FHIR R4 has no resource type 'Clam' [resourceType]"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "stray.yml",
            "mapping: stray\n",
            "1:0: is not read: the name of a mapping ends in .yaml; rename it to stray.yaml, or remove it []",
        ),
        (
            "x.test.yaml",
            TESTED,
            (
                "1:1: there is no mapping 'x' beside this test; rename or remove it; valid here: m "
                "[cases: [{name: a, expect: {}}]]"
            ),
        ),
        ("m.test.yaml", "", "1:0: the file is empty []"),
        (
            "m.test.yaml",
            "cases: [{name: a}]\n",
            "1:9: a case needs an expect: what the mapping makes of its context [{name: a}]]",
        ),
        ("m.test.yaml", "- a\n", "1:1: must be an object with the keys context, cases [- a]"),
        ("m.test.yaml", "cases: 1\n", "1:8: cases is a list of at least one case [1]"),
        ("m.test.yaml", "casse: []\n", "1:1: 'casse' is not a key here; did you mean 'cases'? [casse]"),
        (
            "m.test.yaml",
            "cases: [{name: a, expect: {gasp: []}}]\n",
            "1:28: 'gasp' is not a key here; did you mean 'gaps'? [gasp]",
        ),
        (
            "m.test.yaml",
            "cases: [{name: a, without: a.b, expect: {}}]\n",
            "1:28: without is a list of places in the context, such as order.code [a.b, expect: {}}]]",
        ),
    ],
)
def test_a_file_that_is_never_read_or_cannot_run_is_named(folder: Any, name: str, text: str, message: str) -> None:
    folder.write("m", "mapping: m\nproduce: {a: z}\n").write("m.test", TESTED)
    (folder.guide / name).write_text(text, "utf-8")
    assert said(folder) == [f"guide/{name}:{message}"]


TABLES = (
    "mapping: m\nreads: [a]\n{0}: [{1}]\n"
    "produce: {{a: \"{{{{ %a.translate('{2}') }}}}\", b: \"{{{{ %a.translate('t_one') }}}}\"}}\n"
)


@pytest.mark.parametrize(
    ("key", "declared", "called", "message"),
    [
        ("tabels", "t_one", "t_one", "3:1: 'tabels' is not a key of a mapping file; did you mean 'tables'? [tabels]"),
        ("tables", "t_onee", "t_one", "3:10: there is no table 't_onee'; did you mean 't_one'? [t_onee]"),
        (
            "tables",
            "t_one, t_two",
            "t_tow",
            "4:31: table 't_tow' is not declared under tables; did you mean 't_two'? ['t_tow']",
        ),
    ],
)
def test_one_mistake_is_told_once(folder: Any, key: str, declared: str, called: str, message: str) -> None:
    folder.write("t_one.csv", CODES).write("t_two.csv", CODES)
    folder.write("m", TABLES.format(key, declared, called))
    folder.write("m.test", "cases: [{name: a, context: {a: x}, expect: {}}]\n")
    assert said(folder) == [f"guide/m.yaml:{message}"]
    assert not [one for one in folder.lint() if one.advice], "no 'never used; remove it' beside a misspelling"


@pytest.mark.parametrize(("mark", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")])
def test_another_delimiter_is_named(folder: Any, mark: str, name: str) -> None:
    text = f"from_code{mark}to_code\n1{mark}A, or so\n"
    folder.write("t.csv", text).write("m", "mapping: m\nproduce: {a: z}\n").write("m.test", TESTED)
    assert said(folder) == [
        f"codes/t.csv:1:10: the columns are separated by {name}; separate them by commas, in every line [{mark}]"
    ]


def test_conditions_stand_behind_the_path(folder: Any) -> None:
    text = 'mapping: m\nproduce:\n  a:\n    - "if true":\n        b: {"for x in 1": {c: "{{ %y }}"}}\n'
    folder.write("m", text).write("m.test", TESTED)
    (finding, *_) = folder.lint()
    assert finding.path == "produce.a[0].b.c (under: if true; for x in 1)"


def test_what_did_not_run_is_named(folder: Any) -> None:
    folder.write("m", "mapping: m\nproduce: {a: z}\n").write("m.test", "cases: [{name: a, expect: {}}, {name: b}]\n")
    folder.write("o", "mapping: o\nproduce: {a: z}\n").write("o.test", "casse: []\n")
    places = ["--folder", str(folder.guide), "--codes", str(folder.codes)]
    shown = CliRunner().invoke(app, ["test", *places])
    assert shown.exit_code == 1
    assert shown.output.splitlines()[-3:] == [
        f"Not run: {folder.guide}/m.test.yaml: the cases named above.",
        f"Not run: {folder.guide}/o.test.yaml: none of its cases.",
        "1 folder(s), 1 case(s), 2 failure(s).",
    ]
    folder.write("o", "mapping: o\nprodcue: {a: z}\n")
    assert CliRunner().invoke(app, ["test", *places]).output.splitlines()[-2:] == [
        f"Not run: {folder.guide}: none of its tests, until its mappings and tables can be used.",
        "1 folder(s), 0 case(s), 1 failure(s).",
    ]


def test_only_the_folder_of_a_version_is_taken() -> None:
    shipped = ROOT / "mappings" / "pas" / "2.2.1"
    assert is_version_folder(shipped)
    for other in (shipped / "claim", shipped.parent, shipped.parent.parent, ROOT):
        assert not is_version_folder(other)
    for command in ("lint", "test"):
        refused = CliRunner().invoke(app, [command, "--folder", str(shipped.parent)])
        assert refused.exit_code == 1
        assert str(refused.exception) == f"{shipped.parent} is not a version folder."


def test_a_profile_of_exactly_the_name_comes_first_and_one_that_is_not_there_is_refused() -> None:
    rows = [ProfileCoverage(f"http://x/{name}|1", (), ()) for name in ("profile-claim", "profile-claim-update")]
    assert chosen(rows, "profile-claim") == rows[:1]
    assert chosen(rows, "claim") == chosen(rows, "") == rows
    with pytest.raises(NotFound, match="has no profile 'profile-clam'; did you mean 'profile-claim'"):
        chosen(rows, "profile-clam")


def test_an_element_that_no_request_has_is_refused_by_explain() -> None:
    lines = tuple(Line(f"Claim.item[{at}].quantity.value", at) for at in (0, 1))
    explanation = Explanation((Request(("ServiceRequest/1",), resources=(("Claim", lines),)),), (), (), {})
    for element in ("", "Claim", "Claim.item", "Claim.item[1].quantity"):
        refuse_unknown(explanation, element)
    with pytest.raises(NotFound, match=r"No request has an element 'Claim.itm'; did you mean 'Claim.item'\?"):
        refuse_unknown(explanation, "Claim.itm")


@pytest.mark.parametrize("version", ["2.0.1", "2.2.1"])
def test_the_shipped_mappings_put_nothing_where_r4_has_no_place(version: str) -> None:
    folder = ROOT / "mappings" / "pas" / version
    assert lint(folder, ROOT / "mappings" / "codes", R4.elements, R4.demands) == []
