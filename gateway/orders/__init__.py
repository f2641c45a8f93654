"""Every way an order arrives becomes typed order contexts, and an order context becomes a PAS request."""

from gateway.orders.reading import Options, read
from gateway.orders.tables import OrderTables

__all__ = ["Options", "OrderTables", "read"]
