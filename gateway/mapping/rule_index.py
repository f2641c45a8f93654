"""The rules of a table that can fit at all, found by the fact that narrows them down best, in the table's order."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence

Test = tuple[str, str, str]  # a fact, the lowest and the highest text it may be
Candidates = tuple[int, ...]  # positions of rules, rising


class RuleIndex:
    """Finds candidates by the one fact that leaves the fewest rules to try where it leaves the most.

    `candidates` takes the texts given for that `fact`.
    """

    def __init__(self, rules: Sequence[Sequence[Test]]) -> None:
        facts = dict.fromkeys(test[0] for tests in rules for test in tests) or {"": None}
        best = min((_FactIndex(fact, rules) for fact in facts), key=lambda index: index.most)
        self.fact, self.candidates = best.fact, best.candidates


class _FactIndex:
    """Candidates by one fact: for each length of text the ends of all ranges, and what may fit at and between."""

    def __init__(self, fact: str, rules: Sequence[Sequence[Test]]) -> None:
        self.fact = fact
        self._all: Candidates = tuple(range(len(rules)))
        asking = [[test for test in tests if test[0] == fact] for tests in rules]
        self._others: Candidates = tuple(number for number in self._all if not asking[number])
        ends = sorted({end for tests in asking for _, low, high in tests for end in (low, high)})
        self._ends = {size: [end for end in ends if len(end) == size] for size in set(map(len, ends))}
        self._fitting = {size: self._slots(size, asking) for size in self._ends}

    @property
    def most(self) -> int:
        """How many rules it leaves to try at most, when one text is given for the fact."""
        return max((len(slot) for slots in self._fitting.values() for slot in slots), default=len(self._others))

    def candidates(self, texts: Sequence[str]) -> Candidates:
        """The rules of which the texts given for the fact forbid none; others cannot fit."""
        if len(texts) > 1:
            return self._all
        if not texts or len(texts[0]) not in self._ends:
            return self._others
        return self._fitting[len(texts[0])][self._slot(texts[0])]

    def _slots(self, size: int, asking: Sequence[Sequence[Test]]) -> list[Candidates]:
        slots = [list(self._others) for _ in range(2 * len(self._ends[size]) + 1)]
        for number, tests in enumerate(asking):
            for slot in self._covered(size, tests):
                slots[slot].append(number)
        return [tuple(sorted(slot)) for slot in slots]

    def _covered(self, size: int, tests: Sequence[Test]) -> Iterator[int]:
        for _, low, high in tests:
            if len(low) == len(high) == size:
                yield from range(self._slot(low), self._slot(high) + 1)

    def _slot(self, text: str) -> int:
        """Odd at an end, even between two."""
        ends = self._ends[len(text)]
        at = bisect_left(ends, text)
        return 2 * at + (at < len(ends) and ends[at] == text)
