"""Functions on text (FHIRPath N1, section 5.6)."""

import base64
import binascii
import html
import json
import re
from collections.abc import Callable
from typing import Any

from gateway.fhir.path.closure import Function
from gateway.fhir.path.context import LONGEST_TEXT, Context
from gateway.fhir.path.fault import Trouble
from gateway.fhir.path.regex import pattern
from gateway.fhir.path.values import number, text

_JSON_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})')


def _on_texts(name: str, function: Callable[..., Any], work: Callable[..., int]) -> Function:
    """Input and arguments are single texts; an empty one gives nothing. `work` are the steps it costs on them."""

    def apply(context: Context, items: list[Any], *arguments: list[Any]) -> list[Any]:
        given = [text(each, f"{name}()") for each in (items, *arguments)]
        if None in given:
            context.spend(1)
            return []
        context.spend(1 + work(*given))
        result = function(*given)
        if isinstance(result, str):
            return context.text(result)
        return context.collection(result) if isinstance(result, list) else [result]

    return apply


def _none(*_: str) -> int:
    return 0


def _reading(*given: str) -> int:
    return sum(map(len, given)) // 100


def _piecewise(*given: str) -> int:
    return sum(map(len, given)) // 8


def _searching(value: str, part: str, *more: str) -> int:
    """Python looks for short parts, and in short texts, letter by letter at every place; else in linear time."""
    size, sought = len(value), len(part)
    plain = size < 2_500 or (size < 30_000 and sought < 100) or sought < 6
    return (size * sought // 5_000 if plain else (size + sought) // 1_000) + _reading(*more)


def _last_index(value: str, part: str) -> int:
    """From the back, as `find` has a bound on its time that `rfind` has not."""
    at = value[::-1].find(part[::-1])
    return at if at < 0 else len(value) - len(part) - at


def _substring(context: Context, items: list[Any], start: list[Any], length: list[Any] | None = None) -> list[Any]:
    value, at = text(items, "substring()"), number(start, "substring()")
    context.spend(1)
    if value is None or at is None or not 0 <= at < len(value):
        return []
    count = number(length, "substring()") if length is not None else None
    end = len(value) if count is None else int(at) + int(max(min(count, len(value)), 0))
    context.read(value[int(at) : end])
    return [value[int(at) : end]]


def _replaced(value: str, old: str, new: str) -> str:
    if (value.count(old) if old else len(value) + 1) * len(new) > LONGEST_TEXT:
        raise Trouble(f"replace() made a text of more than {LONGEST_TEXT} characters")
    return value.replace(old, new)


def _matches(context: Context, items: list[Any], regex: list[Any], *, full: bool = False) -> list[Any]:
    value, wanted = text(items, "matches()"), text(regex, "matches()")
    context.spend(1)
    if value is None or wanted is None:
        return []
    context.meet(wanted)
    found = pattern(wanted)
    context.spend(found.price(len(value)))
    return [(found.regex.fullmatch(value) if full else found.regex.search(value)) is not None]


def _matches_full(context: Context, items: list[Any], regex: list[Any]) -> list[Any]:
    return _matches(context, items, regex, full=True)


def _replace_matches(context: Context, items: list[Any], regex: list[Any], new: list[Any]) -> list[Any]:
    value, wanted = text(items, "replaceMatches()"), text(regex, "replaceMatches()")
    by = text(new, "replaceMatches()")
    context.spend(1)
    if value is None or wanted is None or by is None:
        return []
    if not wanted:
        return [value]
    context.meet(wanted)
    found = pattern(wanted)
    context.spend(found.price(len(value)))
    pieces: list[str] = []
    size = at = 0
    for match in found.regex.finditer(value):
        context.spend(1 + len(by) // 100)
        pieces += (value[at : match.start()], _filled(by, match))
        at = match.end()
        size += len(pieces[-1])
        if size > LONGEST_TEXT:
            raise Trouble(f"replaceMatches() made a text of more than {LONGEST_TEXT} characters")
    return context.text("".join([*pieces, value[at:]]))


def _filled(template: str, match: Any) -> str:
    """`$1` stands for what the first group matched."""
    if "$" not in template:
        return template
    parts = template.split("$")
    words = [parts[0]]
    for part in parts[1:]:
        if part[:1].isdecimal() and int(part[0]) <= (match.re.groups or 0):
            words.append((match.group(int(part[0])) or "") + part[1:])
        else:
            words.append(f"${part}")
    return "".join(words)


def _join(context: Context, items: list[Any], separator: list[Any] | None = None) -> list[Any]:
    between = text(separator, "join()") if separator is not None else ""
    words = [text([item], "join()") or "" for item in items]
    context.spend(len(words) + 1)
    if (sum(map(len, words)) + len(words) * len(between or "")) > LONGEST_TEXT:
        raise Trouble(f"join() made a text of more than {LONGEST_TEXT} characters")
    return context.text((between or "").join(words))


def _splitting(value: str, separator: str) -> int:
    return _searching(value, separator) + value.count(separator) if separator else _piecewise(value, value)


def _split(value: str, separator: str) -> list[str]:
    return value.split(separator) if separator else list(value)


def _encode(value: str, how: str) -> str:
    raw = value.encode()
    if how == "hex":
        return raw.hex()
    if how == "base64":
        return base64.b64encode(raw).decode()
    if how == "urlbase64":
        return base64.urlsafe_b64encode(raw).decode()
    raise Trouble("encode() knows hex, base64 and urlbase64")


def _decode(value: str, how: str) -> str | list[Any]:
    try:
        if how == "hex":
            return bytes.fromhex(value).decode()
        if how in ("base64", "urlbase64"):
            return base64.b64decode(value, b"-_" if how == "urlbase64" else None, validate=True).decode()
    except (ValueError, binascii.Error):
        return []
    raise Trouble("decode() knows hex, base64 and urlbase64")


def _escape(value: str, how: str) -> str:
    if how == "html":
        return html.escape(value)
    if how == "json":
        return json.dumps(value, ensure_ascii=False)[1:-1]
    raise Trouble("escape() knows html and json")


def _unescape(value: str, how: str) -> str:
    if how == "html":
        return html.unescape(value)
    if how != "json":
        raise Trouble("unescape() knows html and json")
    return _JSON_ESCAPE.sub(lambda escape: str(json.loads(f'"{escape[0]}"')), value)


_SIMPLE: dict[str, tuple[int, Callable[..., Any], Callable[..., int]]] = {
    "upper": (0, lambda value: value.upper(), _reading),  # by name: `explain` follows a text through its own methods
    "lower": (0, lambda value: value.lower(), _reading),
    "trim": (0, lambda value: value.strip(), _reading),
    "length": (0, len, _none),
    "toChars": (0, list, _piecewise),
    "startsWith": (1, lambda value, part: value.startswith(part), lambda _, part: _reading(part)),
    "endsWith": (1, lambda value, part: value.endswith(part), lambda _, part: _reading(part)),
    "contains": (1, lambda value, part: part in value, _searching),
    "indexOf": (1, str.find, _searching),
    "lastIndexOf": (1, _last_index, _searching),
    "replace": (2, _replaced, _searching),
    "split": (1, _split, _splitting),
    "encode": (1, _encode, _reading),
    "decode": (1, _decode, _reading),
    "escape": (1, _escape, _reading),
    "unescape": (1, _unescape, _piecewise),
}
TEXTS: dict[str, tuple[int, int, Function]] = {
    **{name: (count, count, _on_texts(name, function, work)) for name, (count, function, work) in _SIMPLE.items()},
    "substring": (1, 2, _substring),
    "matches": (1, 1, _matches),
    "matchesFull": (1, 1, _matches_full),
    "replaceMatches": (2, 2, _replace_matches),
    "join": (0, 1, _join),
}
