"""`pa work`, `pa auth doubt` and `resolve`, and `pa order submit` of what came before, run as an operator runs them."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import respx

from gateway.adapters.clock import RandomIds
from gateway.adapters.store import open_store
from gateway.flow.repeats import KeyReused
from gateway.flow.world import World
from gateway.model.changes import Cause
from gateway.model.errors import NotFound, OurFault
from gateway.model.payer_state import PayerState
from gateway.payers import health
from gateway.payers.health import Failed
from tests import stuck
from tests.unit.cli.conftest import Pa
from tests.worlds import ORDERS, FixedClock, build_world

KNEE = ORDERS / "knee_mri.json"


@pytest.fixture
def world(pa: Pa, tmp_path: Path) -> Iterator[World]:
    """A world over the database that `pa` works on; its payer is by script, that of `pa` cannot be reached."""
    store = open_store(f"sqlite:///{tmp_path / 'gateway.db'}")
    with respx.mock:
        respx.route().mock(side_effect=httpx.ConnectError("refused"))
        yield replace(build_world(store=store), ids=RandomIds())
    store.close()


def test_the_list_says_why_since_when_and_what_to_call_next(pa: Pa, world: World) -> None:
    assert "Nothing waits for a person" in pa("work", "list")
    narrowed = pa("work", "list", "--cause", "doubt")
    assert "Nothing waits for a person of what was asked for; `pa work list` lists all" in narrowed
    doubt = stuck.in_doubt(world)
    webhook = stuck.set_aside(world, Cause.WEBHOOK, "HTTP 500 for three days", key="notify/2", number=2)
    shown = pa("work", "list")
    for identity, reason in ((doubt, "may be this one"), (webhook, "HTTP 500 for three days")):
        assert f"pa work show {identity}" in shown
        assert reason in shown
    assert [row["authorization"] for row in pa.json("work", "list", "--cause", "doubt")] == [doubt]
    assert [row["authorization"] for row in pa.json("work", "list", "--payer", "client:local")] == [webhook]
    assert pa.json("work", "list", "--client", "nobody") == []
    with pytest.raises(OurFault, match="no cause sloth") as fault:
        pa("work", "list", "--cause", "sloth")
    assert "webhook" in fault.value.fix


def test_show_names_every_command_that_goes_on(pa: Pa, world: World) -> None:
    identity = stuck.in_doubt(world)
    shown = pa("work", "show", identity)
    for command in ("pa auth doubt", "pa auth resolve", "pa work retry", "pa auth show"):
        assert f"{command} {identity}" in shown
    webhook = stuck.set_aside(world, Cause.WEBHOOK, "HTTP 500", key="notify/2", number=2)
    assert f"pa work retry {webhook} --key notify/2" in pa("work", "show", webhook)
    with pytest.raises(NotFound):
        pa("work", "show", "none")
    with pytest.raises(NotFound):
        pa("work", "show", webhook, "--key", "notify/3")


def test_a_retry_does_the_step_at_once_and_says_when_it_is_stuck_again(pa: Pa, world: World) -> None:
    identity = stuck.set_aside(world, Cause.DEFECT, "it failed")
    assert f"pa auth show {identity}" in pa("work", "retry", identity, "--by", "Nora")
    assert pa.json("work", "list") == []
    assert "connection" in pa.json("auth", "show", identity)["attention"]
    with pytest.raises(NotFound):
        pa("work", "retry", identity)


def test_a_retry_without_the_key_that_is_needed_names_the_keys(pa: Pa, world: World) -> None:
    identity = stuck.set_aside(world, Cause.WEBHOOK, "HTTP 500", key="notify/2")
    for command in (("retry",), ("give-up", "--reason", "x")):
        with pytest.raises(NotFound, match="nothing that was set aside has no key") as fault:
            pa("work", *command, identity)
        assert fault.value.fix == "Repeat it with --key notify/2."
        with pytest.raises(NotFound, match="nothing that was set aside has notify/9"):
            pa("work", *command, identity, "--key", "notify/9")
    pa("work", "give-up", identity, "--key", "notify/2", "--reason", "x")


def test_all_of_a_cause_are_retried_and_those_that_cannot_be_are_named(pa: Pa, world: World) -> None:
    for number in range(3):
        stuck.held(world, Cause.NOT_ACCEPTED, "HTTP 403", number=number + 1)
    other = stuck.held(world, Cause.UNREACHABLE, "no connection", number=9)
    assert "3 go on, 0 could not" in pa("work", "retry", "--cause", "not_accepted")
    assert [row["authorization"] for row in pa.json("work", "list")] == [other]
    assert pa.json("work", "give-up", "--cause", "unreachable", "--reason", "asked by fax") == {"done": 1, "failed": []}
    assert pa.json("auth", "show", other)["state"] == "cancelled"


def test_a_webhook_that_is_retried_releases_no_held_request(pa: Pa, world: World) -> None:
    identity = stuck.set_aside(world, Cause.WEBHOOK, "HTTP 500", key="notify/2", hold=True)
    assert pa.json("auth", "show", identity)["state"] == "held"
    pa("work", "retry", "--cause", "webhook")
    assert pa.json("auth", "show", identity)["state"] == "held"


@pytest.mark.parametrize(
    "arguments", [(), ("some-id", "--cause", "defect"), ("--cause", "defect", "--key", "notify/2")]
)
def test_one_or_all_must_be_said(pa: Pa, arguments: tuple[str, ...]) -> None:
    for command in (("retry",), ("give-up", "--reason", "x")):
        with pytest.raises(OurFault, match="Say what is meant"):
            pa("work", *command, *arguments)


def test_both_sides_of_a_doubt_stand_beside_each_other(pa: Pa, world: World) -> None:
    identity = stuck.in_doubt(world)
    record = pa.json("auth", "show", identity)
    shown = pa("auth", "doubt", identity)
    candidate = pa.json("auth", "doubt", identity)["inquiries"][0]["candidates"][0]
    (line,) = [line for line in shown.splitlines() if line.strip().startswith("service 1")]
    assert "73721" in line
    assert candidate["services"][0]["number"] in line
    assert record["trace_value"] in shown
    assert f"pa auth resolve {identity} --this {candidate['key']}" in shown
    assert f"pa auth doubt {identity}" in pa("auth", "show", identity)


def test_a_doubt_of_which_the_payer_was_not_asked_yet_says_when_it_will_be(pa: Pa, world: World) -> None:
    identity = stuck.asking(replace(world, clock=FixedClock(datetime.now(UTC))))
    assert "Nothing is sent before the payer was asked: the payer is asked at" in pa("auth", "doubt", identity)
    assert "In doubt: the payer is asked at" in pa("auth", "show", identity)
    assert "the payer is asked at" in pa("auth", "list", "--state", "in_doubt")


def test_a_time_that_is_over_is_no_promise(pa: Pa, world: World) -> None:
    identity = stuck.asking(replace(world, clock=FixedClock(datetime.now(UTC) - timedelta(days=1))))
    for command in (("auth", "doubt", identity), ("auth", "show", identity), ("auth", "list")):
        shown = pa(*command)
        assert "overdue since 20" in shown
        assert "is asked at" not in shown


def test_an_order_whose_payer_is_paused_says_so_and_one_that_has_its_time_says_both(pa: Pa, world: World) -> None:
    waiting = stuck.asking(replace(world, clock=FixedClock(datetime.now(UTC))), number=7)
    pa("payer", "pause", "sandbox", "--reason", "maint", "--by", "Ana")
    shown = pa("order", "submit", str(KNEE))
    assert "Not sent: waits: sandbox is paused (maint). `pa serve` does it" in shown
    (identity,) = [one["id"] for one in pa.json("auth", "list", "--state", "ready")]
    assert "waits: sandbox is paused (maint)" in pa("auth", "show", identity)
    assert pa.json("auth", "show", identity)["next"] == "Nothing: waits: sandbox is paused (maint)"
    assert pa("auth", "list").count("waits: sandbox is paused (maint)") == 2
    assert "waits: sandbox is paused (maint), and not before 20" in pa("auth", "doubt", waiting)


def test_an_order_whose_payers_circuit_is_open_goes_when_it_closes(pa: Pa, world: World) -> None:
    identity = stuck.take_in(world)
    circuit, now = world.payers["sandbox"].circuit, datetime.now(UTC)
    for _ in range(circuit.failures):
        world.store.change_payer("sandbox", lambda state: health.heard(state, Failed("HTTP 502"), circuit, now))
    assert f"the circuit of sandbox is open ({circuit.failures} failures in a row; HTTP 502); it goes as soon" in pa(
        "auth", "show", identity
    )
    world.store.change_payer("sandbox", lambda state: health.resumed(state, now))
    assert "as soon as the payer's circuit closes" in pa("auth", "show", identity)
    world.store.change_payer(
        "sandbox", lambda _: replace(PayerState(lane="sandbox"), not_before=now + timedelta(hours=1))
    )
    assert "waits: sandbox asked to wait until 20" in pa("auth", "show", identity)


def test_nothing_was_sent_for_an_order_that_is_held(pa: Pa, world: World) -> None:
    assert "Nothing was ever sent" in pa("auth", "doubt", stuck.take_in(world))


def test_it_is_this_one_is_recorded_with_who_said_so(pa: Pa, world: World) -> None:
    identity = stuck.in_doubt(world)
    key = pa.json("auth", "doubt", identity)["inquiries"][0]["candidates"][0]["key"]
    record = pa.json("auth", "resolve", identity, "--this", key, "--by", "Nora")
    assert (record["state"], record["determination"]) == ("decided", "approved")
    events = pa.json("auth", "show", identity, "--events")["events"]
    assert (events[-1]["name"], events[-1]["actor"]) == ("Decided", "person:Nora")
    assert pa.json("work", "list") == []
    assert "not in doubt any more" in pa("auth", "doubt", identity)
    for said in (("--this", key), ("--none", "--reason", "x"), ("--stop", "--reason", "x")):
        with pytest.raises(OurFault, match=r"It was resolved already: decided approved, by Nora at 20") as again:
            pa("auth", "resolve", identity, *said)
        assert f"pa auth show {identity}" in again.value.fix
    with pytest.raises(OurFault, match="It is not in doubt: it is held"):
        pa("auth", "resolve", stuck.take_in(world, number=5, hold=True), "--none", "--reason", "x")


def test_it_is_none_goes_again_at_once(pa: Pa, world: World) -> None:
    identity = stuck.in_doubt(world)
    record = pa.json("auth", "resolve", identity, "--none", "--reason", "call 4711", code=1)
    assert (record["state"], record["attempts"]) == ("ready", 2)
    assert "NotAtPayer" in pa("auth", "show", identity, "--events")


def test_stop_gives_it_up(pa: Pa, world: World) -> None:
    identity = stuck.in_doubt(world)
    assert pa.json("auth", "resolve", identity, "--stop", "--reason", "ordered anew")["state"] == "cancelled"


@pytest.mark.parametrize(
    "arguments",
    [(), ("--none",), ("--stop", "--reason", " "), ("--none", "--stop", "--reason", "x"), ("--this", "k", "--none")],
)
def test_a_resolution_that_says_too_little_or_too_much_is_refused(pa: Pa, arguments: tuple[str, ...]) -> None:
    with pytest.raises(OurFault) as fault:
        pa("auth", "resolve", "some-id", *arguments)
    assert fault.value.fix


def test_the_request_is_what_was_submitted_not_what_was_asked_later(pa: Pa, world: World) -> None:
    identity = stuck.in_doubt(world)
    claim = json.loads(pa("auth", "show", identity, "--request"))["entry"][0]["resource"]
    assert claim["identifier"][0]["value"] == pa.json("auth", "show", identity)["trace_value"]


def test_an_order_that_came_before_is_not_taken_in_again(pa: Pa) -> None:
    first = pa.json("order", "submit", "--hold", str(KNEE))
    again = pa.json("order", "submit", "--hold", str(KNEE))
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert again["order"] == first["order"]
    assert "came before" in pa("order", "submit", str(KNEE))
    assert len(pa.json("auth", "list")) == 1


def test_a_key_names_a_request_for_the_command_line_too(pa: Pa) -> None:
    first = pa.json("order", "submit", "--hold", "--idempotency-key", "k", str(KNEE))
    assert pa.json("order", "submit", "--hold", "--idempotency-key", "k", str(KNEE))["order"] == first["order"]
    with pytest.raises(KeyReused):
        pa("order", "submit", "--idempotency-key", "k", str(KNEE))


def test_another_revision_is_held_with_the_choice_to_make(pa: Pa, tmp_path: Path) -> None:
    first = pa.json("order", "submit", "--hold", str(KNEE))["authorizations"][0]["id"]
    document = json.loads(KNEE.read_bytes())
    document["entry"][0]["resource"]["meta"] = {"versionId": "2"}
    later = tmp_path / "later.json"
    later.write_text(json.dumps(document))
    record = pa.json("order", "submit", str(later))["authorizations"][0]
    assert record["state"] == "held"
    assert first in record["held_by"]
    assert first in pa("auth", "list")
