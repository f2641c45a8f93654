"""The verdict over three ledgers: what the EHR was told, what the gateway recorded, what stands in the payer's book.

Pure. None of the three is believed: an order is well only when all of them say the same of it (limits.md D).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from gateway.chaos.orders import Assignment

ANSWERED = frozenset(("decided", "pended", "person_needed"))
LISTED_WITHIN_SECONDS = 60.0


class Problem(StrEnum):
    """What can be wrong with an order; any of them fails the run."""

    LOST = "lost"
    DOUBLED = "doubled"
    UNRECORDED = "unrecorded"
    WRONG = "wrong"
    UNPROMISED = "unpromised"
    REPEATED = "repeated"
    UNSETTLED = "unsettled"
    RESENT = "resent"
    CHANGED = "changed"
    HIDDEN = "hidden"
    TOLD_OTHERWISE = "told otherwise"
    UNINTENDED = "unintended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What may happen in this run.

    Attributes:
        doubt_allowed: an order may end in doubt before a person: the payer cannot be asked, or echoes no trace.
        resend_allowed: what the payer does not know may go to it again.
        refusing: fault classes that may end in a firm refusal: no authorization, and the record says so.
    """

    doubt_allowed: bool
    resend_allowed: bool
    refusing: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the EHR knows of one order: how often it sent it, what it was promised, what it read in the end."""

    posts: int
    promised: tuple[str, ...]
    refused: bool
    states: Mapping[str, str]
    listed: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One authorization in the gateway's database.

    Attributes:
        member: by which the order is known everywhere.
        numbers: authorization and tracking numbers of its items.
        attempts: how often it was sent; `bodies` are the SHA-256 of what was sent.
        with_person: nothing will be done before a person acts, and it is on the list of such work.
        resent: sent again after a doubt.
        doubts: when it came into doubt, seconds since the epoch, and when it was out of it, if ever.
    """

    id: str
    order: str
    member: str
    state: str
    numbers: tuple[str, ...]
    attempts: int
    bodies: frozenset[str]
    with_person: bool
    resent: bool
    doubts: tuple[tuple[float, float | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """One authorization in the payer's book; `seeded` ones were there before the run."""

    number: str
    member: str
    seeded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The payer's book: authorizations, and by member how many requests it took in.

    What it turned away for its token (401) does not count: that is not a request it looked at. `strays` are connections
    to where it redirected us.
    """

    authorizations: Sequence[Booked]
    requests: Mapping[str, int] = field(default_factory=dict)
    strays: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What became of one order; `problems` is empty when the ledgers agree."""

    order: Assignment
    authorizations: int
    attempts: int
    in_doubt: bool
    with_person: bool
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table."""

    name: str
    orders: int
    authorizations: int
    lost: int
    doubled: int
    unrecorded: int
    other: int
    in_doubt: int
    with_person: int
    attempts: float


def judge(
    orders: Iterable[Assignment],
    told: Mapping[str, Told],
    recorded: Mapping[str, Sequence[Recorded]],
    book: Book,
    rules: Rules,
) -> tuple[Finding, ...]:
    """One finding per order; the mappings are by member, the book holds everything."""
    by_member: dict[str, list[Booked]] = {}
    for entry in book.authorizations:
        if not entry.seeded:
            by_member.setdefault(entry.member, []).append(entry)
    findings = []
    for one in orders:
        records = recorded.get(one.member, ())
        finding = _finding(one, told.get(one.member), records, by_member.get(one.member, []), rules)
        if book.requests.get(one.member, 0) > finding.attempts:  # sent without an intent on record
            finding = replace(finding, problems=(*finding.problems, Problem.UNINTENDED))
        findings.append(finding)
    return tuple(findings)


def table(findings: Sequence[Finding]) -> tuple[Row, ...]:
    """A row for each fault class, and the totals."""
    classes = sorted({one.order.fault for one in findings}, key=lambda name: (len(name), name))
    rows = [_row(name, [one for one in findings if one.order.fault == name]) for name in classes]
    return (*rows, _row("all", findings))


def _row(name: str, findings: Sequence[Finding]) -> Row:
    def count(problem: Problem) -> int:
        return sum(problem in one.problems for one in findings)

    named = (Problem.LOST, Problem.DOUBLED, Problem.UNRECORDED)
    return Row(
        name=name,
        orders=len(findings),
        authorizations=sum(one.authorizations for one in findings),
        lost=count(Problem.LOST),
        doubled=count(Problem.DOUBLED),
        unrecorded=count(Problem.UNRECORDED),
        other=sum(any(problem not in named for problem in one.problems) for one in findings),
        in_doubt=sum(one.in_doubt for one in findings),
        with_person=sum(one.with_person for one in findings),
        attempts=sum(one.attempts for one in findings) / len(findings) if findings else 0.0,
    )


def _finding(
    order: Assignment, told: Told | None, records: Sequence[Recorded], booked: Sequence[Booked], rules: Rules
) -> Finding:
    in_doubt = any(one.state == "in_doubt" for one in records)
    with_person = any(one.with_person for one in records)
    problems = [*_promise(told, records), *_flow(records, rules)]
    if len(booked) > 1:
        problems.append(Problem.DOUBLED)
    if len(records) == 1:
        problems.extend(_agreement(order, records[0], [one.number for one in booked], rules))
        problems.extend(_shown(told, records[0]))
    return Finding(
        order=order,
        authorizations=len(booked),
        attempts=sum(one.attempts for one in records),
        in_doubt=in_doubt,
        with_person=with_person,
        problems=tuple(dict.fromkeys(problems)),
    )


def _promise(told: Told | None, records: Sequence[Recorded]) -> Iterable[Problem]:
    """Was it promised, and does what was promised exist, once?"""
    if told is None or not told.promised:
        yield Problem.UNPROMISED
    elif not set(told.promised) <= {one.id for one in records}:
        yield Problem.LOST
    if len(records) > 1:
        yield Problem.REPEATED


def _flow(records: Sequence[Recorded], rules: Rules) -> Iterable[Problem]:
    """What the gateway may never do on the way."""
    if any(one.resent for one in records) and not rules.resend_allowed:
        yield Problem.RESENT
    if any(len(one.bodies) > 1 for one in records):
        yield Problem.CHANGED


def _agreement(order: Assignment, record: Recorded, numbers: Sequence[str], rules: Rules) -> Iterable[Problem]:
    """Do record and book say the same?"""
    if not set(record.numbers) <= set(numbers):
        yield Problem.WRONG
    if record.state in ANSWERED:
        if not numbers:
            yield Problem.LOST
        elif not set(record.numbers) & set(numbers):
            yield Problem.UNRECORDED
    elif numbers:
        if not (record.with_person and record.state == "in_doubt" and rules.doubt_allowed):
            yield Problem.UNRECORDED
    elif not _ends_well_without(order, record, rules):
        yield Problem.LOST if record.with_person or record.state in ("rejected", "cancelled") else Problem.UNSETTLED


def _ends_well_without(order: Assignment, record: Recorded, rules: Rules) -> bool:
    """Whether an order may end as it did although the payer authorized nothing."""
    if record.state == "in_doubt":
        return record.with_person and rules.doubt_allowed
    return record.state in ("rejected", "held", "ready") and record.with_person and order.fault in rules.refusing


def _shown(told: Told | None, record: Recorded) -> Iterable[Problem]:
    """Was the EHR shown the truth, and each doubt in time?"""
    if told is None:
        return
    if told.states.get(record.id, record.state) != record.state:
        yield Problem.TOLD_OTHERWISE
    listed = told.listed.get(record.id)
    for since, until in record.doubts:
        lasting = until is None or until - since > LISTED_WITHIN_SECONDS
        if lasting and (listed is None or listed - since > LISTED_WITHIN_SECONDS):
            yield Problem.HIDDEN
