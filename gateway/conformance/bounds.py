"""Fixed values, patterns, lengths and limits of one element (ElementDefinition.fixed[x] to maxLength)."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from gateway.conformance.context import Context
from gateway.conformance.definitions import Element
from gateway.conformance.items import Item
from gateway.conformance.moments import is_after
from gateway.conformance.patterns import contains, equals
from gateway.conformance.primitives import is_number, is_text

Check = Callable[[Context, Item], None]


def checks(element: Element) -> list[Check]:
    """What has to be checked on a value of the element; nothing for most."""
    found: list[Check] = []
    if element.fixed is not None:
        found.append(_fixed(element.fixed))
    if element.pattern is not None:
        found.append(_pattern(element.pattern))
    if element.max_length is not None:
        found.append(_length(element.max_length))
    if element.min_value is not None:
        found.append(_limit("min-value", element.min_value, -1))
    if element.max_value is not None:
        found.append(_limit("max-value", element.max_value, 1))
    return found


def _fixed(fixed: Any) -> Check:
    def check(context: Context, item: Item) -> None:
        if not equals(fixed, item.value):
            text = "The profile fixes another value here."
            context.findings.error("fixed", item.path, text, f"Send {_shown(fixed)}.", code="value")

    return check


def _pattern(pattern: Any) -> Check:
    coded = tuple(_coded(pattern))

    def check(context: Context, item: Item) -> None:
        if not contains(pattern, item.value):
            text = "The value does not contain what the profile demands."
            context.findings.error("pattern", item.path, text, f"Send {_shown(pattern)}.", code="value")
        else:
            context.findings.demanded.update(f"{item.path}{place}" for place in coded)

    return check


def _coded(demand: Any, place: str = "") -> Iterator[str]:
    """Where in a pattern a concept or a coding is demanded, as the end of a path."""
    if isinstance(demand, dict):
        if "coding" in demand or "code" in demand:
            yield place
        for name, inner in demand.items():
            yield from _coded(inner, f"{place}.{name}")


def _length(most: int) -> Check:
    def check(context: Context, item: Item) -> None:
        if is_text(item.value) and len(item.value) > most:
            fix = f"Send at most {most} characters."
            context.findings.error("max-length", item.path, "The text is too long.", fix, code="too-long")

    return check


def _limit(rule: str, limit: Any, beyond: int) -> Check:
    """A least (`beyond` -1) or largest (1) value; of another shape than the limit, it is not evaluated."""

    def check(context: Context, item: Item) -> None:
        order = _compare(item.value, limit)
        if order is None:
            context.findings.skip(rule, item, "The value cannot be compared with the limit.")
        elif order == beyond:
            text = "The value is too small." if beyond < 0 else "The value is too large."
            fix = f"Send {_shown(limit)} or {'more' if beyond < 0 else 'less'}."
            context.findings.error(rule, item.path, text, fix, code="value")

    return check


def _compare(value: Any, limit: Any) -> int | None:
    """-1, 0 or 1; None when the two cannot be compared. Dates overlap where none is certain to be later."""
    if is_number(value) and is_number(limit):
        return _order(Decimal(str(value)), Decimal(str(limit)))
    if is_text(value) and is_text(limit):
        if is_after(limit, limit) is None:  # a time of day
            return _order(value, limit)
        later, earlier = is_after(value, limit), is_after(limit, value)
        return None if later is None else int(later) - int(bool(earlier))
    if isinstance(value, dict) and isinstance(limit, dict):
        same = all(value.get(name) == limit.get(name) for name in ("system", "code"))
        return _compare(value.get("value"), limit.get("value")) if same else None
    return None


def _order(left: Any, right: Any) -> int:
    return 1 if left > right else -1 if left < right else 0


def _shown(demand: Any) -> str:
    """The guide's own value, which is no content of the sender."""
    return json.dumps(demand, ensure_ascii=False)
