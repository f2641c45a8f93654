"""`make sabotage`: breaks the code in one listed place at a time, in a copy, and sees the named tests go red.

A sabotage that leaves its tests green is a hole in the suite; one whose text is not found was outlived by the code.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
LIST = Path(__file__).with_name("sabotages.yaml")
_SECONDS = 300
_LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".serve", "*.db*")


@dataclass(frozen=True, slots=True)
class Sabotage:
    """One way to break a promise: in `file`, the one place that reads `find` becomes `replace`; `red` are the tests."""

    id: str
    what: str
    file: str
    find: str
    replace: str
    red: tuple[str, ...]


def sabotages() -> tuple[Sabotage, ...]:
    rows = yaml.safe_load(LIST.read_text())
    return tuple(Sabotage(**{**row, "red": tuple(row["red"])}) for row in rows)


def broken(root: Path, one: Sabotage) -> str:
    """The file of a sabotage as it would be.

    Raises:
        ValueError: its text does not stand there exactly once.
    """
    text = (root / one.file).read_text()
    if text.count(one.find) != 1:
        raise ValueError(f"{one.id}: `find` stands {text.count(one.find)} times in {one.file}; it must stand once")
    return text.replace(one.find, one.replace)


def run(copy: Path, one: Sabotage) -> bool:
    """Whether its tests went red, in the copy; the copy is whole again afterwards."""
    file = copy / one.file
    whole = file.read_text()
    file.write_text(broken(copy, one))
    try:
        return _pytest(copy, one.red) == 1
    except subprocess.TimeoutExpired:
        return True  # it hangs, which no suite passes
    finally:
        file.write_text(whole)


def _pytest(copy: Path, tests: Sequence[str]) -> int:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        timeout=_SECONDS,
        check=False,
    )
    return done.returncode


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all sabotages, or those named; status 1 when one went unseen, 2 for a name that none has."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ids", nargs="*", help="only these")
    parser.add_argument("--list", action="store_true", help="list them, and do nothing")
    asked = parser.parse_args(arguments)
    known = {one.id: one for one in sabotages()}
    if asked.list:
        print("\n".join(f"{one.id:<28} {one.what}" for one in known.values()))
        return 0
    if unknown := [name for name in asked.ids if name not in known]:
        parser.error(f"there is no sabotage {', '.join(unknown)}; known: {', '.join(known)}")
    chosen = [known[name] for name in dict.fromkeys(asked.ids)] or list(known.values())
    unseen = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tree"
        shutil.copytree(ROOT, copy, ignore=_LEFT_OUT)
        if _pytest(copy, sorted({test for one in chosen for test in one.red})) != 0:
            print("the tests are not green to begin with; mend that first")
            return 1
        for one in chosen:
            began = time.monotonic()
            red = run(copy, one)
            print(
                f"{'red  ' if red else 'GREEN'}  {one.id:<28} {time.monotonic() - began:5.1f} s  {one.what}", flush=True
            )
            unseen += [] if red else [one.id]
    print(f"{len(unseen)} unseen: {', '.join(unseen)}" if unseen else "every sabotage was seen")
    return 1 if unseen else 0


if __name__ == "__main__":
    sys.exit(main())
