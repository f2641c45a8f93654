"""Takes due steps from the store and does them, in threads of this process."""

from gateway.worker.pool import Pool, drain

__all__ = ["Pool", "drain"]
