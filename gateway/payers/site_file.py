"""The shape of `site.yaml`: which keys it has, and the rule of each value."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from gateway.payers.field_rules import (
    Country,
    Key,
    Npi,
    OrganizationType,
    PostalCode,
    SecretReference,
    State,
    TaxId,
    Text,
    TimeZone,
    TraceOriginator,
    Url,
    X12Id,
    misplaced,
)
from gateway.payers.yaml_file import PlacedError, Table


class SenderTable(Table):
    application_sender_code: X12Id
    interchange_sender_id: X12Id


class TracePlaceTable(Table):
    department: str = ""
    jurisdiction: State | None = None


class AddressTable(Table):
    lines: Annotated[tuple[Text, ...], Field(min_length=1)]
    city: Text
    state: State
    postal_code: PostalCode
    country: Country = "US"


class ContactTable(Table):
    name: Text
    phone: str = ""
    email: str = ""

    @model_validator(mode="after")
    def _reachable(self) -> "ContactTable":
        if not (self.phone or self.email):
            raise ValueError("a contact has a phone number or an email address; add one.")
        return self


class RequestorTable(Table):
    key: Key
    name: Text
    npi: Npi
    tax_id: TaxId | None = None
    type: OrganizationType
    address: AddressTable
    contact: ContactTable
    known_as: tuple[Text, ...] = ()
    sender: SenderTable | None = None


class SigningKeyTable(Table):
    kid: Text
    alg: Literal["ES384", "RS384"]
    key: SecretReference
    active: bool = True


class WebhookTable(Table):
    client: Key
    url: Url
    secrets: Annotated[tuple[SecretReference, ...], Field(min_length=1)]
    events: Literal["all", "decisions"] = "all"
    allow_loopback: bool = False

    @model_validator(mode="after")
    def _reachable(self) -> "WebhookTable":
        if wrong := misplaced(self.url, loopback=self.allow_loopback):
            raise PlacedError("url", wrong)
        return self


class SiteTable(Table):
    time_zone: TimeZone
    review: Literal["send", "hold"]
    trace_originator: TraceOriginator
    trace_place: TracePlaceTable = TracePlaceTable()
    sender: SenderTable
    requestors: Annotated[tuple[RequestorTable, ...], Field(min_length=1)]
    signing_keys: tuple[SigningKeyTable, ...] = ()
    webhooks: tuple[WebhookTable, ...] = ()

    @field_validator("requestors")
    @classmethod
    def _distinct(cls, rows: tuple[RequestorTable, ...]) -> tuple[RequestorTable, ...]:
        if _twice(row.key for row in rows):
            raise ValueError("two requestors have the same key; give each its own.")
        if _twice(name for row in rows for name in {row.npi, *row.known_as}):
            raise ValueError("two requestors are known by the same name or NPI; an order could mean either.")
        return rows

    @field_validator("signing_keys")
    @classmethod
    def _named(cls, rows: tuple[SigningKeyTable, ...]) -> tuple[SigningKeyTable, ...]:
        if _twice(row.kid for row in rows):
            raise ValueError("two signing keys have the same kid; give each its own.")
        return rows

    @field_validator("webhooks")
    @classmethod
    def _one_each(cls, rows: tuple[WebhookTable, ...]) -> tuple[WebhookTable, ...]:
        if _twice(row.client for row in rows):
            raise ValueError("two webhooks have the same client; a client is told at one URL.")
        return rows


def _twice(names: Iterable[str]) -> bool:
    seen = list(names)
    return len(seen) != len(set(seen))
