"""Sets constants of the gateway in proportion to a payer that answers within a second: scale.yaml."""

from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml


def scaled_waits() -> dict[str, float]:
    """Seconds, or a count, by the dotted path of a constant."""
    rows: dict[str, float] = yaml.safe_load(Path(__file__).with_name("scale.yaml").read_text())
    return rows


def constant(path: str) -> tuple[Any, str]:
    """The module that holds a constant, and its name there.

    Raises:
        LookupError: it is gone.
    """
    module, _, name = path.rpartition(".")
    holder = import_module(module)
    if not isinstance(getattr(holder, name, None), float | int | timedelta):
        raise LookupError(f"{path} is no number or length of time in the gateway")
    return holder, name


def scale_down() -> None:
    """Set all of them in this process. Raises LookupError."""
    for path, seconds in scaled_waits().items():
        holder, name = constant(path)
        lasting = isinstance(getattr(holder, name), timedelta)
        setattr(holder, name, timedelta(seconds=seconds) if lasting else seconds)
