"""An order as the gateway understands it: one typed context for every way an order arrives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Gap:
    """Something the payer needs and the order does not say.

    Attributes:
        path: where was looked, as a place in the order (`ServiceRequest/s1.code`) or in a profile of ours.
        need: what would satisfy it, in words a person at the EHR understands.
        rule: the rule that asks for it, e.g. `billing-code`, `PAS 2.2.1 Claim.item.category`.
        element: the element that stays empty, e.g. `Claim.item[0].productOrService`.
    """

    path: str
    need: str
    rule: str
    element: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A decision the gateway made where the order left room, kept in words.

    Attributes:
        what: what was chosen, e.g. `coverage`, `request type`.
        value: what it was, as a code, a reference or a source path; never a name, birth date or member id.
        why: one sentence.
        rule: stable id of the rule that decided.
    """

    what: str
    value: str
    why: str
    rule: str


class Benefit(StrEnum):
    """Which benefit pays for an order (domain: drugs are split before a Claim exists)."""

    MEDICAL = "medical"
    PHARMACY = "pharmacy"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderContext:
    """Everything one Claim is made of: orders of the same patient, coverage, requestor and category.

    Resources are the EHR's own, nulls and empties removed, code systems put into their standard form;
    `orders` keeps the order of arrival, and item sequence n is order n.

    Attributes:
        orders: ServiceRequest, DeviceRequest, MedicationRequest or NutritionOrder, at least one.
        encounter: the stay or visit in which they are carried out, with its location and service_provider.
        subscriber: the policy holder; the patient resource itself when they are the same person.
        coverage: the chosen Coverage; empty when none could be chosen (a gap says so).
        member_id: the member identifier and `member_id_source` the path it came from; never logged.
        providers: Practitioner, PractitionerRole and Organization resources that play a part, by
            `<order number>/ordering` and `<order number>/performing/<n>`.
        diagnoses: ICD-10-CM codings with the path each came from, in order of importance.
        documents: DocumentReferences that support the request and carry their content.
        messages: Communications that the orders name as supporting information: words for the payer.
        insurance: the References by which the orders name the chosen coverage; what the payer gave before stands there.
        requestor_id: key of the requestor in the site profile; empty when none could be chosen.
        payer_id: key of the payer profile; empty when none matched.
        benefit: pharmacy when this order must not become a PAS Claim; `handoff` then says where it goes.
        facts: what the named rules of the mapping look at, one per order (order type, code, system, site ...).
    """

    orders: tuple[Resource, ...]
    patient: Resource
    coverage: Resource
    subscriber: Resource
    encounter: Resource = field(default_factory=dict)
    location: Resource = field(default_factory=dict)
    service_provider: Resource = field(default_factory=dict)
    member_id: str = field(default="", repr=False)
    member_id_source: str = ""
    providers: Mapping[str, Resource] = field(default_factory=dict)
    diagnoses: tuple[Resource, ...] = ()
    documents: tuple[Resource, ...] = ()
    messages: tuple[Resource, ...] = ()
    insurance: tuple[Resource, ...] = ()
    requestor_id: str = ""
    payer_id: str = ""
    benefit: Benefit = Benefit.MEDICAL
    handoff: str = ""
    expedited: bool = False
    facts: tuple[Mapping[str, str], ...] = ()
    gaps: tuple[Gap, ...] = ()
    choices: tuple[Choice, ...] = ()
