"""One order, read by every rule: what it is about, who is involved, and what is still missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from gateway.fhir.bundle import Entry
from gateway.model.authorization import Dates
from gateway.model.order import Benefit, Resource
from gateway.orders.alike import Alike
from gateway.orders.appointment import appointments_of, days_of
from gateway.orders.belonging import Subject
from gateway.orders.benefit import benefit_of
from gateway.orders.chart import Chart, codings, label, rows, text
from gateway.orders.code_systems import rule_system
from gateway.orders.coverage import coverage_of, coverages_of, insurance_of, member_of, payer_of, subscriber_of
from gateway.orders.dates import Around, service_dates
from gateway.orders.diagnoses import conditions_of, diagnoses_of
from gateway.orders.must_understand import understood
from gateway.orders.notes import Notes
from gateway.orders.providers import providers_of
from gateway.orders.quantity import check_quantity
from gateway.orders.request_pattern import name_of, priority_of
from gateway.orders.requestor import requestor_of
from gateway.orders.selection import check_stands
from gateway.orders.service import Service, service_of
from gateway.orders.setting import Setting, setting_of
from gateway.orders.supporting import Supporting, supporting_of
from gateway.orders.tables import OrderTables
from gateway.payers.profile import Payers
from gateway.payers.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every order is read against."""

    chart: Chart
    alike: Alike
    site: Site
    payers: Payers
    tables: OrderTables
    requestor: str
    payer: str
    today: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One order understood; see `gateway.model.order.OrderContext` for the meaning of the fields."""

    order: Entry
    patient: Resource
    coverage: Resource
    subscriber: Resource
    member: tuple[str, str]
    setting: Setting
    providers: Mapping[str, Resource]
    diagnoses: tuple[Resource, ...]
    supporting: Supporting
    insurance: tuple[Resource, ...]
    requestor_id: str
    payer_id: str
    benefit: Benefit
    category: str
    facts: Mapping[str, str]
    notes: Notes

    @property
    def expedited(self) -> bool:
        return "level_of_service" in self.facts


def read_order(order: Entry, patient: Entry | None, desk: Desk) -> Reading:
    """Apply every rule to one order."""
    notes, chart, tables = Notes(), desk.chart, desk.tables
    held = patient.resource if patient else {}
    notes.use(order.resource, held)
    check_stands(order, notes)
    subject = Subject(order, patient, chart)
    about, read = partial(replace, subject), partial(desk.alike.of(order).read, notes)
    service = service_of(order, chart, tables, notes)
    check_quantity(order, notes)
    appointments = appointments_of(subject, notes)
    setting = read("setting", lambda one, own: setting_of(about(order=one), appointments, tables, own))
    dates = service_dates(order, service.source, _around(setting, appointments), desk.today, notes)
    coverages = read("coverages", lambda one, own: coverages_of(about(order=one), own))
    coverage = coverage_of(coverages, subject, dates.start or desk.today, notes)
    subscriber = chart.once(subscriber_of, coverage, patient, chart, notes=notes)
    facts = _facts(order, service, setting, dates, tables)
    category = tables["request_type"].choose(facts)
    written_in = setting.encounter or setting.ordered_in
    return Reading(
        order=order,
        patient=held,
        coverage=coverage.resource if coverage else {},
        subscriber=subscriber,
        member=chart.once(member_of, coverage, held, subscriber, tables, notes=notes),
        setting=setting,
        providers=read("providers", lambda one, own: providers_of(one, appointments, chart, tables, own)),
        diagnoses=diagnoses_of(
            order, read("conditions", lambda one, own: conditions_of(about(order=one), own)), tables, notes
        ),
        supporting=read("supporting", lambda one, own: supporting_of(about(order=one), own)),
        insurance=read(f"insurance {id(coverage)}", lambda one, _: insurance_of(one, coverage, chart)),
        requestor_id=read("requestor", lambda one, own: _requestor(one, written_in, desk, own)),
        payer_id=chart.once(payer_of, coverage, desk.payer, desk.payers, chart, notes=notes),
        # what nobody can understand is not handed off either: it stays here, with its gap
        benefit=benefit_of(order, facts, tables, notes) if understood(chart, notes) else Benefit.MEDICAL,
        category=category.cells["value"] if category else "",
        facts=facts,
        notes=notes,
    )


def _requestor(order: Entry, encounter: Entry | None, desk: Desk, notes: Notes) -> str:
    return requestor_of(order, encounter, desk.requestor, desk.site, desk.chart, notes)


def _around(setting: Setting, appointments: Sequence[Entry]) -> Around:
    return Around(
        encounter=setting.encounter.resource if setting.encounter else {},
        appointed=days_of(appointments),
        appointments=", ".join(map(label, appointments)),
    )


def _facts(order: Entry, service: Service, setting: Setting, dates: Dates, tables: OrderTables) -> dict[str, str]:
    """What rule tables may look at; a fact the order does not know is not there."""
    resource = order.resource
    priority = priority_of(resource)
    level = tables["level_of_service"].choose({"priority": priority}) if priority else None
    categories = [coding["code"] for row in rows(resource, "category") for coding in codings(row)]
    facts = {
        "order_type": str(resource["resourceType"]),
        "code_system": rule_system(service.system, service.code),
        "system": tables.systems.get(service.system, ""),
        "code": service.code,
        "code_source": service.source,
        "acquisition": service.acquisition,
        "category": categories[0] if categories else "",
        "priority": priority,
        "level_of_service": level.cells["value"] if level else "",
        "encounter_class": setting.encounter_class,
        "site": setting.site,
        "place": setting.place,
        "start": dates.start.isoformat() if dates.start else "",
        "end": (dates.end or dates.start).isoformat() if dates.start else "",
    }
    return {name: value for name, value in facts.items() if value}


def patient_of(order: Entry, chart: Chart, notes: Notes) -> Entry | None:
    """The patient an order is for: its subject, else the only patient that came with it; a gap when there is none."""
    element = name_of(order.resource, "subject")
    place = f"{label(order)}.{element}"
    if found := chart.find(order.resource.get(element), order, place, notes, "Patient"):
        return found
    patients = chart.of_type("Patient")
    if len(patients) == 1 and not text(order.resource.get(element), "reference"):
        notes.choose("patient", place, f"The order names no {element}; one patient came with it.", "patient-only")
        return patients[0]
    notes.gap(place, "the Patient it is for; it is not in the order", "patient", "Claim.patient")
    return None
