"""Builds the Response Bundle of either version: one ClaimResponse, and the request's resources it speaks of."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.fhir.bundle import Entry, collection, references
from gateway.sandbox import names
from gateway.sandbox.answer_items import Decision, Pen, answer_item
from gateway.sandbox.elements import Element, element, elements, extensions, text
from gateway.sandbox.scenarios import ErrorAnswer, ErrorRow, Scenario
from gateway.sandbox.travel import Travellers

_PARTIES = {"patient": "patient", "insurer": "insurer", "requestor": "provider"}
_SWAP = {
    "applicationSenderCode": "applicationReceiverCode",
    "applicationReceiverCode": "applicationSenderCode",
    "interchangeSenderID": "interchangeReceiverID",
    "interchangeReceiverID": "interchangeSenderID",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A Response Bundle and what was decided in it, an entry for each item."""

    bundle: dict[str, Any]
    decisions: tuple[Decision, ...] = ()


def decide(travellers: Travellers, chosen: Sequence[Scenario], pen: Pen) -> Answer:
    """Answer a request that passed its checks, item by item as `chosen` (in the items' order) says."""
    claim = travellers.claims[0].resource
    decisions = tuple(
        answer_item(item, decision, scenario.id, pen)
        for item, scenario in zip(elements(claim, "item"), chosen, strict=True)
        if (decision := scenario.decision)
    )
    response = _response(travellers, _outcome(decisions, pen), pen)
    reviewed = any(decision.human_reviewed for scenario in chosen if (decision := scenario.decision))
    if reviewed and pen.shape.has_reviewer:
        _extend(response, {"url": names.REVIEWER, "extension": [{"url": "wasHumanReviewedFlag", "valueBoolean": True}]})
    response["item"] = [decision.item for decision in decisions]
    if added := [decision.added for decision in decisions if decision.added]:
        response["addItem"] = added
    return Answer(_bundle(response, travellers, pen), decisions)


def reject(travellers: Travellers, answer: ErrorAnswer, position: int, pen: Pen) -> Answer:
    """Answer that the request cannot be processed because of item `position`: outcome error, no item."""
    response = _response(travellers, "error", pen)
    response["error"] = [_error(row, travellers, position, pen) for row in answer.rows]
    return Answer(_bundle(response, travellers, pen))


def _outcome(decisions: Sequence[Decision], pen: Pen) -> str:
    """How far processing went: since 2.2 a pended answer is complete, before it is queued."""
    open_ones = [decision.action == "A4" for decision in decisions]
    if not pen.shape.has_queued or not any(open_ones):
        return "complete"
    return "queued" if all(open_ones) else "partial"


def _response(travellers: Travellers, outcome: str, pen: Pen) -> Element:
    claim = travellers.claims[0]
    response: Element = {
        "resourceType": "ClaimResponse",
        "id": str(pen.new_id()),
        "meta": {"profile": [names.CLAIM_RESPONSE]},
    }
    if pen.shape.has_transmission and (transmissions := extensions(claim.resource, names.TRANSMISSION)):
        _extend(response, _turned(transmissions[0]))
    response |= {
        "identifier": [
            {name: row[name] for name in ("extension", "system", "value") if name in row}
            for row in elements(claim.resource, "identifier")
        ],
        "status": "active",
        "type": claim.resource["type"],
        "use": "preauthorization",
        "created": pen.now.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "request": {"reference": claim.full_url},
        "outcome": outcome,
    }
    for name, of_claim in _PARTIES.items():
        if party := travellers.one(claim.resource[of_claim]):
            response[name] = {"reference": party.full_url}
    return response


def _turned(transmission: Element) -> Element:
    """Sender and receiver change places on the way back."""
    parts = [
        {"url": _SWAP[text(part, "url")], "valueString": text(part, "valueString")}
        for part in elements(transmission, "extension")
        if text(part, "url") in _SWAP
    ]
    return {"url": names.TRANSMISSION, "extension": sorted(parts, key=lambda part: part["url"])}


def _bundle(response: Element, travellers: Travellers, pen: Pen) -> dict[str, Any]:
    if pen.notes.rows:
        response["processNote"] = pen.notes.rows
    claim = travellers.claims[0].resource
    starts = [party for name in _PARTIES.values() if (party := travellers.one(claim[name]))]
    echoed = {entry.full_url: entry for entry in starts}
    for link in travellers.links(*starts):
        echoed |= {target.full_url: target for target in link.targets}
    bundle = collection(
        [Entry(response, f"urn:uuid:{response['id']}"), *(_echo(entry, travellers) for entry in echoed.values())],
        identifier={"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{pen.new_id()}"},
        timestamp=response["created"],
        profile=names.RESPONSE_BUNDLE,
    )
    if not pen.shape.has_bundle_identifier:
        del bundle["identifier"]
    return bundle


def _echo(entry: Entry, travellers: Travellers) -> Entry:
    """The request's resource under its own fullUrl and id (spec-33), its references made absolute."""
    resource = copy.deepcopy(entry.resource)
    for _, reference in references(resource):
        if target := travellers.one(reference):
            reference["reference"] = target.full_url
    return Entry(resource, entry.full_url)


def _error(row: ErrorRow, travellers: Travellers, position: int, pen: Pen) -> Element:
    error: Element = {"code": {"coding": [{"system": names.REJECT_REASON_SYSTEM, "code": row.code}]}}
    note = pen.notes.number(row.note) if row.note else 0
    for extension in _error_element(row, note, pen):
        _extend(error, extension)
    _extend(error, {"url": names.ERROR_PATH, "valueString": _place(row, travellers, position)})
    if row.follow_up:
        _extend(
            error,
            {
                "url": names.FOLLOW_UP_ACTION,
                "valueCodeableConcept": {"coding": [{"system": names.FOLLOW_UP_SYSTEM, "code": row.follow_up}]},
            },
        )
    return error


def _error_element(row: ErrorRow, note: int, pen: Pen) -> Iterator[Element]:
    """errorElement: the X12 element, and the note that explains it where it has parts (2.2); a string before."""
    if pen.shape.has_error_parts:
        about: list[Element] = [{"url": "processNote", "valuePositiveInt": note}] if note else []
        about += [{"url": "error", "valueString": row.x12_element}] if row.x12_element else []
        if about:
            yield {"url": names.ERROR_ELEMENT, "extension": about}
    elif row.x12_element:
        yield {"url": names.ERROR_ELEMENT, "valueString": row.x12_element}


def _place(row: ErrorRow, travellers: Travellers, position: int) -> str:
    claim = travellers.claims[0]
    insurance = elements(claim.resource, "insurance")[0]
    places = {
        "claim": claim,
        "patient": travellers.one(claim.resource["patient"]),
        "insurer": travellers.one(claim.resource["insurer"]),
        "requestor": travellers.one(claim.resource["provider"]),
        "coverage": travellers.one(element(insurance, "coverage")),
    }
    found = places.get(row.at) or claim
    path = f"{claim.path}.item[{position}]" if row.at == "item" else found.path
    return f"{path}.{row.element}" if row.element else path


def _extend(holder: Element, extension: Element) -> None:
    holder.setdefault("extension", []).append(extension)
