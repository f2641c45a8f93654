"""Our signing keys: made, read by reference, used to sign, and published without their private parts.

SMART Backend Services (RS384, ES384), RFC 7517. A key is parsed once; parsing per token costs a hundred signatures.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from gateway.model.errors import ConfigFault
from gateway.payers.profile import PayerProfile
from gateway.payers.site import SigningKey, Site

_PUBLIC = ("kty", "crv", "x", "y", "n", "e")
_RSA_BITS = 3072
_MODE = 0o600


@dataclass(frozen=True, slots=True)
class LoadedKey:
    """A private key ready to sign."""

    kid: str
    alg: str
    active: bool
    key: ECKey | RSAKey = field(repr=False)


class Keys:
    """The site's signing keys by kid; made by `load_keys`."""

    def __init__(self, keys: Mapping[str, LoadedKey]) -> None:
        self._keys = dict(keys)

    def signing(self, kid: str, alg: str) -> LoadedKey:
        """The active key `kid` for `alg`.

        Raises:
            ConfigFault: there is none.
        """
        key = self._keys.get(kid)
        if key is None or key.alg != alg or not key.active:
            active = ", ".join(f"{one.kid} ({one.alg})" for one in self._keys.values() if one.active) or "none"
            raise ConfigFault(
                f"The site has no active signing key {kid} for {alg}.",
                fix=f"Correct auth.key and auth.alg of the payer, or add the key. Active: {active}.",
            )
        return key

    def jwks(self) -> dict[str, Any]:
        """The public key set for `/.well-known/jwks.json`: every key, inactive ones too, so that keys can overlap."""
        return {"keys": [_public(key) for key in self._keys.values()]}


def load_keys(site: Site) -> Keys:
    """Read every signing key of the site.

    Raises:
        ConfigFault: a key is missing, unreadable, too weak or not of its algorithm; all problems listed.
    """
    keys: dict[str, LoadedKey] = {}
    problems: list[str] = []
    for row in site.signing_keys:
        try:
            text = read_secret(row.reference, site.path.parent)
            keys[row.kid] = LoadedKey(row.kid, row.alg, row.active, _parse(text, row.alg))
        except ValueError as fault:
            problems.append(f"{site.path}: signing_keys: {row.kid}: {fault}")
    if problems:
        raise ConfigFault(
            "Signing keys cannot be used:", problems=problems, fix="Correct the keys above; `pa site init` makes one."
        )
    return Keys(keys)


def key_problems(payers: Mapping[str, PayerProfile], keys: Keys) -> Iterator[str]:
    """What stands between each payer profile and its key or secret, one line each."""
    for payer in payers.values():
        try:
            if payer.auth.method == "private_key_jwt":
                keys.signing(payer.auth.key, payer.auth.alg)
            else:
                read_secret(payer.auth.secret, payer.path.parent)
        except (ConfigFault, ValueError) as fault:
            yield f"{payer.path}: auth: {fault}"


def read_secret(reference: str, folder: Path) -> str:
    """The secret behind a `file:` (relative to `folder`) or `env:` reference, without surrounding white space.

    Raises:
        ValueError: it is not there or empty; the message names the reference, never the secret.
    """
    kind, _, name = reference.partition(":")
    if kind == "env":
        secret = os.environ.get(name, "").strip()
    else:
        try:
            secret = (folder / name).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise ValueError(f"{reference} cannot be read as text") from None
    if not secret:
        raise ValueError(f"{reference} is empty or not set")
    return secret


def write_key(path: Path, alg: str) -> None:
    """Generate a private key for ES384 (P-384) or RS384 (RSA 3072) as a PEM file that only its owner can read.

    Raises:
        FileExistsError: there is a file already; a key is never overwritten.
    """
    key = ECKey.generate_key("P-384") if alg == "ES384" else RSAKey.generate_key(_RSA_BITS)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "wb") as file:
        file.write(key.as_pem(private=True))


def exposed(row: SigningKey, site: Site) -> bool:
    """Whether the key is a file that others on this machine can read."""
    kind, _, name = row.reference.partition(":")
    path = site.path.parent / name
    return kind == "file" and path.is_file() and bool(path.stat().st_mode & 0o077)


def _parse(text: str, alg: str) -> ECKey | RSAKey:
    material: Any = text
    try:
        if text.startswith("{"):
            material = json.loads(text)
        key: ECKey | RSAKey = (ECKey if alg == "ES384" else RSAKey).import_key(material)
    except (JoseError, ValueError, TypeError, KeyError):
        raise ValueError(f"this is not a private key for {alg} in PEM or JWK form") from None
    if not key.is_private:
        raise ValueError("this is a public key; signing needs the private one")
    if isinstance(key, ECKey) and key.curve_name != "P-384":
        raise ValueError("ES384 needs a key on the curve P-384")
    if isinstance(key, RSAKey) and key.raw_value.key_size < _RSA_BITS:
        raise ValueError(f"an RSA key has at least {_RSA_BITS} bits")
    return key


def _public(key: LoadedKey) -> dict[str, Any]:
    values = key.key.as_dict(private=False)
    shown = {name: values[name] for name in _PUBLIC if name in values}
    return {**shown, "kid": key.kid, "alg": key.alg, "use": "sig", "key_ops": ["verify"]}
