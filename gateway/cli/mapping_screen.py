"""How `pa mapping explain`, `coverage` and `diff` are printed: places, codes and rules, and no value unless asked."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gateway.cli.mapping_coverage import ProfileCoverage, Row
    from gateway.cli.mapping_explain import Explanation, MarkedOrder, Request
    from gateway.mapping.explain import Line
    from gateway.mapping.versions import Difference

WORKED_OUT = "worked out by the gateway from the order"
_VARIABLES = {
    "requestor": "from site.yaml",
    "sender": "from site.yaml",
    "insurer": "from the payer profile",
    "receiver": "from the payer profile",
    "request": "made by the gateway for this request",
    "url": "a link to another entry of the request",
}
_WIDE = 8


def origin(place: str) -> str:
    """Where a variable's value comes from in words; empty for a place in the order."""
    if not place.startswith("%"):
        return ""
    steps = re.split(r"[.\[]", place[1:])
    return _VARIABLES["url"] if steps[-1].endswith("url") else _VARIABLES.get(steps[0], WORKED_OUT)


def explained(order: "MarkedOrder", explanation: "Explanation", element: str, values: bool) -> Iterator[str]:
    """The lines of the whole answer; `element` keeps what lies at or below it."""
    for request in explanation.requests:
        yield from _request(order, request, element, values)
    if element:
        return
    yield ""
    yield f"Not used: {len(explanation.unused)} place(s) of the order that no expression read"
    yield from _grouped(order, explanation.unused)
    compared = f"{len(explanation.looked_at)} place(s)"
    yield f"Not sent, only compared by the gateway's own rules for coverage, payer, dates and links: {compared}"
    yield from _grouped(order, explanation.looked_at)
    for why, places in explanation.left_out.items():
        yield f"Left out on purpose, {why}: {len(places)} place(s)"


def _request(order: "MarkedOrder", request: "Request", element: str, values: bool) -> Iterator[str]:
    about = f"  (PAS {request.guide}, payer {request.payer})" if request.guide else ""
    yield f"{', '.join(request.orders)}{about}"
    if request.note:
        yield f"  {request.note}"
    for title, lines in request.resources:
        kept = [line for line in lines if is_under(line.element, element)]
        if kept:
            yield f"\n  {title}"
        for line in kept:
            yield from _line(order, line, values)
    for gap in request.gaps:
        if is_under(gap.element, element):
            yield f"\n  Not filled: {gap.element}: {gap.need} ({gap.path})"


def _line(order: "MarkedOrder", line: "Line", values: bool) -> Iterator[str]:
    shown = f" = {line.value}" if values or (line.file and not line.expression) or line.rules else ""
    if not line.expression:
        word = "chosen" if is_chosen(line) else "fixed"
        where = f"{word} by the mapping  {short(line.file)}:{line.line}" if line.file else "put in by the gateway"
        yield f"    {line.element}{shown}  {where}"
        yield from _conditions(order, line)
        return
    yield f"    {line.element}{shown}"
    for place in line.inputs:
        said = origin(place)
        yield f"        from  {order.spell(place)}{f'  ({said})' if said else ''}"
    if line.looked_at:
        more = f" and {len(line.looked_at) - _WIDE} more" if len(line.looked_at) > _WIDE else ""
        yield f"        by    {', '.join(order.spell(place) for place in line.looked_at[:_WIDE])}{more}"
    for rule in line.rules:
        yield f"        rule  chosen by {rule}"
    for row, places in line.rows:
        made = f", made from {', '.join(order.spell(place) for place in places[:_WIDE])}" if places else ""
        yield f"        row   points to {row}{made}"
    yield f"        expr  {line.expression}  {short(line.file)}:{line.line}"
    for given in line.given:
        yield f"        {given.by:5} %{given.variable} is {given.text}  {short(given.file)}:{given.line}"
    yield from _conditions(order, line)


def _conditions(order: "MarkedOrder", line: "Line") -> Iterator[str]:
    """What a line stands under; loops only where no place says which item of them it is."""
    for row in line.under:
        if row.is_loop and line.inputs:
            continue
        yield f"        under {row.text}  {short(row.file)}:{row.line}"
        for place in row.inputs[:_WIDE]:
            said = origin(place)
            yield f"              from  {order.spell(place)}{f'  ({said})' if said else ''}"
        if len(row.inputs) > _WIDE:
            yield f"              and {len(row.inputs) - _WIDE} more"
        yield from (f"              rule  chosen by {rule}" for rule in row.rules)


def is_chosen(line: "Line") -> bool:
    """Whether a condition decided that a value which is written out stands there."""
    return any(not row.is_loop for row in line.under)


def explained_json(order: "MarkedOrder", explanation: "Explanation", element: str, values: bool) -> dict[str, Any]:
    """The same for a program."""
    return {
        "requests": [_request_json(order, request, element, values) for request in explanation.requests],
        "unused": [_place_json(order, place) for place in explanation.unused],
        "looked_at": [_place_json(order, place) for place in explanation.looked_at],
        "left_out": {
            why: [_place_json(order, place) for place in places] for why, places in explanation.left_out.items()
        },
    }


def _request_json(order: "MarkedOrder", request: "Request", element: str, values: bool) -> dict[str, Any]:
    return {
        "orders": list(request.orders),
        "guide": request.guide,
        "payer": request.payer,
        "note": request.note,
        "elements": [
            _line_json(order, title, line, values)
            for title, lines in request.resources
            for line in lines
            if is_under(line.element, element)
        ],
        "gaps": [
            {"element": gap.element, "need": gap.need, "path": gap.path, "rule": gap.rule}
            for gap in request.gaps
            if is_under(gap.element, element)
        ],
    }


