"""The short way of an expression gives what the expression gives, on what examples bring and on prunings of it."""

import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.fhir import json
from gateway.fhir.path import PathFault, short_way, value_of
from gateway.mapping import Mappings
from gateway.mapping.engine import Mapped
from gateway.mapping.evaluation import At, Evaluate, Evaluation, Origin, Query
from gateway.mapping.functions import Record, compiled, recording, short
from gateway.mapping.scope import Bound, Scope
from gateway.model.errors import BadOrder
from gateway.orders.reading import Options, read
from gateway.orders.request import build
from tests.worlds import build_world

_ORDERS = sorted((Path(__file__).parents[3] / "examples" / "orders").glob("*.json"))
_PRUNINGS = 6
Used = dict[str, list[Mapping[str, Any]]]


class _Watching(Evaluation):
    used: Used

    def bound(self, query: Query, scope: Scope, at: At, evaluate: Evaluate) -> Bound | None:
        found = super().bound(query, scope, at, evaluate)
        known = self.used.setdefault(query.source.text, [])
        known.append({name: self.lookup(name, scope).value for name in query.variables})
        return found


class _Watched(Mappings):
    """Mappings that keep what their expressions were evaluated on."""

    used: Used

    def observe(self, name: str, context: Mapping[str, Any], *, reached: set[Origin] | None) -> Mapped:
        with recording(self.tables) as record:
            watching = _Watching(self.programs, self.typed, record, reached)
            watching.used = self.used
            return self.run(name, context, watching, record)


@pytest.fixture(scope="module")
def used() -> tuple[Used, Mappings]:
    world, found = build_world(), Used()
    options = Options(today=world.clock.now().date(), tables=world.tables)
    for path in _ORDERS:
        try:
            contexts = read([json.loads(path.read_bytes())], world.site, world.payers, options)
        except BadOrder:
            continue
        for context in contexts:
            if context.payer_id and context.requestor_id:
                payer = world.payers[context.payer_id]
                mappings = world.guide(payer).mappings
                watched = _Watched(mappings.definitions, mappings.tables)
                watched.used = found
                build(context, watched, world.site, payer, now=world.clock.now(), new_id=world.ids.new)
    return found, mappings


def _pruned(value: Any, chance: random.Random) -> Any:
    """The value with some members and rows left out, doubled, or turned into something else."""
    if isinstance(value, dict):
        kept = {key: _pruned(item, chance) for key, item in value.items() if chance.random() > 0.08}
        if kept and chance.random() < 0.04:
            kept[f"_{next(iter(kept))}"] = {"extension": [{"url": "urn:x", "valueString": "y"}]}
        return kept
    if isinstance(value, list):
        rows = [_pruned(item, chance) for item in value if chance.random() > 0.1]
        return rows + rows[:1] if chance.random() < 0.1 else rows
    if isinstance(value, str | int) and chance.random() < 0.05:
        return chance.choice(["", 0, 1, True, False, "2026-12-07", [], {}])
    return value


def _scenes(values: Mapping[str, Any], chance: random.Random) -> Iterator[Mapping[str, Any]]:
    yield values
    for _ in range(_PRUNINGS):
        yield {name: _pruned(value, chance) for name, value in values.items()}


def _outcome(record: Record, run: Callable[[], Any]) -> tuple[Any, list[str]]:
    record.rules.clear()
    try:
        found = run()
    except PathFault:
        found = "fault"
    return found, list(record.rules)


def test_a_short_way_gives_what_the_expression_gives(used: tuple[Used, Mappings]) -> None:
    found, mappings = used
    chance, taken, given_up = random.Random(7), 0, 0  # noqa: S311 - to choose prunings
    with recording(mappings.tables) as record:
        for text, uses in found.items():
            way = short(text)
            if way is None:
                continue
            for values in chance.sample(uses, min(len(uses), 12)):
                for scene in _scenes(values, chance):
                    by_short = _outcome(record, lambda way=way, scene=scene: way(scene))  # type: ignore[misc]
                    if by_short[0] is None:
                        given_up += 1
                        continue
                    taken += 1
                    expression = compiled(text)
                    for whole in (expression, expression.loose):
                        assert _outcome(record, lambda w=whole, s=scene: w({}, s)) == by_short, text  # type: ignore[misc]
    assert taken > 2 * given_up > 0


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("%a.b = %a.c", {"a": {"b": "x", "c": "x"}}, [True]),
        ("%a.b != %a.c", {"a": {"b": "x"}}, []),
        ("%a.b.exists() or %c", {"a": {}, "c": [False]}, [False]),
        ("%a.b.exists() and %c", {"a": {}, "c": None}, [False]),
        ("%a.where(url = 'u').value", {"a": [{"url": "v", "valueCode": "x"}]}, []),
        ("%a.b | %a.c", {"a": {"b": {"code": "x"}, "c": {"code": "x"}}}, [{"code": "x"}]),
        ("%a.quantity", {"a": {"id": "x"}}, []),
    ],
)
def test_what_plain_data_answers_needs_no_expression(text: str, values: dict[str, Any], expected: list[Any]) -> None:
    way = short_way(text, {})
    assert way is not None
    assert way(values) == expected == compiled(text)({}, values)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("%a.b", {"a": {"b": "x", "_b": {"extension": [{"url": "u"}]}}}),
        ("%a.value", {"a": {"valueCode": "x"}}),
        ("%a.birthDate = '2026'", {"a": {"resourceType": "Patient", "birthDate": "2026"}}),
        ("%a.birthDate = '2026'", {"a": [value_of({"birthDate": "2026-01-01"}, "Patient")]}),
        ("%a.where(b.exists())", {"a": [{"b": 1}]}),
        ("%a.b | %a.c", {"a": {"b": "2026", "c": "2026-01"}}),
        ("%a.b.exists() or %c", {"a": {}, "c": ["yes"]}),
        ("%a.b", {"a": {"b": [{"c": 1}] * 201}}),
    ],
)
def test_what_only_the_expression_knows_is_left_to_it(text: str, values: dict[str, Any]) -> None:
    way = short_way(text, {})
    assert way is not None
    assert way(values) is None


@pytest.mark.parametrize("text", ["%a.b + 1", "%a.select(b)", "$this.b", "iif(%a.b > 1, 'x', 'y')"])
def test_other_expressions_have_no_short_way(text: str) -> None:
    assert short_way(text, {}) is None
