"""Code tables (one code to another) and rule tables (facts of an order to a value), read from CSV: all text.

A table whose header begins `rule` is a rule table; every other table needs a column `from_code`.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from gateway.mapping.findings import Finding, MappingFault
from gateway.mapping.rule_index import RuleIndex

_RESULTS = frozenset({"rule", "value", "note"})


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table; `id` is its rule id, or file name and line in a table without rule ids."""

    line: int
    id: str
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """A CSV file; its name is the file name without `.csv`, `written` its lines."""

    name: str
    file: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    written: tuple[str, ...] = field(default=(), repr=False)

    @property
    def is_rules(self) -> bool:
        return self.columns[0] == "rule"

    @cached_property
    def facts(self) -> tuple[str, ...]:
        """The facts a rule table looks at: its columns but `rule`, `value`, `value_*` and `note`, ranges as one."""
        names = [name for name in self.columns if name not in _RESULTS and not name.startswith("value_")]
        return tuple(dict.fromkeys(_stem(name) if self.is_range(name) else name for name in names))

    def is_range(self, column: str) -> bool:
        """Whether `column` is one end of a pair `x_from`, `x_to`."""
        stem = _stem(column)
        return stem != column and {f"{stem}_from", f"{stem}_to"} <= set(self.columns)

    def translate(self, value: Any) -> Row | None:
        """The row for a code, a Coding or a CodeableConcept (its first coding that has one); None when none fits.

        A code that comes without its system fits only when the table knows it once.
        """
        for system, code in _codings(value):
            rows = self._by_code.get(code, ())
            if system and "from_system" in self.columns:
                rows = tuple(row for row in rows if row.cells["from_system"] in (system, ""))
            if len(rows) == 1:
                return rows[0]
        return None

    def choose(self, facts: Mapping[str, Any]) -> Row | None:
        """The first rule that fits the facts; a blank cell fits anything. None when no rule fits."""
        given: dict[str, tuple[str, ...]] = {}
        for number in self._index.candidates(_texts(facts.get(self._index.fact))):
            row, tests = self._tests[number]
            for fact, low, high in tests:
                texts = given.get(fact)
                if texts is None:
                    texts = given[fact] = _texts(facts.get(fact))
                if low not in texts if low == high else not _is_between(texts, low, high):
                    break
            else:
                return row
        return None

    @cached_property
    def _index(self) -> RuleIndex:
        return RuleIndex([tests for _, tests in self._tests])

    @cached_property
    def _tests(self) -> tuple[tuple[Row, tuple[tuple[str, str, str], ...]], ...]:
        """For each rule what its filled cells ask of a fact: the lowest and the highest text."""
        return tuple((row, tuple(self._asks(row.cells))) for row in self.rows)

    def _asks(self, cells: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
        for fact in self.facts:
            if low := cells.get(f"{fact}_from", ""):
                yield fact, low, cells[f"{fact}_to"] or low
            if wanted := cells.get(fact, ""):
                yield fact, wanted, wanted

    @cached_property
    def _by_code(self) -> dict[str, tuple[Row, ...]]:
        index: dict[str, tuple[Row, ...]] = {}
        for row in self.rows:
            index[row.cells["from_code"]] = (*index.get(row.cells["from_code"], ()), row)
        return index


def _stem(column: str) -> str:
    return column.removesuffix("_from").removesuffix("_to")


def _is_between(texts: tuple[str, ...], low: str, high: str) -> bool:
    """Codes are compared as text of one length: `J0120` is not between `97000` and `99999X`."""
    return any(len(text) == len(low) == len(high) and low <= text <= high for text in texts)


def _texts(value: Any) -> tuple[str, ...]:
    if type(value) is str:
        return (value,)
    values = value if isinstance(value, list) else [value]
    return tuple(_text(item) for item in values if item is not None)


def _text(value: Any) -> str:
    return ("false", "true")[value] if isinstance(value, bool) else str(value)


def _codings(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield "", value
    elif isinstance(value, dict) and isinstance(value.get("coding"), list):
        for coding in value["coding"]:
            yield from _codings(coding)
    elif isinstance(value, dict) and isinstance(value.get("code"), str):
        system = value.get("system")
        yield system if isinstance(system, str) else "", value["code"]


def read_tables(folder: Path) -> tuple[dict[str, Table | None], list[Finding]]:
    """Every `*.csv` in `folder` by name, None for one that cannot be read, and everything wrong with them."""
    tables: dict[str, Table | None] = {}
    findings: list[Finding] = []
    for path in sorted(folder.glob("*.csv")):
        tables[path.stem] = None
        try:
            tables[path.stem] = parse_table(path.read_text("utf-8-sig"), path.stem, str(path))
        except MappingFault as fault:
            findings.extend(fault.findings)
        except (OSError, UnicodeDecodeError) as fault:
            findings.append(Finding(str(path), 1, "", f"cannot be read as UTF-8 ({type(fault).__name__})"))
    return tables, findings


def parse_table(text: str, name: str, file: str) -> Table:
    """Read the text of a CSV file.

    Raises:
        MappingFault: no header, a repeated or blank column, a row of the wrong length, a needed column missing.
    """
    findings: list[Finding] = []
    written = tuple(text.splitlines())
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: tuple[str, ...] = ()
    rows: list[Row] = []
    start = 1
    try:
        for cells in reader:
            line, start = start, reader.line_num + 1
            if not any(cells):
                continue
            if not header:
                header = tuple(cells)
                if other := _other_delimiter(header, file, line, written[line - 1]):
                    raise MappingFault([other])
                findings.extend(_header(header, file, line, written[line - 1]))
            elif len(cells) != len(header):
                message = f"{len(cells)} cells, but the header has {len(header)}; add or remove commas"
                row_text = written[line - 1]
                findings.append(Finding(file, line, cells[0], message, False, 1, row_text, len(row_text)))
            else:
                row = dict(zip(header, cells, strict=True))
                rows.append(Row(line, row.get("rule") or f"{name}.csv:{line}", row))
    except csv.Error as fault:
        findings.append(Finding(file, reader.line_num, "", f"not CSV: {fault}; correct the quotes here"))
    if not header:
        findings.append(Finding(file, 1, "", "the table is empty; its first line must name the columns"))
    if findings:
        raise MappingFault(findings)
    return Table(name, file, header, tuple(rows), written)


def _other_delimiter(header: tuple[str, ...], file: str, line: int, text: str) -> Finding | None:
    """A header in which something else than commas stands between the columns, as some spreadsheets save it."""
    for mark, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")):
        if mark in header[0]:
            message = f"the columns are separated by {name}; separate them by commas, in every line"
            return Finding(file, line, "", message, False, text.find(mark) + 1, text)
    return None


def _header(header: tuple[str, ...], file: str, line: int, text: str) -> Iterator[Finding]:
    for column in sorted({column for column in header if header.count(column) > 1}):
        message = "the column is named twice; rename or remove one"
        yield Finding(file, line, column, message, False, text.rfind(column) + 1, text, len(column))
    for column in header:
        if not column.isidentifier():
            message = "a column name is letters, digits and _, without spaces"
            yield Finding(file, line, column, message, False, text.find(column) + 1, text, len(column))
    needed = "value" if header[0] == "rule" else "from_code"
    if needed not in header:
        kind = "a rule table (first column `rule`)" if needed == "value" else "a code table"
        message = f"{kind} needs a column {needed!r}"
        close = get_close_matches(needed, header, n=1, cutoff=0.6)
        message += f"; {close[0]!r} looks like it" if close else ""
        yield Finding(
            file,
            line,
            needed,
            message,
            False,
            text.find(close[0]) + 1 if close else 1,
            text,
            len(close[0]) if close else len(text),
        )
