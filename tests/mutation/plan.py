"""The plan of mutations of the golden bundles, made from the official packages and committed: the floor needs none.

`python -m tests.mutation.plan` writes it anew.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.mutation import guides
from tests.mutation.mutation import Mutation
from tests.mutation.sampling import KINDS, Demands, Planned, planned
from tests.mutation.sources import VERSIONS, Source, golden, official

PLANS = Path(__file__).parent / "plans"
RENEW = "python -m tests.mutation.plan"
# Mutations of each class: of all golden bundles together, and of each official example.
GOLDEN, OFFICIAL = 144, 3


class StalePlanError(Exception):
    """A golden bundle changed after its mutations were planned."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The mutations of one file, and of each class what the definitions demand of it."""

    source: Source
    rows: list[Planned]
    demands: Mapping[str, Demands]


Ways = Counter[tuple[str, str]]


def fresh(source: Source, seen: Ways) -> Plan:
    """The plan of one file, from the definitions; `seen` are the ways of spoiling that other files show."""
    resource = json.loads(source.path.read_bytes())
    number = OFFICIAL if source.official else _share(source)
    return Plan(source, *planned(source.version, source.name, resource, number, seen))


def _share(source: Source) -> int:
    """The part of a class that falls to one golden bundle; the parts of all make the whole."""
    sources = golden()
    place = sources.index(source)
    return (place + 1) * GOLDEN // len(sources) - place * GOLDEN // len(sources)


def text(version: str) -> str:
    """The plan of one version: a line for each file, then one for each of its mutations."""
    lines, seen = [], Ways()
    for source in golden():
        if source.version == version:
            digest = sha256(source.path.read_bytes()).hexdigest()
            plan = fresh(source, seen)
            demands = [_packed_demands(plan.demands[kind]) for kind in KINDS]
            lines.append(_line({"file": source.name, "sha256": digest, "demands": demands}))
            lines += [_line(_packed(row)) for row in plan.rows]
    return "".join(lines)


def committed() -> list[Plan]:
    """The committed plan, file by file.

    Raises:
        StalePlanError: the plan is not of the golden bundles as they are.
    """
    sources = {source.name: source for source in golden()}
    plans: list[Plan] = []
    for version in VERSIONS:
        for line in (PLANS / f"{version}.jsonl").read_text().splitlines():
            row = json.loads(line)
            if isinstance(row, dict):
                source = sources.pop(row["file"], None)
                if source is None or sha256(source.path.read_bytes()).hexdigest() != row["sha256"]:
                    raise StalePlanError(f"{row['file']} is not the file that was planned for. Renew the plan: {RENEW}")
                demands = {kind: _unpacked_demands(part) for kind, part in zip(KINDS, row["demands"], strict=True)}
                plans.append(Plan(source, [], demands))
            else:
                plans[-1].rows.append(_unpacked(row))
    if sources:
        raise StalePlanError(f"{min(sources)} has no plan. Make one: {RENEW}")
    return plans


def of_examples() -> Iterable[Plan]:
    """The plans of the official examples, made as they are asked for."""
    seen = {version: Ways() for version in VERSIONS}
    return (fresh(source, seen[source.version]) for source in official())


def _line(row: Any) -> str:
    return json.dumps(row, separators=(",", ":")) + "\n"


def _packed(row: Planned) -> list[Any]:
    m = row.mutation
    edits: list[Any] = [list(edit[:2]) if edit[2] is None and edit[0] != "set" else list(edit) for edit in m.edits]
    watch = None if m.edits and m.watch == (m.edits[0][1],) else list(m.watch)
    return [KINDS.index(m.kind), m.variant, row.entry, edits, watch, m.severity, m.rule]


def _unpacked(row: list[Any]) -> Planned:
    kind, variant, entry, edits, watch, severity, rule = row
    done = tuple((edit[0], edit[1], edit[2] if len(edit) > 2 else None) for edit in edits)
    places = (done[0][1],) if watch is None else tuple(watch)
    return Planned(Mutation(KINDS[kind], variant, done, places, severity, rule), entry)


def _packed_demands(part: Demands) -> list[Any]:
    return [part.spoiled, dict(sorted(part.excluded.items())), dict(sorted(part.outside.items()))]


def _unpacked_demands(part: list[Any]) -> Demands:
    spoiled, excluded, outside = part
    return Demands(spoiled, Counter(excluded), Counter(outside))


def main() -> int:
    """Write the plans; exit code 2 where the packages are absent."""
    if not guides.present():
        sys.stderr.write("The official packages are needed for this, at ../shared/ig.\n")
        return 2
    PLANS.mkdir(exist_ok=True)
    for version in VERSIONS:
        (PLANS / f"{version}.jsonl").write_text(text(version))
    return 0


if __name__ == "__main__":
    sys.exit(main())
