"""What a mutation is, how it is done to a resource, and how a report is seen to have found it."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Edit = tuple[str, str, Any]
ERROR, WARNING = "error", "warning"
UNMATCHED = "the value decides whether an open slice matches; no match is allowed"
ANY = "warning or error"


@dataclass(frozen=True, slots=True)
class Mutation:
    """One spoiled place.

    Attributes:
        kind: class of the mutation.
        variant: the way in which it is spoiled, for an even sample.
        edits: (operation, JSON pointer, value), done in this order; see `apply`.
        watch: JSON pointers a finding may name, or its parent, or what is below; after `=`, the very place.
        severity: `error`, `warning`, or `warning or error`.
        rule: the definition that is broken, in words.
        excluded: why nothing was spoiled although the definition demands something here, if so; said before the
            checker was asked.
        outside: why the demand is not one of this class at all, if so.
        demand: what the definition demands, where that is not the rule itself.
    """

    kind: str
    variant: str
    edits: tuple[Edit, ...]
    watch: tuple[str, ...]
    severity: str
    rule: str
    excluded: str | None = None
    outside: str | None = None
    demand: str = ""

    @property
    def is_real(self) -> bool:
        """Whether something is spoiled; else it says only what was met."""
        return self.excluded is None and self.outside is None


def left_out(kind: str, rule: str, reason: str, *, demand: str = "") -> Mutation:
    """A demand that was met and that nobody knows how to spoil there."""
    return Mutation(kind, "", (), (), ERROR, rule, excluded=reason, demand=demand)


def not_of_class(kind: str, rule: str, reason: str) -> Mutation:
    """A demand that was met and that the class does not speak of."""
    return Mutation(kind, "", (), (), ERROR, rule, outside=reason)


def apply(resource: Any, edits: Iterable[Edit]) -> Any:
    """The resource with the edits done; what is not on their way is shared with the original.

    Operations: `set`, `remove`; `append` to a list that may be absent; `copy` and `move` take what is at the
    pointer given as value, `copy` to the end of a list; `twice` makes an array of a value, `first` a value of an
    array; `swap` exchanges with the neighbour given as value.

    Raises:
        KeyError, IndexError: the pointer leads nowhere.
    """
    for edit in edits:
        for operation, pointer, value in _in_steps(resource, edit):
            resource = _change(resource, pointer.split("/")[1:], operation, value)
    return resource


def _in_steps(resource: Any, edit: Edit) -> list[Edit]:
    operation, pointer, value = edit
    if operation == "copy":
        return [("append", pointer, look(resource, value))]
    if operation == "move":
        return [("remove", value, None), ("set", pointer, look(resource, value))]
    if operation == "twice":
        return [("set", pointer, [look(resource, pointer)] * 2)]
    if operation == "first":
        return [("set", pointer, look(resource, pointer)[0])]
    if operation == "swap":
        return [("set", value, look(resource, pointer)), ("set", pointer, look(resource, value))]
    return [edit]


def look(resource: Any, pointer: str) -> Any:
    """The value at a JSON pointer."""
    for token in pointer.split("/")[1:]:
        resource = resource[int(token)] if isinstance(resource, list) else resource[token]
    return resource


def _change(owner: Any, path: list[str], operation: str, value: Any) -> Any:
    fresh = owner.copy()
    key: Any = int(path[0]) if isinstance(fresh, list) else path[0]
    if len(path) > 1:
        fresh[key] = _change(fresh[key], path[1:], operation, value)
    elif operation == "remove":
        del fresh[key]
    elif operation == "append":
        fresh[key] = [*fresh.get(key, ()), value]
    elif isinstance(fresh, list) and key == len(fresh):
        fresh.append(value)
    else:
        fresh[key] = value
    return fresh


def tokens(pointer: str) -> tuple[str, ...]:
    """The steps of a JSON pointer."""
    return tuple(token.removeprefix("_") for token in pointer.split("/")[1:])


def steps(path: str) -> tuple[str, ...]:
    """The steps of a FHIRPath as findings state it, without the type in front: `Claim.item[0].sequence`.

    `extension('url')` is FHIRPath for the members of `extension` with this url; which, it does not say.
    """
    found = re.findall(r"[^.\[\]]+", re.sub(r"xtension\('[^']*'\)", "xtension", path))
    return tuple(found[1:])


def answers(path: str, pointer: str) -> bool:
    """Whether a finding at the path is about the place: the same, below, or the parent; after `=`, the same alone."""
    if pointer.startswith("="):
        return len(steps(path)) == len(tokens(pointer)) and all(map(_same, steps(path), tokens(pointer)))
    found, place = steps(path), tokens(pointer)
    # The parent of a list's item is the list, which a finding names by its owner or by its property.
    shortest = len(place) - (2 if place and place[-1].isdigit() else 1)
    return len(found) >= shortest and all(map(_same, found, place))


def _same(step: str, token: str) -> bool:
    # FHIRPath says `value` where JSON says `valueQuantity`.
    return step == token or (token.startswith(step) and token[len(step) : len(step) + 1].isupper())


def caught(mutation: Mutation, before: Iterable[Any], after: Iterable[Any]) -> bool:
    """Whether the report of the spoiled resource has a new finding at the place, of the severity that is due."""
    known = Counter(map(_key, before))
    for issue in after:
        key = _key(issue)
        if known[key] > 0:
            known[key] -= 1
        elif _severe(issue, mutation) and any(answers(issue.path, pointer) for pointer in mutation.watch):
            return True
    return False


def _key(issue: Any) -> tuple[str, ...]:
    return (str(issue.severity.value), issue.rule, issue.path, issue.text, issue.fix)


def _severe(issue: Any, mutation: Mutation) -> bool:
    severity = "error" if issue.severity.value in ("error", "fatal") else issue.severity.value
    return severity in (("error", "warning") if mutation.severity == ANY else (mutation.severity,))
