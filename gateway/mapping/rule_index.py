"""The rules of a table that can fit at all, found by the fact that most of them ask for, in the order of the table."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

Test = tuple[str, str, str]  # a fact, the lowest and the highest text it may be
Candidates = tuple[int, ...]  # positions of rules, rising


class RuleIndex:
    """Finds candidates by one fact: for each length of text the ends of all ranges, and what may fit at and between."""

    def __init__(self, rules: Sequence[Sequence[Test]]) -> None:
        asked = Counter(fact for tests in rules for fact in {test[0] for test in tests})
        self._fact = asked.most_common(1)[0][0] if asked else ""
        self._all: Candidates = tuple(range(len(rules)))
        asking = [[test for test in tests if test[0] == self._fact] for tests in rules]
        self._others: Candidates = tuple(number for number in self._all if not asking[number])
        ends = sorted({end for tests in asking for _, low, high in tests for end in (low, high)})
        self._ends = {size: [end for end in ends if len(end) == size] for size in set(map(len, ends))}
        self._fitting = {size: self._slots(size, asking) for size in self._ends}

    def candidates(self, given: Mapping[str, Sequence[str]]) -> Candidates:
        """The rules of which the texts given for the fact forbid none; others cannot fit."""
        texts = given.get(self._fact, ())
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
