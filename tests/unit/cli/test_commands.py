"""The commands that touch no network, run as a user runs them, against a site of their own."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from gateway.flow import review
from gateway.model.errors import ConfigFault, IllegalTransition, NotFound, OurFault
from tests.unit.cli.conftest import Pa
from tests.worlds import ORDERS, ROOT

GOLDEN = ROOT / "examples" / "golden" / "2.2.1"


def held(pa: Pa) -> dict[str, Any]:
    found: dict[str, Any] = pa.json("order", "submit", "--hold", str(ORDERS / "knee_mri.json"))
    return found


def test_check_lists_what_is_missing_and_exits_1(pa: Pa) -> None:
    shown = pa("order", "check", str(ORDERS / "with_gaps.json"), code=1)
    assert "ICD-10-CM" in shown
    found = pa.json("order", "check", str(ORDERS / "with_gaps.json"), code=1)
    assert len(found[0]["gaps"]) >= 4
    assert pa.json("auth", "list") == []


def test_check_with_the_completion_is_ready_and_prints_the_bundle(pa: Pa) -> None:
    completion = str(ORDERS / "completions" / "with_gaps.json")
    found = pa.json("order", "check", str(ORDERS / "with_gaps.json"), "--complete", completion, "--bundle")
    assert found[0]["bundle"]["resourceType"] == "Bundle"


def test_a_held_request_is_listed_shown_and_dropped(pa: Pa) -> None:
    record = held(pa)["authorizations"][0]
    assert record["state"] == "held"
    assert "review, then release" in pa("auth", "list")
    assert f"pa auth release {record['id']}" in pa("auth", "show", record["id"])
    request = json.loads(pa("auth", "show", record["id"], "--request"))
    assert request["entry"][0]["resource"]["resourceType"] == "Claim"
    events = pa.json("auth", "show", record["id"], "--events")["events"]
    assert [event["name"] for event in events] == ["OrderReceived", "RequestBuilt", "Held"]
    assert pa.json("auth", "drop", record["id"], "--reason", "ordered twice")["state"] == "cancelled"
    with pytest.raises(IllegalTransition):
        pa("auth", "release", record["id"])


def test_a_held_request_is_edited_by_a_completion_file(pa: Pa, tmp_path: Path) -> None:
    order = held(pa)
    kind, _, identity = order["authorizations"][0]["order_refs"][0].partition("/")
    edit = tmp_path / "edit.json"
    edit.write_text(json.dumps({"resourceType": kind, "id": identity, "priority": "urgent"}))
    changed = pa.json("order", "complete", order["order"], str(edit))["authorizations"][0]
    assert (changed["state"], changed["urgency"]) == ("held", "expedited")


def test_a_decision_by_fax_is_recorded_with_its_evidence(pa: Pa) -> None:
    record = held(pa)["authorizations"][0]
    arguments = ("auth", "record", record["id"], "--result", "denied", "--channel", "fax", "--by", "nurse-7")
    with pytest.raises(OurFault):
        pa(*arguments, "--evidence", " ")
    decided = pa.json(*arguments, "--evidence", "letter of 20 Nov, scan 12", "--reason", "0F")
    assert (decided["state"], decided["determination"]) == ("decided", "denied")
    assert decided["items"][0]["answer"]["channel"] == "fax"
    told = pa.json("auth", "show", record["id"], "--events")["events"][-1]
    assert (told["evidence"], told["channel"]) == ("letter of 20 Nov, scan 12", "fax")
    assert "letter of 20 Nov, scan 12" in " ".join(pa("auth", "show", record["id"], "--events").split())


def test_a_result_nobody_can_enter_lists_those_that_one_can(pa: Pa) -> None:
    record = held(pa)["authorizations"][0]
    arguments = ("auth", "record", record["id"], "--channel", "fax", "--evidence", "scan 12", "--result")
    with pytest.raises(OurFault) as fault:
        pa(*arguments, "yes")
    assert all(one.value in fault.value.fix for one in review.BY_HAND)
    assert "pended" not in fault.value.fix


def test_a_period_that_ends_before_it_begins_is_refused(pa: Pa) -> None:
    record = held(pa)["authorizations"][0]
    arguments = ("auth", "record", record["id"], "--channel", "fax", "--evidence", "scan 12", "--result", "approved")
    with pytest.raises(OurFault, match="--valid-from is after --valid-through"):
        pa(*arguments, "--valid-from", "2026-12-02", "--valid-through", "2026-12-01")
    one_day = pa.json(*arguments, "--valid-from", "2026-12-01", "--valid-through", "2026-12-01")
    assert one_day["items"][0]["answer"]["valid"] == {"start": "2026-12-01", "end": "2026-12-01"}


def test_list_filters_and_refuses_a_state_that_does_not_exist(pa: Pa) -> None:
    record = held(pa)["authorizations"][0]
    assert [one["id"] for one in pa.json("auth", "list", "--state", "held")] == [record["id"]]
    assert pa.json("auth", "list", "--state", "decided") == []
    assert pa.json("auth", "list", "--patient", "Patient/nobody") == []
    with pytest.raises(OurFault, match="no state"):
        pa("auth", "list", "--state", "heldd")


@pytest.mark.parametrize(
    ("variable", "value", "allowed"),
    [
        ("PA_WORKERS", "abc", "from 0 to 64"),
        ("PA_LEASE_SECONDS", "3", "from 5 to 3600"),
        ("PA_PORT", "70007", "from 0 to 65535"),
    ],
)
def test_a_setting_that_is_not_allowed_is_told_by_its_variable_without_its_value(
    pa: Pa, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, allowed: str
) -> None:
    monkeypatch.setenv(variable, value)
    for command in (("auth", "list"), ("serve",), ("client", "list"), ("payer", "list"), ("replay", str(ORDERS))):
        with pytest.raises(ConfigFault, match=f"{variable} must be a whole number {allowed}") as fault:
            pa(*command)
        assert value not in str(fault.value).replace(allowed, "")


def test_a_data_folder_that_does_not_exist_is_a_fault_of_the_settings(
    pa: Pa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PA_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(ConfigFault, match="PA_DATA must be a folder that exists"):
        pa("auth", "list")


@respx.mock
def test_a_request_that_could_not_be_delivered_says_when_and_by_whom_it_is_sent_again(pa: Pa) -> None:
    respx.route().mock(side_effect=httpx.ConnectError("refused"))
    shown = pa("order", "submit", str(ORDERS / "knee_mri.json"), code=1)
    assert "Not sent: it is sent again at" in shown
    assert "pa serve" in shown
    record = pa.json("auth", "list", "--state", "ready")[0]
    assert "Not sent: it is sent again at" in pa("auth", "show", record["id"])
    assert "Not sent" not in pa("order", "submit", "--hold", str(ORDERS / "home_oxygen.json"))


def test_an_unknown_authorization_is_not_found(pa: Pa) -> None:
    with pytest.raises(NotFound):
        pa("auth", "show", "none")


def test_profile_check_accepts_a_golden_bundle_and_names_rule_and_place_of_a_broken_one(pa: Pa, tmp_path: Path) -> None:
    golden = GOLDEN / "knee_mri" / "1_bundle.json"
    assert pa("profile", "check", str(golden)).startswith("pass")
    bundle = json.loads(golden.read_bytes())
    del bundle["entry"][0]["resource"]["insurer"]
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(bundle))
    (report,) = pa.json("profile", "check", str(broken), code=1)["files"]
    assert ("Bundle.entry[0].resource.insurer", "cardinality") in {
        (one["path"], one["rule"]) for one in report["issues"]
    }
    assert all(one["fix"] for one in report["issues"] if one["severity"] == "error")
    assert report["not_evaluated"]


def test_the_diagram_in_the_readme_is_the_one_the_table_draws(pa: Pa) -> None:
    assert pa("auth", "states").strip() in (ROOT / "README.md").read_text()
