"""Quick tests of primitive elements: what one lets pass, the full check would have nothing to say about.

They say nothing themselves. Whatever they do not let pass goes the long way, which finds the words.
"""

from gateway.conformance.definitions import Node
from gateway.conformance.items import Acceptor
from gateway.conformance.primitives import Check, acceptor, never
from gateway.conformance.terminology import Terminology


def acceptors(terminology: Terminology) -> Acceptor:
    """The tests for elements whose value sets are in `terminology`."""

    def of(node: Node, code: str) -> Check:
        element = node.element
        if element.rules or element.also or (element.ceiling and not element.strength):
            return never
        if not element.strength:
            return acceptor(code)
        allowed = terminology.words(element.value_set)
        return _one_of(allowed) if allowed and code == "code" else never

    return of


def _one_of(allowed: frozenset[str]) -> Check:
    return lambda value: value.__class__ is str and value in allowed
