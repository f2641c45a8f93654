"""The faulty payer over the wire: every fault class does what its row says, and the book knows whether it was taken."""

import gzip
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gateway.chaos.payer.book import Entry, EntryKind
from gateway.chaos.payer.faults import FAULTS
from gateway.chaos.payer.spells import Spells, spells_of
from tests.faults.faulty_payer import Answer, Client, Payer, request, running

SCALE = 0.1


@pytest.fixture(scope="module")
def payer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Payer]:
    home = tmp_path_factory.mktemp("payer")
    with running(home, scale=SCALE, pended=0, denied=0, lag=0.6, late=0.3) as payer:
        yield payer


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Payer]:
    """A payer that has just started: with this seed, the first three spells of F3 and F22 show all their variants."""
    with running(tmp_path, seed=16, scale=SCALE, classes=["F3", "F22"]) as payer:
        yield payer


@pytest.mark.parametrize(
    ("fault", "status", "ended", "processed"),
    [
        ("F0", 200, "", True),
        ("F5", 0, "reset", None),
        ("F6", 0, "reset", False),
        ("F7", 0, "reset", False),
        ("F8", 0, "reset", True),
        ("F9", 200, "reset", True),
        ("F10", 200, "", True),
        ("F11", 200, "", None),
        ("F13", 429, "", False),
        ("F15", 500, "", False),
        ("F16", 500, "", True),
        ("F18", 200, "reset", None),
        ("F20", 401, "", False),
        ("F25", 0, "reset", False),
        ("F28", 200, "", None),
        ("F36", 0, "reset", True),
    ],
)
def test_first_attempt_meets_the_fault(
    payer: Payer, fault: str, status: int, ended: str, processed: bool | None
) -> None:
    member = f"FIRST-{fault}"
    answer = payer.submit(fault, request(member))
    order = payer.order(member)
    assert (answer.status, answer.ended) == (status, ended)
    assert len(order.attempts) == 1
    assert order.attempts[0].hit is (fault != "F0")
    if processed is not None:
        assert order.attempts[0].processed is processed
    assert len(order.authorizations) == int(order.attempts[0].processed)
    assert order.fault == fault


@pytest.mark.parametrize("fault", ["F11", "F12", "F17", "F26", "F28"])
def test_whether_a_request_was_taken_is_tossed(payer: Payer, fault: str) -> None:
    taken = {}
    for number in range(24):
        member = f"TOSS-{fault}-{number}"
        payer.submit(fault, request(member))
        order = payer.order(member)
        taken[member] = len(order.authorizations)
        assert order.attempts[0].processed is bool(order.authorizations)
    assert set(taken.values()) == {0, 1}


def test_order_gets_through_in_the_end_and_later_attempts_are_hit_in_part(payer: Payer) -> None:
    second, answers = [], []
    for number in range(30):
        body = request(f"AGAIN-{number}")
        for _ in range(5):
            answers.append(payer.submit("F6", body).status)
        hits = [entry.hit for entry in payer.order(f"AGAIN-{number}").attempts]
        assert hits[0]
        assert not hits[4]
        second.append(hits[1])
    assert 0 < sum(second) < 25


def test_html_is_no_fhir_and_truncated_json_is_no_json(payer: Payer) -> None:
    page = payer.submit("F11", request("PAGE-1"))
    assert page.fields["content-type"].startswith("text/html")
    cut = payer.submit("F10", request("CUT-1"))
    assert int(cut.fields["content-length"]) == len(cut.body)
    with pytest.raises(ValueError, match="Unterminated|Expecting"):
        _ = cut.document


@pytest.mark.parametrize("variant", FAULTS["F12"].variants)
def test_empty_answer_has_no_body(payer: Payer, variant: str) -> None:
    _, answer = payer.hit("F12", variant)
    assert (answer.status, answer.body, answer.ended) == (int(variant), b"", "")
    assert ("content-length" in answer.fields) is (variant == "200")


@pytest.mark.parametrize("variant", FAULTS["F14"].variants)
def test_odd_retry_after(payer: Payer, variant: str) -> None:
    _, answer = payer.hit("F14", variant)
    said = answer.fields.get("retry-after")
    assert answer.status == 429
    if variant in ("date", "past"):
        assert said
        assert (parsedate_to_datetime(said).timestamp() > time.time() - 2) is (variant == "date")
    else:
        assert said == {"negative": "-5", "unreadable": "soon", "missing": None}[variant]


@pytest.mark.parametrize(("fault", "variant"), [("F17", "502"), ("F17", "503"), ("F17", "504"), ("F27", "422")])
def test_status_of_the_variant(payer: Payer, fault: str, variant: str) -> None:
    member, answer = payer.hit(fault, variant)
    assert answer.status == int(variant)
    if fault == "F27":
        assert answer.document["resourceType"] == "OperationOutcome"
        assert payer.order(member).rejected
        assert not payer.order(member).authorizations


