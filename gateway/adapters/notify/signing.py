"""Secrets and signatures of webhook messages: HMAC-SHA256 over id, time and body (Standard Webhooks 1.0).

The time is signed, so that a message that was overheard is worth nothing later.
"""

import hmac
import os
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from secrets import token_bytes

from gateway.adapters.payer.keys import read_secret
from gateway.model.errors import ConfigFault
from gateway.payers.site import Site, Webhook

_PREFIX = "whsec_"
_LEAST_BYTES, _MOST_BYTES, _NEW_BYTES = 24, 64, 32
_MODE = 0o600


def signed(identity: str, at: datetime, body: bytes, keys: Sequence[bytes]) -> dict[str, str]:
    """The headers that prove `body` to be message `identity`, sent at `at`: one signature for each key."""
    seconds = str(int(at.timestamp()))
    content = f"{identity}.{seconds}.".encode() + body
    signatures = (b64encode(hmac.digest(key, content, "sha256")).decode() for key in keys)
    return {
        "webhook-id": identity,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{one}" for one in signatures),
    }


def load_secrets(site: Site) -> dict[str, tuple[bytes, ...]]:
    """The keys of each client's webhook, in the order of the file.

    Raises:
        ConfigFault: a secret is missing, unreadable or not of the right form; all problems listed.
    """
    keys: dict[str, tuple[bytes, ...]] = {}
    problems: list[str] = []
    for webhook in site.webhooks:
        try:
            keys[webhook.client] = tuple(_key(read_secret(one, site.path.parent), one) for one in webhook.secrets)
        except ValueError as fault:
            problems.append(f"{site.path}: webhooks, client {webhook.client}: {fault}")
    if problems:
        raise ConfigFault(
            "Webhook secrets cannot be used:",
            problems=problems,
            fix="Correct the secrets above; `pa client webhook secret FILE` makes one.",
        )
    return keys


def exposed_secrets(webhook: Webhook, site: Site) -> tuple[str, ...]:
    """The references of the webhook's secrets that are files which others on this machine can read."""
    files = {one: site.path.parent / one.removeprefix("file:") for one in webhook.secrets if one.startswith("file:")}
    return tuple(one for one, path in files.items() if path.is_file() and path.stat().st_mode & 0o077)


def write_secret(path: Path) -> None:
    """Write a new secret into a file that only its owner can read.

    Raises:
        FileExistsError: there is a file already; a secret is never overwritten.
    """
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "w") as file:
        file.write(_PREFIX + b64encode(token_bytes(_NEW_BYTES)).decode() + "\n")


def _key(secret: str, reference: str) -> bytes:
    try:
        key = b64decode(secret.removeprefix(_PREFIX), validate=True) if secret.startswith(_PREFIX) else b""
    except ValueError:
        key = b""
    if not _LEAST_BYTES <= len(key) <= _MOST_BYTES:
        raise ValueError(
            f"{reference} is not {_PREFIX} followed by the base64 of {_LEAST_BYTES} to {_MOST_BYTES} random bytes"
        ) from None
    return key
