"""How many changes a second reach the disk, by how many threads: `python tests/bench/commits.py`.

One change is what a step writes: a record moved on, its event, one exchange of 8 KB, its next step.
"""

import os
import sys
import tempfile
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from threading import Barrier, Thread

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from gateway.adapters.store import open_store
from gateway.adapters.store.sql import SqlStore
from gateway.model import events as e
from tests.contract.lives import Life, exchange, order, work
from tests.postgres import cluster

_SECONDS = 3.0
_BODY = os.urandom(8192)


def commits_a_second(store: SqlStore, threads: int, seconds: float = _SECONDS) -> float:
    """Each thread moves records of its own, one commit after the other."""
    start, done = Barrier(threads + 1), [0] * threads

    def write(n: int) -> None:
        # Held and released again and again: as small a change as a record can go through.
        life = Life(f"{threads}-{n}-{time.monotonic_ns()}", f"order-{threads}-{n}-{time.monotonic_ns()}").open()
        life.happen(e.GapsFound)
        store.commit(life.change(order=order(life.order_id)))
        leg = exchange("", life.id, b"")
        digest = sha256(_BODY).hexdigest()
        start.wait()
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            life.happen(e.OrderCompleted if done[n] % 2 == 0 else e.GapsFound)
            sent = replace(leg, id=f"{life.id}-{done[n]}", body=_BODY, sha256=digest)
            store.commit(life.change(exchanges=(sent,), work=(work(life.id),)))
            done[n] += 1

    running = [Thread(target=write, args=(n,)) for n in range(threads)]
    for thread in running:
        thread.start()
    start.wait()
    begun = time.perf_counter()
    for thread in running:
        thread.join()
    return sum(done) / (time.perf_counter() - begun)


def show(kind: str, url: str) -> None:
    store = open_store(url)
    for threads in (1, 8, 32):
        print(f"{kind}, {threads:2} threads: {commits_a_second(store, threads):6.0f} commits/s", flush=True)  # noqa: T201
    store.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, cluster() as server:
        show("sqlite", f"sqlite:///{Path(folder) / 'bench.db'}")
        show("postgresql", server.url(server.database()))


if __name__ == "__main__":
    main()
