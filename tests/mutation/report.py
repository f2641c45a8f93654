"""`python -m tests.mutation.report`: the floor as a table, and every mutation the checker did not find."""

import sys
from collections.abc import Iterator

from tests.mutation import guides
from tests.mutation.floor import run, table
from tests.mutation.plan import Plan, committed, of_examples
from tests.mutation.sources import VERSIONS


def main() -> int:
    """Print a table for each version: of the golden bundles, and of the official examples where they are at hand."""
    plans = list(committed())
    if guides.present():
        plans += of_examples()
    for title, part in _parts(plans):
        tallies = run(part)
        sys.stdout.write(f"{title}\n{table(tallies)}\n")
        for kind, tally in tallies.items():
            sys.stdout.writelines(f"missed, {kind}: {line}\n" for line in tally.missed)
        sys.stdout.write("\n")
    return 0


def _parts(plans: list[Plan]) -> Iterator[tuple[str, list[Plan]]]:
    for version in VERSIONS:
        for official, title in ((False, "golden bundles"), (True, "official examples")):
            part = [plan for plan in plans if plan.source.version == version and plan.source.official is official]
            if part:
                yield f"PAS {version}, {len(part)} {title}", part


if __name__ == "__main__":
    sys.exit(main())
