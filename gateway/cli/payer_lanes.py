"""`pa payer status | pause | resume`: how each payer is doing, and whether anything is sent to it."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gateway.model.payer_state import PayerState

Lane = Annotated[str, typer.Argument(help="Payer id, or client:NAME for a client's webhook.")]
By = Annotated[str, typer.Option(help="Who did it.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def status(as_json: Json = False) -> None:
    """Whether anything is sent to each payer and webhook now; if not, why, and until when."""
    from gateway.adapters.clock import SystemClock
    from gateway.adapters.store import open_store
    from gateway.cli import screen
    from gateway.model.payer_state import PayerState
    from gateway.settings import read_settings

    settings, now = read_settings(), SystemClock().now()
    store = open_store(settings.database)
    try:
        known = {state.lane: state for state in store.payer_states()}
    finally:
        store.close()
    rows = [_row(known.get(lane) or PayerState(lane=lane), now) for lane in sorted({*known, *_lanes()})]
    if as_json:
        screen.print_json(rows)
        return
    columns = ("lane", "state", "until", "failures", "last answer", "last failure", "why")
    names = ("lane", "state", "until", "failures", "last_answer_at", "last_failure_at", "why")
    screen.table("", columns, [[_cell(row[name]) for name in names] for row in rows], whole=1)


def pause(
    lane: Lane,
    reason: Annotated[str, typer.Option(help="Why; shown to everyone who looks.")],
    by: By = "cli",
    as_json: Json = False,
) -> None:
    """Send nothing more to a payer, from a second on, until it is resumed; orders are still taken."""
    from gateway.payers import health

    _change(lane, lambda state, now: health.paused(state, f"person:{by}", reason, now), as_json)


def resume(lane: Lane, as_json: Json = False) -> None:
    """Let sending go on: a pause ends, an open circuit is probed at once; a wait the payer asked for stays.

    Profiles are read at start: after a change of a file, restart `pa serve` and `pa worker` first.
    """
    from gateway.payers import health

    _change(lane, health.resumed, as_json)


def _change(lane: str, change: "Callable[[PayerState, datetime], PayerState]", as_json: bool) -> None:
    from gateway.adapters.clock import SystemClock
    from gateway.adapters.store import open_store
    from gateway.cli import screen
    from gateway.model.errors import NotFound
    from gateway.settings import read_settings

    now, lanes = SystemClock().now(), _lanes()
    store = open_store(read_settings().database)
    try:
        known = {*lanes, *(state.lane for state in store.payer_states())}
        if lane not in known:
            raise NotFound(f"There is no payer or webhook {lane}.", fix=f"Name one of: {', '.join(sorted(known))}.")
        row = _row(store.change_payer(lane, lambda state: change(state, now)), now)
    finally:
        store.close()
    if as_json:
        screen.print_json(row)
    else:
        typer.echo(" · ".join(filter(None, (lane, row["state"], _cell(row["until"]), row["why"]))))


def _lanes() -> set[str]:
    """Every payer with a profile, and every client with a webhook."""
    from gateway.payers.profile import load_payers
    from gateway.payers.site import load_site
    from gateway.settings import read_settings

    settings = read_settings()
    webhooks = load_site(settings.site_file).webhooks if settings.site_file.is_file() else ()
    return {*load_payers(settings.payers_folder), *(f"client:{webhook.client}" for webhook in webhooks)}


def _row(state: "PayerState", now: datetime) -> dict[str, Any]:
    from gateway.payers import health

    permit = health.permit(state, now)
    return {
        "lane": state.lane,
        "state": permit.way.value,
        "until": permit.until,
        "why": permit.why,
        "failures": state.failures,
        "allowance": round(state.allowance, 1),
        "last_answer_at": state.last_answer_at,
        "last_failure_at": state.last_failure_at,
        "last_failure": state.last_failure,
    }


def _cell(value: object) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else str(value or "")
