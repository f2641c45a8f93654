"""What an order asks for, as a payer bills it: one billing code and its modifiers (quirks 46, 48, 51)."""

from dataclasses import dataclass
from typing import Any

from gateway.fhir.bundle import Entry
from gateway.model.order import Resource
from gateway.orders.chart import Chart, codings, label, rows, text
from gateway.orders.code_systems import billing_code, is_modifier, system_name
from gateway.orders.notes import Notes
from gateway.orders.nutrition import products_of
from gateway.orders.tables import OrderTables

_PREFERRED = ("CPT", "HCPCS", "NDC", "ICD-10-PCS", "X12-1365")
_PREFERRED_FOR_DRUGS = ("HCPCS", "CPT", "NDC")
_ACQUISITION = {"RR": "rental", "NU": "purchase", "UE": "purchase"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The service of one order; `system` is a short name such as `CPT`, empty texts where the order says nothing."""

    system: str = ""
    code: str = ""
    source: str = ""
    modifiers: tuple[dict[str, str], ...] = ()

    @property
    def acquisition(self) -> str:
        """`rental` or `purchase`, where a modifier says so."""
        return next((_ACQUISITION[row["code"]] for row in self.modifiers if row["code"] in _ACQUISITION), "")


def service_of(order: Entry, chart: Chart, tables: OrderTables, notes: Notes) -> Service:
    """The service an order asks for; a gap when no coding of it can be billed."""
    concept, place, is_one = _concept(order, chart, tables, notes)
    found = _billable(concept, place, tables)
    preferred = _PREFERRED_FOR_DRUGS if order.resource["resourceType"] == "MedicationRequest" else _PREFERRED
    chosen = next((row for name in preferred for row in found if row[0] == name), None)
    modifiers = modifiers_of(order.resource, tables)
    if chosen is None:
        if is_one:
            _missing(concept, place, tables, notes)
        return Service(modifiers=modifiers)
    system, code, source, written = chosen
    if len(codings(concept)) > 1:
        why = f"Of {len(codings(concept))} codings, {source} is the first by which a payer bills ({system})."
        notes.choose("billing code", code, why, f"billing-code-{system}")
    if written != system:
        why = f"{source} stands under {written}, but has the shape of a {system} code."
        notes.choose("billing code system", system, why, "code-shape")
    return Service(system=system, code=code, source=source, modifiers=modifiers)


def _concept(order: Entry, chart: Chart, tables: OrderTables, notes: Notes) -> tuple[dict[str, Any], str, bool]:
    """The CodeableConcept of what is ordered, its path, and whether there is no more than one."""
    resource, name = order.resource, label(order)
    kind = resource["resourceType"]
    if kind == "ServiceRequest":
        return _dict(resource.get("code")), f"{name}.code", True
    if kind == "NutritionOrder":
        return _product(order, tables, notes)
    element, referenced, inner = {
        "DeviceRequest": ("codeCodeableConcept", "codeReference", "type"),
        "MedicationRequest": ("medicationCodeableConcept", "medicationReference", "code"),
    }[kind]
    if element in resource:
        return _dict(resource[element]), f"{name}.{element}", True
    place = f"{name}.{referenced}"
    target = chart.find(resource.get(referenced), order, place, notes, "Device", "Medication")
    if target:
        notes.use(target.resource)
        return _dict(target.resource.get(inner)), f"{label(target)}.{inner}", True
    return {}, f"{name}.{element}", True


def _product(order: Entry, tables: OrderTables, notes: Notes) -> tuple[dict[str, Any], str, bool]:
    """What a NutritionOrder asks the payer for: the one formula, diet or supplement of it that can be billed."""
    name, products = label(order), products_of(order.resource)
    billed = [(place, concept) for place, concept in products if _billable(concept, place, tables)]
    if len({_billable(concept, place, tables)[0][:2] for place, concept in billed}) > 1:
        places = ", ".join(place for place, _ in billed)
        need = f"an order of its own for each product a payer bills: {places} have different codes, and an item has one"
        notes.gap(name, need, "nutrition-one-product", "Claim.item.productOrService")
        return {}, name, False
    if not billed:
        place, concept = products[0] if products else ("enteralFormula.baseFormulaType", {})
        return concept, f"{name}.{place}", True
    for place, concept in products:
        if (place, concept) not in billed:
            why = f"No payer bills by its codes; the request is for {billed[0][0]} alone."
            notes.choose("nutrition left out", f"{name}.{place}", why, "nutrition-not-billed")
    return billed[0][1], f"{name}.{billed[0][0]}", True


def _billable(concept: dict[str, Any], place: str, tables: OrderTables) -> list[tuple[str, str, str, str]]:
    found = []
    for position, coding in enumerate(codings(concept)):
        system, code = billing_code(coding, tables)
        if system:
            written = system_name(str(coding.get("system", "")), tables)
            found.append((system, code, f"{place}.coding[{position}]", written))
    return found


def _missing(concept: dict[str, Any], place: str, tables: OrderTables, notes: Notes) -> None:
    said = [system_name(str(coding.get("system", "")), tables) or "a local system" for coding in codings(concept)]
    if said:
        has = f"it has only codes of {', '.join(dict.fromkeys(said))}, or codes not shaped like their system"
    else:
        has = "it has text only" if text(concept, "text") else "there is none"
    need = f"a code the payer bills by (CPT, HCPCS, NDC or ICD-10-PCS): {has}"
    notes.gap(place, need, "billing-code", "Claim.item.productOrService")


def modifiers_of(order: Resource, tables: OrderTables) -> tuple[dict[str, str], ...]:
    """Two-character CPT and HCPCS codes in ServiceRequest.orderDetail, DeviceRequest.parameter or beside a product."""
    concepts = rows(order, "orderDetail") + [concept for _, concept in products_of(order)]
    concepts += [_dict(row.get("valueCodeableConcept")) for row in rows(order, "parameter")]
    return tuple(
        {"system": coding["system"], "code": coding["code"]}
        for concept in concepts
        for coding in codings(concept)
        if is_modifier(coding, tables)
    )


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
