"""Which of the site's organizations asks: named by the caller, known by something in the order, or the only one."""

from collections.abc import Iterator

from gateway.fhir.bundle import Entry
from gateway.model.order import Resource
from gateway.orders.chart import Chart, label, rows, text
from gateway.orders.notes import Notes
from gateway.orders.request_pattern import name_of
from gateway.payers.site import Requestor, Site

_PARTIES = ("Organization", "PractitionerRole", "Practitioner")


def requestor_of(order: Entry, encounter: Entry | None, asked: str, site: Site, chart: Chart, notes: Notes) -> str:
    """The key of the requestor; empty, with a gap, when the order does not tell between several."""
    if asked:
        notes.choose("requestor", asked, "The caller named it.", "requestor-named")
        return asked
    for name, place in _names(order, encounter, chart, notes):
        if found := _known(name, site):
            notes.choose("requestor", found.key, f"{place} is one of its names in the site profile.", "requestor-known")
            return found.key
    if len(site.requestors) == 1:
        only = site.requestors[0]
        notes.choose("requestor", only.key, "It is the only one of this site.", "requestor-only")
        return only.key
    keys = ", ".join(requestor.key for requestor in site.requestors)
    need = f"which of this site's requestors asks: {keys}; name it with the order, or add what the order calls it"
    need += " to known_as in the site profile"
    notes.gap(f"{label(order)}.{name_of(order.resource, 'requester')}", need, "requestor", "Claim.provider")
    return ""


def _known(name: str, site: Site) -> Requestor | None:
    by_tax_id = (requestor for requestor in site.requestors if requestor.tax_id and requestor.tax_id == name)
    return site.known_as(name) or next(by_tax_id, None)


def _names(order: Entry, encounter: Entry | None, chart: Chart, notes: Notes) -> Iterator[tuple[str, str]]:
    """References and identifiers of organizations the order mentions, the nearest to the orderer first."""
    element = name_of(order.resource, "requester")
    places = [(order, order.resource.get(element), f"{label(order)}.{element}")]
    if encounter:
        provider = encounter.resource.get("serviceProvider")
        places.append((encounter, provider, f"{label(encounter)}.serviceProvider"))
    places += [(order, row, f"{label(order)}.performer") for row in rows(order.resource, "performer")]
    for source, reference, place in places:
        yield from _spelled(reference, place)
        target = chart.find(reference, source, place, notes, *_PARTIES)
        if target and target.resource["resourceType"] == "PractitionerRole":
            inner = target.resource.get("organization")
            yield from _spelled(inner, place)
            target = chart.find(inner, target, f"{place} -> organization", notes, "Organization")
        if target and target.resource["resourceType"] == "Organization":
            notes.use(target.resource)
            yield from ((name, place) for name in _identifying(target))


def _spelled(reference: object, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(reference, dict):
        yield text(reference, "reference"), place
        yield text(reference.get("identifier"), "value"), place


def _identifying(entry: Entry) -> Iterator[str]:
    resource: Resource = entry.resource
    yield entry.type_id
    for row in rows(resource, "identifier"):
        yield text(row, "value")
        yield f"{text(row, 'system')}|{text(row, 'value')}"
