"""The payer's side of a run: the faulty payer as its own process, what the gateway has to know of it, and its book."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from gateway.chaos.children import Children, wait_for
from gateway.chaos.payer.book import read_book
from gateway.chaos.payer.faults import FAULTS
from gateway.chaos.payer.profiles import write_profiles
from gateway.chaos.plans import Spell
from gateway.chaos.verdict import Book, Booked
from gateway.fhir import json
from gateway.model.errors import OurFault


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerSide:
    """Where the payer is: addresses of its names, its certificates, its schedule of names, and its book."""

    hosts: Mapping[str, str]
    ca: str
    spell: Spell
    book: Path


def fault_classes(wanted: str) -> tuple[str, ...]:
    """The fault classes that `all` or a list such as `F8,F16` names.

    Raises:
        OurFault: there is no such class.
    """
    if wanted == "all":
        return tuple(FAULTS)
    named = tuple(name.strip().upper() for name in wanted.split(","))
    if unknown := [name for name in named if name not in FAULTS]:
        raise OurFault(f"There are no fault classes {', '.join(unknown)}.", fix=f"Known: {', '.join(FAULTS)}; or all.")
    return named


def fault_lines() -> Iterator[str]:
    """Each fault class: its id, its short label, and what the payer does."""
    for name, fault in FAULTS.items():
        yield f"{name:<4} {fault.label}\n     {fault.does}"


def refusing() -> frozenset[str]:
    """The classes whose orders end refused for good, with no authorization."""
    return frozenset(name for name, fault in FAULTS.items() if fault.rejects)


def payor(fault: str) -> str:
    """The identifier by which a coverage names the payer of a class."""
    return FAULTS[fault].payor


def start_payer(
    children: Children, home: Path, faults: Sequence[str], *, model: int, seed: int, trace: bool, version: str
) -> PayerSide:
    """Start it in `home`, wait until it listens, and write its profiles to `home/payers`. Raises DidNotStart."""
    home.mkdir(exist_ok=True)
    about = {"seed": seed, "model": f"P{model}", "version": version, "echo_trace": trace, "classes": list(faults)}
    (home / "payer.json").write_bytes(json.dumps(about))
    ready = home / "payer.ready"
    child = children.module("gateway.chaos.payer", [str(home)])
    wait_for(child, ready.exists)
    said = json.loads(ready.read_bytes())
    (home / "payers").mkdir(exist_ok=True)
    write_profiles(home, home / "payers")
    spell = Spell(seed, float(said["scale"]), float(said["started_at"]))
    return PayerSide(hosts=said["hosts"], ca=said["ca"], spell=spell, book=home / "book.jsonl")


def read_payer(path: Path) -> Book:
    """Everything in the payer's book that the verdict asks for."""
    book = read_book(path)
    rows = [
        Booked(number=entry.number, member=member, seeded=seeded)
        for member, entries in book.orders.items()
        for seeded, group in ((True, entries.seeded), (False, entries.authorizations))
        for entry in group
    ]
    requests = {
        member: len(entries.attempts) - sum(answer.status == HTTPStatus.UNAUTHORIZED for answer in entries.answers)
        for member, entries in book.orders.items()
    }
    return Book(authorizations=rows, requests=requests, strays=book.canary_connections)
