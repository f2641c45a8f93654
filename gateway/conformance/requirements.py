"""The requirements of a guide version, from `requirements.csv`: who must do what, how it is kept, which test shows it.

Rules are in our own words; ids are the guide's, its invariants' keys, or those of a test kit's catalogue. An id such as
`P201-74..88` stands for rules that our source names only together.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gateway.model.errors import ConfigFault

FILE = "requirements.csv"
COLUMNS = ("id", "actor", "strength", "rule", "how", "test", "waits_for")
_ID = re.compile(r"[A-Za-z0-9]+(?:[ -][A-Za-z0-9]+)*-?[0-9]*(?:\.\.[0-9]+)?")
_TEST = re.compile(r"tests/[a-z0-9_/]+\.py::test_[a-z0-9_]+")


class Actor(StrEnum):
    """Who a rule binds, in the guide's roles."""

    CLIENT = "client"
    SERVER = "server"
    BOTH = "both"
    INTERMEDIARY = "intermediary"
    EHR = "ehr"


class Strength(StrEnum):
    """How much a rule binds (RFC 2119); `unstated` where our source does not say."""

    SHALL = "SHALL"
    SHALL_NOT = "SHALL NOT"
    SHOULD = "SHOULD"
    SHOULD_NOT = "SHOULD NOT"
    MAY = "MAY"
    UNSTATED = "unstated"


class How(StrEnum):
    """What keeps a rule: the profile checker, the gateway's code, the sandbox payer, a person, or nobody here."""

    PROFILE = "profile"
    CODE = "code"
    SANDBOX = "sandbox"
    MANUAL = "manual"
    NOT_OURS = "not ours"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One rule of a guide.

    Attributes:
        rule: what is to be done, or under SHALL NOT and SHOULD NOT what is not, in our own words.
        tests: pytest node ids of the tests that show it.
        waits_for: what it waits for when there is no test yet.
    """

    id: str
    actor: Actor
    strength: Strength
    rule: str
    how: How
    tests: tuple[str, ...]
    waits_for: str

    @property
    def is_open(self) -> bool:
        """Binding, and shown by no test."""
        return self.strength in (Strength.SHALL, Strength.SHALL_NOT) and not self.tests

    def binds(self, actor: Actor) -> bool:
        """Whether the rule is one for that actor."""
        return self.actor in (actor, Actor.BOTH)


def read_requirements(folder: Path) -> tuple[Requirement, ...]:
    """The requirements of a guide version, in the order of its file.

    Raises:
        ConfigFault: the file is not there or not right; every problem is named with its line.
    """
    file = folder / FILE
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            rows = csv.DictReader(stream, strict=True)
            header = tuple(rows.fieldnames or ())
            numbered = [(rows.line_num, row) for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise ConfigFault(f"{file} cannot be read ({type(fault).__name__}).", fix="Restore the file.") from None
    if header != COLUMNS:
        raise ConfigFault(f"{file} has other columns.", fix=f"Its first line is: {','.join(COLUMNS)}")
    problems = [f"{file}:{line}: {text}" for line, text in _problems(numbered)]
    if problems:
        raise ConfigFault("The requirements cannot be used:", fix="Correct these lines.", problems=problems)
    return tuple(_requirement(row) for _, row in numbered)


def _requirement(row: dict[str, str]) -> Requirement:
    return Requirement(
        id=row["id"],
        actor=Actor(row["actor"]),
        strength=Strength(row["strength"]),
        rule=row["rule"],
        how=How(row["how"]),
        tests=tuple(row["test"].split()),
        waits_for=row["waits_for"],
    )


def _problems(rows: list[tuple[int, dict[str, str]]]) -> Iterator[tuple[int, str]]:
    seen: set[str] = set()
    for line, row in rows:
        if None in row or None in row.values():
            yield line, f"a row has {len(COLUMNS)} cells; quote a rule that holds a comma"
            continue
        if not _ID.fullmatch(row["id"]):
            yield line, "id is the guide's own, e.g. spec-13, CRD dev-3 or P201-74..88"
        if row["id"] in seen:
            yield line, "this id is there already"
        seen.add(row["id"])
        for column, allowed in (("actor", Actor), ("strength", Strength), ("how", How)):
            if row[column] not in list(allowed):
                yield line, f"{column} is one of: {', '.join(allowed)}"
        if not row["rule"].endswith(".") or "\n" in row["rule"]:
            yield line, "rule is one line that ends with a full stop"
        if not all(map(_TEST.fullmatch, row["test"].split())):
            yield line, "test holds pytest node ids, tests/….py::test_…, separated by spaces"
        if row["test"] and row["waits_for"]:
            yield line, "a rule that a test shows waits for nothing"
