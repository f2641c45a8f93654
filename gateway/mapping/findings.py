"""What is wrong with a mapping file or a code table, said with file, line, place and the nearest valid name."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from gateway.model.errors import ConfigFault

Place = tuple[str | int, ...]
_MOST_NAMED = 20
_CONTROL = re.compile(r"(for|if)\s.*|else", re.DOTALL)


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing to correct.

    Attributes:
        file: path of the file, as given.
        line: 1-based line in it.
        path: place inside the file, e.g. `produce.item[0].productOrService`; for a table the rule or column.
        message: what is wrong and how to put it right.
        advice: true when the file can be used all the same; only `lint` speaks of it.
        column: 1-based column of what is wrong; 0 when only the line is known.
        text: the line as it is written, and `width` how much of it from the column on is meant.
    """

    file: str
    line: int
    path: str
    message: str
    advice: bool = False
    column: int = field(default=0, compare=False)
    text: str = field(default="", compare=False, repr=False)
    width: int = field(default=1, compare=False, repr=False)

    def __str__(self) -> str:
        column = f"{self.column}:" if self.column else ""
        place = f" {self.path}:" if self.path else ""
        return f"{self.file}:{self.line}:{column}{place} {self.message}"

    @property
    def report(self) -> str:
        """The finding as a compiler would print it: with the line and a caret under what is meant."""
        if not self.column:
            return str(self)
        number = f"{self.line:>5}"
        mark = "^" * max(1, min(self.width, len(self.text) + 1 - self.column))
        return f"{self}\n{number} | {self.text}\n{' ' * len(number)} | {' ' * (self.column - 1)}{mark}"


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
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"; valid here: {', '.join(names[:_MOST_NAMED])}{more}" if names else "; nothing is valid here"


def spell(place: Place) -> str:
    """`("produce", "item", 0)` as `produce.item[0]`; conditions and loops on the way stand behind the path."""
    text = ""
    around: list[str] = []
    for step in place:
        if isinstance(step, int):
            text += f"[{step}]"
        elif is_control(step):
            around.append(" ".join(step.split()))
        else:
            text += f".{step}" if text else step
    return f"{text} (under: {'; '.join(around)})" if around else text


def is_control(key: str) -> bool:
    """Whether a key is a condition or a loop, not an element."""
    return _CONTROL.fullmatch(key) is not None
