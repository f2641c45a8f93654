"""The answer to `$inquire` about a request in doubt, to one pure reading (design 4.3; PAS 2.2.1 spec-42 to spec-50).

Adopted is only what echoes a trace that our request had. What looks alike goes to a person, and only a whole and
well-formed answer can say that the payer has nothing.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, NamedTuple

from gateway.fhir.bundle import Entry
from gateway.model.exchange import Reply
from gateway.responses.candidate import Candidate, key_of, read_candidate_entry
from gateway.responses.codes import ReviewCodes
from gateway.responses.echo import Echo, Whose, traces_told, whose
from gateway.responses.element import Element
from gateway.responses.inquiry_envelope import Envelope, open_inquiry
from gateway.responses.inquiry_parts import Part
from gateway.responses.patient import check_patient
from gateway.responses.read import read_entry, untrusted
from gateway.responses.reading import Asked, Kind, Reading, Remarks, Untrusted

_NAMED = "the payer's answer to the inquiry names our request where no answer to it can be read"


class InquiryKind(StrEnum):
    """What an inquiry brought.

    Attributes:
        FOUND: the payer has our request; `reading` is what it says of it.
        CANDIDATES: it has what may be ours or not; a person decides.
        NOT_FOUND: it says, in due form, that it has nothing that could be ours.
        UNTRUSTED: nothing may be concluded.
    """

    FOUND = "found"
    CANDIDATES = "candidates"
    NOT_FOUND = "not_found"
    UNTRUSTED = "untrusted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquired:
    """An answer to an inquiry, read.

    Attributes:
        reading: as of an answer to a submit; only when found.
        candidates: what a person has to choose from: look-alikes, or answers to our request that contradict each other.
        others: what the payer has for other requests of ours; shown, never to be taken for this one.
        reason: why nothing may be concluded, or what else a person should know, in words without content.
    """

    kind: InquiryKind
    reading: Reading | None = None
    candidates: tuple[Candidate, ...] = ()
    others: tuple[Candidate, ...] = ()
    reason: str = field(default="")


class _Hit(NamedTuple):
    entry: Entry
    part: Part
    echo: Echo

    def candidate(self, codes: ReviewCodes) -> Candidate:
        return read_candidate_entry(self.entry, self.part.opened.index, codes, self.echo)


def read_inquiry(reply: Reply, asked: Asked, codes: ReviewCodes, *, inquiry: bytes = b"") -> Inquired:
    """Read a reply to an inquiry about what was asked; never raises, whatever the body holds.

    `inquiry` are the bytes it answers: the numbers in them prove nothing when they come back. Without them no
    hit is set aside as another request's.
    """
    try:
        envelope = open_inquiry(reply, asked)
        hits = _hits(envelope, asked, traces_told(inquiry))
    except Untrusted as fault:
        return Inquired(kind=InquiryKind.UNTRUSTED, reason=fault.reason)
    ours = [hit for hit in hits if hit.echo.whose is Whose.OURS]
    others = _candidates((hit for hit in hits if hit.echo.whose is Whose.ANOTHERS), codes)
    unsure = [hit for hit in hits if hit.echo.whose not in (Whose.OURS, Whose.ANOTHERS)]
    if ours:
        return _found(ours, unsure, envelope, asked, codes, others=others)
    if unsure:
        candidates = _candidates(unsure, codes)
        return Inquired(kind=InquiryKind.CANDIDATES, candidates=candidates, others=others, reason=envelope.doubt)
    doubt = envelope.doubt or (envelope.names_ours and _NAMED) or ""
    kind = InquiryKind.UNTRUSTED if doubt else InquiryKind.NOT_FOUND
    return Inquired(kind=kind, others=others, reason=doubt)


def read_candidate(reply: Reply, key: str, asked: Asked, codes: ReviewCodes) -> Reading:
    """What the candidate of that key says of our request, since a person says that it is the answer to it.

    Untrusted when the reply holds no such candidate, or is about another patient.
    """
    try:
        envelope = open_inquiry(reply, asked)
        hit = next((hit for hit in _hits(envelope, asked, frozenset()) if key_of(hit.entry) == key), None)
    except Untrusted as fault:
        return untrusted(fault, Remarks())
    if hit is None:
        return untrusted(Untrusted("the payer's answer to the inquiry holds no such candidate"), Remarks())
    return _reading(hit, envelope, asked, codes)


def _hits(envelope: Envelope, asked: Asked, told: frozenset[str]) -> list[_Hit]:
    """What was found, all of it for our patient.

    Raises:
        Untrusted: something is about another patient, or the payer could not do what it was asked.
    """
    hits = []
    for part in envelope.parts:
        for entry in part.responses:
            check_patient(entry, part.opened.index, asked, Remarks())
            said = whose(entry, part.opened, asked, told, alone=len(part.responses) == 1)
            if said.whose is not Whose.OURS and _failed(Element(entry.resource, entry.path)):
                raise Untrusted("the payer says that it could not process the inquiry")
            hits.append(_Hit(entry, part, said))
    return hits


def _failed(response: Element) -> bool:
    """An answer that is no authorization but says what went wrong (ClaimResponse.error, X12 AAA)."""
    items = (*response.each("item"), *response.each("addItem"))
    return (response.one("outcome").text == "error" or bool(response.each("error"))) and not items


def _candidates(hits: Iterable[_Hit], codes: ReviewCodes) -> tuple[Candidate, ...]:
    found = (hit.candidate(codes) for hit in hits)
    return tuple({candidate.key: candidate for candidate in found}.values())


def _found(
    ours: list[_Hit],
    unsure: list[_Hit],
    envelope: Envelope,
    asked: Asked,
    codes: ReviewCodes,
    *,
    others: tuple[Candidate, ...],
) -> Inquired:
    reading = _reading(ours[0], envelope, asked, codes)
    # What carries our trace beside another's may be the answer to our request just as well.
    claiming = [*ours[1:], *(hit for hit in unsure if hit.echo.whose is Whose.DISPUTED)]
    if any(_said(_reading(hit, envelope, asked, codes)) != _said(reading) for hit in claiming):
        return Inquired(
            kind=InquiryKind.UNTRUSTED,
            candidates=_candidates([*ours, *unsure], codes),
            others=others,
            reason="the payer shows several different answers to our request",
        )
    if reading.kind is Kind.UNTRUSTED:
        candidates = _candidates(unsure, codes)
        return Inquired(kind=InquiryKind.UNTRUSTED, candidates=candidates, others=others, reason=reading.reason)
    if any(hit.echo.whose is Whose.EARLIER for hit in unsure):
        said = (reading.attention, "the payer has an authorization for an earlier build of this order as well")
        reading = replace(reading, attention="; ".join(filter(None, said)))
    return Inquired(kind=InquiryKind.FOUND, reading=reading, others=others)


def _reading(hit: _Hit, envelope: Envelope, asked: Asked, codes: ReviewCodes) -> Reading:
    remarks = Remarks()
    remarks.issues.extend(replace(issue, path=row.path) for row, issue in envelope.outcomes)
    try:
        check_patient(hit.entry, hit.part.opened.index, asked, remarks)
    except Untrusted as fault:
        return untrusted(fault, remarks)
    return read_entry(hit.entry, hit.part.opened, asked, codes, remarks)


def _said(reading: Reading) -> Any:
    """What a reading says, without where it was read: two copies of one answer say the same."""
    return _without_places(asdict(replace(reading, issues=(), attention="", reason="")))


def _without_places(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_places(child) for name, child in value.items() if name not in ("source", "sources")}
    if isinstance(value, list | tuple):
        return [_without_places(child) for child in value]
    return value
