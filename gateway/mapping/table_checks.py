"""What can be wrong with the rows of a table: faults that forbid its use, and rules that can never be reached."""

from collections.abc import Iterator
from dataclasses import replace

from gateway.mapping.findings import Finding
from gateway.mapping.tables import Row, Table


def faults(table: Table) -> Iterator[Finding]:
    """Whatever makes a row ambiguous or senseless."""
    for row in table.rows:
        for column, cell in row.cells.items():
            if cell != cell.strip():
                yield _finding(table, row, f"column {column!r} has spaces around its text; remove them", column)
    if table.is_rules:
        yield from _rule_ids(table)
        for row in table.rows:
            yield from _rule(table, row)
    else:
        yield from _codes(table)


def unreachable(table: Table) -> Iterator[Finding]:
    """Rules that never decide, because an earlier one fits everything they fit."""
    for at, row in enumerate(table.rows):
        for earlier in table.rows[:at]:
            if all(_covers(table, fact, earlier, row) for fact in table.facts):
                message = f"is never reached: rule {earlier.id} above fits everything it fits; move it up or remove it"
                yield replace(_finding(table, row, message), advice=True)
                break


def _rule_ids(table: Table) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for row in table.rows:
        identity = row.cells["rule"]
        if not identity:
            yield _finding(table, row, "the rule has no id in column 'rule'; give it one nobody else has", "rule")
        elif identity in seen:
            yield _finding(
                table, row, f"the id is used in line {seen[identity]} already; give each rule its own", "rule"
            )
        seen.setdefault(identity, row.line)


def _rule(table: Table, row: Row) -> Iterator[Finding]:
    if not row.cells["value"]:
        yield _finding(table, row, "the rule chooses nothing: fill column 'value'", "value")
    for fact in table.facts:
        if f"{fact}_from" not in table.columns:
            continue
        low, high = _range(fact, row)
        if high and not low:
            yield _finding(
                table, row, f"{fact}_to without {fact}_from; fill both, or only {fact}_from for one code", f"{fact}_to"
            )
        elif len(low) != len(high):
            yield _finding(
                table, row, f"{fact}_from and {fact}_to have different lengths and can never both fit", f"{fact}_to"
            )
        elif low > high:
            yield _finding(table, row, f"{fact}_from is after {fact}_to; exchange them", f"{fact}_from")


def _codes(table: Table) -> Iterator[Finding]:
    seen: dict[tuple[str, str], int] = {}
    for row in table.rows:
        key = (row.cells.get("from_system", ""), row.cells["from_code"])
        if not key[1]:
            yield _finding(table, row, "from_code is blank; fill it or remove the line", "from_code")
        elif key in seen:
            yield _finding(table, row, f"code {key[1]} stands in line {seen[key]} already; keep one", "from_code")
        elif ("", key[1]) in seen:
            yield _finding(
                table, row, f"code {key[1]} for any system stands in line {seen['', key[1]]}; keep one", "from_code"
            )
        seen.setdefault(key, row.line)


def _covers(table: Table, fact: str, earlier: Row, later: Row) -> bool:
    if f"{fact}_from" in table.columns:
        low, high = _range(fact, earlier)
        inner_low, inner_high = _range(fact, later)
        if low and not (len(low) == len(inner_low) and low <= inner_low and inner_high <= high):
            return False
    wanted = earlier.cells.get(fact, "")
    return wanted in ("", later.cells.get(fact, ""))


def _range(fact: str, row: Row) -> tuple[str, str]:
    low, high = row.cells[f"{fact}_from"], row.cells[f"{fact}_to"]
    return low, high or low


def _finding(table: Table, row: Row, message: str, column: str = "") -> Finding:
    """Something wrong with a row; the caret goes under the cell of `column`."""
    text = table.written[row.line - 1] if row.line <= len(table.written) else ""
    before = [cell for name, cell in row.cells.items()][: table.columns.index(column)] if column else []
    start = sum(len(cell) + 1 for cell in before)
    if not column or '"' in text:
        return Finding(table.file, row.line, row.id, message, False, 1, text, len(text))
    return Finding(table.file, row.line, row.id, message, False, start + 1, text, len(row.cells[column]))