def test_flood_is_a_hundred_megabytes_plain_or_unpacked(payer: Payer) -> None:
    _, packed = payer.hit("F19", "gzip")
    assert packed.fields["content-encoding"] == "gzip"
    assert len(packed.body) < 1 << 20
    assert len(gzip.decompress(packed.body)) == 100 << 20
    member, plain = payer.hit("F19", "plain")
    assert plain.fields["content-length"] == str(100 << 20)
    assert len(payer.order(member).authorizations) == 1


def test_token_expires_once_in_mid_flight(payer: Payer) -> None:
    body = request("TOKEN-1")
    with payer.client("F20") as client:
        first = client.post("/Claim/$submit", body)
        second = client.post("/Claim/$submit", body)
    assert (first.status, second.status) == (401, 200)
    assert "invalid_token" in first.fields["www-authenticate"]
    assert len(payer.order("TOKEN-1").authorizations) == 1


def test_kept_connection_is_closed_as_the_next_request_comes_in(payer: Payer) -> None:
    with payer.client("F35") as client:
        first = client.post("/Claim/$submit", request("KEPT-1"))
        second = client.post("/Claim/$submit", request("KEPT-2"))
    assert (first.status, first.ended) == (200, "")
    assert (second.status, second.ended) == (0, "reset")
    assert not payer.order("KEPT-2").authorizations
    assert payer.submit("F35", request("KEPT-2")).status == 200


def test_late_acceptance_comes_when_the_connection_is_long_gone(payer: Payer) -> None:
    assert payer.submit("F25", request("LATE-1")).ended == "reset"
    assert not payer.order("LATE-1").authorizations
    _until(lambda: bool(payer.order("LATE-1").authorizations))
    order = payer.order("LATE-1")
    assert 0.25 < order.authorizations[0].at - order.attempts[0].at < 2


def test_swapped_answer_is_another_orders(payer: Payer) -> None:
    member, answer = payer.hit("F24", "swapped")
    mine = payer.order(member).authorizations[0]
    assert mine.number not in answer.body.decode()
    assert member not in answer.body.decode()
    assert answer.document["entry"][0]["resource"]["resourceType"] == "ClaimResponse"


def test_doubled_answers(payer: Payer) -> None:
    _, copied = payer.hit("F24", "copied")
    rows = [row["resource"] for row in copied.document["entry"]]
    assert sum(row["resourceType"] == "ClaimResponse" for row in rows) == 2
    for number in range(60):
        with payer.client("F24") as client:
            first = client.post("/Claim/$submit", request(f"TWICE-{number}"))
            if payer.order(f"TWICE-{number}").attempts[0].variant == "twice":
                assert client.read().body == first.body
                return
    pytest.fail("twice does not come up")


def test_redirect_leads_to_a_host_that_counts_what_arrives(payer: Payer) -> None:
    statuses, canary = set(), payer.ready["canary"]
    for number in range(40):
        answer = payer.submit("F26", request(f"MOVED-{number}"))
        assert answer.fields["location"].startswith(canary)
        statuses.add(answer.status)
    assert statuses == {301, 302, 307, 308}
    assert (payer.book.canary_connections, payer.book.canary_bytes) == (0, 0)
    place = urlsplit(canary)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=5) as stranger:
        stranger.sendall(b"POST / HTTP/1.1\r\n")
    _until(lambda: payer.book.canary_connections == 1)
    assert payer.book.canary_bytes == 17


def test_clock_is_wrong_by_ten_minutes_either_way(payer: Payer) -> None:
    for variant, skew in (("ahead", 600), ("behind", -600)):
        _, answer = payer.hit("F23", variant)
        said = parsedate_to_datetime(answer.fields["date"]).timestamp()
        assert said - time.time() == pytest.approx(skew, abs=5)
        assert answer.status == 200


def test_port_is_closed_for_spells_and_keeps_its_number(payer: Payer) -> None:
    seen = set()
    for number in range(400):
        try:
            seen.add(payer.submit("F1", request(f"SPELL-{number}")).status)
        except ConnectionRefusedError:
            seen.add(-1)
        if {200, -1} <= seen:
            break
        time.sleep(0.01)
    assert {200, -1} <= seen
    assert seen <= {200, -1, 0}


def test_class_that_is_about_connections_ends_each_after_one_answer(payer: Payer) -> None:
    spells = _spells(payer, "F1")
    _until(lambda: _in_spell(payer, spells, down=False))
    with payer.client("F1") as client:
        answer = client.post("/Claim/$submit", request("ONCE-1"))
        assert (answer.status, answer.fields["connection"]) == (200, "close")
        assert client.read().ended == "closed"


