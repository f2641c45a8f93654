"""The envelope of an answer to `$inquire`: what was found is read in that of any version.

PAS 2.2 answers with Parameters of Bundles, before it with one Bundle.
"""

from dataclasses import dataclass

from gateway.fhir.outcome import Issue
from gateway.model.exchange import Reply
from gateway.responses.element import Element
from gateway.responses.inquiry_parts import Part, parts_of
from gateway.responses.inquiry_whole import doubt_of, names_ours
from gateway.responses.reading import Asked, Untrusted
from gateway.responses.unwrap import document_of, outcome_rows


@dataclass(frozen=True, slots=True)
class Envelope:
    """An answer to an inquiry, opened.

    Attributes:
        outcomes: rows of every OperationOutcome in it, with their paths.
        doubt: why it does not follow that what is not in it is not at the payer, in words; empty when it does.
        names_ours: whether a number of our request occurs anywhere in it, in an answer or not.
    """

    parts: tuple[Part, ...]
    outcomes: tuple[tuple[Element, Issue], ...]
    doubt: str
    names_ours: bool


def open_inquiry(reply: Reply, asked: Asked) -> Envelope:
    """The answer to an inquiry about `asked`.

    Raises:
        Untrusted: no 2xx, or nothing that could be an answer of FHIR.
    """
    if not 200 <= reply.status < 300:
        raise Untrusted(f"the payer answered the inquiry with HTTP {reply.status}")
    document = document_of(reply)
    if not isinstance(document, dict) or not isinstance(document.get("resourceType"), str):
        raise Untrusted("the payer's answer to the inquiry is JSON, but no FHIR resource")
    parts = tuple(parts_of(document))
    outcomes = tuple(row for part in parts for row in outcome_rows(part.opened))
    root = Element(document, document["resourceType"])
    doubt = doubt_of(reply.status, root, parts, tuple(issue for _, issue in outcomes), asked)
    return Envelope(parts, outcomes, doubt, names_ours(document, asked))
