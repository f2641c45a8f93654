"""What databases do differently, as one value."""

from collections.abc import Callable
from dataclasses import dataclass
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
        order_events: called before events are written, last in a transaction: from there to its end no other
            transaction may do so. Positions are then given in the order of commits, and whoever has read up to one
            has missed none.
        looks_apart: whether to look for due steps before writing begins, so that whoever finds none disturbs nobody.
    """

    is_duplicate: Callable[[IntegrityError], bool]
    reader: Engine
    writer: Writer
    order_events: Callable[[Connection], None]
    looks_apart: bool
