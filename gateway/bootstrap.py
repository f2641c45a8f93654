"""The composition root: settings to adapters to one World."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from gateway.adapters.clock import RandomIds, SystemClock
from gateway.adapters.log import TextLog, quiet
from gateway.adapters.log_lines import Level
from gateway.adapters.notify.client import HttpNotifier
from gateway.adapters.payer.client import HttpPayerClient
from gateway.adapters.store import open_store
from gateway.adapters.store.memory import MemoryStore
from gateway.adapters.waiters import open_waiters
from gateway.conformance import Profiles
from gateway.flow.world import Guide, World
from gateway.mapping import Mappings
from gateway.orders import OrderTables
from gateway.payers.profile import load_payers
from gateway.payers.site import load_site
from gateway.ports import Log
from gateway.responses import load_codes
from gateway.settings import Settings, data_folder

if TYPE_CHECKING:
    from gateway.adapters.store.sql import SqlStore

MEMORY = "memory:"


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
    quiet()
    codes = data_folder("mappings", settings.data) / "codes"
    log = log or TextLog(least=Level.WARNING)
    with ExitStack() as opened:
        client = opened.enter_context(closing(HttpPayerClient(site, SystemClock(), log)))
        notifier = opened.enter_context(closing(HttpNotifier(site, SystemClock())))
        store = opened.enter_context(closing(_store(settings, log)))
        yield World(
            store=store,
            payer_client=client,
            notifier=notifier,
            clock=SystemClock(),
            ids=RandomIds(),
            log=log,
            waiters=opened.enter_context(closing(open_waiters(store))),
            site=site,
            payers=payers,
            codes=load_codes(codes),
            tables=OrderTables.load(codes),
            guides=Guides(settings),
        )


def _store(settings: Settings, log: Log) -> "MemoryStore | SqlStore":
    return MemoryStore() if settings.database == MEMORY else open_store(settings.database, log)
