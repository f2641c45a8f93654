"""Puts the REST API together over one World."""

from gateway.api.access import Served
from gateway.api.authorizations import authorizations_router
from gateway.api.body import BodyLimit
from gateway.api.callers import Gate
from gateway.api.documentation import DocumentedApi
from gateway.api.feed import feed_router
from gateway.api.operations import operations_router
from gateway.api.orders import orders_router
from gateway.api.problems import install
from gateway.api.review import review_router
from gateway.flow.world import World
from gateway.settings import Settings


def create_app(world: World, settings: Settings) -> DocumentedApi:
    """The application; it starts no worker and listens nowhere."""
    app = DocumentedApi(docs_url=None, redoc_url=None, redirect_slashes=False)
    for router in (orders_router, authorizations_router, review_router, feed_router, operations_router):
        app.include_router(router(world))
    install(app)
    # The last one added is the outermost.
    app.add_middleware(Gate, store=world.store)
    app.add_middleware(BodyLimit, size=settings.order_bytes)
    app.add_middleware(Served, world=world)
    return app
