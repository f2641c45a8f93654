"""Around every request: one log line by route template, headers that keep answers private, and no traceback outside."""

from time import perf_counter

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.adapters.log import describe
from gateway.api.problems import Broken, problem
from gateway.flow.world import World

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Referrer-Policy": "no-referrer",
}


class Served:
    """ASGI middleware, the outermost: what went wrong inside ends here as an opaque 500."""

    def __init__(self, app: ASGIApp, world: World) -> None:
        self._app, self._world = app, world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as fault:  # noqa: BLE001 - the server would print the traceback, and content with it
            identity = self._failed(scope, fault)
            if not status:
                await problem(Broken(fix=_QUOTE), identity=identity)(scope, receive, sending)
        about = {**_about(scope), **_whose(scope)}
        self._world.log.write("http.served", **about, status=status, ms=round((perf_counter() - begun) * 1000, 1))

    def _failed(self, scope: Scope, fault: Exception) -> str:
        identity = self._world.ids.new()
        self._world.log.write("http.failed", id=identity, **_about(scope), fault=describe(fault))
        return identity


_QUOTE = "Look the id up in the gateway's log, or quote it to whoever runs the gateway."


def _about(scope: Scope) -> dict[str, str]:
    # The template, never the path: a path holds whatever the caller wrote into it.
    method = scope["method"] if scope["method"] in _METHODS else "other"
    return {"method": method, "route": getattr(scope.get("route"), "path", "none")}


def _whose(scope: Scope) -> dict[str, str]:
    caller = scope.get("state", {}).get("caller")
    return {"client": caller.client} if caller else {}
