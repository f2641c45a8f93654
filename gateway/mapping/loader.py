"""The one YAML reader for mapping files: text stays text, every key once, every place kept.

YAML 1.1 reads `0450` as 296, `12:30` as 750 and `no` as false; here whatever a reader of YAML would take for anything
but text must be quoted, unless it is `true`, `false` or a plain integer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gateway.mapping import traps
from gateway.mapping.findings import Finding, MappingFault, Place, spell

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAGS = frozenset(
    f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq", "value")
)


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file as plain values, and where each place in it is written.

    Attributes:
        lines: the 1-based line of each place; of an object's element, that of its key.
        spans: first and last line and first column, all 1-based, of each value.
        keys: line and column, 1-based, of the key of each element of an object.
        written: the lines of the file.
    """

    file: str
    value: Any
    lines: Mapping[Place, int]
    spans: Mapping[Place, tuple[int, int, int]]
    keys: Mapping[Place, tuple[int, int]]
    written: tuple[str, ...]

    def line(self, place: Place) -> int:
        """The line of `place`, or of the nearest place around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def text_of(self, place: Place) -> str:
        """The lines a place takes, as written."""
        first, last, _ = self._span(place)
        return "\n".join(self.written[first - 1 : last])

    def finding(self, place: Place, message: str, word: str = "", *, advice: bool = False, offset: int = -1) -> Finding:
        """Something wrong at `place`.

        The caret goes under `word` where it is written there (`offset` characters into it, when that is given), else
        under the value.
        """
        first, last, column = self._span(place)
        for number in range(min(self.line(place), first), last + 1):
            text = self.written[number - 1] if number <= len(self.written) else ""
            if word and (at := text.find(word)) >= 0:
                shift, width = (offset, 1) if offset >= 0 else (0, len(word))
                # the line named is that of the place; the caret may be further down in a value of several lines
                return Finding(self.file, number, spell(place), message, advice, at + 1 + shift, text, width)
        text = self.written[first - 1] if first <= len(self.written) else ""
        return (
            Finding(self.file, self.line(place), spell(place), message, advice)
            if self.line(place) != first
            else Finding(self.file, first, spell(place), message, advice, column, text, len(text.rstrip()) + 1 - column)
        )

    def finding_at_key(self, place: Place, message: str) -> Finding:
        """Something wrong at `place`, with the caret under its key; where it has none, under the value."""
        if place not in self.keys:
            return self.finding(place, message)
        line, column = self.keys[place]
        text = self.written[line - 1]
        return Finding(self.file, line, spell(place), message, False, column, text, len(str(place[-1])))

    def _span(self, place: Place) -> tuple[int, int, int]:
        while place and place not in self.spans:
            place = place[:-1]
        return self.spans.get(place, (1, 1, 1))


def read(path: Path, *, decimals: bool = False) -> Document:
    """Read a YAML file; `decimals` lets test data hold unquoted decimals.

    Raises:
        MappingFault: the file is not UTF-8 YAML, or uses what readers understand differently; all places listed.
    """
    return _sound(examine(path, decimals=decimals))


def parse(text: str, file: str, *, decimals: bool = False) -> Document:
    """Read YAML text; see `read`."""
    return _sound(examine_text(text, file, decimals=decimals))


def examine(path: Path, *, decimals: bool = False) -> tuple[Document | None, list[Finding]]:
    """A YAML file as far as it can be understood, and everything wrong with it."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        return None, [Finding(str(path), 1, "", f"cannot be read as UTF-8 ({type(fault).__name__})")]
    return examine_text(text, str(path), decimals=decimals)


def examine_text(text: str, file: str, *, decimals: bool = False) -> tuple[Document | None, list[Finding]]:
    """As `examine`, for the text of a file."""
    if findings := traps.in_text(text, file):
        return None, findings
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as fault:
        return None, [traps.in_syntax(fault, text, file)]
    if root is None:
        return None, [Finding(file, 1, "", "the file is empty")]
    reader = _Reader(file, text, decimals)
    value = reader.value(root, ())
    return Document(file, value, reader.lines, reader.spans, reader.keys, reader.written), reader.findings


def _sound(examined: tuple[Document | None, list[Finding]]) -> Document:
    document, findings = examined
    if document is None or findings:
        raise MappingFault(findings)
    return document


class _Reader:
    def __init__(self, file: str, text: str, decimals: bool) -> None:
        self.findings: list[Finding] = []
        self.lines: dict[Place, int] = {}
        self.spans: dict[Place, tuple[int, int, int]] = {}
        self.keys: dict[Place, tuple[int, int]] = {}
        self.written = tuple(text.split("\n"))
        self._file = file
        self._decimals = decimals

    def value(self, node: yaml.Node, place: Place) -> Any:
        start, end = node.start_mark, node.end_mark
        last = end.line if end.column == 0 and end.line > start.line else end.line + 1
        self.lines.setdefault(place, start.line + 1)
        self.spans.setdefault(place, (start.line + 1, last, start.column + 1))
        if node.tag not in _TAGS:
            self._find(node, place, f"a tag ({node.tag}) makes readers differ; remove it and write the value plainly")
            return None
        if isinstance(node, yaml.MappingNode):
            return self._object(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*place, index)) for index, child in enumerate(node.value)]
        return self._scalar(node, place) if isinstance(node, yaml.ScalarNode) else None

    def _object(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, child in node.value:
            key = key_node.value
            if problem := traps.in_key(key_node):
                self._find(key_node, place, problem)
                continue
            here = (*place, key)
            if key in result:
                message = (
                    f"the key {key!r} is written twice (line {self.lines[here]} too): YAML would silently keep only"
                )
                self._find(key_node, here, f"{message} this one; keep one of them")
            self.lines.setdefault(here, key_node.start_mark.line + 1)
            mark = key_node.start_mark
            self.keys.setdefault(here, (mark.line + 1, mark.column + 1 + bool(key_node.style)))
            result[key] = self.value(child, here)
        return result

    def _scalar(self, node: yaml.ScalarNode, place: Place) -> Any:
        if node.style:  # quoted, or a block; libyaml says '' for plain, PyYAML None
            return node.value
        value, problem = traps.plain(node.value, decimals=self._decimals)
        if problem:
            self._find(node, place, problem)
        return value

    def _find(self, node: yaml.Node, place: Place, message: str) -> None:
        start, end = node.start_mark, node.end_mark
        text = self.written[start.line]
        width = (end.column if end.line == start.line else len(text)) - start.column
        self.findings.append(
            Finding(self._file, start.line + 1, spell(place), message, False, start.column + 1, text, width)
        )
