"""Whether all places in which a payer decides agree (PAS 2.2.1, reading a response, step 4; quirk 34).

A payer may decide on an item, on its parts (`detail`), on what it adds for it (`addItem`), and on the whole request.
Where one place grants what another does not, the item is never shown as granted without a person looking.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from gateway.model.authorization import AuthorizedItem, Result
from gateway.model.determination import GRANTED
from gateway.responses.element import Element
from gateway.responses.message import Message
from gateway.responses.review import Review, decided_parts

_NARROWED = frozenset({Result.PARTLY_APPROVED, Result.MODIFIED})
_NO_MATTER = frozenset({Result.CANCELLED, Result.NO_ACTION_REQUIRED})
_AGAINST = frozenset({Result.DENIED, Result.PENDED, Result.CANCELLED, Result.CONTACT_PAYER, Result.UNRECOGNIZED})


def settled(
    sequence: int, review: Review, rows: Sequence[Element], added: Sequence[AuthorizedItem], message: Message
) -> Review:
    """The decision on an item after a look at its parts and at the rows added for it.

    Modified or partly approved goes with a row that is granted, for that row says what was granted (spec-36), and
    is pended while such a row is. Any other difference on an item that is granted is a disagreement; on one that is
    not it leaves the decision, and a person looks.
    """
    if review.doubt or message.withheld or message.spoiled or message.doubt:
        return review
    if decided_parts(rows, message.codes) - {review.result}:
        return _doubtful(review, "the payer decided otherwise on a part of it")
    said = {row.result: row.action for row in added if row.action and sequence in row.replaces}
    other = said.keys() - {review.result}
    if review.result in _NARROWED:
        other -= GRANTED
        if other == {Result.PENDED} and (action := said[Result.PENDED]):
            return replace(review, result=Result.PENDED, action=action, source=action.source)
    if other and review.result in GRANTED:
        return _doubtful(review, "the payer's review actions disagree")
    if other:
        attention = f"item {sequence}: what the payer added for it says otherwise"
        message.remarks.warn("addItem", review.source, "The item and its addItem differ.", attention=attention)
    return review


def _doubtful(review: Review, doubt: str) -> Review:
    return replace(review, result=Result.UNRECOGNIZED, doubt=doubt)


def weighed(message: Message, event: Review, items: Collection[Result]) -> Message:
    """The message after its decision on the whole request was held against those on the items.

    A decision that is no summary of theirs is shown to a person. When every item is granted and the whole is not,
    it is open which of the two holds, so the grants are withheld.
    """
    if event.action is None or not items or _sums_up(event.result, items):
        return message
    doubt = "the payer's decision on the whole request does not fit those on its items"
    message.remarks.warn("event-level", event.source, "The whole request and its items differ.", attention=doubt)
    if event.result in _AGAINST and _that_matter(items) <= GRANTED:
        return replace(message, withheld=doubt)
    return message


def _sums_up(event: Result, items: Collection[Result]) -> bool:
    """Whether `event` may stand over such items: partly or modified over a mixture with a grant in it, pended and
    contact payer over at least one of them, all else over items that are the same (X12 278: HCR in the event loop
    beside HCR in the service loops)."""
    results = _that_matter(items)
    if event in _NARROWED:
        return bool(results & GRANTED) and results != {Result.APPROVED}
    if event in (Result.PENDED, Result.CONTACT_PAYER):
        return event in results
    return results == {event}


def _that_matter(items: Collection[Result]) -> set[Result]:
    """The results without those of items that are out of the payer's hands, unless there are no others."""
    return set(items) - _NO_MATTER or set(items)
