"""What a chaos run does to a process of the gateway: a small JSON file that its launcher reads."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gateway.fhir import json


@dataclass(frozen=True, slots=True)
class Crash:
    """The process sends itself a signal, once, at whichever of some crash points it comes by first.

    Attributes:
        hits: point in crash_points.yaml -> at which arrival there, from 1.
        signal: `KILL`, or `STOP` for a zombie.
        marker: file that is written just before.
        most: how many processes with markers in that folder suffer this signal in all, however many are armed.
    """

    hits: Mapping[str, int]
    signal: str
    marker: str
    most: int = 1


@dataclass(frozen=True, slots=True)
class Spell:
    """The schedule by which names are unknown: the payer's seed, its scale of times, and when it was started."""

    seed: int
    scale: float
    started_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessPlan:
    """How one process of the gateway is to suffer.

    Attributes:
        hosts: addresses of invented host names; from time to time, by the payer's schedule, they are not known (F2).
        payer: what that schedule follows from.
        ca: a file of certificates that are trusted; empty means the system's.
        crash: where it dies or stops, if it does.
        disk_faults: every so many writing transactions of SQLite one fails with EIO; 0 means none.
        disk_full: while this file is there, SQLite's disk is full; empty means never.
    """

    hosts: Mapping[str, str] = field(default_factory=dict)
    payer: Spell | None = None
    ca: str = ""
    crash: Crash | None = None
    disk_faults: int = 0
    disk_full: str = ""

    def write(self, path: Path) -> None:
        path.write_bytes(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> "ProcessPlan":
        """The plan in a file that `write` made."""
        parts: dict[str, Any] = json.loads(path.read_bytes())
        crash = Crash(**parts.pop("crash")) if parts["crash"] else None
        spell = parts.pop("payer")
        payer = Spell(spell["seed"], float(spell["scale"]), float(spell["started_at"])) if spell else None
        return cls(**{**parts, "crash": crash, "payer": payer})
