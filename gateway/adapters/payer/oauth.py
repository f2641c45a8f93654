"""Access tokens for one payer (RFC 6749 4.4), fetched once for everyone who asks.

A token stays in memory and travels to the payer's own origin only.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock
from urllib.parse import urlencode

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, stop_before_delay
from tenacity.wait import wait_exponential_jitter

from gateway.adapters.payer.credentials import credentials
from gateway.adapters.payer.egress import Egress
from gateway.adapters.payer.keys import Keys
from gateway.adapters.payer.token_replies import TokenFault, TryAgain, read_configuration, read_token
from gateway.model.errors import ConfigFault
from gateway.payers.origin import origin
from gateway.payers.profile import PayerProfile
from gateway.ports import Clock, Log

_TRIES = 4
_LIMIT = 64 * 1024
_DISCOVERY_SECONDS = 3600.0
# A token is renewed in its last fifth, at most its last minute; a failed renewal is left alone for a moment.
_AHEAD_SHARE, _AHEAD_SECONDS, _AHEAD_PAUSE = 0.2, 60.0, 5.0
_BACKOFF = wait_exponential_jitter(multiplier=0.2, max=2.0, jitter=0.2)


@dataclass(frozen=True, slots=True)
class Token:
    """An access token; the times are on the monotonic clock."""

    value: str = field(repr=False)
    renew_at: float
    ends_at: float


class TokenSource:
    """The tokens of one payer and scope; thread-safe. However many ask at once, one call goes out."""

    def __init__(
        self,
        payer: PayerProfile,
        keys: Keys,
        egress: Egress,
        clock: Clock,
        log: Log,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._payer = payer
        self._keys = keys
        self._egress = egress
        self._clock = clock
        self._log = log
        self._monotonic = monotonic
        self._sleep = sleep
        self._origin = origin(payer.endpoints.fhir)
        self._lock = Lock()
        self._token: Token | None = None
        self._fetches = 0
        self._fault: TokenFault | ConfigFault | None = None
        self._discovered: tuple[str, float] = ("", 0.0)

    def token(self, *, seconds: float, refused: Token | None = None) -> Token:
        """A token that is still good, fetched within `seconds` if need be; never `refused`, which got a 401.

        Raises:
            TokenFault: the token endpoint did not give one; shared by all who waited for the same call.
            ConfigFault: key, secret, profile or discovery make it impossible.
        """
        ends = self._monotonic() + seconds
        seen, good = self._fetches, self._good(refused)
        if good and (self._monotonic() < good.renew_at or not self._lock.acquire(blocking=False)):
            return good
        if not good and not self._lock.acquire(timeout=seconds):
            raise TokenFault("another request is still waiting for the token endpoint")
        try:
            if self._fetches != seen:  # someone fetched while we waited: their outcome is ours
                if shared := self._good(refused):
                    return shared
                if self._fault:
                    raise self._fault
            return self._renew(good) if good else self._fetch(ends, _TRIES)
        finally:
            self._lock.release()

    def header(self, token: Token, url: str) -> dict[str, str]:
        """The Authorization header for a request to `url`.

        Raises:
            ConfigFault: the URL is not at the payer's own origin.
        """
        place = origin(url)
        if place != self._origin:
            raise ConfigFault(
                f"The token of payer {self._payer.id} is for {self._origin}, not for {place}.",
                fix="Send it to the payer's FHIR endpoint only.",
            )
        return {"Authorization": f"Bearer {token.value}"}

    def _good(self, refused: Token | None) -> Token | None:
        token = self._token
        if token is None or self._monotonic() >= token.ends_at or (refused and token.value == refused.value):
            return None
        return token

    def _renew(self, good: Token) -> Token:
        try:
            return self._fetch(self._monotonic() + _AHEAD_PAUSE, 1)
        except (TokenFault, ConfigFault):
            self._token = replace(good, renew_at=self._monotonic() + _AHEAD_PAUSE)
            return good

    def _fetch(self, ends: float, tries: int) -> Token:
        began = self._monotonic()
        self._fault = None
        again = Retrying(
            sleep=self._sleep,
            wait=_wait,
            retry=retry_if_exception_type(TryAgain),
            reraise=True,
            stop=stop_after_attempt(tries) | stop_before_delay(max(ends - began, 0.0)),
        )
        try:
            self._token = token = again(self._ask, ends)
        except (TokenFault, ConfigFault) as fault:
            self._fault = fault
            self._report("token.failed", began, code=fault.code)
            raise
        finally:
            self._fetches += 1
        self._report("token.obtained", began, seconds=round(token.ends_at - began))
        return token

    def _report(self, line: str, began: float, **fields: str | int) -> None:
        self._log.write(line, payer=self._payer.id, ms=round((self._monotonic() - began) * 1000), **fields)

    def _ask(self, ends: float) -> Token:
        url = self._token_url(ends)
        headers, form = credentials(self._payer, self._keys, self._clock, url)
        asked_at = self._monotonic()
        headers |= {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        outcome = self._egress.exchange(
            "POST", url, headers, urlencode(form).encode(), seconds=max(ends - asked_at, 0.0), limit=_LIMIT
        )
        value, lifetime = read_token(outcome)
        margin = min(lifetime * _AHEAD_SHARE, _AHEAD_SECONDS)
        return Token(value, asked_at + lifetime - margin, asked_at + lifetime)

    def _token_url(self, ends: float) -> str:
        url, until = self._discovered
        if self._payer.endpoints.token:
            return self._payer.endpoints.token
        if url and self._monotonic() < until:
            return url
        at = f"{self._payer.endpoints.fhir}/.well-known/smart-configuration"
        outcome = self._egress.exchange(
            "GET", at, {"Accept": "application/json"}, limit=_LIMIT, seconds=max(ends - self._monotonic(), 0.0)
        )
        url = read_configuration(outcome, self._payer)
        self._discovered = url, self._monotonic() + _DISCOVERY_SECONDS
        return url


def _wait(state: RetryCallState) -> float:
    fault = state.outcome.exception() if state.outcome else None
    own = fault.seconds if isinstance(fault, TryAgain) else None
    return _BACKOFF(state) if own is None else own
