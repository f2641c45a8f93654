"""The faulty payer's business: its four models, inquiry by example, look-alikes, its book, and answers we can read."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.chaos.payer.book import BookUnreadable, EntryKind, read_book
from gateway.chaos.payer.faults import FAULTS, FaultsUnreadable, load_faults
from gateway.chaos.payer.profiles import write_profiles
from gateway.chaos.payer.schedule import hit
from gateway.chaos.payer.spells import spells_of
from gateway.model.authorization import Result
from gateway.model.exchange import Reply
from gateway.payers.profile import Inquiry, load_payers
from gateway.responses import Asked, Kind, load_codes, read
from gateway.responses.inquiry import InquiryKind, read_inquiry
from tests.faults.faulty_payer import ROOT, Answer, Payer, inquiry, request, running
from tests.worlds import reply

PLAIN: dict[str, Any] = {"pended": 0, "denied": 0, "look_alikes": 0, "scale": 0.1, "classes": ["F0", "F8", "F36"]}
CODES = load_codes(ROOT / "mappings" / "codes")


@pytest.fixture(scope="module")
def payer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Payer]:
    """Model P2 with look-alikes: up to two for each member."""
    with running(tmp_path_factory.mktemp("p2"), **{**PLAIN, "look_alikes": 2, "lag": 0.6}) as payer:
        yield payer


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Payer]:
    """A payer with the endpoints of all classes."""
    with running(tmp_path_factory.mktemp("every")) as payer:
        yield payer


def test_model_2_takes_up_a_repetition_anew(payer: Payer) -> None:
    body = request("TWICE")
    first, second = payer.submit("F0", body), payer.submit("F0", body)
    assert first.body != second.body
    assert len({entry.number for entry in payer.order("TWICE").authorizations}) == 2


def test_model_1_answers_a_known_bundle_with_the_first_result(tmp_path: Path) -> None:
    with running(tmp_path, **PLAIN, model="P1") as payer:
        body = request("TWICE")
        first, second = payer.submit("F0", body), payer.submit("F0", body)
        payer.submit("F8", request("LOST"))
        other = payer.submit("F0", request("TWICE"))
        assert first.body == second.body
        assert other.body != first.body
        assert len(payer.order("TWICE").authorizations) == 2  # the other request has another Bundle.identifier


def test_model_3_shows_a_decision_only_after_its_lag(tmp_path: Path) -> None:
    with running(tmp_path, **PLAIN, model="P3", lag=0.5) as payer:
        payer.submit("F0", request("LAGS"))
        made = payer.order("LAGS").authorizations[0].at
        assert _found(payer.inquire("F0", inquiry("LAGS"))) == 0
        while time.time() < made + 0.5:
            time.sleep(0.02)
        assert _found(payer.inquire("F0", inquiry("LAGS"))) == 1
        assert [entry.found for entry in payer.order("LAGS").inquiries] == [0, 1]


def test_model_4_has_no_inquiry(tmp_path: Path) -> None:
    with running(tmp_path, **PLAIN, model="P4") as payer:
        answers = [payer.inquire("F0", inquiry(f"NONE-{number}")) for number in range(12)]
        assert {answer.status for answer in answers} == {501, 404}
        assert {answer.document["resourceType"] for answer in answers} == {"OperationOutcome"}


def test_inquiry_of_class_36_lags_whatever_the_model(payer: Payer) -> None:
    payer.submit("F36", request("F36-1"))
    payer.submit("F8", request("F8-1"))
    assert _numbers(payer, "F36", "F36-1") == {entry.number for entry in payer.order("F36-1").seeded}
    assert payer.order("F8-1").authorizations[0].number in _numbers(payer, "F8", "F8-1")
    ends = time.monotonic() + 3
    while payer.order("F36-1").authorizations[0].number not in _numbers(payer, "F36", "F36-1"):
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_inquiry_finds_by_member_service_requestor_and_days_and_by_nothing_else(payer: Payer) -> None:
    member = _with_look_alikes(payer, 0)
    day = _day(request(member))
    assert _found(payer.inquire("F0", inquiry(member))) == 1
    assert _found(payer.inquire("F0", inquiry(member, day=day))) == 1
    assert _found(payer.inquire("F0", inquiry(member, day="2031-01-01"))) == 0
    assert _found(payer.inquire("F0", inquiry(member, code="73722"))) == 0
    assert _found(payer.inquire("F0", inquiry(member, requestor="1588667638"))) == 0
    asking = json.loads(inquiry(member))
    asking["entry"][0]["resource"]["item"] = []
    assert _found(payer.inquire("F0", json.dumps(asking).encode())) == 1


def test_inquiry_that_carries_the_identifiers_of_a_request_finds_no_more_for_it(payer: Payer) -> None:
    body = request("OURS")
    payer.submit("F0", body)
    asking = json.loads(body)
    asking["entry"][0]["resource"]["item"][0]["productOrService"]["coding"][0]["code"] = "73722"
    assert _found(payer.inquire("F0", json.dumps(asking).encode())) == 0


def test_look_alikes_are_older_for_the_same_service_and_have_other_traces(payer: Payer) -> None:
    member = _with_look_alikes(payer, 2)
    order = payer.order(member)
    rows = _responses(payer.inquire("F0", inquiry(member)))
    assert len(rows) == 3
    assert len({row["identifier"][0]["value"] for row in rows}) == 3
    assert len({row["request"]["reference"] for row in rows}) == 3
    assert [row["created"] for row in rows] == sorted(row["created"] for row in rows)
    own = order.authorizations[0]
    assert rows[-1]["identifier"][0]["value"] == own.claim
    assert not {own.claim, *own.traces} & {text for row in order.seeded for text in (row.claim, *row.traces)}
    day = _day(request(member))
    same_day = _responses(payer.inquire("F0", inquiry(member, day=day)))
    assert len(same_day) == 2  # one look-alike is for the very day, so only its traces tell it apart


def test_no_trace_variant_echoes_neither_identifier_nor_trace_nor_request(tmp_path: Path) -> None:
    with running(tmp_path, **{**PLAIN, "look_alikes": 2}, echo_trace=False) as payer:
        body = request("SILENT")
        document = json.loads(body)
        answer = payer.submit("F0", body)
        found = payer.inquire("F0", inquiry("SILENT"))
        own = payer.order("SILENT").authorizations[0]
        for text in (own.claim, *own.traces, own.bundle, document["entry"][0]["fullUrl"]):
            assert text not in found.body.decode()
        assert own.number in found.body.decode()
        assert own.claim not in answer.body.decode()
        assert _reading(body, answer).kind is Kind.ANSWERED
        inquired = read_inquiry(_reply(found), _asked(body), CODES, inquiry=inquiry("SILENT"))
        assert inquired.kind is InquiryKind.CANDIDATES


@pytest.mark.parametrize("version", ["2.2.1", "2.0.1"])
def test_answers_are_read_by_our_own_reader_without_a_remark(tmp_path: Path, version: str) -> None:
    about = {**PLAIN, "pended": 0.3, "denied": 0.3, "look_alikes": 1, "version": version}
    with running(tmp_path, **about) as payer:
        nothing = payer.inquire("F0", inquiry("NEW", requestor="1588667638", code="73722"))
        assert nothing.document["resourceType"] == {"2.2.1": "Parameters", "2.0.1": "Bundle"}[version]
        unknown = _asked(request("NEW", version=version), version)
        assert read_inquiry(_reply(nothing), unknown, CODES).kind is InquiryKind.NOT_FOUND
        results = set()
        for number in range(20):
            body = request(f"READ-{number}", version=version)
            reading = _reading(body, payer.submit("F0", body), version)
            assert (reading.kind, reading.attention, reading.issues) == (Kind.ANSWERED, "", ())
            booked = payer.order(f"READ-{number}").authorizations[0]
            answered = dict(reading.answers)[1]
            numbers = (answered.authorization_number, answered.administration_reference_number)
            assert booked.number in numbers
            results.add((reading.determination, booked.action))
            found = payer.inquire("F0", inquiry(f"READ-{number}"))
            inquired = read_inquiry(_reply(found), _asked(body, version), CODES, inquiry=inquiry(f"READ-{number}"))
            assert inquired.kind is InquiryKind.FOUND
            assert inquired.reading
            assert inquired.reading.determination is reading.determination
            assert len(inquired.others) == len(payer.order(f"READ-{number}").seeded)
        assert results == {(Result.APPROVED, "A1"), (Result.DENIED, "A3"), (Result.PENDED, "A4")}


def test_same_seed_gives_the_same_book_and_another_seed_another(tmp_path: Path) -> None:
    books = []
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        (tmp_path / name).mkdir()
        with running(tmp_path / name, seed=seed, scale=0.1, classes=["F12", "F17", "F26"]) as payer:
            for fault in ("F12", "F17", "F26"):
                for number in range(6):
                    for _ in range(3):
                        payer.submit(fault, request(f"SEED-{number}"))
            books.append(
                [
                    (entry.kind, entry.fault, entry.order, entry.attempt, entry.number, entry.action, entry.variant)
                    for entry in payer.book.entries
                    if entry.kind is not EntryKind.ANSWERED  # written after the answer went out
                ]
            )
    assert books[0] == books[1]
    assert books[0] != books[2]


def test_schedule_depends_on_seed_class_order_and_attempt_alone() -> None:
    fault = FAULTS["F6"]
    runs = [[hit(fault, seed=1, order=str(n), attempt=a) is None for n in range(200) for a in (1, 2, 3, 4, 5)]] * 2
    assert runs[0] == runs[1]
    second = [hit(fault, seed=1, order=str(n), attempt=2) is not None for n in range(1000)]
    assert 0.35 < sum(second) / 1000 < 0.45
    assert all(hit(fault, seed=1, order=str(n), attempt=1) for n in range(200))
    assert not any(hit(fault, seed=1, order=str(n), attempt=5) for n in range(200))
    assert second != [hit(fault, seed=2, order=str(n), attempt=2) is not None for n in range(1000)]


def test_spells_begin_with_the_fault_and_scale() -> None:
    spells, double = spells_of("F1", seed=3), spells_of("F1", seed=3, scale=2)
    assert spells.down(0)
    first = spells.left(0)
    assert not spells.down(first + 0.01)
    assert double.left(0) == pytest.approx(2 * first)
    assert sum(spells.down(moment / 10) for moment in range(6000)) / 6000 == pytest.approx(0.46, abs=0.06)
    assert spells.until(20)[0] == (0.0, first)
    with pytest.raises(ValueError, match="F8 has no spells"):
        spells_of("F8", seed=3)


def test_every_class_of_the_issue_is_there() -> None:
    wanted = [*(f"F{number}" for number in range(29)), "F35", "F36"]
    assert list(FAULTS) == wanted
    assert [name for name, fault in FAULTS.items() if fault.rejects] == ["F27"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("- {id: F1, label: x, level: http, way: reset, processed: never, does: x, sometimes: 1}", "sometimes"),
        ("- {id: F1, label: x, level: http, way: refuse, processed: never, does: x}", "needs `spells`"),
        ("- {id: F1, label: x, level: http, way: silence, processed: never, does: x}", "needs `hold`"),
        ("- &a {id: F1, label: x, level: http, way: reset, processed: never, does: x}\n- *a", "twice"),
        ("[", "faults.yaml"),
    ],
)
def test_bad_fault_file_is_refused(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(text)
    with pytest.raises(FaultsUnreadable, match=why):
        load_faults(path)


def test_book_is_read_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "book.jsonl"
    path.write_bytes(b'{"kind":"received","order":"A","fault":"F8"}\n{"kind":"auth')
    assert [entry.order for entry in read_book(path).entries] == ["A"]
    path.write_bytes(b'{"kind":"received"}\n{"kind":"unheard"}\n')
    with pytest.raises(BookUnreadable, match="line 2"):
        read_book(path)


@pytest.mark.parametrize("about", ['{"seed": 1, "mode": "P1"}', '{"seed": 1, "classes": ["F99"]}', "{}"])
def test_payer_with_a_bad_description_ends_with_the_reason(tmp_path: Path, about: str) -> None:
    (tmp_path / "payer.json").write_text(about)
    command = [sys.executable, "-m", "gateway.chaos.payer", str(tmp_path)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20)
    assert ended.returncode == 1
    assert "payer.json" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("model", "trace", "inquiry_of"),
    [("P3", True, Inquiry.COMPLETE), ("P2", False, Inquiry.PARTIAL), ("P4", True, Inquiry.NONE)],
)
def test_profiles_of_all_classes_are_read_by_the_gateway(
    every: Payer, tmp_path: Path, model: str, trace: bool, inquiry_of: Inquiry
) -> None:
    (tmp_path / "payers").mkdir()
    said = {**every.ready, "model": model, "echo_trace": trace, "lag": 2, "late": 2.5}
    (tmp_path / "payer.ready").write_text(json.dumps(said))
    written = write_profiles(tmp_path, tmp_path / "payers")
    payers = load_payers(tmp_path / "payers")
    assert len(written) == len(payers) == len(FAULTS)
    for name, fault in FAULTS.items():
        profile = payers[fault.key]
        assert profile.endpoints.fhir == every.fhir(name)
        assert [(one.system, one.value) for one in profile.match.identifiers] == [("urn:example:payer", fault.payor)]
        assert profile.lost_reply.inquiry is inquiry_of
        if model == "P3":
            assert profile.lost_reply.lag.seconds > 2
            assert (profile.lost_reply.quiet.seconds > 2.5) is (name == "F25")


def _with_look_alikes(payer: Payer, count: int) -> str:
    for number in range(40):
        member = f"ALIKE-{count}-{number}"
        payer.submit("F0", request(member))
        if len(payer.order(member).seeded) == count:
            return member
    raise AssertionError


def _responses(answer: Answer) -> list[dict[str, Any]]:
    bundles = [row["resource"] for row in answer.document.get("parameter", [])]
    return [bundle["entry"][0]["resource"] for bundle in bundles]


def _found(answer: Answer) -> int:
    assert answer.status == 200
    return len(_responses(answer))


def _numbers(payer: Payer, fault: str, member: str) -> set[str]:
    rows = _responses(payer.inquire(fault, inquiry(member)))
    parts = [row["item"][0]["adjudication"][0]["extension"][0]["extension"] for row in rows]
    return {part["valueString"] for row in parts for part in row if part["url"] == "number"}


def _day(body: bytes) -> str:
    return str(json.loads(body)["entry"][0]["resource"]["item"][0]["servicedDate"])


def _reply(answer: Answer) -> Reply:
    return reply(answer.document, status=answer.status)


def _asked(body: bytes, version: str = "2.2.1") -> Asked:
    document = json.loads(body)
    claim, patient = (entry["resource"] for entry in document["entry"][:2])
    return Asked(
        claim_url=document["entry"][0]["fullUrl"],
        trace_system=claim["identifier"][0]["system"],
        trace_value=claim["identifier"][0]["value"],
        submission_id=document["identifier"]["value"],
        patient_urls=frozenset({document["entry"][1]["fullUrl"]}),
        items=tuple((row["sequence"], row["extension"][0]["valueIdentifier"]["value"]) for row in claim["item"]),
        member_ids=frozenset({patient["identifier"][0]["value"]}),
        birth_date=patient["birthDate"],
        guide=version,
    )


def _reading(body: bytes, answer: Answer, version: str = "2.2.1") -> Any:
    return read(_reply(answer), _asked(body, version), CODES)
