"""Invariants: each expression is run as written, by FHIRPath or by an exact Python twin.

An expression that cannot be evaluated is reported as such. As in the HL7 validator, an empty result counts
as not satisfied.
"""

from collections.abc import Iterable

from gateway.conformance.context import Context
from gateway.conformance.definitions import Rule
from gateway.conformance.items import Item
from gateway.conformance.native import NATIVE
from gateway.fhir import path as fhirpath
from gateway.fhir.bundle import references
from gateway.fhir.outcome import Severity


def check_all(context: Context, item: Item, rules: Iterable[Rule]) -> None:
    """Run the rules of an element on one value of it."""
    for rule in rules:
        _check(context, item, rule)


def _check(context: Context, item: Item, rule: Rule) -> None:
    native = NATIVE.get(rule.expression)
    try:
        holds = native(item) if native else _evaluate(item, rule.expression)
    except fhirpath.PathFault:
        context.findings.skip(rule.key, item.path, "Its FHIRPath expression cannot be evaluated here.")
        return
    if not holds:
        fix = context.guide.fixes.get(rule.key) or f"Make this true here: {rule.expression}"
        context.findings.add(
            Severity(rule.severity), rule.key, item.path, f"Rule {rule.key} does not hold.", fix, code="invariant"
        )


def _evaluate(item: Item, expression: str) -> bool:
    if item.value is None:
        return True
    container = item.home.outer or item.home
    variables = {"context": item.value, "resource": item.home.value, "rootResource": container.value}
    result = fhirpath.compile(expression)(fhirpath.value_of(item.value, item.place), variables)
    return len(result) == 1 and result[0] is True


def check_domain_resource(context: Context, item: Item) -> None:
    """dom-2 to dom-5 on what a resource contains (dom-6, that there be a narrative, is a best practice)."""
    contained = [row for row in item.child("contained") if isinstance(row.value, dict)]
    if not contained:
        return
    used = {row["reference"] for _, row in references(item.value)}
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


def _points_back(row: Item) -> bool:
    return any(reference["reference"] == "#" for _, reference in references(row.value))


def _broken(context: Context, item: Item, rule: str, text: str, fix: str) -> None:
    context.findings.error(rule, item.path, text, fix, code="invariant")
