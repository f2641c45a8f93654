"""`ClaimResponse.addItem`: what was authorized instead of, or beside, what was asked (PAS 2.2.1 spec-36, spec-37)."""

from gateway.model.authorization import AuthorizedItem, Code, Dates, Result
from gateway.model.determination import GRANTED
from gateway.responses.element import Element, modifiers
from gateway.responses.message import Message
from gateway.responses.providers import authorized_providers, providers
from gateway.responses.review import Review, decided_parts, read_review
from gateway.responses.values import codes, day, period, quantity


def read_added(message: Message) -> tuple[AuthorizedItem, ...]:
    """Every addItem row; one whose itemSequence matches nothing we asked for replaces nothing."""
    asked = {sequence for sequence, _ in message.asked.items}
    rows = []
    for row in message.response.each("addItem"):
        item = _added(row, message, asked)
        rows.append(item)
        if not item.replaces:
            message.remarks.warn(
                "addItem",
                row.path,
                "The row stands for no item we asked for.",
                attention="the payer answered for a service that was not asked for",
            )
        if item.result not in GRANTED:
            message.remarks.warn(
                "addItem",
                item.action.source if item.action else row.path,
                "What the payer added is not itself authorized.",
                attention="the payer added a service without authorizing it",
            )
    return tuple(rows)


def _added(row: Element, message: Message, asked: set[int]) -> AuthorizedItem:
    remarks = message.remarks
    review = read_review([row], message.codes, remarks)
    result = _result(row, review, message)
    detail = row.extension("itemAuthorizedDetail")
    amount = row.one("quantity")
    if amount.value is None:
        amount = _part(detail, "quantity", "Quantity")
    own = period(row.extension("itemPreAuthPeriod").choice("value", "Period"), remarks)
    named = providers(row.each("provider"), message.entry, message.index)
    return AuthorizedItem(
        replaces=tuple(number for each in row.each("itemSequence") if (number := each.number) in asked and number),
        result=result,
        code=_service(row, detail),
        modifiers=tuple(code for each in row.each("modifier") for code in codes(each)),
        quantity=quantity(amount, remarks),
        dates=_serviced(row, message),
        place=next(iter(codes(row.choice("location", "CodeableConcept"))), None),
        providers=named or authorized_providers([row], message.entry, message.index),
        authorization_number=review.number[0] if review else "",
        valid=own or (period(message.response.one("preAuthPeriod"), remarks) if result in GRANTED else None),
        action=review.action if review else None,
        source=row.path,
    )


def _result(row: Element, review: Review | None, message: Message) -> Result:
    result = review.result if review else Result.UNRECOGNIZED
    if spoiled := message.spoiled or next(modifiers(row), ""):
        message.remarks.warn("modifierExtension", spoiled, "An unknown modifier extension may turn the meaning.")
        return Result.UNRECOGNIZED
    if message.doubt or decided_parts([row], message.codes) - {result}:
        return Result.UNRECOGNIZED
    return Result.UNRECOGNIZED if message.withheld and result in GRANTED else result


def _service(row: Element, detail: Element) -> Code | None:
    own = codes(row.one("productOrService"))
    return next(iter(own or codes(_part(detail, "productOrServiceCode", "CodeableConcept"))), None)


def _part(detail: Element, name: str, kind: str) -> Element:
    return detail.extension(name).choice("value", kind)


def _serviced(row: Element, message: Message) -> Dates | None:
    """serviced[x]: a single day is a span of that day."""
    if only := day(row.choice("serviced", "Date"), message.remarks):
        return Dates(only, only)
    return period(row.choice("serviced", "Period"), message.remarks)
