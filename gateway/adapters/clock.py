"""The present instant and fresh ids; the only place in the gateway that reads the machine's clock."""

import time
from datetime import UTC, datetime
from uuid import uuid4


class SystemClock:
    """`ports.Clock` over the machine's clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def steady(self) -> float:
        """Where the platform has no clock that counts a suspended machine's sleep, the monotonic one."""
        if hasattr(time, "CLOCK_BOOTTIME"):
            return time.clock_gettime(time.CLOCK_BOOTTIME)
        return time.monotonic()


class RandomIds:
    """`ports.Ids`: version-4 UUIDs from the operating system's randomness."""

    def new(self) -> str:
        return str(uuid4())
