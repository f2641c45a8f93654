"""Payer profiles: what ships, what a copy says, and what the linter says of mistakes."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from gateway.model.clocks import Duration
from gateway.model.errors import ConfigFault
from gateway.model.exchange import Verdict
from gateway.payers.profile import Identifier, PayerProfile, UnknownPayer, load_payers, read_profile
from gateway.payers.profile_file import schema_text
from gateway.payers.site import Review
from gateway.payers.yaml_file import FileFault

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = ROOT / "profiles" / "payers"
EXAMPLE = ROOT / "examples" / "new_payer" / "new-payer.yaml"
SANDBOX = (SHIPPED / "sandbox.yaml").read_text()


def lint(folder: Path, text: str, name: str = "sandbox.yaml") -> tuple[str, ...]:
    """The problems of a profile, without the folder in them."""
    path = folder / name
    path.write_text(text)
    try:
        read_profile(path)
    except FileFault as fault:
        return tuple(problem.replace(f"{folder}/", "") for problem in fault.problems)
    return ()


def test_the_sandbox_profile_is_what_example_orders_match() -> None:
    payer = load_payers(SHIPPED)["sandbox"]
    assert payer.match.identifiers == (Identifier("urn:example:payer", "SANDBOX"),)
    assert payer.endpoints.fhir == "http://127.0.0.1:8190/fhir"
    assert (payer.auth.method, payer.auth.client_id, payer.auth.key, payer.auth.alg) == (
        "private_key_jwt", "pa-gateway", "main", "ES384")  # fmt: skip
    assert (str(payer.clocks.standard), str(payer.clocks.expedited)) == ("P7D", "PT72H")
    assert payer.clocks.respond == Duration.parse("PT15S")
    assert (payer.speaks["pas"], payer.review, payer.limits.reply_bytes) == ("2.2.1", Review.SEND, 16 * 1024 * 1024)


def test_the_example_to_copy_is_good_and_says_what_it_seems_to_say() -> None:
    payer = read_profile(EXAMPLE)
    assert payer.insurer.address is not None
    assert payer.insurer.address.postal_code == "62701"
    assert payer.replies[503].verdict is Verdict.NOT_ACCEPTED
    assert payer.endpoints.token == "https://auth.new-payer.example/token"
    assert not payer.allow_loopback


def test_the_alternatives_that_the_example_offers_in_comments_are_good_too(tmp_path: Path) -> None:
    text = EXAMPLE.read_text()
    secret = next(line.lstrip("# ") for line in text.splitlines() if line.startswith("#  auth:"))
    before, rest = text.split("auth:\n", 1)
    after = rest[rest.index("# How long the payer may take") :]
    text = f"{before}{secret}\n{after}".replace("  # allow:", "  allow:")
    assert lint(tmp_path, text, "new-payer.yaml") == ()


def test_every_shipped_profile_and_the_example_satisfy_the_schema_beside_them() -> None:
    schema = json.loads((SHIPPED / "schema.json").read_text())
    for path in (*SHIPPED.glob("*.yaml"), EXAMPLE):
        jsonschema.validate(yaml.safe_load(path.read_text()), schema)


def test_the_schema_file_is_the_one_the_code_reads_by() -> None:
    assert (SHIPPED / "schema.json").read_text() == schema_text(), "run: pa payer schema > profiles/payers/schema.json"


@pytest.mark.parametrize(("old", "new", "problem", "at"), [
    ("auth:\n", "auth:\n  audiense: x\n",
     "auth.audiense: is not a known key; did you mean `audience`?", ""),
    ("review: send", "revue: send", "revue: is not a known key; did you mean `review`?", ""),
    ("review: send", "colour: blue", "colour: is not a known key; known here: id, name, match,", ""),
    ("review: send", "review: maybe", "review: Input should be 'send' or 'hold'", ""),
    ("name: Sandbox Health Plan\n  payer", "name:\n  payer", "insurer.name: is missing or empty", "name:"),
    ("respond: PT15S", "respond: 15s", "clocks.respond: write a duration such as", "clocks:"),
    ("respond: PT15S", "respond: PT0S",
     "clocks.respond: write a duration such as P7D, PT72H or PT15S, of at least a second and at most 100 years.",
     "clocks:"),
    ("respond: PT15S", "respond: P36526D",
     "clocks.respond: write a duration such as P7D, PT72H or PT15S, of at least a second and at most 100 years.",
     "clocks:"),
    ("review: send", "retry: {first: PT2H}",
     "retry.first: is longer than `most` (PT1H); shorten it, or write a longer `most`.", ""),
    ("review: send", "circuit: {open: PT3M, most: PT2M}",
     "circuit.open: is longer than `most` (PT2M); shorten it, or write a longer `most`.", ""),
    ("time_zone: UTC", "time_zone: Springfield", "clocks.time_zone: is not a time zone", "clocks:"),
    ("fhir: http://127.0.0.1:8190/fhir", "fhir: http://payer.example/fhir",
     "endpoints.fhir: plain http is for this machine only", ""),
    ("fhir: http://127.0.0.1:8190/fhir", "fhir: https://me:secret@payer.example/fhir",
     "endpoints.fhir: a URL carries no user name", ""),
    ("fhir: http://127.0.0.1:8190/fhir", "fhir: https://payer.example/fhir?tenant=1",
     "endpoints.fhir: an endpoint carries no query", ""),
    ("allow_loopback: true", "", "endpoints.fhir: is this machine; add `allow_loopback: true`", "fhir:"),
    ("key: main", "key: ''", "auth.method: private_key_jwt needs `key`; add it.", "method:"),
    ("alg: ES384", "alg: RS256", "auth.alg: Input should be 'ES384' or 'RS384'", ""),
    ("key: main", "key: main\n  secret: env:X", "auth.secret: private_key_jwt does not use this", ""),
    ("application_receiver_code: SANDBOX", "application_receiver_code: A B",
     "receiver.application_receiver_code: an X12 sender or receiver id", ""),
    ("id: sandbox", "id: sandbox\nid: sandbox", "id: stands here twice; keep one.", ""),
    ("names: [Sandbox Health Plan]", "names: Sandbox", "match.names: is not a list", ""),
    ("receiver:\n  application_receiver_code: SANDBOX\n  interchange_receiver_id: SANDBOX", "receiver: X",
     "receiver: is not a table of keys", "receiver: X"),
    ("names: [Sandbox Health Plan]", "names: [Sandbox Health Plan", "this is not YAML", "insurer:"),
    ("review: send", "limits: {reply_bytes: many}", "limits.reply_bytes: is not a whole number", ""),
    ("review: send", "limits: {reply_bytes: 1}", "limits.reply_bytes: Input should be greater", ""),
])  # fmt: skip
def test_a_mistake_is_named_with_file_line_key_and_fix(
    tmp_path: Path, old: str, new: str, problem: str, at: str
) -> None:
    assert old in SANDBOX
    text = SANDBOX.replace(old, new, 1)
    problems = lint(tmp_path, text)
    assert len(problems) == 1
    file, line, rest = problems[0].split(":", 2)
    assert file == "sandbox.yaml"
    assert text.splitlines()[int(line) - 1].strip().startswith(at or new.splitlines()[-1].strip())
    assert rest.strip().startswith(problem)


@pytest.mark.parametrize("row", [
    "{status: 500, action: not_accepted, why: x}", "{status: 502, action: rejection, why: x}",
    "{status: 200, action: not_accepted, why: x}", "{status: 302, action: not_accepted, why: x}",
    "{status: 404, action: answer, why: x}", "{status: 422, action: in_doubt}",
    "{status: 422, action: in_doubt, again_after: PT5S, why: x}", "{status: 422, action: resend, why: x}",
    "{status: 99, action: in_doubt, why: x}",
    "{status: 503, action: not_accepted, why: x}, {status: 503, action: in_doubt, why: y}",
])  # fmt: skip
def test_a_profile_cannot_call_a_status_safe_after_which_the_payer_may_have_the_request(
    tmp_path: Path, row: str
) -> None:
    assert len(lint(tmp_path, f"{SANDBOX}replies: [{row}]\n")) == 1


def test_the_id_is_the_name_of_the_file(tmp_path: Path) -> None:
    problems = lint(tmp_path, SANDBOX, "other.yaml")
    assert problems == ("other.yaml: id: is not the name of the file; write `id: other` or rename the file.",)


def test_secrets_stand_by_reference_and_are_never_quoted(tmp_path: Path) -> None:
    text = EXAMPLE.read_text().replace("method: private_key_jwt", "method: client_secret_basic")
    text = text.replace("  key: main", "  secret: hunter2-hunter2").replace("  alg: ES384", "")
    problems = lint(tmp_path, text, "new-payer.yaml")
    assert len(problems) == 1
    assert "auth.secret: write where the secret is" in problems[0]
    assert "hunter2" not in problems[0]


def test_text_stays_the_text_that_stands_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.yaml"
    path.write_text(
        SANDBOX.replace("value: SANDBOX}\n  names", "value: 00123}\n  plans: [1.10, no, 2026-01-01]\n  names")
    )
    match = read_profile(path).match
    assert match.identifiers[0].value == "00123"
    assert match.plans == ("1.10", "no", "2026-01-01")


def test_an_anchor_is_refused_rather_than_followed_for_ever(tmp_path: Path) -> None:
    problems = lint(tmp_path, SANDBOX + "limits: &a\n  reply_bytes: *a\n")
    line = len(SANDBOX.splitlines()) + 1
    assert problems == (f"sandbox.yaml:{line}: anchors and aliases are not read; write the value out.",)


def test_all_problems_of_all_files_are_listed_at_once(tmp_path: Path) -> None:
    (tmp_path / "sandbox.yaml").write_text(SANDBOX.replace("review: send", "review: maybe"))
    (tmp_path / "other.yaml").write_bytes(b"\xff\xfe")
    (tmp_path / "third.yaml").write_text("")
    with pytest.raises(ConfigFault) as fault:
        load_payers(tmp_path)
    assert len(fault.value.problems) == 3
    assert "pa payer lint" in fault.value.fix


def test_one_identifier_cannot_mean_two_payers(tmp_path: Path) -> None:
    (tmp_path / "sandbox.yaml").write_text(SANDBOX)
    (tmp_path / "twin.yaml").write_text(SANDBOX.replace("id: sandbox", "id: twin"))
    with pytest.raises(ConfigFault, match=r"twin.yaml: match.identifiers: SANDBOX is also matched by .*sandbox.yaml"):
        load_payers(tmp_path)


def test_a_folder_without_profiles_says_what_to_copy(tmp_path: Path) -> None:
    with pytest.raises(ConfigFault) as fault:
        load_payers(tmp_path)
    assert "examples/new_payer" in fault.value.fix


def test_an_unknown_payer_is_a_configuration_fault_with_words_and_a_key_error_for_mappings() -> None:
    payers = load_payers(SHIPPED)
    assert payers.get("nobody") is None
    assert "nobody" not in payers
    with pytest.raises(UnknownPayer, match="no profile of payer nobody"):
        payers["nobody"]


def test_a_slash_at_the_end_of_the_base_url_is_dropped_and_that_of_the_token_url_kept(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.yaml"
    path.write_text(SANDBOX.replace("8190/fhir ", "8190/fhir/\n  token: http://127.0.0.1:8190/token/ "))
    payer: PayerProfile = read_profile(path)
    assert payer.endpoints.fhir == "http://127.0.0.1:8190/fhir"
    assert payer.endpoints.token == "http://127.0.0.1:8190/token/"
