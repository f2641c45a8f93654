"""The shipped mappings and tables: no finding of the linter, every test beside them passes."""

from pathlib import Path

import pytest

from gateway.mapping.cases import run_cases
from gateway.mapping.lint import lint
from gateway.orders import OrderTables

ROOT = Path(__file__).resolve().parents[2]
CODES = ROOT / "mappings" / "codes"
GUIDES = sorted(path for path in (ROOT / "mappings" / "pas").iterdir() if path.is_dir())


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_the_linter_finds_nothing(guide: Path) -> None:
    assert [str(finding) for finding in lint(guide, CODES)] == []


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_every_case_beside_a_mapping_passes(guide: Path) -> None:
    report = run_cases(guide, CODES)
    assert report.results
    assert [f"{result.name}: {result.problems}" for result in report.results if not result.passed] == []


def test_no_table_holds_a_licensed_description() -> None:
    """Notes are our own short labels: a few plain words, never a list's full text."""
    for table in OrderTables.shipped().tables.values():
        for row in table.rows:
            assert len(row.cells.get("note", "")) <= 80, f"{table.name}.csv line {row.line}"


def test_every_x12_code_system_in_a_table_has_its_standard_spelling() -> None:
    for table in OrderTables.shipped().tables.values():
        for row in table.rows:
            system = row.cells.get("to_system", "")
            assert "x12" not in system or system.startswith("https://codesystem.x12.org/005010/")
