"""Mutations of time: days that do not exist, times without a zone, a precision the guide forbids."""

from collections.abc import Iterator

from tests.mutation.guides import Guide
from tests.mutation.mutation import ERROR, Mutation, left_out
from tests.mutation.shape import Node

KIND = "impossible date"
IMPOSSIBLE = {
    "date": {
        "30 February": "2026-02-30",
        "13th month": "2026-13-01",
        "29 February of a common year": "2027-02-29",
        "no dashes": "20261130",
        "time in a date": "2026-11-30T10:00:00Z",
        "words": "next tuesday",
    },
    "dateTime": {
        "30 February": "2026-02-30",
        "13th month": "2026-13-01",
        "30 February with time": "2026-02-30T10:00:00Z",
        "time without zone": "2026-11-30T10:00:00",
        "hour 25": "2026-11-30T25:00:00Z",
        "minutes missing": "2026-11-30T10Z",
    },
    "instant": {
        "30 February with time": "2026-02-30T10:00:00Z",
        "time without zone": "2026-11-30T10:00:00",
        "a day only": "2026-11-30",
        "minute 60": "2026-11-30T10:60:00Z",
    },
}


def impossible_dates(here: Guide, nodes: list[Node]) -> Iterator[Mutation]:
    """Every date, spoiled in each way its type has; shortened where the guide demands the full day."""
    for node in nodes:
        for variant, text in IMPOSSIBLE.get(node.type, {}).items():
            rule = f"{node.rules[0].element.label()} is {node.type}: {variant}"
            yield Mutation(KIND, variant, (("set", node.pointer, text),), (node.pointer,), ERROR, rule)
        keys = {
            c["key"]: r for r in node.rules for c in r.element.data.get("constraint", ()) if c["key"] == "FullDateRule"
        }
        for key, found in keys.items():
            if node.type not in ("date", "dateTime"):
                label = f"{found.element.label()} {key}"
                yield left_out(KIND, label, f"the rule asks a {node.type} for ten characters")
                continue
            for variant, text in (("no day", "2026-12"), ("no month", "2026")):
                rule = f"{found.element.label()} {key}"
                yield Mutation(KIND, variant, (("set", node.pointer, text),), (node.pointer,), ERROR, rule)
