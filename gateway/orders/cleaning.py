"""Nulls, empty elements and unresolved {{variables}} are taken out once, before anything is read (quirk 55)."""

import re
import string
from typing import Any

from gateway.fhir import json
from gateway.orders.notes import Notes

_VARIABLE = re.compile(r"\{\{[^{}]*\}\}")
# A text in JSON that is empty, or begins as white space of some kind does: as it is, escaped, or beyond ASCII.
_BLANK = re.compile(rb'"["\s\\\xc2\xe1\xe2\xe3]')
_LETTERS = (string.ascii_letters + string.digits).encode()


def clean(document: Any, notes: Notes) -> Any:
    """The document without null, blank text, empty objects and lists, and text with an unresolved {{variable}}.

    What follows from a removal goes too: an object that held only nulls. The top of the document stays. Where there
    is nothing to take out it is the document itself.
    """
    if _is_surely_clean(json.dumps(document)) or _is_clean(document):
        return document
    sweep = _Sweep()
    kept = sweep.value(document)
    if sweep.empty or sweep.variables:
        what = f"{sweep.empty} empty, {sweep.variables} unresolved"
        why = "Elements that are null or empty, or hold an unresolved {{variable}}, say nothing and were left out."
        notes.choose("empty elements", what, why, "empty-elements")
    return kept if kept is not None else type(document)()


def _is_surely_clean(written: bytes) -> bool:
    """Whether compact JSON shows at a glance that nothing is to be taken out; no answer where it must be looked at."""
    marks = written.translate(None, _LETTERS)
    has_gap = b"{}" in marks or b"[]" in marks or b"{{" in marks or b"null" in written
    return not has_gap and _BLANK.search(written) is None


def _is_clean(document: Any) -> bool:
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            if not value or value.isspace() or _VARIABLE.search(value):
                return False
        elif isinstance(value, dict):
            if not value:
                return False
            # what `_given` holds is looked at too: a null in it only means that the sweep decides
            waiting += value.values()
        elif isinstance(value, list):
            if not value:
                return False
            waiting += value
        elif value is None:
            return False
    return True


class _Sweep:
    def __init__(self) -> None:
        self.empty = 0
        self.variables = 0

    def value(self, value: Any) -> Any:
        """The value cleaned; None when nothing is left of it."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict):
            cleaned = {key: kept for key, item in value.items() if (kept := self._member(key, item)) is not None}
            return cleaned or self._nothing(counts=not value)
        if isinstance(value, list):
            kept = [item for each in value if (item := self.value(each)) is not None]
            return kept or self._nothing(counts=not value)
        return self._nothing(counts=True) if value is None else value

    def _member(self, key: str, value: Any) -> Any:
        # `_given: [null, {...}]` runs beside `given`: its nulls keep places, and nothing here reads it
        return value if key[:1] == "_" and value else self.value(value)

    def _text(self, text: str) -> str | None:
        if _VARIABLE.search(text):
            self.variables += 1
            return None
        if not text or text.isspace():
            self.empty += 1
            return None
        return text

    def _nothing(self, *, counts: bool) -> Any:
        """None; what became empty by a removal inside it is not counted again."""
        self.empty += counts
        return None
