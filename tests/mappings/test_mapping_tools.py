"""`pa mapping explain`, `coverage`, `diff` and `new` on the shipped mappings, run as their user runs them."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.cli.mapping_coverage import coverage
from gateway.cli.profile_elements import Shelf
from gateway.mapping import Mappings
from gateway.model.errors import Conflict, GatewayError, NotFound, OurFault

ROOT = Path(__file__).resolve().parents[2]
ORDERS = ROOT / "examples" / "orders"
PAS = ROOT / "mappings" / "pas"
CODES = ROOT / "mappings" / "codes"
GUIDES = sorted(path.name for path in PAS.iterdir() if path.is_dir())


class Pa:
    """Runs `pa mapping`; `json` adds --json and reads what comes."""

    def __call__(self, *arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, ["mapping", *arguments])
        if isinstance(result.exception, GatewayError):
            raise result.exception
        assert result.exit_code == code, f"{result.output}\n{result.exception!r}"
        return result.stdout

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--json"))


@pytest.fixture
def pa(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pa:
    site = tmp_path / "site.yaml"
    shutil.copy(ROOT / "profiles" / "site.example.yaml", site)
    monkeypatch.setenv("PA_SITE", str(site))
    return Pa()


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the site's own that may be written to; the mappings in it."""
    data = tmp_path / "data"
    data.mkdir()
    shutil.copytree(ROOT / "mappings", data / "mappings")
    for name in ("profiles", "examples"):
        (data / name).symlink_to(ROOT / name)
    monkeypatch.setenv("PA_DATA", str(data))
    return data / "mappings"


def elements(explained: Any) -> dict[str, Any]:
    return {row["element"]: row for row in explained["requests"][0]["elements"]}


def test_explain_names_the_place_in_the_order_behind_each_element(pa: Pa) -> None:
    rows = elements(pa.json("explain", str(ORDERS / "knee_mri.json"), "--guide", "pas/2.2.1"))
    code = rows["Claim.item[0].productOrService.coding[0].code"]
    assert code["inputs"] == [
        {
            "place": "entry[0].resource.code.coding[1].code",
            "resource": "ServiceRequest/knee-mri",
            "path": "code.coding[1].code",
        }
    ]
    assert code["file"].endswith("claim/item.yaml")
    written = Path(code["file"]).read_text("utf-8").splitlines()[code["line"] - 1]
    assert "%item.code" in written


def test_explain_names_rules_and_the_day_a_date_was_worked_out_from(pa: Pa) -> None:
    rows = elements(pa.json("explain", str(ORDERS / "knee_mri.json"), "--guide", "2.2.1"))
    (rule,) = rows["Claim.item[0].category.coding[0].code"]["rules"]
    table, line = rule.split(" of ")[1].split(" line ")
    row = (CODES / table).read_text("utf-8").splitlines()[int(line) - 1]
    assert rule == f"rule {row.split(',')[0]} of {table} line {line}"
    places = [place["place"] for place in rows["Claim.item[0].servicedDate"]["inputs"]]
    assert places == ["%items[0].start", "entry[0].resource.occurrenceDateTime"]


def test_explain_tells_site_payer_and_mapping_apart(pa: Pa) -> None:
    rows = elements(pa.json("explain", str(ORDERS / "knee_mri.json"), "--guide", "2.2.1"))
    origins = {place["origin"] for row in rows.values() for place in row["inputs"] if "origin" in place}
    assert {"from site.yaml", "from the payer profile", "made by the gateway for this request"} <= origins
    assert (rows["Claim.use"]["origin"], rows["Claim.id"]["origin"]) == ("fixed", "gateway")


@pytest.mark.parametrize("order", sorted(path.name for path in ORDERS.glob("*.json")))
def test_explain_accounts_for_every_leaf_of_every_request_and_every_place_of_the_order(pa: Pa, order: str) -> None:
    explained = pa.json("explain", str(ORDERS / order))
    for request in explained["requests"]:
        for row in request["elements"]:
            assert row["file"] or row["origin"] == "gateway", row
            assert row["origin"] != "gateway" or row["element"].endswith((".id", ".resourceType")), row
    taken = {
        place["place"] for request in explained["requests"] for row in request["elements"] for place in row["inputs"]
    }
    unused = {place["place"] for place in (*explained["unused"], *explained["looked_at"])}
    assert not taken & unused


