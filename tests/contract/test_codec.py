"""JSON text of a record or an event reads back as exactly the same value."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.adapters.store.codec import EVENTS, decode, decode_event, encode
from gateway.model import events, lifecycle
from gateway.model.authorization import Authorization, Quantity
from tests.contract.lives import ITEMS, lives

INSTANTS = st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda at: at.replace(fold=0)
)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
for kind, strategy in ((datetime, INSTANTS), (Decimal, DECIMALS), (str, TEXTS)):
    st.register_type_strategy(kind, strategy)


@settings(max_examples=25, deadline=None)
@given(st.from_type(Authorization))
def test_any_record_reads_back_the_same(record: Authorization) -> None:
    back = decode(Authorization, encode(record))
    assert back == record
    assert repr(back).replace("TzInfo(0)", "datetime.timezone.utc") == repr(record)


@pytest.mark.parametrize("name", sorted(EVENTS))
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_any_event_reads_back_as_the_same_class_and_value(name: str, data: st.DataObject) -> None:
    event = data.draw(st.from_type(EVENTS[name]))
    back = decode_event(name, encode(event))
    assert back == event
    assert type(back) is type(event)


def test_the_events_are_those_that_can_happen() -> None:
    assert set(EVENTS.values()) == {events.OrderReceived}.union(*lifecycle.TRANSITIONS.values())


@pytest.mark.parametrize("digits", ["1.00", "-0.00", "1E+2", "0E-10", "123456789012345678901234567890.10", "0"])
def test_a_decimal_keeps_its_digits(digits: str) -> None:
    assert str(decode(Quantity, encode(Quantity(Decimal(digits)))).value) == digits


def test_an_instant_keeps_its_offset_and_microseconds() -> None:
    at = datetime(2026, 3, 8, 1, 59, 59, 7, tzinfo=timezone(-timedelta(hours=7)))
    record = replace(next(iter(lives())).record, submitted_at=at, due_at=None)
    back = decode(Authorization, encode(record)).submitted_at
    assert back == at
    assert back
    assert back.utcoffset() == at.utcoffset()


@pytest.mark.parametrize("value", [1.5, Decimal("NaN"), "1.0", None])
def test_a_value_of_the_wrong_type_is_refused_before_it_is_stored(value: object) -> None:
    with pytest.raises(ValueError, match="Item"):
        encode(replace(ITEMS[0], quantity=Quantity(value)))  # type: ignore[arg-type]


def test_importing_the_store_loads_no_database_library_and_builds_no_adapter() -> None:
    code = (
        "import sys, gateway.adapters.store.codec, gateway.adapters.store\n"
        "heavy = {'sqlalchemy', 'alembic'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "assert not gateway.adapters.store.codec._ADAPTERS\n"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False).returncode == 0
