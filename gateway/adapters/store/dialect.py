"""What databases do differently, as one value."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

Result = TypeVar("Result")


class Writer(Protocol):
    def run(self, work: Callable[[Connection], Result]) -> Result:
        """Do `work` in a transaction, alone or with others; what it returns, once it is on disk.

        `work` may be called again after a transaction that left nothing behind, so it does nothing but write.
        """


@dataclass(frozen=True, slots=True)
class Dialect:
    """
    Attributes:
        is_duplicate: whether an IntegrityError means that the key is taken; else a reference leads nowhere.
        reader: for statements that only read, each by itself; nothing is begun or committed around them.
        writer: who writes.
        begin_events: called before events are written, in the transaction that writes them.
        settled: up to which position all events there will ever be are there: none is missing that is still being
            written. To be asked before the events are read; nothing, where there is one writer at a time.
        now: the database's clock; nothing, where it has none but this machine's.
        looks_apart: whether to look for due steps before writing begins, so that whoever finds none disturbs nobody.
    """

    is_duplicate: Callable[[IntegrityError], bool]
    reader: Engine
    writer: Writer
    begin_events: Callable[[Connection], None]
    settled: Callable[[Connection], int | None]
    now: Callable[[Connection], datetime | None]
    looks_apart: bool
