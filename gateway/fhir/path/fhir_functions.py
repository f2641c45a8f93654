"""What FHIR R4 adds to FHIRPath, and what of it needs more than an expression has and is refused (R4 fhirpath.html)."""

from typing import Any

from gateway.fhir.path import model
from gateway.fhir.path.closure import Function
from gateway.fhir.path.context import Context
from gateway.fhir.path.fault import Trouble
from gateway.fhir.path.node import Step, bare, children, has_value, type_of, typed
from gateway.fhir.path.values import single, text

_EXTENSION = Step("extension")
_CONTAINED = Step("contained")


def _has_value(_: Context, items: list[Any]) -> list[Any]:
    return [len(items) == 1 and has_value(items[0])]


def _get_value(_: Context, items: list[Any]) -> list[Any]:
    item = single(items, "getValue()")
    return [bare(item)] if item is not None and has_value(item) else []


def _extension(context: Context, items: list[Any], url: list[Any]) -> list[Any]:
    wanted = text(url, "extension()")
    found: list[Any] = []
    for item in items:
        context.spend(children(item, _EXTENSION, found))
    return [one for one in found if isinstance(bare(one), dict) and bare(one).get("url") == wanted]


def _resolve(context: Context, items: list[Any]) -> list[Any]:
    found: list[Any] = []
    context.spend(len(items) + 1)
    for item in items:
        value = bare(item)
        reference = value.get("reference") if isinstance(value, dict) else value
        if isinstance(reference, str) and reference.startswith("#"):
            target = _contained(context, reference)
        else:
            target = _outside(context, reference)
        if target is not None:
            found.append(typed(target) if context.types else target)
    return found


def _contained(context: Context, reference: str) -> Any:
    for home in (*context.lookup("resource"), *context.lookup("rootResource")):
        rows: list[Any] = []
        context.spend(children(home, _CONTAINED, rows))
        for row in rows:
            if isinstance(bare(row), dict) and bare(row).get("id") == reference[1:]:
                return bare(row)
    return None


def _outside(context: Context, reference: Any) -> Any:
    resolver = context.resolver()
    if resolver is None:
        raise Trouble("resolve() needs a function from reference to resource, given as the variable resolve")
    return resolver(reference) if isinstance(reference, str) else None


def _type(context: Context, items: list[Any]) -> list[Any]:
    context.spend(len(items))
    found: list[Any] = []
    for item in items:
        namespace, name = type_of(item)
        if name is not None:
            found.append({"namespace": namespace, "name": model.name_of(name) if namespace == "FHIR" else name})
    return found


def _refused(name: str, why: str) -> Function:
    def apply(_: Context, *__: list[Any]) -> list[Any]:
        raise Trouble(f"{name}() cannot be answered here: {why}")

    return apply


FHIR: dict[str, tuple[int, int, Function]] = {
    "hasValue": (0, 0, _has_value),
    "getValue": (0, 0, _get_value),
    "extension": (1, 1, _extension),
    "resolve": (0, 0, _resolve),
    "type": (0, 0, _type),
    "memberOf": (1, 1, _refused("memberOf", "an expression has no value sets")),
    "subsumes": (1, 1, _refused("subsumes", "an expression has no code systems")),
    "subsumedBy": (1, 1, _refused("subsumedBy", "an expression has no code systems")),
    "conformsTo": (1, 1, _refused("conformsTo", "an expression has no profiles")),
    "htmlChecks": (0, 0, _refused("htmlChecks", "narrative is checked apart")),
    "elementDefinition": (0, 0, _refused("elementDefinition", "an expression has no profiles")),
    "slice": (2, 2, _refused("slice", "an expression has no profiles")),
    "checkModifiers": (0, 16, _refused("checkModifiers", "modifiers are checked apart")),
}
