"""What the sandbox refuses a Bundle for, written by hand from what the examiner tests (PAS 2.0.1 and 2.2.1).

The rules follow the Inferno PAS client suite and the narrative of the guide, not the gateway's own checker:
a mistake the gateway makes twice, in building and in checking, must not be made a third time here.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from gateway.fhir.outcome import Issue
from gateway.sandbox.checks_claim import check_claim, check_coverages
from gateway.sandbox.checks_datatypes import check_datatypes
from gateway.sandbox.checks_extensions import check_extensions
from gateway.sandbox.elements import elements, error, text
from gateway.sandbox.matching import members
from gateway.sandbox.travel import Travellers, is_full_url
from gateway.sandbox.versions import CURRENT, RequestRules, Version

_MOST = 500
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def check_request(bundle: Any, version: Version = CURRENT) -> tuple[Issue, ...]:
    """The reasons, at most 500, to refuse this body of `Claim/$submit` in a version; empty when there is none."""
    rules = version.request
    found = (issue for issue in _issues(bundle, rules) if issue.rule not in rules.waived)
    return tuple(islice(found, _MOST))


# What an inquiry may leave out, for it is an example and no request (profile-claim-inquiry).
_NOT_OF_AN_INQUIRY = frozenset(
    {"item", "item-request-type", "item-certification-type", "item-category", "item-location", "document-information"}
)


def check_inquiry(bundle: Any, version: Version = CURRENT) -> tuple[Issue, ...]:
    """The reasons, at most 500, to refuse this body of `Claim/$inquire` in a version; empty when there is none."""
    rules = replace(version.request, most_claims=1, most_identifiers=1)
    left_out = rules.waived | _NOT_OF_AN_INQUIRY
    found = tuple(islice((issue for issue in _issues(bundle, rules) if issue.rule not in left_out), _MOST))
    return found or tuple(_unnamed(Travellers(bundle)))


def _unnamed(travellers: Travellers) -> Iterator[Issue]:
    if not members(travellers):
        yield error(
            "inquiry-member",
            f"{travellers.claims[0].path}.patient",
            "The inquiry does not say which member it is about.",
            "Send the member id, as an identifier of the Patient or of the Coverage.",
            "required",
        )


def _issues(bundle: Any, rules: RequestRules) -> Iterator[Issue]:
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        fix = "Send the PAS Request Bundle itself, not wrapped in Parameters."
        yield error("bundle", "Bundle", "The body is not a Bundle.", fix, "structure")
        return
    yield from _envelope(bundle)
    yield from _entries(bundle)
    travellers = Travellers(bundle)
    if not travellers.claims:
        yield error("claim-first", "Bundle.entry", "There is no Claim.", "Put the Claim first.", "required")
        return
    yield from _order(travellers, rules)
    yield from _references(travellers)
    for claim in travellers.claims:
        yield from check_claim(claim, travellers, rules)
    yield from check_coverages(travellers)
    yield from check_datatypes(travellers)
    yield from check_extensions(travellers, rules)


def _envelope(bundle: dict[str, Any]) -> Iterator[Issue]:
    if bundle.get("type") != "collection":
        yield error("bundle-type", "Bundle.type", "The Bundle is not of type collection.", "Set it to collection.")
    identifier = bundle.get("identifier")
    if not text(identifier, "value"):
        yield error(
            "bundle-identifier",
            "Bundle.identifier",
            "The Bundle has no identifier with a value.",
            "Give every transmission an identifier of its own.",
            "required",
        )
    if not _INSTANT.fullmatch(text(bundle, "timestamp")):
        yield error(
            "bundle-timestamp",
            "Bundle.timestamp",
            "There is no timestamp with date, time and zone.",
            "Write an instant such as 2026-01-31T09:30:00Z.",
            "required",
        )
    if not elements(bundle, "entry"):
        yield error(
            "bundle-entry", "Bundle.entry", "The Bundle is empty.", "Send the Claim and what it refers to.", "required"
        )


def _entries(bundle: dict[str, Any]) -> Iterator[Issue]:
    seen: set[str] = set()
    for position, row in enumerate(elements(bundle, "entry")):
        place, url = f"Bundle.entry[{position}]", text(row, "fullUrl")
        if not isinstance(row.get("resource"), dict):
            yield error(
                "entry-resource", f"{place}.resource", "The entry holds no resource.", "Put one in.", "required"
            )
        for name in ("search", "request", "response"):
            if name in row:
                yield error(
                    "entry-plain", f"{place}.{name}", "A collection entry may not have this element.", "Leave it out."
                )
        if not is_full_url(url):
            yield error(
                "full-url",
                f"{place}.fullUrl",
                "fullUrl is neither http(s) nor urn:uuid with a version-4 UUID.",
                "Use the resource's http(s) address, or urn:uuid: and a random (version 4) UUID.",
            )
        elif url in seen:
            yield error(
                "full-url-unique",
                f"{place}.fullUrl",
                "Another entry has the same fullUrl.",
                "Send each resource once.",
                "duplicate",
            )
        seen.add(url)


def _order(travellers: Travellers, rules: RequestRules) -> Iterator[Issue]:
    if travellers.claims[0] is not travellers.entries[0]:
        yield error(
            "claim-first", "Bundle.entry[0].resource", "The first entry is not a Claim.", "Put the Claim first."
        )
    if len(travellers.claims) > rules.most_claims:
        yield error(
            "claim-count",
            "Bundle.entry",
            f"There are more Claims than this version takes: {rules.most_claims}.",
            "Send the Claim, and beside an update the prior one where the version takes two.",
        )


def _references(travellers: Travellers) -> Iterator[Issue]:
    for link in travellers.links(travellers.claims[0]):
        if len(link.targets) == 1:
            continue
        some = "several entries" if link.targets else "no entry"
        yield error(
            "reference",
            f"{link.path}.reference",
            f"The reference points at {some} by fullUrl.",
            "Include the target once; write references absolute or as urn:uuid, equal to its fullUrl.",
            "not-found",
        )
