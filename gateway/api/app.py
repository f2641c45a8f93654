"""Puts the REST API together over one World."""

from anyio import CapacityLimiter

from gateway.api import (
    authorizations,
    doubt,
    feed,
    messages,
    operations,
    orders,
    payers,
    problems,
    profile_check,
    review,
    work,
)
from gateway.api.access import Served
from gateway.api.body import BodyLimit
from gateway.api.callers import Gate
from gateway.api.documentation import DocumentedApi
from gateway.flow.world import World
from gateway.settings import Settings, data_folder

# Threads take turns at the interpreter anyway; a few cover for each other's waiting for the disk.
_TURNS = 3


def create_app(world: World, settings: Settings) -> DocumentedApi:
    """The application; it starts no worker and listens nowhere."""
    app = DocumentedApi(docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.world = world
    app.state.operators = settings.operating
    app.state.turns = CapacityLimiter(_TURNS)
    app.state.profiles = data_folder("profiles", settings.data)
    for part in (orders, authorizations, review, doubt, work, payers, feed, profile_check, operations):
        app.include_router(part.router)
    app.webhooks.include_router(messages.router)
    problems.install(app)
    # The last one added is the outermost.
    app.add_middleware(Gate, store=world.store)
    app.add_middleware(BodyLimit, size=settings.order_bytes)
    app.add_middleware(Served, world=world)
    return app
