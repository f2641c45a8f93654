"""Durable memory: `ports.Store` over a database, opened by its URL."""

from typing import TYPE_CHECKING

from gateway.ports import Log

if TYPE_CHECKING:
    from gateway.adapters.store.sql import SqlStore


def open_store(url: str, log: Log | None = None) -> "SqlStore":
    """The store behind a URL, `sqlite:///gateway.db` or `postgresql://user@host/database`, its schema up to date.

    Raises:
        ConfigFault: no such kind of database, it cannot be opened or reached, or a newer gateway wrote it.
    """
    from gateway.adapters.store import opening  # noqa: PLC0415 - `pa --help` must not wait for SQLAlchemy

    return opening.open_store(url, log)
