"""From an order context to a PAS request Bundle: every resource once, under a fresh urn:uuid, nothing unreferenced.

The shape of each resource is a mapping of the guide version (`mappings/pas/<version>/`); this file knows only their
names and what each reads. Bundle.identifier is `urn:ietf:rfc:3986` with a urn:uuid of its own for each request built;
Claim.identifier is `urn:trnorg:<trace originator of the site>` with a UUID; the trace number of item n ends in `-n`.
"""

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any

from gateway.fhir import json
from gateway.mapping import Mappings
from gateway.model.authorization import Code, Dates, Item, Quantity
from gateway.model.order import Choice, Gap, OrderContext, Resource
from gateway.orders.chart import resource_name, text
from gateway.orders.gap_paths import fresh, placed, placed_in_claim, places_in
from gateway.orders.parts import Parts, plain
from gateway.payers.profile import PayerProfile
from gateway.payers.site import Site

_TRACE = "urn:trnorg:"
_REFERENCE = b'"reference":"'


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltRequest:
    """A request as far as the order allows; where there are gaps it is incomplete and must not be sent.

    Attributes:
        trace_system, trace_value: Claim.identifier.
        submission_id: Bundle.identifier value; `claim_url` is the fullUrl of the Claim.
    """

    bundle: dict[str, Any]
    items: tuple[Item, ...]
    gaps: tuple[Gap, ...]
    choices: tuple[Choice, ...]
    trace_system: str
    trace_value: str
    submission_id: str
    claim_url: str


def build(
    context: OrderContext,
    mappings: Mappings,
    site: Site,
    payer: PayerProfile,
    *,
    now: datetime,
    new_id: Callable[[], str],
) -> BuiltRequest:
    """The request for a context whose coverage, payer and requestor are known.

    `now` is aware; `new_id` gives version-4 UUIDs. Gaps the context has already are not repeated.

    Raises:
        LookupError: the context's requestor is not one of the site's.
    """
    requestor = site.requestor(context.requestor_id)
    if requestor is None:
        raise LookupError("the requestor of this order is not in the site profile")
    press = _Press(mappings, new_id)
    trace = {"system": f"{_TRACE}{site.trace_originator}", "value": new_id(), **plain(site.trace_place)}
    submission = f"urn:uuid:{new_id()}"
    request = {"trace": trace, "submission": submission, "created": _instant(now)}
    parts = Parts(context, requestor, payer, press)
    claim_url = press.url()
    claim = press.claim(
        claim_url,
        context,
        {
            "request": request,
            "sender": plain(requestor.sender),
            "receiver": plain(payer.receiver),
            "expedited": context.expedited,
            "priority": next((facts["priority"] for facts in context.facts if "priority" in facts), None),
            **parts.variables,
        },
    )
    bundle = press.apply("bundle", {"request": request})
    travelling = _reachable(claim_url, press.resources)
    bundle["entry"] = [{"fullUrl": url, "resource": press.resources[url]} for url in travelling]
    return BuiltRequest(
        bundle=bundle,
        items=tuple(_item(row, context, number) for number, row in enumerate(claim.get("item", []))),
        gaps=fresh(press.gaps, context.gaps),
        choices=tuple(dict.fromkeys(press.choices)),
        trace_system=trace["system"],
        trace_value=trace["value"],
        submission_id=submission,
        claim_url=claim_url,
    )


