"""The resources around a Claim: parties, coverage, stay, documents and the PAS-shaped copies of the orders."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from typing import Any, Protocol

from gateway.mapping.tables import Table
from gateway.model.order import Choice, OrderContext, Resource
from gateway.orders.chart import codings, resource_name, rows, text
from gateway.orders.coverage import social_security_numbers
from gateway.orders.dates import span
from gateway.orders.quantity import quantity_of
from gateway.orders.service import modifiers_of
from gateway.orders.supporting import words_of
from gateway.orders.tables import OrderTables
from gateway.payers.profile import PayerProfile
from gateway.payers.site import Requestor

_ORDERS = {
    "ServiceRequest": "orders/service_request",
    "DeviceRequest": "orders/device_request",
    "MedicationRequest": "orders/medication_request",
    "NutritionOrder": "orders/nutrition_order",
}


class Press(Protocol):
    """Makes resources from mappings and keeps them by their fullUrl."""

    tables: Mapping[str, Table]
    choices: list[Choice]

    def url(self) -> str: ...

    def make(self, name: str, url: str, variables: Mapping[str, Any], source: str) -> Resource: ...


class Parts:
    """Makes everything a Claim refers to; `variables` is what `claim/claim` reads of it."""

    def __init__(self, context: OrderContext, requestor: Requestor, payer: PayerProfile, press: Press) -> None:
        self._context = context
        self._requestor = requestor
        self._press = press
        self._tables = OrderTables(press.tables)
        self._urls = {name: press.url() for name in ("beneficiary", "coverage", "insurer", "requestor")}
        self._made: list[tuple[Resource, str]] = []
        self._parties(payer)
        self._stay()
        documents = [self._document(document) for document in context.documents]
        members = self._members()
        self.variables: dict[str, Any] = {
            "url": self._urls,
            "documents": documents,
            "messages": [{"text": words} for message in context.messages for words in words_of(message)],
            "insurance": list(context.insurance),
            "members": members,
            "diagnoses": [dict(diagnosis) for diagnosis in context.diagnoses],
            "items": [self._item(number, members) for number in range(1, len(context.orders) + 1)],
            "event": self._event(),
            "stay": _stay_days(context.encounter),
        }

    def _parties(self, payer: PayerProfile) -> None:
        context, make = self._context, self._press.make
        is_self = context.subscriber == context.patient
        make("parties/insurer", self._urls["insurer"], {"insurer": plain(payer.insurer)}, "payer profile: insurer")
        requestor = plain(self._requestor)
        make("parties/requestor", self._urls["requestor"], {"requestor": requestor}, "site profile: requestor")
        held: dict[str, Any] = {"coverage": context.coverage, "member_id": context.member_id or None}
        patient = {**held, "patient": context.patient}
        make("parties/beneficiary", self._urls["beneficiary"], patient, resource_name(context.patient))
        if context.subscriber and not is_self:
            self._urls["subscriber"] = self._press.url()
            subscriber = {**held, "subscriber": context.subscriber}
            make("parties/subscriber", self._urls["subscriber"], subscriber, resource_name(context.subscriber))
        secret = social_security_numbers(self._tables, context.coverage, context.patient, context.subscriber)
        number = text(context.coverage, "subscriberId")
        held["subscriber_id"] = number if number and number not in secret else held["member_id"]
        held |= {"is_self": is_self, "url": self._urls}
        make("coverage", self._urls["coverage"], held, resource_name(context.coverage))

    def _stay(self) -> None:
        if not self._context.encounter or self._context.facts[0].get("encounter_class") != "inpatient":
            return
        if self._context.location.get("address"):
            self._urls["location"] = self._once("parties/location", "location", self._context.location)
        provider: Resource = {"organization": self._context.service_provider}
        if self._context.service_provider and (url := self._organization(provider, "stay")):
            self._urls["service_provider"] = url
        self._urls["encounter"] = self._press.url()
        variables = {"encounter": self._context.encounter, "url": self._urls}
        source = resource_name(self._context.encounter)
        self._press.make("parties/encounter", self._urls["encounter"], variables, source)

    def _document(self, document: Resource) -> dict[str, Any]:
        url = self._press.url()
        variables = {"document": document, "url": self._urls}
        self._press.make("parties/document", url, variables, resource_name(document))
        coding = next(iter(codings(document.get("type"))), {})
        facts = {"system": text(coding, "system"), "document": text(coding, "code")}
        return {"url": url, "facts": facts, "description": text(document, "description") or None, "resource": document}

    def _members(self) -> list[dict[str, Any]]:
        """The care team, each provider once; `orders` are the numbers of the orders they belong to."""
        members: list[dict[str, Any]] = []
        for key, provider in self._context.providers.items():
            number, _, part = key.partition("/")
            part = part.partition("/")[0]
            known = next((m for m in members if m["provider"] == provider and m["facts"]["part"] == part), None)
            if known is None:
                known = {**self._member(provider, part), "provider": provider, "orders": []}
                members.append(known)
            known["orders"].append(int(number))
        return members

    def _member(self, provider: Resource, part: str) -> dict[str, Any]:
        facts = {"part": part, "party": "practitioner" if "practitioner" in provider else "organization"}
        row = {"whole_claim": part == "ordering", "facts": facts, "taxonomy": self._taxonomy(provider)}
        if facts["party"] == "organization":
            held = provider.get("organization") or {"name": text(provider.get("role"), "id") or None}
            return {**row, "url": self._once("parties/organization", "organization", held)}
        organization = self._organization(provider, part)
        member = {
            **provider,
            "practitioner_url": self._once("parties/practitioner", "practitioner", provider["practitioner"]),
            "organization_url": organization,
            "desk": self._desk() if organization == self._urls["requestor"] else [],
        }
        row["practitioner_url"] = member["practitioner_url"]
        url = self._reuse("parties/practitioner_role", provider)
        if url is None:
            url = self._press.url()
            self._made.append(({"parties/practitioner_role": provider}, url))
            made = self._press.make(
                "parties/practitioner_role", url, {"member": member}, resource_name(provider["practitioner"])
            )
            self._note_contact(made, member, part)
        return {**row, "url": url}

    def _note_contact(self, made: Resource, member: dict[str, Any], part: str) -> None:
        """Records a telecom that is not the provider's own but their organization's, or the requestor's desk."""
        used = _points(made)
        if not used or any(used <= _points(member.get(own)) for own in ("role", "practitioner")):
            return
        is_shared = used <= _points(member.get("organization"))
        value = "telecom of the organization" if is_shared else "contact of the requestor in the site profile"
        why = "Neither the provider nor their role has a telephone number or email address, and PAS wants one."
        self._press.choices.append(Choice(f"contact of the {part} provider", value, why, "provider-contact"))

    def _organization(self, provider: Resource, part: str) -> str | None:
        """The requestor's own entry where the provider belongs to it, which an orderer without organization does."""
        held = provider.get("organization")
        if not held:
            return self._urls["requestor"] if part == "ordering" else None
        known = {text(row, "value") for row in rows(held, "identifier")} | {f"Organization/{text(held, 'id')}"}
        if known & {self._requestor.npi, *self._requestor.known_as}:
            return self._urls["requestor"]
        return self._once("parties/organization", "organization", held)

    def _desk(self) -> list[dict[str, str]]:
        contact = self._requestor.contact
        points = (("phone", contact.phone), ("email", contact.email))
        return [{"system": system, "value": value} for system, value in points if value]

    def _taxonomy(self, provider: Resource) -> str | None:
        concepts = rows(provider.get("role"), "specialty")
        concepts += [row.get("code") or {} for row in rows(provider.get("practitioner"), "qualification")]
        found = (coding for concept in concepts for coding in codings(concept))
        system = self._tables.systems["NUCC"]
        return next((coding["code"] for coding in found if coding.get("system") == system), None)

    def _item(self, number: int, members: list[dict[str, Any]]) -> dict[str, Any]:
        order, facts = self._context.orders[number - 1], self._context.facts[number - 1]
        url = self._press.url()
        mine = [(position, member) for position, member in enumerate(members, start=1) if number in member["orders"]]
        item = {
            "number": number,
            "url": url,
            "facts": dict(facts),
            "system": facts.get("system"),
            "code": facts.get("code"),
            "start": facts.get("start"),
            "end": facts.get("end"),
            "modifiers": list(modifiers_of(order, self._tables)),
            "quantity": quantity_of(order),
            "members": [position for position, _ in mine],
            "diagnoses": [n for n, row in enumerate(self._context.diagnoses, 1) if number in row["orders"]],
            "documents": list(range(1, len(self._context.documents) + 1)),
            "ordering": next((_addresses(member) for _, member in mine if member["whole_claim"]), None),
            "order": order,
        }
        item = {key: value for key, value in item.items() if value is not None}
        variables = {"order": order, "item": item, "url": self._urls}
        self._press.make(_ORDERS[order["resourceType"]], url, variables, resource_name(order))
        return item

    def _event(self) -> dict[str, str]:
        """First and last day over all orders."""
        starts = [facts["start"] for facts in self._context.facts if "start" in facts]
        ends = [facts["end"] for facts in self._context.facts if "end" in facts]
        return {"start": min(starts), "end": max(ends)} if starts else {}

    def _once(self, mapping: str, variable: str, resource: Resource) -> str:
        """The fullUrl of what the mapping makes of a resource; made the first time only."""
        url = self._reuse(mapping, resource)
        if url is None:
            url = self._press.url()
            self._made.append(({mapping: resource}, url))
            self._press.make(mapping, url, {variable: resource}, resource_name(resource) or variable.capitalize())
        return url

    def _reuse(self, mapping: str, resource: Resource) -> str | None:
        return next((url for made, url in self._made if made == {mapping: resource}), None)


def _points(resource: Any) -> set[tuple[str, str]]:
    return {(text(row, "system"), text(row, "value")) for row in rows(resource, "telecom")}


def _addresses(member: Resource) -> dict[str, str]:
    """`url` of the entry in the care team, and `practitioner_url` of the person behind it, if it is one."""
    return {name: member[name] for name in ("url", "practitioner_url") if name in member}


def _stay_days(encounter: Resource) -> dict[str, dict[str, str]]:
    """The first and last day on which admission and discharge may be; one day where the encounter tells it."""
    period = encounter.get("period")
    found = {"admission": span(text(period, "start")), "discharge": span(text(period, "end"))}
    return {name: {"start": str(days[0]), "end": str(days[1])} for name, days in found.items() if days}


@lru_cache(maxsize=256)
def plain(value: Any) -> dict[str, Any]:
    """A site or payer value as the object a mapping reads, without what is empty; nobody changes it."""

    def tidy(item: Any) -> Any:
        if isinstance(item, dict):
            return {key: kept for key, inner in item.items() if (kept := tidy(inner)) not in ("", None, [], {})}
        return [tidy(inner) for inner in item] if isinstance(item, list | tuple) else item

    tidied: dict[str, Any] = tidy(asdict(value))
    return tidied
