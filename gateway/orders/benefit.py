"""Whether a drug order is paid by the medical or the pharmacy benefit: only the first becomes a PAS request."""

from collections.abc import Mapping

from gateway.fhir.bundle import Entry
from gateway.model.order import Benefit
from gateway.orders.chart import codings, label, rows
from gateway.orders.notes import Notes
from gateway.orders.tables import OrderTables

HANDOFF = "NCPDP SCRIPT ePA through the e-prescribing system"
_ASK = (
    "whether this drug is given by a clinician (medical benefit) or dispensed to the patient (pharmacy benefit): a "
    "HCPCS code, a route, a category or the encounter in which it is given would tell"
)


def benefit_of(order: Entry, facts: Mapping[str, str], tables: OrderTables, notes: Notes) -> Benefit:
    """The benefit by the first rule of drug_benefit.csv that fits; medical, with a gap, while none does."""
    if order.resource["resourceType"] != "MedicationRequest":
        return Benefit.MEDICAL
    row = tables["drug_benefit"].choose({**facts, "route": _route(order)})
    if row is None:
        notes.gap(f"{label(order)}.category", _ASK, "drug-benefit", "Claim.item.productOrService")
        return Benefit.MEDICAL
    benefit = Benefit(row.cells["value"])
    why = f"Rule {row.id} of drug_benefit.csv: {row.cells['note']}."
    notes.choose("benefit", benefit.value, why, row.id)
    return benefit


def _route(order: Entry) -> list[str]:
    return [coding["code"] for row in rows(order.resource, "dosageInstruction") for coding in codings(row.get("route"))]
