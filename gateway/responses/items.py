"""`ClaimResponse.item`: the payer's answer for each item we asked for (PAS 2.2.1, reading a response, steps 4 to 9).

Every item asked for gets an answer. Where the payer says nothing of it, that is `unrecognized`: silence is not an
approval.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gateway.model.authorization import Answer, AuthorizedItem, Note, Provider, Result
from gateway.model.determination import GRANTED
from gateway.responses.added import read_added
from gateway.responses.agreement import settled
from gateway.responses.details import granted_in_detail
from gateway.responses.element import NOTHING, Element, modifiers
from gateway.responses.match import trace_values
from gateway.responses.message import Message
from gateway.responses.providers import authorized_providers
from gateway.responses.reading import Remarks
from gateway.responses.review import Review, Text, read_review
from gateway.responses.values import day, first_text, period, quantity

Rows = Mapping[int, Sequence[Element]]
Answers = tuple[tuple[int, Answer], ...]


def has_reviews(message: Message) -> bool:
    """Whether the payer decided on any item, in whatever code."""
    rows = message.response.each("item")
    return any(row.extensions("reviewAction") for item in rows for row in item.each("adjudication"))


def own_results(message: Message) -> list[Result]:
    """What the payer decided on the items asked for, of those it decided on; remarks come when they are read."""
    apart = replace(message, remarks=Remarks())
    rows, added = _by_sequence(apart), read_added(apart)
    reviews = ((sequence, read_review(rows[sequence], apart.codes, apart.remarks)) for sequence in rows)
    return [settled(number, review, rows[number], added, apart).result for number, review in reviews if review]


def read_items(message: Message, added: tuple[AuthorizedItem, ...], fallback: Review | None) -> Answers:
    """The answers by sequence. `fallback` holds for every item without a review action; None when some item has one."""
    rows = _by_sequence(message)
    answers = (
        (sequence, _answer(sequence, rows.get(sequence, ()), fallback, message, added))
        for sequence, _ in message.asked.items
    )
    return _checked(tuple(answers), message)


def _by_sequence(message: Message) -> Rows:
    """The rows of each item asked for: by itemSequence, or, where that is missing, by the trace number echoed."""
    sequences = {sequence for sequence, _ in message.asked.items}
    traces = {trace: sequence for sequence, trace in message.asked.items if trace}
    found: dict[int, list[Element]] = {}
    for row in message.response.each("item"):
        number = row.one("itemSequence").number
        if number is None:
            number = next((traces[trace] for trace in trace_values(row) if trace in traces), None)
            message.remarks.warn("itemSequence", row.path, "The row has no itemSequence; its trace number is used.")
        if number not in sequences or number is None:
            message.remarks.warn(
                "itemSequence",
                row.path,
                "The row is for an item that was not asked for.",
                attention="the payer answered for an item that was not asked for",
            )
            continue
        if number in found:
            message.remarks.warn("itemSequence", row.path, f"Item {number} is answered more than once.")
        found.setdefault(number, []).append(row)
    return found


def _answer(
    sequence: int, rows: Sequence[Element], fallback: Review | None, message: Message, added: tuple[AuthorizedItem, ...]
) -> Answer:
    remarks = message.remarks
    review = read_review(rows, message.codes, remarks) or fallback
    review = settled(sequence, review, rows, added, message) if review else None
    result = _result(sequence, rows, review, message)
    number, tracking, previous = _numbers(rows, review)
    issued = _first(row.extension("itemPreAuthIssueDate").choice("value", "Date") for row in rows)
    valid, amount = _valid(rows, message, result), _amount(rows, result)
    instead = tuple(item for item in added if sequence in item.replaces)
    sources = {
        "result": review.source if review else rows[0].path if rows else message.response.path,
        "authorization_number": number[1],
        "administration_reference_number": tracking[1],
        "previous_authorization_number": previous[1],
        "issued": issued.path,
        "valid": valid.path,
        "quantity": amount.path,
    }
    return Answer(
        result=result,
        action=review.action if review else None,
        reasons=review.reasons if review else (),
        notes=(*(review.words if review else ()), *_notes(rows, message)),
        authorization_number=number[0],
        administration_reference_number=tracking[0],
        previous_authorization_number=previous[0],
        issued=day(issued, remarks),
        valid=period(valid, remarks),
        quantity=quantity(amount, remarks),
        providers=_providers(rows, message, result),
        authorized=instead or granted_in_detail(sequence, rows, result, number[0], valid, message),
        sources=tuple((field, path) for field, path in sources.items() if path),
    )


def _result(sequence: int, rows: Sequence[Element], review: Review | None, message: Message) -> Result:
    """The result, made `unrecognized` where something takes the ground from under it; a person then looks."""
    doubt = _doubt(sequence, rows, review, message)
    if review is not None and not doubt:
        return review.result
    path = review.source if review else rows[0].path if rows else message.response.path
    message.remarks.warn("unrecognized", path, f"Not recognized: {doubt}.", attention=doubt)
    return Result.UNRECOGNIZED


def _doubt(sequence: int, rows: Sequence[Element], review: Review | None, message: Message) -> str:
    if review is None:
        return f"the payer did not answer item {sequence}"
    if message.doubt:
        return f"item {sequence}: {message.doubt}"
    if review.doubt:
        return f"item {sequence}: {review.doubt}"
    if message.spoiled or any(next(modifiers(row), "") for row in rows):
        return f"item {sequence}: an unknown modifier extension may turn the payer's answer"
    if _swapped(sequence, rows, message):
        return f"item {sequence}: the payer's answer echoes the trace number of another item"
    if message.withheld and review.result in GRANTED:
        return f"item {sequence}: {message.withheld}"
    return ""


def _swapped(sequence: int, rows: Sequence[Element], message: Message) -> bool:
    own = {trace for number, trace in message.asked.items if number == sequence}
    others = {trace for number, trace in message.asked.items if number != sequence and trace} - own
    echoed = {trace for row in rows for trace in trace_values(row)}
    return bool(echoed & others) and not echoed & own


def _numbers(rows: Sequence[Element], review: Review | None) -> tuple[Text, Text, Text]:
    """Authorization number, payer's tracking number, and the number of the earlier authorization this continues."""
    return (
        review.number if review else ("", ""),
        first_text(rows, "administrationReferenceNumber"),
        first_text(rows, "authorizationNumber"),  # on an answered item this is the *previous* number
    )


