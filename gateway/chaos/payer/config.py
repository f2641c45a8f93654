"""What a faulty payer is to be like: `payer.json` in its home."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from gateway.chaos.payer.faults import FAULTS, Fault


class Model(StrEnum):
    """What the payer does about a repetition and an inquiry.

    Attributes:
        P1: knows a Bundle.identifier it has seen, and answers with the first result.
        P2: takes up every request anew; its inquiry shows its book.
        P3: takes up every request anew; its inquiry lags behind its book.
        P4: takes up every request anew, and has no inquiry.
    """

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


class PayerConfig(BaseModel):
    """One faulty payer.

    Attributes:
        echo_trace: answers carry the Claim's identifier and the items' trace numbers.
        scale: multiplies every time in the file of fault classes.
        lag: seconds by which $inquire may lag (model P3, class F36).
        late: seconds after which class F25 takes up a request.
        look_alikes: how many older authorizations of a member there may be for the same service.
        pended, denied: shares of all requests that are answered so.
        classes: fault classes to open an endpoint for; all when empty.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int
    model: Model = Model.P2
    version: Literal["2.0.1", "2.2.1"] = "2.2.1"
    echo_trace: bool = True
    scale: Annotated[float, Field(gt=0, le=100)] = 1.0
    lag: Annotated[float, Field(ge=0)] = 1.0
    late: Annotated[float, Field(ge=0)] = 1.5
    look_alikes: Annotated[int, Field(ge=0, le=5)] = 2
    pended: Annotated[float, Field(ge=0, le=1)] = 0.1
    denied: Annotated[float, Field(ge=0, le=1)] = 0.1
    classes: tuple[str, ...] = ()

    @field_validator("classes")
    @classmethod
    def _known(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [name for name in classes if name not in FAULTS]:
            raise ValueError(f"{', '.join(unknown)}: no fault class of faults.yaml")
        return classes

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The fault classes it has endpoints for."""
        return tuple(FAULTS[name] for name in dict.fromkeys(self.classes)) or tuple(FAULTS.values())


class ConfigUnusable(ValueError):
    """`payer.json` cannot be used; the message says where and why."""


def read_config(path: Path) -> PayerConfig:
    """Raises ConfigUnusable: no such file, or anything wrong in it."""
    try:
        return PayerConfig.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as fault:
        raise ConfigUnusable(f"{path}: {fault}") from None
