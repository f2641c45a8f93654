"""Hands the application's World, and its turns at reading orders, to its routes."""

from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Depends, Request

from gateway.flow.world import World


async def _world(request: Request) -> World:
    world: World = request.app.state.world
    return world


async def _turns(request: Request) -> CapacityLimiter:
    turns: CapacityLimiter = request.app.state.turns
    return turns


WorldOf = Annotated[World, Depends(_world)]
TurnsOf = Annotated[CapacityLimiter, Depends(_turns)]
"""Whose turn it is to map and check an order: all of it computing, which many at once only make slower."""
