"""What goes into reading a payer's answer and what comes out: plain data, whichever way the answer came."""

from dataclasses import dataclass, field
from enum import StrEnum

from gateway.fhir.outcome import Issue, Severity
from gateway.model.authorization import Answer, AuthorizedItem, Note, Rejection, Result
from gateway.model.determination import GRANTED

_DECIDED = GRANTED | {Result.DENIED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What we sent, to match an answer against.

    Attributes:
        claim_url: fullUrl of our Claim; `trace_system` and `trace_value` are its identifier.
        submission_id: Bundle.identifier value of the request.
        patient_urls: fullUrl and `Patient/id` of the patient in the request.
        items: sequence and item trace number (may be empty) of each item asked for.
        member_ids: values of all identifiers our request has for the patient: of the Patient, and as a member.
        birth_date: Patient.birthDate of our request; like an empty `member_ids`, empty means not compared.
        guide: version of PAS the request was written in, e.g. `2.0.1`; empty is read as the current one.
        earlier_traces: trace numbers under which the same order was sent before it was built anew; what carries one
            answers an earlier build, so it is neither ours without a person nor another's.
    """

    claim_url: str
    trace_system: str
    trace_value: str
    submission_id: str
    patient_urls: frozenset[str]
    items: tuple[tuple[int, str], ...]
    member_ids: frozenset[str] = field(default=frozenset(), repr=False)
    birth_date: str = field(default="", repr=False)
    guide: str = ""
    earlier_traces: frozenset[str] = frozenset()


class Kind(StrEnum):
    """What kind of thing the payer said.

    Attributes:
        ANSWERED: it spoke on the items.
        REJECTED: it could not process the request, which is no denial.
        UNTRUSTED: nothing may be concluded; the payer may or may not have the request.
    """

    ANSWERED = "answered"
    REJECTED = "rejected"
    UNTRUSTED = "untrusted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A payer's answer, read.

    Attributes:
        answers: by item sequence, one for every item asked for.
        additional: granted without being asked for.
        determination: the roll-up of `answers`; NONE unless `kind` is answered.
        attention: what a person has to look at, in words without content of the message; empty when nothing.
        reason: why the answer is untrusted, in words.
        issues: oddities met while reading, with their path in the answer. Those of rule `operation-outcome` carry
            the payer's own words: for technical staff (PAS 2.2.1 spec-41), never logged.
    """

    kind: Kind
    answers: tuple[tuple[int, Answer], ...] = ()
    additional: tuple[AuthorizedItem, ...] = ()
    notes: tuple[Note, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    determination: Result = Result.NONE
    attention: str = ""
    reason: str = ""
    issues: tuple[Issue, ...] = field(default=(), repr=False)

    @property
    def decided_items(self) -> bool:
        """Whether the payer granted or denied anything, in whole or in part, even inside a rejection."""
        added = (*self.additional, *(row for _, answer in self.answers for row in answer.authorized))
        results = {answer.result for _, answer in self.answers} | {row.result for row in added}
        return bool(results & _DECIDED)


@dataclass(slots=True)
class Remarks:
    """Collects, while reading, what is odd (`issues`) and what a person has to look at (`attention`)."""

    issues: list[Issue] = field(default_factory=list)
    attentions: list[str] = field(default_factory=list)

    def note(self, rule: str, path: str, text: str) -> None:
        """Something harmless that a technician may want to know."""
        self.issues.append(Issue(Severity.INFORMATION, rule, path, text))

    def warn(self, rule: str, path: str, text: str, *, attention: str = "") -> None:
        """Something wrong with the answer; with `attention` a person has to look as well."""
        self.issues.append(Issue(Severity.WARNING, rule, path, text))
        if attention and attention not in self.attentions:
            self.attentions.append(attention)

    @property
    def attention(self) -> str:
        return "; ".join(self.attentions)


class Untrusted(Exception):
    """Nothing may be concluded from the answer; `reason` says why, without content."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
