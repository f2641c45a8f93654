"""An evaluation that notes what each expression and condition looked at, and what stands under which condition."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.fhir.path import PathFault
from gateway.mapping.evaluation import At, Evaluation, Query, Values, element_path
from gateway.mapping.expression import Source
from gateway.mapping.functions import Record, compiled
from gateway.mapping.marking import Ledger, places_of
from gateway.mapping.program import Program
from gateway.mapping.scope import Bound, Scope

Seen = tuple[dict[str, None], dict[str, None]]
# A path from a variable with simple calls in it, and what is asked of the end of it.
_PATH = re.compile(r"%\w+(?:\.\w+(?:\([^()]*\))?)*(?![\w(.])")
_ASKED = re.compile(r"(?:\.(?:exists|empty|not|count|hasValue)\(\))+$")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a condition or a loop said and why: its expression, the places it read, the rules that decided."""

    word: str
    source: Source
    places: tuple[str, ...]
    rules: tuple[str, ...]


class Watching(Evaluation):
    """Notes for each expression where its values came from and which places it looked at.

    Attributes:
        seen: by element and expression, the places taken and those looked at.
        under: by element, the conditions and loops around it, the outermost first.
    """

    def __init__(
        self,
        programs: Mapping[str, Program],
        record: Record,
        ledger: Ledger,
        deciding: Mapping[str, tuple[str, ...]],
    ) -> None:
        super().__init__(programs, record)
        self.seen: dict[tuple[str, Source], Seen] = {}
        self.under: dict[str, tuple[Answer, ...]] = {}
        self._ledger = ledger
        self._deciding = deciding
        self._behind: dict[int, tuple[Bound, dict[str, None]]] = {}
        self._answers: dict[Source, tuple[tuple[str, ...], tuple[str, ...]]] = {}

    def final(self, query: Query, scope: Scope, at: At) -> Values | None:
        outer, self._ledger.read = self._ledger.read, {}
        found = super().final(query, scope, at)
        reads = self._ledger.read
        self._ledger.read = outer | reads
        values = found[0] if found else []
        for number, value in enumerate(values):
            place = (at[0], at[1] + number) if isinstance(at[1], int) else at
            before = self.seen.get((element_path(place), query.source), ({}, {}))
            took = dict.fromkeys(places_of(value))
            self.seen[element_path(place), query.source] = (before[0] | took, before[1] | reads)
        return found

    def condition(self, query: Query, scope: Scope, at: At) -> Bound | None:
        outer, self._ledger.read = self._ledger.read, {}
        bound = super().condition(query, scope, at)
        reads = self._ledger.read
        places = dict.fromkeys((*self._asked_about(query, scope), *sorted(reads)))
        self._answers[query.source] = tuple(places), bound.rules if bound else ()
        self._ledger.read = outer | reads
        return bound

    def stands(self, word: str, source: Source, at: At, value: Any, since: int = 0) -> None:
        # A condition cannot be asked again below itself: its last answer is the one that put this here.
        answer = Answer(word, source, *self._answers.get(source, ((), ())))
        whole = element_path(at)
        items = (
            [(f"{whole}[{number}]", item) for number, item in enumerate(value) if number >= since]
            if isinstance(value, list)
            else [(whole, value)]
        )
        for place, item in items:
            for element, _ in leaves(item, place):
                self.under[element] = (answer, *self.under.get(element, ()))

    def lookup(self, name: str, scope: Scope) -> Bound:
        outer, self._ledger.read = self._ledger.read, {}
        bound = super().lookup(name, scope)
        if isinstance(bound.value, bool) and bound is scope[name]:  # of the context: others are not bound beforehand
            self._ledger.read |= dict.fromkeys((f"%{name}", *self._deciding.get(name, ())))
        _, behind = self._behind.setdefault(id(bound), (bound, self._ledger.read))
        self._ledger.read = outer | behind
        return bound

    def _asked_about(self, query: Query, scope: Scope) -> Iterator[str]:
        """The places of the values whose presence or content a condition asks for."""
        values = {name: self.lookup(name, scope).value for name in query.variables}
        before, read = len(self.rules), self._ledger.read
        for path in _PATH.findall(query.source.text):
            try:
                found = compiled(_ASKED.sub("", path))({}, values)
            except PathFault:
                continue
            yield from places_of(found)
        del self.rules[before:]
        self._ledger.read = read


def leaves(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Each primitive in JSON with its path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{place}.{key}" if place else key)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from leaves(item, f"{place}[{position}]")
    else:
        yield place, value
