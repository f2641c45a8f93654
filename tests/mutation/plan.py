"""The plan of mutations of the golden bundles, made from the official packages and committed: the floor needs none.

`python -m tests.mutation.plan` writes it anew.
"""

import json
import sys
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.mutation import guides
from tests.mutation.mutation import Mutation
from tests.mutation.sampling import KINDS, Planned, sample
from tests.mutation.sources import VERSIONS, Source, golden, official

PLANS = Path(__file__).parent / "plans"
RENEW = "python -m tests.mutation.plan"
# Mutations of each class: of all golden bundles together, and of each official example.
GOLDEN, OFFICIAL = 144, 3


class StalePlanError(Exception):
    """A golden bundle changed after its mutations were planned."""


def fresh(source: Source) -> list[Planned]:
    """The mutations of one file, from the definitions."""
    resource = json.loads(source.path.read_bytes())
    return sample(source.version, source.name, resource, OFFICIAL if source.official else _share(source))


def _share(source: Source) -> int:
    """The part of a class that falls to one golden bundle; the parts of all make the whole."""
    sources = golden()
    place = sources.index(source)
    return (place + 1) * GOLDEN // len(sources) - place * GOLDEN // len(sources)


def text(version: str) -> str:
    """The plan of one version: a line for each file, then one for each of its mutations."""
    lines = []
    for source in golden():
        if source.version == version:
            digest = sha256(source.path.read_bytes()).hexdigest()
            lines.append(_line({"file": source.name, "sha256": digest}))
            lines += [_line(_packed(row)) for row in fresh(source)]
    return "".join(lines)


def committed() -> list[tuple[Source, list[Planned]]]:
    """The committed plan, file by file.

    Raises:
        StalePlanError: the plan is not of the golden bundles as they are.
    """
    sources = {source.name: source for source in golden()}
    plans: list[tuple[Source, list[Planned]]] = []
    for version in VERSIONS:
        for line in (PLANS / f"{version}.jsonl").read_text().splitlines():
            row = json.loads(line)
            if isinstance(row, dict):
                source = sources.pop(row["file"], None)
                if source is None or sha256(source.path.read_bytes()).hexdigest() != row["sha256"]:
                    raise StalePlanError(f"{row['file']} is not the file that was planned for. Renew the plan: {RENEW}")
                plans.append((source, []))
            else:
                plans[-1][1].append(_unpacked(row))
    if sources:
        raise StalePlanError(f"{min(sources)} has no plan. Make one: {RENEW}")
    return plans


def of_examples() -> Iterable[tuple[Source, list[Planned]]]:
    """The mutations of the official examples, planned as they are asked for."""
    return ((source, fresh(source)) for source in official())


def _line(row: Any) -> str:
    return json.dumps(row, separators=(",", ":")) + "\n"


def _packed(row: Planned) -> list[Any]:
    m = row.mutation
    edits: list[Any] = [list(edit[:2]) if edit[2] is None and edit[0] != "set" else list(edit) for edit in m.edits]
    watch = None if m.edits and m.watch == (m.edits[0][1],) else list(m.watch)
    return [
        KINDS.index(m.kind),
        m.variant,
        row.entry,
        edits,
        watch,
        m.severity,
        m.rule,
        *([m.excluded] if m.excluded else []),
    ]


def _unpacked(row: list[Any]) -> Planned:
    kind, variant, entry, edits, watch, severity, rule, *excluded = row
    done = tuple((edit[0], edit[1], edit[2] if len(edit) > 2 else None) for edit in edits)
    places = (done[0][1],) if watch is None else tuple(watch)
    return Planned(Mutation(KINDS[kind], variant, done, places, severity, rule, *excluded), entry)


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
