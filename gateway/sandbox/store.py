"""The sandbox's own SQLite file: what came in, what was answered, tokens, used assertions, the payer's book."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field
from pathlib import Path

from gateway.fhir.json import digest, dumps, loads

_TABLES = """
CREATE TABLE IF NOT EXISTS received (
  number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, what TEXT NOT NULL, client TEXT NOT NULL,
  status INTEGER NOT NULL, failures TEXT NOT NULL, scenarios TEXT NOT NULL,
  sha256 TEXT NOT NULL, body BLOB NOT NULL, answer BLOB NOT NULL, version TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS book (
  number INTEGER PRIMARY KEY AUTOINCREMENT, received INTEGER NOT NULL, at TEXT NOT NULL,
  bundle_identifier TEXT NOT NULL, trace_number TEXT NOT NULL, sequence INTEGER NOT NULL, code TEXT NOT NULL,
  action TEXT NOT NULL, authorization_number TEXT NOT NULL, administration_reference_number TEXT NOT NULL,
  scenario TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS book_is_append_only BEFORE UPDATE ON book
  BEGIN SELECT RAISE(ABORT, 'the book is append-only'); END;
CREATE TRIGGER IF NOT EXISTS book_keeps_its_rows BEFORE DELETE ON book
  BEGIN SELECT RAISE(ABORT, 'the book is append-only'); END;
CREATE TABLE IF NOT EXISTS used_assertion (
  client TEXT NOT NULL, jti TEXT NOT NULL, expires REAL NOT NULL, PRIMARY KEY (client, jti)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS token (
  sha256 TEXT PRIMARY KEY, client TEXT NOT NULL, scopes TEXT NOT NULL, expires REAL NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a request was refused: the rule, the place in it, and what to do."""

    rule: str
    path: str
    text: str
    fix: str


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came in and what became of it.

    Attributes:
        at: when, ISO 8601 in UTC.
        what: `submit`, `inquire`, `validate` or `token`.
        client: client_id; empty when nobody was recognized.
        status: HTTP status of the answer.
        scenarios: ids of the scenarios that made the answer.
        version: of PAS, by the address it came to; empty for token requests.
        body: the bytes; left empty for token requests (they hold credentials) and unauthorized ones.
        answer: the bytes of the answer, also of one that was decided and lost on its way.
    """

    at: str
    what: str
    client: str
    status: int
    failures: tuple[Failure, ...] = ()
    scenarios: tuple[str, ...] = ()
    version: str = ""
    sha256: str = ""
    body: bytes = field(default=b"", repr=False)
    answer: bytes = field(default=b"", repr=False)
    number: int = 0


@dataclass(frozen=True, slots=True)
class BookRow:
    """What the payer decided on one item; identifiers are written as system|value."""

    at: str
    bundle_identifier: str
    trace_number: str
    sequence: int
    code: str
    action: str
    authorization_number: str
    administration_reference_number: str
    scenario: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A request that was decided, with the answer: what an inquiry can find. `client` is who sent it."""

    client: str
    body: bytes = field(repr=False)
    answer: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token stands for; `expires` in seconds since 1970."""

    client: str
    scopes: tuple[str, ...]
    expires: float


class Store:
    """One file, one connection, one lock: enough for a payer on a laptop, and safe between threads."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_TABLES)
        if "version" not in {row[1] for row in self._connection.execute("PRAGMA table_info(received)")}:
            self._connection.execute("ALTER TABLE received ADD COLUMN version TEXT NOT NULL DEFAULT ''")

    def close(self) -> None:
        """Close the file; the store cannot be used after."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def use_assertion(self, client: str, jti: str, expires: float) -> bool:
        """Use up an assertion; False when it was used before. The database decides between racing replays."""
        try:
            with self._transaction() as connection:
                connection.execute("INSERT INTO used_assertion VALUES (?, ?, ?)", (client, jti, expires))
        except sqlite3.IntegrityError:
            return False
        return True

    def keep_token(self, token: str, grant: Grant) -> None:
        """Remember a token by its hash."""
        row = (digest(token.encode()), grant.client, " ".join(grant.scopes), grant.expires)
        with self._transaction() as connection:
            connection.execute("INSERT INTO token VALUES (?, ?, ?, ?)", row)

    def grant(self, token: str) -> Grant | None:
        """What this token stands for, expired or not; None when it is not ours."""
        with self._lock:
            row = self._connection.execute(
                "SELECT client, scopes, expires FROM token WHERE sha256 = ?", (digest(token.encode()),)
            ).fetchone()
        return Grant(row[0], tuple(row[1].split()), row[2]) if row else None

    def receive(self, received: Received, book: Sequence[BookRow] = ()) -> int:
        """Record a request and what the payer decided, in one transaction; gives its number."""
        failures = dumps([[fault.rule, fault.path, fault.text, fault.fix] for fault in received.failures])
        row = (
            received.at,
            received.what,
            received.client,
            received.status,
            failures.decode(),
            " ".join(received.scenarios),
            digest(received.body),
            received.body,
            received.answer,
            received.version,
        )
        with self._transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO received (at, what, client, status, failures, scenarios, sha256, body, answer,"
                " version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            number = int(cursor.lastrowid or 0)
            connection.executemany(
                "INSERT INTO book (received, at, bundle_identifier, trace_number, sequence, code, action,"
                " authorization_number, administration_reference_number, scenario)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(number, *astuple(line)) for line in book],
            )
        return number

    def came_before(self, body: bytes) -> bool:
        """Whether these bytes were submitted before."""
        with self._lock:
            row = self._connection.execute(
                "SELECT 1 FROM received WHERE what = 'submit' AND sha256 = ?", (digest(body),)
            ).fetchone()
        return row is not None

    def decided(self, version: str) -> tuple[Kept, ...]:
        """Every request of a version that was decided, in order of arrival, repeats included."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT client, body, answer FROM received WHERE version = ? AND number IN (SELECT received FROM book)"
                " ORDER BY number",
                (version,),
            ).fetchall()
        return tuple(Kept(*row) for row in rows)

    def received(self, *, failed: bool = False) -> tuple[Received, ...]:
        """Every request in order of arrival, or only the refused ones; bodies stay in the file."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT at, what, client, status, failures, scenarios, sha256, number, version FROM received"
                " WHERE status >= ? ORDER BY number",
                (400 if failed else 0,),
            ).fetchall()
        return tuple(
            Received(
                at=row[0],
                what=row[1],
                client=row[2],
                status=row[3],
                failures=tuple(Failure(*fault) for fault in loads(row[4].encode())),
                scenarios=tuple(row[5].split()),
                sha256=row[6],
                number=row[7],
                version=row[8],
            )
            for row in rows
        )

    def book(self) -> tuple[BookRow, ...]:
        """Every decision ever made, in order, repeats included: this payer does not recognize a repeat."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT at, bundle_identifier, trace_number, sequence, code, action, authorization_number,"
                " administration_reference_number, scenario FROM book ORDER BY number"
            ).fetchall()
        return tuple(BookRow(*row) for row in rows)

    def reset(self) -> None:
        """Forget requests and decisions; tokens stay valid and used assertions stay used."""
        with self._lock:
            self._connection.executescript("DROP TABLE book; DROP TABLE received;" + _TABLES)
