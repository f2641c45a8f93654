"""The token endpoint of each class: takes any client assertion, counts requests, fails for spells (F21, F22)."""

import time
from collections.abc import Mapping
from itertools import count
from urllib.parse import parse_qs

from gateway.chaos.payer.book import BookWriter, Entry, EntryKind
from gateway.chaos.payer.config import PayerConfig
from gateway.chaos.payer.faults import Fault, Way
from gateway.chaos.payer.schedule import pick
from gateway.chaos.payer.spells import Spells
from gateway.chaos.payer.ways import PAGE, skew_of
from gateway.chaos.payer.wire import Connection, Gone
from gateway.fhir import json

_JSON = "application/json"
_UNCACHED = {"Cache-Control": "no-store"}


class TokenDesk:
    """Gives tokens; thread-safe. `started` in seconds since 1970."""

    def __init__(self, config: PayerConfig, book: BookWriter, spells: Mapping[str, Spells], started: float) -> None:
        self._config, self._book, self._spells, self._started = config, book, spells, started
        self._numbers = count(1)

    def answer(self, connection: Connection, fault: Fault, form: bytes) -> None:
        """Answer a token request. Raises Gone."""
        status, variant = 0, ""
        try:
            if (spell := self._spell(fault)) is not None:
                variant = pick(fault.variants, self._config.seed, fault.id, "token", spell)
                status = self._fail(connection, fault, variant)
            else:
                status = self._give(connection, fault, form)
        finally:
            self._book.write(
                Entry(kind=EntryKind.TOKEN, at=time.time(), fault=fault.id, status=status, variant=variant)
            )

    def _spell(self, fault: Fault) -> int | None:
        """The number of the down spell it is now; None when the endpoint behaves."""
        if fault.way not in (Way.CLIENT_REFUSED, Way.TOKEN_BROKEN):
            return None
        number = self._spells[fault.id].number(time.time() - self._started)
        return None if number % 2 else number

    def _fail(self, connection: Connection, fault: Fault, variant: str) -> int:
        if fault.way is Way.CLIENT_REFUSED:
            connection.answer(401, json.dumps({"error": "invalid_client"}), _JSON)
            return 401
        if variant == "garbage":
            connection.answer(200, PAGE, "text/html; charset=utf-8")
            return 200
        if variant == "slow":
            connection.wait(fault.hold * self._config.scale)
        connection.reset()
        raise Gone

    def _give(self, connection: Connection, fault: Fault, form: bytes) -> int:
        fields = parse_qs(form.decode("latin-1"))
        assertion = fields.get("client_assertion", [""])[0]
        if fields.get("grant_type") != ["client_credentials"] or assertion.count(".") != 2:
            connection.answer(400, json.dumps({"error": "invalid_client"}), _JSON)
            return 400
        number = next(self._numbers)
        skew = 0.0
        if fault.way is Way.SKEW:
            skew = skew_of(fault, pick(fault.variants, self._config.seed, fault.id, "token", number))
        given = {
            "access_token": f"chaos-{fault.key}-{number}-{int(time.time() + skew)}",
            "token_type": "Bearer",
            "expires_in": fault.token_seconds,
            "scope": "system/Claim.crus",
        }
        connection.answer(200, json.dumps(given), _JSON, fields=_UNCACHED, skew=skew)
        return 200
