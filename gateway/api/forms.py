"""What callers send as JSON: the forms of the things people do with an authorization."""

import re
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from gateway.api.callers import Caller
from gateway.api.view import Number
from gateway.flow.prepare import Treatment
from gateway.flow.review import SpokenDecision
from gateway.model import authorization as model
from gateway.model.authorization import Channel, Result, State
from gateway.model.changes import Cause

Name = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Words = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00]*$")]
ByHand = Literal[Channel.PHONE, Channel.PORTAL, Channel.FAX, Channel.MAIL]


def _start_of_day(given: object) -> object:
    return f"{given}T00:00:00Z" if isinstance(given, str) and _DATE.fullmatch(given) else given


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT_OR_DATE = WithJsonSchema({"type": "string", "anyOf": [{"format": "date-time"}, {"format": "date"}]})
Due = Annotated[AwareDatetime, BeforeValidator(_start_of_day), _INSTANT_OR_DATE]


class Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Act(Form):
    """Who did it."""

    by: Annotated[str, StringConstraints(max_length=80, pattern=r"^[\w .,@'-]*$")] = ""
    """The person, as your system names them; the client's name is kept beside it."""

    def actor(self, caller: Caller) -> str:
        return f"person:{self.by}@{caller.client}" if self.by else caller.actor


class Drop(Act):
    """Why a request is given up."""

    reason: Annotated[Words, StringConstraints(min_length=1)]


class Pause(Act):
    """Why nothing is sent to a payer."""

    reason: Annotated[Words, StringConstraints(min_length=1)]


class Resolution(Act):
    """What became of a request in doubt, as a person found out."""

    way: Annotated[Literal["this", "none", "stop"], Field(alias="as")]
    """`this`: the payer has it, as the `candidate` that the evidence shows. `none`: a person made sure that the payer
    does not have it; the same bytes are sent again. `stop`: it is given up, wherever it is."""
    candidate: Annotated[str, StringConstraints(max_length=64, pattern=r"^[0-9A-Za-z-]*$")] = ""
    """Key of the candidate, with `this`."""
    reason: Words = ""
    """How that was found out, or why it is given up; needed with `none` and `stop`."""

    @model_validator(mode="after")
    def _says_all_it_needs(self) -> Self:
        if self.way == "this" and not self.candidate:
            raise PydanticCustomError("candidate_missing", "say which candidate it is: GET …/doubt lists them")
        if self.way != "this" and (self.candidate or not self.reason.strip()):
            raise PydanticCustomError("reason_missing", "none and stop take a reason, and no candidate")
        return self


class Amount(Form):
    value: Number
    unit: Name = ""


class ItemDecision(Form):
    """The decision on one item."""

    item: Annotated[int, Field(ge=0)] = 0
    """Item sequence; 0 is every item."""
    result: Result
    authorization_number: Name = ""
    valid_from: date | None = None
    valid_through: date | None = None
    quantity: Amount | None = None
    reason_codes: tuple[Name, ...] = ()
    note: Words = ""

    @model_validator(mode="after")
    def _period_runs_forward(self) -> Self:
        if self.valid_from and self.valid_through and self.valid_from > self.valid_through:
            raise PydanticCustomError("reversed_period", "valid_from is after valid_through: exchange or correct them")
        return self

    def spoken(self) -> SpokenDecision:
        amount = self.quantity
        return SpokenDecision(
            item=self.item,
            result=self.result,
            authorization_number=self.authorization_number,
            valid_from=self.valid_from,
            valid_through=self.valid_through,
            quantity=model.Quantity(amount.value, amount.unit) if amount else None,
            reason_codes=self.reason_codes,
            note=self.note,
        )


class Decision(Act):
    """A decision that came by phone, portal, fax or mail."""

    channel: ByHand
    evidence: Annotated[Words, StringConstraints(min_length=1)]
    """Who said it, a call reference, or where the letter is kept."""
    decided_on: date | None = None
    """The day on which the payer decided; today when left out."""
    decisions: Annotated[tuple[ItemDecision, ...], Field(min_length=1, max_length=1000)]


class Waiting(Form):
    """How long to wait for decisions."""

    wait: Annotated[float, Field(ge=0, le=300)] | None = None
    """Longest wait for decisions, in seconds; 0 answers at once. Without it: as long as the payer's profile says it
    takes to respond."""


class Treating(Form):
    """How to treat an order."""

    split: bool = False
    """One Claim per order."""
    hold: bool = False
    """Wait for release before sending."""
    requestor: Name = ""
    """Requestor key; otherwise the order decides."""
    payer: Name = ""
    """Payer id; otherwise the coverage decides."""

    def treatment(self) -> Treatment:
        return Treatment(split=self.split, hold=self.hold, requestor=self.requestor, payer=self.payer)


class Submission(Treating, Waiting):
    """How to treat an order that is sent."""


class Rehearsal(Treating):
    """How to treat an order that is only checked."""

    bundle: bool = False
    """Show the request bundles that would be sent."""


class Filters(Form):
    """Which authorizations; what is left out does not filter."""

    order: Name = ""
    patient: Name = ""
    """The patient reference of the order, e.g. `Patient/p1`."""
    payer: Name = ""
    state: list[State] = Field(default_factory=list)
    """Repeatable."""
    due_before: Due | None = None
    """Only those whose decision is due before this instant, e.g. `2026-11-24T15:00:00Z`; a date is its start, UTC."""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    offset: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0


class Following(Form):
    """Where to go on reading events, and how far."""

    after: Annotated[int, Field(ge=0, le=2**53)] = 0
    """Only events past this position."""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class WorkKey(Form):
    """Which step of an authorization."""

    key: Annotated[str, StringConstraints(max_length=64, pattern=r"^[0-9a-z/-]*$")] = ""
    """Left out: the authorization's own next step; else the `key` of a webhook's, e.g. `notify/5`."""


class WorkFilters(Form):
    """Which work; what is left out does not filter."""

    cause: Cause | None = None
    payer: Name = ""
    """A payer's id."""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    offset: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0


FORMS = (Act, Drop, Pause, Decision, Resolution)
