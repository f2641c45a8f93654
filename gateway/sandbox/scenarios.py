"""What the sandbox payer does with which request: scenarios read from YAML files their owner can edit.

The rule that chooses is this and no more. For each item: the scenario that names its HCPCS or CPT code; else
the scenario that names its service type (X12 1365); else the one for everything nobody decided. If one of the
items chose an HTTP answer, or else an error answer, that is the answer to the whole request; otherwise each
item gets its own, and if one of them is lost on its way, the whole answer is. An inquiry goes by the same rule.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from gateway.sandbox.elements import Element, codings
from gateway.sandbox.schema import FileFault, read_yaml


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """A decision on one item.

    Attributes:
        action: X12 306 review action.
        valid_days: how many days it holds; 0 when it says nothing about dates.
        starts_days_later: days between the start asked for and the start given.
        percent: share of the asked quantity that is authorized in an addItem; 0 when there is none.
        reasons: codes of external list 886.
    """

    action: str
    authorization_number: bool = False
    administration_reference_number: bool = False
    human_reviewed: bool = False
    reasons: tuple[str, ...] = ()
    note: str = ""
    valid_days: int = 0
    starts_days_later: int = 0
    percent: int = 0
    unknown_on_purpose: bool = False


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One ClaimResponse.error: X12 901 code, 889 follow-up, and the place in the request it is about."""

    code: str
    at: str
    follow_up: str = ""
    element: str = ""
    x12_element: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """The payer cannot process the request: outcome `error` in a 200."""

    rows: tuple[ErrorRow, ...]


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An HTTP status with one OperationOutcome."""

    status: int
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class LostAnswer:
    """The answer to the first transmission of a request is lost on its way; the same bytes, sent again, get it.

    Attributes:
        processed: what was lost had been decided and stands in the book; otherwise the request never got so far.
        item: the decision on each item.
    """

    processed: bool
    item: ItemAnswer


class OnInquiry(StrEnum):
    """What an inquiry after a service brings.

    Attributes:
        BOOK: what the book holds.
        LOOK_ALIKES: instead of that, an older authorization of the same member and service, from elsewhere.
        HIDDEN: nothing, and a warning that something is withheld (PAS spec-49, spec-50).
        REFUSED: HTTP 501; this payer takes no inquiries.
    """

    BOOK = "book"
    LOOK_ALIKES = "look_alikes"
    HIDDEN = "hidden"
    REFUSED = "refused"


Decided = ItemAnswer | ErrorAnswer | HttpAnswer | LostAnswer


@dataclass(frozen=True, slots=True)
class Order:
    """What a ready request asks for. `days` is the length of the service; 0 asks for a single day."""

    code: str
    system: str
    service_type: str
    request_type: str
    place: str
    diagnosis: str = "Z00.00"
    quantity: int = 1
    unit: str = "UN"
    starts_in_days: int = 7
    days: int = 0


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario; `combined` ones have no answer of their own, their request asks for several others."""

    id: str
    title: str
    shows: str
    codes: tuple[str, ...] = ()
    service_types: tuple[str, ...] = ()
    is_default: bool = False
    answer: Decided | None = None
    inquiry: OnInquiry = OnInquiry.BOOK
    order: Order | None = None
    combines: tuple[str, ...] = ()

    @property
    def decision(self) -> ItemAnswer | None:
        """What it decides on an item, lost on its way or not; None when it decides on none."""
        return self.answer.item if isinstance(self.answer, LostAnswer) else _item_only(self.answer)


def _item_only(answer: Decided | None) -> ItemAnswer | None:
    return answer if isinstance(answer, ItemAnswer) else None


class Scenarios:
    """Every scenario of a folder, by id, and the choice among them."""

    def __init__(self, scenarios: Iterable[Scenario]) -> None:
        self.all = tuple(sorted(scenarios, key=lambda scenario: scenario.id))
        self._ids = {scenario.id: scenario for scenario in self.all}
        self._codes = {code: scenario for scenario in self.all for code in scenario.codes}
        self._types = {kind: scenario for scenario in self.all for kind in scenario.service_types}
        self._default = next(scenario for scenario in self.all if scenario.is_default)

    def __getitem__(self, identity: str) -> Scenario:
        return self._ids[identity]

    def __contains__(self, identity: str) -> bool:
        return identity in self._ids

    def choose(self, item: Element) -> Scenario:
        """The scenario for one Claim.item."""
        for name, known in (
            ("productOrService", self._codes),
            ("productOrService", self._types),
            ("category", self._types),
        ):
            for _, code in codings(item.get(name)):
                if code in known:
                    return known[code]
        return self._default

    def orders(self, scenario: Scenario) -> tuple[Order, ...]:
        """What the ready request of `scenario` asks for, an item each."""
        parts = [self[part] for part in scenario.combines] or [scenario]
        return tuple(part.order for part in parts if part.order)


