"""Hands the application's World to its routes."""

from typing import Annotated

from fastapi import Depends, Request

from gateway.flow.world import World


async def _world(request: Request) -> World:
    world: World = request.app.state.world
    return world


WorldOf = Annotated[World, Depends(_world)]
