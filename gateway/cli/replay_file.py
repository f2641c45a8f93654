"""What one file of a replay became: an order on its way, a message held against its profile, or why neither."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.fhir import json

if TYPE_CHECKING:
    from gateway.flow.prepare import Prepared
    from gateway.flow.world import World
    from gateway.model.authorization import Authorization

COMPLETIONS = "completions"
_MESSAGES = ("Claim", "ClaimResponse")


@dataclass(frozen=True, slots=True)
class Run:
    """How orders are replayed; `guide` is the PAS version that messages are held against."""

    world: "World"
    payer: str
    guide: str
    check_only: bool
    lease: timedelta
    most_bytes: int


def replay_file(run: Run, file: Path) -> dict[str, Any]:
    """The result of one file, always: a defect of ours is a result too, named without content."""
    from gateway.adapters.log import describe
    from gateway.model.errors import GatewayError

    try:
        return _result(run, file)
    except GatewayError as fault:
        return {"refused": fault.code, "why": str(fault), "fix": fault.fix}
    except Exception as fault:  # noqa: BLE001 - one file must not end the run
        return {"defect": describe(fault)}


def completion(file: Path) -> Path:
    """Where the completion of an order lies, if it has one."""
    return file.parent / COMPLETIONS / file.name


def _result(run: Run, file: Path) -> dict[str, Any]:
    from gateway.model.errors import BadOrder

    if file.stat().st_size > run.most_bytes:
        raise BadOrder(f"The file is larger than {run.most_bytes} bytes.", fix="Raise PA_ORDER_BYTES, or split it.")
    body = file.read_bytes()
    if kind := _foreign(file, body):
        return {"unsupported": kind}
    try:
        document = json.loads(body)
    except json.JsonFault as fault:
        raise BadOrder(str(fault), fix=fault.fix) from None
    if _leading(document) in _MESSAGES or (_is_fhir(document) and not _holds_order(document)):
        return _checked(run, document)
    return _ordered(run, file, body)


def _foreign(file: Path, body: bytes) -> str:
    """The format of a file that is no FHIR JSON at all; empty when it may be."""
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n\x0b")
    signs: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("X12", lambda: start[:3] == b"ISA" and start[3:4] != b""),
        ("HL7 v2", lambda: start[:4] == b"MSH|"),
        ("XML", lambda: start[:1] == b"<"),
        ("CQL", lambda: file.suffix == ".cql"),
    )
    found = next((name for name, is_it in signs if is_it()), "")
    return found or ("" if file.suffix == ".json" else f"a {file.suffix or 'nameless'} file")


def _leading(document: Any) -> str:
    """The type that says what a message is: of a Bundle's first entry, else the resource's own."""
    if not isinstance(document, dict):
        return ""
    rows = document.get("entry")
    first = rows[0] if isinstance(rows, list) and rows else None
    resource = first.get("resource") if isinstance(first, dict) else None
    kind = (resource if isinstance(resource, dict) else document).get("resourceType")
    return kind if isinstance(kind, str) else ""


def _is_fhir(document: Any) -> bool:
    return isinstance(document, dict) and "resourceType" in document


def _holds_order(document: Any) -> bool:
    """Whether any resource in it is an order, also one that the gateway refuses with its reason."""
    from gateway.fhir.bundle import entries_of
    from gateway.orders.selection import SUPPORTED, UNSUPPORTED

    return any(entry.resource.get("resourceType") in (*SUPPORTED, *UNSUPPORTED) for entry in entries_of(document))


def _checked(run: Run, document: dict[str, Any]) -> dict[str, Any]:
    report = run.world.guides[run.guide].profiles.check(document)
    errors = [issue for issue in report.issues if issue.is_error]
    return {"checked": report.profile, "errors": len(errors), "rules": sorted({issue.rule for issue in errors})}


def _ordered(run: Run, file: Path, body: bytes) -> dict[str, Any]:
    from gateway.flow import intake
    from gateway.flow.prepare import Treatment
    from gateway.worker import drain

    extra = [completion(file).read_bytes()] if completion(file).exists() else []
    treatment = Treatment(payer=run.payer)
    if run.check_only:
        return {"claims": [_prepared(one) for one in intake.check(run.world, body, extra, treatment)]}
    received = intake.receive(run.world, body, treatment, client=f"replay:{file}", actor="person:replay")
    for one in extra:
        received = intake.complete(run.world, received.order_id, one, actor="person:replay")
    drain(run.world, received.authorizations, lease=run.lease)
    return {"claims": [_record(run.world.store.authorization(one)) for one in received.authorizations]}


def _prepared(one: "Prepared") -> dict[str, Any]:
    """A check in the words of a run that sends: the state the record would be in."""
    from gateway.model.authorization import State
    from gateway.model.events import GapsFound, HandedOff

    gaps = len(one.event.gaps) if isinstance(one.event, GapsFound) else 0
    blockers = len(one.event.blockers) if isinstance(one.event, GapsFound) else 0
    rest = State.HANDED_OFF if isinstance(one.event, HandedOff) else State.READY
    state = State.DOCUMENTING if isinstance(one.event, GapsFound) else rest
    return {"orders": list(one.order_refs), "state": state.value, "gaps": gaps, "blockers": blockers}


def _record(record: "Authorization") -> dict[str, Any]:
    return {
        "orders": list(record.order_refs),
        "state": record.state.value,
        "determination": record.determination.value,
        "items": [item.result.value for item in record.items],
        "gaps": len(record.gaps),
        "blockers": len(record.blockers),
    }
