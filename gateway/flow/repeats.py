"""By what a repeated order is known again: the caller's own key, and each order with its revision.

Every order (`Type/id` or identifier, and its patient) has a chain of keys, `order:<digest>/1`, `/2` and so on: one for
each revision that came in, and one for each completion. Whoever takes in an order takes the next number in the same
commit, so of two at once one is refused and looks again: neither the same revision twice nor two revisions that do not
know of each other can be let in.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from gateway.fhir import json
from gateway.fhir.bundle import entries_of
from gateway.flow.prepare import Prepared, Treatment
from gateway.model.authorization import Authorization, State
from gateway.model.changes import IntakeKey
from gateway.model.errors import OurFault
from gateway.model.events import Dropped, RequestBuilt
from gateway.model.lifecycle import allows
from gateway.ports import Query, Store

MOST = 1000
_PAGE = 4
_BATCH = 200
_HALF = 32
# Of these nothing is at the payer, and nothing gets there before their orders were looked at again; of one that was
# dropped while nobody knew, something may be.
_AT_REST = (State.DOCUMENTING, State.CANCELLED, State.REJECTED, State.HANDED_OFF)
_UNSEEN = ("meta", "text")
_PATIENT = re.compile(r"(?:^|/)(Patient/[A-Za-z0-9.-]{1,64})(?:/_history/[^/]*)?$")


class KeyReused(OurFault):
    """The idempotency key belongs to another request."""

    code = "idempotency-key-reused"


class OrdersKnown(OurFault):
    """Some of these orders came before."""

    code = "orders-known"
    status = 409


@dataclass(frozen=True, slots=True)
class Named:
    """An order of an input, by what it is known again.

    Attributes:
        ref: as it stands in `Prepared.order_refs`.
        key: `order:<SHA-256 of order and patient>`, without revision and number.
        revision, content: half a SHA-256 each, of `meta.versionId` (else of the content) and of the content.
    """

    ref: str
    key: str
    revision: str
    content: str

    @property
    def fingerprint(self) -> str:
        return self.revision + self.content


Chains = Mapping[str, tuple[IntakeKey, ...]]
"""What is kept of each order, by `Named.key`, in order of number."""


@dataclass(frozen=True, slots=True)
class Asked:
    """All that a caller asked: the bytes, how they are to be treated, and the `Idempotency-Key`, if any."""

    client: str
    key: str = field(repr=False)
    body: bytes = field(repr=False)
    treatment: Treatment

    @property
    def fingerprint(self) -> str:
        how = self.treatment
        return json.digest(json.canonical([json.digest(self.body), how.split, how.hold, how.requestor, how.payer]))

    @property
    def header(self) -> str:
        return f"header:{json.digest(self.key.encode())}"

    def keys(self, order_id: str, at: datetime) -> tuple[IntakeKey, ...]:
        """The row by which this key is known from now on; none without a key."""
        row = IntakeKey(client=self.client, key=self.header, fingerprint=self.fingerprint, order_id=order_id, at=at)
        return (row,) if self.key else ()


def known_by_header(store: Store, asked: Asked) -> str:
    """The id of the order that came with this `Idempotency-Key` before; empty when there is none.

    Raises:
        KeyReused: the key came with another request.
    """
    for row in store.intake_keys(asked.client, [asked.header]) if asked.key else ():
        if row.fingerprint != asked.fingerprint:
            raise KeyReused(
                "This Idempotency-Key came with another request before: other bytes, or other options.",
                fix="Send every new request with a key of its own, and only its exact repeat with the same.",
            )
        return row.order_id
    return ""


def name_orders(document: Any, body: bytes, prepared: Sequence[Prepared]) -> tuple[Named, ...]:
    """The orders that authorization is asked for, each once; without id and identifier, the whole body is its name."""
    resources: dict[str, list[dict[str, Any]]] = {}
    for entry in entries_of(document):
        resource = entry.resource
        resources.setdefault(entry.type_id or str(resource.get("resourceType")), []).append(resource)
    whole = json.digest(body)
    named: dict[str, Named] = {}
    for one in prepared:
        for ref in one.order_refs:
            order = _name(ref, one.patient, resources.get(ref, []), whole)
            named.setdefault(order.key, order)
    return tuple(named.values())


def _name(ref: str, patient: str, found: Sequence[dict[str, Any]], whole: str) -> Named:
    identity = _identity(ref, found[0]) if len(found) == 1 else None
    if identity is None:
        return Named(ref, f"order:{json.digest(json.canonical(['body', whole, ref]))}", whole[:_HALF], whole[:_HALF])
    key = json.digest(json.canonical([*identity, _subject(found[0]) or patient]))
    content = json.digest(json.canonical({k: v for k, v in found[0].items() if k not in _UNSEEN}))[:_HALF]
    meta = found[0].get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    stated = isinstance(version, str) and version
    revision = json.digest(json.canonical(["version", version]))[:_HALF] if stated else content
    return Named(ref, f"order:{key}", revision, content)


def _subject(resource: Mapping[str, Any]) -> str:
    """Whom the order itself names, as `Patient/id`; empty when it says so in a way that the next export may change."""
    subject = resource.get("subject")
    reference = subject.get("reference") if isinstance(subject, dict) else None
    named = _PATIENT.search(reference) if isinstance(reference, str) else None
    return named[1] if named else ""


def _identity(ref: str, resource: Mapping[str, Any]) -> list[str] | None:
    if "/" in ref:
        return [ref]
    rows = resource.get("identifier")
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and isinstance(row.get("value"), str):
            return [ref, str(row.get("system", "")), row["value"]]
    return None


def chains(store: Store, client: str, named: Sequence[Named]) -> Chains:
    """All that is kept of these orders."""
    found: dict[str, tuple[IntakeKey, ...]] = {}
    for start in range(0, len(named), _BATCH):
        found |= _chains(store, client, [one.key for one in named[start : start + _BATCH]])
    return found


def _chains(store: Store, client: str, keys: Sequence[str]) -> Chains:
    found: dict[str, tuple[IntakeKey, ...]] = dict.fromkeys(keys, ())
    first, growing = 1, list(keys)
    while growing:
        numbers = range(first, first + _PAGE)
        rows = {row.key: row for row in store.intake_keys(client, [_nth(key, n) for key in growing for n in numbers])}
        for key in growing:
            found[key] += tuple(rows[_nth(key, n)] for n in numbers if _nth(key, n) in rows)
        first += _PAGE
        growing = [key for key in growing if len(found[key]) == first - 1]
    return found


def known_by_orders(store: Store, known: Chains, named: Sequence[Named]) -> str:
    """The id of the order that these same orders, in these revisions, became before; empty when they are new.

    Raises:
        OrdersKnown: only some of them came before, or not with each other, or with other content in the same version.
    """
    came = {one.ref: row for one in named if (row := _same_revision(one, known[one.key]))}
    if not came:
        return ""
    orders = {row.order_id for row in came.values()}
    listed = ", ".join(f"{ref} is in order {row.order_id}" for ref, row in sorted(came.items()))
    changed = sorted(one.ref for one in named if one.ref in came and came[one.ref].fingerprint != one.fingerprint)
    if changed:
        raise OrdersKnown(
            f"{', '.join(changed)} came before with the same meta.versionId and other content: {listed}.",
            fix="Raise meta.versionId with every change of an order, or complete the order that is there.",
        )
    if len(orders) == 1 and len(came) == len(named):
        (order,) = orders
        refs = {ref for record in store.authorizations(Query(order_id=order, limit=MOST)) for ref in record.order_refs}
        if refs == came.keys():
            return order
    others = sorted(one.ref for one in named if one.ref not in came)
    raise OrdersKnown(
        f"Orders in this input came before: {listed}.",
        fix=f"Send the others alone: {', '.join(others)}." if others else "Read what became of them: GET /orders/ID.",
    )


def earlier(
    store: Store, known: Chains, named: Sequence[Named], *, besides: str = ""
) -> Mapping[str, tuple[Authorization, ...]]:
    """By order, the authorizations that another revision of it has and that are, or may get, at the payer."""
    live: dict[str, tuple[Authorization, ...]] = {}
    for one in named:
        orders = {row.order_id: None for row in known[one.key] if row.order_id != besides}
        records = (record for order in orders for record in store.authorizations(Query(order_id=order, limit=MOST)))
        live[one.ref] = tuple(record for record in records if one.ref in record.order_refs and _may_be_at_payer(record))
    return live


def _may_be_at_payer(record: Authorization) -> bool:
    dropped_in_doubt = record.state is State.CANCELLED and record.submitted_at is not None
    return record.state not in _AT_REST or dropped_in_doubt


def held_for_earlier(
    prepared: Iterable[Prepared], live: Mapping[str, tuple[Authorization, ...]], *, which: str = "an earlier"
) -> tuple[Prepared, ...]:
    """The same, but a request for an order that has a live authorization waits for a person to choose between them."""
    return tuple(_held(one, live, which) for one in prepared)


def _held(one: Prepared, live: Mapping[str, tuple[Authorization, ...]], which: str) -> Prepared:
    rivals = [record for ref in one.order_refs for record in live.get(ref, ())]
    if not rivals or not isinstance(one.event, RequestBuilt):
        return one
    first = rivals[0]
    both = allows(first, Dropped)
    anew = "release this one to ask again"
    what = f"drop that one if it is still open, or {anew}" if both else f"{anew}, or drop it"
    reason = f"{which} revision of this order has authorization {first.id} ({first.state.value}); {what}"
    return replace(one, held_by=reason)


def next_keys(
    known: Chains,
    named: Sequence[Named],
    *,
    client: str,
    order_id: str,
    at: datetime,
    fingerprint: str = "",
) -> tuple[IntakeKey, ...]:
    """The next number in the chain of each order, for its revision, or for `fingerprint` if a completion takes it."""
    return tuple(
        IntakeKey(
            client=client,
            key=_nth(one.key, len(known[one.key]) + 1),
            fingerprint=fingerprint or one.fingerprint,
            order_id=order_id,
            at=at,
        )
        # One order for all: two writers that want the same keys then wait for each other in one direction only.
        for one in sorted(named, key=lambda one: one.key)
    )


def _nth(key: str, number: int) -> str:
    return f"{key}/{number}"


def _same_revision(one: Named, rows: Sequence[IntakeKey]) -> IntakeKey | None:
    return next((row for row in rows if row.fingerprint[:_HALF] == one.revision), None)
