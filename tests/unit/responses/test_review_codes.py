"""The code tables for answers: data with a check, and never a default."""

from pathlib import Path

import pytest

from gateway.model.authorization import Code, Result
from gateway.model.errors import ConfigFault
from gateway.responses import load_codes
from gateway.responses.codes import x12_list
from tests.unit.responses.payloads import CODES, X12
from tests.worlds import ROOT

FOLDER = ROOT / "mappings" / "codes"
HEADER = "from_system,from_code,to_code,note\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("review_action", "reject_reason", "decision_reason"):
        (tmp_path / f"{name}.csv").write_text((FOLDER / f"{name}.csv").read_text("utf-8"), "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("system", "number"),
    [
        ("https://codesystem.x12.org/005010/306", "306"),
        ("http://codesystem.x12.org/005010/306/", "306"),
        ("https://codesystem.x12.org/external/886", "886"),
        ("HTTPS://CodeSystem.X12.org/005010/306", "306"),
        ("https://valueset.x12.org/x217/005010/response/2000F/HCR/1/01/00/306", "306"),
        ("https://x12.org.evil.example/005010/306", ""),
        ("https://evilx12.org/306", ""),
        ("306", ""),
        ("", ""),
        ("https://codesystem.x12.org/005010/306?x=1", ""),
        ("https://codesystem.x12.org/005010/x306", ""),
        ("urn:x12.org/306", ""),
    ],
)
def test_an_x12_list_is_known_by_its_number_on_a_host_of_x12_only(system: str, number: str) -> None:
    assert x12_list(system) == number


def test_an_unknown_code_is_unrecognized_and_in_no_category() -> None:
    assert CODES.result(Code("A5", f"{X12}306")) is Result.UNRECOGNIZED
    assert CODES.result(Code("75", f"{X12}901")) is Result.UNRECOGNIZED
    assert CODES.category(Code("ZZ", f"{X12}901")) == ""


def test_reasons_have_our_own_categories() -> None:
    assert CODES.category(Code("75", f"{X12}901")) == "member_not_matched"
    assert CODES.category(Code("0F", "https://codesystem.x12.org/external/886")) == "medical_necessity"


def test_the_shipped_tables_carry_no_text_of_x12() -> None:
    words = {
        "approved",
        "partly_approved",
        "denied",
        "pended",
        "modified",
        "cancelled",
        "contact_payer",
        "no_action_required",
    }
    assert {result.value for result in CODES.actions.values()} == words
    for category in CODES.categories.values():
        assert category == category.lower()
        assert " " not in category


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("review_action", HEADER + f"{X12}306,A1,granted,\n", "column to_code must be one of: approved"),
        ("review_action", HEADER + f"{X12}306,A1,unrecognized,\n", "column to_code must be one of"),
        ("review_action", HEADER + f"{X12}306,A1,approved,\n{X12}306,A1,denied,\n", ":3: stands in the table twice"),
        ("review_action", HEADER + ",A1,approved,\n", "needs a from_code, and a from_system"),
        ("reject_reason", HEADER + f"{X12}901,75,,\n", ":2: column to_code is blank"),
        ("decision_reason", "from_code,note\n0F,x\n", "needs the columns from_system, to_code"),
        ("decision_reason", HEADER + "a,b\n", "2 cells"),
    ],
)
def test_a_wrong_table_is_refused_with_file_and_line(folder: Path, name: str, text: str, problem: str) -> None:
    (folder / f"{name}.csv").write_text(text, "utf-8")
    with pytest.raises(ConfigFault, match="code tables") as fault:
        load_codes(folder)
    assert problem in str(fault.value)
    assert f"{name}.csv" in str(fault.value)


def test_all_missing_tables_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigFault) as fault:
        load_codes(tmp_path)
    assert len(fault.value.problems) == 3
