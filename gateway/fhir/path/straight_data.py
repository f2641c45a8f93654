"""What the Python text of an expression calls: FHIRPath on plain data, where plain data decides the answer.

Everything here either gives what FHIRPath gives or raises `Unsure`: an element with extensions beside it, a value that
carries its FHIR type, several values where one is due, or so much data that steps must be counted.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from gateway.fhir.path.model import choices

__all__ = [
    "Unsure",
    "called",
    "distinct",
    "few",
    "given",
    "kept",
    "member",
    "need",
    "nothing",
    "of_type",
    "one",
    "pick",
    "rows",
    "same",
    "says",
    "true",
    "walk",
]
# Each member of a path, the name of the extensions beside it, and the JSON names it has as a choice of types.
Members = Sequence[tuple[str, str, frozenset[str] | None]]
_NOTHING: list[Any] = []  # collections are never changed
_OUTPUT = frozenset({str, int, bool})
_MANY, _FEW = 1000, 64  # rows looked at on the way to others, and rows each of which is tested


class Unsure(Exception):
    """Only FHIRPath knows the answer."""


def members_of(names: Sequence[str]) -> Members:
    """The names of a path, made ready for `walk`."""
    return tuple((name, f"_{name}", _keys_of(choices().get(name))) for name in names)


def _keys_of(generic: Mapping[str, Any] | None) -> frozenset[str] | None:
    return None if generic is None else frozenset(generic) | {f"_{key}" for key in generic}


def given(value: Any) -> list[Any]:
    """The value of a variable as a collection."""
    kind = value.__class__
    if kind is list:
        if None in value:
            raise Unsure
        return value  # type: ignore[no-any-return]
    if kind is dict or kind in _OUTPUT:
        return [value]
    if value is None:
        return _NOTHING
    raise Unsure


def walk(items: list[Any], members: Members) -> list[Any]:
    """The end of a path that starts from `items`."""
    for name, shadow, keys in members:
        if len(items) == 1:
            node = items[0]
            if node.__class__ is not dict or shadow in node:
                raise Unsure
            child = node.get(name)
            if child is None and keys is not None:
                child = _chosen(node, keys)
            if child.__class__ is list:
                if None in child:
                    raise Unsure
                items = child
            elif child is None:
                return _NOTHING
            else:
                items = [child]
        elif items:
            items = _walk_all(items, name, shadow, keys)
        else:
            return _NOTHING
    return items


def member(value: Any, name: str, shadow: str) -> list[Any]:
    """What a variable has under a name that is no choice of types."""
    if value.__class__ is dict and shadow not in value:
        child = value.get(name)
        if child is None:
            return _NOTHING
        if child.__class__ is not list:
            return [child]
        if None not in child:
            return child
    return walk(given(value), ((name, shadow, None),))


def _walk_all(items: list[Any], name: str, shadow: str, keys: frozenset[str] | None) -> list[Any]:
    if len(items) > _MANY:
        raise Unsure
    found: list[Any] = []
    for node in items:
        if node.__class__ is not dict or shadow in node:
            raise Unsure
        child = node.get(name)
        if child is None and keys is not None:
            child = _chosen(node, keys)
        if child.__class__ is list:
            if None in child:
                raise Unsure
            found += child
        elif child is not None:
            found.append(child)
    return found


def _chosen(node: dict[str, Any], keys: frozenset[str]) -> Any:
    """What stands under the one name that a choice of types has here."""
    found = keys.intersection(node)
    if not found:
        return None
    key, *others = found
    if others or key[0] == "_":
        raise Unsure
    return node[key]


def of_type(items: list[Any], member: tuple[str, str, frozenset[str] | None], fits: frozenset[str]) -> list[Any]:
    """What stands under a choice of types, where its JSON name is one that fits."""
    name, shadow, keys = member
    found: list[Any] = []
    for node in few(items):
        if node.__class__ is not dict or name in node or shadow in node or keys is None:
            raise Unsure
        here = keys.intersection(node)
        if not here:
            continue
        key, *others = here
        if others or key[0] == "_":
            raise Unsure
        if key in fits:
            if "resourceType" in node or node[key].__class__ is list:  # whether its type has that element is not known
                raise Unsure
            found.append(node[key])
    return found


def pick(value: Any, name: str, shadow: str) -> Any:
    """The one value that a variable has under a name that is no choice of types; None for nothing."""
    if value.__class__ is dict and shadow not in value:
        child = value.get(name)
        if child is None or child.__class__ in _OUTPUT:
            return child
    return one(walk(given(value), ((name, shadow, None),)))


def _whole(node: Any) -> Any:
    """An object as it stands; one that is nothing but extensions is a primitive without a value."""
    if node.__class__ is not dict or (len(node) == 1 and "extension" in node):
        raise Unsure
    return node


def one(items: list[Any]) -> Any:
    """The one value of a collection; None for nothing."""
    if not items:
        return None
    if len(items) > 1:
        raise Unsure
    node = items[0]
    return node if node.__class__ in _OUTPUT else _whole(node)


def need(value: Any) -> Any:
    """A value that must be there: what to say when it is not is not known here."""
    if value is None:
        raise Unsure
    return value


def rows(items: list[Any]) -> list[Any]:
    """Values as they are put out."""
    for node in items:
        if node.__class__ not in _OUTPUT:
            _whole(node)
    return items


def kept(items: list[Any]) -> list[Any]:
    """Values as a name keeps them."""
    for node in items:
        if node.__class__ not in _OUTPUT and node.__class__ is not Decimal:
            _whole(node)
    return items


def called(function: Callable[..., list[Any]], items: list[Any], *arguments: list[Any]) -> list[Any]:
    """What a function of the caller's says of plain data; why it cannot is for FHIRPath to say."""
    try:
        return function(rows(items), *arguments)
    except (ArithmeticError, TypeError, ValueError, AttributeError, LookupError):
        raise Unsure from None