def test_explain_finds_what_was_not_used_and_says_what_was_left_out_on_purpose(pa: Pa, tmp_path: Path) -> None:
    bundle = json.loads((ORDERS / "knee_mri.json").read_text("utf-8"))
    bundle["entry"][0]["resource"]["patientInstruction"] = "unheard"
    bundle["entry"][0]["resource"]["text"] = {"status": "generated", "div": "unheard"}
    order = tmp_path / "order.json"
    order.write_text(json.dumps(bundle), "utf-8")
    explained = pa.json("explain", str(order))
    assert "entry[0].resource.patientInstruction" in {row["place"] for row in explained["unused"]}
    (narrative,) = (rows for why, rows in explained["left_out"].items() if why.startswith("narrative"))
    assert [row["path"] for row in narrative] == ["text.status", "text.div"]


def test_explain_shows_values_of_the_patient_only_when_asked(pa: Pa) -> None:
    order = ORDERS / "knee_mri.json"
    patient = next(
        entry["resource"]
        for entry in json.loads(order.read_text("utf-8"))["entry"]
        if entry["resource"]["resourceType"] == "Patient"
    )
    private = (patient["name"][0]["family"], patient["birthDate"])
    for shown in (pa("explain", str(order)), pa("explain", str(order), "--json")):
        assert not [value for value in private if value in shown]
    shown = pa("explain", str(order), "--values")
    assert all(value in shown for value in private)


def test_explain_names_the_priority_of_the_order_behind_what_is_written_out_for_urgent_ones(
    pa: Pa, tmp_path: Path
) -> None:
    bundle = json.loads((ORDERS / "knee_mri.json").read_text("utf-8"))
    order = tmp_path / "order.json"
    for priority, text in (("stat", "if %expedited"), ("routine", "else of %expedited")):
        bundle["entry"][0]["resource"]["priority"] = priority
        order.write_text(json.dumps(bundle), "utf-8")
        for guide in GUIDES:
            rows = elements(pa.json("explain", str(order), "--guide", guide))
            (condition,) = rows["Claim.priority.coding[0].code"]["under"]
            assert (condition["condition"], rows["Claim.priority.coding[0].code"]["origin"]) == (text, "chosen")
            assert "entry[0].resource.priority" in [place["place"] for place in condition["inputs"]]
            written = Path(condition["file"]).read_text("utf-8").splitlines()
            assert "if %expedited" in written[condition["line"] - 1]
            level = [row for row in rows.values() if "extensions.yaml" in row["file"] and "1338" in str(row)]
            assert all(any(one["condition"] == "if %expedited" for one in row["under"]) for row in level)
    shown = pa("explain", str(order), "--element", "Claim.priority")
    assert "under else of %expedited" in shown
    assert "from  ServiceRequest/knee-mri.priority" in shown


def test_what_decides_that_a_request_is_expedited_is_what_explain_says(pa: Pa, tmp_path: Path) -> None:
    bundle = json.loads((ORDERS / "knee_mri.json").read_text("utf-8"))
    codes = []
    for priority in ("stat", "routine"):
        bundle["entry"][0]["resource"]["priority"] = priority
        (tmp_path / "order.json").write_text(json.dumps(bundle), "utf-8")
        rows = elements(pa.json("explain", str(tmp_path / "order.json"), "--values"))
        codes.append(rows["Claim.priority.coding[0].code"]["value"])
    assert codes == ["stat", "normal"]


def test_explain_names_where_a_variable_of_the_mapping_was_set(pa: Pa) -> None:
    rows = elements(pa.json("explain", str(ORDERS / "knee_mri.json"), "--guide", "2.2.1"))
    (row,) = [row for row in rows.values() if row["expression"] == "%certification"]
    (given,) = row["given"]
    assert (given["variable"], given["by"], given["text"]) == ("certification", "with", "I")
    assert "certification: I" in Path(given["file"]).read_text("utf-8").splitlines()[given["line"] - 1]


