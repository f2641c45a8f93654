"""One guide version, loaded from its folder, and the check it is loaded for."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gateway.conformance import bundle_rules, item_rules, references, structure
from gateway.conformance.advice import merged
from gateway.conformance.context import Context, Demand, Guide
from gateway.conformance.definitions import Definition, Library, Rule, read_definition
from gateway.conformance.guides import MANIFEST, by_hand, compiled, layers, read_yaml
from gateway.conformance.items import Item
from gateway.conformance.overrides import Overrides
from gateway.conformance.report import Findings, Report
from gateway.conformance.scene import build_scene
from gateway.conformance.terminology import Terminology, ValueSet

Resource = dict[str, Any]


class UnknownProfile(ValueError):
    """The guide has no such profile, and R4 no such type."""


class Profiles:
    """Checks resources against the profiles of one guide version.

    Threads may share it: what it works out on the way is only ever added, and the same for all.
    """

    def __init__(self, guide: Guide, bundles: Mapping[str, str]) -> None:
        self._guide = guide
        self._bundles = bundles

    @classmethod
    def load(cls, folder: Path) -> "Profiles":
        """Load a compiled version, e.g. `profiles/pas/2.2.1`, and the folders beside it that it includes.

        A hand-written file that is not there says nothing.

        Raises:
            FileNotFoundError: a compiled file is missing.
            KeyError: an added rule names a definition the folder does not hold.
        """
        package = read_yaml(folder / MANIFEST)
        rules = {"bundles": {}, "added": []} | by_hand(folder, "rules.yaml")
        overrides = Overrides.read(by_hand(folder, "overrides.yaml"))
        folders = layers(folder)
        library = Library(_definitions(folders, overrides.replaced), package["fallback"].partition("#")[2])
        _add_rules(library, rules["added"])
        value_sets: dict[str, Any] = {}
        for place in folders:
            value_sets |= json.loads((place / "valuesets.json").read_bytes())
            value_sets |= by_hand(place, "valuesets.hand.yaml")
        guide = Guide(
            canonical=package["canonical"],
            version=package["version"],
            library=library,
            terminology=Terminology({url: ValueSet.read(url, raw) for url, raw in value_sets.items()}),
            overrides=overrides,
            fixes=merged(by_hand(place, "rules.yaml") for place in folders),
        )
        return cls(guide, rules["bundles"])

    def check(self, resource: Resource, profile: str | None = None) -> Report:
        """Hold a resource, and all it carries, against its profiles.

        Without `profile` (a canonical, or the name of an R4 type) the profile is the one that meta.profile
        names, else the one for its content: a Bundle whose first entry is a Claim is a request, one that
        starts with a ClaimResponse a response; anything else is held against its R4 type alone.

        Raises:
            UnknownProfile: `profile` is not among the definitions loaded.
        """
        if not isinstance(resource, dict):
            return _no_resource()
        kind = resource.get("resourceType")
        root = self._guide.reader.resource(resource, kind if isinstance(kind, str) and kind.isalpha() else "Resource")
        context = Context(self._guide, build_scene(root))
        chosen = self._choose(root, profile)
        structure.check_resource(context, root)
        context.findings.end_of_type()
        if "/" in chosen:
            context.demands.append(Demand(root, (chosen,)))
        context.demands.extend(references.claimed(context, context.resources.values()))
        self._judge(context)
        for item in list(context.resources.values()):
            if item.type == "Bundle":
                profile = chosen if item is root else self._choose(item, None)
                bundle_rules.check_bundle(context, item.path, profile)
            elif item.type == "Claim":
                item_rules.check_claim(context, item)
        report = context.findings.report(chosen)
        for item in context.resources.values():
            item.release()
        return report

    def _judge(self, context: Context) -> None:
        judged = references.settle(context)
        for entry in context.scene.index.entries:
            item = context.resources[entry.path]
            if item.path in judged or ".entry[" not in item.path:
                continue
            # spec-19: what the guide leaves alone follows US Core where that has a profile
            if names := self._guide.library.fallback(item.type):
                context.demands.append(Demand(item, names))
        references.settle(context)

    def _choose(self, root: Item, profile: str | None) -> str:
        if profile is not None:
            found = self._guide.library.find(profile) or self._guide.library.type(profile)
            if found is None:
                raise UnknownProfile(f"{self._guide.canonical} {self._guide.version} has no profile {profile}")
            return found.name
        for canonical in references.declared(root):
            declared = self._guide.library.find(canonical)
            if declared and declared.type == root.type:
                return declared.name
        rows = root.child("entry")
        first = next(iter(rows[0].child("resource")), None) if rows else None
        by_content = self._bundles.get(first.type) if first else None
        content = self._guide.library.find(by_content) if by_content else None
        return content.name if content else root.type


def _definitions(folders: list[Path], dropped: frozenset[str]) -> Iterator[Definition]:
    """The definitions of the folders, least specific first; the later of two by one name wins."""
    for folder in folders:
        for rows, partial in ((compiled(folder), False), (by_hand(folder), True)):
            for key, raw in rows.items():
                yield read_definition(key, raw, dropped=dropped, partial=partial)


def _add_rules(library: Library, rows: list[dict[str, str]]) -> None:
    for row in rows:
        rule = Rule(row["key"], row["severity"], row["expression"])
        library.update(
            row["definition"],
            lambda old, row=row, rule=rule: replace(  # type: ignore[misc]
                old, added=(*old.added, (row["element"], rule))
            ),
        )


def _no_resource() -> Report:
    findings = Findings()
    findings.error("type", "", "A JSON object is due here.", "Send one FHIR resource.", code="structure")
    return findings.report("")
