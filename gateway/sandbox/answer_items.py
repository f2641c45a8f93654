"""Builds what a ClaimResponse says about one item: the decision on it, and what is authorized instead.

Since PAS 2.1 the latter is an addItem (2.2.1 spec-36); in 2.0.1 it stands in the item's authorizedItemDetail.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from gateway.sandbox import names
from gateway.sandbox.elements import Element, codings, element, elements, extensions, text
from gateway.sandbox.scenarios import ItemAnswer
from gateway.sandbox.versions import AnswerShape


@dataclass(frozen=True, slots=True)
class Decision:
    """One item decided.

    Attributes:
        item: the ClaimResponse.item row.
        added: the ClaimResponse.addItem row; None when the item stands as asked.
        code: the service code asked for.
    """

    scenario: str
    sequence: int
    code: str
    action: str
    authorization_number: str
    administration_reference_number: str
    item: Element
    added: Element | None = None


@dataclass(frozen=True, slots=True)
class Notes:
    """The processNote rows of one answer, each text once."""

    rows: list[Element] = field(default_factory=list)

    def number(self, note: str) -> int:
        """The number of the row that holds `note`."""
        for row in self.rows:
            if row["text"] == note:
                return int(row["number"])
        self.rows.append({"number": len(self.rows) + 1, "type": "display", "text": note})
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Pen:
    """What every answer is written with: the clock, the source of numbers, the notes, the shape of the version."""

    now: datetime
    new_id: Callable[[], UUID]
    shape: AnswerShape
    notes: Notes = field(default_factory=Notes)


def answer_item(item: Element, answer: ItemAnswer, scenario: str, pen: Pen) -> Decision:
    """Decide on one Claim.item as `answer` says; numbers come from the pen's ids, dates from the item and its clock."""
    number = _number("AUTH", pen.new_id) if answer.authorization_number else ""
    tracking = _number("REF", pen.new_id) if answer.administration_reference_number else ""
    dates = _dates(item, answer, pen.now.date())
    row: Element = {"extension": [*_echoed(item), *dates]}
    if tracking:
        row["extension"].append({"url": names.ADMINISTRATION_REFERENCE_NUMBER, "valueString": tracking})
    if answer.percent:
        row["extension"].append(detail(item, 100 if pen.shape.has_add_item else answer.percent, pen.shape))
    row["itemSequence"] = item["sequence"]
    if answer.note:
        row["noteNumber"] = [pen.notes.number(answer.note)]
    row["adjudication"] = [_review(answer.action, number, answer.reasons)]
    if not row["extension"]:
        del row["extension"]
    return Decision(
        scenario=scenario,
        sequence=item["sequence"],
        code=next((code for _, code in codings(element(item, "productOrService"))), ""),
        action=answer.action,
        authorization_number=number,
        administration_reference_number=tracking,
        item=row,
        added=_added(item, answer, dates, number) if answer.percent and pen.shape.has_add_item else None,
    )


def _number(prefix: str, new_id: Callable[[], UUID]) -> str:
    return f"{prefix}{new_id().hex[-10:].upper()}"


def _echoed(item: Element) -> list[Element]:
    rows = [*extensions(item, names.ITEM_TRACE_NUMBER)]
    if "servicedDate" in item:
        rows.append({"url": names.REQUESTED_SERVICE_DATE, "valueDateTime": item["servicedDate"]})
    elif "servicedPeriod" in item:
        rows.append({"url": names.REQUESTED_SERVICE_DATE, "valuePeriod": item["servicedPeriod"]})
    return rows


def _dates(item: Element, answer: ItemAnswer, today: date) -> list[Element]:
    if not answer.valid_days:
        return []
    asked = text(item, "servicedDate") or text(element(item, "servicedPeriod"), "start")
    start = (date.fromisoformat(asked) if asked else today) + timedelta(days=answer.starts_days_later)
    end = start + timedelta(days=answer.valid_days - 1)
    return [
        {"url": names.ISSUE_DATE, "valueDate": today.isoformat()},
        {"url": names.VALID_PERIOD, "valuePeriod": {"start": start.isoformat(), "end": end.isoformat()}},
    ]


def detail(item: Element, percent: int, shape: AnswerShape) -> Element:
    """authorizedItemDetail: a share of what was requested; all of it where it only restates the request (2.2.1)."""
    parts: list[Element] = [{"url": "productOrServiceCode", "valueCodeableConcept": item["productOrService"]}]
    parts += [{"url": "modifier", "valueCodeableConcept": modifier} for modifier in elements(item, "modifier")]
    if "quantity" in item:
        parts.append({"url": "quantity", "valueQuantity": _share(item["quantity"], percent)})
    if "revenue" in item:
        parts.append({"url": shape.revenue, "valueCodeableConcept": item["revenue"]})
    return {"url": names.AUTHORIZED_DETAIL, "extension": parts}


def _added(item: Element, answer: ItemAnswer, dates: list[Element], number: str) -> Element:
    kept = (names.ITEM_TRACE_NUMBER, names.REQUEST_TYPE, names.CERTIFICATION_TYPE)
    row: Element = {
        "extension": [
            *(extension for url in kept for extension in extensions(item, url)),
            {"url": names.ITEM_CATEGORY, "valueCodeableConcept": item["category"]},
            *dates,
        ],
        "itemSequence": [item["sequence"]],
        "productOrService": item["productOrService"],
    }
    row |= {name: item[name] for name in ("modifier", "locationCodeableConcept") if name in item}
    period: Any = next((found["valuePeriod"] for found in dates if "valuePeriod" in found), None)
    if period:
        row["servicedPeriod"] = period
    if "quantity" in item:
        row["quantity"] = _share(item["quantity"], answer.percent)
    row["adjudication"] = [_review("A1", number, ())]
    return row


def _share(asked: Element, percent: int) -> Element:
    """A share of the asked quantity in whole units, at least one; all of it as it came."""
    if percent == 100 or "value" not in asked:
        return asked
    return {**asked, "value": max(1, int(Decimal(asked["value"]) * percent / 100))}


def _review(action: str, number: str, reasons: tuple[str, ...]) -> Element:
    parts: list[Element] = []
    if number:
        parts.append({"url": "number", "valueString": number})
    parts += [
        {"url": "reasonCode", "valueCodeableConcept": {"coding": [{"system": names.REASON_SYSTEM, "code": reason}]}}
        for reason in reasons
    ]
    parts.append(
        {
            "url": names.REVIEW_ACTION_CODE,
            "valueCodeableConcept": {"coding": [{"system": names.REVIEW_ACTION_SYSTEM, "code": action}]},
        }
    )
    return {
        "extension": [{"url": names.REVIEW_ACTION, "extension": parts}],
        "category": {"coding": [{"system": names.ADJUDICATION_SYSTEM, "code": "submitted"}]},
    }
