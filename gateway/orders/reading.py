"""Order JSON and its completions to order contexts, one for each Claim to be made of them.

Orders of the same patient, coverage, requestor, benefit and request category share a context (design 7); so do they
only when equally urgent, since PAS states the level of service once for a Claim, and when they belong to the same
planned stay.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from gateway.fhir.bundle import Entry, entries_of
from gateway.model.errors import BadOrder
from gateway.model.order import Benefit, Choice, Gap, OrderContext, Resource
from gateway.orders.alike import Alike
from gateway.orders.benefit import HANDOFF
from gateway.orders.chart import Chart
from gateway.orders.cleaning import clean
from gateway.orders.code_systems import standardize
from gateway.orders.completion import complete, note_unused
from gateway.orders.notes import Notes
from gateway.orders.selection import check_is_no_hook, orders_in
from gateway.orders.single import Desk, Reading, patient_of, read_order
from gateway.orders.tables import OrderTables
from gateway.payers.profile import Payers
from gateway.payers.site import Site

_MOST_DIAGNOSES = 12  # X12 278 transmits the first twelve (HI segment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a caller wants orders read.

    Attributes:
        split: one Claim for each order.
        requestor, payer: a key of the site profile and a payer id, in place of the rules that would choose them.
        today: the day in the site's time zone.
        settled: orders, as `Type/id`, that another request covers already: they are not read, but references to them
            still find them.
        tables: code and rule tables; the shipped ones unless a site has its own.
    """

    split: bool = False
    requestor: str = ""
    payer: str = ""
    today: date
    settled: frozenset[str] = frozenset()
    tables: OrderTables = field(default_factory=OrderTables.shipped)


def read(documents: Sequence[Any], site: Site, payers: Payers, options: Options) -> tuple[OrderContext, ...]:
    """The contexts of an order: `documents` is the parsed order, then its completions in their order.

    The order is a Bundle of any type, a list, or one resource with contained ones. What is missing is a gap in the
    context, never an exception. Nothing at all comes of an input that holds no orders but settled ones.

    Raises:
        BadOrder: a CDS Hooks request, no order in it, only orders of other types or that do not stand (each with its
            reason), several patients, a completion without resources or with one that could mean several, or a
            requestor or payer in `options` that does not exist.
    """
    _check_options(options, site, payers)
    notes = Notes()
    chart, own = _chart(documents, options.tables, notes)
    orders = orders_in(chart, own, options.settled, notes)
    patient = _one_patient(orders, chart, notes)
    desk = Desk(
        chart=chart,
        alike=Alike(chart),
        site=site,
        payers=payers,
        tables=options.tables,
        requestor=options.requestor,
        payer=options.payer,
        today=options.today,
    )
    readings = [read_order(order, patient, desk) for order in orders]
    used = [resource for reading in readings for resource in reading.notes.used]
    note_unused(chart.index.entries[own:] if readings else (), used, notes)
    return tuple(_context(group, notes) for group in _groups(readings, options.split))


def _check_options(options: Options, site: Site, payers: Payers) -> None:
    if options.requestor and site.requestor(options.requestor) is None:
        keys = ", ".join(requestor.key for requestor in site.requestors)
        raise BadOrder("There is no requestor of that key in the site profile.", fix=f"Name one of: {keys}.")
    if options.payer and options.payer not in payers:
        raise BadOrder("There is no payer profile of that id.", fix=f"Name one of: {', '.join(sorted(payers))}.")


def _chart(documents: Sequence[Any], tables: OrderTables, notes: Notes) -> tuple[Chart, int]:
    """All entries, and how many of them came with the order itself; those are the first."""
    for document in documents:
        check_is_no_hook(document)
    order, *completions = (standardize(clean(document, notes), tables, notes) for document in documents)
    entries: list[Entry] = list(entries_of(order))
    own = len(entries)
    for number, completion in enumerate(completions, start=1):
        entries = complete(entries, completion, number=number)
    return Chart(entries), own


def _one_patient(orders: Sequence[Entry], chart: Chart, notes: Notes) -> Entry | None:
    found = [patient for order in orders if (patient := patient_of(order, chart, notes))]
    if any(patient.resource != found[0].resource for patient in found[1:]):
        raise BadOrder("The orders are for several patients.", fix="Send the orders of each patient on their own.")
    return found[0] if found else None


