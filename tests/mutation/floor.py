"""The floor: each planned mutation is done, checked and judged; what came out, by class."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from gateway.conformance import Profiles
from gateway.fhir import json
from tests.mutation.mutation import Mutation, apply, caught
from tests.mutation.plan import Plan
from tests.mutation.sampling import Planned
from tests.mutation.sources import ROOT, Source

# Of the mutations of a class so many must be found; of the demands of a class so many may go unspoiled.
CAUGHT, EXCLUDED = 0.95, 0.20
# What no fix says: it is for people who need not read FHIRPath.
MACHINERY = re.compile(r"\bimplies\b|%\w|\.(trace|exists|empty|where|all|count|matches)\(|Make this true")


@dataclass(slots=True)
class Tally:
    """What became of the mutations of one class; found and missed also by the way of spoiling.

    Attributes:
        demands: what the definitions demand of the files and could be spoiled, each once a file.
        excluded: what they demand and nobody could spoil, by reason.
        outside: what they demand and the class does not speak of, by reason.
        raw: rules whose fix is an expression instead of words, with that fix.
    """

    caught: int = 0
    missed: list[str] = field(default_factory=list)
    ways: Counter[str] = field(default_factory=Counter)
    blind: Counter[str] = field(default_factory=Counter)
    demands: int = 0
    excluded: Counter[str] = field(default_factory=Counter)
    outside: Counter[str] = field(default_factory=Counter)
    raw: dict[str, str] = field(default_factory=dict)

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
        total = self.demands + self.excluded.total()
        return self.excluded.total() / total if total else 0.0


@cache
def profiles(version: str) -> Profiles:
    """The compiled profiles of one version, as the checker loads them."""
    return Profiles.load(ROOT / "profiles/pas" / version)


def run(plans: Iterable[Plan]) -> dict[str, Tally]:
    """Do, check and judge everything planned."""
    tallies: dict[str, Tally] = {}
    for plan in plans:
        source = plan.source
        for kind, part in plan.demands.items():
            tally = tallies.setdefault(kind, Tally())
            tally.demands += part.spoiled
            tally.excluded += part.excluded
            tally.outside += part.outside
        document = json.loads(source.path.read_bytes())
        before: dict[int | None, Any] = {}
        for row in plan.rows:
            tally = tallies.setdefault(row.mutation.kind, Tally())
            resource = document if row.entry is None else document["entry"][row.entry]["resource"]
            if row.entry not in before:
                before[row.entry] = profiles(source.version).check(resource).issues
            after = profiles(source.version).check(apply(resource, row.mutation.edits)).issues
            tally.raw |= {issue.rule: issue.fix for issue in after if MACHINERY.search(issue.fix)}
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
    lines = [f"{'class':32}{'mutations':>10}{'caught':>8}{'missed':>8}{'rate':>8}{'demands':>10}{'excluded':>10}"]
    for kind, tally in tallies.items():
        numbers = f"{tally.tried:>10}{tally.caught:>8}{len(tally.missed):>8}{tally.rate:>8.1%}"
        met = tally.demands + tally.excluded.total()
        lines.append(f"{kind:32}{numbers}{met:>10}{tally.left_out:>10.1%}")
        lines += [f"    excluded, {number}: {reason}" for reason, number in sorted(tally.excluded.items())]
        lines += [f"    outside the class, {number}: {reason}" for reason, number in sorted(tally.outside.items())]
    tried, found = sum(t.tried for t in tallies.values()), sum(t.caught for t in tallies.values())
    lines.append(f"{'all':32}{tried:>10}{found:>8}{tried - found:>8}")
    return "\n".join(lines)
