"""From the bytes of a request to a PAS Inquiry Bundle that asks the payer for it by example (`$inquire`, design 4.3).

The shape is a mapping of the guide version (`claim/inquiry`, `inquiry_bundle`); what the Claim then refers to travels
as it travelled in the request. Claim.identifier, Bundle.identifier, the fullUrl of the Claim and the trace numbers of
items are the inquiry's own: an answer that carries those of the request shows that the payer has the request, which
would be worth nothing if the inquiry had told it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.fhir import json
from gateway.fhir.bundle import Entry, Index, entries_of, references
from gateway.mapping import Mappings
from gateway.model.order import Gap


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltInquiry:
    """An inquiry; where there are gaps it is incomplete and must not be sent.

    Attributes:
        identifier: Bundle.identifier value.
        trace_system, trace_value: Claim.identifier.
    """

    body: bytes = field(repr=False)
    identifier: str
    trace_system: str
    trace_value: str
    gaps: tuple[Gap, ...] = ()


def build_inquiry(request: bytes, mappings: Mappings, *, now: datetime, new_id: Callable[[], str]) -> BuiltInquiry:
    """The inquiry for a request as it was sent, in the version that `mappings` are of.

    `now` is aware; `new_id` gives version-4 UUIDs and is asked for three. Of an update the first Claim is asked for.

    Raises:
        ValueError: the request is no Bundle with a Claim as its first entry.
    """
    index = Index(entries_of(json.loads(request)))
    sent = index.entries[0] if index.entries else Entry({})
    if sent.resource.get("resourceType") != "Claim":
        raise ValueError("the request is no Bundle with a Claim as its first entry")
    trace, submission, identity = new_id(), f"urn:uuid:{new_id()}", new_id()
    asking = {"trace": trace, "submission": submission, "created": _instant(now)}
    made = mappings.apply("claim/inquiry", {"request": asking, "claim": sent.resource})
    head = mappings.apply("inquiry_bundle", {"request": asking})
    resource = made.value
    claim = Entry({"resourceType": resource["resourceType"], "id": identity, **resource}, f"urn:uuid:{identity}")
    bundle: dict[str, Any] = head.value
    bundle["entry"] = [
        {"fullUrl": entry.full_url, "resource": entry.resource} for entry in (claim, *_led_to(claim, sent, index))
    ]
    return BuiltInquiry(
        body=json.dumps(bundle),
        identifier=submission,
        trace_system=next((row.get("system", "") for row in resource.get("identifier", [])), ""),
        trace_value=trace,
        gaps=(*made.gaps, *head.gaps),
    )


def _led_to(claim: Entry, sent: Entry, index: Index) -> tuple[Entry, ...]:
    """The entries of the request that the inquiry leads to, each once, nearest first (PAS 2.2.1 spec-13, spec-14)."""
    found: dict[int, Entry] = {}
    waiting = [claim]
    while waiting:
        source = waiting.pop(0)
        for _, reference in sorted(references(source.resource), key=lambda row: row[0]):
            # A reference taken over from the Claim as sent resolves from where that stood.
            target = index.resolve(reference["reference"], source=sent if source is claim else source)
            if target and target.entry.full_url and id(target.entry.resource) not in found:
                found[id(target.entry.resource)] = target.entry
                waiting.append(target.entry)
    return tuple(found.values())


def _instant(now: datetime) -> str:
    return now.isoformat(timespec="seconds").replace("+00:00", "Z")