def read_scenarios(folder: Path) -> Scenarios:
    """The scenarios of every YAML file in `folder`.

    Raises:
        FileFault: no file, or one that breaks the schema or the lint; the text lists every fault.
    """
    found, faults = [], []
    for path in sorted(folder.glob("*.yaml")):
        try:
            found.append(_scenario(read_yaml(path, "scenario")))
        except FileFault as fault:
            faults.append(str(fault))
            continue
        if not path.name.startswith(found[-1].id):
            faults.append(f"{path}: the file's name does not start with its id {found[-1].id}. Rename it.")
    if not found and not faults:
        raise FileFault(f"{folder}: there is no scenario. Point at a folder with S-NN-….yaml files.")
    faults += [f"{folder}: {fault}" for fault in ([] if faults else lint(found))]
    if faults:
        raise FileFault("\n".join(faults))
    return Scenarios(found)


def _scenario(raw: dict[str, Any]) -> Scenario:
    when = raw.get("when", {})
    return Scenario(
        id=raw["id"],
        title=raw["title"],
        shows=" ".join(raw["shows"].split()),
        codes=tuple(when.get("codes", ())),
        service_types=tuple(when.get("service_types", ())),
        is_default="nothing_else_matches" in when,
        answer=_answer(raw.get("answer", {})),
        inquiry=OnInquiry(raw.get("inquiry", OnInquiry.BOOK)),
        order=Order(**raw["request"]) if "request" in raw else None,
        combines=tuple(raw.get("combines", ())),
    )


def _answer(raw: dict[str, Any]) -> Decided | None:
    if "http" in raw:
        return HttpAnswer(**raw["http"])
    if "errors" in raw:
        return ErrorAnswer(tuple(ErrorRow(**row) for row in raw["errors"]))
    if "lost" in raw:
        return LostAnswer(raw["lost"]["processed"], _item(raw["lost"]["item"]))
    return _item(raw["item"]) if "item" in raw else None


def _item(raw: dict[str, Any]) -> ItemAnswer:
    item = dict(raw)
    valid, authorizes = item.pop("valid", {}), item.pop("authorizes", {})
    return ItemAnswer(
        **{**item, "reasons": tuple(item.get("reasons", ()))},
        valid_days=valid.get("days", 0),
        starts_days_later=valid.get("starts_days_later", 0),
        percent=authorizes.get("percent", 0),
    )


def lint(scenarios: list[Scenario]) -> list[str]:
    """What is wrong with a set of scenarios that each satisfy the schema, in words."""
    faults = [
        f"{name} {value} belongs to more than one scenario. Keep one."
        for name, values in (
            ("id", [scenario.id for scenario in scenarios]),
            ("code", [code for scenario in scenarios for code in scenario.codes]),
            ("service type", [kind for scenario in scenarios for kind in scenario.service_types]),
        )
        for value in sorted({value for value in values if values.count(value) > 1})
    ]
    if sum(scenario.is_default for scenario in scenarios) != 1:
        faults.append("exactly one scenario must have `when: {nothing_else_matches: true}`.")
    answered = {scenario.id for scenario in scenarios if isinstance(scenario.answer, ItemAnswer)}
    for scenario in scenarios:
        faults += [
            f"{scenario.id}: combines {part}, which is no scenario with an item answer. Name another."
            for part in scenario.combines
            if part not in answered
        ]
        if decision := scenario.decision:
            faults += [f"{scenario.id}: {fault}" for fault in _lint_item(decision)]
        if scenario.order and not _leads_back(scenario, scenarios):
            faults.append(f"{scenario.id}: its own request would not choose it. Make `request` fit `when`.")
    return faults


_NUMBERED = {"A1", "A2", "A6"}
_KNOWN = _NUMBERED | {"A3", "A4", "C", "CT", "NA"}


def _lint_item(answer: ItemAnswer) -> list[str]:
    action, faults = answer.action, []
    if (action in _KNOWN) == answer.unknown_on_purpose:
        faults.append("`unknown_on_purpose` marks actions that are no X12 306 code, and only those.")
    if (action in _NUMBERED) != (answer.authorization_number and answer.valid_days > 0):
        faults.append("A1, A2 and A6 come with authorization_number and valid; other actions without both.")
    if (action in {"A2", "A6"}) != bool(answer.percent):
        faults.append("A2 and A6 say with `authorizes` what was given; other actions have none.")
    if (action == "A3") != bool(answer.reasons):
        faults.append("A3 comes with reasons; other actions without.")
    if action == "A4" and not answer.administration_reference_number:
        faults.append("A4 comes with administration_reference_number: the requester has no other number.")
    return faults


def _leads_back(scenario: Scenario, scenarios: list[Scenario]) -> bool:
    order = scenario.order
    if order is None:
        return False
    named = [other for other in scenarios if order.code in (*other.codes, *other.service_types)]
    named = named or [other for other in scenarios if order.service_type in other.service_types]
    return scenario in named or (not named and scenario.is_default)
