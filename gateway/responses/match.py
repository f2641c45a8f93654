"""Whether an answer is for our request and our patient (PAS 2.2.1, reading a response, step 2; quirks 2, 3, 10).

An answer that names another request, another patient, or none at all is not ours: nothing is concluded from it.
"""

from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from gateway.fhir.bundle import Entry, Index
from gateway.responses.element import Element
from gateway.responses.patient import check_patient, tail
from gateway.responses.reading import Asked, Remarks, Untrusted
from gateway.responses.unwrap import Opened


def choose(opened: Opened, asked: Asked, remarks: Remarks) -> Entry:
    """The one ClaimResponse that answers our request.

    Raises:
        Untrusted: there is none, or several that differ, or it is about another patient.
    """
    index = opened.index
    responses = index.of_type("ClaimResponse")
    if not responses:
        if index.of_type("OperationOutcome"):
            raise Untrusted("the payer's answer holds no answer: only an OperationOutcome")
        raise Untrusted("the payer's answer holds no ClaimResponse")
    ours = [(entry, found) for entry in responses if (found := _matched(entry, opened, asked)) is not None]
    if not ours:
        raise Untrusted("the payer's answer names another request, or none")
    entry, oddities = ours[0]
    if any(other.resource != entry.resource for other, _ in ours[1:]):
        raise Untrusted("the payer's answer holds several different answers to our request")
    check_patient(entry, index, asked, remarks)
    for odd in oddities:
        if odd.attention:
            remarks.warn(odd.rule, odd.path, odd.text, attention=odd.attention)
        else:
            remarks.note(odd.rule, odd.path, odd.text)
    if entry.resource is not index.entries[0].resource:
        remarks.note("ClaimResponseFirst", entry.path, "The ClaimResponse is not the first resource of the answer.")
    return entry


class Oddity(NamedTuple):
    """How an answer names our request otherwise than plainly; with `attention` a person has to look."""

    rule: str
    path: str
    text: str
    attention: str = ""


Oddities = tuple[Oddity, ...]


def _matched(entry: Entry, opened: Opened, asked: Asked) -> Oddities | None:
    """Empty when the answer names our request plainly, else what is odd about how it does; None when it does not."""
    response = Element(entry.resource, entry.path)
    request = response.one("request")
    reference = request.one("reference").text
    claim = claim_in(reference, entry, opened.index)
    if claim and _states_another(claim, asked):
        return None
    if reference and (oddities := by_reference(reference, request, entry, claim, asked)) is not None:
        return oddities
    named = request.one("identifier")
    for identifier in (named, *response.each("identifier")):
        if (oddities := _by_identifier(identifier, asked)) is not None:
            foreign = reference or named.one("value").text not in ("", asked.trace_value)
            return (*oddities, _foreign(request)) if foreign else oddities
    if reference or named.one("value").text:
        return None
    return _by_echo(response, opened, asked)


def _foreign(request: Element) -> Oddity:
    # Payers keep our Claim under an address of their own, so this alone is no reason to distrust the answer.
    return Oddity(
        "request",
        request.path,
        "The answer echoes our trace number, but refers to a Claim we do not know.",
        "the payer's answer carries our trace number but names another request",
    )


def claim_in(reference: str, entry: Entry, index: Index) -> Element | None:
    """The Claim in the answer that `reference` points at."""
    target = index.resolve(reference, source=entry) if reference else None
    if target and target.entry.resource.get("resourceType") == "Claim":
        return Element(target.entry.resource, target.entry.path)
    return None


def _states_another(claim: Element, asked: Asked) -> bool:
    values = {identifier.one("value").text for identifier in claim.each("identifier")} - {""}
    return bool(values and asked.trace_value) and asked.trace_value not in values


def by_reference(
    reference: str, request: Element, entry: Entry, claim: Element | None, asked: Asked
) -> Oddities | None:
    """What is odd about a reference to our Claim; None when it is none. `claim` is the Claim it points at."""
    path = f"{request.path}.reference"
    plain = reference.partition("/_history/")[0]
    if asked.claim_url and asked.claim_url in (plain, f"{entry.full_url.removesuffix(entry.type_id)}{plain}"):
        return ()
    if tail(plain) == tail(asked.claim_url) != "":
        if plain.startswith(("Claim/", "urn:uuid:")):
            return (Oddity("request", path, "The answer refers to our Claim by its id, not by its fullUrl."),)
        if "/Claim/" in plain:
            return (Oddity("request", path, "The answer refers to our Claim under another base."),)
    if _searched(reference, asked):
        return (Oddity("request", path, "The answer refers to our Claim by a search for its identifier."),)
    if claim and any(_by_identifier(identifier, asked) is not None for identifier in claim.each("identifier")):
        return (Oddity("request", path, "The answer refers to a copy of our Claim under another address."),)
    return None


def _by_identifier(identifier: Element, asked: Asked) -> Oddities | None:
    value, system = identifier.one("value").text, identifier.one("system").text
    if not value or value != asked.trace_value:
        return None
    if system == asked.trace_system:
        return ()
    # The guide's own example pair differs like this, so the value alone decides.
    text = "The answer echoes our trace number under another system."
    return (Oddity("trace-system", f"{identifier.path}.system", text),)


def _by_echo(response: Element, opened: Opened, asked: Asked) -> Oddities | None:
    """An answer that names no request at all, but echoes what only our request had."""
    path, traces = f"{response.path}.request", {trace for _, trace in asked.items if trace}
    for item in response.each("item"):
        if traces & set(trace_values(item)):
            return (Oddity("request", path, "The answer names its request only by an item trace number."),)
    if asked.submission_id and asked.submission_id == opened.identifier:
        return (Oddity("request", path, "The answer names its request only by the Bundle identifier."),)
    return None


def trace_values(item: Element) -> tuple[str, ...]:
    """The item trace numbers that an item or addItem row echoes."""
    rows = (row.choice("value", "Identifier").one("value").text for row in item.extensions("itemTraceNumber"))
    return tuple(value for value in rows if value)


def _searched(reference: str, asked: Asked) -> bool:
    try:
        parts = urlsplit(reference)
        pairs = parse_qsl(parts.query)
    except ValueError:
        return False
    if not parts.path.endswith("Claim") or not asked.trace_value:
        return False
    return any(key == "identifier" and value.rpartition("|")[2] == asked.trace_value for key, value in pairs)
