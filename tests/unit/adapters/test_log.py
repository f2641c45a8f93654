"""The log is a closed list of lines: nothing that is content, whatever it looks like, can get into it."""

import ast
import io
import logging
import logging.config
import sys
import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gateway
from gateway.adapters.log import JsonLog, TextLog, catch_crashes, describe, quiet
from gateway.adapters.log_lines import FIELDS, LINES, Line
from gateway.fhir import json
from gateway.model import events, lifecycle
from gateway.model.authorization import State
from gateway.model.errors import Conflict, GatewayError

UUID = "0b3c4a52-57c1-4c7e-9d3b-2c8b8f0c9a11"
NOW = datetime(2026, 3, 2, 9, 30, 0, 250_000, tzinfo=UTC)

PRIVATE = [
    "Jane Example",
    "Example",
    "O'Brien-Example",
    "McExample",
    "1931-07-19",
    "19310719",
    "07/19/1931",
    "123-45-6789",
    "123456789",
    "W123456789",
    "w123456789",
    "MRN0012345",
    "555-010-2345",
    "+15550102345",
    "jane@example.org",
    "19 Example Row",
    "Patient/p1",
    "https://ehr.example.org/fhir/Patient?name=jane",
    "/fhir/Patient/12345",
    "/orders?patient=jane",
    "eyJhbGciOiJSUzM4NCJ9.eyJpc3MiOiJ4In0.c2ln",
    "Bearer abc",
    "six visits\r\n2026 info order.received",
    "ok\n",
    "\x1b[31mred",
    '", "level": "info',
    "x" * 4000,
    "",
    "ÄÖ",
    "١٢٣",
    "\ud800",
]
NUMBERS = [123456789012, -1, float("nan"), float("inf"), True]


class Fixed:
    def now(self) -> datetime:
        return NOW


def written(line: str, **fields: Any) -> dict[str, Any]:
    sink = io.StringIO()
    JsonLog(sink, clock=Fixed()).write(line, **fields)
    (text,) = sink.getvalue().splitlines()
    assert text.isascii()
    row: dict[str, Any] = json.loads(text.encode())
    return row


def test_a_line_says_when_how_bad_what_and_its_fields() -> None:
    assert written("request.blocked", authorization=UUID, gaps=2, blockers=1) == {
        "at": "2026-03-02T09:30:00.250Z",
        "level": "info",
        "line": "request.blocked",
        "text": "A request cannot go yet.",
        "authorization": UUID,
        "gaps": 2,
        "blockers": 1,
    }


def test_people_can_have_the_same_line_as_text() -> None:
    sink = io.StringIO()
    TextLog(sink, clock=Fixed()).write("submit.in_doubt", authorization=UUID, attempt=1)
    assert sink.getvalue() == (
        "2026-03-02T09:30:00.250Z warning submit.in_doubt      The payer may or may not have the request; "
        f"it is not sent again before that is known. authorization={UUID} attempt=1\n"
    )


@pytest.mark.parametrize("name", sorted(FIELDS))
@pytest.mark.parametrize("private", PRIVATE + NUMBERS, ids=repr)
def test_no_field_lets_a_private_value_pass(name: str, private: Any) -> None:
    line = next(line for line in Line if name in line.fields)
    row = written(line, **{name: private})
    assert row[name].startswith("withheld:")
    assert len(row[name]) == len("withheld:") + 12
    assert str(private) not in row[name] or private in ("", float("inf"))


@given(st.text())
def test_text_of_any_kind_stays_one_line_of_plain_characters(text: str) -> None:
    for name in FIELDS:
        line = next(line for line in Line if name in line.fields)
        sink = io.StringIO()
        TextLog(sink, clock=Fixed()).write(line, **{name: text})
        assert sink.getvalue().isascii()
        assert sink.getvalue()[:-1].isprintable()


def test_equal_withheld_values_look_equal_in_one_process_only() -> None:
    sink = io.StringIO()
    log = JsonLog(sink)
    for client in ("Jane Example", "Jane Example", "June Example"):
        log.write("http.served", client=client)
    first, again, other = (json.loads(line.encode())["client"] for line in sink.getvalue().splitlines())
    assert first == again != other
    assert written("http.served", client="Jane Example")["client"] != first


