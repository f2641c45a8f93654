"""The resources of one check and where references between them lead; nothing is fetched."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import itemgetter

from gateway.conformance.items import Item
from gateway.fhir.bundle import Entry, Index, references
from gateway.fhir.path import Budget

STEPS = 3_000_000  # of all FHIRPath expressions of a check: a few seconds
_HOLDERS = ("Bundle", "Parameters")


@dataclass(slots=True)
class Scene:
    """What references may lead to.

    Attributes:
        resources: every resource by its path: the checked one, entries, contained ones.
        index: the resources in a Bundle, a Bundle in it, a Parameters; else the one checked.
        sources: the same by path.
        ids: those met so far: the resource they are in, of what kind of thing, and the id.
        budget: what is left for all FHIRPath expressions together; those of one element can be quadratic in all.
        outgoing: the References in a resource and all it contains.
        profiled: by its path, every Reference that the guide wants to lead to a resource of one of its profiles.
    """

    index: Index = field(default_factory=lambda: Index(()))
    sources: dict[str, Entry] = field(default_factory=dict)
    resources: dict[str, Item] = field(default_factory=dict)
    profiled: dict[str, Item] = field(default_factory=dict)
    outgoing: dict[Item, list[Item]] = field(default_factory=dict)
    ids: set[tuple[Item, str, str]] = field(default_factory=set)
    budget: Budget = field(default_factory=lambda: Budget(STEPS))
    _targets: dict[tuple[Item, str], Item | None] = field(default_factory=dict)

    def leaves(self, reference: Item) -> None:
        """Take down a Reference that was met."""
        home = reference.home.outer or reference.home
        self.outgoing.setdefault(home, []).append(reference)

    def leaves_by_shape(self, resource: Item) -> None:
        """Take down what looks like a Reference in a resource whose type has no definition here."""
        home = resource.outer or resource
        for path, row in sorted(references(resource.value, path=resource.path), key=itemgetter(0)):
            item = Item(row, "Reference", resource.node, resource.shape, resource, path=path)
            self.outgoing.setdefault(home, []).append(item)

    def target(self, reference: Item) -> Item | None:
        """The resource a Reference leads to; None when it leads to none that is here, or to several."""
        value = reference.value.get("reference") if isinstance(reference.value, dict) else None
        if not isinstance(value, str):
            return None
        home = reference.home.outer or reference.home
        if value == "#":
            return home
        key = (home, value)
        if key not in self._targets:
            found = self.index.resolve(value, source=self.sources.get(home.path))
            self._targets[key] = self.resources.get(found.entry.path) if found else None
        return self._targets[key]


def build_scene(root: Item) -> Scene:
    """The scene of a check of `root`."""
    resources = {root.path: root}
    entries = tuple(_entries(root, resources))
    return Scene(Index(entries), {entry.path: entry for entry in entries}, resources)


def _entries(item: Item, resources: dict[str, Item]) -> Iterator[Entry]:
    if item.type not in _HOLDERS:
        yield Entry(item.value, path=item.path)
        resources.update(_contained(item))
        return
    for row in item.child("entry" if item.type == "Bundle" else "parameter"):
        url = row.value.get("fullUrl") if isinstance(row.value, dict) else None
        for held in row.child("resource"):
            if held.home is not held:
                continue
            resources[held.path] = held
            yield Entry(held.value, url if isinstance(url, str) else "", held.path)
            if held.type in _HOLDERS:
                yield from _entries(held, resources)
            else:
                resources.update(_contained(held))


def _contained(item: Item) -> dict[str, Item]:
    rows = item.child("contained") if "contained" in item.value else ()
    return {row.path: row for row in rows if row.home is row}
