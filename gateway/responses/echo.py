"""Whose request an authorization that an inquiry found belongs to, by what it echoes (design 4.3; PAS 2.2.1 spec-34).

Only a trace that our request had, and the inquiry had not, shows that the payer speaks of our request. Same member,
same service, same day is no proof: that is what was asked for.
"""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from gateway.fhir import json
from gateway.fhir.bundle import Entry, entries_of
from gateway.responses.element import Element
from gateway.responses.match import by_reference, claim_in
from gateway.responses.reading import Asked
from gateway.responses.unwrap import Opened

# Of so many signs a number of another system is not part of one of ours by chance.
_LEAST = 8
# The trace number of a request or an inquiry, or of an item of one.
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(-[0-9]+)?", re.ASCII | re.IGNORECASE)
_ANY = re.compile(r".*", re.DOTALL)


class Whose(StrEnum):
    """Whose request it is.

    Attributes:
        OURS: it echoes what only our request had, and nothing speaks against it.
        ANOTHERS: it echoes a trace number that we gave to another request.
        DISPUTED: it echoes ours, and something speaks against it: another's as well, or it is no prior authorization.
        EARLIER: it echoes a trace number under which the same order was sent before it was built anew.
        UNSAID: it echoes nothing by which one could tell.
    """

    OURS = "ours"
    ANOTHERS = "anothers"
    DISPUTED = "disputed"
    EARLIER = "earlier"
    UNSAID = "unsaid"


class Echo(NamedTuple):
    """Whose request it is, and the trace numbers of our system in it that belong to another request."""

    whose: Whose
    foreign: tuple[str, ...] = ()


def whose(entry: Entry, opened: Opened, asked: Asked, told: frozenset[str], *, alone: bool) -> Echo:
    """Whose request the ClaimResponse `entry` is about.

    `told` are the numbers the inquiry itself carried, which prove nothing either way; without them nothing is
    ever another's, since it may be an echo of the inquiry. `alone`: it is the only ClaimResponse of its Bundle.
    """
    response = Element(entry.resource, entry.path)
    claim = claim_in(response.one("request").one("reference").text, entry, opened.index)
    numbers = [*_identifiers(response, claim), *_traces(response)]
    foreign = tuple(dict.fromkeys(_foreign(numbers, asked, told)))
    earlier = _resembling(numbers, asked.earlier_traces - told, asked)
    if _proven(response, claim, entry, opened, asked, told, alone=alone):
        disputed = foreign or earlier or _contradicted(response, claim, asked, told)
        return Echo(Whose.DISPUTED if disputed else Whose.OURS, foreign)
    if earlier:
        return Echo(Whose.EARLIER, foreign)
    # A number of ours that the payer respelt or cut short is no proof, but it is no other request's either.
    others = foreign and told and not _resembling(numbers, _ours(asked) - told, asked)
    return Echo(Whose.ANOTHERS if others else Whose.UNSAID, foreign)


def traces_told(inquiry: bytes) -> frozenset[str]:
    """The numbers that an inquiry carried, of itself, its Claim and its items, and its Claim's address; none for no
    bytes.

    Raises:
        JsonFault: the bytes are no JSON.
    """
    if not inquiry:
        return frozenset()
    document = json.loads(inquiry)
    claims = [entry for entry in entries_of(document) if entry.resource["resourceType"] == "Claim"]
    elements = [Element(claim.resource, "") for claim in claims]
    rows = (row for element in elements for row in (*_identifiers(element, None), *_traces(element)))
    itself = Element(document, "").one("identifier").one("value").text
    return frozenset({itself, *(claim.full_url for claim in claims), *(value for _, value in rows)} - {""})


def _ours(asked: Asked) -> frozenset[str]:
    """The trace numbers of our request."""
    return frozenset({asked.trace_value, *(trace for _, trace in asked.items)}) - {""}


def _foreign(numbers: Iterable[tuple[str, str]], asked: Asked, told: frozenset[str]) -> Iterator[str]:
    """The trace numbers we gave to something else.

    One that a payer cut short or respelt is none of these, nor one of its own that it keeps under our system: where
    ours is a UUID, so are all that we give.
    """
    known = _ours(asked) | asked.earlier_traces | told
    form = _UUID if _UUID.fullmatch(asked.trace_value) else _ANY
    for system, value in numbers:
        given = form.fullmatch(value) and _plain(value) and system == asked.trace_system != ""
        if given and not _resembling([(system, value)], known, asked):
            yield value


def _resembling(numbers: Iterable[tuple[str, str]], ones: frozenset[str], asked: Asked) -> bool:
    """Whether a number is one of `ones`, or is made of it: respelt, cut short, or with something before or behind.

    A short number of the payer's own system is part of a long one by chance.
    """
    known = [plain for one in ones if (plain := _plain(one))]
    for system, value in numbers:
        plain = _plain(value)
        least = 1 if system == asked.trace_system else _LEAST
        if any(one in plain or (len(plain) >= least and plain in one) for one in known):
            return True
    return False


def _plain(value: str) -> str:
    return "".join(filter(str.isalnum, value)).casefold()


def _proven(
    response: Element,
    claim: Element | None,
    entry: Entry,
    opened: Opened,
    asked: Asked,
    told: frozenset[str],
    *,
    alone: bool,
) -> bool:
    request = response.one("request")
    reference = request.one("reference").text
    named = {asked.claim_url, asked.trace_value}.isdisjoint(told) and reference
    if named and by_reference(reference, request, entry, claim, asked) is not None:
        return True
    if ({asked.trace_value} - {"", *told}) & {value for _, value in _identifiers(response, claim)}:
        return True
    if (_ours(asked) - told) & {value for _, value in _traces(response)}:
        return True
    return alone and asked.submission_id == opened.identifier and asked.submission_id not in ("", *told)


def _contradicted(response: Element, claim: Element | None, asked: Asked, told: frozenset[str]) -> bool:
    """Whether something in what echoes our request speaks against its being the answer to it."""
    named = response.one("request").one("identifier").one("value").text
    return (
        named not in ("", asked.trace_value, *told)
        or response.one("use").text not in ("preauthorization", "")
        or _crossed(response, asked)
        or _states_another(claim, asked)
    )


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
