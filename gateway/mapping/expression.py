"""FHIRPath as written in a mapping: what it reads and calls, seen without evaluating it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.mapping.findings import Place

# `{{ expression // need }}`; a string literal may hold braces and slashes, `{}` is FHIRPath's empty collection
LEAF = re.compile(
    r"""\{\{(?P<required>!?)
        (?P<text>(?:'(?:\\.|[^'\\])*'|`[^`]*`|\{\s*\}|/(?!/)|[^'`{}/])*)
        (?://(?P<need>(?:[^}]|\}(?!\}))*))?
    \}\}""",
    re.VERBOSE,
)
_TOKEN = re.compile(
    r"""(?P<string>'(?:\\.|[^'\\])*')
      | (?P<variable>%(?:`[^`]+`|\w+))
      | (?P<special>\$\w+)
      | (?P<time>@[\w:.+-]+)
      | (?P<number>[0-9]+(?:\.[0-9]+)?)
      | (?P<name>`[^`]+`|[A-Za-z_]\w*)
      | (?P<mark>\S)""",
    re.VERBOSE,
)
_WORDS = frozenset({"and", "or", "xor", "implies", "div", "mod", "in", "contains", "is", "as", "true", "false"})


Tokens = list[tuple[str, str]]  # kind (string, variable, special, time, number, name, mark) and text


@dataclass(frozen=True, slots=True)
class Call:
    """A function call: its literal text arguments (None when they are computed) and the variable it is called on."""

    function: str
    arguments: tuple[str, ...] | None
    receiver: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """An expression and where it stands.

    Attributes:
        text: the FHIRPath.
        mapping, line, place: where it is written.
        required: written `{{! … }}`: no value is a gap.
        need: the words after `//`: what would satisfy it.
        variables: names read as %name.
        calls: functions called.
        bare: member names not reached from a %variable; they would be silently empty.
        divides: whether `/` occurs, which gives a Decimal even of integers.
    """

    text: str
    mapping: str
    line: int
    place: Place
    required: bool = False
    need: str = ""
    variables: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    bare: tuple[str, ...] = ()
    divides: bool = False


def scan(text: str, mapping: str, line: int, place: Place, *, required: bool = False, need: str = "") -> Source:
    """Read what an expression names. It is not parsed here: `gateway.fhir.path.compile` refuses bad syntax."""
    text = text.strip()
    tokens = tokens_of(text)
    variables = (word[1:].strip("`") for kind, word in tokens if kind == "variable")
    return Source(
        text=text,
        mapping=mapping,
        line=line,
        place=place,
        required=required,
        need=need.strip(),
        variables=tuple(dict.fromkeys(variables)),
        calls=tuple(_calls(tokens)),
        bare=tuple(_bare(tokens)),
        divides=("mark", "/") in tokens,
    )


def tokens_of(text: str) -> Tokens:
    """The words of an expression."""
    return [(match.lastgroup or "", match.group()) for match in _TOKEN.finditer(text)]


def _calls(tokens: Tokens) -> Iterator[Call]:
    for at, (kind, word) in enumerate(tokens[:-1]):
        if kind != "name" or tokens[at + 1] != ("mark", "("):
            continue
        if word in _WORDS and (at == 0 or tokens[at - 1] != ("mark", ".")):
            continue  # `a and (b)` calls nothing
        before = tokens[at - 2] if at >= 2 and tokens[at - 1] == ("mark", ".") else ("", "")
        receiver = before[1][1:].strip("`") if before[0] == "variable" else ""
        yield Call(word, _literals(tokens, at + 2), receiver)


def _literals(tokens: Tokens, at: int) -> tuple[str, ...] | None:
    """The arguments from position `at` up to the closing bracket, when all are text literals."""
    found: list[str] = []
    for kind, word in tokens[at:]:
        if kind == "string":
            found.append(word[1:-1])
        elif word == ")":
            return tuple(found)
        elif word != ",":
            return None
    return None


def _bare(tokens: Tokens) -> Iterator[str]:
    """Names that start a path outside every function call; inside one they belong to `$this`."""
    brackets: list[bool] = []
    before = ("", "")
    for at, (kind, word) in enumerate(tokens):
        after = tokens[at + 1] if at + 1 < len(tokens) else ("", "")
        if word == "(":
            brackets.append(before[0] == "name" and before[1] not in _WORDS)
        elif word == ")" and brackets:
            brackets.pop()
        elif kind == "name" and not any(brackets):
            starts = before != ("mark", ".") and before[0] != "number" and before[1] not in ("is", "as")
            if starts and word not in _WORDS and after != ("mark", "("):
                yield word
        before = (kind, word)
