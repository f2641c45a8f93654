"""The shape of `profiles/payers/*.yaml`: which keys a payer profile has, what each means, and the rule of its value.

`profiles/payers/schema.json` is printed from here (`pa payer schema`), so that editors explain the same rules.
"""

import json
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from gateway.model.clocks import Duration
from gateway.payers.field_rules import (
    IsoDuration,
    Key,
    Npi,
    OrganizationType,
    SecretReference,
    TaxId,
    Text,
    TimeZone,
    Url,
    X12Id,
    misplaced,
)
from gateway.payers.site_file import AddressTable
from gateway.payers.yaml_file import PlacedError, Table

_MAYBE_ACCEPTED = "after this status the payer may have the request; write in_doubt, and the payer is asked."


_NEEDED = {
    "private_key_jwt": ("key", "alg", "scope"),
    "client_secret_basic": ("secret",),
    "client_secret_post": ("secret",),
}
_USED = {
    "private_key_jwt": {"key", "alg", "audience"},
    "client_secret_basic": {"secret"},
    "client_secret_post": {"secret"},
}


class IdentifierTable(Table):
    system: Annotated[Text, Field(description="FHIR Identifier.system")]
    value: Annotated[Text, Field(description="FHIR Identifier.value")]


class MatchTable(Table):
    """How an order's Coverage is recognized as this payer's."""

    identifiers: Annotated[tuple[IdentifierTable, ...], Field(description="identifiers of Coverage.payor")] = ()
    names: Annotated[tuple[Text, ...], Field(description="names of the payor, compared without case and marks")] = ()
    plans: Annotated[tuple[Text, ...], Field(description="values of Coverage.class of type plan")] = ()

    @model_validator(mode="after")
    def _something(self) -> "MatchTable":
        if not (self.identifiers or self.names or self.plans):
            raise ValueError("matches nothing; write at least one of identifiers, names, plans.")
        return self


class InsurerTable(Table):
    """The insurer organization that requests name (PAS profile-insurer)."""

    name: Text
    payer_id: Annotated[IdentifierTable | None, Field(description="identifier of type payerid")] = None
    npi: Npi | None = None
    tax_id: TaxId | None = None
    type: Annotated[OrganizationType, Field(description="X12 98 code")] = "PR"
    address: AddressTable | None = None

    @model_validator(mode="after")
    def _identified(self) -> "InsurerTable":
        if not (self.payer_id or self.npi or self.tax_id):
            raise ValueError("has no identifier; write at least one of payer_id, npi, tax_id.")
        return self


class ReceiverTable(Table):
    application_receiver_code: Annotated[X12Id, Field(description="GS03")]
    interchange_receiver_id: Annotated[X12Id | None, Field(description="ISA08")] = None


class SpeaksTable(Table):
    pas: Text


class EndpointsTable(Table):
    fhir: Annotated[Url, Field(description="base URL; requests go to [fhir]/Claim/$submit")]
    token: Annotated[Url | None, Field(description="token URL; without it, [fhir]/.well-known is asked")] = None
    allow: Annotated[tuple[Url, ...], Field(description="other origins where a discovered token URL may be")] = ()
    dry_submit: Annotated[Url | None, Field(description="judges a request, keeps nothing; for pa payer check")] = None


class AuthTable(Table):
    method: Literal["private_key_jwt", "client_secret_basic", "client_secret_post"]
    client_id: Text
    key: Annotated[Text | None, Field(description="kid of a signing key of the site")] = None
    alg: Literal["ES384", "RS384"] | None = None
    secret: Annotated[SecretReference | None, Field(description="file: or env: reference")] = None
    scope: Annotated[str, Field(description="scopes, separated by spaces")] = ""
    audience: Annotated[Text | None, Field(description="aud of the assertion; without it, the token URL")] = None

    @model_validator(mode="after")
    def _complete(self) -> "AuthTable":
        for name in _NEEDED[self.method]:
            if not getattr(self, name):
                raise PlacedError("method", f"{self.method} needs `{name}`; add it.")
        for name in {"key", "alg", "audience", "secret"} - _USED[self.method]:
            if getattr(self, name):
                raise PlacedError(name, f"{self.method} does not use this; remove it.")
        return self


class ClocksTable(Table):
    standard: IsoDuration
    expedited: IsoDuration
    respond: Annotated[IsoDuration, Field(description="how long an answer to $submit may take")]
    time_zone: TimeZone = "UTC"


class LimitsTable(Table):
    reply_bytes: Annotated[int, Field(ge=1024, le=268_435_456, description="the largest answer, unpacked")] = 16_777_216
    concurrent: Annotated[int, Field(ge=1, le=32, description="requests at once, per gateway process")] = 4
    per_second: Annotated[int, Field(ge=1, le=1000, description="requests begun per second, per gateway process")] = 50


