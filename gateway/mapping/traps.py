"""What YAML silently makes of innocent text: refused here, with what it would have become and how to write it."""

import re
from decimal import Decimal
from typing import Any

import yaml

from gateway.mapping.findings import Finding

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+")
_EMPTY = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEAN = {"yes": "true", "on": "true", "y": "true", "true": "true", "no": "false", "off": "false", "n": "false"}
_OTHER_NUMBER = re.compile(r"0o[0-7]+|[-+]?[0-9][0-9_]*(\.[0-9_]*)?[eE][-+]?[0-9]+")
_RESOLVER = yaml.SafeLoader("")
_ANCHOR = re.compile(r"(?:^|[\[{,:\-]\s+|^\s+)(?P<mark>[&*]\w[\w-]*)", re.MULTILINE)
_QUOTED = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:''|[^'])*'|#[^\n]*")
_TAB = "a tab cannot indent; use spaces"
_SECOND = "`---` starts a second document, which no reader here would see; write one document in a file"
_OPEN = "a bracket is not closed, or a comma is missing, on this line or above"
_TIDY = {
    "found character '\\t' that cannot start any token": _TAB,
    "expected a single document in the stream": _SECOND,
    "but found another document": _SECOND,
    "did not find expected ',' or ']'": _OPEN,
    "did not find expected ',' or '}'": _OPEN,
    "found unexpected end of stream": "a quote is not closed above; close it",
    "could not find expected ':'": "a key without its colon and value; write `key: value`, or quote a text of words",
    "mapping values are not allowed here": "a second `: ` on this line; quote a text that has a colon in it",
    "mapping values are not allowed in this context": "a second `: ` on this line; quote a text that has a colon in it",
}


def in_text(text: str, file: str) -> list[Finding]:
    """Anchors and aliases: `&name` and `*name` would copy a value out of sight."""
    bare = _QUOTED.sub(lambda match: " " * len(match[0]) if "\n" not in match[0] else match[0], text)
    found = []
    for match in _ANCHOR.finditer(bare):
        line = text.count("\n", 0, match.start("mark")) + 1
        column = match.start("mark") - text.rfind("\n", 0, match.start("mark"))
        mark = match["mark"]
        what = "an anchor" if mark[0] == "&" else "an alias"
        message = f"{mark} is {what}: YAML would put a copy of another value here; write the value out, or use a let"
        found.append(Finding(file, line, "", message, False, column, text.split("\n")[line - 1], len(mark)))
    return found


def in_syntax(fault: yaml.YAMLError, text: str, file: str) -> Finding:
    """What is wrong with text that is no YAML at all."""
    mark = getattr(fault, "problem_mark", None)
    problem = str(getattr(fault, "problem", None) or "this is not YAML")
    message = _TIDY.get(problem, f"{problem}; correct the syntax here")
    if mark is None:
        return Finding(file, 1, "", message)
    lines = text.split("\n")
    line = min(mark.line, len(lines) - 1)
    if "\t" in lines[line][: mark.column + 1]:
        message = _TAB
    return Finding(file, line + 1, "", message, False, mark.column + 1, lines[line])


def in_key(node: yaml.Node) -> str:
    """Why a key cannot be used; empty when it can."""
    if not isinstance(node, yaml.ScalarNode):
        return 'a key must be plain text; an expression is quoted: "{{ … }}"'
    if node.tag.endswith(":merge"):
        return "<< is a merge key: YAML would put another object's elements in here; write them out, or use an include"
    if node.style:
        return ""
    value, problem = plain(node.value, decimals=False)
    if isinstance(value, str) and not problem:
        return ""
    return f'YAML would read the key {node.value} as {_words(node.value)}, not as text; write "{node.value}"'


def plain(text: str, *, decimals: bool) -> tuple[Any, str]:
    """The value of an unquoted word, and what is wrong with it; `decimals` allows unquoted decimals."""
    if text in ("true", "false"):
        return text == "true", ""
    if _INTEGER.fullmatch(text):
        return int(text), ""
    if _DECIMAL.fullmatch(text) and decimals:
        return Decimal(text), ""
    if text in _EMPTY:
        return text, "no value: YAML would read null; write a value, or remove the key"
    if text.lower() in _BOOLEAN:
        words = f"YAML would read {text} as {_words(text)}"
        return text, f'{words}; write {_BOOLEAN[text.lower()]} to mean that, or "{text}" to mean the text'
    if _DECIMAL.fullmatch(text):
        words = f"YAML would read {text} as a binary fraction"
        return text, f'{words}; write "{text}" to mean the text, or "{{{{ {text} }}}}" to mean the number'
    if _made_of(text):
        return text, f'YAML would read {text} as {_words(text)}; write "{text}" to mean the text'
    return text, ""


def _made_of(text: str) -> str:
    """The kind of value YAML makes of an unquoted word, empty for text."""
    if _OTHER_NUMBER.fullmatch(text):
        return "float"
    kind = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False)).rpartition(":")[2]  # type: ignore[no-untyped-call]
    return "" if kind in ("str", "value", "merge") else str(kind)


def _words(text: str) -> str:
    """What an unquoted word becomes, as a person would say it."""
    if text.lower() in _BOOLEAN:
        return f"the boolean {_BOOLEAN[text.lower()]}"
    if text in _EMPTY:
        return "null"
    if _OTHER_NUMBER.fullmatch(text):
        return "a number"
    if _made_of(text) == "timestamp":
        return "a date or time object"
    try:
        return f"the number {yaml.safe_load(text)}"
    except (yaml.YAMLError, ValueError):
        return "a number that does not exist"
