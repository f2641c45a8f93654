"""What came of a submission, by its transport: pure rules over the HTTP outcome and the payer's own table.

PAS 2.2.1 HTTP table (2xx processed, 4xx cannot be processed, 5xx unknown), RFC 9110, design 4.3. Whether a 2xx body
can be trusted is for `gateway.responses` to say.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import assert_never

from gateway.model.exchange import Lost, NotSent, Outcome, Reply, Verdict
from gateway.payers.profile import PayerProfile, Retry

SOONEST, LATEST = timedelta(seconds=1), timedelta(hours=1)
_MOST_DOUBLINGS = 30


@dataclass(frozen=True, slots=True)
class Classified:
    """A verdict, why in words, and, for what the payer did not accept, when the same bytes may go again.

    Not accepted without a time means: not before a person has mended something.
    """

    verdict: Verdict
    reason: str
    again_at: datetime | None = None


def classify(
    outcome: Outcome,
    payer: PayerProfile,
    now: datetime,
    *,
    attempt: int = 1,
    spread: float,
    deadline: datetime | None = None,
) -> Classified:
    """Whether the outcome is an answer, a rejection, a request the payer did not accept, or a doubt.

    `attempt` counts from 1 and lengthens the wait where the payer names none (`backoff`); `spread` is the jitter, at
    least 0 and below 1. No wait goes beyond `deadline`, by when the decision is due.
    """
    wait = backoff(payer.retry, attempt, spread)
    found = _classified(outcome, payer, now, wait)
    if found.again_at is None or deadline is None:
        return found
    return replace(found, again_at=max(min(found.again_at, deadline), now))


def backoff(retry: Retry, attempt: int, spread: float) -> timedelta:
    """The wait before the next attempt: full jitter over `first`, doubled for every attempt after the first, up to
    `most`; at least a second.
    """
    longest = min(retry.first.seconds * 2 ** min(max(attempt, 1) - 1, _MOST_DOUBLINGS), retry.most.seconds)
    return max(timedelta(seconds=longest * spread), SOONEST)


def _classified(outcome: Outcome, payer: PayerProfile, now: datetime, wait: timedelta) -> Classified:
    if isinstance(outcome, NotSent):
        return Classified(Verdict.NOT_ACCEPTED, f"nothing was sent: {outcome.reason}", now + wait)
    if isinstance(outcome, Lost):
        return Classified(Verdict.IN_DOUBT, f"the payer may have the request: {outcome.reason}")
    if isinstance(outcome, Reply):
        return _by_rule(outcome, payer, now, wait) or _by_status(outcome, now, wait)
    assert_never(outcome)


def retry_at(retry_after: str, now: datetime, otherwise: timedelta) -> datetime:
    """When a Retry-After header (seconds or an HTTP date) allows the next try, between 1 second and 1 hour from now.

    A header that is missing or cannot be read gives `now + otherwise`.
    """
    text = retry_after.strip()
    if re.fullmatch(r"-?[0-9]+", text):
        return now + _within(timedelta(seconds=int(text[:10])))  # ten digits are past any clamp already
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the second for a time zone that no timedelta can hold
        return now + otherwise
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return now + _within(moment - now)


def _within(wait: timedelta) -> timedelta:
    return min(max(wait, SOONEST), LATEST)


def _by_rule(reply: Reply, payer: PayerProfile, now: datetime, wait: timedelta) -> Classified | None:
    rule = payer.replies.get(reply.status)
    if rule is None:
        return None
    reason = f"HTTP {reply.status} ({rule.why}, says the payer's profile)"
    if rule.verdict is not Verdict.NOT_ACCEPTED:
        return Classified(rule.verdict, reason)
    own = timedelta(seconds=rule.again_after.seconds) if rule.again_after else wait
    return Classified(rule.verdict, reason, retry_at(reply.retry_after, now, own))


def _by_status(reply: Reply, now: datetime, wait: timedelta) -> Classified:
    status = reply.status
    if 200 <= status < 300:
        return Classified(Verdict.ANSWER, f"HTTP {status}")
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        reason = (
            f"HTTP {status}: the payer does not accept our credentials or scopes; "
            "check auth in the payer's profile, and that the payer knows our key"
        )
        return Classified(Verdict.NOT_ACCEPTED, reason)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        reason = "HTTP 429: the payer asks us to slow down"
        return Classified(Verdict.NOT_ACCEPTED, reason, retry_at(reply.retry_after, now, wait))
    if status == HTTPStatus.CONFLICT:
        return Classified(Verdict.IN_DOUBT, "HTTP 409: the payer may have this request already")
    if status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY):
        return Classified(Verdict.IN_DOUBT, f"HTTP {status}: the payer may have part of the request or all of it")
    if 400 <= status < 500:
        return Classified(Verdict.REJECTION, f"HTTP {status}")
    if 300 <= status < 400:
        return Classified(Verdict.IN_DOUBT, f"HTTP {status}: redirects are not followed; check the payer's endpoint")
    return Classified(Verdict.IN_DOUBT, f"HTTP {status}: the payer may have the request")