def test_explain_names_the_rows_a_number_points_to_and_what_of_the_order_they_were_made_from(pa: Pa) -> None:
    rows = elements(pa.json("explain", str(ORDERS / "knee_mri.json"), "--guide", "2.2.1"))
    for name, row in (("diagnosisSequence", "diagnosis"), ("careTeamSequence", "careTeam")):
        (target,) = rows[f"Claim.item[0].{name}[0]"]["points_to"]
        assert target["element"] == f"Claim.{row}[0]"
        assert all(place["resource"] for place in target["inputs"])
        assert target["inputs"]
    shown = pa("explain", str(ORDERS / "knee_mri.json"), "--element", "Claim.item.informationSequence")
    assert "points to Claim.supportingInfo[0], made from DocumentReference/" in shown


def test_explain_keeps_to_one_element_when_asked(pa: Pa) -> None:
    rows = elements(pa.json("explain", str(ORDERS / "knee_mri.json"), "--element", "Claim.item.category"))
    assert {element.split(".coding")[0] for element in rows} == {"Claim.item[0].category"}


def test_explain_follows_a_completion(pa: Pa) -> None:
    completion = ORDERS / "completions" / "with_gaps.json"
    explained = pa.json("explain", str(ORDERS / "with_gaps.json"), "--complete", str(completion))
    places = {place["place"] for row in elements(explained).values() for place in row["inputs"]}
    assert [place for place in places if place.startswith("completion1.")]
    assert explained["requests"][0]["gaps"] == []


def test_explain_of_an_order_with_gaps_says_what_is_not_filled(pa: Pa) -> None:
    assert "Not filled: " in pa("explain", str(ORDERS / "with_gaps.json"))


@pytest.mark.parametrize("guide", GUIDES)
def test_every_must_support_element_of_claim_and_claim_update_can_be_filled(guide: str) -> None:
    found = coverage(Mappings.load(PAS / guide, CODES), Shelf.load(ROOT / "profiles" / "pas" / guide))
    claims = {one.profile.rpartition("/")[2].partition("|")[0]: one for one in found}
    for profile in ("profile-claim", "profile-claim-update"):
        assert len([row for row in claims[profile].rows if row.must_support]) > 50
        assert [row.element for row in claims[profile].missing if row.must_support or row.required] == []


def test_coverage_notices_an_extension_a_slice_and_an_element_that_nothing_fills_any_more(own: Path) -> None:
    folder = own / "pas" / "2.2.1"
    changes = {"patientEvent": "somethingElse", "extension-itemTraceNumber": "extension-other", "  provider:": "  by:"}
    for path in folder.glob("claim/*.yaml"):
        text = path.read_text("utf-8")
        for old, new in changes.items():
            text = text.replace(old, new)
        path.write_text(text, "utf-8")
    found = coverage(Mappings.load(folder, CODES), Shelf.load(ROOT / "profiles" / "pas" / "2.2.1"))
    claim = next(one for one in found if "profile-claim|" in one.profile)
    missing = {row.element for row in claim.missing if row.must_support}
    assert {"Claim.supportingInfo:PatientEvent", "Claim.provider"} <= missing
    assert [element for element in missing if element.startswith("Claim.item.extension:")]


def test_coverage_prints_what_fills_and_what_does_not(pa: Pa) -> None:
    shown = pa("coverage", "--guide", "pas/2.2.1", "--profile", "profile-claim|")
    assert "must support  Claim.item.category" in shown
    assert "claim/item.yaml:" in shown
    row = next(
        row
        for row in pa.json("coverage", "--profile", "profile-claim|")[0]["elements"]
        if row["element"] == "Claim.insurer"
    )
    assert row["must_support"]
    assert row["filled"][0].partition(":")[0].endswith("claim/claim.yaml")


