"""Writes the log: one line for one event of the closed list, to one stream, and nothing from anyone else."""

import hmac
import logging
import re
import secrets
import sys
import threading
import traceback
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any, TextIO

import gateway
from gateway.adapters.clock import SystemClock
from gateway.adapters.log_lines import FIELDS, LINES, Level, Line, Value
from gateway.fhir import json
from gateway.model.errors import GatewayError
from gateway.ports import Clock, Log

_PACKAGE = Path(gateway.__file__).resolve().parent
_IDENTIFIER = re.compile(r"[A-Za-z_]\w{0,60}", re.ASCII)


class JsonLog:
    """`ports.Log` as one JSON object a line; the standard error stream of the moment unless a stream is given.

    A value that does not look like what its field is for is replaced by `withheld:` and a hash of it under a key
    that dies with the process: equal values can be told to be equal, and nothing else. Lines below `least` are
    left out.
    """

    def __init__(self, stream: TextIO | None = None, *, clock: Clock | None = None, least: Level = Level.INFO) -> None:
        self._stream = stream
        self._levels = frozenset(list(Level)[list(Level).index(least) :])
        self._clock = clock or SystemClock()
        self._lock = Lock()
        self._key = secrets.token_bytes(32)

    def write(self, line: str, /, **fields: Value) -> None:
        """Log `line`, the name of a `Line`, with fields declared for it.

        A stream that is gone or full is no reason to fail: the line is lost.

        Raises:
            ValueError: there is no such line, or it has no such field.
        """
        declared = LINES.get(line)
        if declared is None:
            raise ValueError("there is no such log line; the list is gateway.adapters.log_lines.Line")
        if undeclared := fields.keys() - declared.fields:
            raise ValueError(f"log line {declared} has no field {', '.join(sorted(undeclared))}")
        if declared.level not in self._levels:
            return
        text = self._render(declared, {name: self._cleared(name, value) for name, value in fields.items()})
        with self._lock, suppress(OSError, ValueError):
            stream = self._stream or sys.stderr
            stream.write(text + "\n")
            stream.flush()

    def _render(self, line: Line, fields: dict[str, Value]) -> str:
        row = {"at": self._now(), "level": line.level, "line": line, "text": line.words, **fields}
        return json.dumps(row).decode()

    def _now(self) -> str:
        return self._clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _cleared(self, name: str, value: Value) -> Value:
        if FIELDS[name](value):
            return round(value, 3) if isinstance(value, float) else str(value) if isinstance(value, str) else value
        return f"withheld:{hmac.digest(self._key, str(value).encode(errors='replace'), 'sha256').hex()[:12]}"


class TextLog(JsonLog):
    """The same lines for people: time, level, name, words, fields."""

    def _render(self, line: Line, fields: dict[str, Value]) -> str:
        rest = " ".join(f"{name}={value}" for name, value in fields.items())
        return f"{self._now()} {line.level:<7} {line:<20} {line.words} {rest}".rstrip()


def describe(exception: BaseException) -> str:
    """An exception without a word of its message: class, our error code, the deepest line of ours, and its cause.

    For example `StoreFault[store] at gateway/adapters/store/sql.py:188 from OperationalError`.
    """
    code = f"[{exception.code}]" if isinstance(exception, GatewayError) else ""
    cause = exception.__cause__
    return f"{_class(exception)}{code} at {_place(exception)}" + (f" from {_class(cause)}" if cause else "")


def quiet() -> None:
    """Silence everything that is not a `Line`: libraries log URLs, query strings, statements and their values.

    Holds for every logger there is or will be, whatever uvicorn configures later, and for Python's warnings.
    """
    logging.disable(sys.maxsize)
    logging.captureWarnings(True)


def catch_crashes(log: Log) -> None:
    """Log an exception nobody caught, in whatever thread, as a line instead of a traceback with its message."""

    def crashed(exception: BaseException | None) -> None:
        if exception is not None and not isinstance(exception, KeyboardInterrupt | SystemExit):
            log.write(Line.GATEWAY_CRASHED, fault=describe(exception))

    def uncaught(_kind: type[BaseException], exception: BaseException, _trace: Any) -> None:
        crashed(exception)

    def in_thread(arguments: threading.ExceptHookArgs) -> None:
        crashed(arguments.exc_value)

    def unraisable(arguments: "sys.UnraisableHookArgs") -> None:
        crashed(arguments.exc_value)

    sys.excepthook, threading.excepthook, sys.unraisablehook = uncaught, in_thread, unraisable


def _class(exception: BaseException) -> str:
    name = type(exception).__name__
    return name if _IDENTIFIER.fullmatch(name) else "Exception"


def _place(exception: BaseException) -> str:
    place = "no line of ours"
    for frame, number in traceback.walk_tb(exception.__traceback__):
        file = Path(frame.f_code.co_filename)
        if file.is_relative_to(_PACKAGE):
            place = f"gateway/{file.relative_to(_PACKAGE).as_posix()}:{number}"
    return place
