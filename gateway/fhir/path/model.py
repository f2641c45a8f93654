"""The R4 type model: which elements a type has, of which types, and what a type is based on (r4.json)."""

from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import orjson

SYSTEM = frozenset({"Boolean", "String", "Integer", "Decimal", "Date", "DateTime", "Time", "Quantity"})
Fields = Mapping[str, str | list[str]]


@cache
def _types() -> dict[str, dict[str, Any]]:
    types: dict[str, dict[str, Any]] = orjson.loads(Path(__file__).with_name("r4.json").read_bytes())
    return types


@cache
def constants() -> dict[str, str]:
    """The environment variables FHIR defines; `vs-` and `ext-` are what such a name continues."""
    found: dict[str, str] = orjson.loads(Path(__file__).with_name("constants.json").read_bytes())
    return found


@cache
def choices() -> dict[str, dict[str, str]]:
    """For the name of every choice element, the JSON keys it may have and the type each stands for."""
    found: dict[str, dict[str, str]] = {}
    for fields in _types().values():
        for name, type_names in fields.items():
            if isinstance(type_names, list):
                keys = found.setdefault(name, {})
                keys.update((name + type_name[0].upper() + type_name[1:], type_name) for type_name in type_names)
    return found


@cache
def choice_types() -> dict[str, str]:
    """The type each JSON key of a choice stands for: `valueQuantity` a Quantity."""
    return {key: type_name for keys in choices().values() for key, type_name in keys.items()}


@lru_cache(maxsize=2048)
def fields(type_name: str) -> Fields:
    """All elements of a type, inherited ones included; none for an unknown type."""
    own = _types().get(type_name, {})
    inherited = fields(own["^"]) if "^" in own else {}
    return {**inherited, **{name: value for name, value in own.items() if name != "^"}}


@lru_cache(maxsize=2048)
def keys_of(type_name: str, name: str) -> tuple[tuple[str, str], ...]:
    """The JSON keys of a choice element of a type, each with its type; none when it is no choice."""
    value = fields(type_name).get(name)
    return tuple((name + one[0].upper() + one[1:], one) for one in value) if isinstance(value, list) else ()


@lru_cache(maxsize=4096)
def type_at(path: str) -> str | None:
    """The type of the element at a path that starts with a type: `Claim.item.quantity` is a Quantity."""
    if path in _types():
        return path
    parent, _, name = path.rpartition(".")
    owner = type_at(parent) if parent else None
    if owner is None:
        return None
    value = fields(owner).get(name.removesuffix("[x]"))
    return value if isinstance(value, str) else choice_types().get(name)


def known(type_name: str) -> bool:
    """Whether R4 has a type of that name."""
    return type_name in _types() and "." not in type_name


@lru_cache(maxsize=4096)
def is_a(type_name: str, ancestor: str) -> bool:
    """Whether a type is, or is based on, another."""
    current: str | None = type_name
    while current:
        if current == ancestor:
            return True
        current = _types().get(current, {}).get("^")
    return False


def name_of(type_name: str) -> str:
    """The name `type()` gives: a backbone element's own type has none."""
    return str(_types()[type_name]["^"]) if "." in type_name else type_name


@lru_cache(maxsize=512)
def is_primitive(type_name: str) -> bool:
    """Primitive types are spelled in lower case."""
    return type_name[:1].islower()
