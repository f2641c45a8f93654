"""Random FHIRPath expressions over every function and operator, and data that is as costly as data can be."""

from decimal import Decimal
from random import Random
from typing import Any

from gateway.fhir.path import FUNCTIONS
from gateway.fhir.path.compiler import SIMPLE
from gateway.fhir.path.loops import LOOPS

WIDE = 20_000
LETTERS = "a" * 300_000
DATA: dict[str, Any] = {
    "resourceType": "Basic",
    "x": [{"a": at, "b": f"t{at}"} for at in range(WIDE)],
    "n": [None] * WIDE,
    "e": {f"k{at}": [] for at in range(WIDE)},
    "t": LETTERS,
    "s": ["\u00df " * 50_000, LETTERS + "b", f"2020-01-01T{'0' * 200_000}", "&#1;" * 50_000, "\\n,<" * 50_000],
    "d": [f"{1000 + at % 9000}-{at % 12 + 1:02d}-{at % 28 + 1:02d}" for at in range(WIDE)],
    "h": [Decimal(1 + at * (2**61 - 1)) for at in range(WIDE)],
    "v": Decimal("1e999999999"),
    "w": Decimal("1e-999999999"),
    "i": 10**64 - 1,
    "q": [
        {"value": Decimal(at), "unit": f"m{at % 99}.m99.m99.m99.m99/s99/s99/s99/m99/m99/m99/m99/m99"}
        for at in range(2000)
    ],
    "r": [f"(a|b{at}){{1}}[a-z]{{{at % 90 + 1}}}" * 20 for at in range(2000)],
    "deep": {"deep": {"deep": {"x": list(range(WIDE)), "extension": [{"url": "u"}] * WIDE}}},
    "extension": [{"url": "u", "valueString": LETTERS}] * 50,
}
_MEMBERS = ("x", "x.a", "x.b", "n", "e", "t", "s", "d", "h", "v", "w", "i", "q", "r", "deep.deep.deep.x", "value")
_STARTS = (*_MEMBERS, *(f"%resource.{name}" for name in _MEMBERS), "$this", "$this", "descendants()", "children()")
_CONSTANTS = (
    "1", "0", "-1", "3.5", "1000000", "99999999999999999", "'a'", "''", "'aa'", "'ab'", "','", "'2020-01-01'",
    "@2020-01-01", "@T10:00", "@2020-01-01T10:00:00Z", "4 'mg'", "2 days", "true", "{}", "$index", "$total",
    "'a*b'", "'(a{3}){500}b'", "'^(a)*$'", "'(){10000000}'", "'[a-z]{5000}c'", "'$1$1$1'", "'html'", "'json'",
    "'base64'",
)  # fmt: skip
_MARKS = (
    "+", "-", "*", "/", "div", "mod", "&", "|", "=", "!=", "~", "!~", "<", ">=", "and", "or", "xor", "implies", "in",
    "contains",
)  # fmt: skip
_TYPES = ("string", "Quantity", "System.String", "boolean", "Extension", "date")


def expression(random: Random, depth: int = 4) -> str:
    """An expression of random shape, nested at most about that deep."""
    if depth <= 0 or random.random() < 0.1:
        return random.choice(_STARTS if random.random() < 0.6 else _CONSTANTS)
    kind = random.random()
    if kind < 0.25:
        return f"({expression(random, depth - 1)} {random.choice(_MARKS)} {expression(random, depth - 1)})"
    source = random.choice(_STARTS) if random.random() < 0.5 else expression(random, depth - 1)
    if kind < 0.3:
        return f"({source})[{expression(random, depth - 2)}]"
    return f"({source}).{_call(random, depth)}"


def _call(random: Random, depth: int) -> str:
    name = random.choice(_NAMES)
    if name in ("is", "as", "ofType"):
        return f"{name}({random.choice(_TYPES)})"
    fewest, most = (LOOPS[name] if name in LOOPS else SIMPLE[name])[:2]
    count = random.randint(fewest, min(most, fewest + 2))
    return f"{name}({', '.join(expression(random, depth - 1) for _ in range(count))})"


_NAMES = sorted(FUNCTIONS)
