"""Reads a YAML file into a typed model and turns everything wrong with it into lines a person can act on.

Every scalar is read as the text that stands in the file, so that a ZIP code keeps its zero and `2.10` is not 2.1;
the model decides what is a number or a switch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import ErrorDetails

Place = tuple[str | int, ...]
_TEXTS = {
    "missing": "is missing or empty; write a value.",
    "string_too_short": "is empty; write a value.",
    "too_short": "is empty; write at least one row.",
    "model_type": "is not a table of keys; write `key: value` rows under it.",
    "tuple_type": "is not a list; write rows that begin with `-`.",
    "string_type": "is not a single value; write one value.",
    "bool_parsing": "is neither true nor false; write one of them.",
    "int_parsing": "is not a whole number; write digits.",
}


class FileFault(ValueError):
    """A file that cannot be used; `problems` are lines of `file:line: key: what is wrong; the fix`."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class PlacedError(ValueError):
    """A rule over several values, broken at `place` (keys joined by dots) below the table that has the rule."""

    def __init__(self, place: str, text: str) -> None:
        super().__init__(text)
        self.place = tuple(place.split("."))


class Table(BaseModel):
    """A table of keys in a YAML file; a key that is not listed is an error, an empty value is none."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, table: Any) -> Any:
        return {name: value for name, value in table.items() if value != ""} if isinstance(table, dict) else table


Model = TypeVar("Model", bound=Table)


@dataclass(frozen=True, slots=True)
class _Document:
    value: Any
    lines: Mapping[Place, int]

    def line(self, place: Place) -> int:
        """The line of `place`, or of the nearest place around it that stands in the file."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def read_table(path: Path, model: type[Model]) -> Model:
    """The file as `model`.

    Raises:
        FileFault: not readable, not YAML, a key twice, an unknown key, or a value that breaks its rule; all listed.
    """
    document = _document(path)
    try:
        return model.model_validate(document.value)
    except ValidationError as fault:
        rows = fault.errors(include_url=False, include_input=False)
        # a list whose rows are all wrong counts as empty as well; say it once
        rows = [row for row in rows if row["type"] != "too_short" or not _has_rows(document.value, row["loc"])]
        raise FileFault(tuple(_problem(path, document, model, row) for row in rows)) from None


def _problem(path: Path, document: _Document, model: type[Table], row: ErrorDetails) -> str:
    error = row.get("ctx", {}).get("error")
    place = (*row["loc"], *(error.place if isinstance(error, PlacedError) else ()))
    line = document.line(place)
    key = ".".join(str(part + 1) if isinstance(part, int) else part for part in place)
    if row["type"] == "extra_forbidden":
        known = _keys(model, place[:-1])
        near = get_close_matches(str(place[-1]), known, n=1)
        fix = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(known)}."
        return f"{path}:{line}: {key}: is not a known key; {fix}"
    text = _TEXTS.get(row["type"]) or row["msg"].removeprefix("Value error, ")
    return f"{path}:{line}: {key}: {text}" if key else f"{path}:{line}: {text}"


def _has_rows(value: Any, place: Place) -> bool:
    for part in place:
        value = value[part]
    return bool(value)


def _keys(model: type[Table], place: Place) -> tuple[str, ...]:
    for part in place:
        if isinstance(part, str):
            model = next(_tables(model.model_fields[part].annotation))
    return tuple(model.model_fields)


def _tables(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, Table):
        yield annotation
    elif isinstance(annotation, UnionType) or get_args(annotation):
        for inner in get_args(annotation):
            yield from _tables(inner)


def _document(path: Path) -> _Document:
    try:
        root = yaml.compose(path.read_text("utf-8"), Loader=yaml.BaseLoader)
    except OSError as fault:
        raise FileFault((f"{path}: cannot be read ({fault.strerror}).",)) from None
    except UnicodeDecodeError:
        raise FileFault((f"{path}: is not UTF-8 text; save it as UTF-8.",)) from None
    except yaml.MarkedYAMLError as fault:
        line = fault.problem_mark.line + 1 if fault.problem_mark else 1
        raise FileFault((f"{path}:{line}: this is not YAML ({fault.problem}); correct the syntax here.",)) from None
    except yaml.YAMLError:
        raise FileFault((f"{path}: holds characters that YAML does not allow; remove them.",)) from None
    if root is None:
        raise FileFault((f"{path}: is empty.",))
    reader = _Reader(path)
    value = reader.value(root, ())
    if reader.problems:
        raise FileFault(tuple(reader.problems))
    return _Document(value, reader.lines)


class _Reader:
    def __init__(self, path: Path) -> None:
        self.lines: dict[Place, int] = {}
        self.problems: list[str] = []
        self._path = path
        self._seen: set[int] = set()

    def value(self, node: yaml.Node, place: Place) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(place, line)
        if id(node) in self._seen:  # an alias; a recursive one would never end
            self.problems.append(f"{self._path}:{line}: anchors and aliases are not read; write the value out.")
            return None
        self._seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*place, n)) for n, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._table(node, place)
        return node.value

    def _table(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        table: dict[str, Any] = {}
        for key, item in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in table:
                self.problems.append(f"{self._path}:{line}: {name}: stands here twice; keep one.")
            self.lines[*place, name] = line
            table[name] = self.value(item, (*place, name))
        return table
