"""The structural opinion of fhir.resources, in its R4B namespace: a reader that shares no code with our checker.

It knows R4 structure alone (names, types, cardinality, primitive formats), no profile, no code, no reference. What
it says of a value quotes the value, so its words stay inside; ours are chosen by the kind of its error.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

from gateway.conformance.report import NotEvaluated, Report, looks_like_a_property
from gateway.fhir.outcome import Issue, Severity

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

RULE = "r4b"
_UNKNOWN, _MISSING = "extra_forbidden", ("missing", "model_field_validation.missing")
_SHAPES = ("list_type", "dict_type", "model_type", "model_attributes_type", "json_invalid", "model_validation_format")
# Not a property: the end of a location at which the value as a whole is wrong.
_WHOLE = "root"


def with_second_opinion(report: Report, resource: Any) -> Report:
    """The report, with an issue of rule `r4b` for everything that fhir.resources would not read."""
    issues, unjudged = second_opinion(resource)
    return replace(report, issues=(*report.issues, *issues), not_evaluated=(*report.not_evaluated, *unjudged))


def second_opinion(resource: Any) -> tuple[tuple[Issue, ...], tuple[NotEvaluated, ...]]:
    """What fhir.resources R4B finds wrong, and what it could not judge."""
    from fhir.resources.R4B import get_fhir_model_class  # noqa: PLC0415 - only who asks for it waits for it
    from pydantic import ValidationError  # noqa: PLC0415

    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if not isinstance(kind, str):
        return (), ()
    try:
        get_fhir_model_class(kind).model_validate(resource)
    except ValidationError as fault:
        return tuple(_issues(resource, fault.errors(include_url=False, include_context=False))), ()
    # It stumbles over what it does not expect, e.g. a resource type that R4B does not have.
    except (KeyError, AttributeError, TypeError, ValueError, RecursionError, ImportError) as stumble:
        reason = f"fhir.resources could not read the resource to its end ({type(stumble).__name__})."
        return (), (NotEvaluated(RULE, kind if kind.isalpha() else "", reason),)
    return (), ()


def _issues(resource: dict[str, Any], errors: "Iterable[ErrorDetails]") -> Iterable[Issue]:
    seen: dict[Issue, None] = {}
    for error in errors:
        text, fix, code = _words(error["type"])
        place = _place(resource, error["loc"], unknown=error["type"] == _UNKNOWN)
        seen[Issue(Severity.ERROR, RULE, place, text, fix, code)] = None
    return seen


def _words(kind: str) -> tuple[str, str, str]:
    if kind == _UNKNOWN:
        return "R4B has no such property here.", "Remove it, or correct its spelling.", "structure"
    if kind in _MISSING:
        return "R4B requires this property.", "Send it.", "required"
    if kind in _SHAPES:
        fix = "Send an array where the element repeats, an object where it has parts."
        return "R4B has another JSON shape here.", fix, "structure"
    return "R4B would not read this value.", "Send a value of the element's type, in one of its types only.", "value"


def _place(resource: dict[str, Any], location: tuple[int | str, ...], *, unknown: bool) -> str:
    """The FHIRPath of a location: `valueString` is `value`, and `_given` is `given`."""
    value: Any = resource
    path = model = str(resource["resourceType"])
    for number, part in enumerate(location):
        is_last = number == len(location) - 1
        if isinstance(part, int):
            path += f"[{part}]"
            value = value[part] if isinstance(value, list) and part < len(value) else None
            continue
        if is_last and (part == _WHOLE or (unknown and not looks_like_a_property(part))):
            break
        if model == "Resource" and isinstance(value, dict):
            model = str(value.get("resourceType", model))
        name, model = _field(model, part)
        path += f".{name}"
        value = value.get(part) if isinstance(value, dict) else None
    return path


def _field(model: str, key: str) -> tuple[str, str]:
    """The FHIRPath name of a JSON key of a model, and the model of what it holds; empty where R4B has none."""
    from fhir.resources.R4B import get_fhir_model_class  # noqa: PLC0415

    plain = key.removeprefix("_")
    try:
        fields = get_fhir_model_class(model).model_fields
    except (KeyError, ValueError):  # a model it does not have, a primitive among them
        return plain, ""
    field = next((one for name, one in fields.items() if plain in (name, one.alias)), None)
    if field is None:
        return plain, ""
    extra = field.json_schema_extra
    choice = extra.get("one_of_many") if isinstance(extra, dict) else None
    kind = field.annotation
    while parts := get_args(kind):
        kind = parts[0]
    return choice if isinstance(choice, str) else plain, getattr(kind, "__name__", "").removesuffix("Type")
