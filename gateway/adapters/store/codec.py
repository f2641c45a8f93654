"""Frozen dataclasses to JSON text and back, exactly: a Decimal keeps its digits, an instant its offset."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from gateway.adapters.store.faults import StoreFault
from gateway.model.events import Event, OrderReceived
from gateway.model.lifecycle import TRANSITIONS

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Value = TypeVar("Value")

_KINDS: set[type[Event]] = {OrderReceived}.union(*TRANSITIONS.values())
EVENTS: Mapping[str, type[Event]] = {kind.__name__: kind for kind in _KINDS}
"""Every event class that can happen to a record, by the name it is stored under."""


def encode(value: Any) -> str:
    """The value as JSON text, proven to read back as the same value.

    Raises:
        ValueError: a field holds something its type does not allow; it could not be read again.
    """
    from pydantic_core import PydanticSerializationError  # noqa: PLC0415 - see `_adapter`

    kind = type(value)
    try:
        text = _adapter(kind).dump_json(value, warnings="error").decode()
        if decode(kind, text) == value:
            return text
    except (PydanticSerializationError, StoreFault):  # the first one quotes the content
        pass
    raise ValueError(f"this {kind.__name__} does not fit its declared types")


def decode(kind: type[Value], text: str) -> Value:
    """The value of class `kind` that `text` was encoded from.

    Raises:
        StoreFault: the text is no such value: it was changed from outside, or written by another release.
    """
    from pydantic import ValidationError  # noqa: PLC0415 - see `_adapter`

    adapter: TypeAdapter[Value] = _adapter(kind)
    try:
        return adapter.validate_json(text, strict=True)
    except ValidationError:  # its text quotes the content
        raise StoreFault(
            f"A stored {kind.__name__} cannot be read.", fix="Run the gateway release that wrote it, or restore it."
        ) from None


def decode_event(name: str, text: str) -> Event:
    """The event stored under `name`. Raises StoreFault."""
    if name not in EVENTS:
        raise StoreFault(
            "A stored event is of a kind this gateway does not know.", fix="Run the release that wrote it."
        )
    return decode(EVENTS[name], text)


_ADAPTERS: "dict[type[Any], TypeAdapter[Any]]" = {}


def _adapter(kind: type[Any]) -> "TypeAdapter[Any]":
    # Built on first use: compiling all of them costs more than `pa --help` may take.
    from pydantic import TypeAdapter  # noqa: PLC0415 - `pa --help` must not wait for it

    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]
