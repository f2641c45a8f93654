"""A migration takes nothing away, so the gateways of the release before go on while it is rolled out."""

from collections.abc import Callable
from typing import Any

from alembic.script import Script
from sqlalchemy import Engine

from tests.migration.schemas import described, scripts, upgrade_to

Schema = dict[str, dict[str, Any]]


def taken_away(before: Schema, after: Schema) -> list[str]:
    """What an older gateway would miss, or be refused for, in the newer schema."""
    found = [f"{table} is gone" for table in before.keys() - after.keys()]
    for table in sorted(before.keys() & after.keys()):
        old = {column["name"]: column for column in before[table]["columns"]}
        new = {column["name"]: column for column in after[table]["columns"]}
        found += [f"{table}.{name} is gone" for name in old.keys() - new.keys()]
        found += [
            f"{table}.{name} is another type, or must not be empty any more"
            for name in old.keys() & new.keys()
            if old[name]["type"] != new[name]["type"] or (old[name]["nullable"] and not new[name]["nullable"])
        ]
        found += [
            f"{table}.{name} must be given"
            for name in new.keys() - old.keys()
            if not new[name]["nullable"] and new[name]["default"] is None
        ]
        for part in ("primary key", "unique", "foreign keys", "triggers"):
            if before[table][part] != after[table][part]:
                found.append(f"{table} has another {part}")
    return sorted(found)


def test_every_migration_is_additive_unless_it_says_why_not(new_engine: Callable[[], Engine]) -> None:
    engine = new_engine()
    history: list[Script] = list(reversed(list(scripts().walk_revisions())))
    before: Schema = {}
    for script in history:
        upgrade_to(engine, script.revision)
        after = described(engine)
        excuse = getattr(script.module, "NOT_ADDITIVE", "")
        found = taken_away(before, after)
        assert bool(found) is bool(excuse), f"{script.revision}: {found}"
        before = after
    assert len(history) > 1


def test_only_the_migration_before_the_first_release_needed_an_excuse() -> None:
    excused = {script.revision for script in scripts().walk_revisions() if hasattr(script.module, "NOT_ADDITIVE")}
    assert excused == {"0002"}


def column(name: str, **parts: Any) -> dict[str, Any]:
    return {"name": name, "type": "VARCHAR", "nullable": False, "default": None, **parts}


def schema(*columns: dict[str, Any], **parts: Any) -> Schema:
    empty: dict[str, Any] = {"primary key": {}, "unique": [], "foreign keys": [], "triggers": []}
    return {"work": {**empty, "columns": list(columns), **parts}}


def test_what_an_older_gateway_would_miss_is_found() -> None:
    before = schema(column("id"), column("note", nullable=True))
    note = column("note", nullable=True)
    assert taken_away(before, before) == []
    assert taken_away(before, {**before, "other": before["work"]}) == []
    assert taken_away(before, schema(column("id"), note, column("new", nullable=True))) == []
    assert taken_away(before, schema(column("id"), note, column("new", default="''"))) == []
    assert taken_away(before, {}) == ["work is gone"]
    assert taken_away(before, schema(column("id"))) == ["work.note is gone"]
    assert taken_away(before, schema(column("key"), note)) == ["work.id is gone", "work.key must be given"]
    assert len(taken_away(before, schema(column("id", type="VARCHAR(10)"), note))) == 1
    assert len(taken_away(before, schema(column("id"), column("note")))) == 1
    assert len(taken_away(before, schema(column("id"), note, unique=[{"name": "uq"}]))) == 1
