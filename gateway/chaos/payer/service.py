"""Serves the endpoints of all fault classes on a connection: token, $submit and $inquire under `/fNN/`."""

import time
from collections.abc import Mapping
from threading import Timer
from urllib.parse import unquote

from gateway.chaos.payer import ways
from gateway.chaos.payer.answers import inquiry_answer, outcome, submit_answer
from gateway.chaos.payer.book import BookWriter, Entry, EntryKind
from gateway.chaos.payer.config import Model, PayerConfig
from gateway.chaos.payer.desk import Desk
from gateway.chaos.payer.faults import Fault, Way
from gateway.chaos.payer.requests import Request, Unreadable, read_request
from gateway.chaos.payer.schedule import Hit, hit, pick
from gateway.chaos.payer.tokens import TokenDesk
from gateway.chaos.payer.wire import Connection, Gone, Head

_SUBMIT, _INQUIRE, _TOKEN = "/fhir/Claim/$submit", "/fhir/Claim/$inquire", "/token"


class Service:
    """What is behind every gate; thread-safe. `canary` is the URL that redirects lead to."""

    def __init__(self, config: PayerConfig, book: BookWriter, desk: Desk, tokens: TokenDesk, canary: str) -> None:
        self._config, self._book, self._desk, self._tokens, self._canary = config, book, desk, tokens, canary
        self._faults: Mapping[str, Fault] = {fault.key: fault for fault in config.faults}

    def serve(self, connection: Connection) -> None:
        """Answer requests until either side ends the connection."""
        try:
            while connection.open:
                self._serve_one(connection, connection.head())
        except Gone:
            pass
        finally:
            connection.close()

    def _serve_one(self, connection: Connection, head: Head) -> None:
        key, _, rest = unquote(head.path).removeprefix("/").partition("/")
        fault = self._faults.get(key)
        if fault is None or head.method != "POST" or f"/{rest}" not in (_SUBMIT, _INQUIRE, _TOKEN):
            connection.body(head)
            connection.answer(404, outcome("not-found", "there is no such endpoint"))
            return
        if f"/{rest}" == _TOKEN:
            self._tokens.answer(connection, fault, connection.body(head))
            return
        cut = fault.way is Way.CUT and f"/{rest}" == _SUBMIT
        body = connection.look(head) if cut else connection.body(head)
        request = _read(body)
        bearer = head.fields.get("authorization", "").startswith("Bearer chaos-")
        attempt, fallen = 0, None
        if f"/{rest}" == _SUBMIT and bearer and request:
            attempt, fallen = self._arrived(fault, request, reused=connection.served > 1)
        if cut and not fallen:
            connection.body(head)
        if not bearer:
            connection.answer(401, outcome("login", "there is no token"), fields={"WWW-Authenticate": "Bearer"})
        elif request is None:
            connection.answer(400, outcome("structure", "this is no request of a known member"))
        elif attempt:
            self._submit(connection, fault, request, attempt, fallen)
        else:
            self._inquire(connection, fault, request)

    def _arrived(self, fault: Fault, request: Request, *, reused: bool) -> tuple[int, Hit | None]:
        """The number of the attempt, and the fault that hits it; both are in the book when this returns."""
        attempt = self._desk.arrived(fault, request)
        fallen = hit(fault, seed=self._config.seed, order=request.order, attempt=attempt, reused=reused)
        self._book.write(
            Entry(
                kind=EntryKind.RECEIVED,
                at=time.time(),
                fault=fault.id,
                order=request.order,
                attempt=attempt,
                bundle=request.bundle,
                claim=request.claim,
                traces=request.traces,
                hit=fallen is not None,
                variant=fallen.variant if fallen else "",
                processed=fallen is None or fallen.processed,
            )
        )
        return attempt, fallen

    def _submit(self, connection: Connection, fault: Fault, request: Request, attempt: int, fallen: Hit | None) -> None:
        made = None
        if fallen is None or fallen.processed:
            made = self._desk.authorize(fault, request, attempt)
        if fallen and fallen.late:
            late = Timer(self._config.late, self._desk.authorize, (fault, request, attempt))
            late.daemon = True
            late.start()
        status = 0
        try:
            if fallen is None and made:
                connection.answer(200, submit_answer(made, self._config))
                status = 200
            elif fallen:
                status = ways.misbehave(
                    ways.Call(
                        connection=connection,
                        fault=fault,
                        variant=fallen.variant,
                        config=self._config,
                        made=made,
                        another=lambda: self._desk.another(fault, request),
                        canary=self._canary,
                    )
                )
        finally:
            self._answered(
                fault, request, EntryKind.ANSWERED, status, attempt=attempt, number=made.number if made else ""
            )

    def _inquire(self, connection: Connection, fault: Fault, inquiry: Request) -> None:
        if self._config.model is Model.P4:
            status = pick((501, 404), self._config.seed, fault.id, inquiry.order, "inquire")
            connection.answer(status, outcome("not-supported", "there is no such operation"))
            self._answered(fault, inquiry, EntryKind.INQUIRED, status)
            return
        found = self._desk.find(fault, inquiry)
        self._answered(fault, inquiry, EntryKind.INQUIRED, 200, found=len(found))
        connection.answer(200, inquiry_answer(found, self._config, time.time()))

    def _answered(
        self,
        fault: Fault,
        request: Request,
        kind: EntryKind,
        status: int,
        *,
        attempt: int = 0,
        number: str = "",
        found: int = 0,
    ) -> None:
        self._book.write(
            Entry(
                kind=kind,
                at=time.time(),
                fault=fault.id,
                order=request.order,
                attempt=attempt,
                number=number,
                status=status,
                found=found,
            )
        )


def _read(body: bytes) -> Request | None:
    try:
        return read_request(body)
    except Unreadable:
        return None
