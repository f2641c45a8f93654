"""Bindings: whether a code comes from the value set its element is bound to.

A set whose list is licensed or too large to hold is checked by system; the code itself is then reported as not
evaluated, never as right. A preferred binding only advises (R4 terminologies 4.1.5.2): a code known to be outside is
information, and what is not known is not worth a word.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from gateway.conformance.definitions import Element
from gateway.conformance.items import Item
from gateway.conformance.report import Findings
from gateway.fhir.outcome import Severity

Binding = Callable[[Item, Findings], None]
# Of a code outside the set. `maximum`: the set limits the codes that may stand in for those of a weaker binding.
_SEVERITY = {"required": Severity.ERROR, "maximum": Severity.ERROR, "extensible": Severity.WARNING}
_WORDS = {"id", "text", "_text"}  # of a CodeableConcept without codes


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
        words: all its known codes, whatever their system.
    """

    url: str
    codes: Mapping[str, frozenset[str]]
    open: frozenset[str] = frozenset()
    unknown: bool = False
    words: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", frozenset().union(*self.codes.values()))

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
            if code in self.words:
                return Verdict.MEMBER
            return Verdict.UNKNOWN if self.open or self.unknown else Verdict.OUTSIDE
        known = self.codes.get(system)
        if known is not None and code in known:
            return Verdict.MEMBER
        if system in self.open or self.unknown:
            return Verdict.UNKNOWN
        return Verdict.OTHER_SYSTEM if known is None else Verdict.OUTSIDE

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

    def words(self, url: str) -> frozenset[str]:
        """The known codes of a set, whatever their system; none when nothing is known about it."""
        found = self._sets.get(url)
        return found.words if found else frozenset()

    def is_member(self, item: Item, url: str) -> bool:
        """Whether a value may belong to the set: used to tell slices apart, so doubt counts as yes."""
        value_set = self._sets.get(url)
        return value_set is None or any(
            value_set.judge(*pair) in (Verdict.MEMBER, Verdict.UNKNOWN) for pair in _codings(item)
        )

    def bindings(self, element: Element) -> list[Binding]:
        """The checks of the values of an element: its binding, its ceiling, and its additional bindings."""
        found = [self.binding(element.strength, element.value_set)] if element.strength else []
        if element.ceiling:
            found.append(self._ceiling(element))
        return [*found, *(self._additional(purpose, url) for purpose, url in element.also)]

    def _ceiling(self, element: Element) -> Binding:
        """As required (elementdefinition-maxValueSet); what the element's own set holds, its ceiling holds too."""
        within, bound = self._sets.get(element.value_set), self.binding("maximum", element.ceiling)

        def check(item: Item, findings: Findings) -> None:
            if within is None or not any(within.judge(*pair) is Verdict.MEMBER for pair in _codings(item)):
                bound(item, findings)

        return check

    def _additional(self, purpose: str, url: str) -> Binding:
        """By its purpose; one that holds for some records only is not evaluated (R5, additional-binding-purpose)."""
        if purpose in _SEVERITY:
            return self.binding(purpose, url)
        value_set = self._sets.get(url)
        reason = f"Whether value set {url} is meant for this record ({purpose} binding) cannot be told here."

        def check(item: Item, findings: Findings) -> None:
            pairs = _codings(item)
            verdicts = [value_set.judge(*pair) for pair in pairs] if value_set else []
            if Verdict.MEMBER not in verdicts and (pairs or _is_words(item)):
                findings.skip("binding", item, reason)

        return check

    def binding(self, strength: str, url: str) -> Binding:
        """The check of values bound to a set; it says nothing about a value of the wrong shape."""
        value_set = self._sets.get(url)
        if value_set is None:
            return _unknown_set(strength, url)
        unknown = f"Whether the code belongs to value set {url} is not known here."
        by_system = f"Only its system is judged, and is right: the codes of value set {url} are not listed here."
        unjudged = f"The value has no system to judge it by, and the codes of value set {url} are not listed here."
        listed, is_told_by_system = value_set.codes, strength != "preferred" and not value_set.unknown

        def check(item: Item, findings: Findings) -> None:
            system, code = _only(item)
            if code in listed.get(system, ()):  # most of all
                return
            if is_told_by_system and system in value_set.open and "" not in listed:
                findings.skip("binding", item, by_system)
                return
            pairs = _codings(item)
            verdicts = [value_set.judge(*pair) for pair in pairs]
            if Verdict.MEMBER in verdicts or (not pairs and not _lacks_coding(item, strength)):
                return
            if strength == "preferred":
                if all(verdict is Verdict.OUTSIDE for verdict in verdicts):
                    _report(value_set, item, Severity.INFORMATION, Verdict.OUTSIDE.value, strength, findings)
            elif Verdict.UNKNOWN in verdicts:
                by_list = by_system if any(system for system, _ in pairs) else unjudged
                findings.skip("binding", item, unknown if value_set.unknown else by_list)
            else:
                reason = verdicts[0].value if verdicts else "there is no coding"
                _report(value_set, item, _SEVERITY[strength], reason, strength, findings)

        return check


def _unknown_set(strength: str, url: str) -> Binding:
    reason = f"The codes of value set {url} are not in the packages at hand."

    def check(item: Item, findings: Findings) -> None:
        if strength != "preferred" and (_codings(item) or _lacks_coding(item, strength)):
            findings.skip("binding", item, reason)

    return check


def _report(value_set: ValueSet, item: Item, severity: Severity, reason: str, strength: str, to: Findings) -> None:
    text = f"Not a code of the {strength} value set {value_set.url}: {reason}."
    to.add(severity, "binding", item.path, text, _fix(value_set), code="code-invalid")


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


def _only(item: Item) -> tuple[str, str]:
    """System and code of a concept that has one coding with both; empty texts of any other value."""
    value = item.value
    if item.type == "CodeableConcept" and value.__class__ is dict:
        rows = value.get("coding")
        if rows.__class__ is list and len(rows) == 1 and rows[0].__class__ is dict:
            system, code = rows[0].get("system"), rows[0].get("code")
            if system.__class__ is str and code.__class__ is str and system:
                return system, code
    return "", ""


def _pair(row: dict[str, Any]) -> tuple[Any, Any]:
    return row.get("system", ""), row.get("code")


def _lacks_coding(item: Item, strength: str) -> bool:
    """A concept in words only where a code is due; one absent for a stated reason (an extension) is another matter."""
    return strength in ("required", "maximum") and _is_words(item)


def _is_words(item: Item) -> bool:
    value = item.value
    return item.type == "CodeableConcept" and isinstance(value, dict) and "text" in value and value.keys() <= _WORDS
