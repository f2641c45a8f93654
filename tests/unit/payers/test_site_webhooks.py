"""The webhooks of a site profile: what they say, and what the loader says of mistakes."""

from pathlib import Path

import pytest

from gateway.payers.site import Told, Webhook, load_site
from tests.unit.payers.test_site_profile import EXAMPLE, load

GOOD = """
webhooks:
  - client: valley-ehr
    url: https://ehr.clinic.example/hooks
    secrets: [file:one.secret, env:OTHER]
    events: decisions
"""


def test_nobody_is_told_unless_the_file_says_so() -> None:
    assert load_site(EXAMPLE).webhooks == ()
    assert load_site(EXAMPLE).webhook("valley-ehr") is None


def test_a_webhook_names_client_url_secrets_and_which_events(tmp_path: Path) -> None:
    assert load(tmp_path, EXAMPLE.read_text() + GOOD) == ()
    site = load_site(tmp_path / "site.yaml")
    assert site.webhook("valley-ehr") == Webhook(
        client="valley-ehr",
        url="https://ehr.clinic.example/hooks",
        secrets=("file:one.secret", "env:OTHER"),
        events=Told.DECISIONS,
        allow_loopback=False,
    )
    assert site.webhook("valley") is None


def test_the_row_in_the_comments_of_the_example_works_as_it_stands(tmp_path: Path) -> None:
    text = EXAMPLE.read_text()
    head, rows = text.split("# webhooks:\n")
    row = "".join(line.removeprefix("# ") + "\n" for line in ["# webhooks:", *rows.splitlines()])
    assert load(tmp_path, head + row) == ()
    assert load_site(tmp_path / "site.yaml").webhook("valley-ehr") is not None


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("https://ehr", "http://ehr", "url: plain http is for this machine only; write an https URL."),
        ("https://ehr.clinic.example", "https://127.0.0.1:8200", "url: is this machine; add `allow_loopback: true`"),
        ("https://ehr.clinic.example", "https://u:p@ehr.example", "url: a URL carries no user name or password"),
        ("/hooks", "/hooks?token=1", "url: an endpoint carries no query"),
        ("[file:one.secret, env:OTHER]", "[whsec_c2VjcmV0]", "secrets.1: write where the secret is"),
        ("[file:one.secret, env:OTHER]", "[]", "secrets: is empty; write at least one row."),
        ("    secrets: [file:one.secret, env:OTHER]\n", "", "secrets: is missing or empty; write a value."),
        ("decisions", "denials", "events: Input should be 'all' or 'decisions'"),
        ("events: decisions", "event: all", "event: is not a known key; did you mean `events`?"),
        ("valley-ehr", "Valley EHR", "client: write small letters, digits and hyphens."),
        (GOOD, GOOD + GOOD.replace("\nwebhooks:\n", ""), "webhooks: two webhooks have the same client"),
    ],
)
def test_a_mistake_is_named_with_its_line_its_key_and_the_fix(tmp_path: Path, old: str, new: str, problem: str) -> None:
    text = EXAMPLE.read_text() + GOOD
    (said,) = load(tmp_path, text.replace(old, new))
    assert said.startswith("site.yaml:")
    assert problem in said
    assert "whsec_" not in said
    assert "token=1" not in said


def test_this_machine_is_told_over_plain_http_where_the_file_allows_it(tmp_path: Path) -> None:
    local = GOOD.replace("https://ehr.clinic.example", "http://localhost:8200") + "    allow_loopback: true\n"
    assert load(tmp_path, EXAMPLE.read_text() + local) == ()
