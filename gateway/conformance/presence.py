"""Invariants that only ask which elements are there, such as `a.exists() implies (b.exists() xor c.empty())`.

They are most of R4's. `exists()` and `empty()` always answer true or false, so plain logic gives exactly what FHIRPath
does (precedence as in FHIRPath N1: and, then or and xor, then implies), and no collection has to be made.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from gateway.conformance.items import Item

Test = Callable[[Item], bool]
_TOKEN = re.compile(
    r"\s*(?:(?P<name>[a-z]\w*)\.(?P<ask>exists|empty)\(\)|(?P<word>and|or|xor|implies|\(|\)|\.not\(\)))"
)
_LEVELS = (("implies",), ("or", "xor"), ("and",))


class _NotOfThisKind(Exception):
    """The expression asks about more than presence."""


@dataclass(slots=True)
class _Tokens:
    rows: list[str | Test]

    def next(self) -> str | Test | None:
        return self.rows[0] if self.rows else None

    def take(self) -> str | Test:
        if not self.rows:
            raise _NotOfThisKind
        return self.rows.pop(0)


def presence(expression: str) -> Test | None:
    """The test an expression stands for; None when it asks about more than presence."""
    try:
        tokens = _Tokens(list(_split(expression)))
        test = _level(tokens, 0)
    except _NotOfThisKind:
        return None
    return None if tokens.rows else test


def _split(expression: str) -> list[str | Test]:
    rows: list[str | Test] = []
    position, end = 0, len(expression.rstrip())
    while position < end:
        found = _TOKEN.match(expression, position)
        if found is None:
            raise _NotOfThisKind
        rows.append(found["word"] or _asked(found["name"], is_there=found["ask"] == "exists"))
        position = found.end()
    return rows


def _asked(name: str, *, is_there: bool) -> Test:
    return (lambda item: item.has(name)) if is_there else (lambda item: not item.has(name))


def _level(tokens: _Tokens, level: int) -> Test:
    if level == len(_LEVELS):
        return _term(tokens)
    test = _level(tokens, level + 1)
    while (word := tokens.next()) in _LEVELS[level]:
        tokens.take()
        test = _joined(str(word), test, _level(tokens, level + 1))
    return test


def _term(tokens: _Tokens) -> Test:
    first = tokens.take()
    if first == "(":
        test = _level(tokens, 0)
        if tokens.take() != ")":
            raise _NotOfThisKind
    elif isinstance(first, str):
        raise _NotOfThisKind
    else:
        test = first
    while tokens.next() == ".not()":
        tokens.take()
        test = _negated(test)
    return test


def _negated(test: Test) -> Test:
    return lambda item: not test(item)


def _joined(word: str, left: Test, right: Test) -> Test:
    if word == "and":
        return lambda item: left(item) and right(item)
    if word == "or":
        return lambda item: left(item) or right(item)
    if word == "xor":
        return lambda item: left(item) != right(item)
    return lambda item: not left(item) or right(item)
