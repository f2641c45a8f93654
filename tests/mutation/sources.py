"""The files that are spoiled: our golden bundles, and the official examples where they lie beside this checkout."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT.parent / "shared/ig/examples"
VERSIONS = ("2.2.1", "2.0.1")
STAGES = ("*1_bundle.json", "*2_reply.json")


@dataclass(frozen=True, slots=True)
class Source:
    """One file and the PAS version it speaks."""

    version: str
    path: Path
    official: bool

    @property
    def name(self) -> str:
        """The path as it is written in plans and tables."""
        return str(self.path.relative_to(EXAMPLES if self.official else ROOT))


def golden() -> list[Source]:
    """The requests and replies of the example orders, of each version."""
    found = []
    for version in VERSIONS:
        folder = ROOT / "examples/golden" / version
        files = sorted(file for stage in STAGES for file in folder.glob(f"*/{stage}"))
        found += [Source(version, file, False) for file in files]
    return found


def official() -> list[Source]:
    """The examples the guide itself ships; none where they are absent."""
    return [
        Source(version, file, True)
        for version in VERSIONS
        for file in sorted((EXAMPLES / f"pas-{version}").glob("*.json"))
    ]
