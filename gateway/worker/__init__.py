"""Takes due steps from the store and does them, in threads of this process."""

from gateway.worker.crew import Crew, Taken
from gateway.worker.pool import Pool, drain

__all__ = ["Crew", "Pool", "Taken", "drain"]
