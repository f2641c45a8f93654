"""`python -m tests.bench.profiled FILE ARGUMENTS...`: be `pa ARGUMENTS`, and write where its CPU time goes to FILE.

Exact rather than sampled: calls into each part of the program are timed on the clock of their thread, without what the
parts that they call use themselves. The rest is by kind of thread. A sampling thread would be handed the interpreter
whenever another one waits, and see little but waiting.
"""

import importlib
import json
import runpy
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

_EVERY_SECONDS = 0.5
# What stands for a part: module, class or nothing, function.
PARTS = (
    ("gateway.fhir.json", "", "loads", "JSON"),
    ("gateway.fhir.json", "", "dumps", "JSON"),
    ("gateway.fhir.json", "", "canonical", "JSON"),
    ("gateway.flow.prepare", "", "read", "read the order"),
    ("gateway.flow.prepare", "", "build", "map to a request"),
    ("gateway.conformance", "Profiles", "check", "check the request"),
    ("gateway.flow.submit", "", "read", "read the answer"),
    ("gateway.adapters.store.sql", "SqlStore", "commit", "store: commit"),
    ("gateway.adapters.store.sql", "SqlStore", "claim", "store: claim"),
    ("gateway.adapters.store.sql", "SqlStore", "clients", "store: who calls"),
    ("gateway.adapters.store.sql", "SqlStore", "authorizations", "store: read"),
    ("gateway.adapters.store.sql", "SqlStore", "authorization", "store: read"),
    ("gateway.adapters.store.sql", "SqlStore", "exchanges", "store: read"),
    ("gateway.adapters.store.sql", "SqlStore", "intake_keys", "store: read"),
    ("gateway.adapters.store.sql", "SqlStore", "renew", "store: leases and lanes"),
    ("gateway.adapters.store.sql", "SqlStore", "payer_states", "store: leases and lanes"),
    ("gateway.adapters.store.sql", "SqlStore", "change_payer", "store: leases and lanes"),
    ("gateway.adapters.payer.egress", "Egress", "exchange", "HTTP out"),
    ("gateway.adapters.payer.oauth", "TokenSource", "token", "OAuth"),
    ("gateway.adapters.log", "JsonLog", "write", "log"),
    ("gateway.adapters.waiters", "ThreadWaiters", "announce", "wake"),
    ("gateway.api.orders", "", "_outcome", "views"),
)
THREADS = (("MainThread", "HTTP in: event loop"), ("AnyIO", "HTTP in: threads"), ("worker-", "workers and flow"))


class Meter:
    """CPU seconds by part, all threads together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._own = threading.local()
        self.seconds: dict[str, float] = defaultdict(float)
        self.calls: Counter[str] = Counter()
        self.metered: dict[int, float] = defaultdict(float)

    def watch(self, module: str, kind: str, name: str, part: str) -> None:
        holder = importlib.import_module(module)
        if kind:
            holder = getattr(holder, kind)
        setattr(holder, name, self._timed(getattr(holder, name), part))

    def _timed(self, function: Callable[..., Any], part: str) -> Callable[..., Any]:
        @wraps(function)
        def timed(*arguments: Any, **named: Any) -> Any:
            outer, self._own.inner = getattr(self._own, "inner", 0.0), 0.0
            begun = time.thread_time()
            try:
                return function(*arguments, **named)
            finally:
                whole = time.thread_time() - begun
                mine, self._own.inner = whole - self._own.inner, outer + whole
                with self._lock:
                    self.seconds[part] += mine
                    self.calls[part] += 1
                    self.metered[threading.get_ident()] += mine

        return timed

    def report(self) -> dict[str, Any]:
        """Seconds and calls by part; what is left of each thread, by its kind, and of threads that have ended."""
        with self._lock:
            seconds, calls, metered = defaultdict(float, self.seconds), Counter(self.calls), dict(self.metered)
        for thread in threading.enumerate():
            if thread.ident:
                used = time.clock_gettime(time.pthread_getcpuclockid(thread.ident)) - metered.get(thread.ident, 0.0)
                kind = next((kind for start, kind in THREADS if thread.name.startswith(start)), "other threads")
                seconds[kind] += used
        seconds["threads that ended"] = time.process_time() - sum(seconds.values())
        return {"seconds": seconds, "calls": calls}


def _write_for_ever(meter: Meter, file: Path) -> None:
    while True:
        time.sleep(_EVERY_SECONDS)
        spare = file.with_suffix(".new")
        spare.write_text(json.dumps(meter.report()))
        spare.replace(file)


def main() -> None:
    """Profile, and be `pa`."""
    _, file, *arguments = sys.argv
    meter = Meter()
    for part in PARTS:
        meter.watch(*part)
    threading.Thread(target=_write_for_ever, args=(meter, Path(file)), name="profiler", daemon=True).start()
    sys.argv = ["pa", *arguments]
    runpy.run_module("gateway", run_name="__main__")


if __name__ == "__main__":
    main()
