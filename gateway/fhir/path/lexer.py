"""Characters of an expression to tokens (FHIRPath N1, section 12, and the grammar of appendix A)."""

import re
from dataclasses import dataclass

from gateway.fhir.path.fault import PathFault, quoted

LONGEST = 20_000
_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)
      | (?P<time>@T[0-9]{2}(?::[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?)
      | (?P<date>@[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?
          (?:T(?:[0-9]{2}(?::[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?)?)
      | (?P<number>[0-9]+(?:\.[0-9]+)?)
      | (?P<text>'(?:[^'\\]|\\.)*')
      | (?P<quoted>`(?:[^`\\]|\\.)*`)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<special>\$(?:this|index|total)\b)
      | (?P<variable>%(?:`(?:[^`\\]|\\.)*`|'(?:[^'\\]|\\.)*'|[A-Za-z_][A-Za-z0-9_]*))
      | (?P<mark><=|>=|!=|!~|[-+*/&|=~<>().,\[\]{}])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES = {"f": "\f", "n": "\n", "r": "\r", "t": "\t", "/": "/", "\\": "\\", "'": "'", '"': '"', "`": "`"}


@dataclass(frozen=True, slots=True)
class Token:
    """A token: its kind (a group of the pattern, or `end`), its text without quotes, and its column from 1."""

    kind: str
    text: str
    column: int


def tokens(text: str) -> list[Token]:
    """All tokens of an expression, closed by one of kind `end`.

    Raises:
        PathFault: a character that starts no token, an open text or comment, or far too long an expression.
    """
    if len(text) > LONGEST:
        raise PathFault(f"the expression is longer than {LONGEST} characters")
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or (text.startswith("/*", at) and match.lastgroup == "mark"):
            raise PathFault(f"{quoted(text)}: {_unread(text, at)} at column {at + 1}")
        kind = match.lastgroup or ""
        if kind != "space":
            found.append(Token(kind, _content(text, kind, match.group(), at), at + 1))
        at = match.end()
    found.append(Token("end", "", at + 1))
    return found


def _unread(text: str, at: int) -> str:
    if text.startswith("/*", at):
        return "the comment is not closed, expected */"
    if text[at] in "'`":
        return f"the text is not closed, expected {text[at]}"
    return f"unexpected {text[at]!r}"


def _content(text: str, kind: str, word: str, at: int) -> str:
    if kind == "variable":
        word = word[1:]
    if word[0] not in "'`":
        return word
    for escape in _ESCAPE.finditer(word):
        if len(escape[1]) == 1 and escape[1] not in _ESCAPES:
            raise PathFault(f"{quoted(text)}: {escape[0]!r} is no escape, at column {at + escape.start() + 1}")
    return _ESCAPE.sub(lambda escape: _ESCAPES.get(escape[1]) or chr(int(escape[1][1:], 16)), word[1:-1])
