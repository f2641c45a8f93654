"""The public JSON of an authorization's items and of what the payer said about each."""

from datetime import date
from typing import Any

from pydantic import field_validator

from gateway.api.view import Number, View
from gateway.model.authorization import Channel, Result


class Code(View):
    code: str
    system: str
    source: str
    """Path in the message it was read from."""


class Quantity(View):
    value: Number
    unit: str


class Dates(View):
    """Whole days, both included; either end may be open."""

    start: date | None
    end: date | None


class Note(View):
    """A payer's words."""

    text: str
    source: str


class Provider(View):
    """Who is authorized to deliver."""

    reference: str
    npi: str
    source: str


class AuthorizedItem(View):
    """What the payer granted instead of, or beside, what was asked."""

    replaces: tuple[int, ...]
    """Item sequences it stands for; empty when nobody asked for it."""
    result: Result
    code: Code | None
    modifiers: tuple[Code, ...]
    quantity: Quantity | None
    dates: Dates | None
    place: Code | None
    providers: tuple[Provider, ...]
    authorization_number: str
    valid: Dates | None
    action: Code | None
    source: str


class Answer(View):
    """The payer's answer for one item."""

    result: Result
    action: Code | None
    """The raw review action code, kept even when it is not recognized."""
    reasons: tuple[Code, ...]
    notes: tuple[Note, ...]
    authorization_number: str
    administration_reference_number: str
    """The payer's tracking number for a request that is not decided."""
    previous_authorization_number: str
    issued: date | None
    valid: Dates | None
    quantity: Quantity | None
    providers: tuple[Provider, ...]
    authorized: tuple[AuthorizedItem, ...]
    channel: Channel
    sources: dict[str, str]
    """Field name to path in the payer's message."""

    @field_validator("sources", mode="before")
    @classmethod
    def _pairs(cls, value: Any) -> Any:
        return dict(value)


class Item(View):
    """One requested service; `sequence` never changes."""

    sequence: int
    order: str
    trace_system: str
    trace_value: str
    service: Code
    request_category: str
    certification_type: str
    service_type: str
    place: str
    quantity: Quantity | None
    dates: Dates | None
    result: Result
    answer: Answer | None
