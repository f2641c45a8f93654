"""What one check carries along: the guide, the findings so far, and what is to be looked up at the end."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.conformance.definitions import Library
from gateway.conformance.items import Item, Reader
from gateway.conformance.overrides import Overrides
from gateway.conformance.report import Findings
from gateway.conformance.terminology import Terminology


@dataclass(frozen=True, slots=True)
class Guide:
    """One guide version, loaded.

    Attributes:
        canonical: base of the guide's own URLs, e.g. `http://hl7.org/fhir/us/davinci-pas`.
        version: e.g. `2.2.1`.
        fixes: rule key to a sentence saying what to do, where the expression alone would not help.
    """

    canonical: str
    version: str
    library: Library
    terminology: Terminology
    overrides: Overrides
    fixes: Mapping[str, str] = field(default_factory=dict)

    @property
    def structures(self) -> str:
        """What the canonicals of the guide's own profiles and extensions start with."""
        return f"{self.canonical}/StructureDefinition/"


@dataclass(frozen=True, slots=True)
class Pointer:
    """A Reference met on the way, with what it may point at: R4 types or profiles."""

    item: Item
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Demand:
    """A resource that must conform to at least one of some profiles."""

    subject: Item
    any_of: tuple[str, ...]


@dataclass(slots=True)
class Context:
    """State of one check; a trial of a candidate profile gets its own findings, pointers and demands.

    Attributes:
        resources: every resource met, by its path: the checked one, entries, contained ones.
        profiled: by its path, every Reference that the guide wants to lead to a resource of one of its profiles.
    """

    guide: Guide
    reader: Reader
    findings: Findings = field(default_factory=Findings)
    pointers: list[Pointer] = field(default_factory=list)
    demands: list[Demand] = field(default_factory=list)
    resources: dict[str, Item] = field(default_factory=dict)
    profiled: dict[str, Item] = field(default_factory=dict)

    def trial(self) -> "Context":
        """A context of the same guide that has found nothing yet."""
        return Context(self.guide, self.reader)

    def adopt(self, trial: "Context") -> None:
        """Take over what a trial found."""
        self.findings.extend(trial.findings)
        self.pointers.extend(trial.pointers)
        self.demands.extend(trial.demands)
