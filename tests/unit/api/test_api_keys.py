"""`/.well-known/jwks.json` publishes the public halves of our keys and nothing else."""

from pathlib import Path

from gateway.adapters.payer.keys import write_key
from tests.unit.api.calling import Api
from tests.worlds import ROOT, build_world


def test_the_key_set_holds_public_keys_only(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_bytes((ROOT / "profiles" / "site.example.yaml").read_bytes())
    write_key(tmp_path / "signing-main.pem", "ES384")
    answer = Api(build_world(site=site)).get("/.well-known/jwks.json")
    (key,) = answer.json()["keys"]
    assert (key["kid"], key["kty"], key["alg"]) == ("main", "EC", "ES384")
    assert "d" not in key


def test_a_missing_key_is_told_without_naming_files(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_bytes((ROOT / "profiles" / "site.example.yaml").read_bytes())
    answer = Api(build_world(site=site)).get("/.well-known/jwks.json")
    assert (answer.status_code, answer.json()["code"]) == (500, "config")
    assert str(tmp_path) not in answer.text
