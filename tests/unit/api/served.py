"""Serves a gateway whose payer answers when a line comes in on standard input; run as a process by the server test."""

import sys
import threading
from dataclasses import replace
from datetime import timedelta

from gateway.adapters.log import JsonLog
from gateway.api.server import serve
from gateway.settings import Settings
from gateway.worker import Pool
from tests.unit.api.calling import GatedPayer
from tests.worlds import build_world


def main() -> None:
    world = build_world()
    payer = GatedPayer(world)
    world = replace(world, payer_client=payer, log=JsonLog())

    def open_the_gate() -> None:
        sys.stdin.readline()
        payer.gate.set()

    threading.Thread(target=open_the_gate, daemon=True).start()
    settings = Settings(host=sys.argv[1], port=int(sys.argv[2]), workers=1)
    serve(world, settings, Pool(world, threads=1, lease=timedelta(minutes=1)))


if __name__ == "__main__":
    main()
