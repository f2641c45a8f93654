"""What belongs to a caller; what belongs to another is not there, told in the same words."""

import re
from typing import Annotated

from fastapi import Depends, Path

from gateway.api.callers import CallerOf
from gateway.api.worlds import WorldOf
from gateway.model.authorization import Authorization
from gateway.model.changes import StoredOrder
from gateway.model.errors import NotFound, nothing_here

_ID = re.compile(r"[0-9A-Za-z-]{1,64}")


def _authorization(
    world: WorldOf, caller: CallerOf, identity: Annotated[str, Path(alias="id", description="Authorization id.")]
) -> Authorization:
    try:
        record = world.store.authorization(_shaped(identity))
    except NotFound:
        raise nothing_here("authorization") from None
    if record.client != caller.client:
        raise nothing_here("authorization")
    return record


def _order(
    world: WorldOf, caller: CallerOf, identity: Annotated[str, Path(alias="order", description="Order id.")]
) -> StoredOrder:
    try:
        stored = world.store.order(_shaped(identity))
    except NotFound:
        raise nothing_here("order") from None
    if stored.client != caller.client:
        raise nothing_here("order")
    return stored


OwnAuthorization = Annotated[Authorization, Depends(_authorization)]
"""The caller's authorization that the path names; NotFound otherwise."""

OwnOrder = Annotated[StoredOrder, Depends(_order)]
"""The caller's order that the path names; NotFound otherwise."""


def _shaped(identity: str) -> str:
    if not _ID.fullmatch(identity):
        raise NotFound
    return identity
