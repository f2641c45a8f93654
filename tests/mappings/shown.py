"""Requests and updates that together say everything a Claim can say, built in one guide version.

A request comes from an example order, with or without its completion. An update is made of what the request was made
of, with marks of what has changed since; the engine that will find the changes is not part of this.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

from gateway.fhir import json
from gateway.mapping import Mappings
from gateway.mapping.engine import Mapped
from gateway.orders.request import build
from gateway.payers.site import Site, TracePlace
from tests.unit.orders.reading import NOW, ORDERS, contexts, counted_ids, the_mappings, the_payers, the_site

Resource = dict[str, Any]

# name -> order and completions, below examples/orders
REQUESTS: Mapping[str, tuple[str, ...]] = {
    "knee_mri": ("knee_mri.json",),
    "physical_therapy": ("physical_therapy.json",),
    "inpatient_stay": ("inpatient_stay.json",),
    "inpatient_stay with everything": ("inpatient_stay.json", "completions/inpatient_stay.json"),
}


class Mark(TypedDict, total=False):
    """What became of a row since the Claim before.

    `number` is its sequence, `certification` an X12 1322 code, `trace` the trace number an item has.
    """

    number: int
    change: str
    cancelled: bool
    certification: str
    trace: Resource


class Prior(TypedDict):
    """The Claim before an update: the fullUrl of its entry, and its trace number."""

    url: str
    identifier: Resource


class Update(TypedDict):
    """What `claim/update` reads of an update as a whole; `cancelled` when nothing of it is wanted any more."""

    prior: Prior
    cancelled: bool


class Shown(NamedTuple):
    """One Bundle, its Claim first, and the variables its Claim was made of."""

    bundle: Resource
    variables: Mapping[str, Any]

    @property
    def claim(self) -> Resource:
        claim: Resource = self.bundle["entry"][0]["resource"]
        return claim


class _Heard(Mappings):
    """Mappings that remember what the Claim was made of."""

    def __init__(self, mappings: Mappings) -> None:
        super().__init__(mappings.definitions, mappings.tables)
        self.variables: Mapping[str, Any] = {}

    def apply(self, name: str, context: Mapping[str, Any]) -> Mapped:
        if name == "claim/claim":
            self.variables = context
        return super().apply(name, context)


def site_of_a_department() -> Site:
    return replace(the_site(), trace_place=TracePlace(department="CARDIOLOGY", jurisdiction="IL"))


@cache
def requests(version: str) -> Mapping[str, Shown]:
    """The requests of `REQUESTS` by name."""
    return {name: _request(version, [ORDERS / file for file in files]) for name, files in REQUESTS.items()}


def _request(version: str, files: list[Path]) -> Shown:
    site = site_of_a_department()
    [found] = contexts(*(json.loads(file.read_bytes()) for file in files), site=site)
    heard = _Heard(the_mappings(version))
    built = build(found, heard, site, the_payers()[found.payer_id], now=NOW, new_id=counted_ids())
    assert (found.gaps, built.gaps) == ((), ())
    return Shown(built.bundle, heard.variables)


@cache
def updates(version: str) -> Mapping[str, Shown]:
    """`update` cancels a document and the only item and adds a message; `cancelled` wants nothing any more.

    The others are sent again as they were.
    """
    before = requests(version)["inpatient_stay with everything"]
    return {
        "update": _update(version, before, is_cancelled=False),
        "cancelled": _update(version, before, is_cancelled=True),
        "update of knee_mri": _unchanged(version, requests(version)["knee_mri"]),
        "update of physical_therapy": _unchanged(version, requests(version)["physical_therapy"]),
        "update of inpatient_stay": _unchanged(version, requests(version)["inpatient_stay"]),
    }


def _update(version: str, before: Shown, *, is_cancelled: bool) -> Shown:
    gone = Mark(change="changed", cancelled=True)
    items = zip(before.variables["items"], _traces(before.claim), strict=True)
    numbers = {_kind(row): row["sequence"] for row in before.claim["supportingInfo"]}
    held = before.variables
    stay = held["stay"]
    variables = {
        **held,
        "items": [{**item, **gone, **Mark(trace=trace)} for item, trace in items],
        "documents": [{**held["documents"][0], **gone, **Mark(number=numbers["additionalInformation"])}],
        "messages": [
            {**held["messages"][0], **Mark(number=numbers["freeFormMessage"])},
            {"text": "The stay is not needed any more.", **Mark(number=max(numbers.values()) + 1, change="added")},
        ],
        "event": {**held["event"], **Mark(number=numbers["patientEvent"])},
        "stay": {
            "admission": {**stay["admission"], **Mark(number=numbers["admissionDates"])},
            "discharge": {**stay["discharge"], **Mark(number=numbers["dischargeDates"])},
        },
    }
    return _bundle(version, before, variables, is_cancelled=is_cancelled)


def _unchanged(version: str, before: Shown) -> Shown:
    held = before.variables
    traces = _traces(before.claim)
    items = [
        {**item, **Mark(certification="I", trace=trace)} for item, trace in zip(held["items"], traces, strict=True)
    ]
    return _bundle(version, before, {**held, "items": items}, is_cancelled=False)


def _bundle(version: str, before: Shown, variables: Mapping[str, Any], *, is_cancelled: bool) -> Shown:
    """The update, after it the Claim before it where the guide has a place for it, and what both refer to."""
    first, *rest = before.bundle["entry"]
    ids = counted_ids(start=1 << 16)
    trace = {**variables["request"]["trace"], "value": ids()}
    prior = Prior(url=first["fullUrl"], identifier=before.claim["identifier"][0])
    variables = {
        **variables,
        "request": {**variables["request"], "trace": trace},
        "update": Update(prior=prior, cancelled=is_cancelled),
    }
    made = the_mappings(version).apply("claim/update", variables)
    assert made.gaps == ()
    identity = ids()
    claim = {"resourceType": "Claim", "id": identity, **made.value}
    held = [first] if claim["related"][0]["claim"].get("reference") else []
    head = {key: value for key, value in before.bundle.items() if key != "entry"}
    entries = [{"fullUrl": f"urn:uuid:{identity}", "resource": claim}, *held, *rest]
    return Shown(
        {**head, "identifier": {**head["identifier"], "value": f"urn:uuid:{ids()}"}, "entry": entries}, variables
    )


def _traces(claim: Resource) -> list[Resource]:
    return [item["extension"][0]["valueIdentifier"] for item in claim["item"]]


def _kind(row: Resource) -> str:
    kind: str = row["category"]["coding"][0]["code"]
    return kind
