"""A payer's 2xx answer to one pure reading: the decision procedure of PAS, line by line.

The reader does not know whether the bytes came from `$submit`, a notification or `$inquire`.
"""

from dataclasses import replace

from gateway.fhir.bundle import Entry
from gateway.model.authorization import Rejection, Result
from gateway.model.determination import GRANTED, roll_up
from gateway.model.exchange import Reply
from gateway.responses.added import read_added
from gateway.responses.agreement import weighed
from gateway.responses.codes import ReviewCodes
from gateway.responses.element import Element, modifiers
from gateway.responses.items import has_reviews, own_results, read_items
from gateway.responses.match import choose
from gateway.responses.message import Message, all_notes, process_notes
from gateway.responses.reading import Asked, Kind, Reading, Remarks, Untrusted
from gateway.responses.rejections import read_errors
from gateway.responses.review import Review, decided_parts, read_review
from gateway.responses.unwrap import Opened, open_reply, outcome_rows
from gateway.responses.versions import meaning

_OVER = frozenset({"completed", "cancelled", "revoked", "rejected", "failed", "entered-in-error"})


def read(reply: Reply, asked: Asked, codes: ReviewCodes) -> Reading:
    """Read a 2xx reply to what was asked; never raises, whatever the body holds.

    `rejected` when outcome is error or there are error rows (PAS 2.2.1 reading step 3): the payer says it could not
    process the request. When it decided on items all the same (the guide: adjudications should then be absent; if
    they are there, keep both), the kind stays rejected, since a decision inside a failed processing cannot be relied
    on; `answers` hold what was said, the determination stays NONE, and `attention` asks a person to settle it with
    the payer before anything is sent again.
    """
    remarks = Remarks()
    try:
        opened = open_reply(reply)
        _keep_outcomes(opened, remarks)
        entry = choose(opened, asked, remarks)
    except Untrusted as fault:
        return untrusted(fault, remarks)
    return read_entry(entry, opened, asked, codes, remarks)


def read_entry(entry: Entry, opened: Opened, asked: Asked, codes: ReviewCodes, remarks: Remarks) -> Reading:
    """Read one ClaimResponse of an answer as what the payer says of our request; whether it is, is settled before."""
    try:
        message = _message(entry, opened, asked, codes, remarks)
    except Untrusted as fault:
        return untrusted(fault, remarks)
    return _read(message)


def untrusted(fault: Untrusted, remarks: Remarks) -> Reading:
    """The reading of an answer from which nothing may be concluded."""
    return Reading(kind=Kind.UNTRUSTED, reason=fault.reason, issues=tuple(remarks.issues))


def _keep_outcomes(opened: Opened, remarks: Remarks) -> None:
    """OperationOutcome rows that came with an answer, placed where they stand in it (PAS 2.2.1 spec-40)."""
    remarks.issues.extend(replace(issue, path=row.path) for row, issue in outcome_rows(opened))


def _message(entry: Entry, opened: Opened, asked: Asked, codes: ReviewCodes, remarks: Remarks) -> Message:
    response = Element(entry.resource, entry.path)
    status = response.one("status")
    if status.text == "entered-in-error":
        raise Untrusted("the payer marked its answer as entered in error")
    doubt = withheld = ""
    if status.text not in ("active", ""):
        withheld = "the payer's answer is not active and grants nothing"
        remarks.warn("status", status.path, "The answer is not active.", attention="the payer's answer is not active")
    if (use := response.one("use")).text not in ("preauthorization", ""):
        doubt = "the payer's answer is no prior authorization"
        remarks.warn("use", use.path, "The answer is not about a prior authorization.", attention=doubt)
    if (outcome := response.one("outcome")).text not in meaning(asked.guide).outcomes:
        remarks.note("outcome", outcome.path, "The outcome is none that this version of PAS has.")
    return Message(
        response=response,
        entry=entry,
        index=opened.index,
        asked=asked,
        codes=codes,
        remarks=remarks,
        identifiers=opened.ids,
        process_notes=process_notes(response),
        doubt=doubt,
        withheld=withheld,
        spoiled=_spoiled(response),
    )


def _spoiled(response: Element) -> str:
    """Where the meaning of the whole answer may be turned by something unknown; items are looked at on their own."""
    rules = response.one("implicitRules")
    return rules.path if rules.text else next(modifiers(response, but=("item", "addItem", "contained")), "")


