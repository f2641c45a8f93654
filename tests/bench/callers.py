"""Callers of the gateway on a fixed schedule: what is late counts from when it was due (no coordinated omission)."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

_IDLE_SECONDS = 2.0
_LONGEST_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Call:
    """One order to post: when, in seconds after the start, its member, its payer and its bytes."""

    at: float
    member: str
    payer: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Called:
    """What came of a call; times on the monotonic clock. Status 0: no answer at all."""

    call: Call
    due: float
    answered: float
    status: int
    order: str
    decided: bool

    @property
    def seconds(self) -> float:
        return self.answered - self.due


class _Line:
    """A connection that was used at `used` for the last time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer, self.used = reader, writer, time.monotonic()


class Callers:
    """As many callers as it takes, each with a connection that is kept open."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._head = (
            "POST /orders HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/fhir+json\r\n"
            f"Authorization: Bearer {token}\r\nContent-Length: "
        )
        self._free: list[_Line] = []

    async def make(self, calls: Sequence[Call]) -> list[Called]:
        """Make every call at its time, whatever became of those before it."""
        begun = time.monotonic()
        running = []
        for call in calls:
            if (wait := begun + call.at - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            running.append(asyncio.create_task(self._make(call, begun + call.at)))
        return [await task for task in running]

    async def _make(self, call: Call, due: float) -> Called:
        try:
            async with asyncio.timeout(_LONGEST_SECONDS):
                status, headers, body = await self._post(call.body)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return Called(call, due, time.monotonic(), 0, "", decided=False)
        location = next((line[10:].strip() for line in headers.split("\r\n") if line.startswith("location:")), "")
        decided = b'"state":"decided"' in body
        return Called(call, due, time.monotonic(), status, location.rpartition("/")[2], decided)

    async def _post(self, body: bytes) -> tuple[int, str, bytes]:
        line = await self._line()
        try:
            line.writer.write(f"{self._head}{len(body)}\r\n\r\n".encode() + body)
            head = (await line.reader.readuntil(b"\r\n\r\n")).decode()
            lower = head.lower()
            length = int(lower.partition("content-length:")[2].partition("\r\n")[0])
            answer = await line.reader.readexactly(length)
        except BaseException:
            line.writer.close()
            raise
        line.used = time.monotonic()
        self._free.append(line)
        return int(head.split(" ", 2)[1]), lower, answer

    async def _line(self) -> _Line:
        while self._free:
            line = self._free.pop()
            if time.monotonic() - line.used < _IDLE_SECONDS:
                return line
            line.writer.close()
        return _Line(*await asyncio.open_connection("127.0.0.1", self._port))


def call_all(port: int, token: str, calls: Sequence[Call]) -> list[Called]:
    """Make the calls at their times, and wait for all answers."""
    return asyncio.run(Callers(port, token).make(calls))
