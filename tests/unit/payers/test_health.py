"""How a payer is doing, as tables: what counts, when a circuit opens and closes, what a repetition costs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.model.clocks import Duration
from gateway.model.exchange import Lost, NotSent, Outcome, Reply, Verdict
from gateway.model.payer_state import PayerState
from gateway.payers import health
from gateway.payers.health import Answered, Failed, SlowDown, Way
from gateway.payers.profile import Circuit, ReplyRule

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CIRCUIT = Circuit(3, Duration.parse("PT30S"), Duration.parse("PT2M"))
FRESH = PayerState(lane="sandbox")
BROKEN = Failed("refused")


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def reply(status: int, retry_after: str = "") -> Reply:
    return Reply(status=status, media_type="", body=b"", received_at=NOW, retry_after=retry_after)


def failing(times: int, state: PayerState = FRESH, when: datetime = NOW) -> PayerState:
    for _ in range(times):
        state = health.heard(state, BROKEN, CIRCUIT, when)
    return state


@pytest.mark.parametrize(("outcome", "said"), [
    (NotSent("the connection was refused"), Failed("the connection was refused")),
    (NotSent("no access token: the token endpoint cannot be reached"),
     Failed("no access token: the token endpoint cannot be reached")),
    (NotSent("the address of the host is refused", ours=True), None),
    (Lost("the answer did not end within 15 s"), Failed("the answer did not end within 15 s")),
    *[(reply(status), Answered()) for status in (200, 201, 202, 400, 401, 403, 404, 408, 409, 410, 413, 422, 425)],
    *[(reply(status), Failed(f"HTTP {status}")) for status in (100, 301, 302, 307, 500, 502, 503, 504, 599, 999)],
    (reply(429), SlowDown(at(30), "HTTP 429")),
    (reply(429, "7"), SlowDown(at(7), "HTTP 429")),
    (reply(429, "-5"), SlowDown(at(1), "HTTP 429")),
    (reply(429, "999999999"), SlowDown(at(3600), "HTTP 429")),
    (reply(429, "Sun, 01 Mar 2026 12:00:45 GMT"), SlowDown(at(45), "HTTP 429")),
    (reply(503, "20"), SlowDown(at(20), "HTTP 503")),
    (reply(500, "20"), Failed("HTTP 500")),
    (reply(200, "20"), Answered()),
])  # fmt: skip
def test_an_outcome_says_this_of_the_payer_as_a_whole(outcome: Outcome, said: object) -> None:
    assert health.signal(outcome, {}, CIRCUIT, NOW) == said


def test_a_503_that_the_profile_declares_not_accepted_asks_for_its_wait() -> None:
    rules = {503: ReplyRule(503, Verdict.NOT_ACCEPTED, Duration.parse("PT2M"), "companion guide 4.2")}
    assert health.signal(reply(503), rules, CIRCUIT, NOW) == SlowDown(at(120), "HTTP 503")
    assert health.signal(reply(503, "9"), rules, CIRCUIT, NOW) == SlowDown(at(9), "HTTP 503")
    assert health.signal(reply(500), rules, CIRCUIT, NOW) == Failed("HTTP 500")


def test_a_payer_nobody_has_heard_of_is_open() -> None:
    assert health.permit(FRESH, NOW) == health.Permit(Way.OPEN)


def test_the_circuit_opens_at_the_failure_the_profile_names_and_not_before() -> None:
    assert health.permit(failing(2), NOW).way is Way.OPEN
    permit = health.permit(failing(3), at(29.9))
    assert (permit.way, permit.until, permit.closed) == (Way.BROKEN, at(30), True)
    assert permit.why == "3 failures in a row; refused"


def test_an_answer_in_between_breaks_the_row() -> None:
    state = health.heard(failing(2), Answered(), CIRCUIT, NOW)
    assert state.failures == 0
    assert health.permit(failing(2, state), NOW).way is Way.OPEN


def test_after_its_time_an_open_circuit_lets_one_probe_through_and_no_more() -> None:
    state = failing(3)
    assert health.permit(state, at(30)).way is Way.PROBE
    taken = health.probing(state, at(90))
    assert health.permit(taken, at(31)).way is Way.BROKEN
    assert health.permit(taken, at(90)).way is Way.PROBE, "a probe nobody hears of again is replaced"


@pytest.mark.parametrize(("openings", "seconds"), [(1, 60), (2, 120), (3, 120), (1000, 120)])
def test_every_failed_probe_doubles_the_time_up_to_the_most(openings: int, seconds: int) -> None:
    probed = replace(failing(3), openings=openings, open_until=at(60))
    after = health.heard(probed, BROKEN, CIRCUIT, NOW, probe=True)
    assert (after.openings, after.open_until) == (openings + 1, at(seconds))


def test_an_answered_probe_closes_the_circuit_and_the_next_opening_is_a_short_one_again() -> None:
    state = health.heard(replace(failing(3), openings=4), Answered(), CIRCUIT, at(40), probe=True)
    assert (state.failures, state.openings, state.open_until, state.last_answer_at) == (0, 0, None, at(40))
    assert failing(3, state, at(50)).open_until == at(80)


def test_what_was_under_way_when_the_circuit_opened_neither_prolongs_nor_doubles_it() -> None:
    state = failing(4, failing(3), at(10))
    assert (state.failures, state.openings, state.open_until) == (7, 1, at(30))


def test_a_probe_that_sent_nothing_leaves_the_way_to_the_next() -> None:
    taken = health.probing(failing(3), at(90))
    assert health.permit(health.probe_unused(taken, at(31)), at(31)).way is Way.PROBE
    assert health.probe_unused(FRESH, NOW) == FRESH


def test_a_payer_that_asks_to_wait_gets_nothing_until_then_and_no_shorter_wait_replaces_a_longer() -> None:
    state = health.heard(FRESH, SlowDown(at(60), "HTTP 429"), CIRCUIT, NOW)
    state = health.heard(state, SlowDown(at(10), "HTTP 429"), CIRCUIT, NOW)
    assert health.permit(state, at(59)) == health.Permit(Way.WAITING, at(60), "the payer asked to wait; HTTP 429")
    assert health.permit(state, at(60)).way is Way.OPEN
    assert (state.failures, state.last_failure) == (0, "HTTP 429")


def test_a_probe_that_is_asked_to_wait_is_followed_by_another_after_the_wait() -> None:
    taken = health.probing(failing(3), at(90))
    state = health.heard(taken, SlowDown(at(50), "HTTP 503"), CIRCUIT, at(31), probe=True)
    assert health.permit(state, at(49)).way is Way.WAITING
    assert health.permit(state, at(50)).way is Way.PROBE


def test_a_pause_comes_before_everything_and_ends_only_by_a_person() -> None:
    state = health.paused(failing(3), "person:kim", "maintenance", NOW)
    permit = health.permit(state, at(10**6))
    assert (permit.way, permit.until, permit.why) == (Way.PAUSED, None, "paused by person:kim: maintenance")
    assert health.heard(state, Answered(), CIRCUIT, NOW).paused_by == "person:kim"


def test_resuming_probes_an_open_circuit_at_once_and_keeps_the_payers_own_wait() -> None:
    paused = health.paused(failing(3), "person:kim", "", NOW)
    resumed = health.resumed(paused, at(5))
    assert health.permit(resumed, at(5)).way is Way.PROBE
    assert (resumed.paused_by, resumed.pause_reason, resumed.paused_at) == ("", "", None)
    waiting = health.heard(FRESH, SlowDown(at(60), "HTTP 429"), CIRCUIT, NOW)
    assert health.permit(health.resumed(waiting, at(5)), at(5)).way is Way.WAITING


def test_a_repetition_costs_one_and_ten_first_attempts_earn_it() -> None:
    state = replace(failing(1), allowance=0.0)
    assert not health.may_repeat(state, at(1))
    for _ in range(2):
        state = health.worked(state, 5, 10)
    assert health.may_repeat(state, at(1))
    assert not health.may_repeat(health.repeated(state), at(1))


def test_the_budget_is_the_payers_own() -> None:
    state = replace(failing(1), allowance=0.0)
    assert health.worked(state, 4, 50).allowance == 2
    assert health.worked(state, 10_000, 50).allowance == 50


def test_a_lane_begins_with_a_few_repetitions_and_saves_up_a_hundred_first_attempts_worth() -> None:
    assert failing(1).allowance == health.AT_START
    assert failing(5).allowance == health.AT_START
    assert health.worked(failing(1), 10_000, 10).allowance == 10
    assert health.repeated(replace(FRESH, allowance=0.4)).allowance == 0.0


@pytest.mark.parametrize(("said", "seconds", "allowed"), [
    (BROKEN, 29, False), (BROKEN, 30, True), (SlowDown(at(1), "HTTP 429"), 29, False),
    (SlowDown(at(1), "HTTP 429"), 30, True),
])  # fmt: skip
def test_without_budget_a_repetition_waits_until_nothing_has_gone_wrong_for_a_while(
    said: health.Signal, seconds: int, allowed: bool
) -> None:
    state = replace(health.heard(FRESH, said, CIRCUIT, NOW), allowance=0.0)
    assert health.may_repeat(state, at(seconds)) is allowed
    assert health.is_calm(state, at(seconds)) is allowed


def test_routine_answers_told_late_undo_no_failure_of_another_replica() -> None:
    state = health.worked(failing(3, when=at(20)), 2, 10, at(10))
    assert (state.failures, state.open_until, state.last_answer_at) == (3, at(50), at(10))
    assert health.worked(replace(state, last_answer_at=at(15)), 0, 10, at(10)).last_answer_at == at(15)
