"""Starts the real gateway as a chaos run wants it: `python -m gateway.chaos.process PLAN ARGUMENTS OF PA...`.

Nothing of the product knows about chaos: everything is done to it from here before its own entry point runs.
"""

import os
import runpy
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gateway.chaos.crash_points import arm
from gateway.chaos.disk import be_full_while, fail_now_and_then
from gateway.chaos.nursery import serve_forks
from gateway.chaos.payer.spells import spells_of
from gateway.chaos.plans import ProcessPlan, Spell
from gateway.chaos.scale import scale_down

_NAMES = "F2"


def main() -> None:
    """Prepare the process, then be `pa`; or, with `--nursery`, fork such processes on demand."""
    _, first, *arguments = sys.argv
    if first == "--nursery":
        serve_forks(be_gateway)
    else:
        be_gateway(first, arguments)


def be_gateway(plan_file: str, arguments: Sequence[str]) -> None:
    """Do to this process what the plan says, then be `pa` with these arguments."""
    plan = ProcessPlan.read(Path(plan_file))
    scale_down()
    if plan.payer:
        answer_names(plan.hosts, plan.payer)
    if plan.ca:
        os.environ["SSL_CERT_FILE"] = plan.ca  # what OpenSSL itself reads for its default trust
    if plan.disk_faults:
        fail_now_and_then(plan.disk_faults)
    if plan.disk_full:
        be_full_while(Path(plan.disk_full))
    if plan.crash:
        arm(plan.crash)
    sys.argv = ["pa", *arguments]
    runpy.run_module("gateway", run_name="__main__")


def answer_names(hosts: Mapping[str, str], payer: Spell) -> None:
    """Make the system's resolver know `hosts`, except while the payer's schedule has them forgotten (F2)."""
    known = socket.getaddrinfo
    spells = spells_of(_NAMES, seed=payer.seed, scale=payer.scale)

    def getaddrinfo(host: Any, port: Any, *rest: Any, **named: Any) -> Any:
        if host not in hosts:
            return known(host, port, *rest, **named)
        if spells.down(time.time() - payer.started_at):
            raise socket.gaierror(socket.EAI_NONAME, "the name is not known")
        return known(hosts[host], port, *rest, **named)

    socket.getaddrinfo = getaddrinfo


if __name__ == "__main__":
    main()