class _Press:
    """Applies mappings and keeps what they make, by fullUrl, with all gaps and choices."""

    def __init__(self, mappings: Mappings, new_id: Callable[[], str]) -> None:
        self._mappings = mappings
        self._new_id = new_id
        self.tables = mappings.tables
        self.resources: dict[str, Resource] = {}
        self.gaps: list[Gap] = []
        self.choices: list[Choice] = []

    def url(self) -> str:
        return f"urn:uuid:{self._new_id()}"

    def apply(self, name: str, variables: Mapping[str, Any]) -> Resource:
        mapped = self._mappings.apply(name, variables)
        self.gaps += mapped.gaps
        self.choices += mapped.choices
        value: Resource = mapped.value
        return value

    def claim(self, url: str, context: OrderContext, variables: Mapping[str, Any]) -> Resource:
        """The Claim under `url`."""
        before = len(self.gaps)
        made = self._keep(url, self.apply("claim/claim", variables))
        self.gaps[before:] = placed_in_claim(self.gaps[before:], context)
        return made

    def make(self, name: str, url: str, variables: Mapping[str, Any], source: str) -> Resource:
        """A resource under `url`, made from what the order calls `source`.

        Where the source is empty the order does not have it: a gap of the context says so, and what would be missing
        inside it is no gap of its own.
        """
        before = len(self.gaps)
        made = self._keep(url, self.apply(name, variables))
        if len(self.gaps) > before:
            places = places_in(name, source, variables.get("order", {}))
            self.gaps[before:] = [placed(gap, places) for gap in self.gaps[before:] if source]
        return made

    def _keep(self, url: str, made: Resource) -> Resource:
        """The resource, kept; its id is the UUID in `url`."""
        resource = {"resourceType": made["resourceType"], "id": url.removeprefix("urn:uuid:"), **made}
        self.resources[url] = resource
        return resource


def _reachable(start: str, resources: Mapping[str, Resource]) -> Iterable[str]:
    """The Claim and whatever it leads to, each once, nearest first (PAS 2.2.1 spec-13, spec-14, spec-20)."""
    seen = {start: None}
    waiting = [start]
    while waiting:
        for target in _targets(resources[waiting.pop(0)], resources):
            if target not in seen:
                seen[target] = None
                waiting.append(target)
    return seen


def _targets(value: Any, known: Container[str]) -> list[str]:
    """Which of the known addresses a part of a resource refers to, in the order of the paths they stand at.

    What is referred to is read off its bytes; only what refers to several is taken apart to tell their order.
    """
    named = (part.partition(b'"')[0].decode() for part in json.dumps(value).split(_REFERENCE)[1:])
    found = list(dict.fromkeys(target for target in named if target in known))
    if len(found) < 2:
        return found
    if isinstance(value, dict):
        parts = [(f"{key}[" if isinstance(part, list) else f"{key}.", part) for key, part in value.items()]
    else:
        parts = [(f"{position}]", part) for position, part in enumerate(value)]
    parts.sort(key=itemgetter(0))
    inner = [target for _, part in parts if isinstance(part, dict | list) for target in _targets(part, known)]
    return [value["reference"], *inner] if isinstance(value, dict) and value.get("reference") in known else inner


def _item(row: Resource, context: OrderContext, position: int) -> Item:
    facts, order = context.facts[position], context.orders[position]
    trace: Resource = next((part["valueIdentifier"] for part in row["extension"] if "valueIdentifier" in part), {})
    concepts = {part["url"].rpartition("-")[2]: part.get("valueCodeableConcept") for part in row["extension"]}
    return Item(
        sequence=row["sequence"],
        order=resource_name(order),
        trace_system=trace.get("system", ""),
        trace_value=trace.get("value", ""),
        service=Code(facts.get("code", ""), facts.get("system", ""), facts.get("code_source", "")),
        request_category=_code(concepts.get("serviceItemRequestType")),
        certification_type=_code(concepts.get("certificationType")),
        service_type=_code(row.get("category")),
        place=_code(row.get("locationCodeableConcept")),
        quantity=_quantity(row.get("quantity")),
        dates=_dates(facts),
    )


def _code(concept: Any) -> str:
    rows = concept.get("coding") if isinstance(concept, dict) else None
    return str(rows[0].get("code", "")) if rows else ""


def _quantity(quantity: Any) -> Quantity | None:
    value = quantity.get("value") if isinstance(quantity, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return Quantity(Decimal(value), text(quantity, "code") or text(quantity, "unit"))


def _dates(facts: Mapping[str, str]) -> Dates | None:
    if "start" not in facts:
        return None
    return Dates(date.fromisoformat(facts["start"]), date.fromisoformat(facts["end"]))


def _instant(now: datetime) -> str:
    return now.isoformat(timespec="seconds").replace("+00:00", "Z")
