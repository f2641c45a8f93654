"""Definitions of several packages side by side: which one does a canonical reference mean?"""

from collections.abc import Iterable, Iterator

from gateway.conformance.packages import Package, Resource

R4 = "http://hl7.org/fhir/StructureDefinition/"


class Shelf:
    """Finds a definition by canonical URL, honouring `|version` where that version is at hand.

    Packages are searched in the order given: the guide first, then what it depends on. A reference to a
    version that is not at hand (extensions 5.2.0 where 5.3.0 lies here) is met by the first that has the
    URL, and the substitution is remembered.
    """

    def __init__(self, packages: Iterable[Package], kind: str) -> None:
        self._found: dict[str, list[Resource]] = {}
        self.substitutions: set[tuple[str, str]] = set()
        self.missing: set[str] = set()
        self.origin: dict[int, Package] = {}
        for package in packages:
            for resource in package.of_kind(kind):
                url = resource.get("url")
                if isinstance(url, str):
                    self._found.setdefault(url, []).append(resource)
                    self.origin[id(resource)] = package

    def __iter__(self) -> Iterator[Resource]:
        return (resource for found in self._found.values() for resource in found)

    def find(self, canonical: str, home: Package | None = None) -> Resource | None:
        """The definition a canonical reference means, or None when no package has the URL.

        Without a version it means the one of `home`, the package the reference stands in, if that has it.
        """
        url, _, version = canonical.partition("|")
        found = self._found.get(url, [])
        if not version and home:
            found = sorted(found, key=lambda resource: self.origin[id(resource)] is not home)
        for resource in found:
            if version and resource.get("version") == version:
                return resource
        if not found:
            self.missing.add(canonical)
            return None
        if version:
            self.substitutions.add((canonical, str(found[0].get("version"))))
        return found[0]


def is_type(resource: Resource) -> bool:
    """Whether a definition is that of an R4 type, not of a profile or extension."""
    return str(resource["url"]).startswith(R4) and resource.get("derivation") != "constraint"


def key(resource: Resource) -> str:
    """The name a definition has in compiled files: R4 types by their name, all else as url|version."""
    url = str(resource["url"])
    if is_type(resource):
        return url.removeprefix(R4)
    return f"{url}|{resource['version']}"
