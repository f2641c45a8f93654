"""`Claim/$submit` without HTTP: bytes in, status and resource out, and what to remember of it (PAS `$submit`)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.fhir.json import JsonFault, loads
from gateway.fhir.outcome import Issue, Severity, to_operation_outcome
from gateway.sandbox.answer_items import Pen
from gateway.sandbox.answers import Answer, decide, reject
from gateway.sandbox.checks import check_request
from gateway.sandbox.config import SandboxConfig
from gateway.sandbox.elements import element, elements, text
from gateway.sandbox.scenarios import ErrorAnswer, HttpAnswer, LostAnswer, Scenario
from gateway.sandbox.store import BookRow
from gateway.sandbox.travel import Travellers
from gateway.sandbox.versions import CURRENT, Version


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to one request.

    Attributes:
        issues: why it was refused, or the issue its scenario prescribes.
        scenarios: ids of the scenarios that decided.
        book: a row for each item decided.
        lost: the answer that was decided on and is lost on its way; empty when there is none.
    """

    status: int
    resource: dict[str, Any]
    issues: tuple[Issue, ...] = ()
    scenarios: tuple[str, ...] = ()
    book: tuple[BookRow, ...] = ()
    lost: dict[str, Any] = field(default_factory=dict)


def never(_: bytes) -> bool:
    """No bytes came before."""
    return False


def submit(
    raw: bytes, config: SandboxConfig, version: Version = CURRENT, *, came_before: Callable[[bytes], bool] = never
) -> Outcome:
    """Answer the body of a `Claim/$submit` in a version. A repeat is decided anew: this payer recognizes none.

    `came_before` is asked only where an answer is to be lost, which happens to the same bytes once.
    """
    bundle, issues = _read(raw, config, version)
    if issues:
        return _refuse(400, issues)
    travellers = Travellers(bundle)
    items = elements(travellers.claims[0].resource, "item")
    chosen = [config.scenarios.choose(item) for item in items]
    for scenario in chosen:
        if isinstance(scenario.answer, HttpAnswer):
            answer = scenario.answer
            issue = Issue(Severity.ERROR, scenario.id, "", answer.text, code=answer.code)
            return _refuse(answer.status, (issue,), (scenario.id,))
    pen = Pen(config.now(), config.new_id, version.answer)
    for position, scenario in enumerate(chosen):
        if isinstance(scenario.answer, ErrorAnswer):
            rejected = reject(travellers, scenario.answer, position, pen)
            return Outcome(200, rejected.bundle, scenarios=(scenario.id,))
    decided = _decided(bundle, travellers, chosen, pen)
    lost = [scenario.answer for scenario in chosen if isinstance(scenario.answer, LostAnswer)]
    return decided if not lost or came_before(raw) else _lose(decided, processed=all(one.processed for one in lost))


def _lose(decided: Outcome, *, processed: bool) -> Outcome:
    """What its sender sees of an answer that is lost, and what stays of it here."""
    text = "The answer was lost on its way; whether the request was processed is not known."
    issue = Issue(Severity.ERROR, decided.scenarios[0], "", text, code="timeout")
    seen = _refuse(504, (issue,), decided.scenarios)
    return replace(seen, book=decided.book, lost=decided.resource) if processed else seen


def validate(raw: bytes, config: SandboxConfig, version: Version = CURRENT) -> Outcome:
    """Judge a request as `submit` would and decide nothing: the R4 operation `Bundle/$validate`, for a dry submit."""
    _, issues = _read(raw, config, version)
    return Outcome(200, to_operation_outcome(issues), issues)


def _read(raw: bytes, config: SandboxConfig, version: Version) -> tuple[dict[str, Any], tuple[Issue, ...]]:
    """The bundle and what is wrong with it; what is no JSON is an empty one."""
    try:
        bundle = loads(raw, limits=config.limits)
    except JsonFault as fault:
        said = f"{fault.text} ({fault.place})"
        return {}, (Issue(Severity.ERROR, fault.rule, "", said, fault.fix, "structure"),)
    return bundle, check_request(bundle, version)


def _decided(bundle: dict[str, Any], travellers: Travellers, chosen: Sequence[Scenario], pen: Pen) -> Outcome:
    answer = decide(travellers, chosen, pen)
    ids = tuple(dict.fromkeys(scenario.id for scenario in chosen))
    return Outcome(200, answer.bundle, scenarios=ids, book=_book(bundle, travellers, answer, pen.now.isoformat()))


def _book(bundle: dict[str, Any], travellers: Travellers, answer: Answer, at: str) -> tuple[BookRow, ...]:
    trace = elements(travellers.claims[0].resource, "identifier")[0]
    return tuple(
        BookRow(
            at=at,
            bundle_identifier=_token(element(bundle, "identifier")),
            trace_number=_token(trace),
            sequence=decision.sequence,
            code=decision.code,
            action=decision.action,
            authorization_number=decision.authorization_number,
            administration_reference_number=decision.administration_reference_number,
            scenario=decision.scenario,
        )
        for decision in answer.decisions
    )


def _token(identifier: dict[str, Any]) -> str:
    return f"{text(identifier, 'system')}|{text(identifier, 'value')}"


def _refuse(status: int, issues: tuple[Issue, ...], scenarios: tuple[str, ...] = ()) -> Outcome:
    return Outcome(status, to_operation_outcome(issues), issues, scenarios)
