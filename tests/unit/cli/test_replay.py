"""A replay gives every file a result, in one report that a later run and a CI can read."""

import json
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from gateway.cli import replay_file
from gateway.model.errors import BadOrder, NotFound, OurFault
from tests.unit.cli.conftest import Pa
from tests.worlds import ORDERS, ROOT

CORPUS = ROOT.parent / "shared" / "corpus"


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A folder with an order, messages, foreign formats and broken files."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    shutil.copy(ORDERS / "knee_mri.json", folder / "order.json")
    claim = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"resourceType": "Claim"}}]}
    files: dict[str, bytes] = {
        "answer.json": b'{"resourceType": "ClaimResponse"}',
        "broken.json": b"{",
        "claim.json": json.dumps(claim).encode(),
        "hook.json": b'{"hook": "order-sign"}',
        "logic.cql": b"library X",
        "notes.txt": b"nothing",
        "patient.json": b'{"resourceType": "Patient"}',
        "segments.hl7": b"MSH|^~",
        "segments.x12": b"ISA*00*",
        "xml.json": b"<Claim/>",
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def by_name(document: Any) -> dict[str, dict[str, Any]]:
    return {row["file"]: row for row in document["files"]}


def test_replay_compares_with_an_earlier_report_and_exits_1_on_drift(pa: Pa, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    pa("replay", str(ORDERS), "--check-only", "--report", str(report))
    assert pa.json("replay", str(ORDERS), "--check-only", "--expect", str(report))["drift"] == []
    earlier = json.loads(report.read_bytes())
    earlier["files"][0]["claims"][0]["gaps"] += 1
    report.write_text(json.dumps(earlier))
    (drift,) = pa.json("replay", str(ORDERS), "--check-only", "--expect", str(report), code=1)["drift"]
    assert drift["file"] == earlier["files"][0]["file"]
    assert ("1 gap(s)" in drift["before"][0], "1 gap(s)" in drift["now"][0]) == (True, False)


def test_replay_reports_a_file_that_cannot_be_read_and_goes_on(pa: Pa, tmp_path: Path) -> None:
    folder = tmp_path / "orders"
    folder.mkdir()
    (folder / "a.json").write_text("{")
    (folder / "b.json").write_bytes((ORDERS / "knee_mri.json").read_bytes())
    rows = pa.json("replay", str(folder), "--check-only", code=1)["files"]
    assert rows[0]["refused"] == "bad-order"
    assert rows[1]["claims"]


def test_replay_shows_the_states_in_words_and_where_a_completion_was_applied(pa: Pa, tmp_path: Path) -> None:
    shown = pa("replay", str(ORDERS), "--check-only")
    assert "with_gaps.json + completion" in shown
    assert "pharmacy benefit" in shown
    bare = tmp_path / "orders"
    bare.mkdir()
    (bare / "with_gaps.json").write_bytes((ORDERS / "with_gaps.json").read_bytes())
    shown = pa("replay", str(bare), "--check-only")
    assert "needs information" in shown
    assert "+ completion" not in shown
    row = pa.json("replay", str(bare), "--check-only")["files"][0]
    assert (row["completion"], row["claims"][0]["state"]) == (False, "documenting")


def test_replay_refuses_a_folder_without_orders_and_looks_into_folders_when_asked(pa: Pa, tmp_path: Path) -> None:
    inner = tmp_path / "orders" / "monday"
    (inner / "completions").mkdir(parents=True)
    for name in ("with_gaps.json", "completions/with_gaps.json"):
        (inner / name).write_bytes((ORDERS / name).read_bytes())
    with pytest.raises(OurFault, match="no order in") as fault:
        pa("replay", str(tmp_path / "orders"), "--check-only")
    assert (fault.value.exit_code, "--recursive" in fault.value.fix) == (2, True)
    rows = pa.json("replay", str(tmp_path / "orders"), "--check-only", "--recursive")["files"]
    assert [(row["file"], row["completion"]) for row in rows] == [("monday/with_gaps.json", True)]


def test_every_file_of_a_folder_has_a_result_of_its_kind(pa: Pa, mixed: Path) -> None:
    rows = by_name(pa.json("replay", str(mixed), "--check-only", "--all", code=1))
    assert sorted(rows) == sorted(path.name for path in mixed.iterdir())
    foreign = {name: row["unsupported"] for name, row in rows.items() if "unsupported" in row}
    assert foreign == {
        "logic.cql": "CQL", "notes.txt": "a .txt file", "segments.hl7": "HL7 v2", "segments.x12": "X12",
        "xml.json": "XML",
    }  # fmt: skip
    assert {name for name, row in rows.items() if "refused" in row} == {"broken.json", "hook.json"}
    assert rows["answer.json"]["errors"] > 0
    assert rows["claim.json"]["checked"].endswith("profile-pas-request-bundle|2.2.1")
    assert rows["patient.json"]["checked"]
    assert rows["order.json"]["claims"]


def test_messages_are_held_against_the_version_asked_for(pa: Pa, mixed: Path) -> None:
    rows = by_name(pa.json("replay", str(mixed), "--check-only", "--guide", "2.0.1", code=1))
    assert rows["claim.json"]["checked"].endswith("|2.0.1")
    with pytest.raises(NotFound, match="not installed"):
        pa("replay", str(mixed), "--guide", "9.9.9")


@pytest.mark.parametrize("options", [("--jobs", "1"), ("--jobs", "8"), ("--seed", "7"), ("--speed", "500")])
def test_the_report_is_the_same_however_many_run_at_a_time_and_in_whatever_order(
    pa: Pa, tmp_path: Path, options: tuple[str, str]
) -> None:
    report = tmp_path / "report.json"
    pa("replay", str(ORDERS), "--check-only", "--report", str(report), "--jobs", "2")
    assert pa.json("replay", str(ORDERS), "--check-only", "--expect", str(report), *options)["drift"] == []


def test_a_seed_fixes_the_order_of_sending(pa: Pa, monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[str] = []

    def remember(_: replay_file.Run, file: Path) -> dict[str, Any]:
        turns.append(file.name)
        return {"unsupported": "X"}

    monkeypatch.setattr(replay_file, "replay_file", remember)
    seen = []
    for seed in ("1", "1", "2"):
        turns.clear()
        pa("replay", str(ORDERS), "--check-only", "--jobs", "1", "--seed", seed)
        seen.append(tuple(turns))
    assert seen[0] == seen[1] != seen[2]
    assert sorted(seen[0]) == sorted(seen[2])


def test_what_was_refused_before_is_no_failure_against_an_earlier_report(pa: Pa, mixed: Path, tmp_path: Path) -> None:
    report, junit = tmp_path / "report.json", tmp_path / "junit.xml"
    pa("replay", str(mixed), "--check-only", "--all", "--report", str(report), "--junit", str(junit), code=1)
    suite = ElementTree.parse(junit).getroot()  # noqa: S314 - we wrote it
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors"), suite.get("skipped")) == (
        "11", "2", "0", "5",
    )  # fmt: skip
    arguments = ("--check-only", "--all", "--expect", str(report), "--junit", str(junit))
    pa("replay", str(mixed), *arguments)
    assert ElementTree.parse(junit).getroot().get("failures") == "0"  # noqa: S314 - we wrote it
    (mixed / "patient.json").unlink()
    (mixed / "claim.json").write_bytes(b'{"resourceType": "Claim"}')
    pa("replay", str(mixed), *arguments, code=1)
    suite = ElementTree.parse(junit).getroot()  # noqa: S314 - we wrote it
    failed = {case.get("name") for case in suite if case.find("failure") is not None}
    assert failed == {"patient.json", "claim.json"}
    assert suite.get("tests") == "11"


def test_a_file_name_that_xml_cannot_hold_does_not_spoil_the_junit_report(pa: Pa, mixed: Path, tmp_path: Path) -> None:
    (mixed / "odd\x01name.json").write_bytes(b'{"resourceType": "Claim"}')
    junit = tmp_path / "junit.xml"
    pa("replay", str(mixed), "--check-only", "--junit", str(junit), code=1)
    names = {case.get("name") for case in ElementTree.parse(junit).getroot()}  # noqa: S314 - we wrote it
    assert "oddname.json" in names


def test_a_defect_in_one_file_is_its_result_and_the_run_goes_on(
    pa: Pa, mixed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> dict[str, Any]:
        raise RuntimeError("with content in its message")

    monkeypatch.setattr(replay_file, "_checked", fail)
    document = pa.json("replay", str(mixed), "--check-only", code=1)
    rows = by_name(document)
    assert rows["claim.json"]["defect"].startswith("RuntimeError at")
    assert "content" not in json.dumps(document)
    assert rows["order.json"]["claims"]


def test_a_report_that_is_none_is_refused_with_the_way_to_write_one(pa: Pa, tmp_path: Path) -> None:
    earlier = tmp_path / "earlier.json"
    earlier.write_text("[]")
    with pytest.raises(OurFault, match="no report") as fault:
        pa("replay", str(ORDERS), "--check-only", "--expect", str(earlier))
    assert "--report" in fault.value.fix
    earlier.write_text("{")
    with pytest.raises(BadOrder):
        pa("replay", str(ORDERS), "--check-only", "--expect", str(earlier))


@pytest.mark.parametrize("option", ["--report", "--junit"])
def test_a_report_that_cannot_be_written_is_refused_before_anything_is_sent(
    pa: Pa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    monkeypatch.setattr(replay_file, "replay_file", lambda *_: pytest.fail("something was sent"))
    with pytest.raises(OurFault, match="cannot be written"):
        pa("replay", str(ORDERS), option, str(tmp_path / "nowhere" / "report"))
    earlier = tmp_path / "earlier.json"
    earlier.write_text("{}")
    with pytest.raises(OurFault, match="no report"):
        pa("replay", str(ORDERS), "--expect", str(earlier))


def test_an_order_that_is_refused_keeps_its_reason_and_is_no_message(pa: Pa, tmp_path: Path) -> None:
    order = json.loads((ORDERS / "knee_mri.json").read_bytes())
    for entry in order["entry"]:
        if entry["resource"]["resourceType"] == "ServiceRequest":
            entry["resource"]["status"] = "revoked"
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / "revoked.json").write_text(json.dumps(order))
    (row,) = pa.json("replay", str(tmp_path / "orders"), "--check-only", code=1)["files"]
    assert "its status is revoked" in row["why"]


def test_a_payer_nobody_knows_stops_the_run_and_the_known_ones_are_named(pa: Pa) -> None:
    with pytest.raises(NotFound, match="payer nix") as fault:
        pa("replay", str(ORDERS), "--check-only", "--payer", "nix")
    assert "sandbox" in fault.value.fix


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not here")
def test_a_whole_corpus_gets_a_result_for_every_file_and_no_defect(pa: Pa) -> None:
    document = pa.json("replay", str(CORPUS), "--check-only", "--recursive", "--all", code=1)
    files = [path for path in CORPUS.rglob("*") if path.is_file()]
    assert len(document["files"]) == len(files)
    assert [row for row in document["files"] if "defect" in row] == []
