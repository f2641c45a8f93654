"""Invariants: each expression is run as written, by FHIRPath or by an exact Python twin.

An expression that cannot be evaluated is reported as such. As in the HL7 validator, an empty result counts
as not satisfied.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from gateway.conformance.context import Context
from gateway.conformance.definitions import Rule
from gateway.conformance.items import Item
from gateway.conformance.native import NATIVE
from gateway.conformance.presence import presence
from gateway.fhir import path as fhirpath
from gateway.fhir.bundle import references
from gateway.fhir.outcome import Severity

_STEPS = 1_000_000  # of one expression: some are quadratic in the elements of a StructureDefinition, which are hundreds


@lru_cache(maxsize=4096)
def check_of(rules: tuple[Rule, ...]) -> Callable[[Context, Item], None]:
    """The rules of an element as a check of one value of it."""
    tests = [(rule, _twin(rule.expression)) for rule in rules]

    def check(context: Context, item: Item) -> None:
        if item.value is None:  # a primitive that only has extensions
            return
        for rule, twin in tests:
            try:
                if not (twin(item) if twin else evaluate(context, item, rule.expression)):
                    _broken_rule(context, item, rule)
            except fhirpath.OutOfSteps:
                context.findings.skip(rule.key, item, "Its FHIRPath expression takes too many steps here.")
            except fhirpath.PathFault:
                context.findings.skip(rule.key, item, "Its FHIRPath expression cannot be evaluated here.")

    return check


def _broken_rule(context: Context, item: Item, rule: Rule) -> None:
    advice = context.guide.advice(rule.key, item.node.path, item.type)
    text = f"Rule {rule.key} does not hold{f': {advice.wants}' if advice.wants else ''}."
    fix = advice.fix or f"Make this true here: {rule.expression}"
    context.findings.add(Severity(rule.severity), rule.key, item.path, text, fix, code="invariant")


@lru_cache(maxsize=4096)
def _twin(expression: str) -> Callable[[Item], bool] | None:
    """What answers as the expression does and is cheaper, if there is such a thing."""
    return NATIVE.get(expression) or presence(expression)


def evaluate(context: Context, item: Item, expression: str, **variables: Any) -> bool:
    """Whether an expression is true of a value; `variables` are reachable in it as %name.

    Raises:
        OutOfSteps: it takes too many steps, or the expressions of this check took too many together.
        PathFault: it cannot be evaluated.
    """
    home, focus = item.home, fhirpath.value_of(item.value, item.place)
    container = home.outer or home
    known = {
        "context": focus,
        "resource": fhirpath.value_of(home.value, home.type),
        "rootResource": fhirpath.value_of(container.value, container.type),
        **variables,
    }
    result = fhirpath.compile(expression)(focus, known, steps=_STEPS, budget=context.scene.budget)
    return len(result) == 1 and result[0] is True


def check_domain_resource(context: Context, item: Item) -> None:
    """dom-2 to dom-5 on what a resource contains (dom-6, that there be a narrative, is a best practice)."""
    if "contained" not in item.value:
        return
    contained = [row for row in item.child("contained") if isinstance(row.value, dict)]
    used = set(_names_within(item.value))
    for row in contained:
        if row.value.get("contained"):
            _broken(context, row, "dom-2", "A contained resource contains another.", "Contain it one level up.")
        meta = row.value.get("meta")
        if isinstance(meta, dict) and ("versionId" in meta or "lastUpdated" in meta):
            _broken(
                context,
                row,
                "dom-4",
                "A contained resource has a version of its own.",
                "Leave out meta.versionId and meta.lastUpdated.",
            )
        if isinstance(meta, dict) and "security" in meta:
            _broken(
                context,
                row,
                "dom-5",
                "A contained resource has security labels of its own.",
                "Leave out meta.security.",
            )
        if f"#{row.value.get('id')}" not in used and not _points_back(row):
            _broken(
                context,
                row,
                "dom-3",
                "Nothing refers to the contained resource.",
                "Refer to it by # and its id, or remove it.",
            )


def _names_within(value: object) -> Iterator[str]:
    """References, canonicals and URIs that name something contained: `#id`."""
    if isinstance(value, str):
        if value.startswith("#"):
            yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _names_within(inner)


def _points_back(row: Item) -> bool:
    return any(reference["reference"] == "#" for _, reference in references(row.value))


def _broken(context: Context, item: Item, rule: str, text: str, fix: str) -> None:
    context.findings.error(rule, item.path, text, fix, code="invariant")
