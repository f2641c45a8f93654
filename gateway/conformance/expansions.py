"""Works out which codes a ValueSet holds, as far as the packages at hand can tell.

Compiled value set:
    codes    {"system": ["code", ...]}: all the codes it takes from that system
    open     ["system", ...]: it takes codes from that system, which ones is not known here (licensed,
             filtered or too large), so that only the system can be checked
    unknown  true: part of it is a value set no package has, so that nothing can be refused
"""

from typing import Any

from gateway.conformance.packages import Resource
from gateway.conformance.shelf import Shelf

Compact = dict[str, Any]


class Expander:
    """Expands value sets over the ValueSet and CodeSystem resources of the packages."""

    def __init__(self, value_sets: Shelf, code_systems: Shelf) -> None:
        self._value_sets = value_sets
        self._code_systems = code_systems
        self._open: list[str] = []

    def expand(self, url: str) -> Compact | None:
        """The compiled form of a value set; None when no package has it, or when it is to hold itself."""
        raw = self._value_sets.find(url)
        if raw is None or url in self._open:
            return None
        self._open.append(url)
        total = self._total(raw)
        self._open.pop()
        return total.compact()

    def _total(self, raw: Resource) -> "_Total":
        total = _Total()
        compose = raw.get("compose", {})
        for row in compose.get("include", []):
            total.add(self._row(row))
        for row in compose.get("exclude", []):
            total.remove(self._row(row))
        if not compose:
            total.unknown = True
        return total

    def _row(self, row: Resource) -> "_Total":
        result = _Total()
        for url in row.get("valueSet", []):
            nested = self.expand(url)
            result.add(_Total.read(nested) if nested else _Total(unknown=True))
        system = row.get("system")
        if not isinstance(system, str):
            return result
        if concepts := row.get("concept"):
            result.codes.setdefault(system, set()).update(entry["code"] for entry in concepts)
        elif codes := None if row.get("filter") else self._system(system):
            result.codes.setdefault(system, set()).update(codes)
        else:
            result.open.add(system)
        return result

    def _system(self, url: str) -> set[str] | None:
        raw = self._code_systems.find(url)
        if raw is None or raw.get("content") != "complete" or not raw.get("concept"):
            return None
        return _codes(raw["concept"])


def _codes(concepts: list[Resource]) -> set[str]:
    return {entry["code"] for entry in concepts} | {
        code for entry in concepts for code in _codes(entry.get("concept", []))
    }


class _Total:
    def __init__(self, *, unknown: bool = False) -> None:
        self.codes: dict[str, set[str]] = {}
        self.open: set[str] = set()
        self.unknown = unknown

    @classmethod
    def read(cls, compact: Compact) -> "_Total":
        total = cls(unknown=compact.get("unknown", False))
        total.codes = {system: set(codes) for system, codes in compact.get("codes", {}).items()}
        total.open = set(compact.get("open", []))
        return total

    def add(self, other: "_Total") -> None:
        for system, codes in other.codes.items():
            self.codes.setdefault(system, set()).update(codes)
        self.open |= other.open
        self.unknown = self.unknown or other.unknown

    def remove(self, other: "_Total") -> None:
        for system, codes in other.codes.items():
            self.codes.get(system, set()).difference_update(codes)

    def compact(self) -> Compact:
        # A system taken as a whole makes a list of some of its codes pointless.
        codes = {system: sorted(codes) for system, codes in sorted(self.codes.items()) if system not in self.open}
        result: Compact = {}
        if codes:
            result["codes"] = codes
        if self.open:
            result["open"] = sorted(self.open)
        if self.unknown:
            result["unknown"] = True
        return result