@pytest.mark.parametrize(
    "good",
    [
        {"order": UUID, "client": "valley-clinic-2", "payer": "acorn"},
        {"code": "illegal-transition"},
        {"code": "KeyError"},
        {"code": "ReadTimeout"},
        {"id": UUID},
        {"route": "/orders/{order_id}/completions"},
        {"route": "/"},
        {"route": "/fhir/Claim/$submit"},
        {"route": "/.well-known/jwks.json"},
        {"method": "POST", "status": 201, "ms": 12.346},
        {"version": "0.1.0"},
        {"version": "1.12.0rc1"},
        {"before": "none", "after": "0001"},
        {"step": "submit"},
        {"size": 16 * 1024 * 1024},
        {"fault": "StoreFault[store] at gateway/adapters/store/sql.py:188 from OperationalError"},
        *({"state": state} for state in State),
        *({"code": kind.code} for kind in GatewayError.__subclasses__()),
    ],
    ids=str,
)
def test_what_fields_are_for_passes_as_it_is(good: dict[str, Any]) -> None:
    for name, value in good.items():
        line = next(line for line in Line if name in line.fields)
        assert str(written(line, **{name: value})[name]) == str(value)


def test_every_field_has_a_form_and_every_form_a_line() -> None:
    assert frozenset().union(*(line.fields for line in Line)) == FIELDS.keys()


def test_a_line_not_on_the_list_and_a_field_not_of_the_line_are_refused_without_quoting_the_value() -> None:
    sink = io.StringIO()
    for line, fields in (("jane.example", {}), ("order.received", {"jane": 1}), ("order.received", {"note": "jane"})):
        with pytest.raises(ValueError, match="log line") as fault:
            JsonLog(sink).write(line, **fields)
        assert "jane.example" not in str(fault.value)
    assert sink.getvalue() == ""


def test_every_line_the_gateway_writes_is_on_the_list_with_its_fields() -> None:
    wrong: list[str] = []
    for file in sorted(Path(gateway.__file__).parent.rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "write":
                wrong += [f"{file.name}:{call.lineno} {said}" for said in misfits(call)]
    assert wrong == []


def misfits(call: ast.Call) -> list[str]:
    """What is wrong with a `log.write(...)`; a call of another `write` has no name of a line in its first place."""
    names = [node.value for argument in call.args[:1] for node in ast.walk(argument) if isinstance(node, ast.Constant)]
    lines = [name for name in names if isinstance(name, str) and "." in name and name.replace(".", "").isidentifier()]
    given_fields = {keyword.arg for keyword in call.keywords if keyword.arg}
    return [
        f"{line}: {sorted(given_fields - LINES[line].fields) if line in LINES else 'no such line'}"
        for line in lines
        if line not in LINES or given_fields - LINES[line].fields
    ]


def test_the_check_of_the_lines_bites() -> None:
    for code in ("log.write('order.recieved')", "log.write('order.received', name='x')"):
        (call,) = (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call))
        assert misfits(call)


