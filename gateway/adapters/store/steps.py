"""The work rows: claimed lane by lane, leased, fenced, set aside (design 4.2); all of it inside a transaction."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    String,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    type_coerce,
    update,
)

from gateway.adapters.store import rules, tables
from gateway.adapters.store.types import Instant
from gateway.adapters.store.work_rows import COLUMNS, Unreadable, listed, work_of
from gateway.model.changes import Cause, Work
from gateway.ports import LONGEST_LEASE, WorkQuery

_OF = tables.work.c
_THERE = _OF.due_at.is_not(None)
_WAITING = _THERE & _OF.set_aside_at.is_(None)
_SORT = (_OF.due_at, _OF.authorization, _OF.key)
_BEYOND_INSTANTS = ":"
"""Sorts after every instant, whose text begins with a digit: what is not below it can be no instant."""

_FREE: dict[str, Any] = {"owner": "", "lease_until": None}
_DONE = {**_FREE, "step": "", "due_at": None, "tries": 0, "cause": None, "reason": "", "set_aside_at": None}

# Statements are made once: making one costs more than SQLite takes to run it. Parameters that are no columns to set
# begin with `the_`.
_IT = and_(_OF.authorization == bindparam("the_authorization"), _OF.key == bindparam("the_key"))
_HELD = and_(_IT, _OF.fence == bindparam("the_fence"), _OF.owner == bindparam("the_owner"), _THERE)
_READ = select(*COLUMNS).where(_IT, _THERE)
_CHANGE = update(tables.work).where(_IT)
_CHANGE_HELD = update(tables.work).where(_HELD)
_DELETE_HELD = delete(tables.work).where(_HELD)
_VOID = update(tables.work).where(_IT, _THERE).values(fence=_OF.fence + 1)
_ADD = insert(tables.work).inline()
_RESCHEDULE = update(tables.work).where(_IT).values(fence=_OF.fence + 1)
_NOW = bindparam("the_now", type_=Instant)
_FAR = bindparam("the_far", type_=Instant)


def _is_no_instant(column: ColumnElement[Any]) -> ColumnElement[bool]:
    return type_coerce(column, String) >= _BEYOND_INSTANTS


# A lease that is no instant sorts after all that are near; whoever claims the step will see that it cannot be read.
_IS_DUE = and_(
    _WAITING,
    _OF.due_at <= _NOW,
    or_(_OF.lease_until.is_(None), _OF.lease_until <= _NOW, _OF.lease_until > _FAR),
)
_IS_BROKEN = and_(_WAITING, _is_no_instant(_OF.due_at))
_IN_LANE = _OF.lane == bindparam("the_lane")


def _first(where: ColumnElement[bool]) -> Select[Any]:
    return select(*COLUMNS).where(where).order_by(*_SORT).limit(1).with_for_update(skip_locked=True)


def _lanes() -> Select[Any]:
    """Every lane with steps that wait, the due time of its first free one, and whether one can never come due.

    It goes from lane to lane through the index and reads one entry of each: it takes as long as there are lanes,
    not as there is work.
    """
    of = tables.work.alias().c
    waiting = and_(of.due_at.is_not(None), of.set_aside_at.is_(None))
    lowest = select(of.lane).where(waiting).order_by(of.lane).limit(1)
    lanes = select(lowest.scalar_subquery().label("lane")).cte("lanes", recursive=True)
    further = lowest.where(of.lane > lanes.c.lane).correlate(lanes).scalar_subquery()
    lanes = lanes.union_all(select(further).where(lanes.c.lane.is_not(None)))
    mine = _OF.lane == lanes.c.lane
    head = select(type_coerce(_OF.due_at, String)).where(mine, _IS_DUE).order_by(*_SORT).limit(1)
    broken = select(_OF.authorization).where(mine, _IS_BROKEN).limit(1)
    return select(
        lanes.c.lane,
        head.correlate(lanes).scalar_subquery().label("head"),
        broken.correlate(lanes).scalar_subquery().label("broken"),
    ).where(lanes.c.lane.is_not(None))


_LANES = _lanes()
_FIRST_DUE = _first(_IS_DUE & _IN_LANE)
_FIRST_BROKEN = _first(_IS_BROKEN & _IN_LANE)


@dataclass(frozen=True, slots=True)
class Due:
    """Where a claim has to look: steps as parameters of `first`, the most overdue ones first."""

    first: Select[Any]
    places: Sequence[Mapping[str, Any]]
    broken: Sequence[Mapping[str, Any]] = ()


def look(connection: Connection, now: datetime, only: Collection[str] | None, closed: Collection[str]) -> Due:
    """Which lanes have something that is due; without a place in it, there is nothing to claim."""
    at = {"the_now": now, "the_far": now + LONGEST_LEASE}
    if only is not None:
        few = and_(_IS_DUE, _OF.authorization.in_(only), _OF.lane.not_in(closed))
        return Due(_first(few), [at])
    lanes = connection.execute(_LANES, at).all()
    due = [row for row in lanes if row.head is not None and row.lane not in closed]
    return Due(
        _FIRST_DUE,
        [{**at, "the_lane": row.lane} for row in sorted(due, key=lambda row: (str(row.head), str(row.lane)))],
        [{"the_lane": row.lane} for row in lanes if row.broken is not None],
    )


def claim(connection: Connection, owner: str, now: datetime, lease: timedelta, due: Due) -> Work | None:
    """See `ports.Store.claim`; `due` may be older than this transaction."""
    for row in _candidates(connection, due):
        try:
            work = work_of(row)
        except Unreadable as fault:
            _set_aside(connection, row, fault, now)
            continue
        claimed = replace(work, owner=owner, lease_until=now + lease, fence=work.fence + 1, tries=work.tries + 1)
        changed = {name: getattr(claimed, name) for name in ("owner", "lease_until", "fence", "tries")}
        connection.execute(_CHANGE, {**_it(work.authorization, work.key), **changed})
        return claimed
    return None


def _candidates(connection: Connection, due: Due) -> Iterator[RowMapping]:
    """Free and due steps, each locked; whoever takes one stops asking."""
    for place in due.broken:
        yield from _one_by_one(connection, _FIRST_BROKEN, place)
    for place in due.places:
        yield from _one_by_one(connection, due.first, place)


def _one_by_one(connection: Connection, first: Select[Any], parameters: Mapping[str, Any]) -> Iterator[RowMapping]:
    """The first row, again and again: the one before was set aside meanwhile, so it is not seen twice."""
    while row := connection.execute(first, parameters).mappings().first():
        yield row


def _set_aside(connection: Connection, row: RowMapping, fault: Unreadable, now: datetime) -> None:
    """Keep what can be read of a damaged row, and let a person look at it."""
    aside = {
        **_FREE,
        "step": fault.step,
        "lane": fault.lane,
        "due_at": fault.due_at or now,
        "tries": fault.tries,
        # Above every fence ever given: seconds since 1970 are more than a step can be claimed times.
        "fence": int(now.timestamp()) if fault.fence is None else fault.fence + 1,
        "cause": Cause.CORRUPT.value,
        "reason": str(fault),
        "set_aside_at": now,
    }
    connection.execute(_CHANGE, {**_it(row["authorization"], row["key"]), **aside})


def renew(connection: Connection, work: Sequence[Work], until: datetime) -> tuple[bool, ...]:
    """See `ports.Store.renew`. Rows are taken in one order, so that two who renew cannot wait for each other."""
    kept: dict[tuple[str, str], bool] = {}
    for one in sorted(work, key=lambda one: (one.authorization, one.key)):
        kept[one.authorization, one.key] = _change_held(connection, one, {"lease_until": until})
    return tuple(kept[one.authorization, one.key] for one in work)


def give_back(connection: Connection, work: Work) -> None:
    """See `ports.Store.give_back`; a claim that came to nothing is not counted as a try."""
    _change_held(connection, work, {**_FREE, "tries": work.tries - 1})


def free_all(connection: Connection, owners: str) -> None:
    """See `SqlStore.free_all`."""
    theirs = _THERE & _OF.owner.startswith(owners, autoescape=True)
    connection.execute(update(tables.work).where(theirs).values(fence=_OF.fence + 1, **_FREE))


def finish(connection: Connection, work: Work) -> None:
    """The record's own row stays for its fence; of the others there would be one for every event there ever was.

    Raises Conflict.
    """
    is_done = _change_held(connection, work, _DONE) if work.key == "" else _delete_held(connection, work)
    if not is_done:
        raise rules.step_taken()


def hold(connection: Connection, work: Work) -> None:
    """Make sure that the step is still its owner's, and let nobody take it before this transaction ends; see `held`.

    Raises Conflict.
    """
    if not _change_held(connection, work, {"lane": work.lane}):
        raise rules.step_taken()


def void(connection: Connection, authorization: str) -> None:
    """Remove the record's own next step, whoever has it; he is refused from now on."""
    connection.execute(_VOID, {**_it(authorization, ""), **_DONE})


