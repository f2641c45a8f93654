"""The public JSON of work that cannot go on by itself: what it is about, why it stopped, what to do."""

from datetime import datetime

from gateway.api.view import View
from gateway.flow import work
from gateway.model.authorization import State
from gateway.model.changes import Cause


class Stuck(View):
    """A step that was set aside, until a person retries it or gives it up."""

    authorization: str
    key: str
    """Empty for the authorization's own next step; else names the event that its client was not told of."""
    step: str
    """`submit`, `inquire` or `notify`."""
    cause: Cause
    reason: str
    """What happened, in words."""
    what_to_do: str
    set_aside_at: datetime | None
    tries: int
    lane: str
    """The payer's id, or `client:NAME` for a webhook."""
    order: str
    patient: str
    state: State | None
    """Of the authorization; null when its record cannot be read."""
    due_at: datetime | None
    """When the payer's decision is due."""
    payload: str
    """Where the bytes are that were sent, or would be; empty when there are none."""


class Work(View):
    """Steps that were set aside, the longest first; `more` says whether a next page has any."""

    work: tuple[Stuck, ...]
    limit: int
    offset: int
    more: bool


class Failed(View):
    """A step that was left as it is, and why."""

    authorization: str
    key: str
    code: str
    detail: str
    fix: str


class Done(View):
    """What became of a retry, or of giving up."""

    done: int
    failed: tuple[Failed, ...]


def stuck(one: work.Stuck) -> Stuck:
    """The public form of a step that was set aside."""
    step, record = one.work, one.record
    return Stuck(
        authorization=step.authorization,
        key=step.key,
        step=step.step,
        cause=step.cause or Cause.CORRUPT,
        reason=step.reason,
        what_to_do=one.what_to_do,
        set_aside_at=step.set_aside_at,
        tries=step.tries,
        lane=step.lane,
        order=record.order_id if record else "",
        patient=record.patient if record else "",
        state=record.state if record else None,
        due_at=record.due_at if record else None,
        payload=f"/authorizations/{step.authorization}/exchanges/{one.exchange}/body" if one.exchange else "",
    )


def done(what: work.Done) -> Done:
    return Done(
        done=len(what.done),
        failed=tuple(
            Failed(authorization=step.authorization, key=step.key, code=fault.code, detail=str(fault), fix=fault.fix)
            for step, fault in what.failed
        ),
    )
