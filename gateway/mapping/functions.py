"""What mappings add to FHIRPath: translate, lookup, choose and positionOf, with every table row they use recorded."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from gateway.fhir import path
from gateway.mapping.tables import Row, Table
from gateway.model.order import Choice


@dataclass(slots=True)
class Record:
    """The tables an evaluation may use and the rows it used, in order."""

    tables: Mapping[str, Table]
    choices: dict[tuple[str, int], Choice] = field(default_factory=dict)
    rules: list[str] = field(default_factory=list)

    def note(self, table: Table, row: Row) -> None:
        """Remember that `row` decided something."""
        self.rules.append(row.id)
        if (table.name, row.line) not in self.choices:
            self.choices[table.name, row.line] = _choice(table, row)


_RECORD: ContextVar[Record] = ContextVar("record")


@contextmanager
def recording(tables: Mapping[str, Table]) -> Iterator[Record]:
    """While inside, expressions of this thread use `tables` and note their rows in the record given."""
    record = Record(tables)
    token = _RECORD.set(record)
    try:
        yield record
    finally:
        _RECORD.reset(token)


def _choice(table: Table, row: Row) -> Choice:
    what = table.name.replace("_", " ")
    if table.is_rules:
        value = row.cells["value"]
        return Choice(what, value, f"{what} {value} chosen by rule {row.id} ({table.name}.csv)", row.id)
    value = row.cells.get("to_code", "")
    why = f"{what}: code {row.cells['from_code']} translated by line {row.line} of {table.name}.csv"
    return Choice(what, value, why, row.id)


def _translate(inputs: list[Any], table: list[str]) -> list[str]:
    return _lookup(inputs, table, ["to_code"])


def _lookup(inputs: list[Any], table: list[str], column: list[str]) -> list[str]:
    record = _RECORD.get()
    chosen = record.tables[table[0]]
    found = []
    for value in inputs:
        row = chosen.translate(value)
        if row and (cell := row.cells[column[0]]):
            record.note(chosen, row)
            found.append(cell)
    return found


def _choose(inputs: list[Any], table: list[str], column: list[str] | None = None) -> list[str]:
    record = _RECORD.get()
    chosen = record.tables[table[0]]
    found = []
    for facts in inputs:
        row = chosen.choose(facts)
        if row and (cell := row.cells[column[0] if column else "value"]):
            record.note(chosen, row)
            found.append(cell)
    return found


def _position_of(inputs: list[Any], wanted: list[Any]) -> list[int]:
    return [inputs.index(value) + 1 for value in wanted if value in inputs]


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "translate": _translate,
    "lookup": _lookup,
    "choose": _choose,
    "positionOf": _position_of,
}
# how many literal texts each takes: table, then column
TABLE_ARGUMENTS: Mapping[str, tuple[int, ...]] = {"translate": (1,), "lookup": (2,), "choose": (1, 2)}


@lru_cache(maxsize=4096)
def compiled(text: str) -> path.Expression:
    """The expression, parsed once in a process however many mappings use it.

    Raises:
        PathFault: the syntax is wrong.
    """
    if not text:
        raise path.PathFault("no expression between the braces")
    return path.compile(text, FUNCTIONS)
