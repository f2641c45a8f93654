"""How the tests spoil a good bundle in one place."""

import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any

S = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/"
CLAIM = "Bundle.entry[0].resource"
COVERAGE = "Bundle.entry[2].resource"
SERVICE = "Bundle.entry[10].resource"
Bundle = dict[str, Any]
Mutants = dict[str, tuple[Callable[[Bundle], None], str, str]]
DROP = object()


def at(place: str, value: Any) -> Callable[[Bundle], None]:
    """Put a value at `Bundle.entry[0]...`, a JSON path as the checker writes it; DROP removes what is there."""

    def spoil(bundle: Bundle) -> None:
        steps = [int(step[1:-1]) if step[0] == "[" else step for step in re.findall(r"\[\d+\]|\w+", place)][1:]
        target: Any = bundle
        for step in steps[:-1]:
            target = target[step]
        if value is DROP:
            del target[steps[-1]]
        elif isinstance(target, list) and steps[-1] == len(target):
            target.append(deepcopy(value))
        else:
            target[steps[-1]] = deepcopy(value)

    return spoil


def both(*parts: Callable[[Bundle], None]) -> Callable[[Bundle], None]:
    def spoil(bundle: Bundle) -> None:
        for part in parts:
            part(bundle)

    return spoil


def again(place: str) -> Callable[[Bundle], None]:
    """Repeat the first row of the list at `place` at its end."""

    def spoil(bundle: Bundle) -> None:
        target: Any = bundle
        for step in re.findall(r"\[\d+\]|\w+", place)[1:]:
            target = target[int(step[1:-1]) if step[0] == "[" else step]
        target.append(deepcopy(target[0]))

    return spoil


def concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


ITEM = f"{CLAIM}.item[0]"
CERTIFICATION = f"{ITEM}.extension[1]"
TEMP = "http://hl7.org/fhir/us/davinci-pas/CodeSystem/PASTempCodes"
PATIENT = "Bundle.entry[1].resource"
V3 = "urn:uuid:6fa459ea-ee8a-3ca4-894e-db77e160355e"
