"""`Claim/$inquire` without HTTP: bytes in, what the book holds of the like out, in the envelope of the version.

A good payer: it echoes the trace numbers of the requests it has, shows every item as it now stands, and says when it
withholds something. Scenarios make it worse on purpose.
"""

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from gateway.fhir.bundle import Entry, collection, references
from gateway.fhir.json import JsonFault, dumps, loads
from gateway.fhir.outcome import Issue, Severity, to_operation_outcome
from gateway.sandbox import names
from gateway.sandbox.answer_items import Pen, detail
from gateway.sandbox.answers import decide
from gateway.sandbox.checks import check_inquiry
from gateway.sandbox.config import SandboxConfig
from gateway.sandbox.elements import Element, elements, text
from gateway.sandbox.matching import matches, providers
from gateway.sandbox.scenarios import OnInquiry, Scenario
from gateway.sandbox.store import Kept
from gateway.sandbox.submit import Outcome
from gateway.sandbox.travel import Travellers
from gateway.sandbox.versions import CURRENT, Version

_OLDER = timedelta(days=30)
_HIDDEN = Issue(
    Severity.WARNING,
    "withheld",
    "",
    "Some of what matches is not shown. Ask the payer's service desk by telephone.",
    code="suppressed",
)


def inquire(
    raw: bytes,
    config: SandboxConfig,
    kept: Callable[[], Sequence[Kept]],
    *,
    client: str,
    version: Version = CURRENT,
) -> Outcome:
    """Answer the body of a `Claim/$inquire` of `client`; `kept` gives what was decided in this version."""
    try:
        bundle: Any = loads(raw, limits=config.limits)
    except JsonFault as fault:
        said = f"{fault.text} ({fault.place})"
        return _refuse(400, (Issue(Severity.ERROR, fault.rule, "", said, fault.fix, "structure"),))
    if issues := check_inquiry(bundle, version):
        return _refuse(400, issues)
    example = Travellers(bundle)
    chosen = [config.scenarios.choose(item) for item in elements(example.claims[0].resource, "item")]
    odd = next((scenario for scenario in chosen if scenario.inquiry is not OnInquiry.BOOK), None)
    desk = _Desk(config, version, example)
    if odd is None:
        return desk.answer([desk.shown(row) for row in kept() if desk.may_see(row, client) and desk.fits(row)])
    if odd.inquiry is OnInquiry.REFUSED:
        issue = Issue(Severity.ERROR, odd.id, "", "This payer takes no inquiries.", code="not-supported")
        return _refuse(501, (issue,), (odd.id,))
    if odd.inquiry is OnInquiry.HIDDEN:
        return replace(desk.answer([], hidden=True), scenarios=(odd.id,))
    return replace(desk.answer([desk.look_alike(chosen)]), scenarios=(odd.id,))


