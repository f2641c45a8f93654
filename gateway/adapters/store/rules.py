"""What every store demands of a ChangeSet before it writes: the account and the records must agree."""

from collections import defaultdict

from gateway.model.changes import ChangeSet, LoggedEvent
from gateway.model.errors import Conflict, NotFound


def bases(change: ChangeSet) -> dict[str, int]:
    """For each record of the change, the version the store must hold before it; 0 means none.

    Several events may happen to a record in one change, so the earliest event says what was read.

    Raises:
        ValueError: a record without events or the reverse, events that do not lead up to the record without a
            hole, or a step that already belongs to someone or is half set aside.
    """
    if any(work.owner or work.lease_until for work in change.work):
        raise ValueError("a step is scheduled free; only `claim` gives it to an owner")
    if any((work.cause is None) is not (work.set_aside_at is None) for work in change.work):
        raise ValueError("a step is set aside with its cause and the time, or it is not")
    account: dict[str, list[LoggedEvent]] = defaultdict(list)
    for event in change.events:
        account[event.authorization].append(event)
    if len({record.id for record in change.records}) < len(change.records):
        raise ValueError("a change holds each record once, as it shall be")
    if account.keys() != {record.id for record in change.records}:
        raise ValueError("a change holds events for its records and for no others")
    for record in change.records:
        first, last = account[record.id][0].version, account[record.id][-1]
        versions = [event.version for event in account[record.id]]
        if versions != list(range(first, record.version + 1)) or last.after is not record.state:
            raise ValueError("the events of a record lead to its version and state, without a hole")
    return {identity: events[0].version - 1 for identity, events in account.items()}


def moved_on() -> Conflict:
    return Conflict(
        "The authorization has moved on since it was read.", fix="Read it again and decide from what it is now."
    )


def step_taken() -> Conflict:
    return Conflict("The step was taken over or replaced; nothing was written.", fix="Claim the next step.")


def already_there() -> Conflict:
    return Conflict("Something with the same key is already stored; nothing was written.", fix="Use a new key.")


def no_client() -> NotFound:
    return NotFound("There is no such client here.", fix="See `pa client list` for those that are.")
