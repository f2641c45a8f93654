"""An authorization that an inquiry found and that nothing proves to be ours: enough of it for a person to judge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.fhir import json
from gateway.fhir.bundle import Entry, Index
from gateway.model.authorization import Code, Dates, Result
from gateway.model.determination import roll_up
from gateway.responses.codes import ReviewCodes
from gateway.responses.echo import Echo, Whose
from gateway.responses.element import NOTHING, Element
from gateway.responses.match import claim_in
from gateway.responses.reading import Remarks
from gateway.responses.review import Review, read_review
from gateway.responses.values import codes as codes_of
from gateway.responses.values import day, period


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateService:
    """One service of a candidate: the code asked for or authorized, its days, and the payer's decision on it.

    Attributes:
        sequence: number of the item in the request the payer decided on; 0 where it gives none.
        number: authorization number; `tracking`: the payer's number of a review that is not approved.
        path: where it stands in the payer's answer.
    """

    sequence: int
    service: Code | None
    dates: Dates | None
    result: Result
    action: Code | None
    number: str
    tracking: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What the payer has for the same member and service.

    Attributes:
        key: names it among what this answer holds, and in a later answer that holds exactly the same; no content.
        path: where it stands in the answer.
        whose: what it says of whose request it is; never simply ours.
        traces: trace numbers in it that we gave to other requests.
        created: the day on which the payer made its decision.
        determination: roll-up of the services.
    """

    key: str
    path: str
    whose: Whose
    traces: tuple[str, ...]
    created: date | None
    valid: Dates | None
    determination: Result
    services: tuple[CandidateService, ...]

    @property
    def numbers(self) -> tuple[str, ...]:
        """Its authorization numbers, each once."""
        return tuple(dict.fromkeys(row.number for row in self.services if row.number))

    @property
    def tracking(self) -> tuple[str, ...]:
        """The payer's numbers of reviews that are not approved, each once."""
        return tuple(dict.fromkeys(row.tracking for row in self.services if row.tracking))


def key_of(entry: Entry) -> str:
    """The key of a ClaimResponse: the beginning of the SHA-256 of what it says."""
    return json.digest(json.dumps(entry.resource))[:12]


def read_candidate_entry(entry: Entry, index: Index, codes: ReviewCodes, echo: Echo) -> Candidate:
    """The candidate that a ClaimResponse is; reads leniently and remarks on nothing."""
    response, unheard = Element(entry.resource, entry.path), Remarks()
    asked_for = _claim_items(response, entry, index)
    event = read_review([response], codes, unheard)
    rows = (*response.each("item"), *response.each("addItem"))
    services = tuple(_service(row, asked_for, codes, event) for row in rows)
    return Candidate(
        key=key_of(entry),
        path=entry.path,
        whose=echo.whose,
        traces=echo.foreign,
        created=day(response.one("created"), unheard),
        valid=period(response.one("preAuthPeriod"), unheard),
        determination=_determination(services, event),
        services=services,
    )


def _determination(services: Sequence[CandidateService], event: Review | None) -> Result:
    results = [row.result for row in services if row.result is not Result.NONE]
    if results:
        return roll_up(results)
    return event.result if event else Result.UNRECOGNIZED


def _service(
    row: Element, asked_for: Mapping[int, Element], codes: ReviewCodes, event: Review | None
) -> CandidateService:
    unheard = Remarks()
    own = read_review([row], codes, unheard)
    review = own or event
    item = row.one("itemSequence").number or 0
    asked = asked_for.get(item, NOTHING)
    return CandidateService(
        sequence=item,
        service=_code(row, asked),
        dates=_dates(row, asked),
        result=review.result if review else Result.UNRECOGNIZED,
        action=review.action if review else None,
        number=own.number[0] if own else "",
        tracking=row.extension("administrationReferenceNumber").choice("value", "String").text,
        path=row.path,
    )


def _code(row: Element, asked: Element) -> Code | None:
    detail = row.extension("itemAuthorizedDetail").extension("productOrServiceCode").choice("value", "CodeableConcept")
    places = (row.one("productOrService"), detail, asked.one("productOrService"))
    return next((code for place in places for code in codes_of(place)), None)


def _dates(row: Element, asked: Element) -> Dates | None:
    unheard, requested = Remarks(), row.extension("itemRequestedServiceDate")
    for holder, name, single in (
        (row, "serviced", "Date"),
        (requested, "value", "DateTime"),
        (asked, "serviced", "Date"),
        (row.extension("itemPreAuthPeriod"), "value", "Date"),
    ):
        if only := day(holder.choice(name, single), unheard):
            return Dates(only, only)
        if span := period(holder.choice(name, "Period"), unheard):
            return span
    return None


def _claim_items(response: Element, entry: Entry, index: Index) -> dict[int, Element]:
    """The items of the Claim that came with the answer (spec-45), by sequence."""
    claim = claim_in(response.one("request").one("reference").text, entry, index)
    rows: Any = claim.each("item") if claim else ()
    return {number: row for row in rows if (number := row.one("sequence").number)}