class _Desk:
    """Answers one inquiry."""

    def __init__(self, config: SandboxConfig, version: Version, example: Travellers) -> None:
        self._config, self._version, self._example = config, version, example
        self._at = config.now().isoformat(timespec="seconds").replace("+00:00", "Z")

    def may_see(self, row: Kept, client: str) -> bool:
        """Whether the asking party sent the request, or names a provider of it (spec-52, spec-53)."""
        return row.client == client or bool(providers(self._example) & providers(Travellers(loads(row.body))))

    def fits(self, row: Kept) -> bool:
        """Whether the request is one of those asked for."""
        response = loads(row.answer)["entry"][0]["resource"]
        return matches(self._example, Travellers(loads(row.body)), response)

    def shown(self, row: Kept) -> list[Entry]:
        """The answer once given, as it stands now: the ClaimResponse first."""
        return [Entry(entry["resource"], entry["fullUrl"]) for entry in loads(row.answer)["entry"]]

    def look_alike(self, chosen: Sequence[Scenario]) -> list[Entry]:
        """An older authorization of the same member and services, whose request never came from the one who asks."""
        pen = Pen(self._config.now() - _OLDER, self._config.new_id, self._version.answer)
        first, *others = decide(self._example, chosen, pen).bundle["entry"]
        response = copy.deepcopy(first["resource"])
        response["identifier"] = [{"system": "urn:example:sandbox-review", "value": str(pen.new_id())}]
        unknown = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
        response["request"] = {"extension": [unknown]}
        asked = {item["sequence"]: item for item in elements(self._example.claims[0].resource, "item")}
        for row in elements(response, "item"):
            kept = [part for part in row.get("extension", []) if text(part, "url") != names.ITEM_TRACE_NUMBER]
            # Who asks does not know that request, so the service is told.
            row["extension"] = [*kept, detail(asked[row["itemSequence"]], 100, self._version.answer)]
        return [Entry(response, first["fullUrl"]), *(Entry(row["resource"], row["fullUrl"]) for row in others)]

    def answer(self, found: Sequence[Sequence[Entry]], *, hidden: bool = False) -> Outcome:
        """What was found, in Parameters or in one Bundle."""
        issues = (_HIDDEN,) if hidden else ()
        told = [to_operation_outcome(issues)] if issues else []
        turned = [_turned(entries) for entries in found]
        if self._version.answer.has_inquiry_parameters:
            resources = [*(self._bundle(entries) for entries in turned), *told]
            rows = [{"name": "return", "resource": resource} for resource in resources]
            body: Element = {"resourceType": "Parameters"}
            return Outcome(200, body | ({"parameter": rows} if rows else {}), issues)
        return Outcome(200, self._bundle([*_once(turned, self._nobody()), *map(self._entry, told)]), issues)

    def _bundle(self, entries: Sequence[Entry]) -> Element:
        bundle = collection(
            entries,
            identifier={"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{self._config.new_id()}"},
            timestamp=self._at,
            profile=names.INQUIRY_RESPONSE_BUNDLE,
        )
        if not self._version.answer.has_bundle_identifier:
            del bundle["identifier"]
        return bundle

    def _nobody(self) -> Iterator[Entry]:
        """Whom nothing was found for: a Bundle must have an entry (profile-pas-inquiry-response-bundle 2.0.1)."""
        patient = self._example.one(self._example.claims[0].resource["patient"])
        if patient:
            yield patient
            for link in self._example.links(patient):
                yield from link.targets

    def _entry(self, resource: Element) -> Entry:
        return Entry(resource, f"urn:uuid:{self._config.new_id()}")


def _turned(entries: Sequence[Entry]) -> list[Entry]:
    """An answer to a submit, as the answer to an inquiry: it asks for nothing any more."""
    response = copy.deepcopy(entries[0].resource)
    response["meta"] = {"profile": [names.CLAIM_INQUIRY_RESPONSE]}
    response.pop("communicationRequest", None)
    return [Entry(response, entries[0].full_url), *entries[1:]]


def _once(found: Sequence[Sequence[Entry]], nobody: Iterator[Entry]) -> list[Entry]:
    """All answers in one Bundle, the ClaimResponses first and each resource once: equal ones become one (spec-14)."""
    rows = [*(entries[0] for entries in found), *(entry for entries in found for entry in entries[1:])]
    once: dict[str, Entry] = {}
    for entry in rows or nobody:
        once.setdefault(entry.full_url, entry)
    while moved := _equal(once.values()):
        once = {url: entry for url, entry in once.items() if url not in moved}
        for entry in once.values():
            for _, reference in references(entry.resource):
                reference["reference"] = moved.get(reference["reference"], reference["reference"])
    return list(once.values())


def _equal(entries: Iterable[Entry]) -> dict[str, str]:
    """The fullUrls of entries that say what an earlier one says, and that one's."""
    first: dict[bytes, str] = {}
    moved: dict[str, str] = {}
    for entry in entries:
        said = dumps({name: value for name, value in entry.resource.items() if name != "id"})
        if (known := first.setdefault(said, entry.full_url)) != entry.full_url:
            moved[entry.full_url] = known
    return moved


def _refuse(status: int, issues: tuple[Issue, ...], scenarios: tuple[str, ...] = ()) -> Outcome:
    return Outcome(status, to_operation_outcome(issues), issues, scenarios)
