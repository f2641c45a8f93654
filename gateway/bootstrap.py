"""The composition root: settings to adapters to one World."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property

from gateway.adapters.clock import RandomIds, SystemClock
from gateway.adapters.log import TextLog, quiet
from gateway.adapters.log_lines import Level
from gateway.adapters.payer.client import HttpPayerClient, longest_submit
from gateway.adapters.store import open_store
from gateway.adapters.store.memory import MemoryStore
from gateway.adapters.waiters import ThreadWaiters
from gateway.conformance import Profiles
from gateway.flow.world import Guide, World
from gateway.mapping import Mappings
from gateway.model.errors import ConfigFault
from gateway.orders import OrderTables
from gateway.payers.profile import Payers, load_payers
from gateway.payers.site import load_site
from gateway.ports import Log
from gateway.responses import load_codes
from gateway.settings import Settings, data_folder

MEMORY = "memory:"
LONGEST_COMMIT_SECONDS = 30.0


class Guides(Mapping[str, Guide]):
    """The installed PAS versions, each loaded when first asked for."""

    def __init__(self, settings: Settings) -> None:
        self._mappings = data_folder("mappings", settings.data)
        self._profiles = data_folder("profiles", settings.data) / "pas"
        self._loaded: dict[str, Guide] = {}

    @cached_property
    def _versions(self) -> tuple[str, ...]:
        return tuple(
            sorted(
                folder.name
                for folder in self._profiles.iterdir()
                if folder.is_dir() and (self._mappings / "pas" / folder.name).is_dir()
            )
        )

    def __getitem__(self, version: str) -> Guide:
        if version not in self._versions:
            raise KeyError(version)
        if version not in self._loaded:
            mappings = Mappings.load(self._mappings / "pas" / version, self._mappings / "codes")
            self._loaded[version] = Guide(mappings, Profiles.load(self._profiles / version))
        return self._loaded[version]

    def __iter__(self) -> Iterator[str]:
        return iter(self._versions)

    def __len__(self) -> int:
        return len(self._versions)


@contextmanager
def gateway(settings: Settings, log: Log | None = None) -> Iterator[World]:
    """A World over real adapters, closed when the block ends; without a log, warnings go to standard error.

    Raises:
        ConfigFault: the site profile, a payer profile, a mapping or the database is wrong; all problems named.
    """
    site = load_site(settings.site_file)
    payers = load_payers(settings.payers_folder)
    _check_lease(settings, payers)
    quiet()
    codes = data_folder("mappings", settings.data) / "codes"
    log = log or TextLog(least=Level.WARNING)
    client = HttpPayerClient(site, SystemClock(), log)
    store = MemoryStore() if settings.database == MEMORY else open_store(settings.database, log)
    try:
        yield World(
            store=store,
            payer_client=client,
            clock=SystemClock(),
            ids=RandomIds(),
            log=log,
            waiters=ThreadWaiters(),
            site=site,
            payers=payers,
            codes=load_codes(codes),
            tables=OrderTables.load(codes),
            guides=Guides(settings),
        )
    finally:
        client.close()
        store.close()


def _check_lease(settings: Settings, payers: Payers) -> None:
    """A lease that ends while its owner still sends or writes would put a healthy request in doubt."""
    need = {payer.id: longest_submit(payer) + LONGEST_COMMIT_SECONDS for payer in payers.values()}
    slow = {name: seconds for name, seconds in need.items() if seconds >= settings.lease_seconds}
    if slow:
        raise ConfigFault(
            f"PA_LEASE_SECONDS is {settings.lease_seconds}, and a submit may take longer than that.",
            fix=f"Set it above {max(slow.values()):.0f}.",
            problems=[f"{name}: up to {seconds:.0f} s" for name, seconds in slow.items()],
        )
