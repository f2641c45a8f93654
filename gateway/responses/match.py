"""Whether an answer is for our request and our patient (PAS 2.2.1, reading a response, step 2; quirks 2, 3, 10).

An answer that names another request, another patient, or none at all is not ours: nothing is concluded from it.
"""

from urllib.parse import parse_qsl, urlsplit

from gateway.fhir.bundle import Entry, Index
from gateway.responses.element import Element
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
    _check_patient(entry, index, asked, remarks)
    for rule, path, text in oddities:
        remarks.note(rule, path, text)
    if entry.resource is not index.entries[0].resource:
        remarks.note("ClaimResponseFirst", entry.path, "The ClaimResponse is not the first resource of the answer.")
    return entry


Oddities = tuple[tuple[str, str, str], ...]


def _matched(entry: Entry, opened: Opened, asked: Asked) -> Oddities | None:
    """Empty when the answer names our request plainly, else what is odd about how it does; None when it does not."""
    response = Element(entry.resource, entry.path)
    request = response.one("request")
    reference = request.one("reference").text
    if reference and (oddities := _by_reference(reference, request, entry, opened.index, asked)) is not None:
        return oddities
    for identifier in (request.one("identifier"), *response.each("identifier")):
        if (oddities := _by_identifier(identifier, asked)) is not None:
            other = ("request", f"{request.path}.reference", "The answer refers to a Claim at another address.")
            return (*oddities, other) if reference else oddities
    if reference or request.one("identifier").one("value").text:
        return None
    return _by_echo(response, opened, asked)


def _by_reference(reference: str, request: Element, entry: Entry, index: Index, asked: Asked) -> Oddities | None:
    path = f"{request.path}.reference"
    plain = reference.partition("/_history/")[0]
    if asked.claim_url in (plain, f"{entry.full_url.removesuffix(entry.type_id)}{plain}"):
        return ()
    if _tail(plain) == _tail(asked.claim_url) != "":
        if plain.startswith(("Claim/", "urn:uuid:")):
            return (("request", path, "The answer refers to our Claim by its id, not by its fullUrl."),)
        if "/Claim/" in plain:
            return (("request", path, "The answer refers to our Claim under another base."),)
    if _searched(reference, asked):
        return (("request", path, "The answer refers to our Claim by a search for its identifier."),)
    target = index.resolve(reference, source=entry)
    if target and target.entry.resource.get("resourceType") == "Claim":
        claim = Element(target.entry.resource, target.entry.path)
        if any(_by_identifier(identifier, asked) is not None for identifier in claim.each("identifier")):
            return (("request", path, "The answer refers to a copy of our Claim under another address."),)
    return None


def _by_identifier(identifier: Element, asked: Asked) -> Oddities | None:
    value, system = identifier.one("value").text, identifier.one("system").text
    if not value or value != asked.trace_value:
        return None
    if system == asked.trace_system:
        return ()
    # The guide's own example pair differs like this, so the value alone decides.
    return (("trace-system", f"{identifier.path}.system", "The answer echoes our trace number under another system."),)


def _by_echo(response: Element, opened: Opened, asked: Asked) -> Oddities | None:
    """An answer that names no request at all, but echoes what only our request had."""
    path, traces = f"{response.path}.request", {trace for _, trace in asked.items if trace}
    for item in response.each("item"):
        if traces & set(trace_values(item)):
            return (("request", path, "The answer names its request only by an item trace number."),)
    if asked.submission_id and asked.submission_id == opened.identifier:
        return (("request", path, "The answer names its request only by the Bundle identifier."),)
    return None


def trace_values(item: Element) -> tuple[str, ...]:
    """The item trace numbers that an item or addItem row echoes."""
    rows = (row.choice("value", "Identifier").one("value").text for row in item.extensions("itemTraceNumber"))
    return tuple(value for value in rows if value)


def _check_patient(entry: Entry, index: Index, asked: Asked, remarks: Remarks) -> None:
    patient = Element(entry.resource, entry.path).one("patient")
    reference = patient.one("reference").text.partition("/_history/")[0]
    if reference in asked.patient_urls:
        return
    if not reference or reference.startswith("#"):
        remarks.note("patient", patient.path, "The answer does not refer to its patient by an address.")
        return
    target = index.resolve(reference, source=entry)
    if target and {target.entry.full_url, target.entry.type_id} & asked.patient_urls:
        return
    same_kind = "/" not in reference or "Patient/" in reference
    if same_kind and _tail(reference) in {_tail(url) for url in asked.patient_urls}:
        remarks.note("patient", f"{patient.path}.reference", "The answer refers to our patient under another base.")
        return
    raise Untrusted("the payer's answer is about another patient")


def _tail(url: str) -> str:
    """The id at the end of an address: of `Claim/x`, `https://host/Claim/x` and `urn:uuid:x` it is `x`."""
    return url.rpartition("/")[2].rpartition(":")[2]


def _searched(reference: str, asked: Asked) -> bool:
    try:
        parts = urlsplit(reference)
        pairs = parse_qsl(parts.query)
    except ValueError:
        return False
    if not parts.path.endswith("Claim") or not asked.trace_value:
        return False
    return any(key == "identifier" and value.rpartition("|")[2] == asked.trace_value for key, value in pairs)
