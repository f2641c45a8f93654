"""The one YAML reader for mapping files: text stays text, every key once, every line number kept.

YAML 1.1 reads `0450` as 296, `12:30` as 750 and `no` as false; here an unquoted word is text, unless it is
`true`, `false` or a plain integer, and the words that other readers would take for something else are refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from gateway.mapping.findings import Finding, MappingFault, Place, spell

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+")
_EMPTY = frozenset({"", "~", "null", "Null", "NULL"})
_NOT_BOOLEAN = frozenset({"yes", "no", "on", "off", "y", "n", "true", "false"})
_TAGS = frozenset(
    f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq", "value")
)


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file as plain values, and the 1-based line of each place in it."""

    file: str
    value: Any
    lines: Mapping[Place, int]

    def line(self, place: Place) -> int:
        """The line of `place`, or of the nearest place around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def read(path: Path, *, decimals: bool = False) -> Document:
    """Read a YAML file; `decimals` lets test data hold unquoted decimals.

    Raises:
        MappingFault: the file is not UTF-8 YAML, or uses what readers understand differently; all places listed.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise MappingFault([Finding(str(path), 1, "", f"cannot be read as UTF-8 ({type(fault).__name__})")]) from None
    return parse(text, str(path), decimals=decimals)


def parse(text: str, file: str, *, decimals: bool = False) -> Document:
    """Read YAML text; see `read`."""
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(fault, "problem", None) or "this is not YAML"
        raise MappingFault([Finding(file, line, "", f"{problem}; correct the syntax here")]) from None
    if root is None:
        raise MappingFault([Finding(file, 1, "", "the file is empty")])
    reader = _Reader(file, decimals)
    value = reader.value(root, ())
    if reader.findings:
        raise MappingFault(reader.findings)
    return Document(file, value, reader.lines)


class _Reader:
    def __init__(self, file: str, decimals: bool) -> None:
        self.findings: list[Finding] = []
        self.lines: dict[Place, int] = {}
        self._file = file
        self._decimals = decimals
        self._seen: set[int] = set()

    def value(self, node: yaml.Node, place: Place) -> Any:
        self.lines.setdefault(place, node.start_mark.line + 1)
        if id(node) in self._seen:
            self._find(node, place, "an alias (*name) is not allowed; write the value out")
            return None
        self._seen.add(id(node))
        if node.tag not in _TAGS:
            self._find(node, place, "a tag (!name) or merge key is not allowed; remove it")
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
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag.endswith(":merge"):
                self._find(key_node, place, 'a key must be plain text; an expression is quoted: "{{ … }}"')
                continue
            here = (*place, key)
            if key in result:
                self._find(key_node, here, f"the key {key!r} is written twice; keep one")
            self.lines.setdefault(here, key_node.start_mark.line + 1)
            result[key] = self.value(child, here)
        return result

    def _scalar(self, node: yaml.ScalarNode, place: Place) -> Any:
        text: str = node.value
        if node.style:  # quoted, or a block; libyaml says '' for plain, PyYAML None
            return text
        if text in ("true", "false"):
            return text == "true"
        if _INTEGER.fullmatch(text):
            return int(text)
        if _DECIMAL.fullmatch(text) and self._decimals:
            return Decimal(text)
        if problem := _misreadable(text):
            self._find(node, place, problem)
        return text

    def _find(self, node: yaml.Node, place: Place, message: str) -> None:
        self.findings.append(Finding(self._file, node.start_mark.line + 1, spell(place), message))


def _misreadable(text: str) -> str:
    if text in _EMPTY:
        return "no value; write one, or remove the key"
    if text.lower() in _NOT_BOOLEAN:
        return f"unquoted {text!r} is a boolean to some readers; write true or false, or quote it to mean the text"
    if _DECIMAL.fullmatch(text):
        return f'unquoted decimal; quote it to mean the text, or write "{{{{ {text} }}}}" to mean the number'
    return ""
