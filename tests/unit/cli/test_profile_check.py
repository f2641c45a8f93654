"""`pa profile check` as a user runs it: files and folders, forms, exit codes, and no content in what it says."""

import importlib.util
import json
import os
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app
from gateway.conformance import check
from gateway.model.errors import NotFound, OurFault
from tests.worlds import ROOT

GOOD = ROOT / "tests" / "conformance" / "golden_request.json"
RESPONSE = ROOT / "tests" / "conformance" / "golden_response.json"
MEMBER_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
CONTENT = ("Quillfeather", "Odessa", "MEMBER-0001", "1957-03-09", "canary")


def pa(*arguments: object, code: int = 0) -> str:
    result: Result = CliRunner().invoke(app, ["profile", "check", *map(str, arguments)])
    if result.exit_code != code and result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.stdout


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    bundle = json.loads(GOOD.read_bytes())
    claim = bundle["entry"][0]["resource"]
    del claim["use"]
    claim["created"] = "canary 2026"
    claim["canary word"] = True
    file = tmp_path / "broken.json"
    file.write_text(json.dumps(bundle))
    return file


@pytest.fixture
def folder(tmp_path: Path, broken: Path) -> Path:
    """Good, broken, torn and not FHIR, one of them in a folder of its own."""
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "good.json").write_bytes(GOOD.read_bytes())
    (tmp_path / "torn.json").write_bytes(GOOD.read_bytes()[:300])
    (tmp_path / "twice.json").write_text('{"resourceType": "Patient", "id": "canary", "id": "b"}')
    (tmp_path / "list.json").write_text("[1]")
    (tmp_path / "notes.txt").write_text("not asked for")
    return tmp_path


def test_a_good_bundle_passes_with_its_verdict_first() -> None:
    assert pa(GOOD).startswith(f"pass  {GOOD}: no finding, against profile-pas-request-bundle (pas/2.2.1)\n")


def test_a_broken_bundle_is_told_by_place_rule_and_fix_and_exits_1(broken: Path) -> None:
    said = pa(broken, code=1)
    assert "error[cardinality]: R4 requires Claim.use.\n    at  Bundle.entry[0].resource.use\n    fix Send use." in said
    assert "\x1b" not in said


@pytest.mark.parametrize("form", ["text", "json", "outcome", "junit", "html"])
def test_every_file_of_a_folder_gets_a_result_and_no_content_is_quoted(folder: Path, form: str) -> None:
    said = pa(folder, "--strict", "--format", form, code=1)
    for name in ("broken.json", "good.json", "torn.json", "twice.json", "list.json"):
        assert name in said
    assert "notes.txt" not in said
    assert not [content for content in CONTENT if content in said]


def test_what_is_no_json_is_a_finding_of_its_file_and_the_others_are_checked(folder: Path) -> None:
    files = {Path(one["file"]).name: one for one in json.loads(pa(folder, "--json", code=1))["files"]}
    assert [issue["rule"] for issue in files["torn.json"]["issues"]] == ["json-syntax"]
    assert [issue["rule"] for issue in files["twice.json"]["issues"]] == ["json-duplicate-key"]
    assert [issue["rule"] for issue in files["list.json"]["issues"]] == ["type"]
    assert files["good.json"]["ok"]


def test_files_are_checked_once_in_the_order_given(folder: Path) -> None:
    said = json.loads(pa(RESPONSE, GOOD, RESPONSE, "--json"))
    assert [Path(one["file"]).name for one in said["files"]] == ["golden_response.json", "golden_request.json"]
    assert said["ok"]


def test_a_version_alone_means_pas_and_another_guide_is_asked_for_by_name() -> None:
    assert json.loads(pa(GOOD, "--guide", "2.2.1", "--json"))["files"][0]["guide"] == "pas/2.2.1"
    with pytest.raises(NotFound) as fault:
        pa(GOOD, "--guide", "pas/9.9.9", code=0)
    assert "pas/2.2.1" in fault.value.fix


def test_a_profile_is_named_by_its_canonical_or_refused() -> None:
    canonical = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/profile-pas-response-bundle"
    assert "ClaimResponseFirst" in pa(GOOD, "--profile", canonical, code=1)
    with pytest.raises(NotFound):
        pa(GOOD, "--profile", "http://example.org/none", code=0)


def test_a_warning_fails_only_when_asked(tmp_path: Path) -> None:
    bundle = json.loads(GOOD.read_bytes())
    bundle["entry"][2]["resource"]["identifier"][0].pop("value")
    file = tmp_path / "warned.json"
    file.write_text(json.dumps(bundle))
    assert "member-id-value" in pa(file)
    assert pa(file, "--fail-on", "warning", code=1).startswith("FAIL")