def test_connecting_ends_nowhere_while_the_queue_is_full(payer: Payer) -> None:
    spells, url = _spells(payer, "F4"), urlsplit(payer.fhir("F4"))
    place = (url.hostname or "", url.port or 0)
    _until(lambda: _in_spell(payer, spells, down=True))
    with pytest.raises(TimeoutError), socket.create_connection(place, timeout=0.1):
        pass
    _until(lambda: _in_spell(payer, spells, down=False))
    assert payer.submit("F4", request("QUEUE-1")).status == 200


def test_bad_certificates_for_spells_then_good_ones(fresh: Payer) -> None:
    spells, seen = _spells(fresh, "F3"), set()
    ends = time.monotonic() + 10
    while time.monotonic() < ends and len(seen) < 4:
        down = spells.down(_elapsed(fresh))
        said = _handshake(fresh, "F3", "127.0.0.1")
        if down == spells.down(_elapsed(fresh)):
            seen.add(said)
            assert said == "stalled" or (said == "good") is not down  # a busy machine may stall on its own
        time.sleep(0.02)
    assert seen == {"good", "certificate has expired", "IP address mismatch", "stalled"}


def test_host_name_class_has_a_good_certificate_for_its_name(payer: Payer) -> None:
    assert payer.ready["hosts"] == {"f02.chaos.invalid": "127.0.0.1"}
    assert urlsplit(payer.fhir("F2")).hostname == "f02.chaos.invalid"
    assert _handshake(payer, "F2", "f02.chaos.invalid") == "good"


def test_revoked_key_is_told_for_spells_and_token_requests_are_counted(payer: Payer) -> None:
    answers = _tokens(payer, "F21", 40)
    assert {answer.status for answer in answers} == {200, 401}
    refused = next(answer for answer in answers if answer.status == 401)
    assert refused.document == {"error": "invalid_client"}
    given = next(answer for answer in answers if answer.status == 200)
    assert given.document["expires_in"] == 2
    assert payer.book.tokens["F21"] == 40


def test_token_endpoint_is_gone_hangs_or_answers_garbage(fresh: Payer) -> None:
    answers: list[Answer] = []
    while len({entry.variant for entry in _booked(fresh, "F22")}) < 4:
        answers += _tokens(fresh, "F22", 1)
        assert len(answers) < 300
    assert {entry.variant for entry in _booked(fresh, "F22")} == {"", "down", "slow", "garbage"}
    assert {(answer.status, answer.ended) for answer in answers} == {(200, ""), (0, "reset")}
    assert any(answer.body.startswith(b"<!DOCTYPE") for answer in answers)


def test_token_needs_an_assertion(payer: Payer) -> None:
    client = Client(payer.token_url("F0"))
    answer = client.post("", b"grant_type=client_credentials")
    client.close()
    assert answer.status == 400
    assert payer.submit("F0", request("NOTOKEN-1"), bearer="other").status == 401
    assert "NOTOKEN-1" not in payer.book.orders


def test_what_is_no_request_is_refused(payer: Payer) -> None:
    assert payer.submit("F0", b"{}").status == 400
    assert payer.submit("F7", b"not json, and longer than the end that is left unread" * 3).status == 400
    with payer.client("F0") as client:
        assert client.post("/Claim/$other", b"{}").status == 404


def _tokens(payer: Payer, fault: str, count: int) -> list[Answer]:
    answers = []
    for _ in range(count):
        client = Client(payer.token_url(fault))
        answers.append(client.post("", b"grant_type=client_credentials&client_assertion=a.b.c"))
        client.close()
        time.sleep(0.02)
    return answers


def _booked(payer: Payer, fault: str) -> list[Entry]:
    return [entry for entry in payer.book.entries if entry.kind is EntryKind.TOKEN and entry.fault == fault]


def _handshake(payer: Payer, fault: str, name: str) -> str:
    url = urlsplit(payer.fhir(fault))
    context = ssl.create_default_context(cafile=Path(payer.ready["ca"]))
    with socket.create_connection(("127.0.0.1", url.port or 0), timeout=0.06) as plain:
        try:
            with context.wrap_socket(plain, server_hostname=name):
                return "good"
        except ssl.SSLCertVerificationError as fault_:
            return "IP address mismatch" if "IP address" in fault_.verify_message else fault_.verify_message
        except TimeoutError:
            return "stalled"


def _spells(payer: Payer, fault: str) -> Spells:
    return spells_of(fault, seed=payer.ready["seed"], scale=payer.ready["scale"])


def _in_spell(payer: Payer, spells: Spells, *, down: bool) -> bool:
    """Whether such a spell has begun a while ago and goes on for a while: the gate may turn a little late."""
    now = _elapsed(payer)
    return {spells.down(moment) for moment in (now - 0.05, now, now + 0.05)} == {down}


def _elapsed(payer: Payer) -> float:
    return time.time() - float(payer.ready["started_at"])


def _until(true: Callable[[], bool], seconds: float = 5) -> None:
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.005)
