"""Signing keys: loaded by reference, refused when weak, published without their private parts."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from gateway.adapters.payer.keys import Keys, key_problems, load_keys, read_secret, write_key
from gateway.model.errors import ConfigFault
from gateway.payers.profile import PayerProfile, Payers
from gateway.payers.site import SigningKey, Site


def one_key(site: Site, folder: Path, content: str, alg: str = "ES384") -> Site:
    (folder / "key").write_text(content)
    row = SigningKey(kid="k", alg=alg, reference="file:key", active=True)
    return replace(site, path=folder / "site.yaml", signing_keys=(row,))


def test_the_public_key_set_holds_every_key_and_no_private_part(keys: Keys) -> None:
    published = keys.jwks()["keys"]
    assert [(key["kid"], key["alg"], key["use"]) for key in published] == [
        ("main", "ES384", "sig"), ("old", "ES384", "sig"), ("rsa", "RS384", "sig")]  # fmt: skip
    allowed = {"kty", "crv", "x", "y", "n", "e", "kid", "alg", "use", "key_ops"}
    assert all(set(key) <= allowed for key in published)


def test_what_a_key_signs_its_published_form_verifies(keys: Keys) -> None:
    published = KeySet.import_key_set(json.loads(json.dumps(keys.jwks())))
    for kid, alg in (("main", "ES384"), ("rsa", "RS384")):
        signed = jwt.encode({"alg": alg, "kid": kid}, {"a": 1}, keys.signing(kid, alg).key, algorithms=[alg])
        assert jwt.decode(signed, published, algorithms=[alg]).claims == {"a": 1}


@pytest.mark.parametrize(("kid", "alg"), [("old", "ES384"), ("main", "RS384"), ("nobody", "ES384")])
def test_an_inactive_unknown_or_other_key_does_not_sign(keys: Keys, kid: str, alg: str) -> None:
    with pytest.raises(ConfigFault, match=f"no active signing key {kid} for {alg}") as fault:
        keys.signing(kid, alg)
    assert "main (ES384), rsa (RS384)" in fault.value.fix


def test_a_loaded_key_is_not_shown(keys: Keys) -> None:
    assert repr(keys.signing("main", "ES384")) == "LoadedKey(kid='main', alg='ES384', active=True)"


def test_a_key_comes_as_pem_or_jwk_from_a_file_or_the_environment(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ECKey.generate_key("P-384")
    for content in (key.as_pem(private=True).decode(), json.dumps(key.as_dict(private=True))):
        loaded = load_keys(one_key(site, tmp_path, content))
        assert loaded.jwks()["keys"][0]["x"] == key.as_dict()["x"]
        monkeypatch.setenv("PA_TEST_KEY", content)
        row = SigningKey(kid="k", alg="ES384", reference="env:PA_TEST_KEY", active=True)
        assert load_keys(replace(site, signing_keys=(row,))).jwks() == loaded.jwks()


def test_a_jwk_with_private_members_of_its_own_is_published_without_them(site: Site, tmp_path: Path) -> None:
    key = ECKey.generate_key("P-384").as_dict(private=True) | {"x-note": "secret", "kid": "inner"}
    published = load_keys(one_key(site, tmp_path, json.dumps(key))).jwks()["keys"][0]
    assert published["kid"] == "k"
    assert not {"d", "x-note"} & set(published)


def _rsa(bits: int) -> str:
    return RSAKey.generate_key(bits).as_pem(private=True).decode()


def _ec(curve: str, *, private: bool = True) -> str:
    return ECKey.generate_key(curve).as_pem(private=private).decode()


@pytest.mark.parametrize(("content", "alg", "words"), [
    (lambda: _ec("P-256"), "ES384", "P-384"), (lambda: _rsa(2048), "RS384", "at least 3072 bits"),
    (lambda: _ec("P-384", private=False), "ES384", "public key"), (lambda: _ec("P-384"), "RS384", "not a private key"),
    (lambda: "nonsense", "ES384", "not a private key"), (lambda: "{}", "ES384", "not a private key"),
    (lambda: "{", "ES384", "not a private key"), (lambda: "  ", "ES384", "empty"),
    (lambda: '{"kty":"oct","k":"c2VjcmV0"}', "ES384", "not a private key"),
])  # fmt: skip
def test_a_key_that_cannot_be_used_is_named_with_its_kid_and_never_quoted(
    site: Site, tmp_path: Path, content: object, alg: str, words: str
) -> None:
    text = content()  # type: ignore[operator]
    with pytest.raises(ConfigFault) as fault:
        load_keys(one_key(site, tmp_path, text, alg))
    assert "signing_keys: k: " in fault.value.problems[0]
    assert words in fault.value.problems[0]
    assert "BEGIN" not in str(fault.value)


def test_all_bad_keys_are_listed(site: Site, tmp_path: Path) -> None:
    rows = tuple(SigningKey(kid=kid, alg="ES384", reference=reference, active=True)
                 for kid, reference in (("a", "file:none.pem"), ("b", "env:PA_NOT_SET")))  # fmt: skip
    with pytest.raises(ConfigFault) as fault:
        load_keys(replace(site, path=tmp_path / "site.yaml", signing_keys=rows))
    assert [problem.split(": ", 2)[2] for problem in fault.value.problems] == [
        "a: file:none.pem cannot be read as text", "b: env:PA_NOT_SET is empty or not set"]  # fmt: skip


def test_a_new_key_never_replaces_one(tmp_path: Path) -> None:
    write_key(tmp_path / "key.pem", "ES384")
    before = (tmp_path / "key.pem").read_bytes()
    with pytest.raises(FileExistsError):
        write_key(tmp_path / "key.pem", "ES384")
    assert (tmp_path / "key.pem").read_bytes() == before


def test_secrets_are_read_relative_to_their_file_and_trimmed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    assert read_secret("file:secret", tmp_path) == "s3cret"
    monkeypatch.setenv("PA_TEST_SECRET", " s3cret ")
    assert read_secret("env:PA_TEST_SECRET", tmp_path) == "s3cret"


def test_what_stands_between_a_payer_and_its_key_or_secret_is_listed(keys: Keys, payer: PayerProfile) -> None:
    secret = replace(payer.auth, method="client_secret_basic", secret="env:PA_NOT_SET", key="", alg="")
    payers = Payers({
        "good": payer,
        "inactive": replace(payer, auth=replace(payer.auth, key="old")),
        "unset": replace(payer, auth=secret),
    })  # fmt: skip
    problems = list(key_problems(payers, keys))
    assert len(problems) == 2
    assert "no active signing key old" in problems[0]
    assert "env:PA_NOT_SET is empty" in problems[1]
