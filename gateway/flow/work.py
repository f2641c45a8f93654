"""Work that cannot go on by itself: one place that lists it, with its cause, its payload, and what a person can do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.flow import doubt, review
from gateway.flow.change import INQUIRE, SUBMIT, Changes, commit
from gateway.flow.world import World
from gateway.model.authorization import Authorization, State
from gateway.model.changes import Cause, ChangeSet, Work
from gateway.model.errors import GatewayError, OurFault, nothing_here
from gateway.model.events import Dropped, ReplyLost
from gateway.model.lifecycle import allows
from gateway.ports import DUE, WorkQuery

WHAT_TO_DO: Mapping[Cause, str] = {
    Cause.DOUBT: "Compare what was sent with what the payer shows, then say which it is: this one, none, or stop.",
    Cause.UNREACHABLE: "See that the payer can be reached, then retry; or drop it and ask by other means.",
    Cause.NOT_ACCEPTED: "Mend what the payer refuses (credentials, scopes, endpoint), then retry all of this cause.",
    Cause.CONFIGURATION: "Put the payer profile or the request back, then retry.",
    Cause.WEBHOOK: "See that the receiver answers, then retry; or give up: the event stays readable at /events.",
    Cause.CORRUPT: "The row could not be read as it stood. Look at the record, then retry, or give up.",
    Cause.DEFECT: "The step failed again and again by a defect of the gateway. Report it; after an update, retry.",
}
READ = "read"
_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """A step set aside: what it is about, and what to do.

    Attributes:
        record: None when the stored record cannot be read.
        exchange: id of the last leg that travelled or was built, the payload; empty when there is none.
    """

    work: Work
    record: Authorization | None
    what_to_do: str
    exchange: str = ""


def stuck(world: World, query: WorkQuery) -> tuple[Stuck, ...]:
    """What was set aside, longest first; `query.set_aside` is taken as true."""
    return tuple(_stuck(world, work) for work in world.store.works(replace(query, set_aside=True)))


def show(world: World, authorization: str, key: str = "") -> Stuck:
    """One step that was set aside. Raises NotFound."""
    return _stuck(world, _set_aside(world, authorization, key))


def retry(world: World, authorization: str, key: str = "", *, actor: str) -> None:
    """Let it go on: ask the payer again, send again what it surely did not take, or do the step again.

    Raises:
        NotFound: nothing of that name was set aside.
        IllegalTransition: the record has moved on meanwhile.
        OurFault: the payer cannot be asked; only a person can tell.
    """
    work = _set_aside(world, authorization, key)
    if work.cause is Cause.DOUBT:
        doubt.ask_now(world, authorization, actor=actor)
        return
    record = _record(world, authorization)
    if work.step == READ:
        if record is None:
            raise OurFault("The stored record still cannot be read.", fix="Restore it from a backup, then retry.")
        world.store.commit(ChangeSet(finished=work))
    elif not key and record and record.state is State.HELD:  # a message to the caller releases nothing
        review.release(world, authorization, actor=actor)
    else:
        again = Work(authorization=authorization, key=key, step=work.step, lane=work.lane, due_at=world.clock.now())
        if not key and record:  # what the damaged row says of itself counts for nothing
            again = next_step(record, world.clock.now()) or again
        world.store.commit(ChangeSet(finished=work, work=(again,)))
        world.waiters.announce([authorization, DUE])


@dataclass(frozen=True, slots=True)
class Done:
    """What became of many: those it was done to, and those it could not be done to, each with its reason."""

    done: tuple[Work, ...]
    failed: tuple[tuple[Work, OurFault], ...]


def retry_all(world: World, query: WorkQuery, *, actor: str) -> Done:
    """Retry everything that the query finds, each once, however much; `query.limit` and `offset` do not count."""
    return _each(world, query, lambda work: retry(world, work.authorization, work.key, actor=actor))


def give_up_all(world: World, query: WorkQuery, *, actor: str, reason: str) -> Done:
    """Give up everything that the query finds; as `retry_all`."""
    return _each(world, query, lambda work: give_up(world, work.authorization, work.key, actor=actor, reason=reason))


def _each(world: World, query: WorkQuery, act: Callable[[Work], None]) -> Done:
    # All is found before any is touched: what goes on may be set aside anew while we are still at it.
    every: list[Work] = []
    while page := world.store.works(replace(query, set_aside=True, limit=_PAGE, offset=len(every))):
        every.extend(page)
    done: list[Work] = []
    failed: list[tuple[Work, OurFault]] = []
    for work in every:
        try:
            act(work)
            done.append(work)
        except OurFault as fault:
            failed.append((work, fault))
    return Done(tuple(done), tuple(failed))


def give_up(world: World, authorization: str, key: str = "", *, actor: str, reason: str) -> None:
    """End it: the request is dropped, the message to the caller is not sent; the account of it stays.

    Raises:
        NotFound: nothing of that name was set aside.
        OurFault: no reason was given, or the record is in a state where it cannot be dropped.
    """
    work = _set_aside(world, authorization, key)
    if not reason.strip():
        raise OurFault("Giving up needs a reason.", fix="Say why, for whoever reads the record later.")
    record = _record(world, authorization)
    if key or record is None:
        world.store.commit(ChangeSet(finished=work))
        return
    changes = Changes()
    if record.state is State.SUBMITTING:  # the payer may have it: that is a doubt, and a person ends it
        now = world.clock.now()
        said = f"given up by {actor} while it was being sent: {reason}"
        record = changes.apply(record, ReplyLost(at=now, actor=actor, reason=said))
        doubt.follow(changes, record, now)
        commit(world, changes, finished=work)
        return
    if not allows(record, Dropped):
        raise OurFault(f"An authorization that is {record.state} cannot be given up.", fix="Retry the step instead.")
    changes.apply(record, Dropped(at=world.clock.now(), actor=actor, reason=reason))
    commit(world, changes, finished=work)
    world.log.write("authorization.moved", authorization=record.id, state="cancelled")


def next_step(record: Authorization, now: datetime) -> Work | None:
    """The step that the state of a record calls for; None when it calls for none."""
    steps = {
        State.READY: (SUBMIT, record.payer),
        State.SUBMITTING: (SUBMIT, ""),
        State.IN_DOUBT: (INQUIRE, record.payer),
    }
    if record.state not in steps:
        return None
    step, lane = steps[record.state]
    return Work(authorization=record.id, step=step, lane=lane, due_at=max(record.not_before or now, now))


def _set_aside(world: World, authorization: str, key: str) -> Work:
    work = world.store.work(authorization, key)
    if work is None or work.cause is None:
        raise nothing_here("piece of set-aside work")
    return work


def _stuck(world: World, work: Work) -> Stuck:
    record = _record(world, work.authorization)
    exchange = world.store.last_exchange(work.authorization)
    cause = work.cause or Cause.CORRUPT
    return Stuck(work=work, record=record, what_to_do=WHAT_TO_DO[cause], exchange=exchange)


def _record(world: World, identity: str) -> Authorization | None:
    try:
        return world.store.authorization(identity)
    except OurFault:
        raise
    except GatewayError:  # the stored record cannot be read; the row must be shown all the same
        return None
