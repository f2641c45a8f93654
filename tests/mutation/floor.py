"""The floor: each planned mutation is done, checked and judged; what came out, by class."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from gateway.conformance import Profiles
from gateway.fhir import json
from tests.mutation.mutation import Mutation, apply, caught
from tests.mutation.sampling import Planned
from tests.mutation.sources import ROOT, Source

# Of the mutations of a class that break a rule, so many must be found; so many of a class may break none.
CAUGHT, EXCLUDED = 0.95, 0.20


@dataclass(slots=True)
class Tally:
    """What became of the mutations of one class; found and missed also by the way of spoiling."""

    caught: int = 0
    missed: list[str] = field(default_factory=list)
    ways: Counter[str] = field(default_factory=Counter)
    blind: Counter[str] = field(default_factory=Counter)
    excluded: Counter[str] = field(default_factory=Counter)

    @property
    def tried(self) -> int:
        return self.caught + len(self.missed)

    @property
    def rate(self) -> float:
        return self.caught / self.tried if self.tried else 1.0

    @property
    def never(self) -> set[str]:
        """The ways of spoiling, single invariants among them, that were tried and never found."""
        return self.blind.keys() - self.ways.keys()

    @property
    def left_out(self) -> float:
        total = self.tried + self.excluded.total()
        return self.excluded.total() / total if total else 0.0


@cache
def profiles(version: str) -> Profiles:
    """The compiled profiles of one version, as the checker loads them."""
    return Profiles.load(ROOT / "profiles/pas" / version)


def run(plans: Iterable[tuple[Source, list[Planned]]]) -> dict[str, Tally]:
    """Do, check and judge everything planned."""
    tallies: dict[str, Tally] = {}
    for source, planned in plans:
        document = json.loads(source.path.read_bytes())
        before: dict[int | None, Any] = {}
        for row in planned:
            tally = tallies.setdefault(row.mutation.kind, Tally())
            if row.mutation.excluded:
                tally.excluded[row.mutation.excluded] += 1
                continue
            resource = document if row.entry is None else document["entry"][row.entry]["resource"]
            if row.entry not in before:
                before[row.entry] = profiles(source.version).check(resource).issues
            after = profiles(source.version).check(apply(resource, row.mutation.edits)).issues
            if caught(row.mutation, before[row.entry], after):
                tally.caught += 1
                tally.ways[row.mutation.variant] += 1
            else:
                tally.blind[row.mutation.variant] += 1
                tally.missed.append(describe(source, row))
    return tallies


def describe(source: Source, row: Planned) -> str:
    """A missed mutation in one line: file, place, what was done, the rule it breaks."""
    mutation: Mutation = row.mutation
    where = source.name if row.entry is None else f"{source.name} entry {row.entry}"
    edits = "; ".join(f"{operation} {pointer}" for operation, pointer, _ in mutation.edits)
    return f"{where}: {mutation.variant}: {edits}: {mutation.rule}"


def table(tallies: dict[str, Tally]) -> str:
    """The tallies as a table for people, with the reasons of what was left out."""
    lines = [f"{'class':32}{'mutations':>10}{'caught':>8}{'missed':>8}{'rate':>8}{'excluded':>10}"]
    for kind, tally in tallies.items():
        numbers = f"{tally.tried:>10}{tally.caught:>8}{len(tally.missed):>8}{tally.rate:>8.1%}"
        lines.append(f"{kind:32}{numbers}{tally.excluded.total():>10}")
        lines += [f"    left out, {number}: {reason}" for reason, number in sorted(tally.excluded.items())]
    tried, found = sum(t.tried for t in tallies.values()), sum(t.caught for t in tallies.values())
    lines.append(f"{'all':32}{tried:>10}{found:>8}{tried - found:>8}")
    return "\n".join(lines)
