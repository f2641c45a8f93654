"""Everything a flow step needs, gathered once by the composition root."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.conformance import Profiles
from gateway.mapping import Mappings
from gateway.model.errors import ConfigFault
from gateway.orders import OrderTables
from gateway.payers.profile import PayerProfile, Payers
from gateway.payers.site import Site
from gateway.ports import Clock, Ids, Log, Notifier, PayerClient, Store, Waiters
from gateway.responses import ReviewCodes


@dataclass(frozen=True, slots=True)
class Guide:
    """One version of the PAS guide, ready to map and to check."""

    mappings: Mappings
    profiles: Profiles


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Ports and loaded data; `codes` read answers, `tables` read orders, `guides` by version, e.g. `2.2.1`."""

    store: Store
    payer_client: PayerClient
    notifier: Notifier
    clock: Clock
    ids: Ids
    log: Log
    waiters: Waiters
    site: Site
    payers: Payers
    codes: ReviewCodes
    tables: OrderTables
    guides: Mapping[str, Guide]

    def guide(self, payer: PayerProfile) -> Guide:
        """The guide version a payer speaks.

        Raises:
            ConfigFault: no mappings and profiles for that version are installed.
        """
        version = payer.speaks["pas"]
        if version not in self.guides:
            known = ", ".join(sorted(self.guides))
            raise ConfigFault(
                f"Payer {payer.id} speaks PAS {version}, which is not installed.",
                fix=f"Set speaks.pas to one of: {known}; or add {Path('profiles/pas') / version}.",
            )
        return self.guides[version]
