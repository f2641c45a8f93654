"""The site profile: what the example says, and what the loader says of mistakes."""

from pathlib import Path

import pytest

from gateway.model.errors import ConfigFault
from gateway.payers.field_rules import luhn
from gateway.payers.site import Review, Sender, TracePlace, load_site

EXAMPLE = Path(__file__).resolve().parents[3] / "profiles" / "site.example.yaml"


def load(folder: Path, text: str) -> tuple[str, ...]:
    """The problems of a site profile, without the folder in them."""
    path = folder / "site.yaml"
    path.write_text(text)
    try:
        load_site(path)
    except ConfigFault as fault:
        return tuple(problem.replace(f"{folder}/", "") for problem in fault.problems)
    return ()


def test_the_example_names_an_invented_clinic_with_a_valid_npi() -> None:
    site = load_site(EXAMPLE)
    clinic = site.requestors[0]
    assert luhn(clinic.npi)
    assert (clinic.type, clinic.tax_id, clinic.address.postal_code) == ("1P", "900000001", "62701")
    assert clinic.sender == site.sender == Sender("EXAMPLECLINIC", "EXAMPLE01")
    assert site.review is Review.SEND
    assert (site.signing_keys[0].kid, site.signing_keys[0].alg, site.signing_keys[0].active) == ("main", "ES384", True)


def test_an_order_names_a_requestor_by_reference_or_npi_and_nothing_else() -> None:
    site = load_site(EXAMPLE)
    clinic = site.requestors[0]
    assert site.known_as("Organization/org1234") is clinic
    assert site.known_as(clinic.npi) is clinic
    assert site.known_as("Organization/org12345") is None
    assert site.known_as("") is None
    assert site.requestor("clinic") is clinic
    assert site.requestor("other") is None


def test_a_requestor_may_have_a_sender_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    text = EXAMPLE.read_text().replace(
        "    # sender: {application_sender_code: OTHER, interchange_sender_id: OTHER}",
        "    sender: {application_sender_code: OTHER, interchange_sender_id: OTHER}",
    )
    path.write_text(text)
    site = load_site(path)
    assert site.requestors[0].sender == Sender("OTHER", "OTHER")
    assert site.sender == Sender("EXAMPLECLINIC", "EXAMPLE01")


def test_a_site_may_say_under_which_department_and_state_it_keeps_its_trace_numbers(tmp_path: Path) -> None:
    assert load_site(EXAMPLE).trace_place == TracePlace()
    line = "trace_place: {department: CARDIOLOGY, jurisdiction: IL}"
    path = tmp_path / "site.yaml"
    path.write_text(EXAMPLE.read_text().replace(f"# {line}", line))
    assert load_site(path).trace_place == TracePlace(department="CARDIOLOGY", jurisdiction="IL")
    [problem] = load(tmp_path, EXAMPLE.read_text().replace(f"# {line}", line.replace("IL", "Illinois")))
    assert "trace_place.jurisdiction" in problem


def test_no_file_says_what_is_missing_and_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigFault, match="no site profile") as fault:
        load_site(tmp_path / "site.yaml")
    assert "pa site init" in fault.value.fix


@pytest.mark.parametrize(("old", "new", "problem"), [
    ('npi: "1999999984"', "npi: 1999999985", "requestors.1.npi: the check digit of this NPI is wrong"),
    ('npi: "1999999984"', "npi: 199999998", "requestors.1.npi: an NPI has ten digits"),
    ('tax_id: "900000001"', "tax_id: 90000000", "requestors.1.tax_id: a tax id has nine digits"),
    ('type: "1P"', "type: provider", "requestors.1.type: write an X12 98 code"),
    ('postal_code: "62701"', "postal_code: 627", "requestors.1.address.postal_code: write five digits"),
    ("postal_code:", "zipcode:", "requestors.1.address.zipcode: is not a known key"),
    ("requestors:", "requesters:", "requesters: is not a known key; did you mean `requestors`?"),
    ('phone: "555-010-0100"\n      email: "prior-auth@clinic.example"', "", "requestors.1.contact: a contact"),
    ("key: file:signing-main.pem", "key: -----BEGIN", "signing_keys.1.key: write where the secret is"),
    ("alg: ES384", "alg: HS256", "signing_keys.1.alg: Input should be 'ES384' or 'RS384'"),
    ('trace_originator: "1900000001"', "trace_originator: 19", "trace_originator: TRN03 has ten"),
    ("time_zone: America/Chicago", "time_zone: ../../etc/passwd", "time_zone: is not a time zone"),
    ("active: true", "active: perhaps", "signing_keys.1.active: is neither true nor false"),
])  # fmt: skip
def test_a_mistake_is_named_with_file_line_key_and_fix(tmp_path: Path, old: str, new: str, problem: str) -> None:
    before = EXAMPLE.read_text()
    assert old in before
    text = before.replace(old, new, 1)
    line = text[: text.index(new)].count("\n") + 1 if new else text[: text.index("contact:")].count("\n") + 1
    assert any(found.startswith(f"site.yaml:{line}: {problem}") for found in load(tmp_path, text))


def test_two_requestors_cannot_be_known_by_one_name(tmp_path: Path) -> None:
    text = EXAMPLE.read_text()
    row = text[text.index("  - key:") : text.index("    # How orders")]
    twin = row.replace('"clinic"', '"second"') + "    known_as: []\n"
    text = text.replace("# Keys that sign", f"{twin}# Keys that sign")
    assert load(tmp_path, text) == (
        "site.yaml:23: requestors: two requestors are known by the same name or NPI; an order could mean either.",
    )


def test_two_keys_cannot_share_a_kid(tmp_path: Path) -> None:
    text = EXAMPLE.read_text() + "  - {kid: main, alg: ES384, key: env:OTHER}\n"
    assert load(tmp_path, text) == (
        "site.yaml:47: signing_keys: two signing keys have the same kid; give each its own.",
    )


def test_check_digits_tell_right_npis_from_wrong_ones() -> None:
    assert luhn("1234567893")
    assert not any(luhn(f"123456789{digit}") for digit in "012456789")
