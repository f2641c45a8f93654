"""The primitive types of FHIR R4 (datatypes.html#primitive): JSON form, format, and dates that exist."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

_ZONE = r"(Z|[+-](0\d|1[0-3]):[0-5]\d|[+-]14:00)"
_TIME = r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?"
_DATE = re.compile(r"(?P<y>\d{4})(-(?P<m>\d\d)(-(?P<d>\d\d))?)?", re.ASCII)
_DATE_TIME = re.compile(rf"(?P<y>\d{{4}})(-(?P<m>\d\d)(-(?P<d>\d\d)(T{_TIME}{_ZONE})?)?)?", re.ASCII)
_INSTANT = re.compile(rf"(?P<y>\d{{4}})-(?P<m>\d\d)-(?P<d>\d\d)T{_TIME}{_ZONE}", re.ASCII)
_CLOCK = re.compile(_TIME, re.ASCII)
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_OID = re.compile(r"urn:oid:[0-2](\.(0|[1-9]\d*))+", re.ASCII)
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SPACE = re.compile(r"\s")
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_LARGEST = 2**31 - 1
_MAX_STRING = 1024 * 1024

Check = Callable[[Any], bool]


def is_primitive(code: str) -> bool:
    """Whether a type name is that of a primitive: R4 writes those, and only those, in lower case."""
    return code in FORMATS


def fault(code: str, value: Any) -> tuple[str, str] | None:
    """What is wrong with a JSON value as this primitive: (rule, fix), or None when nothing is."""
    shape, check, fix = FORMATS[code]
    if not shape(value):
        return "type", fix
    return None if check(value) else ("primitive-format", fix)


def acceptor(code: str) -> Check:
    """A quick test that lets pass only what `fault` has nothing to say about, and nearly all of that.

    What it does not let pass has to be asked about once more.
    """
    shape, check, _ = FORMATS[code]
    return _QUICK.get(code) or (lambda value: shape(value) and check(value))


def never(_: Any) -> bool:
    """The quick test of what always has to be looked at."""
    return False


def is_text(value: Any) -> bool:
    """A JSON string."""
    return isinstance(value, str)


def is_number(value: Any) -> bool:
    """A JSON number; JSON's true is no number although Python's is."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _between(low: int) -> Check:
    return lambda value: low <= value <= _LARGEST


def _matches(pattern: re.Pattern[str]) -> Check:
    return lambda value: pattern.fullmatch(value) is not None


def _exists(pattern: re.Pattern[str]) -> Check:
    def check(value: str) -> bool:
        found = pattern.fullmatch(value)
        if found is None:
            return False
        try:
            date(int(found["y"]), int(found["m"] or 1), int(found["d"] or 1))
        except ValueError:
            return False
        return True

    return check


def _string(value: str) -> bool:
    return bool(value.strip()) and len(value) <= _MAX_STRING and not _CONTROL.search(value)


def _code(value: str) -> bool:
    return bool(value) and value == " ".join(value.split())


def _uri(value: str) -> bool:
    return bool(value) and not _SPACE.search(value)


def _base64(value: str) -> bool:
    text = "".join(value.split())
    padding = text.encode("utf-8", "replace").translate(None, _BASE64)
    return bool(text) and len(text) % 4 == 0 and padding in (b"", b"=", b"==") and text.endswith(padding.decode())


_TEXT_FIX = "Send a string with something in it, without control characters."
_URI_FIX = "Send a URI as a string without spaces."

FORMATS: dict[str, tuple[Check, Check, str]] = {
    "base64Binary": (is_text, _base64, "Send base64 as a string: A-Z a-z 0-9 + / in groups of four, padded with =."),
    "boolean": (_is_boolean, lambda _: True, "Send true or false, without quotes."),
    "canonical": (is_text, _uri, _URI_FIX),
    "code": (is_text, _code, "Send the code as a string without leading, trailing or double spaces."),
    "date": (is_text, _exists(_DATE), "Send a date that exists as YYYY, YYYY-MM or YYYY-MM-DD."),
    "dateTime": (
        is_text,
        _exists(_DATE_TIME),
        "Send a date that exists as YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with a time zone.",
    ),
    "decimal": (is_number, lambda _: True, "Send a number, without quotes."),
    "id": (is_text, _matches(_ID), "Send 1 to 64 of A-Z a-z 0-9 - and . as a string."),
    "instant": (is_text, _exists(_INSTANT), "Send YYYY-MM-DDThh:mm:ss with a time zone, on a date that exists."),
    "integer": (_is_integer, _between(-_LARGEST - 1), "Send a whole number of at most 32 bits, without quotes."),
    "markdown": (is_text, _string, _TEXT_FIX),
    "oid": (is_text, _matches(_OID), "Send urn:oid: followed by the object identifier."),
    "positiveInt": (_is_integer, _between(1), "Send a whole number of 1 or more, without quotes."),
    "string": (is_text, _string, _TEXT_FIX),
    "time": (is_text, _matches(_CLOCK), "Send a time of day as hh:mm:ss, without a time zone."),
    "unsignedInt": (_is_integer, _between(0), "Send a whole number of 0 or more, without quotes."),
    "uri": (is_text, _uri, _URI_FIX),
    "url": (is_text, _uri, _URI_FIX),
    "uuid": (is_text, _matches(_UUID), "Send urn:uuid: followed by a lower-case UUID."),
    "xhtml": (is_text, _string, "Send XHTML in a string."),
}


def _quick_text(value: Any) -> bool:
    return value.__class__ is str and value.isprintable() and len(value) <= _MAX_STRING and bool(value.strip())


def _quick_word(value: Any) -> bool:
    """Printable and without a space: a code, a URI, a token."""
    return value.__class__ is str and value.isprintable() and " " not in value and value != ""


_QUICK: dict[str, Check] = {
    "boolean": _is_boolean,
    "canonical": _quick_word,
    "code": _quick_word,
    "decimal": is_number,
    "markdown": _quick_text,
    "string": _quick_text,
    "uri": _quick_word,
    "url": _quick_word,
    "xhtml": _quick_text,
}
