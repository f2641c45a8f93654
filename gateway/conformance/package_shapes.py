"""What the compiler relies on in the files of a FHIR package, and the first place where one is otherwise."""

import re
from typing import Any

# A dict holds properties, `!` after those that must be there and not empty, `*` for any; a list of one, its items.
Shape = type | re.Pattern[str] | dict[str, Any] | list[Any]

_CONTEXT = {"type!": str, "expression!": str}
_TYPE = {
    "code!": str,
    "profile": [str],
    "targetProfile": [str],
    "extension": [{"url!": str, "valueUrl": str}],
}
_SLICING = {
    "rules!": re.compile("open|closed|openAtEnd"),
    "discriminator": [{"type!": str, "path!": str}],
    "ordered": bool,
}
_ELEMENT = {
    "id!": str,
    "path!": str,
    "min!": int,
    "max!": re.compile(r"[0-9]{1,9}|\*"),
    "type": [_TYPE],
    "binding": {"strength": str, "valueSet": str},
    "constraint": [{"key!": str, "severity!": re.compile("error|warning"), "expression": str}],
    "slicing": _SLICING,
    "contentReference": str,
    "maxLength": int,
    "mustSupport": bool,
    "isModifier": bool,
}
_ROWS = [{"system": str, "valueSet": [str], "concept": [{"code!": str}], "filter": [dict]}]
_CONCEPTS: list[dict[str, Any]] = [{"code!": str}]
_CONCEPTS[0]["concept"] = _CONCEPTS
SHAPES: dict[str, Shape] = {
    "package.json": {
        "name!": str,
        "version!": str,
        "canonical": str,
        "dependencies": {"*": str},
        "fhirVersions": [str],
        "fhir-version-list": [str],
    },
    "StructureDefinition": {
        "url!": str,
        "version!": str,
        "kind!": re.compile("primitive-type|complex-type|resource|logical"),
        "type!": str,
        "derivation": str,
        "baseDefinition": str,
        "abstract": bool,
        "context": [_CONTEXT],
        "contextInvariant": [str],
        "snapshot!": {"element!": [_ELEMENT]},
    },
    "ValueSet": {"url": str, "version": str, "compose": {"include": _ROWS, "exclude": _ROWS}},
    "CodeSystem": {"url": str, "version": str, "content": str, "concept": _CONCEPTS},
}
_WORDS = {str: "text", int: "a whole number", bool: "true or false", dict: "an object"}


def misfit(content: dict[str, Any], shape: Shape) -> str:
    """The first thing in a file that is not as `shape` has it, in words; empty when all is. Content is not quoted."""
    return _misfit(content, shape, "")


def _misfit(value: Any, shape: Shape, place: str) -> str:
    if isinstance(shape, type):
        # A boolean is an int in Python, and not in JSON.
        fits = isinstance(value, shape) and (shape is bool or not isinstance(value, bool)) and value != ""
        return "" if fits else f"{place} is not {_WORDS[shape]}"
    if isinstance(shape, re.Pattern):
        fits = isinstance(value, str) and bool(shape.fullmatch(value))
        return "" if fits else f"{place} is none of {shape.pattern.replace('|', ', ')}"
    if isinstance(shape, list):
        return _of_list(value, shape[0], place)
    if not isinstance(value, dict):
        return f"{place} is not an object"
    return _of_object(value, shape, f"{place}." if place else "")


def _of_list(value: Any, shape: Shape, place: str) -> str:
    if not isinstance(value, list):
        return f"{place} is not a list"
    misfits = (_misfit(item, shape, f"{place}[{number}]") for number, item in enumerate(value))
    return next(filter(None, misfits), "")


def _of_object(value: dict[str, Any], shape: dict[str, Any], place: str) -> str:
    for stated, inner in shape.items():
        name = stated.removesuffix("!")
        if name == "*":
            if found := next(filter(None, (_misfit(one, inner, f"{place}*") for one in value.values())), ""):
                return found
        elif name in value and (value[name] != [] or name == stated):
            if found := _misfit(value[name], inner, f"{place}{name}"):
                return found
        elif name != stated:
            return f"{place}{name} is not there"
    return ""
