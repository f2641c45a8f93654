"""What the payer could not process: ClaimResponse.error (X12 AAA) and OperationOutcome. Rejected is never denied."""

from gateway.fhir.outcome import Issue
from gateway.model.authorization import Code, Rejection
from gateway.model.exchange import Reply
from gateway.responses.element import Element
from gateway.responses.message import Message
from gateway.responses.reading import Untrusted
from gateway.responses.unwrap import open_reply, outcome_rows
from gateway.responses.values import codes


def read_errors(message: Message) -> tuple[Rejection, ...]:
    """ClaimResponse.error, a rejection each; `outcome` error without any such row is one without a reason."""
    rows = tuple(_error(row, message) for row in message.response.each("error") if row.value)
    outcome = message.response.one("outcome")
    if rows or outcome.text != "error":
        return rows
    return (Rejection(text=message.response.one("disposition").text, source=outcome.path),)


def _error(row: Element, message: Message) -> Rejection:
    code = row.one("code")
    follow_up = row.extension("errorFollowupAction").choice("value", "CodeableConcept")
    element = row.extension("errorElement")
    number = element.extension("processNote").choice("value", "PositiveInt").number
    note = message.process_notes.get(number or 0)
    # PAS 2.2: a complex extension; before, the element as a plain string.
    plain, parts = element.choice("value", "String"), element.extension("error").choice("value", "String")
    return Rejection(
        reason=next(iter(codes(code)), None),
        follow_up=next(iter(codes(follow_up)), None),
        element=parts.text or plain.text,
        path=row.extension("errorPath").choice("value", "String").text,
        text=note.text if note else code.one("text").text,
        source=row.path,
    )


def read_rejection(reply: Reply) -> tuple[Rejection, ...]:
    """The reasons of a 4xx answer, at least one: the errors of its OperationOutcome, else the status alone.

    PAS 2.2.1 spec-35 promises exactly one OperationOutcome; a gateway on the way may send anything.
    """
    try:
        rows = list(outcome_rows(open_reply(reply)))
    except Untrusted:
        rows = []
    errors = [(row, issue) for row, issue in rows if issue.is_error] or rows
    if not errors:
        return (Rejection(text=f"HTTP {reply.status} without an OperationOutcome", source=f"HTTP {reply.status}"),)
    return tuple(_refusal(row, issue) for row, issue in errors)


def _refusal(row: Element, issue: Issue) -> Rejection:
    kind = row.one("code")
    plain = Code(kind.text, "", kind.path) if kind.text else None
    return Rejection(
        reason=next(iter(codes(row.one("details"))), plain), path=issue.path, text=issue.text, source=row.path
    )
