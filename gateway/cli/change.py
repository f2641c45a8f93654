"""What every command has in common that moves one authorization: do it, send what is due, show what came of it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from gateway.flow.world import World
    from gateway.model.authorization import Authorization


def change(act: "Callable[[World], Authorization]", as_json: bool, *, send: bool = False) -> None:
    """Move an authorization and print it; exits with 1 when it needs a person then."""
    from datetime import timedelta

    from gateway.api import views
    from gateway.api.lanes import Lanes
    from gateway.bootstrap import gateway
    from gateway.cli import screen
    from gateway.cli.order import tell_when_sent_again
    from gateway.settings import read_settings
    from gateway.worker import drain

    settings = read_settings()
    with gateway(settings) as world:
        changed = act(world)
        if send:
            drain(world, [changed.id], lease=timedelta(seconds=settings.lease_seconds))
            changed = world.store.authorization(changed.id)
        if as_json:
            screen.print_json(views.authorization(world, changed).plain())
        else:
            lanes = Lanes.of(world, [changed])
            screen.show(changed, lanes)
            tell_when_sent_again(changed, lanes)
    if screen.needs_person(changed):
        raise typer.Exit(1)
