"""One file that was checked, and what every rendering says of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gateway.conformance.report import NotEvaluated, Report
from gateway.fhir.outcome import Issue, Severity

_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of one file found.

    Attributes:
        file: its name as the user gave it.
        guide: what it was held against, e.g. `pas/2.2.1`.
        report: the findings; of a file that is not JSON, the one that says so.
        defects: rule and path of findings that an official example of the guide is known for, with what is known.
    """

    file: str
    guide: str
    report: Report
    defects: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The file name, with what would move a cursor or break a document replaced."""
        return "".join(mark if mark.isprintable() else "\N{REPLACEMENT CHARACTER}" for mark in self.file)

    @property
    def profile(self) -> str:
        """The last part of the profile's canonical, or the R4 type; empty when there was nothing to hold against."""
        return self.report.profile.partition("|")[0].rpartition("/")[2]

    def failing(self, at: Severity) -> list[Issue]:
        """The findings that are at least as bad as `at`."""
        return [issue for issue in self.report.issues if _RANKS[issue.severity] <= _RANKS[at]]

    def known_defect(self, issue: Issue) -> str:
        """That a finding is a known defect of the official example, with the words it is known by; else empty."""
        found = self.defects.get((issue.rule, issue.path))
        return f"Known defect of the official example: {found}" if found else ""

    @property
    def counts(self) -> str:
        """The findings in words, e.g. `2 errors, 1 warning`."""
        found = dict.fromkeys(Severity, 0)
        for issue in self.report.issues:
            found[Severity.ERROR if issue.is_error else issue.severity] += 1
        words = [
            counted(found[Severity.ERROR], "error"),
            counted(found[Severity.WARNING], "warning"),
            counted(found[Severity.INFORMATION], "remark"),
        ]
        return ", ".join(word for word in words if not word.startswith("0 ")) or "no finding"

    @property
    def against(self) -> str:
        """What it was held against, in words."""
        return f"{self.profile} ({self.guide})" if self.profile else self.guide


@dataclass(frozen=True, slots=True)
class Unjudged:
    """One demand that could not be judged, with every place it arose."""

    rule: str
    reason: str
    places: tuple[str, ...]

    @property
    def where(self) -> str:
        """The first place, and how many more there are."""
        more = len(self.places) - 1
        return self.places[0] + (f" and {more} more" if more else "")


def unjudged(rows: Iterable[NotEvaluated]) -> list[Unjudged]:
    """The demands that were not judged, one for each rule and reason."""
    places: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        places.setdefault((row.rule, row.reason), []).append(row.path)
    return [Unjudged(rule, reason, tuple(paths)) for (rule, reason), paths in places.items()]


def not_judged(rows: Iterable[NotEvaluated]) -> str:
    """How many demands were not judged, in words: one for each place, and how many kinds of them there are."""
    every = list(rows)
    kinds = len(unjudged(every))
    among = f" of {kinds} kinds" if 1 < kinds < len(every) else " of one kind" if len(every) > kinds else ""
    return f"{counted(len(every), 'demand')}{among} not evaluated, so not vouched for"


def counted(number: int, noun: str) -> str:
    """A number with its noun, e.g. `1 error`, `2 errors`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def summary(files: Iterable[Checked], fail_on: Severity) -> str:
    """The run in one line, e.g. `12 files: 10 pass, 2 fail.`"""
    every = list(files)
    failed = sum(bool(one.failing(fail_on)) for one in every)
    return f"{counted(len(every), 'file')}: {len(every) - failed} pass, {failed} fail."
