"""The code and rule tables that reading an order needs, from `mappings/codes/`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from gateway.mapping import MappingFault
from gateway.mapping.tables import Table, read_tables
from gateway.model.errors import ConfigFault

_NEEDED = (
    "appointment_participant",
    "code_systems",
    "drug_benefit",
    "encounter_class",
    "level_of_service",
    "place_of_service",
    "request_type",
)
_PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class OrderTables:
    """Tables by name; see `mappings/README.md` for their two forms."""

    tables: Mapping[str, Table]

    @classmethod
    def load(cls, codes: Path) -> "OrderTables":
        """Read the tables in a folder.

        Raises:
            MappingFault: a table cannot be read; everything wrong is listed.
            ConfigFault: one of the tables that reading an order needs is not there.
        """
        found, findings = read_tables(codes)
        if findings:
            raise MappingFault(findings)
        if missing := [name for name in _NEEDED if not found.get(name)]:
            raise ConfigFault(
                f"Tables are missing in {codes}: {', '.join(missing)}.", fix="Put back the shipped files of that name."
            )
        return cls({name: table for name, table in found.items() if table})

    @classmethod
    def shipped(cls) -> "OrderTables":
        """The tables that come with the gateway, read once in a process."""
        return _shipped()

    def __getitem__(self, name: str) -> Table:
        return self.tables[name]

    @cached_property
    def systems(self) -> Mapping[str, str]:
        """Short name (`CPT`) -> the system URL in its standard form."""
        rows = self["code_systems"].rows
        return {row.cells["name"]: row.cells["to_code"] for row in rows if row.cells["name"]}

    @cached_property
    def names(self) -> Mapping[str, str]:
        """System URL in its standard form -> short name."""
        return {url: name for name, url in self.systems.items()}


@lru_cache(maxsize=1)
def _shipped() -> OrderTables:
    beside = _PACKAGE.parent / "mappings" / "codes"
    return OrderTables.load(beside if beside.is_dir() else _PACKAGE / "_data" / "mappings" / "codes")
