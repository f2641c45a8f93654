"""Posts signed messages to webhooks, once each and nowhere else; the status of the answer is all that is read of it."""

from collections.abc import Callable
from ssl import SSLContext
from threading import Lock

from gateway.adapters.notify.signing import load_secrets, signed
from gateway.adapters.payer.egress import Egress, Policy
from gateway.adapters.payer.network import Resolve, resolve
from gateway.model.exchange import Outcome
from gateway.payers.origin import origin
from gateway.payers.site import Site, Webhook
from gateway.ports import Clock, Hold

SECONDS = 15.0
# An answer has no use but its status; a page of words about an error is read to its end all the same.
_REPLY_BYTES = 1024 * 1024


class HttpNotifier:
    """`ports.Notifier` over HTTP; thread-safe. Each webhook has its own connections, to its own origin.

    Raises on construction:
        ConfigFault: a secret of a webhook cannot be used.
    """

    def __init__(self, site: Site, clock: Clock, *, resolver: Resolve = resolve, tls: SSLContext | None = None) -> None:
        self._keys = load_secrets(site)
        self._clock = clock
        self._connect: Callable[[Policy], Egress] = lambda policy: Egress(policy, clock, resolver=resolver, tls=tls)
        self._lock = Lock()
        self._egresses: dict[Policy, Egress] = {}

    def tell(self, webhook: Webhook, identity: str, body: bytes, hold: Hold) -> Outcome:
        """Send the message and read the answer, in at most SECONDS; a redirect is an answer like any other."""
        headers = {
            "Content-Type": "application/json",
            **signed(identity, self._clock.now(), body, self._keys[webhook.client]),
        }
        return self._egress(webhook).exchange(
            "POST", webhook.url, headers, body, seconds=SECONDS, limit=_REPLY_BYTES, hold=hold
        )

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            egresses, self._egresses = self._egresses, {}
        for egress in egresses.values():
            egress.close()

    def _egress(self, webhook: Webhook) -> Egress:
        policy = Policy(frozenset({origin(webhook.url)}), webhook.allow_loopback)
        with self._lock:
            if policy not in self._egresses:
                self._egresses[policy] = self._connect(policy)
            return self._egresses[policy]
