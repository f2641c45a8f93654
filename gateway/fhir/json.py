"""The one JSON door: strict reading of bytes, writing that keeps decimals as their text.

Every byte that enters the gateway is read here, once, so that no two readers can disagree about what a
payload says (duplicate keys, NaN, lone surrogates, bombs). The bytes themselves are kept by the caller.
"""

import json
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any, Never

import orjson

# Possessive, and an open string runs to the end: neither time nor memory may grow with what a string holds.
_NESTING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_FRACTION = re.compile(rb"[0-9][.eE]")
_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_MAX_NUMBER, _MAX_EXPONENT = 64, 999


@dataclass(frozen=True, slots=True)
class Limits:
    """What a document may cost. Sizes in bytes, depth in nested arrays and objects."""

    size: int = 16 * 1024 * 1024
    depth: int = 64


class JsonFault(ValueError):
    """The bytes are not JSON that every reader would read alike.

    Attributes:
        rule: stable id of the broken rule, e.g. `json-duplicate-key`.
        place: where, as an offset or a line and column; never content.
        fix: what the sender has to change.
    """

    def __init__(self, rule: str, place: str, text: str, fix: str) -> None:
        super().__init__(f"{rule} at {place}: {text} {fix}")
        self.rule, self.place, self.text, self.fix = rule, place, text, fix


def loads(raw: bytes, *, limits: Limits = Limits()) -> Any:
    """Read UTF-8 JSON into dict, list, str, int, Decimal, bool, None; an integer beyond 64 bits is a Decimal.

    A byte order mark is skipped; anything two readers could read differently is refused.

    Raises:
        JsonFault: not UTF-8, not JSON, too large, too deep, a duplicate key, NaN or Infinity, a number
            of more than 64 characters or with an exponent beyond 999, or a lone surrogate.
    """
    if len(raw) > limits.size:
        raise JsonFault(
            "json-size", f"byte {limits.size}", "The document is too large.", f"Send at most {limits.size} bytes."
        )
    outside = _outside_strings(raw)
    _check_depth(raw, outside, limits.depth)
    if (value := _as_written(raw, outside)) is not None:
        return value
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise JsonFault(
            "json-utf8", f"byte {fault.start}", "The document is not UTF-8.", "Encode it as UTF-8."
        ) from None
    try:
        value = json.loads(
            text, parse_float=_decimal, parse_int=_integer, parse_constant=_constant, object_pairs_hook=_object
        )
    except json.JSONDecodeError as fault:
        raise JsonFault(
            "json-syntax", f"line {fault.lineno} column {fault.colno}", "This is not JSON.", "Correct the syntax there."
        ) from None
    if "\\u" in text or "\\U" in text:
        _refuse_surrogates(value)
    return value


def dumps(value: Any) -> bytes:
    """Write compact UTF-8 JSON; a Decimal keeps its digits (`1.00` stays `1.00`).

    Raises:
        TypeError: the value holds something JSON has no form for.
    """
    return orjson.dumps(value, default=_fragment)


def pretty(value: Any) -> bytes:
    """Write JSON indented by two, for people."""
    return orjson.dumps(value, default=_fragment, option=orjson.OPT_INDENT_2)


def canonical(value: Any) -> bytes:
    """Write compact JSON with sorted keys: equal values give equal bytes, whatever the order of their properties.

    Raises:
        TypeError: the value holds something JSON has no form for.
    """
    return orjson.dumps(value, default=_fragment, option=orjson.OPT_SORT_KEYS)


def digest(raw: bytes) -> str:
    """SHA-256 of the bytes as lower-case hexadecimal."""
    return sha256(raw).hexdigest()


def _fragment(value: Any) -> Any:
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(str(value))
    raise TypeError(f"JSON has no form for {type(value).__name__}")


def _outside_strings(raw: bytes) -> bytes:
    """A document without its strings; of bytes that are no JSON, at least as far as they could be."""
    if b"\\" in raw:
        raw = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(raw.split(b'"')[::2])


def _as_written(raw: bytes, outside: bytes) -> Any:
    """The value of a document that is written as `dumps` writes it, which no two readers read differently, else None.

    Writing it again must give the same bytes, so no key was there twice and no number lost a digit.
    """
    if b" " in outside or b"\n" in outside or _FRACTION.search(outside):
        return None
    try:
        value = orjson.loads(raw)
        return value if orjson.dumps(value) == raw else None
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None


def _check_depth(raw: bytes, outside: bytes, depth: int) -> None:
    # Before parsing: the C parser recurses, and a deep document would end in a RecursionError.
    if raw.count(b"[") + raw.count(b"{") <= depth or _is_shallow(outside, depth):
        return
    level = 0
    for token in _NESTING.finditer(raw):
        mark = token.group()
        if mark in (b"[", b"{"):
            level += 1
            if level > depth:
                raise JsonFault(
                    "json-depth",
                    f"byte {token.start()}",
                    "The document is nested too deeply.",
                    f"Nest at most {depth} levels.",
                )
        elif mark in (b"]", b"}"):
            level -= 1


def _is_shallow(outside: bytes, depth: int) -> bool:
    """Whether all brackets are gone after taking out the innermost pairs `depth` times; no answer where to look."""
    brackets = outside.translate(_BRACKETS, _NO_BRACKETS)
    for left in range(depth, 0, -1):
        before, brackets = len(brackets), brackets.replace(b"[]", b"")
        # a pair is around at most `left` levels, so at least every `left`-th must have been an innermost one
        if not brackets or (before - len(brackets)) * left < before:
            break
    return not brackets


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(_short(text))
    except InvalidOperation:
        raise _too_big() from None
    if abs(value.adjusted()) > _MAX_EXPONENT:
        raise _too_big()
    return value


def _integer(text: str) -> int | Decimal:
    value = int(_short(text))
    return value if -(2**63) <= value < 2**64 else Decimal(value)  # orjson writes integers of 64 bits


def _short(text: str) -> str:
    if len(text) > _MAX_NUMBER:
        raise JsonFault(
            "json-number",
            "a number",
            "A number has too many characters.",
            f"Write numbers in at most {_MAX_NUMBER} characters.",
        )
    return text


def _too_big() -> JsonFault:
    return JsonFault(
        "json-number", "a number", "A number has too large an exponent.", f"Keep it within {_MAX_EXPONENT} either way."
    )


def _constant(text: str) -> Never:
    raise JsonFault("json-constant", "a number", f"{text} is not JSON.", "Leave the element out instead.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise JsonFault(
            "json-duplicate-key",
            "an object",
            "An object names the same key twice.",
            "Send each key once: readers disagree about which of two counts.",
        )
    return value


def _refuse_surrogates(value: Any) -> None:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            stack.extend(item.keys())
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, str) and any("\ud800" <= mark <= "\udfff" for mark in item):
            raise JsonFault(
                "json-surrogate", "a string", "A string holds half of a surrogate pair.", "Write the character whole."
            )
