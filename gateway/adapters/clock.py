"""The present instant and fresh ids; the only place in the gateway that reads the machine's clock."""

from datetime import UTC, datetime
from uuid import uuid4


class SystemClock:
    """`ports.Clock` over the machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class RandomIds:
    """`ports.Ids`: version-4 UUIDs from the operating system's randomness."""

    def new(self) -> str:
        return str(uuid4())
