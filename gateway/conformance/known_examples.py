"""Official examples that break rules of their own guide, from `known_examples.yaml`: which finding is which defect."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from gateway.conformance.guides import by_hand
from gateway.fhir import json
from gateway.model.errors import ConfigFault

FILE = "known_examples.yaml"
# Rule and path of a finding, to what is known of it.
Defects = Mapping[tuple[str, str], str]


@lru_cache(maxsize=16)
def known_examples(folder: Path) -> Mapping[str, Defects]:
    """Of a guide version, `<type>-<id>` of each such example to its findings; {} when its file is not there.

    Raises:
        ConfigFault: the file cannot be used.
    """
    try:
        raw = {"defects": {}, "examples": {}} | by_hand(folder, FILE)
        facts = {name: str(row["fact"]) for name, row in raw["defects"].items()}
        return {
            example: {(row["rule"], row["path"]): facts[row["defect"]] for row in rows}
            for example, rows in raw["examples"].items()
        }
    except (OSError, UnicodeDecodeError, yaml.YAMLError, AttributeError, KeyError, TypeError) as fault:
        raise ConfigFault(
            f"{folder / FILE} cannot be used ({type(fault).__name__}).",
            fix="It holds defects, each with row and fact, and examples, each with rows of rule, path and defect.",
        ) from None


def known_defects(folder: Path, raw: bytes) -> Defects:
    """What is known of a resource by its type and id; {} of one that is no official example, or cannot be read."""
    examples = known_examples(folder)
    try:
        resource: Any = json.loads(raw) if examples else None
    except json.JsonFault:
        return {}
    if not isinstance(resource, dict):
        return {}
    return examples.get(f"{resource.get('resourceType')}-{resource.get('id')}", {})
