"""Tokens to a syntax tree, strictly, with the precedence of the FHIRPath grammar and a bound on its depth."""

from decimal import Decimal

from gateway.fhir.path.fault import PathFault, quoted
from gateway.fhir.path.lexer import Token, tokens
from gateway.fhir.path.quantity import CALENDAR, Quantity
from gateway.fhir.path.syntax import Binary, Call, Index, Literal, Member, Sign, Special, Syntax, TypeTest, Variable
from gateway.fhir.path.temporal import temporal

DEEPEST = 100
_CLOCK = frozenset({"now", "today", "timeOfDay"})
_LITERALS = frozenset({"text", "number", "time", "date"})
_WORDS = frozenset({"div", "mod", "and", "or", "xor", "implies"})  # is, as, in and contains are names as well
_LEVELS = (
    ("implies",),
    ("or", "xor"),
    ("and",),
    ("in", "contains"),
    ("=", "~", "!=", "!~"),
    ("<", ">", "<=", ">="),
    ("|",),
    ("is", "as"),
    ("+", "-", "&"),
    ("*", "/", "div", "mod"),
)
_BINDING = {mark: level for level, marks in enumerate(_LEVELS) for mark in marks}
_TYPE = _BINDING["is"]


def parse(text: str) -> Syntax:
    """The tree of an expression.

    Raises:
        PathFault: wrong syntax, nested too deeply, or it reads a clock (time is passed in, never read).
    """
    parser = _Parser(text)
    tree = parser.expression(0)
    parser.expect("end")
    return tree


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._at = 0
        self._depth = 0
        self._depths: dict[int, int] = {}

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _is(self, *marks: str) -> bool:
        token = self._tokens[self._at]
        return token.kind in ("mark", "name") and token.text in marks

    def expect(self, mark: str) -> Token:
        """Take a mark, or the end, or refuse what stands there."""
        if mark == "end" and self._token.kind == "end":
            return self._token
        if self._token.kind == "mark" and self._token.text == mark:
            return self._take()
        raise self._fault("an operator or the end" if mark == "end" else repr(mark))

    def _fault(self, wanted: str) -> PathFault:
        token = self._token
        seen = "the end" if token.kind == "end" else repr(token.text)
        return PathFault(f"{quoted(self._text)}: unexpected {seen} at column {token.column}, expected {wanted}")

    def _nest(self, levels: int) -> None:
        self._depth += levels
        if self._depth > DEEPEST:
            raise PathFault(
                f"{quoted(self._text)}: nested too deeply at column {self._token.column}, at most {DEEPEST}"
            )

    def expression(self, lowest: int) -> Syntax:
        """An expression of operators that bind at least as tightly as level `lowest`."""
        before = self._depth
        self._nest(1)
        left = self._signed()
        while self._token.kind in ("mark", "name"):
            level = _BINDING.get(self._token.text, -1)
            if level < lowest:
                break
            self._nest(1)  # a chain of operators is a tree as deep as it is long
            token = self._take()
            if level == _TYPE:
                left = TypeTest(token.text, left, self._type(), token.column)
            else:
                left = Binary(token.text, left, self.expression(level + 1), token.column)
        self._depth = before
        return left

    def _signed(self) -> Syntax:
        if self._is("-", "+") and self._token.kind == "mark":
            token = self._take()
            self._nest(1)
            return Sign(token.text, self._signed(), token.column)
        return self._path()

    def _path(self) -> Syntax:
        node = self._term()
        while self._token.kind == "mark" and self._token.text in (".", "["):
            self._nest(1)
            token = self._take()
            if token.text == ".":
                node = self._invocation(node, first=False)
            else:
                node = Index(node, self.expression(0), token.column)
                self.expect("]")
        return node

    def _term(self) -> Syntax:
        token = self._token
        if token.kind == "mark" and token.text == "(":
            self._take()
            node = self.expression(0)
            self.expect(")")
            return node
        if token.kind == "mark" and token.text == "{":
            self._take()
            self.expect("}")
            return Literal((), token.column)
        if token.kind in ("special", "variable"):
            self._take()
            return (Special if token.kind == "special" else Variable)(token.text, token.column)
        if token.kind in _LITERALS or (token.kind == "name" and token.text in ("true", "false")):
            return self._literal()
        return self._invocation(Special("$this", token.column), first=True)

    def _literal(self) -> Literal:
        token = self._take()
        if token.kind == "text":
            return Literal((token.text,), token.column)
        if token.kind == "name":
            return Literal((token.text == "true",), token.column)
        if token.kind in ("time", "date"):
            value = temporal(token.text[1:], "Time" if token.kind == "time" else "")
            if value is None:
                self._at -= 1
                raise self._fault("a date or time that exists")
            return Literal((value,), token.column)
        number = Decimal(token.text) if "." in token.text else int(token.text[:64])
        unit = self._token
        if unit.kind == "text" or (unit.kind == "name" and unit.text in CALENDAR):
            self._take()
            name = unit.text if unit.kind == "text" else CALENDAR[unit.text]
            return Literal((Quantity(Decimal(number), name, calendar=unit.kind == "name"),), token.column)
        return Literal((number,), token.column)

    def _invocation(self, source: Syntax, *, first: bool) -> Syntax:
        token = self._token
        if token.kind != "quoted" and (token.kind != "name" or token.text in _WORDS):
            raise self._fault("a value" if first else "a name")
        self._take()
        if not (self._token.kind == "mark" and self._token.text == "("):
            return Member(source, token.text, token.column, first)
        if token.text in _CLOCK:
            raise PathFault(f"{quoted(self._text)}: {token.text}() is not allowed, pass the time as a variable")
        self._take()
        if token.text in ("is", "as", "ofType"):
            node: Syntax = TypeTest(token.text, source, self._type(), token.column)
        else:
            node = Call(source, token.text, self._arguments(), token.column)
        self.expect(")")
        return node

    def _arguments(self) -> tuple[Syntax, ...]:
        found: list[Syntax] = []
        while not (self._token.kind == "mark" and self._token.text == ")" and not found):
            found.append(self.expression(0))
            if not (self._token.kind == "mark" and self._token.text == ","):
                break
            self._take()
        return tuple(found)

    def _type(self) -> str:
        names = [self._type_name()]
        if self._token.kind == "mark" and self._token.text == "." and names[0] in ("FHIR", "System"):
            self._take()
            names.append(self._type_name())
        return ".".join(names)

    def _type_name(self) -> str:
        if self._token.kind not in ("name", "quoted"):
            raise self._fault("the name of a type")
        return self._take().text
