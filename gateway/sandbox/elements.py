"""Reads elements of FHIR JSON that may have any shape: a wrong shape reads as absent, never as a crash."""

from collections.abc import Iterator
from typing import Any

from gateway.fhir.outcome import Issue, Severity

Element = dict[str, Any]


def element(value: Any, name: str) -> Element:
    """The object under `name`; empty when it is none."""
    child = value.get(name) if isinstance(value, dict) else None
    return child if isinstance(child, dict) else {}


def elements(value: Any, name: str) -> list[Element]:
    """The objects of the list under `name`; anything else in it reads as an empty object."""
    children = value.get(name) if isinstance(value, dict) else None
    return [child if isinstance(child, dict) else {} for child in children] if isinstance(children, list) else []


def text(value: Any, name: str) -> str:
    """The string under `name`; empty when it is none."""
    child = value.get(name) if isinstance(value, dict) else None
    return child if isinstance(child, str) else ""


def codings(concept: Any) -> Iterator[tuple[str, str]]:
    """(system, code) of each coding that has a code."""
    for coding in elements(concept, "coding"):
        if code := text(coding, "code"):
            yield text(coding, "system"), code


def extensions(value: Any, url: str) -> list[Element]:
    """The extensions of `value` with this url."""
    return [row for row in elements(value, "extension") if text(row, "url") == url]


def extension_code(value: Any, url: str, system: str) -> str:
    """The code of `system` in the first extension with this url; empty when there is none."""
    for row in extensions(value, url)[:1]:
        return next((code for found, code in codings(row.get("valueCodeableConcept")) if found == system), "")
    return ""


def sequence(value: Element) -> int:
    """The positive `sequence` of a row; 0 when it has none."""
    number = value.get("sequence")
    return number if isinstance(number, int) and not isinstance(number, bool) and number > 0 else 0


def error(rule: str, path: str, problem: str, fix: str, code: str = "invalid") -> Issue:
    """What is wrong with a request: the sandbox refuses for nothing less than an error."""
    return Issue(Severity.ERROR, rule, path, problem, fix, code)
