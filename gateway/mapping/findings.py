"""What is wrong with a mapping file or a code table, said with file, line, place and the nearest valid name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from gateway.model.errors import ConfigFault

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing to correct.

    Attributes:
        file: path of the file, as given.
        line: 1-based line in it.
        path: place inside the file, e.g. `produce.item[0].productOrService`; for a table the rule or column.
        message: what is wrong and how to put it right.
        advice: true when the file can be used all the same; only `lint` speaks of it.
    """

    file: str
    line: int
    path: str
    message: str
    advice: bool = False

    def __str__(self) -> str:
        place = f" {self.path}:" if self.path else ""
        return f"{self.file}:{self.line}:{place} {self.message}"


class MappingFault(ConfigFault):
    """The mapping files or code tables cannot be used; `findings` lists everything wrong with them."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        ordered = tuple(sorted(findings))
        super().__init__("The mappings cannot be used:", problems=[str(finding) for finding in ordered])
        self.findings = ordered


def nearest(name: str, valid: Iterable[str]) -> str:
    """`; did you mean …?` when a valid name is close, otherwise `; valid: …`."""
    names = sorted(valid)
    if close := get_close_matches(name, names, n=1, cutoff=0.6):
        return f"; did you mean {close[0]!r}?"
    return f"; valid here: {', '.join(names)}" if names else "; nothing is valid here"


def spell(place: Place) -> str:
    """`("produce", "item", 0)` as `produce.item[0]`."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
