"""Which names of a set of mappings must keep the FHIR types of their values; the values of others are plain data."""

from collections.abc import Iterable, Iterator

from gateway.mapping.expression import Source
from gateway.mapping.functions import compiled
from gateway.mapping.language import Array, Definition, For, If, Include, Leaf, Node, Object


def names_with_types(definitions: Iterable[Definition]) -> frozenset[str]:
    """The names that an expression which asks for types reads, and those their values are made of.

    Names are taken together over all mappings, since an include sees those around it: rather one too many.
    """
    known = list(definitions)
    needed = {
        name
        for definition in known
        for source in definition.sources
        if compiled(source.text).needs_types
        for name in source.variables
    }
    made = [row for definition in known for row in _made(definition)]
    before = -1
    while len(needed) > before:
        before = len(needed)
        needed.update(name for made_name, source in made if made_name in needed for name in source.variables)
    return frozenset(needed)


def _made(definition: Definition) -> Iterator[tuple[str, Source]]:
    """Each name that a `let`, a `with` or a `for` gives, with the expression of its value."""
    yield from _leaves(definition.let.items())
    for node in (definition.produce, *definition.let.values()):
        yield from _given(node)


def _given(node: Node) -> Iterator[tuple[str, Source]]:
    inner: Iterable[Node] = ()
    match node:
        case Object():
            inner = [child for _, child in node.fields]
        case Array():
            inner = node.items
        case For():
            yield node.name, node.source
            inner = [node.body]
        case If():
            inner = [node.body, *([node.otherwise] if node.otherwise else [])]
        case Include():
            yield from _leaves(node.values.items())
            inner = node.values.values()
    for child in inner:
        yield from _given(child)


def _leaves(named: Iterable[tuple[str, Node]]) -> Iterator[tuple[str, Source]]:
    return ((name, node.source) for name, node in named if isinstance(node, Leaf))