def nothing(items: list[Any]) -> list[Any]:
    """What gives nothing of nothing, and something else of something."""
    if items:
        raise Unsure
    return items


def few(items: list[Any]) -> list[Any]:
    """Rows each of which is tested: as many as need no counting."""
    if len(items) > _FEW:
        raise Unsure
    return items


def true(items: list[Any]) -> bool:
    """A value used as a condition."""
    if not items:
        return False
    if len(items) > 1 or items[0].__class__ is not bool:
        raise Unsure
    return items[0]


def says(node: Any, name: str, shadow: str, text: str) -> bool:
    """`name = 'text'` of a row."""
    if node.__class__ is not dict or shadow in node:
        raise Unsure
    child = node.get(name)
    if child.__class__ is str:
        return bool(child == text)
    if child is not None:
        raise Unsure
    return False


def same(left: list[Any], right: list[Any], wanted: bool, dates: bool) -> bool:
    """Whether `left = right` is `wanted`; never when one is empty. With `dates`, two texts may be moments."""
    if not left or not right:
        return False
    if len(left) > 1 or len(right) > 1:
        raise Unsure
    one, other = left[0], right[0]
    if one.__class__ is not other.__class__ or one.__class__ not in _OUTPUT:
        raise Unsure
    is_same = one == other
    if dates and not is_same and one.__class__ is str and one[:1].isdigit() and other[:1].isdigit():
        raise Unsure
    return is_same is wanted


def distinct(items: list[Any]) -> list[Any]:
    """Texts, or objects of texts, each once."""
    if len(items) < 2:
        return items
    seen: dict[Any, Any] = {}
    for node in few(items):
        if node.__class__ is dict and all(value.__class__ is str for value in node.values()):
            seen.setdefault(frozenset(node.items()), node)
        elif node.__class__ is str:
            seen.setdefault(node, node)
        else:
            raise Unsure
    return list(seen.values())