def test_threads_never_mix_their_lines() -> None:
    sink = io.StringIO()
    log = JsonLog(sink)
    threads = [Thread(target=lambda: [log.write("order.received", size=n) for n in range(200)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([json.loads(line.encode()) for line in sink.getvalue().splitlines()]) == 800


def test_a_stream_that_is_gone_does_not_stop_the_work() -> None:
    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError("no space left")

    closed = io.StringIO()
    closed.close()
    JsonLog(Full()).write("gateway.stopped")
    JsonLog(closed).write("gateway.stopped")


def test_lines_go_to_the_standard_error_stream_of_the_moment(capsys: pytest.CaptureFixture[str]) -> None:
    JsonLog().write("gateway.stopped")
    said = capsys.readouterr()
    assert said.out == ""
    assert "gateway.stopped" in said.err


@pytest.fixture
def restored() -> Iterator[None]:
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    shown = warnings.showwarning
    yield
    logging.disable(logging.NOTSET)
    logging.captureWarnings(False)
    warnings.showwarning = shown
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks


@pytest.mark.parametrize(
    "name",
    ["", "uvicorn", "uvicorn.access", "uvicorn.error", "httpx", "httpcore.http11", "sqlalchemy.engine.Engine",
     "alembic.runtime.migration", "authlib.oauth2", "asyncio", "some.library"],
)  # fmt: skip
def test_other_loggers_write_nothing_even_if_configured_afterwards(
    name: str, restored: None, capfd: pytest.CaptureFixture[str]
) -> None:
    logging.disable(logging.NOTSET)  # another test may have been quiet already
    logger = logging.getLogger(name)
    before = logger.level, list(logger.handlers)
    logger.setLevel(logging.DEBUG)
    logger.addHandler(logging.StreamHandler())
    logger.critical("GET https://payer.example.org/?name=%s", "before")
    assert "before" in capfd.readouterr().err, "it would have been written"
    quiet()
    logger.addHandler(logging.StreamHandler(sys.stderr))
    logger.critical("GET https://payer.example.org/?name=%s", "Jane")
    logger.debug("Jane")
    assert capfd.readouterr() == ("", "")
    logger.setLevel(before[0])
    logger.handlers[:] = before[1]


def test_uvicorns_own_configuration_does_not_wake_its_access_log(
    restored: None, capfd: pytest.CaptureFixture[str]
) -> None:
    from uvicorn.config import LOGGING_CONFIG

    quiet()
    names = ("uvicorn", "uvicorn.access", "uvicorn.error")
    before = {name: (logging.getLogger(name).level, logging.getLogger(name).propagate) for name in names}
    logging.config.dictConfig(LOGGING_CONFIG)
    logging.getLogger("uvicorn.access").info("%s", "/orders?name=Jane")
    logging.getLogger("uvicorn.error").error("Jane")
    assert capfd.readouterr() == ("", "")
    for name, (level, propagate) in before.items():
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.setLevel(level)
        logger.propagate = propagate


def test_warnings_say_nothing_either(restored: None, capfd: pytest.CaptureFixture[str]) -> None:
    quiet()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn("input_value='Jane'", UserWarning, stacklevel=1)
    assert capfd.readouterr() == ("", "")


def test_an_exception_is_described_by_class_code_and_place_and_never_by_its_words() -> None:
    with pytest.raises(Conflict) as ours:
        raise Conflict("Jane Example")
    assert describe(ours.value) == "Conflict[conflict] at no line of ours"
    record = lifecycle.start(
        UUID,
        events.OrderReceived(
            at=NOW, actor="a", client="c", order_id=UUID, order_refs=(), patient="p", urgency="standard", hold=False
        ),  # type: ignore[arg-type]
    )
    with pytest.raises(GatewayError) as raised:
        lifecycle.apply(record, events.Released(at=NOW, actor="Jane Example"))
    said = describe(raised.value)
    assert said.startswith("IllegalTransition[illegal-transition] at gateway/model/lifecycle.py:")
    wrapped = RuntimeError("Jane Example")
    wrapped.__cause__ = KeyError("Jane Example")
    assert describe(wrapped) == "RuntimeError at no line of ours from KeyError"
    assert describe(type("Jane Example", (Exception,), {})()) == "Exception at no line of ours"
    for text in (said, describe(wrapped), describe(ours.value)):
        assert written("work.failed", fault=text)["fault"] == text


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_crash_anywhere_is_one_line_without_its_message(restored: None, capfd: pytest.CaptureFixture[str]) -> None:
    sink = io.StringIO()
    catch_crashes(JsonLog(sink))

    def crash() -> None:
        raise RuntimeError("Jane Example")

    thread = Thread(target=crash)
    thread.start()
    thread.join()
    sys.excepthook(RuntimeError, RuntimeError("Jane Example"), None)
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    rows = [json.loads(line.encode()) for line in sink.getvalue().splitlines()]
    assert [row["line"] for row in rows] == ["gateway.crashed"] * 2
    assert "Jane" not in sink.getvalue() + capfd.readouterr().err
