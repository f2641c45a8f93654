"""Bindings: whether a code comes from the value set its element is bound to.

Only required and extensible bindings are looked at. A set whose list is licensed or too large to hold is
checked by system; the code itself is then reported as not evaluated, never as right.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gateway.conformance.items import Item
from gateway.conformance.report import Findings
from gateway.fhir.outcome import Severity


class Verdict(StrEnum):
    """How a coding stands to a value set."""

    MEMBER = "member"
    OUTSIDE = "the code is not in the value set"
    OTHER_SYSTEM = "the value set takes no codes from this system"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class ValueSet:
    """The codes of a value set, as far as known.

    Attributes:
        url: its canonical.
        codes: system to all its codes taken; the system is empty for sets bound to `code` elements only.
        open: systems of which some codes, we do not know which, are taken.
        unknown: part of the set is not known at all.
    """

    url: str
    codes: Mapping[str, frozenset[str]]
    open: frozenset[str] = frozenset()
    unknown: bool = False

    @classmethod
    def read(cls, url: str, compact: Mapping[str, Any]) -> "ValueSet":
        """From its compiled or hand-written form."""
        rows = compact.get("codes", {})
        by_system = rows if isinstance(rows, dict) else {"": rows}
        return cls(
            url,
            {system: frozenset(codes) for system, codes in by_system.items()},
            frozenset(compact.get("open", ())),
            bool(compact.get("unknown", False)),
        )

    def judge(self, system: Any, code: Any) -> Verdict:
        """A Coding, or with `system` None a bare code."""
        if not isinstance(code, str) or not isinstance(system, str | None):
            return Verdict.OUTSIDE
        if system is None or "" in self.codes:
            known = any(code in codes for codes in self.codes.values())
            return Verdict.MEMBER if known else self._unless(Verdict.OUTSIDE, self.open)
        if code in self.codes.get(system, ()):
            return Verdict.MEMBER
        if system in self.codes:
            return self._unless(Verdict.OUTSIDE, self.open & {system})
        return self._unless(Verdict.OTHER_SYSTEM, self.open & {system})

    def _unless(self, verdict: Verdict, doubt: frozenset[str]) -> Verdict:
        return Verdict.UNKNOWN if doubt or self.unknown else verdict

    @property
    def systems(self) -> tuple[str, ...]:
        return tuple(sorted({*self.codes, *self.open} - {""}))


class Terminology:
    """The value sets of a guide version."""

    def __init__(self, value_sets: Mapping[str, ValueSet]) -> None:
        self._sets = value_sets

    def find(self, url: str) -> ValueSet | None:
        """A value set, None when nothing is known about it."""
        return self._sets.get(url)

    def is_member(self, item: Item, url: str) -> bool:
        """Whether a value may belong to the set: used to tell slices apart, so doubt counts as yes."""
        value_set = self._sets.get(url)
        return value_set is None or any(
            value_set.judge(*pair) in (Verdict.MEMBER, Verdict.UNKNOWN) for pair in _codings(item)
        )

    def check(self, item: Item, strength: str, url: str, findings: Findings) -> None:
        """Report a value outside its binding; nothing is said about a value of the wrong shape."""
        pairs = _codings(item)
        if not pairs and not (strength == "required" and _is_uncoded(item)):
            return
        value_set = self._sets.get(url)
        if value_set is None:
            findings.skip("binding", item.path, f"The codes of value set {url} are not in the packages at hand.")
            return
        verdicts = [value_set.judge(*pair) for pair in pairs]
        if Verdict.MEMBER in verdicts:
            return
        if Verdict.UNKNOWN in verdicts:
            findings.skip(
                "binding",
                item.path,
                f"Whether the code belongs to value set {url} is not known here, only that its system is right.",
            )
            return
        severity = Severity.ERROR if strength == "required" else Severity.WARNING
        reason = verdicts[0].value if verdicts else "there is no coding"
        findings.add(
            severity,
            "binding",
            item.path,
            f"Not a code of the {strength} value set {url}: {reason}.",
            _fix(value_set),
            code="code-invalid",
        )


def _fix(value_set: ValueSet) -> str:
    if value_set.systems:
        return f"Send a code of that value set, from {' or '.join(value_set.systems)}."
    return f"Send one of {', '.join(sorted(value_set.codes.get('', ())))}."


def _codings(item: Item) -> list[tuple[Any, Any]]:
    """(system, code) pairs of a value; the system is None where the type has none."""
    value = item.value
    if isinstance(value, str):
        return [(None, value)]
    if not isinstance(value, dict):
        return []
    if item.type == "CodeableConcept":
        rows = value.get("coding")
        return [_pair(row) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [_pair(value)] if "code" in value else []


def _pair(row: dict[str, Any]) -> tuple[Any, Any]:
    return row.get("system", ""), row.get("code")


def _is_uncoded(item: Item) -> bool:
    """A concept in words only; one that is absent for a stated reason (an extension) is another matter."""
    return item.type == "CodeableConcept" and isinstance(item.value, dict) and item.value.keys() == {"text"}
