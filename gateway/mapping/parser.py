"""From a YAML document to a mapping: structure, names and FHIRPath syntax are checked here, all faults collected."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from gateway.fhir.path import FUNCTIONS as STANDARD
from gateway.fhir.path import PathFault
from gateway.mapping.expression import LEAF, Source, scan
from gateway.mapping.findings import Finding, Place, nearest
from gateway.mapping.functions import FUNCTIONS, TABLE_ARGUMENTS, compiled
from gateway.mapping.language import Array, Constant, Definition, For, If, Include, Leaf, Node, Object, Text
from gateway.mapping.loader import Document
from gateway.mapping.tables import Table

_TOP = ("mapping", "about", "reads", "tables", "let", "produce")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FOR = re.compile(r"for\s+(\w+)\s+in\s+(\S.*)", re.DOTALL)
_IF = re.compile(r"if\s+(\S.*)", re.DOTALL)
_RESERVED = frozenset({"index", "position", "context", "resource", "ucum"})
_UNITS = ("year", "month", "week", "day", "hour", "minute", "second", "millisecond")
# words of the FHIRPath grammar: %second is a syntax error
_WORDS = frozenset(
    {"and", "or", "xor", "implies", "div", "mod", "true", "false", *_UNITS, *(f"{unit}s" for unit in _UNITS)}
)
_NUMBERED = re.compile(r"sequence|\w+Sequence|value(Integer|PositiveInt|UnsignedInt)")
_NOTHING = Constant("")
Names = frozenset[str]


def define(
    document: Document, name: str, tables: Mapping[str, Table | None]
) -> tuple[Definition | None, list[Finding]]:
    """The mapping in a document, or None, and everything wrong with it. `name` follows from the file's path."""
    reader = _Reader(document, name, tables)
    return reader.definition(), reader.findings


