"""What one check carries along: the guide, the findings so far, and what is to be looked up at the end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from gateway.conformance.acceptors import acceptors
from gateway.conformance.advice import Advice
from gateway.conformance.definitions import Library, Node
from gateway.conformance.items import Item, Reader
from gateway.conformance.overrides import Overrides
from gateway.conformance.report import Findings
from gateway.conformance.scene import Scene
from gateway.conformance.terminology import Terminology


@dataclass(frozen=True)
class Guide:
    """One guide version, loaded.

    Attributes:
        canonical: base of the guide's own URLs, e.g. `http://hl7.org/fhir/us/davinci-pas`.
        version: e.g. `2.2.1`.
        fixes: rule key, alone or with the element or type it is meant for (`key Element.path`), to words about it.
        targets: what references may point at, worked out by gateway.conformance.references when first needed.
        places: where extensions may stand, worked out by gateway.conformance.extensions when first needed.
        quick: what extensions that have a value and nothing else have to meet, worked out there likewise.
    """

    canonical: str
    version: str
    library: Library
    terminology: Terminology
    overrides: Overrides
    fixes: Mapping[str, Advice] = field(default_factory=dict)
    targets: dict[tuple[str, ...], Any] = field(default_factory=dict)
    places: dict[tuple[str, Node, str], bool | None] = field(default_factory=dict)
    quick: dict[tuple[str, Node, Node, str], tuple[Node, ...] | None] = field(default_factory=dict)

    @cached_property
    def structures(self) -> str:
        """What the canonicals of the guide's own profiles and extensions start with."""
        return f"{self.canonical}/StructureDefinition/"

    def advice(self, key: str, *places: str) -> Advice:
        """The words about a broken rule: those for the first of the places, else those for the key alone."""
        names = (*(f"{key} {place}" for place in places), key)
        return next((self.fixes[name] for name in names if name in self.fixes), Advice())

    @cached_property
    def reader(self) -> Reader:
        """Reads resources by the guide's R4 types."""
        return Reader(self.library, acceptors(self.terminology))


class Pointer(NamedTuple):
    """A Reference met on the way, with what it may point at: R4 types or profiles."""

    item: Item
    targets: tuple[str, ...]


class Demand(NamedTuple):
    """A resource that must conform to at least one of some profiles."""

    subject: Item
    any_of: tuple[str, ...]


@dataclass(slots=True)
class Context:
    """State of one check; a trial of a candidate profile gets its own findings, pointers and demands."""

    guide: Guide
    scene: Scene = field(default_factory=Scene)
    findings: Findings = field(default_factory=Findings)
    pointers: list[Pointer] = field(default_factory=list)
    demands: list[Demand] = field(default_factory=list)

    @property
    def resources(self) -> dict[str, Item]:
        return self.scene.resources

    @property
    def profiled(self) -> dict[str, Item]:
        return self.scene.profiled

    def trial(self) -> "Context":
        """A context of the same check that has found nothing yet."""
        return Context(self.guide, self.scene)

    def adopt(self, trial: "Context") -> None:
        """Take over what a trial found."""
        self.findings.extend(trial.findings)
        self.pointers.extend(trial.pointers)
        self.demands.extend(trial.demands)
