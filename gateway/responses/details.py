"""`itemAuthorizedDetail` where it says what was authorized instead of what was asked (PAS 2.0.1)."""

from collections.abc import Sequence

from gateway.model.authorization import AuthorizedItem, Result
from gateway.responses.element import Element
from gateway.responses.message import Message
from gateway.responses.providers import authorized_providers
from gateway.responses.values import codes, period, quantity
from gateway.responses.versions import meaning

_INSTEAD = frozenset({Result.PARTLY_APPROVED, Result.MODIFIED})


def granted_in_detail(
    sequence: int, rows: Sequence[Element], result: Result, number: str, valid: Element, message: Message
) -> tuple[AuthorizedItem, ...]:
    """What stands in the details of an item that was granted otherwise than asked.

    Empty for any other result, and where the version of the request lets the detail only restate the request.
    """
    if result not in _INSTEAD or not meaning(message.asked.guide).detail_grants:
        return ()
    return tuple(
        AuthorizedItem(
            replaces=(sequence,),
            result=Result.APPROVED,
            code=next(iter(codes(_part(detail, "productOrServiceCode", "CodeableConcept"))), None),
            modifiers=tuple(
                code
                for each in detail.extensions("modifier")
                for code in codes(each.choice("value", "CodeableConcept"))
            ),
            quantity=quantity(_part(detail, "quantity", "Quantity"), message.remarks),
            providers=authorized_providers(rows, message.entry, message.index),
            authorization_number=number,
            valid=period(valid, message.remarks),
            source=detail.path,
        )
        for row in rows
        for detail in row.extensions("itemAuthorizedDetail")
    )


def _part(detail: Element, name: str, kind: str) -> Element:
    return detail.extension(name).choice("value", kind)
