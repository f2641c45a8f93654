"""What belongs to a caller; what belongs to another is not there, told in the same words."""

import re

from gateway.api.callers import Caller
from gateway.model.authorization import Authorization
from gateway.model.changes import StoredOrder
from gateway.model.errors import NotFound
from gateway.ports import Store

_ID = re.compile(r"[0-9A-Za-z-]{1,64}")


def authorization(store: Store, caller: Caller, identity: str) -> Authorization:
    """The caller's authorization of that id. Raises NotFound."""
    try:
        record = store.authorization(_shaped(identity))
    except NotFound:
        raise missing("authorization") from None
    if record.client != caller.client:
        raise missing("authorization")
    return record


def order(store: Store, caller: Caller, identity: str) -> StoredOrder:
    """The caller's order of that id. Raises NotFound."""
    try:
        stored = store.order(_shaped(identity))
    except NotFound:
        raise missing("order") from None
    if stored.client != caller.client:
        raise missing("order")
    return stored


def missing(what: str) -> NotFound:
    return NotFound(f"There is no such {what} here.", fix="Check the id; ids are never reused.")


def _shaped(identity: str) -> str:
    if not _ID.fullmatch(identity):
        raise NotFound
    return identity
