"""The fault classes of `gateway/chaos/faults.yaml` as typed values, for the faulty payer and for whoever judges it."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

FILE = Path(__file__).resolve().parents[1] / "faults.yaml"


class Level(StrEnum):
    """Where the fault shows."""

    NONE = "none"
    CONNECTION = "connection"
    TLS = "tls"
    HTTP = "http"
    AUTH = "auth"
    SEMANTICS = "semantics"


class Processed(StrEnum):
    """Whether a request that the fault hits was taken up all the same; `late`: when its connection is long gone."""

    ALWAYS = "always"
    NEVER = "never"
    TOSS = "toss"
    LATE = "late"


class Way(StrEnum):
    """What the payer does on the wire; see the modules `ways` and `gates`."""

    NONE = "none"
    REFUSE = "refuse"
    UNKNOWN_HOST = "unknown_host"
    BAD_TLS = "bad_tls"
    BACKLOG = "backlog"
    SILENCE = "silence"
    RESET = "reset"
    CUT = "cut"
    HALVE = "halve"
    TRUNCATE = "truncate"
    PAGE = "page"
    EMPTY = "empty"
    THROTTLE = "throttle"
    STATUS = "status"
    DRIP = "drip"
    FLOOD = "flood"
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - the name of a fault
    CLIENT_REFUSED = "client_refused"
    TOKEN_BROKEN = "token_broken"  # noqa: S105 - the name of a fault
    SKEW = "skew"
    MIXED = "mixed"
    REDIRECT = "redirect"
    OUTCOME = "outcome"


def _ordered(pair: tuple[float, float]) -> tuple[float, float]:
    if not 0 < pair[0] <= pair[1]:
        raise ValueError("write the shorter time first; both are above 0")
    return pair


Range = Annotated[tuple[float, float], AfterValidator(_ordered)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Spell(_Table):
    """How long the fault is on and off in turn, each drawn between two numbers of seconds."""

    down: Range
    up: Range


class Fault(_Table):
    """One fault class; the head of the file explains the keys.

    Attributes:
        host: name of an endpoint that cannot be reached by address.
        fresh: every answer ends its connection, so that each request needs a new one.
        wait: seconds; of Retry-After, or between two bytes.
        skew: seconds by which its clock is wrong.
        token_seconds: how long its tokens live.
        only_reused: hits only a request that is not the first one on its connection.
        lags: $inquire lags behind the book, whatever the payer model.
        rejects: the honest end of an order is a rejection, and no authorization.
    """

    id: Annotated[str, Field(pattern=r"^F(0|[1-9][0-9]?)$")]
    label: Annotated[str, Field(min_length=1, max_length=40)]
    level: Level
    way: Way
    processed: Processed
    does: Annotated[str, Field(min_length=1)]
    variants: tuple[str, ...] = ("",)
    again: Annotated[float, Field(ge=0, le=1)] = 0.4
    spells: Spell | None = None
    hold: Annotated[float, Field(ge=0)] = 0
    wait: Annotated[float, Field(ge=0)] = 0
    skew: Annotated[float, Field(ge=0)] = 0
    host: str = ""
    fresh: bool = False
    token_seconds: Annotated[int, Field(ge=1)] = 300
    only_reused: bool = False
    lags: bool = False
    rejects: bool = False

    @model_validator(mode="after")
    def _timed(self) -> "Fault":
        hangs = {Way.SILENCE, Way.DRIP, Way.TOKEN_BROKEN, Way.BAD_TLS}
        if self.way in hangs and not self.hold:
            raise ValueError(f"{self.way} needs `hold`, the seconds it hangs at most")
        if (self.spells is not None) != (self.way in SPELLED):
            raise ValueError(f"{self.way} {'needs' if self.way in SPELLED else 'has no'} `spells`")
        return self

    @property
    def key(self) -> str:
        """As in paths, file names and profile ids: `f08`."""
        return f"f{int(self.id[1:]):02d}"

    @property
    def payor(self) -> str:
        """The value of the identifier that names this payer on a Coverage (system `urn:example:payer`): `F08`."""
        return self.key.upper()


SPELLED = frozenset({Way.REFUSE, Way.UNKNOWN_HOST, Way.BAD_TLS, Way.BACKLOG, Way.CLIENT_REFUSED, Way.TOKEN_BROKEN})


class FaultsUnreadable(ValueError):
    """The file of fault classes cannot be used; the message says where and why."""


def load_faults(path: Path = FILE) -> Mapping[str, Fault]:
    """The fault classes by id, in the order of the file.

    Raises:
        FaultsUnreadable: not YAML, an unknown key, a value that breaks its rule, or an id twice.
    """
    try:
        rows: Any = yaml.safe_load(path.read_text())
        faults = [Fault.model_validate(row) for row in rows]
    except (OSError, yaml.YAMLError, TypeError, ValidationError) as fault:
        raise FaultsUnreadable(f"{path}: {fault}") from None
    found = {fault.id: fault for fault in faults}
    if len(found) != len(faults):
        raise FaultsUnreadable(f"{path}: an id stands there twice; number the classes apart")
    return MappingProxyType(found)


FAULTS = load_faults()