def schedule(connection: Connection, work: Work) -> None:
    """Put the step in the place of the one with the same key; whoever holds that one is refused from now on."""
    row = {
        **_FREE,
        "step": work.step,
        "due_at": work.due_at,
        "lane": work.lane,
        "tries": work.tries,
        "cause": work.cause.value if work.cause else None,
        "reason": work.reason,
        "set_aside_at": work.set_aside_at,
    }
    if connection.execute(_RESCHEDULE, {**_it(work.authorization, work.key), **row}).rowcount == 0:
        new = {"authorization": work.authorization, "key": work.key, "fence": 0}
        connection.execute(_ADD, {**new, **row})


UNREADABLE_RECORD = "Run the gateway release that wrote it, or restore it from a backup."


def list_unreadable(connection: Connection, records: Sequence[str], now: datetime) -> None:
    """Give each record that cannot be read a step of its own that waits for a person, if it has none yet."""
    for identity in records:
        if connection.execute(_READ, _it(identity, "record")).first() is None:
            aside = Work(
                authorization=identity,
                key="record",
                step="read",
                due_at=now,
                cause=Cause.CORRUPT,
                reason=f"The stored record cannot be read. {UNREADABLE_RECORD}",
                set_aside_at=now,
            )
            schedule(connection, aside)


