"""What a check found, and what it could not judge."""

import re
from dataclasses import dataclass, field
from typing import Protocol

from gateway.fhir.outcome import Issue, Severity

_ENTRY = re.compile(r"Bundle\.entry\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class NotEvaluated:
    """A demand of the guide that was met with silence: neither kept nor broken as far as we know.

    Attributes:
        rule: the rule's id, e.g. `binding` or an invariant's key.
        path: FHIRPath of the place.
        reason: why it could not be judged, in one sentence.
    """

    rule: str
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of one check.

    Attributes:
        issues: findings, in the order of the resource.
        not_evaluated: what nobody looked at; an empty list of issues says nothing about these.
        profile: canonical of the profile checked against, or the R4 type name.
    """

    issues: tuple[Issue, ...]
    not_evaluated: tuple[NotEvaluated, ...]
    profile: str

    @property
    def ok(self) -> bool:
        """No error and nothing fatal; warnings allowed."""
        return not any(issue.is_error for issue in self.issues)


class Place(Protocol):
    """Something with a FHIRPath, written out only when it is shown."""

    @property
    def path(self) -> str: ...


@dataclass(slots=True)
class Findings:
    """Collects issues and unjudged rules; the same thing said twice is kept once.

    Attributes:
        demanded: paths of concepts and codings that are what a profile's pattern demands there.
    """

    issues: dict[Issue, None] = field(default_factory=dict)
    skipped: dict[tuple[str, Place, str], None] = field(default_factory=dict)
    demanded: set[str] = field(default_factory=set)
    _of_type: frozenset[Issue] = frozenset()

    def error(self, rule: str, path: str, text: str, fix: str, *, code: str = "invalid") -> None:
        """A broken rule."""
        self.add(Severity.ERROR, rule, path, text, fix, code=code)

    def add(self, severity: Severity, rule: str, path: str, text: str, fix: str, *, code: str = "invalid") -> None:
        """A finding of any severity."""
        self.issues[Issue(severity, rule, path, text, fix, code)] = None

    def skip(self, rule: str, place: Place, reason: str) -> None:
        """A rule that could not be judged."""
        self.skipped[rule, place, reason] = None

    @property
    def not_evaluated(self) -> tuple[NotEvaluated, ...]:
        return tuple(NotEvaluated(rule, place.path, reason) for rule, place, reason in self.skipped)

    def extend(self, other: "Findings") -> None:
        """Take over what another collector has."""
        self.issues.update(other.issues)
        self.skipped.update(other.skipped)
        self.demanded |= other.demanded

    def end_of_type(self) -> None:
        """What has been found until now is said by the R4 types; what follows, by profiles."""
        self._of_type = frozenset(self.issues)

    @property
    def errors(self) -> int:
        return sum(issue.is_error for issue in self.issues)

    def report(self, profile: str) -> Report:
        """The finished report, issues of one entry together and entries in their order."""
        closer = {(_topic(issue), issue.path) for issue in self.issues if issue not in self._of_type}
        kept = [issue for issue in self.issues if not self._is_outdone(issue, closer)]
        return Report(tuple(sorted(kept, key=_entry)), self.not_evaluated, profile)

    def _is_outdone(self, issue: Issue, closer: set[tuple[str, str]]) -> bool:
        """Whether a profile says the same more strictly, or demands the very code that R4 only warns of."""
        if issue not in self._of_type:
            return False
        is_refuted = issue.rule == "binding" and issue.path in self.demanded and not issue.is_error
        topic = _topic(issue)
        return is_refuted or (bool(topic) and (topic, issue.path) in closer)


def looks_like_a_property(name: str) -> bool:
    """An unknown name is content: it may be anything, so it is shown only if it looks like a property."""
    return name.isascii() and name.isidentifier() and len(name) <= 64


def _entry(issue: Issue) -> int:
    found = _ENTRY.match(issue.path)
    return int(found[1]) if found else -1


def _topic(issue: Issue) -> str:
    """What R4 and a profile may both find of one value; empty of anything else."""
    if issue.rule == "cardinality" and issue.code == "required":
        return "missing"
    return "value" if issue.is_error and issue.rule in ("binding", "fixed", "pattern") else ""
