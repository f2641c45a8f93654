"""The gateway's API as the invented EHR calls it: one kept connection, plain HTTP, no memory of its own."""

import http.client
import json
from typing import Any
from urllib.parse import urlencode, urlsplit

_PAGE = 1000


class Unreached(Exception):
    """No whole answer came: nobody listens, or the connection broke, or time ran out."""


class Api:
    """Calls one gateway; for one thread. A connection that broke is made anew with the next call."""

    def __init__(self, url: str, token: str, *, seconds: float = 20.0) -> None:
        place = urlsplit(url)
        self._connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=seconds)
        self._headers = {"Authorization": f"Bearer {token}"}

    def close(self) -> None:
        self._connection.close()

    def get(self, path: str, **asked: str | int) -> Any:
        """The JSON answer. Raises Unreached, also when the gateway cannot answer right now."""
        status, body = self._call("GET", f"{path}?{urlencode(asked)}", None, {})
        if status != http.client.OK:
            raise Unreached(f"HTTP {status}")
        return json.loads(body)

    def pages(self, path: str, name: str, **asked: str | int) -> list[Any]:
        """All rows of a paged list. Raises Unreached."""
        rows: list[Any] = []
        while True:
            page = self.get(path, limit=_PAGE, offset=len(rows), **asked)
            rows.extend(page[name])
            if not page["more"] or not page[name]:
                return rows

    def post_order(self, body: bytes, key: str, *, forget: bool = False) -> tuple[int, Any]:
        """Status and answer of `POST /orders`; with `forget` the connection is dropped once the order is written.

        Raises:
            Unreached: no answer; the gateway may have the order.
        """
        headers = {"Content-Type": "application/fhir+json", "Idempotency-Key": key}
        status, answer = self._call("POST", "/orders?wait=0", body, headers, forget=forget)
        try:
            return status, json.loads(answer)
        except ValueError:
            raise Unreached("the answer is not JSON") from None

    def _call(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str], *, forget: bool = False
    ) -> tuple[int, bytes]:
        try:
            self._connection.request(method, path, body, {**self._headers, **headers})
            if forget:
                raise Unreached("the answer was not waited for")
            response = self._connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException, Unreached) as fault:
            self._connection.close()
            raise Unreached(str(fault)) from None
