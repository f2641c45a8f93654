"""The payer's own book: what it was sent, what it made of it, what it answered; append-only, a JSON object per line.

The third ledger of a run. It knows an order by its member id, so it does not depend on any identifier of ours.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import Any


class EntryKind(StrEnum):
    """What an entry tells.

    Attributes:
        SEEDED: an older authorization that was there before the order came.
        RECEIVED: a submit arrived, in whole or (class F7) in part.
        AUTHORIZED: the payer made a decision of it: this order has it now.
        ANSWERED: what went back; status 0 when it was no HTTP answer.
        INQUIRED: an inquiry was answered.
        TOKEN: a token was asked for.
        CANARY: somebody connected to the host that redirects lead to.
    """

    SEEDED = "seeded"
    RECEIVED = "received"
    AUTHORIZED = "authorized"
    ANSWERED = "answered"
    INQUIRED = "inquired"
    TOKEN = "token"  # noqa: S105 - an entry about tokens
    CANARY = "canary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line.

    Attributes:
        at: seconds since 1970.
        fault: the fault class whose endpoint it is, e.g. `F8`.
        order: the member id.
        attempt: of this order, counted from 1.
        bundle: Bundle.identifier value of the request; `claim` that of Claim.identifier, `traces` those of its items.
        number: authorization number; for A3 and A4 the payer's tracking number.
        action: A1, A3 or A4 (X12 306).
        hit: whether the fault hit this attempt, in which `variant`, and whether it was `processed`.
        status: HTTP status of what went back.
        found: authorizations that an inquiry showed.
        bytes: read from who came to the canary.
    """

    kind: EntryKind
    at: float = 0.0
    fault: str = ""
    order: str = ""
    attempt: int = 0
    bundle: str = ""
    claim: str = ""
    traces: tuple[str, ...] = ()
    number: str = ""
    action: str = ""
    hit: bool = False
    variant: str = ""
    processed: bool = False
    status: int = 0
    found: int = 0
    bytes: int = 0


_DEFAULTS = {field.name: field.default for field in fields(Entry)}


class BookWriter:
    """Appends entries; each is with the system when `write` returns. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._lock = Lock()

    def write(self, entry: Entry) -> None:
        said = {name: value for name, value in asdict(entry).items() if value != _DEFAULTS[name]}
        line = json.dumps(said, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            self._file.write(line)

    def close(self) -> None:
        with self._lock:
            self._file.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEntries:
    """What the book says of one order.

    Attributes:
        authorizations: what the payer made of our requests; more than one is a double.
        seeded: the look-alikes that were there before.
    """

    order: str
    fault: str
    attempts: tuple[Entry, ...]
    authorizations: tuple[Entry, ...]
    answers: tuple[Entry, ...]
    inquiries: tuple[Entry, ...]
    seeded: tuple[Entry, ...]

    @property
    def rejected(self) -> bool:
        """Whether it was told 4xx with an OperationOutcome: that this request will never be taken."""
        return any(entry.status in (400, 422) for entry in self.answers)


@dataclass(frozen=True, slots=True)
class Book:
    """The book, read. `orders` by member id; `tokens` are token requests by fault class."""

    entries: tuple[Entry, ...]
    orders: Mapping[str, OrderEntries]
    tokens: Mapping[str, int]

    @property
    def canary_connections(self) -> int:
        return sum(entry.kind is EntryKind.CANARY for entry in self.entries)

    @property
    def canary_bytes(self) -> int:
        return sum(entry.bytes for entry in self.entries)


class BookUnreadable(ValueError):
    """A line of the book is no entry; the message says which."""


def read_book(path: Path) -> Book:
    """The book as it is now; a last line that is not finished is left out.

    Raises:
        BookUnreadable: a finished line is not an entry.
    """
    entries = tuple(_entries(path))
    by_order: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.order:
            by_order.setdefault(entry.order, []).append(entry)
    orders = {order: _order(order, rows) for order, rows in by_order.items()}
    tokens = Counter(entry.fault for entry in entries if entry.kind is EntryKind.TOKEN)
    return Book(entries, MappingProxyType(orders), MappingProxyType(tokens))


def _entries(path: Path) -> Iterator[Entry]:
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines[:-1], start=1):
        try:
            said: dict[str, Any] = json.loads(line)
            traces = tuple(said.pop("traces", ()))
            yield Entry(kind=EntryKind(said.pop("kind")), traces=traces, **said)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise BookUnreadable(f"{path}: line {number} is no entry of the book") from None


def _order(order: str, rows: list[Entry]) -> OrderEntries:
    def of(kind: EntryKind) -> tuple[Entry, ...]:
        return tuple(row for row in rows if row.kind is kind)

    return OrderEntries(
        order=order,
        fault=rows[0].fault,
        attempts=of(EntryKind.RECEIVED),
        authorizations=of(EntryKind.AUTHORIZED),
        answers=of(EntryKind.ANSWERED),
        inquiries=of(EntryKind.INQUIRED),
        seeded=of(EntryKind.SEEDED),
    )