def test_the_document_goes_to_a_file_when_asked(tmp_path: Path, broken: Path) -> None:
    out = tmp_path / "report.xml"
    assert pa(broken, "--format", "junit", "--out", out, code=1) == ""
    assert fromstring(out.read_text()).get("failures") == "3"  # noqa: S314 (our own document)


def test_strict_adds_the_structural_opinion(broken: Path) -> None:
    def rules(*more: str) -> list[tuple[str, str]]:
        issues: list[dict[str, Any]] = json.loads(pa(broken, "--json", *more, code=1))["files"][0]["issues"]
        return [(issue["rule"], issue["path"]) for issue in issues]

    assert set(rules("--strict")) - set(rules()) == {
        ("r4b", "Bundle.entry[0].resource.created"),
        ("r4b", "Bundle.entry[0].resource"),
    }
    assert "r4b" not in pa(GOOD, "--strict")


def test_an_empty_folder_is_said_to_be_that(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"\*\.json"):
        pa(tmp_path)


def test_a_file_that_cannot_be_read_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret.json").write_text("{}")

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert "fatal[file]: The file cannot be read: Permission denied." in pa(tmp_path, code=1)


def test_standard_input_is_checked_like_a_file(broken: Path) -> None:
    said = CliRunner().invoke(app, ["profile", "check", "-", str(GOOD)], input=broken.read_bytes())
    assert said.exit_code == 1
    assert said.stdout.startswith("FAIL  standard input: ")
    assert f"pass  {GOOD}: " in said.stdout


def test_a_file_that_is_not_there_is_a_mistake_of_the_command_line() -> None:
    said = CliRunner().invoke(app, ["profile", "check", str(GOOD), "none.json"])
    assert said.exit_code == 2
    assert "none.json" in said.stderr


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "none" / "report.html"
    with pytest.raises(OurFault, match="there is no such folder") as fault:
        pa("-", "--guide", "never/looked", "--out", out)
    assert fault.value.exit_code == 2
    assert str(out) in str(fault.value)

    monkeypatch.setattr("os.access", lambda _, mode: mode != os.W_OK)
    with pytest.raises(OurFault, match="permission denied"):
        pa(GOOD, "--out", tmp_path / "report.html")


def test_a_defect_that_an_official_example_is_known_for_is_said_and_still_fails(tmp_path: Path) -> None:
    bundle = json.loads(GOOD.read_bytes())
    bundle["id"] = "HomecareAuthorizationBundleExample"
    rule, path = "member-id-value", "Bundle.entry[3].resource.identifier[0]"
    member = next(row["resource"] for row in bundle["entry"] if row["resource"]["resourceType"] == "Coverage")
    others = [row for row in bundle["entry"] if row["resource"] is not member]
    coverage = next(row for row in bundle["entry"] if row["resource"] is member)
    bundle["entry"] = [*others[:3], coverage, *others[3:]]
    member["identifier"] = [{"type": {"coding": [{"system": MEMBER_TYPES, "code": "MB"}]}}]
    file = tmp_path / "known.json"
    file.write_text(json.dumps(bundle))

    (said,) = json.loads(pa(file, "--json", "--fail-on", "warning", code=1))["files"]
    assert [(row["rule"], row["path"]) for row in said["known_defects"]] == [(rule, path)]
    assert "Known defect of the official example: memberid identifier" in pa(file)

    bundle["id"] = "another"
    file.write_text(json.dumps(bundle))
    assert "Known defect" not in pa(file)


@pytest.fixture
def example() -> Any:
    """examples/check_profile.py"""
    spec = importlib.util.spec_from_file_location("check_profile", ROOT / "examples" / "check_profile.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "guide", "words"),
    [
        ("none.json", "2.2.1", "No such file"),
        (".", "2.2.1", "Is a directory"),
        ("torn.json", "2.2.1", "no JSON to be trusted"),
        ("list.json", "nope/1", "installed: "),
    ],
)
def test_the_python_example_says_why_it_could_not_check(
    example: Any, folder: Path, capsys: pytest.CaptureFixture[str], name: str, guide: str, words: str
) -> None:
    assert example.main(str(folder / name), guide) == 2
    assert words in capsys.readouterr().err


def test_a_guide_that_is_no_text_is_refused_in_words() -> None:
    guide: Any = None
    with pytest.raises(ValueError, match=r"named by text such as pas/2\.2\.1 or 2\.2\.1, not by NoneType"):
        check({"resourceType": "Patient"}, guide)


def test_the_python_example_checks_a_file(example: Any, broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert example.main(str(GOOD)) == 0
    assert example.main(str(broken), "2.2.1") == 1
    assert "Bundle.entry[0].resource.use" in capsys.readouterr().out
