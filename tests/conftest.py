"""What every test may use, and what every test is held to: no private value in anything it wrote."""

import logging
from collections.abc import Generator

import pytest

from gateway.flow.world import World
from tests.private import private_values
from tests.worlds import build_world


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="Write the golden files anew; then read the diff.")


@pytest.fixture
def world() -> World:
    """A world over a memory store whose payer is the sandbox without a network."""
    return build_world()


def pytest_runtest_setup() -> None:
    """Undo what an earlier test silenced for the whole process: it would be hidden from the look at the output."""
    logging.disable(logging.NOTSET)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test whose captured output, logs from INFO up included, holds a private value of the example people."""
    report = yield
    written = "".join(content for _, content in report.sections)
    if report.passed and any(value in written for value in private_values()):
        report.outcome = "failed"
        report.longrepr = "A private value of an example order is in the output of this test."
    return report
