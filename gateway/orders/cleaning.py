"""Nulls, empty elements and unresolved {{variables}} are taken out once, before anything is read (quirk 55)."""

import re
from typing import Any

from gateway.orders.notes import Notes

_VARIABLE = re.compile(r"\{\{[^{}]*\}\}")


def clean(document: Any, notes: Notes) -> Any:
    """The document without null, blank text, empty objects and lists, and text with an unresolved {{variable}}.

    What follows from a removal goes too: an object that held only nulls. The top of the document stays.
    """
    sweep = _Sweep()
    kept = sweep.value(document)
    if sweep.empty or sweep.variables:
        what = f"{sweep.empty} empty, {sweep.variables} unresolved"
        why = "Elements that are null or empty, or hold an unresolved {{variable}}, say nothing and were left out."
        notes.choose("empty elements", what, why, "empty-elements")
    return kept if kept is not None else type(document)()


class _Sweep:
    def __init__(self) -> None:
        self.empty = 0
        self.variables = 0

    def value(self, value: Any) -> Any:
        """The value cleaned; None when nothing is left of it."""
        if isinstance(value, dict):
            cleaned = {key: kept for key, item in value.items() if (kept := self._member(key, item)) is not None}
            return cleaned or self._nothing(counts=not value)
        if isinstance(value, list):
            kept = [item for each in value if (item := self.value(each)) is not None]
            return kept or self._nothing(counts=not value)
        if isinstance(value, str):
            return self._text(value)
        return self._nothing(counts=True) if value is None else value

    def _member(self, key: str, value: Any) -> Any:
        # `_given: [null, {...}]` runs beside `given`: its nulls keep places, and nothing here reads it
        return value if key.startswith("_") and value else self.value(value)

    def _text(self, text: str) -> str | None:
        if _VARIABLE.search(text):
            self.variables += 1
            return None
        if not text.strip():
            self.empty += 1
            return None
        return text

    def _nothing(self, *, counts: bool) -> Any:
        """None; what became empty by a removal inside it is not counted again."""
        self.empty += counts
        return None
