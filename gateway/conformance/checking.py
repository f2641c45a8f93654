"""One call that checks a resource: finds the guide version among the shipped ones and loads it once."""

from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from gateway.conformance import guides
from gateway.conformance.profiles import Profiles
from gateway.conformance.report import Report
from gateway.conformance.second_opinion import with_second_opinion
from gateway.fhir import json
from gateway.fhir.outcome import Issue, Severity

_PACKAGE = Path(__file__).resolve().parents[1]
_PLACES = (_PACKAGE.parent / "profiles", _PACKAGE / "_data" / "profiles")
_loading = Lock()


def check(
    resource: Any,
    guide: str = "pas/2.2.1",
    profile: str | None = None,
    *,
    strict: bool = False,
    root: Path | None = None,
) -> Report:
    """Hold a resource, as `gateway.fhir.json.loads` or the json module reads it, against a guide version.

    The first check of a guide version loads it; later ones, of any thread, find it loaded.

    Args:
        guide: `guide/version`, e.g. `pas/2.0.1`; a version alone means PAS.
        profile: canonical of a profile, or name of an R4 type; otherwise meta.profile or the content decides.
        strict: add the structural opinion of fhir.resources (rule `r4b`).
        root: a `profiles` folder of your own instead of the shipped one.

    Raises:
        NotFound: the guide version is not installed; the fix names those that are.
        UnknownProfile: the guide has no such profile.
        ValueError: `guide` is no text.
    """
    report = loaded(root or shipped(), guide).check(resource, profile)
    return with_second_opinion(report, resource) if strict else report


def check_bytes(raw: bytes, profiles: Profiles, profile: str | None = None, *, strict: bool = False) -> Report:
    """Like `check` for bytes and a loaded guide; bytes that are no JSON are the one finding.

    Raises:
        UnknownProfile: the guide has no such profile.
    """
    try:
        resource = json.loads(raw)
    except json.JsonFault as fault:
        return unreadable(f"This is no JSON to be trusted, at {fault.place}: {fault.text}", fault.rule, fault.fix)
    report = profiles.check(resource, profile)
    return with_second_opinion(report, resource) if strict else report


def unreadable(text: str, rule: str = "file", fix: str = "") -> Report:
    """The report on what could not be read as a resource at all: one fatal finding."""
    return Report((Issue(Severity.FATAL, rule, "", text, fix, "structure"),), (), "")


def full_name(guide: str) -> str:
    """The name of a guide version with its guide: `2.2.1` is `pas/2.2.1`.

    Raises:
        ValueError: the name is no text, e.g. None.
    """
    if not isinstance(guide, str):
        raise ValueError(f"A guide is named by text such as pas/2.2.1 or 2.2.1, not by {type(guide).__name__}.")
    return guide if "/" in guide else f"pas/{guide}"


def shipped() -> Path:
    """The profiles that come with the gateway: of the repository, or of the wheel."""
    return next(place for place in _PLACES if place.is_dir())


def loaded(root: Path, guide: str) -> Profiles:
    """A guide version of a `profiles` folder, loaded once per process.

    Raises:
        NotFound: it is not installed.
    """
    with _loading:
        return _load(guides.folder(root, full_name(guide)))


@lru_cache(maxsize=16)
def _load(folder: Path) -> Profiles:
    return Profiles.load(folder)
