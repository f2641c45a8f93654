"""Who is authorized to deliver: `itemAuthorizedProvider` and `addItem.provider`, down to an NPI in the answer."""

from collections.abc import Iterable, Iterator

from gateway.fhir.bundle import Entry, Index
from gateway.model.authorization import Provider
from gateway.responses.element import Element

_NPI = "us-npi"
_LINKS = ("practitioner", "organization")


def authorized_providers(rows: Iterable[Element], entry: Entry, index: Index) -> tuple[Provider, ...]:
    """The providers named by the extension itemAuthorizedProvider of each row."""
    references = (
        part.choice("value", "Reference")
        for row in rows
        for extension in row.extensions("itemAuthorizedProvider")
        for part in extension.extensions("provider")
    )
    return providers(references, entry, index)


def providers(references: Iterable[Element], entry: Entry, index: Index) -> tuple[Provider, ...]:
    """The providers behind References, each once; one that says nothing at all is left out."""
    found: dict[tuple[str, str], Provider] = {}
    for reference in references:
        address = reference.one("reference").text
        npi = next(_npis(reference, entry, index), "")
        if address or npi:
            found.setdefault((address, npi), Provider(address, npi, reference.path))
    return tuple(found.values())


def _npis(reference: Element, entry: Entry, index: Index, *, hops: int = 1) -> Iterator[str]:
    """The NPI on the Reference itself, on what it points at, or on whom that PractitionerRole names."""
    yield from _npi(reference.one("identifier"))
    address = reference.one("reference").text
    target = index.resolve(address, source=entry) if address else None
    if target is None:
        return
    resource = Element(target.entry.resource, target.entry.path)
    for identifier in resource.each("identifier"):
        yield from _npi(identifier)
    if hops:
        for link in _LINKS:
            yield from _npis(resource.one(link), target.entry, index, hops=hops - 1)


def _npi(identifier: Element) -> Iterator[str]:
    if identifier.one("system").text.rpartition("/")[2] == _NPI and (value := identifier.one("value").text):
        yield value
