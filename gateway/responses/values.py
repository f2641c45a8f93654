"""FHIR datatypes in an answer, read leniently: what cannot be read is left out, and said."""

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from decimal import Decimal

from gateway.model.authorization import Code, Dates, Quantity
from gateway.responses.element import Element
from gateway.responses.reading import Remarks

_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T.*)?", re.DOTALL)


def codes(concept: Element) -> tuple[Code, ...]:
    """The codings of a CodeableConcept (or the one Coding) that have a code."""
    rows = concept.each("coding") or (concept,)
    found = ((row, row.one("code").text) for row in rows)
    return tuple(Code(code, row.one("system").text, row.path) for row, code in found if code)


def day(element: Element, remarks: Remarks) -> date | None:
    """A date or the day of a dateTime as its sender's calendar says, never converted between zones."""
    if element.value is None:
        return None
    if match := _DATE.fullmatch(element.text):
        with suppress(ValueError):
            return date.fromisoformat(match.group(1))
    remarks.warn("date", element.path, "This is not a full date; it is kept only in the stored answer.")
    return None


def period(element: Element, remarks: Remarks) -> Dates | None:
    """A Period; None when neither end can be read."""
    start, end = day(element.one("start"), remarks), day(element.one("end"), remarks)
    if start and end and end < start:
        remarks.warn("period", element.path, "The period ends before it starts.")
    return Dates(start, end) if start or end else None


def quantity(element: Element, remarks: Remarks) -> Quantity | None:
    """A Quantity with its value as sent; the unit is the words, else the code."""
    if element.value is None:
        return None
    value = element.one("value").value
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        remarks.warn("quantity", element.path, "The quantity has no number as value; it is left out.")
        return None
    return Quantity(Decimal(value), element.one("unit").text or element.one("code").text)


def first_text(rows: Iterable[Element], extension: str) -> tuple[str, str]:
    """The first valueString of an extension among the rows, and its path; two empty texts when there is none."""
    for row in rows:
        for found in row.extensions(extension):
            value = found.choice("value", "String")
            if value.text:
                return value.text, value.path
    return "", ""
