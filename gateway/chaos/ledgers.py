"""Reads two of the three ledgers into the plain values of the verdict: the EHR's, and the gateway's database."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.chaos.told import read_lines
from gateway.chaos.verdict import Recorded, Told
from gateway.model.authorization import Answer, Authorization, State
from gateway.model.changes import LoggedEvent, Work
from gateway.model.exchange import Direction, Exchange
from gateway.ports import Query, Store, WorkQuery

_MEMBER = re.compile(rb"CHAOS-F\d+-\d{6}")
_PAGE = 1000
_FOR_A_PERSON = frozenset((State.REJECTED, State.HELD, State.PERSON_NEEDED, State.DOCUMENTING))


@dataclass(frozen=True, slots=True)
class Moved:
    """An event of one record: when, and the states around it."""

    authorization: str
    at: float
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class GatewayLedger:
    """What the database holds: records by member, and everything that happened, in order."""

    records: Mapping[str, Sequence[Recorded]]
    moves: Sequence[Moved]


def read_told(path: Path, members: Mapping[int, str]) -> Mapping[str, Told]:
    """What the EHR was told of each order, by member; `members` are by order number."""
    posts: dict[int, int] = defaultdict(int)
    promised: dict[int, dict[str, None]] = defaultdict(dict)
    refused: set[int] = set()
    states: dict[str, str] = {}
    listed: dict[str, float] = {}
    for line in read_lines(path):
        if line.kind == "posted":
            posts[line.number] += 1
        elif line.kind == "accepted":
            promised[line.number].update(dict.fromkeys(line.authorizations))
        elif line.kind == "refused":
            refused.add(line.number)
        elif line.kind == "listed":
            listed.setdefault(line.authorizations[0], line.at)
        elif line.kind == "final":
            states[line.authorizations[0]] = line.state
    return {
        members[number]: Told(
            posts=posts[number],
            promised=tuple(promised[number]),
            refused=number in refused,
            states=states,
            listed=listed,
        )
        for number in posts
    }


def last_promise(path: Path) -> float:
    """When the EHR was promised its last order, in epoch seconds; 0 when it was promised none."""
    return max((line.at for line in read_lines(path) if line.kind == "accepted"), default=0.0)


def read_database(store: Store) -> GatewayLedger:
    """Everything the gateway recorded."""
    aside = {work.authorization for work in _set_aside(store)}
    moves: dict[str, list[LoggedEvent]] = defaultdict(list)
    everything: list[Moved] = []
    for logged in _events(store):
        moves[logged.authorization].append(logged)
        everything.append(
            Moved(logged.authorization, logged.event.at.timestamp(), str(logged.before or ""), str(logged.after))
        )
    records: dict[str, list[Recorded]] = defaultdict(list)
    for record in _records(store):
        found = _MEMBER.search(store.order(record.order_id).body)
        member = found.group().decode() if found else ""
        legs = [leg for leg in store.exchanges(record.id) if leg.direction is Direction.REQUEST]
        records[member].append(_recorded(record, member, legs, moves[record.id], set_aside=record.id in aside))
    return GatewayLedger(records, everything)


def _recorded(
    record: Authorization, member: str, legs: Sequence[Exchange], moves: Sequence[LoggedEvent], *, set_aside: bool
) -> Recorded:
    answers = [item.answer for item in record.items if item.answer]
    sent = [leg for leg in legs if leg.operation == "submit"]
    waits = record.state is State.IN_DOUBT and record.not_before is None
    return Recorded(
        id=record.id,
        order=record.order_id,
        member=member,
        state=record.state.value,
        numbers=tuple(dict.fromkeys(number for one in answers for number in _numbers(one) if number)),
        attempts=record.attempts,
        bodies=frozenset(leg.sha256 for leg in sent),
        with_person=set_aside or waits or record.state in _FOR_A_PERSON,
        resent=_resent(moves),
        doubts=tuple(_doubts(moves)),
    )


def _numbers(answer: Answer) -> tuple[str, str]:
    return answer.authorization_number, answer.administration_reference_number


def _resent(moves: Sequence[LoggedEvent]) -> bool:
    doubted = False
    for move in moves:
        if move.after is State.SUBMITTING and doubted:
            return True
        doubted = doubted or move.after is State.IN_DOUBT
    return False


def _doubts(moves: Sequence[LoggedEvent]) -> Iterator[tuple[float, float | None]]:
    since: float | None = None
    for move in moves:
        at = move.event.at.timestamp()
        if move.after is State.IN_DOUBT:
            since = at if since is None else since
        elif since is not None:
            yield since, at
            since = None
    if since is not None:
        yield since, None


def _records(store: Store) -> Iterator[Authorization]:
    offset = 0
    while page := store.authorizations(Query(limit=_PAGE, offset=offset)):
        yield from page
        offset += len(page)


def _events(store: Store) -> Iterator[LoggedEvent]:
    after = 0
    while page := store.events(after=after, limit=_PAGE):
        yield from page
        after = page[-1].position


def _set_aside(store: Store) -> Iterator[Work]:
    offset = 0
    while page := store.works(WorkQuery(set_aside=True, limit=_PAGE, offset=offset)):
        yield from page
        offset += len(page)
