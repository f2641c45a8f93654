"""Who we are to payers: the site profile (`site.yaml`), read once at start.

PAS 2.2.1 profile-requestor, `Claim.provider`, extension transmissionIdentifiers; `pa site init` writes the file.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gateway.model.errors import ConfigFault
from gateway.payers import site_file
from gateway.payers.yaml_file import FileFault, read_table


class Review(StrEnum):
    """What happens to a request that is ready: it goes out, or a person releases it first."""

    SEND = "send"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Sender:
    """GS02 and ISA06: how we name ourselves in transmissionIdentifiers and in the subscription filter."""

    application_sender_code: str
    interchange_sender_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TracePlace:
    """Under which department and state our trace numbers are kept (PASIdentifier extensions); empty where not said."""

    department: str = ""
    jurisdiction: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A US postal address; `lines` are street lines."""

    lines: tuple[str, ...]
    city: str
    state: str
    postal_code: str
    country: str = "US"


@dataclass(frozen=True, slots=True)
class Contact:
    """The person or desk a payer calls back; at least one of phone and email is there."""

    name: str
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requestor:
    """An organization that asks for authorizations.

    Attributes:
        key: how the gateway and its callers name it.
        npi: ten digits with a right check digit; `tax_id`: nine digits without a hyphen, or empty.
        type: X12 98 code, e.g. 1P or FA.
        known_as: references (`Organization/org1234`) and identifiers by which orders name it, besides its NPI.
        sender: the site's, unless the file gives this requestor its own.
    """

    key: str
    name: str
    npi: str
    tax_id: str
    type: str
    address: Address
    contact: Contact
    known_as: tuple[str, ...]
    sender: Sender


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A key by reference; every key stays in the published key set, only active ones sign.

    Attributes:
        alg: ES384 or RS384.
        reference: `file:` path, relative to the site file, or `env:` variable.
    """

    kid: str
    alg: str
    reference: str
    active: bool


class Told(StrEnum):
    """Which events a client is told of: every one, or final decisions only (the payer's, and those entered by hand)."""

    ALL = "all"
    DECISIONS = "decisions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where a client of the API is told of what happens to its authorizations.

    Attributes:
        client: its name (`pa client list`); `local` is a caller without a token.
        secrets: references; a message is signed with each of them, so that they can be changed one at a time.
        allow_loopback: the URL may be this machine, over plain http; development only.
    """

    client: str
    url: str
    secrets: tuple[str, ...]
    events: Told
    allow_loopback: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The whole site profile.

    Attributes:
        path: the file it came from; `file:` references are relative to its folder.
        trace_originator: TRN03, the ten characters after `urn:trnorg:` in our trace numbers.
        time_zone: IANA name; decides which day it is.
    """

    path: Path
    time_zone: str
    review: Review
    trace_originator: str
    trace_place: TracePlace
    sender: Sender
    requestors: tuple[Requestor, ...]
    signing_keys: tuple[SigningKey, ...]
    webhooks: tuple[Webhook, ...] = ()

    def requestor(self, key: str) -> Requestor | None:
        """The requestor of that key, if there is one."""
        return next((requestor for requestor in self.requestors if requestor.key == key), None)

    def known_as(self, name: str) -> Requestor | None:
        """The requestor that an order means by a reference, an NPI or another identifier; None when unknown."""
        return next((r for r in self.requestors if name and (name == r.npi or name in r.known_as)), None)

    def webhook(self, client: str) -> Webhook | None:
        """Where that client wants to be told, if it does."""
        return next((webhook for webhook in self.webhooks if webhook.client == client), None)


def load_site(path: Path) -> Site:
    """Read the site profile.

    Raises:
        ConfigFault: no file, or anything wrong in it; all problems listed with line, key and fix.
    """
    if not path.is_file():
        raise ConfigFault(
            f"There is no site profile at {path}: it says who asks for authorizations (name, NPI, address, contact), "
            "by which sender ids payers know you, and which key signs.",
            fix=f"Run `pa site init --file {path}` and fill in the file, or add --example for an invented clinic.",
        )
    try:
        table = read_table(path, site_file.SiteTable)
    except FileFault as fault:
        raise ConfigFault(
            "The site profile cannot be used:",
            fix="Correct the lines above and run `pa site check`.",
            problems=fault.problems,
        ) from None
    return _site(path, table)


def _site(path: Path, table: site_file.SiteTable) -> Site:
    sender = _sender(table.sender)
    return Site(
        path=path,
        time_zone=table.time_zone,
        review=Review(table.review),
        trace_originator=table.trace_originator,
        trace_place=TracePlace(
            department=table.trace_place.department, jurisdiction=table.trace_place.jurisdiction or ""
        ),
        sender=sender,
        requestors=tuple(_requestor(row, sender) for row in table.requestors),
        signing_keys=tuple(
            SigningKey(kid=row.kid, alg=row.alg, reference=row.key, active=row.active) for row in table.signing_keys
        ),
        webhooks=tuple(_webhook(row) for row in table.webhooks),
    )


def _requestor(row: site_file.RequestorTable, sender: Sender) -> Requestor:
    return Requestor(
        key=row.key,
        name=row.name,
        npi=row.npi,
        tax_id=row.tax_id or "",
        type=row.type,
        address=address(row.address),
        contact=Contact(row.contact.name, row.contact.phone, row.contact.email),
        known_as=row.known_as,
        sender=_sender(row.sender) if row.sender else sender,
    )


def _sender(row: site_file.SenderTable) -> Sender:
    return Sender(row.application_sender_code, row.interchange_sender_id)


def _webhook(row: site_file.WebhookTable) -> Webhook:
    return Webhook(
        client=row.client,
        url=row.url,
        secrets=row.secrets,
        events=Told(row.events),
        allow_loopback=row.allow_loopback,
    )


def address(row: site_file.AddressTable) -> Address:
    """The address of a file as a value."""
    return Address(lines=row.lines, city=row.city, state=row.state, postal_code=row.postal_code, country=row.country)
