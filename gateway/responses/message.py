"""One ClaimResponse on its way through the reader, with all that reading a part of it needs."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.fhir.bundle import Entry, Index
from gateway.model.authorization import Note
from gateway.responses.codes import ReviewCodes
from gateway.responses.element import Element
from gateway.responses.reading import Asked, Remarks


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """The ClaimResponse that answers our request, and what surrounds it.

    Attributes:
        identifiers: ids of the Bundle and the answer, which are no authorization numbers.
        process_notes: the payer's words by processNote number.
        doubt: why nothing the answer says of an item counts, in words; empty when it does.
        withheld: why the answer grants nothing, in words, whatever else it says; empty when it may.
        spoiled: path of a modifier extension that may turn the meaning of the whole answer; empty when none.
    """

    response: Element
    entry: Entry
    index: Index
    asked: Asked
    codes: ReviewCodes
    remarks: Remarks
    identifiers: frozenset[str]
    process_notes: Mapping[int, Note]
    doubt: str
    withheld: str
    spoiled: str


def process_notes(response: Element) -> dict[int, Note]:
    """processNote texts by number, the first of each number."""
    notes: dict[int, Note] = {}
    for row in response.each("processNote"):
        text, number = row.one("text"), row.one("number").number
        if text.text and number is not None:
            notes.setdefault(number, Note(text.text, text.path))
    return notes


def all_notes(response: Element) -> tuple[Note, ...]:
    """The payer's words on the whole answer: every processNote, and the disposition (quirk 36)."""
    rows = [row.one("text") for row in response.each("processNote")] + [response.one("disposition")]
    return tuple(Note(row.text, row.path) for row in rows if row.text)