class _Reader:
    def __init__(self, document: Document, name: str, tables: Mapping[str, Table | None]) -> None:
        self.findings: list[Finding] = []
        self._name = name
        self._document = document
        self._available = tables
        self._declared: tuple[str, ...] = ()
        self._keys: dict[str, str] = {}  # how a top key is written where it is misspelt
        self._sources: list[Source] = []
        self._includes: list[Include] = []

    def definition(self) -> Definition | None:
        top = self._document.value
        if not isinstance(top, dict):
            self._find((), f"a mapping file is an object with the keys {', '.join(_TOP)}")
            return None
        for key in top:
            if key not in _TOP:
                self._find((key,), f"{key!r} is not a key of a mapping file{nearest(key, _TOP)}", key)
        top = self._meant(top)
        if top.get("mapping") != self._name:
            self._find(
                ("mapping",),
                f"must be {self._name!r}, the path of the file in its folder without .yaml",
                str(top.get("mapping", "")),
            )
        reads = self._names(top, "reads")
        for position, read in enumerate(reads):
            self._new_name(read, frozenset(reads[:position]), ("reads", position))
        self._declared = self._names(top, "tables")
        for position, table in enumerate(self._declared):
            if table not in self._available:
                self._find(("tables", position), f"there is no table {table!r}{nearest(table, self._available)}", table)
        let, names = self._lets(top, frozenset(reads))
        if "produce" not in top:
            self._find((), "the key 'produce' is missing: it holds the output")
        produce = self._node(top.get("produce", {}), ("produce",), names)
        return Definition(
            name=self._name,
            file=self._document.file,
            reads=reads,
            tables=self._declared,
            let=let,
            produce=produce,
            sources=tuple(self._sources),
            includes=tuple(self._includes),
            document=self._document,
        )

    def _meant(self, top: dict[str, Any]) -> dict[str, Any]:
        """The file with its misspelt keys read as what they mean, so that one mistake is not told many times."""
        meant = dict(top)
        for key in top:
            close = get_close_matches(key, _TOP, n=1, cutoff=0.6) if key not in _TOP else []
            if close and close[0] not in meant:
                meant[close[0]] = meant.pop(key)
                self._keys[close[0]] = key
        return meant

    def _lets(self, top: dict[str, Any], names: Names) -> tuple[dict[str, Node], Names]:
        let: dict[str, Node] = {}
        for key, value in self._object(top, "let").items():
            self._new_name(key, names, ("let", key))
            let[key] = self._node(value, ("let", key), names)
            names |= {key}
        return let, names

    def _node(self, value: Any, place: Place, names: Names) -> Node:
        if isinstance(value, dict):
            return self._mapping(value, place, names)
        if isinstance(value, list):
            inner = names | {"position"}
            return Array(tuple(self._node(item, (*place, at), inner) for at, item in enumerate(value)))
        if isinstance(value, str):
            return self._text(value, place, names)
        if isinstance(value, int) and not isinstance(value, bool) and not _NUMBERED.fullmatch(_key(place)):
            self._find(
                place, f'unquoted number; quote it to mean the text, or write "{{{{ {value} }}}}" for the number'
            )
        return Constant(value, self._document.line(place))

    def _text(self, value: str, place: Place, names: Names) -> Node:
        parts: list[str | Source] = []
        end = 0
        for match in LEAF.finditer(value):
            if match.start() > end:
                parts.append(value[end : match.start()])
            required = bool(match["required"])
            parts.append(self._source(match["text"], place, names, required=required, need=match["need"] or ""))
            end = match.end()
        if rest := value[end:]:
            parts.append(rest)
        if any(isinstance(part, str) and ("{{" in part or "}}" in part) for part in parts):
            self._find(place, "{{ and }} must pair up around one expression; inside it, close every quote", "{{")
        if len(parts) == 1 and isinstance(parts[0], Source):
            return Leaf(parts[0])
        return (
            Text(tuple(parts))
            if any(isinstance(part, Source) for part in parts)
            else Constant(value, self._document.line(place))
        )

    def _mapping(self, value: dict[str, Any], place: Place, names: Names) -> Node:
        if "include" in value or "with" in value:
            return self._include(value, place, names)
        self._check_else(value, place)
        fields: list[tuple[str | None, Node]] = []
        for key, child in value.items():
            here = (*place, key)
            if found := _FOR.fullmatch(key):
                if len(value) > 1:
                    self._find(here, "a for block stands alone; write several as items of a list", key)
                fields.append((None, self._for(found[1], found[2], child, here, names)))
            elif found := _IF.fullmatch(key):
                fields.append((None, self._if(found[1], value, key, here, names)))
            elif _NAME.fullmatch(key) and key != "else":
                fields.append((key, self._node(child, here, names)))
            elif key != "else":
                self._find(here, f"{key!r} is neither an element name nor a control word{_control(key)}", key)
        if len(fields) == 1 and fields[0][0] is None:
            return fields[0][1]
        return Object(tuple(fields))

    def _check_else(self, value: dict[str, Any], place: Place) -> None:
        ifs = sum(1 for key in value if _IF.fullmatch(key))
        if "else" in value and ifs != 1:
            self._find((*place, "else"), f"else needs exactly one if beside it, there are {ifs}")

    def _for(self, name: str, source: str, body: Any, place: Place, names: Names) -> Node:
        self._new_name(name, names, place)
        condition = self._source(source, place, names)
        return For(name, condition, self._node(body, place, names | {name, "index", "position"}))

    def _if(self, condition: str, value: dict[str, Any], key: str, place: Place, names: Names) -> Node:
        otherwise = (*place[:-1], "else")
        return If(
            self._source(condition, place, names),
            self._node(value[key], place, names),
            self._node(value["else"], otherwise, names) if "else" in value else None,
        )

    def _include(self, value: dict[str, Any], place: Place, names: Names) -> Node:
        for key in value:
            if key not in ("include", "with"):
                self._find((*place, key), f"only 'with' goes beside 'include'{nearest(key, ('include', 'with'))}", key)
        name = value.get("include")
        if not isinstance(name, str):
            self._find(place, "include names another mapping, such as claim/item")
            return _NOTHING
        given = self._object(value, "with", place)
        values = {key: self._node(child, (*place, "with", key), names) for key, child in given.items()}
        node = Include(name, values, names, self._document.line((*place, "include")))
        self._includes.append(node)
        return node

    def _source(self, text: str, place: Place, names: Names, *, required: bool = False, need: str = "") -> Source:
        source = scan(text, self._name, self._document.line(place), place, required=required, need=need)
        self._sources.append(source)
        try:
            compiled(source.text)
        except PathFault as fault:
            self._find_in(source, place, fault)
            return source
        for name in source.variables:
            if name not in names:
                self._find(place, f"%{name} is not declared under reads or let{nearest(name, names)}", f"%{name}")
        for name in source.bare:
            self._find(
                place, f"{name!r} starts from nothing and would be empty; write %{name}{_close(name, names)}", name
            )
        if required and (place[0] == "let" or "with" in place):
            self._find(place, "{{! }} belongs where the value is used, so that the gap names an element", "{{!")
        self._check_calls(source, place)
        return source

    def _find_in(self, source: Source, place: Place, fault: PathFault) -> None:
        """A mistake within an expression: the caret goes to its column there, where the expression is one line."""
        column = re.search(r"at column (\d+)", str(fault))
        message = f"FHIRPath: {fault}"
        if column and source.text in self._document.text_of(place):
            self.findings.append(self._document.finding(place, message, source.text, offset=int(column[1]) - 1))
        else:
            self._find(place, message, source.text)

    def _check_calls(self, source: Source, place: Place) -> None:
        known = STANDARD | FUNCTIONS.keys()
        for call in source.calls:
            if call.function not in known:
                self._find(
                    place, f"there is no function {call.function}(){nearest(call.function, known)}", f"{call.function}("
                )
            if call.function not in TABLE_ARGUMENTS:
                continue
            arguments = call.arguments
            if arguments is None or len(arguments) not in TABLE_ARGUMENTS[call.function]:
                self._find(
                    place, f"{call.function}() takes {_takes(call.function)}, as quoted text", f"{call.function}("
                )
                continue
            unknown = [name for name in self._declared if name not in self._available]
            told = arguments[0] in self._available and get_close_matches(arguments[0], unknown, n=1, cutoff=0.6)
            if arguments[0] not in self._declared and not told:
                message = f"table {arguments[0]!r} is not declared under tables"
                there = [name for name in self._declared if name in self._available] or list(self._available)
                self._find(place, message + nearest(arguments[0], there), f"'{arguments[0]}'")
            if table := self._available.get(arguments[0]):
                self._check_columns(call.function, arguments, table, place)

    def _check_columns(self, function: str, arguments: tuple[str, ...], table: Table, place: Place) -> None:
        if (function == "choose") is not table.is_rules:
            kind = "a rule table: use choose()" if table.is_rules else "a code table: use translate() or lookup()"
            self._find(place, f"{table.name}.csv is {kind}", f"{function}(")
            return
        wanted = {"translate": ("to_code",), "choose": ("value",)}.get(function, ())
        for column in arguments[1:] or wanted:
            if column not in table.columns:
                self._find(
                    place, f"{table.name}.csv has no column {column!r}{nearest(column, table.columns)}", f"'{column}'"
                )

    def _new_name(self, name: str, names: Names, place: Place) -> None:
        if not _NAME.fullmatch(name) or name in _RESERVED or name in _WORDS:
            self._find(
                place, f"{name!r} cannot be a name; use letters, digits and _, and no word of FHIRPath's own", name
            )
        elif name in names:
            self._find(place, f"%{name} already means something here; choose another name", name)

    def _names(self, top: dict[str, Any], key: str) -> tuple[str, ...]:
        value = top.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self._find((key,), f"{key} is a list of names")
            return ()
        return tuple(value)

    def _object(self, parent: dict[str, Any], key: str, place: Place = ()) -> dict[str, Any]:
        value = parent.get(key, {})
        if not isinstance(value, dict):
            self._find((*place, key), f"{key} is an object: a name and its value on each line")
            return {}
        return value

    def _find(self, place: Place, message: str, word: str = "") -> None:
        """Note what is wrong at `place`; the caret goes under `word` where that is written there."""
        if place and place[0] in self._keys:
            place = (self._keys[str(place[0])], *place[1:])
        self.findings.append(self._document.finding(place, message, word))


def _control(key: str) -> str:
    """The control word a key looks like by its first word."""
    controls = {"for": "for x in …", "if": "if …", "else": "else", "include": "include", "with": "with"}
    close = get_close_matches(key.split(" ", maxsplit=1)[0], controls, n=1, cutoff=0.6)
    return f"; did you mean {controls[close[0]]!r}?" if close else nearest("", controls.values())


def _key(place: Place) -> str:
    return next((step for step in reversed(place) if isinstance(step, str)), "")


def _close(name: str, names: Names) -> str:
    return "" if name in names else nearest(name, names)


def _takes(function: str) -> str:
    return {"translate": "a table", "lookup": "a table and a column"}.get(function, "a table and perhaps a column")
