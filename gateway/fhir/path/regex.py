"""Regular expressions of untrusted authors, made safe for a backtracking matcher by a bound on their cost.

Refused: backreferences, lookaround, inline flags, and a repeated group that can match in more than one way, the
shape behind exponential time. What remains costs at most a polynomial of the input's length, worked out beforehand.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from gateway.fhir.path.fault import Trouble

DEAREST = 5_000_000  # backtracking steps of one match, about a tenth of a second
LONGEST = 1_000
_LARGEST = 10_000  # parts a match must pass one after the other
_WALKED = 8  # such parts for the work of one backtracking step
_MARK = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?:|\((?!\?)|[*+?]\??|\{[0-9]*,?[0-9]*\}\??|[)|$^.]|[^\\\[(]", re.DOTALL
)
_COUNT = re.compile(r"\{([0-9]*)(,?)([0-9]*)\}")
Cost = Callable[[int], float]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern and what matching it against a text of a given length may cost."""

    regex: re.Pattern[str]
    cost: Cost
    size: int
    anchored: bool

    def price(self, length: int) -> int:
        """Steps of the evaluation's budget for one search.

        Raises:
            Trouble: the search might take too long.
        """
        steps = self.cost(length) * (1 + self.size // _WALKED) * (1 if self.anchored else length + 1)
        if steps > DEAREST:
            raise Trouble("the regular expression is too costly for a text of this length")
        return int(steps) // 500


@lru_cache(maxsize=512)
def pattern(text: str) -> Pattern:
    """Read a regular expression; `.` matches a line end, `$` only the end of the text.

    Raises:
        Trouble: not a regular expression, or of a kind refused here.
    """
    if len(text) > LONGEST:
        raise Trouble(f"a regular expression has at most {LONGEST} characters")
    marks = _marks(text)
    cost, size, at = _alternatives(marks, 0)
    if at != len(marks):
        raise Trouble("the regular expression has a bracket that closes nothing")
    try:
        regex = re.compile("".join(map(_spelled, marks)), re.DOTALL)
    except (re.error, OverflowError, RecursionError, MemoryError):
        raise Trouble("the regular expression cannot be read") from None
    return Pattern(regex, cost, size, text.startswith("^") and "|" not in marks)


def _marks(text: str) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(text):
        match = _MARK.match(text, at)
        if match is None:
            raise Trouble("the regular expression uses lookaround, flags or an open bracket")
        mark = match.group()
        if mark[0] == "\\" and mark[1].isdigit() and mark[1] != "0":
            raise Trouble("the regular expression uses a backreference")
        found.append(mark)
        at = match.end()
    return found


def _spelled(mark: str) -> str:
    if mark == "$":
        return r"\Z"
    if mark[0] == "[":  # an inner bracket stands for itself; Python would warn of a set operation
        return "[" + re.sub(r"(?<!\\)([\[&~|])", r"\\\1", mark[1:])
    return mark


def _one(_: int) -> float:
    return 1


def _alternatives(marks: list[str], at: int, depth: int = 0) -> tuple[Cost, int, int]:
    """The ways to match what stands up to a closing bracket, its size, and where it ends."""
    if depth > 20:
        raise Trouble("the regular expression is nested too deeply")
    branches: list[list[Cost]] = [[]]
    size = 1
    while at < len(marks) and marks[at] != ")":
        mark = marks[at]
        at += 1
        if mark == "|":
            branches.append([])
            continue
        cost: Cost = _one
        part = 1
        if mark in ("(", "(?:"):
            cost, part, at = _alternatives(marks, at, depth + 1)
            if at >= len(marks):
                raise Trouble("the regular expression has an open bracket")
            at += 1
        if at < len(marks) and marks[at][0] in "*+?{" and marks[at] != "{":
            cost, part = _repeated(cost, part, marks[at])
            at += 1
        size = _bounded(size + part)
        if cost is not _one:
            branches[-1].append(cost)
    if len(branches) == 1 and not branches[0]:
        return _one, size, at
    if len(branches) == 1 and len(branches[0]) == 1:
        return branches[0][0], size, at
    return lambda length: sum(_product(costs, length) for costs in branches), size, at


def _bounded(size: int) -> int:
    if size > _LARGEST:
        raise Trouble(f"the regular expression is longer than {_LARGEST} once its repetitions are written out")
    return size


def _product(costs: list[Cost], length: int) -> float:
    total = 1.0
    for cost in costs:
        total = min(total * cost(length), 1e12)
    return total


def _repeated(cost: Cost, size: int, mark: str) -> tuple[Cost, int]:
    match = _COUNT.match(mark)
    low, high = (int(mark[0] == "+"), 1 if mark[0] == "?" else None)
    if match:
        low = int(match[1] or 0)
        high = low if not match[2] else int(match[3]) if match[3] else None
    size = _bounded(size * max(low, 1))
    if high is not None and high == low:
        return cost if cost is _one else lambda length: _product([cost] * min(low, 40), length), size
    if cost is not _one and high != 1:
        raise Trouble("the regular expression repeats a group that can match in more than one way")
    return lambda length: cost(length) + (length if high is None else min(high - low, length)), size
