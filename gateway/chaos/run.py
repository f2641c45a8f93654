"""One chaos run from end to end: home, payer, the real gateway, an EHR, a nemesis, and the verdict over the ledgers."""

import http.client
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from gateway.adapters.store import open_store
from gateway.chaos.api_calls import Unreached
from gateway.chaos.children import Child, Children, free_port, wait_for
from gateway.chaos.crash_points import crash_points
from gateway.chaos.disk import DiskTrouble
from gateway.chaos.ehr import EhrClient, Letter
from gateway.chaos.home import Home, make_home
from gateway.chaos.ledgers import Moved, last_promise, read_database, read_told
from gateway.chaos.logs import complaints
from gateway.chaos.nemesis import Intent, Nemesis, Suffering
from gateway.chaos.orders import Assignment, OrderForm, assignments
from gateway.chaos.payer_side import PayerSide, payor, read_payer, refusing, start_payer
from gateway.chaos.plans import ProcessPlan
from gateway.chaos.postgres import Restarter, cluster
from gateway.chaos.told import ClientLedger
from gateway.chaos.verdict import Finding, Rules, judge
from gateway.settings import data_folder

SQLITE, POSTGRESQL = "sqlite", "postgresql"
_CANNOT_BE_ASKED = 4
_COMMITS_TO_FAULT = 25
_FULL = "disk-is-full"
_ASLEEP_BEYOND_LEASE_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to run.

    Attributes:
        orders: how many; `only` are the numbers really sent, all when empty.
        faults: fault classes; each order meets the next one.
        payer_model: 1 deduplicates; 2 does not, its inquiry is up to date; 3 its inquiry lags; 4 cannot be asked.
        database: `sqlite`, `postgresql` (a private cluster), or the URL of an empty database.
        trace: whether the payer echoes our identifiers.
        kills, stops: how often a process dies or freezes at a crash point.
        restarts: whether the private PostgreSQL is restarted and killed.
        disk: whether SQLite's disk is full, held by others and failing from time to time.
        warm: whether the gateway's processes are forked from one that has imported everything.
        lease: PA_LEASE_SECONDS of the gateway.
        limit: seconds after which the run ends, whatever is still open.
    """

    orders: int
    faults: tuple[str, ...]
    payer_model: int = 2
    database: str = SQLITE
    seed: int = 1
    trace: bool = True
    version: str = "2.2.1"
    only: tuple[int, ...] = ()
    kills: int = 0
    stops: int = 0
    restarts: bool = False
    disk: bool = False
    warm: bool = False
    lease: int = 20
    threads: int = 8
    limit: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a run.

    Attributes:
        settled: everything came to rest before the limit.
        suffered: deaths and freezes; `troubles` of the database, how many.
        strays: connections to where a payer redirected us.
        promised_at: when the last order was promised (epoch seconds).
        moves: everything that happened to the records.
        complaints: of a run that is not good, what its processes wrote of it.
    """

    options: Options
    findings: tuple[Finding, ...]
    settled: bool
    seconds: float
    suffered: tuple[Suffering, ...]
    troubles: int
    strays: int
    promised_at: float
    moves: tuple[Moved, ...]
    complaints: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether the ledgers agree on every order, and the nemesis did what it was asked to."""
        enough = sum(one.wanted for one in self.suffered) >= self.options.kills + self.options.stops
        return self.settled and enough and not self.strays and not any(finding.problems for finding in self.findings)


def run(options: Options, folder: Path, say: Callable[[str], None]) -> Outcome:
    """Run it in `folder`, which keeps every ledger and log.

    Raises:
        DidNotStart: a process ended at once.
        ConfigFault: PostgreSQL is not there, or the database cannot be used.
    """
    begun = time.monotonic()
    orders = tuple(assignments(options.orders, options.faults, options.only))
    with ExitStack() as stack:
        database, trouble = _database(options, folder, stack)
        home = make_home(folder, database, free_port(), lease=options.lease)
        children = Children(folder, home.environment, warm=options.warm)
        stack.callback(children.end_all)
        payer = _payer(options, children, folder)
        nemesis = _nemesis(options, children, home)
        stack.callback(nemesis.stop)
        nemesis.start(_roles(options), _plan(options, home, payer))
        wait_for(nemesis.serving(), partial(_answers, home.url))
        if trouble:
            trouble.start()
            stack.callback(trouble.stop)
        settled = _live(options, home, orders, nemesis, trouble, say)
        children.end_all()
        with closing(open_store(database)) as store:
            gateway = read_database(store)
        told = read_told(home.folder / "client.jsonl", {one.number: one.member for one in orders})
        book = read_payer(payer.book)
        findings = judge(orders, told, gateway.records, book, _rules(options))
        outcome = Outcome(
            options=options,
            findings=findings,
            settled=settled,
            seconds=time.monotonic() - begun,
            suffered=tuple(nemesis.suffered),
            troubles=trouble.times if trouble else 0,
            strays=book.strays,
            promised_at=last_promise(home.folder / "client.jsonl"),
            moves=tuple(gateway.moves),
        )
    return outcome if outcome.good else replace(outcome, complaints=complaints(folder))


def _payer(options: Options, children: Children, folder: Path) -> PayerSide:
    return start_payer(
        children,
        folder / "payer",
        options.faults,
        model=options.payer_model,
        seed=options.seed,
        trace=options.trace,
        version=options.version,
    )


def _live(
    options: Options,
    home: Home,
    orders: Sequence[Assignment],
    nemesis: Nemesis,
    trouble: Restarter | DiskTrouble | None,
    say: Callable[[str], None],
) -> bool:
    """Send everything and wait for the end; then peace, and the EHR reads how everything stands."""
    ledger = ClientLedger(home.folder / "client.jsonl")
    ends = time.monotonic() + options.limit
    client = EhrClient(
        home.url,
        home.token,
        ledger,
        seed=options.seed,
        threads=options.threads,
        ends=ends,
        released=partial(nemesis.released, len(orders)),
    )
    form = OrderForm(data_folder("mappings").parent / "examples" / "orders")
    letters = [
        Letter(one.number, form.fill(one, payor(one.fault)), f"chaos-{options.seed}-{one.number}") for one in orders
    ]
    settled = client.run(letters, say)
    nemesis.stop()
    if trouble:
        trouble.stop()
    wait_for(nemesis.serving(), partial(_answers, home.url))
    try:
        client.read_final()
    except Unreached:  # the gateway's logs say why
        settled = False
    ledger.close()
    return settled


def _database(options: Options, folder: Path, stack: ExitStack) -> tuple[str, Restarter | DiskTrouble | None]:
    if options.database == SQLITE:
        file = (folder / "gateway.db").resolve()
        return f"sqlite:///{file}", DiskTrouble(file, folder / _FULL) if options.disk else None
    if options.database != POSTGRESQL:
        return options.database, None
    own = stack.enter_context(cluster())
    return own.url, Restarter(own, options.seed) if options.restarts else None


def _nemesis(options: Options, children: Children, home: Home) -> Nemesis:
    def start(role: str, plan: ProcessPlan) -> Child:
        return children.gateway((role,), plan)

    intent = Intent(
        points=tuple(point.name for point in crash_points()),
        zombie_points=tuple(point.name for point in crash_points() if point.zombie),
        kills=options.kills,
        stops=options.stops,
        asleep=options.lease + _ASLEEP_BEYOND_LEASE_SECONDS,
        seed=options.seed,
    )
    return Nemesis(children, home.folder, intent, start)


def _roles(options: Options) -> Sequence[str]:
    return ("serve",) if options.database == SQLITE else ("serve", "worker", "worker")


def _plan(options: Options, home: Home, payer: PayerSide) -> ProcessPlan:
    plan = ProcessPlan(hosts=payer.hosts, payer=payer.spell, ca=payer.ca)
    return replace(plan, disk_faults=_COMMITS_TO_FAULT, disk_full=str(home.folder / _FULL)) if options.disk else plan


def _rules(options: Options) -> Rules:
    cannot = options.payer_model == _CANNOT_BE_ASKED
    in_the_dark = cannot or not options.trace
    return Rules(doubt_allowed=in_the_dark, resend_allowed=not in_the_dark, refusing=refusing())


def _answers(url: str) -> bool:
    host, _, port = url.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=5)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()