def _line_json(order: "MarkedOrder", title: str, line: "Line", values: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "entry": title.partition(" ")[0],
        "element": line.element,
        "origin": _origin(line),
        "file": line.file,
        "line": line.line,
        "expression": line.expression,
        "inputs": [_place_json(order, place) for place in line.inputs],
        "looked_at": [_place_json(order, place) for place in line.looked_at],
        "rules": list(line.rules),
        "under": [
            {
                "condition": one.text,
                "file": one.file,
                "line": one.line,
                "inputs": [_place_json(order, place) for place in one.inputs],
                "rules": list(one.rules),
            }
            for one in line.under
        ],
        "given": [
            {"variable": one.variable, "by": one.by, "text": one.text, "file": one.file, "line": one.line}
            for one in line.given
        ],
        "points_to": [
            {"element": row, "inputs": [_place_json(order, place) for place in places]} for row, places in line.rows
        ],
    }
    return {**row, "value": line.value} if values else row


def _origin(line: "Line") -> str:
    if line.expression:
        return "expression"
    return "gateway" if not line.file else "chosen" if is_chosen(line) else "fixed"


def _place_json(order: "MarkedOrder", place: str) -> dict[str, str]:
    if said := origin(place):
        return {"place": place, "origin": said}
    resource, path = order.home(place)
    return {"place": place, "resource": resource, "path": path}


def coverage_lines(found: "Iterable[ProfileCoverage]", missing: bool) -> Iterator[str]:
    """One block for each profile."""
    for one in found:
        wanted = [row for row in one.rows if row.must_support]
        can = sum(bool(row.filled) for row in wanted)
        made = ", ".join(short(file) for file in one.mappings) or "no mapping makes it"
        yield f"{one.profile.rpartition('/')[2]}  ({made}): {can} of {len(wanted)} must-support elements can be filled"
        for row in one.missing:
            inside = f" and {row.inside} must-support element(s) in it" if row.inside else ""
            yield f"    no mapping fills  {strength(row):12}  {row.element}{inside}"
        for row in () if missing else sorted(one.rows, key=lambda row: not row.must_support):
            if row.filled:
                yield f"    {strength(row):12}  {row.element}  {', '.join(map(short, row.filled))}"


def strength(row: "Row") -> str:
    """How much the guide cares for an element."""
    return "must support" if row.must_support else "required" if row.required else "optional"


def coverage_json(one: "ProfileCoverage") -> dict[str, Any]:
    """The same for a program."""
    rows = [
        {
            "element": row.element,
            "must_support": row.must_support,
            "required": row.required,
            "filled": list(row.filled),
            "must_support_inside": row.inside,
        }
        for row in one.rows
    ]
    return {"profile": one.profile, "mappings": list(one.mappings), "elements": rows}


def difference_lines(found: "Sequence[Difference]", first: str, second: str) -> Iterator[str]:
    """One block for each mapping and element; an extension or row that one version alone has is one line."""
    counts = Counter((row.mapping, row.within) for row in found)
    told: set[tuple[str, str]] = set()
    mapping = ""
    for row in found:
        if row.mapping != mapping:
            mapping = row.mapping
            yield mapping
        kind = row.kind.replace("the first", first).replace("the second", second)
        if not row.within:
            yield f"    {row.element}  ({kind})"
            sides = ((first, row.first), (second, row.second))
            yield from (f"        {name}  {' · '.join(side.content)}" for name, side in sides if side)
        elif (key := (row.mapping, row.within)) not in told:
            told.add(key)
            yield f"    {row.within}  ({kind}: {counts[key]} element(s))"
    yield f"{len(found)} element(s) differ."


def difference_json(row: "Difference") -> dict[str, Any]:
    """The same for a program."""
    sides = {
        name: side and {"content": list(side.content), "tables": list(side.tables), "places": list(side.places)}
        for name, side in (("first", row.first), ("second", row.second))
    }
    return {"mapping": row.mapping, "element": row.element, "kind": row.kind, **sides}


def refuse_unknown(explanation: "Explanation", element: str) -> None:
    """Refuse an element that no request has.

    Raises:
        NotFound: no element of a request, made or lacking, lies at or below it; the nearest is named.
    """
    from gateway.mapping.findings import nearest
    from gateway.model.errors import NotFound

    lines = [line.element for request in explanation.requests for _, rows in request.resources for line in rows]
    there = [*lines, *(gap.element for request in explanation.requests for gap in request.gaps)]
    if element and lines and not any(is_under(one, element) for one in there):
        depth = element.count(".") + 1
        known = {".".join(re.sub(r"\[\d+\]", "", one).split(".")[:depth]) for one in there}
        raise NotFound(f"No request has an element {element!r}{nearest(element, known)}")


def is_under(element: str, wanted: str) -> bool:
    """Whether `element` is `wanted` or lies below it; indexes `wanted` does not give fit any."""
    if not wanted:
        return True
    steps, asked = element.split("."), wanted.split(".")
    return len(asked) <= len(steps) and all(
        one == other or ("[" not in other and one.partition("[")[0] == other)
        for one, other in zip(steps, asked, strict=False)
    )


def short(file: str) -> str:
    """A path below the working directory as it is typed there."""
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file


def _grouped(order: "MarkedOrder", places: Iterable[str]) -> Iterator[str]:
    homes: dict[str, list[str]] = {}
    for place in places:
        resource, path = order.home(place)
        homes.setdefault(resource or "order", []).append(path)
    for resource, paths in homes.items():
        yield f"    {resource}: {', '.join(paths)}"
