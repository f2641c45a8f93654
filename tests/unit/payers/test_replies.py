"""Reply classification, as a table."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from gateway.model.clocks import Duration
from gateway.model.exchange import Lost, NotSent, Reply, Verdict
from gateway.payers.profile import ReplyRule, Retry, load_payers
from gateway.payers.replies import backoff, classify, retry_at

PAYER = load_payers(Path(__file__).resolve().parents[3] / "profiles" / "payers")["sandbox"]
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


judged = partial(classify, spread=0.5)


def reply(status: int, retry_after: str = "") -> Reply:
    return Reply(
        status=status, media_type="application/fhir+json", body=b"{}", received_at=NOW, retry_after=retry_after
    )


@pytest.mark.parametrize(("status", "verdict"), [
    (200, Verdict.ANSWER), (201, Verdict.ANSWER), (202, Verdict.ANSWER), (204, Verdict.ANSWER),
    (100, Verdict.IN_DOUBT), (301, Verdict.IN_DOUBT), (302, Verdict.IN_DOUBT), (304, Verdict.IN_DOUBT),
    (307, Verdict.IN_DOUBT), (308, Verdict.IN_DOUBT),
    (400, Verdict.REJECTION), (404, Verdict.REJECTION), (409, Verdict.IN_DOUBT), (412, Verdict.REJECTION),
    (413, Verdict.REJECTION), (415, Verdict.REJECTION), (422, Verdict.REJECTION), (499, Verdict.REJECTION),
    (401, Verdict.NOT_ACCEPTED), (403, Verdict.NOT_ACCEPTED), (429, Verdict.NOT_ACCEPTED),
    (408, Verdict.IN_DOUBT), (425, Verdict.IN_DOUBT),
    (500, Verdict.IN_DOUBT), (501, Verdict.IN_DOUBT), (502, Verdict.IN_DOUBT), (503, Verdict.IN_DOUBT),
    (504, Verdict.IN_DOUBT), (599, Verdict.IN_DOUBT), (600, Verdict.IN_DOUBT), (999, Verdict.IN_DOUBT),
])  # fmt: skip
def test_a_status_means_this_unless_the_profile_says_otherwise(status: int, verdict: Verdict) -> None:
    found = judged(reply(status, "30"), PAYER, NOW)
    assert found.verdict is verdict
    assert (found.again_at is not None) == (verdict is Verdict.NOT_ACCEPTED and status not in (401, 403))
    assert str(status) in found.reason


def test_refused_credentials_wait_for_a_person_and_say_what_to_check() -> None:
    for status in (401, 403):
        found = judged(reply(status, "1"), PAYER, NOW)
        assert found.again_at is None
        assert "credentials" in found.reason


def test_a_redirect_says_that_it_is_not_followed() -> None:
    assert "redirects are not followed" in judged(reply(308), PAYER, NOW).reason


def test_nothing_sent_goes_again_and_something_lost_does_not() -> None:
    sent_nothing = judged(NotSent("https://payer.example: the connection was refused"), PAYER, NOW)
    assert sent_nothing.verdict is Verdict.NOT_ACCEPTED
    assert sent_nothing.again_at == NOW + timedelta(seconds=2.5)
    assert "connection was refused" in sent_nothing.reason
    lost = judged(Lost("the connection broke"), PAYER, NOW)
    assert (lost.verdict, lost.again_at) == (Verdict.IN_DOUBT, None)


@pytest.mark.parametrize(("attempt", "spread", "seconds"), [
    (0, 0.5, 2.5), (1, 0.5, 2.5), (2, 0.5, 5), (3, 0.5, 10), (4, 0.5, 20), (9, 0.5, 640), (10, 0.5, 1280),
    (11, 0.5, 1800), (12, 0.5, 1800), (10**9, 0.5, 1800),
    (1, 0.0, 1), (10, 0.0, 1), (1, 0.999, 4.995), (3, 0.1, 2), (2, 0.05, 1),
])  # fmt: skip
def test_the_wait_is_spread_over_a_span_that_doubles_with_every_attempt_up_to_the_most(
    attempt: int, spread: float, seconds: float
) -> None:
    again = classify(NotSent("x"), PAYER, NOW, attempt=attempt, spread=spread).again_at
    assert again == NOW + timedelta(seconds=seconds)


def test_the_wait_is_the_payers_own_where_its_profile_says_so() -> None:
    payer = replace(PAYER, retry=Retry(Duration.parse("PT1M"), Duration.parse("PT3M")))
    waits = [backoff(payer.retry, attempt, 0.5).total_seconds() for attempt in (1, 2, 3, 4)]
    assert waits == [30, 60, 90, 90]


@pytest.mark.parametrize(("deadline", "seconds"), [(3600, 120), (120, 120), (30, 30), (0, 0), (-600, 0)])
def test_no_wait_goes_beyond_the_decision_deadline_or_into_the_past(deadline: int, seconds: int) -> None:
    found = judged(reply(429, "120"), PAYER, NOW, deadline=NOW + timedelta(seconds=deadline))
    assert found.again_at == NOW + timedelta(seconds=seconds)


def test_a_deadline_gives_no_time_to_what_waits_for_a_person_or_is_in_doubt() -> None:
    for outcome in (reply(401), reply(500), reply(200), Lost("x")):
        assert judged(outcome, PAYER, NOW, deadline=NOW).again_at is None


@pytest.mark.parametrize(("header", "seconds"), [
    ("30", 30), (" 30 ", 30), ("0", 1), ("1", 1), ("3600", 3600), ("3601", 3600), ("9" * 400, 3600),
    ("-1", 1), ("-" + "9" * 30, 1), ("", 60), ("soon", 60), ("1.5", 60), ("0x10", 60), ("1e3", 60),
    ("\u0663\u0660", 60),
    ("Sun, 01 Mar 2026 12:00:30 GMT", 30), ("Sun, 01 Mar 2026 11:00:00 GMT", 1),
    ("Mon, 01 Mar 2027 12:00:00 GMT", 3600),
    ("Sun, 01 Mar 2026 07:00:30 -0500", 30), ("Sun, 01 Mar 2026 12:00:30 -0000", 30),
    ("Sun, 99 Mar 2026 12:00:30 GMT", 60),
    ("Sun, 01 Mar 99999 12:00:30 GMT", 60),
    ("Mon, 20 Nov 1995 19:12:08 +9999999999999999999999", 60),
])  # fmt: skip
def test_retry_after_is_honoured_between_a_second_and_an_hour(header: str, seconds: int) -> None:
    assert retry_at(header, NOW, timedelta(seconds=60)) == NOW + timedelta(seconds=seconds)


def test_429_waits_as_long_as_the_payer_asks() -> None:
    assert judged(reply(429, "120"), PAYER, NOW).again_at == NOW + timedelta(seconds=120)
    assert judged(reply(429), PAYER, NOW, attempt=3).again_at == NOW + timedelta(seconds=10)


def test_503_is_safe_to_repeat_only_where_the_profile_says_so() -> None:
    rule = ReplyRule(503, Verdict.NOT_ACCEPTED, Duration.parse("PT2M"), "companion guide 4.2")
    payer = replace(PAYER, replies={503: rule})
    found = judged(reply(503), payer, NOW)
    assert (found.verdict, found.again_at) == (Verdict.NOT_ACCEPTED, NOW + timedelta(minutes=2))
    assert "companion guide 4.2" in found.reason
    assert judged(reply(503, "7"), payer, NOW).again_at == NOW + timedelta(seconds=7)
    assert judged(reply(500), payer, NOW).verdict is Verdict.IN_DOUBT


def test_a_profile_can_make_a_status_a_doubt() -> None:
    payer = replace(PAYER, replies={409: ReplyRule(409, Verdict.IN_DOUBT, None, "409 means a duplicate here")})
    found = judged(reply(409), payer, NOW)
    assert (found.verdict, found.again_at) == (Verdict.IN_DOUBT, None)


def test_an_html_page_with_200_is_still_an_answer_here() -> None:
    html = Reply(status=200, media_type="text/html", body=b"<html>", received_at=NOW)
    assert judged(html, PAYER, NOW).verdict is Verdict.ANSWER