def test_diff_of_a_version_with_itself_is_empty_and_a_change_is_told_by_element(pa: Pa, own: Path) -> None:
    assert pa.json("diff", "pas/2.2.1", "pas/2.2.1") == []
    changed = own / "pas" / "9.9.9"
    shutil.copytree(own / "pas" / "2.2.1", changed)
    item = changed / "claim" / "item.yaml"
    item.write_text(item.read_text("utf-8").replace("%item.members", "%item.others"), "utf-8")
    rows = pa.json("diff", "pas/2.2.1", "pas/9.9.9")
    assert {(row["mapping"], row["kind"]) for row in rows} == {
        ("claim/claim", "expression"),
        ("claim/update", "expression"),
    }
    assert {row["element"] for row in rows} == {"Claim.item.careTeamSequence"}
    assert "%item.others" in pa("diff", "pas/2.2.1", "pas/9.9.9", "claim/item")


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("claim/fresh", "profile-claim"),
        ("parties/device", ""),
        ("orders/nutrition", "profile-nutritionorder"),
        ("parties/fresh_location", "Location"),
    ],
)
def test_a_new_mapping_passes_lint_and_its_test_and_asks_for_what_is_required(
    pa: Pa, own: Path, name: str, source: str
) -> None:
    pa("new", name, "--guide", "pas/2.2.1", *(["--from", source] if source else []))
    shown = pa.json("lint", "--folder", str(own / "pas" / "2.2.1"), "--codes", str(own / "codes"))
    assert shown == []
    cases = pa.json("test", "--folder", str(own / "pas" / "2.2.1"), "--codes", str(own / "codes"))["cases"]
    (case,) = (case for case in cases if case["file"].endswith(f"{name}.test.yaml"))
    assert case["problems"] == []
    with pytest.raises(Conflict):
        pa("new", name, "--guide", "pas/2.2.1", *(["--from", source] if source else []))


def test_a_new_claim_asks_for_every_required_element_of_the_profile(pa: Pa, own: Path) -> None:
    pa("new", "claim/fresh", "--from", "profile-claim")
    text = (own / "pas" / "2.2.1" / "claim" / "fresh.yaml").read_text("utf-8")
    for element in ("identifier", "patient", "created", "insurer", "provider", "insurance", "item"):
        assert f"\n  {element}:" in text
    assert 'use: "preauthorization"' in text
    assert "extension-serviceItemRequestType" in text


def test_wrong_names_are_answered_with_the_nearest(pa: Pa, own: Path) -> None:
    with pytest.raises(NotFound, match="'profile-claim'"):
        pa("new", "claim/fresh", "--from", "profile-clam")
    with pytest.raises(OurFault, match="small letters"):
        pa("new", "Claim/../fresh")
    with pytest.raises(NotFound, match="'claim/item'"):
        pa("diff", "2.2.1", "2.2.1", "claim/itm")
    with pytest.raises(NotFound, match="no mappings for"):
        pa("coverage", "--guide", "pas/1.0.0")


@pytest.mark.parametrize("guide", GUIDES)
def test_a_misspelt_element_in_a_shipped_mapping_is_found(pa: Pa, own: Path, guide: str) -> None:
    path = own / "pas" / guide / "parties" / "practitioner.yaml"
    path.write_text(path.read_text("utf-8").replace(".family ", ".famly "), "utf-8")
    shown = pa("lint", "--folder", str(own / "pas" / guide), "--codes", str(own / "codes"), code=1)
    assert "HumanName has no element famly; did you mean 'family'?" in shown
    assert "^^^^^" in shown


def test_the_page_shows_what_the_tools_print(pa: Pa, own: Path) -> None:
    page = (own / "README.md").read_text("utf-8")
    path = own / "pas" / "2.2.1" / "parties" / "practitioner.yaml"
    path.write_text(path.read_text("utf-8").replace(".family ", ".famly "), "utf-8")
    printed = [
        pa("explain", str(ORDERS / "knee_mri.json"), "--guide", "2.2.1"),
        pa("coverage", "--guide", "2.2.1").replace(f"{own.parent}/", ""),
        pa("diff", "pas/2.0.1", "pas/2.2.1"),
        pa("lint", "--folder", str(own / "pas" / "2.2.1"), "--codes", str(own / "codes"), code=1).replace(
            f"{path.parent}/", ""
        ),
    ]
    lines = {_without_counts(line) for text in printed for line in text.splitlines()}
    shown = re.findall(r"```\n(.*?)```", page.partition("## Tools")[2], re.DOTALL)
    assert len(shown) == 4
    assert [line for block in shown for line in block.splitlines() if _without_counts(line) not in lines] == []


def _without_counts(line: str) -> str:
    """Line numbers and counts change with every mapping; the page need not follow."""
    return re.sub(r"\b\d+\b", "n", line.strip())
