"""Whose request an authorization that an inquiry found belongs to, by what it echoes (design 4.3; PAS 2.2.1 spec-34).

Only a trace that our request had, and the inquiry had not, shows that the payer speaks of our request. Same member,
same service, same day is no proof: that is what was asked for.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from gateway.fhir import json
from gateway.fhir.bundle import Entry, entries_of
from gateway.responses.element import Element
from gateway.responses.match import by_reference, claim_in
from gateway.responses.reading import Asked
from gateway.responses.unwrap import Opened


class Whose(StrEnum):
    """Whose request it is.

    Attributes:
        OURS: it echoes what only our request had, and nothing speaks against it.
        ANOTHERS: it echoes a trace number that we gave to another request.
        DISPUTED: it echoes ours, and another's as well.
        UNSAID: it echoes nothing by which one could tell.
    """

    OURS = "ours"
    ANOTHERS = "anothers"
    DISPUTED = "disputed"
    UNSAID = "unsaid"


class Echo(NamedTuple):
    """Whose request it is, and the trace numbers of our system in it that belong to another request."""

    whose: Whose
    foreign: tuple[str, ...] = ()


def whose(entry: Entry, opened: Opened, asked: Asked, told: frozenset[str], *, alone: bool) -> Echo:
    """Whose request the ClaimResponse `entry` is about.

    `told` are the trace numbers the inquiry itself carried, which prove nothing either way; without them nothing is
    ever another's, since it may be an echo of the inquiry. `alone`: it is the only ClaimResponse of its Bundle.
    """
    response = Element(entry.resource, entry.path)
    claim = claim_in(response.one("request").one("reference").text, entry, opened.index)
    numbers = [*_identifiers(response, claim), *_traces(response)]
    foreign = tuple(dict.fromkeys(_foreign(numbers, asked, told)))
    named = response.one("request").one("identifier").one("value").text
    if _proven(response, claim, entry, opened, asked, alone=alone):
        disputed = foreign or named not in ("", asked.trace_value, *told) or _crossed(response, asked)
        return Echo(Whose.DISPUTED if disputed or _states_another(claim, asked) else Whose.OURS, foreign)
    return Echo(Whose.ANOTHERS if foreign and told else Whose.UNSAID, foreign)


def traces_told(inquiry: bytes) -> frozenset[str]:
    """The trace numbers that an inquiry carried; empty for no bytes.

    Raises:
        JsonFault: the bytes are no JSON.
    """
    if not inquiry:
        return frozenset()
    claims = (entry.resource for entry in entries_of(json.loads(inquiry)) if entry.resource["resourceType"] == "Claim")
    elements = [Element(claim, "") for claim in claims]
    rows = (row for element in elements for row in (*_identifiers(element, None), *_traces(element)))
    return frozenset(value for _, value in rows if value)


def _foreign(numbers: Iterable[tuple[str, str]], asked: Asked, told: frozenset[str]) -> Iterator[str]:
    """The trace numbers we gave to something else. One that a payer cut short or respelt is none of these."""
    known = [_plain(value) for value in {asked.trace_value, *(trace for _, trace in asked.items), *told} if value]
    for system, value in numbers:
        plain = _plain(value)
        respelt = any(plain.startswith(one) or one.startswith(plain) for one in known)
        if plain and system == asked.trace_system != "" and not respelt:
            yield value


def _plain(value: str) -> str:
    return "".join(filter(str.isalnum, value)).casefold()


def _proven(
    response: Element, claim: Element | None, entry: Entry, opened: Opened, asked: Asked, *, alone: bool
) -> bool:
    request = response.one("request")
    reference = request.one("reference").text
    if reference and by_reference(reference, request, entry, claim, asked) is not None:
        return True
    items = {trace for _, trace in asked.items if trace}
    if asked.trace_value and asked.trace_value in {value for _, value in _identifiers(response, claim)}:
        return True
    if items & {value for _, value in _traces(response)}:
        return True
    return alone and asked.submission_id != "" and asked.submission_id == opened.identifier


def _identifiers(holder: Element, claim: Element | None) -> Iterator[tuple[str, str]]:
    """System and value of the trace numbers of a Claim or ClaimResponse, and of the request it refers to."""
    rows = [holder.one("request").one("identifier"), *holder.each("identifier")]
    for row in (*rows, *(claim.each("identifier") if claim else ())):
        yield row.one("system").text, row.one("value").text


def _traces(holder: Element) -> Iterator[tuple[str, str]]:
    """System and value of every item trace number."""
    for row in (*holder.each("item"), *holder.each("addItem")):
        for extension in row.extensions("itemTraceNumber"):
            identifier = extension.choice("value", "Identifier")
            yield identifier.one("system").text, identifier.one("value").text


def _crossed(response: Element, asked: Asked) -> bool:
    """Whether an item carries the trace number of another of our items."""
    traces = {trace: sequence for sequence, trace in asked.items if trace}
    for row in response.each("item"):
        number = row.one("itemSequence").number
        for extension in row.extensions("itemTraceNumber"):
            value = extension.choice("value", "Identifier").one("value").text
            if number is not None and traces.get(value, number) != number:
                return True
    return False


def _states_another(claim: Element | None, asked: Asked) -> bool:
    """Whether the Claim that the answer refers to has trace numbers, and ours is not among them."""
    values = {row.one("value").text for row in claim.each("identifier")} - {""} if claim else set()
    return bool(values and asked.trace_value) and asked.trace_value not in values