class LostReplyTable(Table):
    """What is done when a request may have reached the payer and no trustworthy answer came."""

    inquiry: Annotated[
        Literal["complete", "partial", "none"],
        Field(description="complete: what $inquire does not find, the payer does not have; none: it has no $inquire"),
    ]
    quiet: Annotated[
        IsoDuration,
        Field(
            description="the longest after which a request may still be taken up, by a queue or a proxy too; "
            "below PT1M only for a payer that takes up none whose connection is gone"
        ),
    ] = "PT3M"
    lag: Annotated[IsoDuration, Field(description="how far $inquire may lag behind the payer's book")] = "PT1M"
    asks: Annotated[int, Field(ge=1, le=10, description="how often the payer is asked before a person is")] = 3
    between: Annotated[IsoDuration, Field(description="wait between two inquiries")] = "PT5M"


class RetryTable(Table):
    """Waits before what the payer surely did not take goes again: doubled each time, with full jitter."""

    first: IsoDuration = "PT5S"
    most: IsoDuration = "PT1H"
    budget: Annotated[
        int, Field(ge=1, le=100, description="repetitions per 100 first attempts while the payer is in trouble")
    ] = 10

    @model_validator(mode="after")
    def _ordered(self) -> "RetryTable":
        _not_above("first", self.first, self.most)
        return self


class CircuitTable(Table):
    """After so many failures in a row nothing is sent for a while, doubled each further time up to `most`."""

    failures: Annotated[int, Field(ge=1, le=100)] = 5
    open: IsoDuration = "PT30S"
    most: IsoDuration = "PT5M"

    @model_validator(mode="after")
    def _ordered(self) -> "CircuitTable":
        _not_above("open", self.open, self.most)
        return self


def _not_above(place: str, first: str, most: str) -> None:
    if Duration.parse(first).seconds > Duration.parse(most).seconds:
        raise PlacedError(place, f"is longer than `most` ({most}); shorten it, or write a longer `most`.")


class ReplyTable(Table):
    """What one HTTP status of this payer means, where it differs from the default."""

    status: Annotated[int, Field(ge=100, le=599)]
    action: Literal["answer", "rejection", "not_accepted", "in_doubt"]
    again_after: Annotated[IsoDuration | None, Field(description="wait when there is no Retry-After")] = None
    why: Annotated[Text, Field(description="where the payer says so")]

    @model_validator(mode="after")
    def _safe(self) -> "ReplyTable":
        settled = 400 <= self.status < 500 or self.status == 503
        if self.action in ("not_accepted", "rejection") and not settled:
            raise ValueError(_MAYBE_ACCEPTED)
        if self.action == "answer" and not 200 <= self.status < 300:
            raise ValueError("only a 2xx status carries an answer; write rejection, not_accepted or in_doubt.")
        if self.again_after and self.action != "not_accepted":
            raise ValueError("`again_after` goes with action not_accepted only; remove it.")
        return self


class PayerTable(Table):
    """One payer, its endpoint and its ways."""

    id: Annotated[Key, Field(description="the name of the file without .yaml")]
    name: Text
    match: MatchTable
    insurer: InsurerTable
    receiver: ReceiverTable
    speaks: Annotated[SpeaksTable, Field(description="version of each guide")]
    endpoints: EndpointsTable
    auth: AuthTable
    clocks: ClocksTable
    review: Annotated[Literal["send", "hold"], Field(description="hold: a person releases each request")] = "send"
    limits: LimitsTable = LimitsTable()
    lost_reply: Annotated[
        LostReplyTable | None, Field(description="left out: the payer is asked once, then a person")
    ] = None
    retry: RetryTable = RetryTable()
    circuit: CircuitTable = CircuitTable()
    replies: tuple[ReplyTable, ...] = ()
    allow_loopback: Annotated[bool, Field(description="this machine, with plain http: development only")] = False

    @field_validator("replies")
    @classmethod
    def _once(cls, rows: tuple[ReplyTable, ...]) -> tuple[ReplyTable, ...]:
        if len({row.status for row in rows}) != len(rows):
            raise ValueError("two rows have the same status; keep one.")
        return rows

    @model_validator(mode="after")
    def _reachable(self) -> "PayerTable":
        table = self.endpoints
        named = (("fhir", table.fhir), ("token", table.token), ("dry_submit", table.dry_submit))
        for place, url in (*named, *(("allow", url) for url in table.allow)):
            if url and (wrong := misplaced(url, loopback=self.allow_loopback)):
                raise PlacedError(f"endpoints.{place}", wrong)
        return self


def schema_text() -> str:
    """The JSON Schema of a payer profile, as it stands in `profiles/payers/schema.json`."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **PayerTable.model_json_schema()}
    return json.dumps(schema, indent=2) + "\n"
