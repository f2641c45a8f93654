"""What travelled between us and a payer, and what came of an attempt to send."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Direction(StrEnum):
    """`draft` is a request as built and checked, before anyone decided to send it."""

    DRAFT = "draft"
    REQUEST = "request"
    REPLY = "reply"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One leg of an HTTP exchange, immutable: the exact bytes and their SHA-256.

    The draft is committed with the record it was built for, the request leg before anything is sent, the reply
    leg, if one came, with the step it caused.

    Attributes:
        pair: joins the reply to its request; equal to the request leg's id.
        identifier: Bundle.identifier value of a request; empty on a reply.
        status: HTTP status of a reply; 0 on a request.
    """

    id: str
    authorization: str
    pair: str
    operation: str
    attempt: int
    direction: Direction
    at: datetime
    url: str = ""
    status: int = 0
    media_type: str = ""
    identifier: str = ""
    sha256: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The payer's whole HTTP answer. `retry_after` and `date` are headers as sent; empty when missing."""

    status: int
    media_type: str
    body: bytes = field(repr=False)
    received_at: datetime
    retry_after: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class NotSent:
    """Not one byte of the request left: no address, no connection, no TLS, no token.

    `ours`: it says nothing of the payer; a rule, a key, or the hold on the step was missing on our side.
    """

    reason: str
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """Bytes left and no whole answer came: the payer may or may not have the request."""

    reason: str


Outcome = Reply | NotSent | Lost


class Verdict(StrEnum):
    """What an outcome means for the request (classified by a pure function and the payer's own table)."""

    ANSWER = "answer"
    REJECTION = "rejection"
    NOT_ACCEPTED = "not_accepted"
    IN_DOUBT = "in_doubt"
