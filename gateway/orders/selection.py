"""Which resources of an input are orders to ask authorization for, and why others are not."""

from typing import Any

from gateway.fhir import json
from gateway.fhir.bundle import Entry
from gateway.model.errors import BadOrder
from gateway.orders.chart import Chart, label, text
from gateway.orders.notes import Notes
from gateway.orders.request_pattern import stated

SUPPORTED = ("ServiceRequest", "DeviceRequest", "MedicationRequest", "NutritionOrder")
UNSUPPORTED = {
    "VisionPrescription": (
        "PAS (2.0.1 and 2.2.1) has no profile for a vision prescription, and requestedService of a Claim item cannot "
        "refer to one; order the frame and the lenses by a DeviceRequest each, with its HCPCS V-code"
    ),
    "SupplyRequest": "supplies and equipment for a patient are ordered by DeviceRequest",
    "RequestGroup": "the orders in a group are sent themselves",
}
# what comes along with orders as a matter of course, and is mentioned only when there is nothing else
_NO_ORDERS = {
    "Appointment": "an appointment is not an order; send the order it was made for, and the appointment beside it",
    "Encounter": "an encounter is not an order; send the ServiceRequest for the admission or service beside it",
    "CommunicationRequest": "a communication request is not a service a payer authorizes",
    "ImmunizationRecommendation": "a recommendation is not an order",
    "MedicationStatement": "a statement is not an order; send the MedicationRequest",
    "Task": "a task is not an order; send the order it is about",
    "Claim": "this is a request already; the gateway builds its own from the order",
}
# what a refusal may name; any other word in place of a type is content, and is not repeated
_NAMED = frozenset(
    {
        "AllergyIntolerance",
        "Bundle",
        "ClaimResponse",
        "Condition",
        "Coverage",
        "Device",
        "DiagnosticReport",
        "DocumentReference",
        "Immunization",
        "Location",
        "Medication",
        "Observation",
        "OperationOutcome",
        "Organization",
        "Parameters",
        "Patient",
        "Practitioner",
        "PractitionerRole",
        "Procedure",
        "Questionnaire",
        "QuestionnaireResponse",
        "RelatedPerson",
    }
)
_ENDED = frozenset({"revoked", "completed", "entered-in-error", "cancelled", "stopped", "ended"})
_NOT_YET = frozenset({"proposal", "option", "directive"})
_STANDING = frozenset({"", "active", "draft"})
_ORDERED = frozenset({"", "order", "original-order", "reflex-order", "filler-order", "instance-order"})
_MEANT = _ORDERED | {"plan"}


def orders_in(chart: Chart, own: int, settled: frozenset[str], notes: Notes) -> tuple[Entry, ...]:
    """The orders among the first `own` entries, in their order of arrival; those left out are recorded with the reason.

    What a completion adds never becomes an order: a chart sent to fill gaps may list drugs the patient takes already.
    Those in `settled` (`Type/id`) are passed over and leave no record; when they were all there was, nothing is left.

    Raises:
        BadOrder: there is no order, none of a supported type, or none that still stands.
    """
    left_out = [(label(entry), why) for kind, why in UNSUPPORTED.items() for entry in chart.of_type(kind)]
    sent = chart.index.entries[:own]
    candidates = [entry for entry in chart.of_type(*SUPPORTED) if entry.type_id not in settled]
    standing = []
    seen: dict[bytes, Entry] = {}
    for entry in candidates:
        same = seen.setdefault(json.canonical({**entry.resource, "id": ""}), entry)
        if same is not entry:
            if same.resource != entry.resource:
                left_out.append((label(entry), f"it says the same as {label(same)}"))
            continue
        if reason := _reason(entry, chart) if entry in sent else "it came with a completion, not with the order":
            left_out.append((label(entry), reason))
        else:
            standing.append(entry)
    if not standing and len(candidates) < len(chart.of_type(*SUPPORTED)):
        return ()
    if not standing:
        others = [(label(entry), why) for kind, why in _NO_ORDERS.items() for entry in chart.of_type(kind)]
        raise _nothing(left_out or others, chart)
    for name, reason in left_out:
        notes.choose("order left out", name, f"{reason[0].upper()}{reason[1:]}.", "order-left-out")
    return tuple(standing)


def _reason(entry: Entry, chart: Chart) -> str:
    status, intent = text(entry.resource, "status"), text(entry.resource, "intent")
    if status in _ENDED:
        return f"its status is {status}"
    if intent in _NOT_YET:
        return f"its intent is {intent}: nobody has ordered it"
    if entry.resource.get("doNotPerform") is True:
        return "it says doNotPerform"
    if (status not in _STANDING or intent not in _ORDERED) and _is_named_by_another(entry, chart):
        return f"another order names it as supporting information, and its {_unlike_an_order(status, intent)}"
    return ""


def check_stands(order: Entry, notes: Notes) -> None:
    """A gap for an order that is not one to ask for now: on hold, or of a status or intent nobody can be sure of."""
    status, intent = text(order.resource, "status"), text(order.resource, "intent")
    if status not in _STANDING:
        known = status if status in ("on-hold", "unknown") else "none that FHIR knows"
        need = f"an order that stands: its status is {known}; make it active, or leave it out"
        notes.gap(f"{label(order)}.status", need, "order-status", "")
    if intent not in _MEANT:
        need = "the intent of an order: it has none that FHIR knows"
        notes.gap(f"{label(order)}.intent", need, "order-intent", "")


def _unlike_an_order(status: str, intent: str) -> str:
    return f"status is {status}" if status not in _STANDING else f"intent is {intent}"


def _is_named_by_another(entry: Entry, chart: Chart) -> bool:
    """Whether an order has it among its supporting information."""
    for other in chart.of_type(*SUPPORTED):
        named = [*stated(other.resource, "supportingInfo"), *stated(other.resource, "supportingInformation")]
        for _, reference in named if other.resource != entry.resource else []:
            found = chart.index.resolve(text(reference, "reference"), source=other)
            if found and found.entry.resource == entry.resource:
                return True
    return False


def check_is_no_hook(document: Any) -> None:
    """A CDS Hooks request has its orders where no resource is looked for.

    Raises:
        BadOrder: the document is one.
    """
    held = document if isinstance(document, dict) and "resourceType" not in document else {}
    around = held.get("context")
    if "hook" in held or (isinstance(around, dict) and "draftOrders" in around):
        raise BadOrder(
            "This is a CDS Hooks request, not an order.",
            fix="Send its context.draftOrders, with the prefetch resources, as a Bundle.",
        )


def _nothing(left_out: list[tuple[str, str]], chart: Chart) -> BadOrder:
    if not left_out:
        return BadOrder(
            f"There is no order in the input. It holds {_types(chart)}.",
            fix=f"Send a Bundle, a list or one resource with a {', '.join(SUPPORTED[:-1])} or {SUPPORTED[-1]} in it.",
        )
    reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out)
    return BadOrder(
        f"There is no order to ask authorization for. {reasons[0].upper()}{reasons[1:]}.",
        fix=f"Send a {', '.join(SUPPORTED[:-1])} or {SUPPORTED[-1]} that stands.",
    )


def _types(chart: Chart) -> str:
    """The resource types of an input in words."""
    found = {entry.resource["resourceType"] for entry in chart.index.entries}
    known = _NAMED | UNSUPPORTED.keys() | _NO_ORDERS.keys()
    kinds = sorted(found & known) + (["resources of other types"] if found - known else [])
    if not kinds:
        return "no resource"
    return " and ".join(filter(None, (", ".join(kinds[:-1]), kinds[-1])))
