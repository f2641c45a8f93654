"""What is behind `pa mapping explain`: an order read and mapped as ever, every value of it watched on its way."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.cli.mapping_screen import WORKED_OUT, origin
from gateway.mapping import Mappings
from gateway.mapping.explain import Explaining, Line
from gateway.mapping.explain_watching import leaves
from gateway.mapping.marking import Ledger, Marked, mark, places_of
from gateway.model.errors import BadOrder
from gateway.model.order import Benefit, Gap, OrderContext
from gateway.orders import Options, OrderTables, read
from gateway.orders.chart import resource_name
from gateway.orders.request import build
from gateway.payers.profile import Payers
from gateway.payers.site import Site

_SHORTEST = 4
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# What of a resource no request carries on purpose: a pattern of the path in the resource, and why.
_ON_PURPOSE = (
    (r"(contained\[\d+\]\.)*text\..*", "narrative: a payer reads the coded elements"),
    (r"(contained\[\d+\]\.)*(meta\..*|language|implicitRules)", "metadata of the server it came from"),
    (r"(contained\[\d+\]\.)*id|(.*\.)?fullUrl|entry\[\d+\]\.(search|request|response)\..*", "names and packing"),
    (r".*\breference", "links between resources: the gateway follows them and writes its own"),
)
# Rows of a Claim that a number in a row of another list points to.
_POINTING = {
    "careTeamSequence": "careTeam",
    "diagnosisSequence": "diagnosis",
    "informationSequence": "supportingInfo",
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request an order makes, or the reason there is none.

    Attributes:
        orders: the orders in it, as `Type/id`.
        note: why there is no request, or why it is only a trial.
        resources: each resource of the Bundle by its type and place in it, with how its leaves came about.
        gaps: what the order lacks.
    """

    orders: tuple[str, ...]
    guide: str = ""
    payer: str = ""
    note: str = ""
    resources: tuple[tuple[str, tuple[Line, ...]], ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """The requests of an order, and what of the order none of them made use of.

    Attributes:
        unused: places no rule and no expression read.
        looked_at: places only the gateway's own rules compared, to choose a coverage, a payer, a date.
        left_out: places that are left out on purpose, by the reason.
    """

    requests: tuple[Request, ...]
    unused: tuple[str, ...]
    looked_at: tuple[str, ...]
    left_out: Mapping[str, tuple[str, ...]]


class MarkedOrder:
    """An order and its completions, each leaf marked with its JSON path; completion n is below `completion<n>`."""

    def __init__(self, documents: Sequence[Any]) -> None:
        self.ledger = Ledger()
        roots = ["", *(f"completion{number}" for number in range(1, len(documents)))]
        self.documents = [mark(one, root, self.ledger) for one, root in zip(documents, roots, strict=True)]
        found = [row for one, root in zip(self.documents, roots, strict=True) for row in leaves(one, root)]
        self.leaves = {value.place: value for _, value in found if isinstance(value, Marked)}
        named = [row for one, root in zip(documents, roots, strict=True) for row in _named(one, root)]
        self._named = sorted(named, key=lambda row: -len(row[0]))

    def home(self, place: str) -> tuple[str, str]:
        """The resource a leaf stands in, as `Type/id`, and its path there."""
        for path, name in self._named:
            if not path:
                return name, place
            if place.startswith(f"{path}."):
                return name, place[len(path) + 1 :]
        return "", place

    def spell(self, place: str) -> str:
        """`ServiceRequest/s1.code.coding[0].code`; a variable's place as it is."""
        return place if place.startswith("%") else ".".join(filter(None, self.home(place)))

    def like(self, value: Any) -> tuple[str, ...]:
        """Leaves that say what a worked-out value says: the same code in another spelling, or a time on that day."""
        wanted = _bare(value)
        if len(wanted) < _SHORTEST:
            return ()
        day = str(value) if _DAY.fullmatch(value) else ""
        return tuple(
            place
            for place, leaf in self.leaves.items()
            if _bare(leaf) == wanted or (day and isinstance(leaf, str) and str.startswith(leaf, f"{day}T"))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What an order is read against; no database, key or network takes part. Mappings are by guide version."""

    site: Site
    payers: Payers
    tables: OrderTables
    mappings: Mapping[str, Mappings]
    now: datetime
    new_id: Callable[[], str]


def explain_order(
    around: Surroundings, documents: Sequence[Any], *, guide: str = "", payer: str = ""
) -> tuple[MarkedOrder, Explanation]:
    """Read and map an order, watched; `guide` and `payer` come before what its coverage and payer say.

    Raises:
        BadOrder: there is no order in it, or no payer of that id.
    """
    order = MarkedOrder(documents)
    today = around.now.astimezone(ZoneInfo(around.site.time_zone)).date()
    options = Options(payer=payer, today=today, tables=around.tables)
    contexts = read(order.documents, around.site, around.payers, options)
    ruled, order.ledger.read = order.ledger.read, {}
    requests, used = [], dict[str, None]()
    for context in contexts:
        request, read_here = _request(around, order, context, guide)
        requests.append(request)
        used |= read_here
        used |= dict.fromkeys(place for _, lines in request.resources for line in lines for place in line.places)
    left = [place for place in order.leaves if place not in used]
    on_purpose = {place: why for place in left if (why := _on_purpose(*order.home(place)))}
    reasons = dict.fromkeys(on_purpose.values())
    return order, Explanation(
        tuple(requests),
        unused=tuple(place for place in left if place not in on_purpose and place not in ruled),
        looked_at=tuple(place for place in left if place not in on_purpose and place in ruled),
        left_out={why: tuple(place for place in on_purpose if on_purpose[place] == why) for why in reasons},
    )


def _request(
    around: Surroundings, order: MarkedOrder, context: OrderContext, guide: str
) -> tuple[Request, dict[str, None]]:
    names = tuple(str(resource_name(one)) for one in context.orders)
    if context.benefit is Benefit.PHARMACY:
        return Request(names, note=f"Not a PAS request. {context.handoff}"), {}
    note = ""
    if not context.payer_id or not context.requestor_id:
        note = "A trial: the order does not settle payer or requestor, so the first of each stands in."
        context = replace(
            context,
            payer_id=context.payer_id or next(iter(around.payers)),
            requestor_id=context.requestor_id or around.site.requestors[0].key,
        )
    payer = around.payers[context.payer_id]
    version = guide or payer.speaks["pas"]
    if version not in around.mappings:
        raise BadOrder(f"There are no mappings for PAS {version}.", fix=f"There are: {', '.join(around.mappings)}.")
    # Yes and no carry no place of their own: what decides them is said here.
    deciding = {"expedited": places_of([one.get("priority") for one in context.orders])}
    watched = Explaining(around.mappings[version], order.ledger, deciding)
    built = build(context, watched, around.site, payer, now=around.now, new_id=around.new_id)
    resources = tuple(
        (f"entry[{position}] {entry['resource']['resourceType']}", _lines(watched, entry["resource"], order))
        for position, entry in enumerate(built.bundle["entry"])
    )
    bundle = {key: value for key, value in built.bundle.items() if key != "entry"}
    resources = (("Bundle", _lines(watched, bundle, order)), *resources)
    gaps = tuple(dict.fromkeys((*context.gaps, *built.gaps)))
    return Request(names, version, payer.id, note, resources, gaps), watched.read


def _lines(watched: Explaining, resource: Mapping[str, Any], order: MarkedOrder) -> tuple[Line, ...]:
    """The lines of a resource; what the gateway worked out while reading also names the leaves that say the same.

    A number that points to rows names the rows instead.
    """
    lines = watched.lines(resource)
    return tuple(_pointed(line, lines) or _alike(line, order) for line in lines)


def _alike(line: Line, order: MarkedOrder) -> Line:
    return replace(line, inputs=(*line.inputs, *order.like(line.value))) if _is_worked_out(line) else line


def _pointed(line: Line, lines: Sequence[Line]) -> Line | None:
    """The line of a number that points to a row, with that row; None for any other."""
    name = line.element.rpartition(".")[2].partition("[")[0]
    if name not in _POINTING:
        return None
    list_ = f"{line.element.partition('.')[0]}.{_POINTING[name]}["
    rows = [
        one.element.removesuffix(".sequence")
        for one in lines
        if one.element.startswith(list_) and one.element.endswith("].sequence") and one.value == line.value
    ]
    return replace(line, rows=tuple((row, _taken(row, lines)) for row in rows))


def _taken(row: str, lines: Sequence[Line]) -> tuple[str, ...]:
    """The places of the order in a row of the output."""
    places = (place for one in lines if one.element.startswith(f"{row}.") for place in one.inputs)
    return tuple(dict.fromkeys(place for place in places if not place.startswith("%")))


def _is_worked_out(line: Line) -> bool:
    return bool(line.inputs) and all(origin(place) == WORKED_OUT for place in line.inputs)


def _on_purpose(resource: str, path: str) -> str:
    """Why no request carries a place of a resource; empty when it could."""
    if resource.rpartition(": ")[2].partition("/")[0] in ("Bundle", ""):
        return _ON_PURPOSE[2][1]
    return next((why for pattern, why in _ON_PURPOSE if re.fullmatch(pattern, path)), "")


def _bare(value: Any) -> str:
    """A text without case and punctuation: `M17.11` and `m1711` are one code, `2026-01-02` and `20260102` one day."""
    return re.sub(r"[^0-9A-Z]", "", str.upper(value)) if isinstance(value, str) else ""


def _named(document: Any, root: str) -> Iterator[tuple[str, str]]:
    for path, name in _resources(document, root):
        yield path, f"{root}: {name}" if root else name


def _resources(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        if isinstance(kind := value.get("resourceType"), str):
            identity = value.get("id")
            yield place, f"{kind}/{identity}" if isinstance(identity, str) else kind
        for key, item in value.items():
            yield from _resources(item, f"{place}.{key}" if place else key)
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _resources(item, f"{place}[{at}]")
