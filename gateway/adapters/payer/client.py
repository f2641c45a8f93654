"""Submits to payers and asks them, over HTTP: `POST [fhir]/Claim/$submit` with a token, once; every failure is a value.

The only repetition is after a 401: the payer has refused the token and not looked at the request, unless its own
profile says that a 401 may mean something else.
"""

import time
from dataclasses import dataclass
from http import HTTPStatus
from ssl import SSLContext
from threading import Lock

from gateway.adapters.payer.egress import Egress, Policy
from gateway.adapters.payer.keys import load_keys
from gateway.adapters.payer.network import Resolve, resolve
from gateway.adapters.payer.oauth import TokenSource
from gateway.adapters.payer.token_replies import TokenFault
from gateway.model.errors import ConfigFault
from gateway.model.exchange import Lost, NotSent, Outcome, Reply, Verdict
from gateway.payers.origin import origin
from gateway.payers.profile import PayerProfile
from gateway.payers.site import Site
from gateway.ports import Clock, Hold, Log

TOKEN_SECONDS = 10.0
# The payer may answer at the last moment of its time; what is then on the wire still counts.
RESPOND_MARGIN_SECONDS = 2.0
_FHIR = "application/fhir+json"


@dataclass(frozen=True, slots=True)
class _Line:
    payer: PayerProfile
    egress: Egress
    tokens: TokenSource


class HttpPayerClient:
    """`ports.PayerClient` over HTTP; thread-safe. Each payer has its own connections and token.

    Raises on construction:
        ConfigFault: a signing key of the site cannot be used.
    """

    def __init__(
        self,
        site: Site,
        clock: Clock,
        log: Log,
        *,
        resolver: Resolve = resolve,
        tls: SSLContext | None = None,
    ) -> None:
        self._keys = load_keys(site)
        self._clock = clock
        self._log = log
        self._resolver = resolver
        self._tls = tls
        self._lock = Lock()
        self._lines: dict[str, _Line] = {}

    def submit(self, payer: PayerProfile, body: bytes, hold: Hold) -> Outcome:
        """Send the request and read the answer; takes at most `longest_submit(payer)` seconds."""
        return self._operate(payer, "$submit", body, hold)

    def inquire(self, payer: PayerProfile, body: bytes, hold: Hold) -> Outcome:
        """Ask what became of a request, likewise."""
        return self._operate(payer, "$inquire", body, hold)

    def close(self) -> None:
        """Close idle connections and forget tokens."""
        with self._lock:
            lines, self._lines = self._lines, {}
        for line in lines.values():
            line.egress.close()

    def _operate(self, payer: PayerProfile, operation: str, body: bytes, hold: Hold) -> Outcome:
        line = self._line(payer)
        began = time.monotonic()
        outcome = self._exchange(line, f"{payer.endpoints.fhir}/Claim/{operation}", body, hold)
        self._report(payer, outcome, time.monotonic() - began)
        return outcome

    def _exchange(self, line: _Line, url: str, body: bytes, hold: Hold) -> Outcome:
        try:
            token = line.tokens.token(seconds=TOKEN_SECONDS)
        except (TokenFault, ConfigFault) as fault:
            return NotSent(f"no access token: {fault}", ours=isinstance(fault, ConfigFault))
        ends = time.monotonic() + line.payer.clocks.respond.seconds + RESPOND_MARGIN_SECONDS
        outcome = self._send(line, url, body, line.tokens.header(token, url), ends, hold)
        if not _is_refused_token(outcome, line.payer):
            return outcome
        try:
            token = line.tokens.token(seconds=max(ends - time.monotonic(), 0.0), refused=token)
        except (TokenFault, ConfigFault):
            return outcome
        return self._send(line, url, body, line.tokens.header(token, url), ends, hold)

    def _send(
        self, line: _Line, url: str, body: bytes, authorization: dict[str, str], ends: float, hold: Hold
    ) -> Outcome:
        if hold.left() <= 0:
            return NotSent(f"{origin(url)}: the step is no longer this worker's", ours=True)
        headers = {"Content-Type": _FHIR, "Accept": _FHIR, **authorization}
        seconds, limit = max(ends - time.monotonic(), 0.0), line.payer.limits.reply_bytes
        return line.egress.exchange("POST", url, headers, body, seconds=seconds, limit=limit, hold=hold)

    def _line(self, payer: PayerProfile) -> _Line:
        with self._lock:
            line = self._lines.get(payer.id)
            if line is None or line.payer != payer:
                if line:
                    line.egress.close()
                egress = Egress(policy_of(payer), self._clock, resolver=self._resolver, tls=self._tls)
                tokens = TokenSource(payer, self._keys, egress, self._clock, self._log)
                line = self._lines[payer.id] = _Line(payer, egress, tokens)
            return line

    def _report(self, payer: PayerProfile, outcome: Outcome, seconds: float) -> None:
        took = round(seconds * 1000)
        if isinstance(outcome, Reply):
            self._log.write("payer.answered", payer=payer.id, status=outcome.status, bytes=len(outcome.body), ms=took)
        else:
            self._log.write("payer.lost" if isinstance(outcome, Lost) else "payer.not_sent", payer=payer.id, ms=took)


def _is_refused_token(outcome: Outcome, payer: PayerProfile) -> bool:
    """Whether nothing but the token was looked at, by the payer's own table of replies."""
    if not isinstance(outcome, Reply) or outcome.status != HTTPStatus.UNAUTHORIZED:
        return False
    rule = payer.replies.get(outcome.status)
    return rule is None or rule.verdict is Verdict.NOT_ACCEPTED


def longest_submit(payer: PayerProfile) -> float:
    """Seconds after which `submit` has returned, whatever the payer does."""
    return TOKEN_SECONDS + payer.clocks.respond.seconds + RESPOND_MARGIN_SECONDS


def policy_of(payer: PayerProfile) -> Policy:
    """Where exchanges with a payer may go: its endpoints and the origins its profile allows."""
    urls = filter(None, (payer.endpoints.fhir, payer.endpoints.token, *payer.endpoints.allow))
    return Policy(frozenset(map(origin, urls)), payer.allow_loopback)
