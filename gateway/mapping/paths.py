"""Follows the paths of expressions through the FHIR types, so that a misspelt element is found before any order comes.

What type a variable has is not declared: the tests beside a mapping say it (`resourceType` in their contexts), and an
include hands it on. Where a type is not known nothing is said: a path is refused only when it can never find anything.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from gateway.mapping.expression import Source, Tokens, tokens_of
from gateway.mapping.findings import Finding, MappingFault, nearest
from gateway.mapping.language import Array, Definition, For, If, Include, Leaf, Node, Object, Text
from gateway.mapping.loader import read

# The elements of an R4 type, or of a backbone element named by its path (`Claim.item`), as FHIRPath names them, each
# with its types; None for a type that has none or does not exist.
Types = Callable[[str], Mapping[str, tuple[str, ...]] | None]
Kinds = tuple[str, ...] | None  # the types a value may have; None where that is not known
Environment = Mapping[str, Kinds]

# types that say nothing of the elements of what stands there
OPEN = frozenset({"Resource", "DomainResource", "Element", "BackboneElement"})
_KEEPS = frozenset({"where", "first", "last", "tail", "take", "skip", "single", "distinct"})
_OF_TYPE = re.compile(r"ofType\(\s*(?:FHIR\.)?(\w+)\s*\)\s*$")


def misspelt(definitions: Mapping[str, Definition], types: Types) -> Iterator[Finding]:
    """Every element of a path that no type the path can be on has."""
    walk = _Walk(definitions, types)
    for definition in definitions.values():
        walk.mapping(definition, _tested(definition))
    for definition in definitions.values():
        handed = walk.handed.get(definition.name, {})
        tested = _tested(definition)
        walk.mapping(definition, {name: tested.get(name) or handed.get(name) for name in definition.reads})
    yield from walk.found.values()


def _tested(definition: Definition) -> dict[str, Kinds]:
    """The types that the tests beside a mapping give its variables."""
    path = Path(definition.file).with_suffix(".test.yaml")
    try:
        top = read(path, decimals=True).value if path.exists() else {}
    except MappingFault:
        return {}
    if not isinstance(top, dict) or not isinstance(cases := top.get("cases", []), list):
        return {}
    contexts = [top.get("context")] + [case.get("context") for case in cases if isinstance(case, dict)]
    kinds: dict[str, set[str]] = {}
    for context in contexts:
        for name, value in context.items() if isinstance(context, dict) else ():
            kinds.setdefault(name, set()).add(_kind(value))
    return {name: tuple(sorted(found)) if "" not in found else None for name, found in kinds.items()}


def _kind(value: Any) -> str:
    if isinstance(value, dict) and isinstance(value.get("resourceType"), str):
        return str(value["resourceType"])
    select = value.get("select") if isinstance(value, dict) else None
    match = _OF_TYPE.search(select) if isinstance(select, str) else None
    return match[1] if match else ""


class _Walk:
    def __init__(self, definitions: Mapping[str, Definition], types: Types) -> None:
        self.found: dict[tuple[str, str, str], Finding] = {}
        self.handed: dict[str, dict[str, Kinds]] = {}
        self._definitions = definitions
        self._types = types
        self._definition: Definition

    def mapping(self, definition: Definition, given: Environment) -> None:
        """Check a mapping whose variables have the types given."""
        self._definition = definition
        names = dict(given)
        for name, node in definition.let.items():
            names[name] = self._node(node, names)
        self._node(definition.produce, names)

    def _node(self, node: Node | None, names: Environment) -> Kinds:
        match node:
            case Leaf():
                return self._source(node.source, names)
            case For():
                self._node(node.body, {**names, node.name: self._source(node.source, names)})
            case If():
                self._source(node.condition, names)
            case Include():
                self._include(node, names)
        for part in _parts(node):
            if isinstance(part, Source):
                self._source(part, names)
            else:
                self._node(part, names)
        return None

    def _include(self, node: Include, names: Environment) -> None:
        given = {name: self._node(value, names) for name, value in node.values.items()}
        target = self._definitions.get(node.name)
        for name in target.reads if target else ():
            kinds = given[name] if name in given else names.get(name)
            before = self.handed.setdefault(node.name, {})
            known = before.get(name, ())
            before[name] = None if kinds is None or known is None else tuple(dict.fromkeys((*known, *kinds)))

    def _source(self, source: Source, names: Environment) -> Kinds:
        reader = _Path(tokens_of(source.text), names, self._types)
        kinds = reader.expression(None)
        for kind, element, known in reader.wrong:
            message = f"{kind} has no element {element}{nearest(element, known)}"
            finding = self._definition.document.finding(source.place, message, element)
            self.found.setdefault((finding.file, finding.path, message), finding)
        return kinds


def _parts(node: Node | None) -> Iterator[Node | Source]:
    """What stands within a node under the same names."""
    match node:
        case Text():
            yield from (part for part in node.parts if isinstance(part, Source))
        case Object():
            yield from (child for _, child in node.fields)
        case Array():
            yield from node.items
        case If():
            yield node.body
            if node.otherwise is not None:
                yield node.otherwise


class _Path:
    """Reads an expression from left to right; `wrong` has each step no type knows, with what it does know."""

    def __init__(self, tokens: Tokens, names: Environment, types: Types) -> None:
        self.wrong: list[tuple[str, str, list[str]]] = []
        self._tokens = tokens
        self._names = names
        self._types = types
        self._at = 0

    def expression(self, this: Kinds) -> Kinds:
        """Up to the bracket that closes it; the types of its value when it is one path and nothing else."""
        kinds: list[Kinds] = []
        alone = True
        while self._at < len(self._tokens):
            kind, word = self._tokens[self._at]
            if word in (")", "]"):
                break
            before = self._tokens[self._at - 1][1] if self._at else ""
            self._at += 1
            if kind == "variable":
                kinds.append(self._chain(self._names.get(word[1:].strip("`"))))
            elif kind == "special":
                kinds.append(self._chain(this if word == "$this" else None))
            elif word == "(":
                inner = self.expression(this)
                self._at += 1
                kinds.append(self._chain(inner))
            elif kind == "name" and self._starts(before):
                kinds.append(self._chain(self._first(word, this)))
            else:
                alone = False
        return kinds[0] if alone and len(kinds) == 1 else None

    def _starts(self, before: str) -> bool:
        following = self._tokens[self._at][1] if self._at < len(self._tokens) else ""
        word = self._tokens[self._at - 1][1]
        return before not in ("is", "as") and (following == "(" or word not in _OPERATORS)

    def _first(self, word: str, this: Kinds) -> Kinds:
        """A path that starts with a member or function of `$this`, or with the name of a type."""
        if self._is_call():
            return self._call(word, this)
        if this is None or word[:1].isupper():
            return None
        return self._step(word, this)

    def _chain(self, kinds: Kinds) -> Kinds:
        while self._at < len(self._tokens):
            word = self._tokens[self._at][1]
            if word == "[":
                self._at += 1
                self.expression(None)
                self._at += 1
            elif word == "." and self._at + 1 < len(self._tokens):
                name = self._tokens[self._at + 1][1].strip("`")
                self._at += 2
                kinds = self._call(name, kinds) if self._is_call() else self._step(name, kinds)
            else:
                break
        return kinds

    def _is_call(self) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at][1] == "("

    def _call(self, name: str, kinds: Kinds) -> Kinds:
        self._at += 1
        if name in ("ofType", "as"):
            wanted = [word for kind, word in self._arguments() if kind == "name" and word not in ("FHIR", "System")]
            return tuple(wanted)
        inner = self.expression(kinds)
        self._at += 1
        if name == "extension":
            return ("Extension",)
        return kinds if name in _KEEPS else inner if name == "select" else None

    def _arguments(self) -> Tokens:
        start = self._at
        while self._at < len(self._tokens) and self._tokens[self._at][1] != ")":
            self._at += 1
        self._at += 1
        return self._tokens[start : self._at - 1]

    def _step(self, name: str, kinds: Kinds) -> Kinds:
        if kinds is None or name == "resourceType":
            return None
        known: list[str] = []
        found: list[str] = []
        for kind in kinds:
            elements = None if kind in OPEN else self._types(kind)
            if elements is None:
                return None
            choice = next((one for one, its in elements.items() if name in _spelt(one, its)), name)
            if choice in elements:
                found.extend(elements[choice] if choice == name else [type_in_choice(name, choice, elements[choice])])
            known.extend(spelling for one, its in elements.items() for spelling in (one, *_spelt(one, its)))
        if not found and not any(name in (self._types(kind) or ()) for kind in kinds):
            self.wrong.append((" or ".join(kinds), name, known))
            return None
        return tuple(dict.fromkeys(found)) or None


_OPERATORS = frozenset({"and", "or", "xor", "implies", "div", "mod", "in", "contains", "is", "as", "true", "false"})


def _spelt(element: str, types: tuple[str, ...]) -> tuple[str, ...]:
    """`occurrencePeriod`, as JSON spells one form of the choice `occurrence`."""
    return tuple(f"{element}{kind[:1].upper()}{kind[1:]}" for kind in types) if len(types) > 1 else ()


def type_in_choice(name: str, choice: str, types: tuple[str, ...]) -> str:
    """`Period` for `occurrencePeriod` of the choice `occurrence`; empty when it is no form of it."""
    return next((kind for kind in types if f"{choice}{kind[:1].upper()}{kind[1:]}" == name), "")
