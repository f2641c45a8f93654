"""What a payer's codes mean to us, from `review_action.csv`, `reject_reason.csv` and `decision_reason.csv`.

X12 systems are spelled in several ways in the field; the number of the code list at the end decides
(quirk 49: 306 review action, 901 reject reason, 886 decision reason).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.mapping.tables import Row, Table, parse_table
from gateway.model.authorization import Code, Result
from gateway.model.errors import ConfigFault

_X12 = re.compile(r"https?://(?:[a-z0-9-]+\.)*x12\.org/(?:[^?#]*/)?([0-9]+)/?", re.IGNORECASE)
_ACTIONS, _REASONS = "review_action.csv", ("reject_reason.csv", "decision_reason.csv")
_NOT_SAID = frozenset({Result.NONE, Result.UNRECOGNIZED})

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ReviewCodes:
    """Code tables by (number of the X12 list, code); what is not in them has no meaning here."""

    actions: Mapping[Key, Result]
    categories: Mapping[Key, str]

    def is_action(self, code: Code) -> bool:
        """Whether the code comes from a list of review actions, known code or not."""
        return any(_key(code)[0] == number for number, _ in self.actions)

    def result(self, action: Code) -> Result:
        """What a review action means; `unrecognized` for an unknown code or another system, never a default."""
        return self.actions.get(_key(action), Result.UNRECOGNIZED)

    def category(self, reason: Code) -> str:
        """Our own group for a reject or decision reason, e.g. `member_not_matched`; empty when it is not known."""
        return self.categories.get(_key(reason), "")


def x12_list(system: str) -> str:
    """The number of the X12 code list that a system names, e.g. `306`; empty for any other system."""
    match = _X12.fullmatch(system)
    return match.group(1) if match else ""


def load_codes(folder: Path) -> ReviewCodes:
    """Read the three tables.

    Raises:
        ConfigFault: a table is missing, cannot be read, or means something we do not know; all problems named.
    """
    actions: dict[Key, Result] = {}
    categories: dict[Key, str] = {}
    problems: list[str] = []
    known = [result.value for result in Result if result not in _NOT_SAID]
    for key, row, table in _rows(folder, _ACTIONS, problems):
        meaning = row.cells["to_code"]
        if meaning in known:
            actions[key] = Result(meaning)
        else:
            problems.append(f"{table.file}:{row.line}: column to_code must be one of: {', '.join(known)}")
    for file in _REASONS:
        for key, row, table in _rows(folder, file, problems):
            if not (category := row.cells["to_code"]):
                problems.append(f"{table.file}:{row.line}: column to_code is blank; name a category")
            categories[key] = category
    if problems:
        raise ConfigFault("The code tables for payers' answers cannot be used:", problems=problems)
    return ReviewCodes(actions, categories)


def _rows(folder: Path, name: str, problems: list[str]) -> Iterator[tuple[Key, Row, Table]]:
    path = folder / name
    try:
        table = parse_table(path.read_text("utf-8-sig"), path.stem, str(path))
    except ConfigFault as fault:
        problems.extend(fault.problems)
        return
    except (OSError, UnicodeDecodeError) as fault:
        problems.append(f"{path}: cannot be read as UTF-8 ({type(fault).__name__})")
        return
    if missing := {"from_system", "to_code"} - set(table.columns):
        problems.append(f"{path}:1: needs the columns {', '.join(sorted(missing))}")
        return
    seen: set[Key] = set()
    for row in table.rows:
        key = _key(Code(row.cells["from_code"], row.cells["from_system"]))
        if not all(key):
            problems.append(
                f"{path}:{row.line}: needs a from_code, and a from_system that ends with the number of an X12 list"
            )
        elif key in seen:
            problems.append(f"{path}:{row.line}: stands in the table twice; keep one")
        else:
            seen.add(key)
            yield key, row, table


def _key(code: Code) -> Key:
    return x12_list(code.system), code.code
