"""What to say about a broken rule in our own words (`fixes` in rules.yaml), where its expression would not help."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Advice:
    """Words for one rule.

    Attributes:
        fix: what to do, in one sentence; empty when nobody has written it.
        wants: what the rule asks for, as the end of a sentence; empty when nobody has written it.
    """

    fix: str = ""
    wants: str = ""

    @classmethod
    def read(cls, raw: str | Mapping[str, str]) -> "Advice":
        """From a row of `fixes`: the fix alone, or `wants` and `fix`."""
        return cls(raw) if isinstance(raw, str) else cls(raw["fix"], raw.get("wants", ""))


def merged(layers: Iterable[Mapping[str, Any]]) -> dict[str, Advice]:
    """The words of the `rules.yaml` of several folders, the least specific first; the later wins."""
    found: dict[str, Advice] = {}
    for rules in layers:
        found |= {row["key"]: Advice.read(row) for row in rules.get("added", ())}
        found |= {key: Advice.read(raw) for key, raw in rules.get("fixes", {}).items()}
    return found