def _valid(rows: Sequence[Element], message: Message, result: Result) -> Element:
    own = [row.extension("itemPreAuthPeriod").choice("value", "Period") for row in rows]
    return _first((*own, message.response.one("preAuthPeriod")) if result in GRANTED else own)


def _amount(rows: Sequence[Element], result: Result) -> Element:
    """itemAuthorizedDetail of an item that was approved: as asked (2.2.1), or where that differs as granted (2.0.1)."""
    details = [row.extension("itemAuthorizedDetail") for row in rows] if result is Result.APPROVED else []
    return _first(detail.extension("quantity").choice("value", "Quantity") for detail in details)


def _first(elements: Iterable[Element]) -> Element:
    return next((element for element in elements if element.value is not None), NOTHING)


def _providers(rows: Sequence[Element], message: Message, result: Result) -> tuple[Provider, ...]:
    """Of the item, else, when something was granted, of the whole answer."""
    own = authorized_providers(rows, message.entry, message.index)
    if own or result not in GRANTED:
        return own
    return authorized_providers([message.response], message.entry, message.index)


def _notes(rows: Sequence[Element], message: Message) -> tuple[Note, ...]:
    found = []
    for row in rows:
        for each in row.each("noteNumber"):
            note = message.process_notes.get(each.number or 0)
            if note is None:
                message.remarks.warn("noteNumber", each.path, "There is no processNote of that number.")
            elif note not in found:
                found.append(note)
    return tuple(found)


def _checked(answers: Answers, message: Message) -> Answers:
    """What was granted, with what is missing said: a number (preAuthRef as a last hint), and what modified means."""
    hint = message.response.one("preAuthRef")
    if not hint.text or hint.text in message.identifiers or any(answer.result not in GRANTED for _, answer in answers):
        hint = NOTHING
    return tuple((sequence, _granted(sequence, answer, hint, message)) for sequence, answer in answers)


def _granted(sequence: int, answer: Answer, hint: Element, message: Message) -> Answer:
    source = dict(answer.sources)["result"]
    if answer.result is Result.MODIFIED and not answer.authorized:
        doubt = f"item {sequence} was modified, and the payer did not say to what"
        message.remarks.warn("addItem", source, "A6 without an addItem for it.", attention=doubt)
    if answer.result not in GRANTED or answer.authorization_number:
        return answer
    if any(item.authorization_number for item in answer.authorized):
        return answer
    if hint.text:
        doubt = f"item {sequence}: the authorization number is only a hint (preAuthRef); confirm it with the payer"
        message.remarks.warn("preAuthRef", hint.path, "The number stands in preAuthRef only.", attention=doubt)
        sources = (*answer.sources, ("authorization_number", hint.path))
        return replace(answer, authorization_number=hint.text, sources=sources)
    doubt = f"item {sequence} was approved without number"
    message.remarks.warn("authorization-number", source, "Approved without number.", attention=doubt)
    return answer