def one(connection: Connection, authorization: str, key: str) -> Work | None:
    row = connection.execute(_READ, _it(authorization, key)).mappings().first()
    return listed(row) if row else None


def some(connection: Connection, query: WorkQuery) -> tuple[Work, ...]:
    """See `ports.Store.works`; a row that cannot be read is listed as corrupt, as far as it can."""
    if query.set_aside is not None:
        return _page(connection, query)
    # Two pages, as each kind has its own index: first what is set aside, then what waits.
    aside = replace(query, set_aside=True)
    first = _page(connection, aside)
    if len(first) == query.limit:
        return first
    passed = connection.execute(select(func.count()).select_from(_asked(aside).subquery())).scalar_one()
    left, offset = query.limit - len(first), max(0, query.offset - passed)
    return first + _page(connection, replace(query, set_aside=False, limit=left, offset=offset))


def _page(connection: Connection, query: WorkQuery) -> tuple[Work, ...]:
    sort = (_OF.set_aside_at, *_SORT) if query.set_aside else _SORT
    page = _asked(query).order_by(*sort).limit(query.limit).offset(query.offset)
    return tuple(listed(row) for row in connection.execute(page).mappings())


def _asked(query: WorkQuery) -> Select[Any]:
    asked = select(*COLUMNS).where(_THERE)
    for name in ("authorization", "lane", "step"):
        if value := getattr(query, name):
            asked = asked.where(_OF[name] == value)
    if query.client:
        owner = tables.authorization.c
        asked = asked.join(tables.authorization, owner.id == _OF.authorization).where(owner.client == query.client)
    if query.cause:
        asked = asked.where(_OF.cause == query.cause.value)
    return asked.where(_OF.set_aside_at.is_not(None) if query.set_aside else _OF.set_aside_at.is_(None))


def _it(authorization: str, key: str) -> dict[str, Any]:
    return {"the_authorization": authorization, "the_key": key}


def _held(work: Work) -> dict[str, Any]:
    return {**_it(work.authorization, work.key), "the_fence": work.fence, "the_owner": work.owner}


def _change_held(connection: Connection, work: Work, row: Mapping[str, Any]) -> bool:
    """Change the step if it is still its owner's; whether it was."""
    return connection.execute(_CHANGE_HELD, {**_held(work), **row}).rowcount == 1


def _delete_held(connection: Connection, work: Work) -> bool:
    return connection.execute(_DELETE_HELD, _held(work)).rowcount == 1