def _read(message: Message) -> Reading:
    remarks = message.remarks
    rejections = read_errors(message)
    event = read_review([message.response], message.codes, remarks)
    common = _of_all_items(event, message)
    if rejections and not message.spoiled:
        return _rejected(message, rejections, common)
    if event and not common:
        message = weighed(message, event, own_results(message))
    added = read_added(message)
    pended = _pended(message)
    answers = read_items(message, added, common or pended)
    _question_grants({answer.result for _, answer in answers} | {item.result for item in added}, message)
    return Reading(
        kind=Kind.ANSWERED,
        answers=answers,
        additional=tuple(item for item in added if not item.replaces),
        notes=all_notes(message.response),
        rejections=rejections,
        determination=roll_up([answer.result for _, answer in answers]),
        attention=remarks.attention,
        issues=tuple(remarks.issues),
    )


def _question_grants(results: set[Result], message: Message) -> None:
    """What stands beside a grant in the answer and makes it less than certain."""
    if not results & GRANTED:
        return
    outcome, remarks = message.response.one("outcome"), message.remarks
    if not _vouches(outcome.text, results, message):
        attention = "the payer granted something but does not call its answer complete"
        remarks.warn("outcome", outcome.path, "The outcome is not complete beside a grant.", attention=attention)
    # Our own remarks are never errors, so these are the payer's.
    for failure in (issue for issue in tuple(remarks.issues) if issue.is_error):
        attention = "the payer reports an error beside its answer"
        remarks.warn("outcome-error", failure.path, "There is an error beside a grant.", attention=attention)


def _vouches(outcome: str, results: set[Result], message: Message) -> bool:
    """Whether a grant may stand beside this outcome: queued only where the version has it and an item is pended."""
    if outcome == "queued":
        return outcome in meaning(message.asked.guide).outcomes and Result.PENDED in results
    return outcome in ("complete", "partial")


def _rejected(message: Message, rejections: tuple[Rejection, ...], common: Review | None) -> Reading:
    # What is missing among the items of a rejected request is no news: those remarks are not shown to a person.
    apart = replace(message, remarks=Remarks())
    added = read_added(apart)
    parts = decided_parts(message.response.each("item"), message.codes)
    decided = common is not None or has_reviews(message) or bool(parts) or any(row.action for row in added)
    answers = read_items(apart, added, common) if decided else ()
    if decided:
        message.remarks.warn(
            "error",
            rejections[0].source,
            "The answer rejects the request and decides on items too.",
            attention="the payer rejected the request and decided on items too; ask the payer before sending again",
        )
    return Reading(
        kind=Kind.REJECTED,
        answers=tuple((sequence, answer) for sequence, answer in answers if answer.action or answer.authorized),
        additional=tuple(item for item in added if not item.replaces),
        notes=all_notes(message.response),
        rejections=rejections,
        attention=message.remarks.attention,
        issues=(*message.remarks.issues, *apart.remarks.issues),
    )


def _of_all_items(event: Review | None, message: Message) -> Review | None:
    """The decision on the whole request, which holds for every item only when none has its own (step 6)."""
    if event is None or not has_reviews(message):
        return event
    text = "The decision on the whole request is not used, since items have their own."
    message.remarks.warn("event-level", event.source, text)
    return None


def _pended(message: Message) -> Review | None:
    """Pended, when nothing was decided on anything and the answer says it is not finished.

    That is `outcome` queued (legal before 2.2, quirk 30), or a payer that asks for documents (quirk 32). Beside a
    decision the asking is only pointed out.
    """
    asking = _asking(message)
    if asking:
        text = "The payer asks for more information."
        message.remarks.warn("information", asking, text, attention="the payer asks for more information")
    outcome = message.response.one("outcome")
    source = outcome.path if outcome.text == "queued" else asking
    return Review(result=Result.PENDED, source=source) if source and not has_reviews(message) else None


def _asking(message: Message) -> str:
    """Where the answer asks for documents: communicationRequest, or a Task that is still open; empty when nowhere."""
    for row in message.response.each("communicationRequest"):
        return row.path
    for entry in message.index.of_type("Task", "CommunicationRequest"):
        status = entry.resource.get("status")
        if not isinstance(status, str) or status not in _OVER:
            return entry.path
    return ""