def _groups(readings: Sequence[Reading], split: bool) -> list[list[Reading]]:
    groups: dict[tuple[Any, ...], list[Reading]] = {}
    coverages: list[Resource] = []
    for position, reading in enumerate(readings):
        alone = position if split or not reading.category else -1
        stay = reading.setting.encounter if reading.setting.encounter_class == "inpatient" else None
        known = next((at for at, one in enumerate(coverages) if one is reading.coverage or one == reading.coverage), -1)
        if known < 0:
            coverages.append(reading.coverage)
        key = (
            known if known >= 0 else len(coverages) - 1,
            reading.payer_id,
            reading.requestor_id,
            reading.benefit,
            reading.category,
            reading.expedited,
            stay.path if stay else "",
            alone,
        )
        groups.setdefault(key, []).append(reading)
    return list(groups.values())


def _context(group: Sequence[Reading], shared: Notes) -> OrderContext:
    first = group[0]
    diagnoses, choices = _diagnoses(group)
    is_pharmacy = first.benefit is Benefit.PHARMACY
    encounter = first.setting.encounter
    gaps = [_numbered(gap, number) for number, reading in enumerate(group, 1) for gap in reading.notes.gaps]
    choices += [choice for reading in group for choice in reading.notes.choices]
    return OrderContext(
        orders=tuple(reading.order.resource for reading in group),
        patient=first.patient,
        coverage=first.coverage,
        subscriber=first.subscriber,
        encounter=encounter.resource if encounter else {},
        location=first.setting.location,
        service_provider=first.setting.service_provider,
        member_id=first.member[0],
        member_id_source=first.member[1],
        providers=_providers(group),
        diagnoses=diagnoses,
        documents=_distinct([document for reading in group for document in reading.supporting.documents]),
        messages=_distinct([message for reading in group for message in reading.supporting.messages]),
        insurance=tuple(reference for reading in group for reference in reading.insurance),
        requestor_id=first.requestor_id,
        payer_id=first.payer_id,
        benefit=first.benefit,
        handoff=HANDOFF if is_pharmacy else "",
        expedited=first.expedited,
        facts=tuple(reading.facts for reading in group),
        gaps=() if is_pharmacy else tuple(dict.fromkeys([*shared.gaps, *gaps])),
        choices=tuple(dict.fromkeys([*shared.choices, *choices])),
    )


def _numbered(gap: Gap, number: int) -> Gap:
    """`Claim.item.serviced[x]` of the second order is `Claim.item[1].serviced[x]`."""
    return replace(gap, element=gap.element.replace("Claim.item.", f"Claim.item[{number - 1}].", 1))


def _diagnoses(group: Sequence[Reading]) -> tuple[tuple[Resource, ...], list[Choice]]:
    """Every code once, with the numbers of the orders it is for, the principal one first; the first twelve."""
    found: dict[str, Resource] = {}
    for number, reading in enumerate(group, start=1):
        for diagnosis in reading.diagnoses:
            row = found.setdefault(diagnosis["code"], {**diagnosis, "orders": []})
            row["orders"].append(number)
    rows = tuple(found.values())
    choices = [_principal(rows)] if rows else []
    if len(rows) > _MOST_DIAGNOSES:
        why = f"A request carries {_MOST_DIAGNOSES} diagnoses; the last {len(rows) - _MOST_DIAGNOSES} stay out."
        choices.append(Choice("diagnoses", str(_MOST_DIAGNOSES), why, "diagnosis-limit"))
    return rows[:_MOST_DIAGNOSES], choices


def _principal(diagnoses: Sequence[Resource]) -> Choice:
    first = diagnoses[0]
    why = f"The only diagnosis, at {first['source']}."
    if len(diagnoses) > 1:
        why = f"The first of {len(diagnoses)}, at {first['source']}: reasons in the order's sequence, then conditions."
    return Choice("principal diagnosis", first["code"], why, "diagnosis-principal")


def _providers(group: Sequence[Reading]) -> Mapping[str, Resource]:
    return {
        f"{number}/{name}": provider
        for number, reading in enumerate(group, start=1)
        for name, provider in reading.providers.items()
    }


def _distinct(resources: Sequence[Resource]) -> tuple[Resource, ...]:
    return tuple(one for position, one in enumerate(resources) if one not in resources[:position])
