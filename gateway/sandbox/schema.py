"""Checks a YAML file against its JSON Schema and says where it is wrong without quoting what it holds."""

from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from gateway.fhir.json import loads

_HINTS = {
    "required": "Add what is missing: {}.",
    "additionalProperties": "Remove the key that is not one of: {}.",
    "enum": "Use one of: {}.",
    "pattern": "Write it in the form {}.",
    "type": "Make it of type {}.",
    "minimum": "Make it at least {}.",
    "maximum": "Make it at most {}.",
    "oneOf": "Give exactly one of the allowed forms.",
}


class FileFault(ValueError):
    """A file of the sandbox's owner cannot be used; the text names the file, the place and the fix."""


def read_yaml(path: Path, schema: str) -> Any:
    """The content of a YAML file that satisfies `schemas/<schema>.schema.json`.

    Raises:
        FileFault: missing, not YAML, or not what the schema asks for.
    """
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise FileFault(f"{path}: cannot be read ({fault.strerror}).") from None
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        place = f" line {mark.line + 1}" if mark else ""
        raise FileFault(f"{path}{place}: this is not YAML. Correct the syntax there.") from None
    # A set: each missing key is an error of its own, and all are told in one line.
    if faults := {_say(error) for error in _validator(schema).iter_errors(value)}:
        raise FileFault("\n".join(f"{path}: {fault}" for fault in sorted(faults)))
    return value


@lru_cache
def _validator(schema: str) -> Draft202012Validator:
    raw = files("gateway.sandbox").joinpath("schemas", f"{schema}.schema.json").read_bytes()
    return Draft202012Validator(loads(raw))


def _say(error: Any) -> str:
    place = error.json_path.removeprefix("$").removeprefix(".") or "the file"
    wanted = error.validator_value
    if error.validator == "additionalProperties":
        wanted = list(error.schema.get("properties", {}))
    elif error.validator == "required":
        wanted = [name for name in wanted if name not in error.instance]
    shown = ", ".join(map(str, wanted)) if isinstance(wanted, list) else str(wanted)
    hint = _HINTS.get(error.validator, "See {} in the schema.").format(shown)
    return f"{place}: breaks `{error.validator}`. {hint}"
