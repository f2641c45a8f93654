"""The sandbox's registered clients, read from a YAML file its owner writes (SMART Backend Services, RFC 6749 2)."""

import os
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from gateway.fhir.json import JsonFault, loads
from gateway.sandbox.schema import FileFault, read_yaml

ALGORITHMS = ("RS384", "ES384")


class AuthMethod(StrEnum):
    """token_endpoint_auth_method names of the OAuth registry."""

    PRIVATE_KEY_JWT = "private_key_jwt"
    SECRET_BASIC = "client_secret_basic"  # noqa: S105  a method's name
    SECRET_POST = "client_secret_post"  # noqa: S105  a method's name


@dataclass(frozen=True, slots=True)
class Client:
    """One registration.

    Attributes:
        algs: signature algorithms this client may use; empty for a client with a secret.
        keys: its public keys as JWK objects when they are known by value.
        jwks_url: where its public keys are fetched when they are not.
        secret: shared secret; empty for a client with keys.
        token_seconds: life of the tokens it gets.
    """

    client_id: str
    auth: AuthMethod
    scopes: tuple[str, ...]
    algs: tuple[str, ...] = ()
    keys: tuple[dict[str, Any], ...] = field(default=(), repr=False)
    jwks_url: str = ""
    secret: str = field(default="", repr=False)
    token_seconds: int = 300


def read_clients(path: Path) -> dict[str, Client]:
    """The clients of a YAML file by client_id; file names in it are relative to the file.

    Raises:
        FileFault: the file, a key file or a secret it refers to cannot be used.
    """
    clients: dict[str, Client] = {}
    for position, row in enumerate(read_yaml(path, "clients")["clients"]):
        place = f"{path}: clients[{position}]"
        client = _client(row, place, path.parent)
        if client.client_id in clients:
            raise FileFault(f"{place}: the client_id is taken. Give each client its own.")
        clients[client.client_id] = client
    return clients


def _client(row: dict[str, Any], place: str, folder: Path) -> Client:
    auth = AuthMethod(row["auth"])
    by_key = auth is AuthMethod.PRIVATE_KEY_JWT
    return Client(
        client_id=row["client_id"],
        auth=auth,
        scopes=tuple(row["scopes"]),
        algs=tuple(row.get("algs", ALGORITHMS)) if by_key else (),
        keys=_keys(row, place, folder),
        jwks_url=row.get("jwks_url", ""),
        secret="" if by_key else _secret(row["secret"], place, folder),
        token_seconds=row.get("token_seconds", 300),
    )


def _keys(row: dict[str, Any], place: str, folder: Path) -> tuple[dict[str, Any], ...]:
    jwks = row.get("jwks")
    if "jwks_file" in row:
        try:
            jwks = loads((folder / row["jwks_file"]).read_bytes())
        except OSError as fault:
            raise FileFault(f"{place}.jwks_file: cannot be read ({fault.strerror}).") from None
        except JsonFault as fault:
            raise FileFault(f"{place}.jwks_file: {fault}") from None
    return public_keys(jwks, place) if jwks is not None else ()


def public_keys(jwks: Any, place: str) -> tuple[dict[str, Any], ...]:
    """The signing keys of a JWKS.

    Raises:
        FileFault: not a JWKS, a key without kid, a private or symmetric key, or no signing key at all.
    """
    rows = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise FileFault(f"{place}: this is not a JWKS. It needs `keys`, a list of objects.")
    keys = tuple(row for row in rows if row.get("use", "sig") == "sig")
    for row in keys:
        if row.get("kty") not in ("RSA", "EC") or "d" in row:
            raise FileFault(f"{place}: a key is not a public RSA or EC key. Register public keys only.")
        if not isinstance(row.get("kid"), str) or not row["kid"]:
            raise FileFault(f"{place}: a key has no kid. Give each key a kid of its own.")
    if not keys or len({row["kid"] for row in keys}) != len(keys):
        raise FileFault(f"{place}: no signing key, or two with one kid. Give each key a kid of its own.")
    return keys


def _secret(reference: str, place: str, folder: Path) -> str:
    kind, _, name = reference.partition(":")
    try:
        secret = os.environ.get(name, "") if kind == "env" else (folder / name).read_text("utf-8").strip()
    except OSError as fault:
        raise FileFault(f"{place}.secret: the file cannot be read ({fault.strerror}).") from None
    if not secret:
        raise FileFault(f"{place}.secret: nothing there. Set the environment variable or write the file.")
    return secret
