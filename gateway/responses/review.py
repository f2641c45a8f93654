"""The PAS review action: the payer's decision on an item, on what it added, or on the whole request.

`adjudication[].extension[reviewAction]` with `reviewActionCode`, `number`, `reasonCode` (PAS 2.2.1; X12 HCR).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.model.authorization import Code, Note, Result
from gateway.responses.codes import ReviewCodes
from gateway.responses.element import Element
from gateway.responses.reading import Remarks
from gateway.responses.values import codes as codes_of

Text = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A decision and where it was read.

    Attributes:
        source: path of its code, or of the review action where it has none.
        doubt: why the result is unrecognized, in words.
        number: the authorization number and its path; two empty texts when there is none.
        words: reasons that came as text without a code.
    """

    result: Result
    source: str
    doubt: str = ""
    action: Code | None = None
    number: Text = ("", "")
    reasons: tuple[Code, ...] = ()
    words: tuple[Note, ...] = ()


def read_review(rows: Iterable[Element], codes: ReviewCodes, remarks: Remarks) -> Review | None:
    """The decision in the adjudications of `rows`; None when they hold no review action at all.

    One that has no code, a code of another system, or a second one that differs is `unrecognized`: the first code
    is kept as it came, and a person looks.
    """
    found = [
        action
        for row in rows
        for adjudication in row.each("adjudication")
        for action in adjudication.extensions("reviewAction")
    ]
    if not found:
        return None
    raw = [code for action in found for code in _codes(action, codes) or (None,)]
    first = next((code for code in raw if code), None)
    result, doubt = codes.result(first) if first else Result.UNRECOGNIZED, ""
    if len({(code.code, codes.is_action(code)) if code else None for code in raw}) > 1:
        result, doubt = Result.UNRECOGNIZED, "the payer's review actions disagree"
    elif result is Result.UNRECOGNIZED:
        doubt = "the payer's review action has no code we know"
    if doubt:
        remarks.warn("review-action", first.source if first else found[0].path, f"Not recognized: {doubt}.")
    reasons = tuple(reason for action in found for reason in action.extensions("reasonCode"))
    for flag in (flag for action in found for flag in action.extensions("secondSurgicalOpinionFlag")):
        if flag.choice("value", "Boolean").value is True:
            remarks.note("second-opinion", flag.path, "The payer asks for a second surgical opinion.")
    return Review(
        result=result,
        doubt=doubt,
        source=first.source if first else found[0].path,
        action=first,
        number=_number(found, remarks),
        reasons=tuple(code for row in reasons for code in codes_of(row.choice("value", "CodeableConcept"))),
        words=tuple(note for row in reasons for note in _words(row)),
    )


def decided_parts(rows: Iterable[Element], codes: ReviewCodes) -> set[Result]:
    """What the review actions on the parts of `rows` mean: `detail`, and `subDetail` inside."""
    details = [detail for row in rows for detail in row.each("detail")]
    parts = (*details, *(part for detail in details for part in detail.each("subDetail")))
    adjudications = (adjudication for part in parts for adjudication in part.each("adjudication"))
    actions = (action for adjudication in adjudications for action in adjudication.extensions("reviewAction"))
    return {codes.result(code) for action in actions for code in _codes(action, codes)}


def _codes(action: Element, codes: ReviewCodes) -> tuple[Code, ...]:
    """The raw codes: those of the X12 list where there are any, else the first of whatever stands in their place."""
    rows = action.extensions("reviewActionCode")
    found = [code for row in rows for code in codes_of(row.choice("value", "CodeableConcept"))]
    if listed := tuple(code for code in found if codes.is_action(code)):
        return listed
    if found:
        return (found[0],)
    # An older form that is no CodeableConcept names no system: kept raw, never understood here.
    plain = [row.choice("value", kind) for row in (*rows, action) for kind in ("Code", "String", "Coding")]
    raw = [Code(code, "", element.path) for element in plain if (code := element.text or element.one("code").text)]
    return tuple(raw[:1])


def _number(actions: list[Element], remarks: Remarks) -> Text:
    rows = [row.choice("value", "String") for action in actions for row in action.extensions("number")]
    numbers = [(row.text, row.path) for row in rows if row.text]
    if len({number for number, _ in numbers}) > 1:
        remarks.warn(
            "authorization-number",
            numbers[0][1],
            "There are several authorization numbers for the same thing; the first is kept.",
            attention="the payer gave several authorization numbers for one item",
        )
    return numbers[0] if numbers else ("", "")


def _words(reason: Element) -> tuple[Note, ...]:
    concept = reason.choice("value", "CodeableConcept")
    text = concept.one("text")
    return (Note(text.text, text.path),) if text.text and not codes_of(concept) else ()
