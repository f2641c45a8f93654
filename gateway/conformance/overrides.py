"""The known defects of a guide (`overrides.yaml`), each with its reason, and how they bend the checker.

contexts:  an extension may also stand where the guide's own profiles put it, beyond its declared context
replaced:  an invariant that is wrong as published; what is meant is in rules.yaml
absent:    definitions no package at hand holds; their use is reported as not evaluated
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Overrides:
    """Attributes:
    contexts: extension URL to the further places it may stand.
    replaced: keys of invariants not to be run as published.
    absent: URL prefixes of definitions that are known to exist and are not at hand.
    """

    contexts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    replaced: frozenset[str] = frozenset()
    absent: tuple[str, ...] = ()

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> "Overrides":
        """From the content of `overrides.yaml`."""
        contexts: dict[str, set[str]] = {}
        for row in raw.get("contexts", ()):
            for url in row["extensions"]:
                contexts.setdefault(url, set()).update(row["also"])
        return cls(
            {url: frozenset(places) for url, places in contexts.items()},
            frozenset(row["rule"] for row in raw.get("replaced", ())),
            tuple(row["prefix"] for row in raw.get("absent", ())),
        )
