"""What the EHR client was told, one JSON line each, appended and flushed before it goes on: the first ledger."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Literal

from gateway.fhir import json

Kind = Literal["posted", "lost", "unavailable", "accepted", "refused", "listed", "final"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that happened to the client.

    Attributes:
        kind: `posted` an order was sent; `lost` no answer came; `unavailable` it was asked to come again; `accepted`
            it was promised; `refused` it was not; `listed` a person was shown a doubt; `final` the end.
        number: of the order; 0 where the line is about an authorization only.
        status: HTTP status of `accepted`, `refused` and `unavailable`.
        order: the gateway's id of the order; `authorizations` are the gateway's ids in it.
        state, numbers: of an authorization, in `final`.
    """

    kind: Kind
    at: float = field(default_factory=time.time)
    number: int = 0
    status: int = 0
    order: str = ""
    authorizations: tuple[str, ...] = ()
    state: str = ""
    numbers: tuple[str, ...] = ()


class ClientLedger:
    """Appends lines to a file; thread-safe."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._lock = Lock()

    def write(self, kind: Kind, **parts: Any) -> None:
        line = Line(kind=kind, **parts)
        row = {name: getattr(line, name) for name in Line.__slots__ if getattr(line, name) not in ("", 0, ())}
        with self._lock:
            self._file.write(json.dumps(row) + b"\n")

    def close(self) -> None:
        self._file.close()


def read_lines(path: Path) -> Iterator[Line]:
    """The lines of a client's ledger, in the order in which they were written."""
    for raw in path.read_bytes().splitlines():
        row = json.loads(raw)
        for name in ("authorizations", "numbers"):
            row[name] = tuple(row.get(name, ()))
        yield Line(**{**row, "at": float(row["at"])})
