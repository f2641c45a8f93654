"""Code systems and code shapes: one spelling for each system, and codes that look like their system (quirks 45-49)."""

import re
from collections.abc import Mapping
from operator import is_
from typing import Any

from gateway.fhir import json
from gateway.orders.notes import Notes
from gateway.orders.tables import OrderTables

_X12 = re.compile(r"https?://(?:[a-z]+\.)*x12\.org/(?!.*external)(?:.*/)?(\d{2,4})")
_CPT = re.compile(r"\d{5}|\d{4}[FTUM]")
_HCPCS = re.compile(r"[A-V]\d{4}")
_ICD_10_CM = re.compile(r"([A-Z]\d[0-9A-Z])\.?([0-9A-Z]{1,4})?")
_ICD_10_PCS = re.compile(r"[0-9A-HJ-NP-Z]{7}")
_NDC = re.compile(r"(\d{4,5})-(\d{3,4})-(\d{1,2})")
_CPT_LISTS = {"F": "CPT-II", "T": "CPT-III", "U": "CPT-PLA", "M": "CPT-MAAA"}
_MODIFIER = re.compile(r"[0-9A-Z]{2}")


def standardize(value: Any, tables: OrderTables, notes: Notes) -> Any:
    """The document with the standard spelling of every `system`; each alias met is recorded once."""
    systems = _written_systems(json.dumps(value))
    spellings = {system: _standard(system, tables) for system in (_systems(value) if systems is None else systems)}
    is_standard = all(system == standard for system, standard in spellings.items())
    return value if is_standard else _respelled(value, spellings, notes)


def _written_systems(written: bytes) -> set[str] | None:
    """Every text that stands as `system` in compact JSON, and perhaps more; None where one is written with escapes."""
    found = {part.partition(b'"')[0] for part in written.split(b'"system":"')[1:]}
    return None if any(b"\\" in text for text in found) else {text.decode() for text in found}


def _systems(value: Any) -> set[str]:
    """Every text that stands as `system` anywhere in a document."""
    found: set[str] = set()
    waiting: list[Any] = [value] if isinstance(value, dict | list) else []
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            system = item.get("system")
            if isinstance(system, str):
                found.add(system)
            item = item.values()
        waiting += [inner for inner in item if inner.__class__ is dict or inner.__class__ is list]
    return found


def _respelled(value: Any, spellings: Mapping[str, str], notes: Notes) -> Any:
    """A copy of what holds an alias, other parts as they are; `spellings` are the standard ones of all systems."""
    if isinstance(value, list):
        rows = [_respelled(item, spellings, notes) if isinstance(item, dict | list) else item for item in value]
        return value if all(map(is_, rows, value)) else rows
    if not isinstance(value, dict):
        return value
    changed: dict[str, Any] = {}
    for key, item in value.items():
        if isinstance(item, dict | list) and (spelled := _respelled(item, spellings, notes)) is not item:
            changed[key] = spelled
    system = value.get("system")
    if isinstance(system, str):
        standard = spellings[system]
        if standard != system:
            notes.choose("code system", standard, f"{system} is another spelling of it.", "code-system-alias")
            changed["system"] = standard
    return {**value, **changed} if changed else value


def _standard(system: str, tables: OrderTables) -> str:
    if row := tables["code_systems"].translate(system.strip()):
        return row.cells["to_code"]
    element = _X12.fullmatch(system)
    return f"{tables.systems['X12']}{element[1]}" if element else system


def system_name(system: str, tables: OrderTables) -> str:
    """`CPT`, `HCPCS`, `X12-1365` …: how rule tables and messages name a system; empty when unknown."""
    prefix = tables.systems["X12"]
    if system.startswith(prefix):
        return f"X12-{system.removeprefix(prefix)}"
    return tables.names.get(system, "")


def is_modifier(coding: dict[str, Any], tables: OrderTables) -> bool:
    """Two characters under CPT or HCPCS are a modifier, not a service."""
    in_system = tables.names.get(str(coding.get("system"))) in ("CPT", "HCPCS")
    return in_system and bool(_MODIFIER.fullmatch(str(coding.get("code"))))


def billing_code(coding: dict[str, Any], tables: OrderTables) -> tuple[str, str]:
    """The system name and code a payer can bill by; two empty texts when it is none.

    CPT under HCPCS and HCPCS under CPT are told apart by shape; an NDC gets eleven digits where that is certain.
    """
    name, code = system_name(str(coding.get("system", "")), tables), str(coding.get("code", "")).strip().upper()
    if name in ("CPT", "HCPCS"):
        return ("CPT", code) if _CPT.fullmatch(code) else ("HCPCS", code) if _HCPCS.fullmatch(code) else ("", "")
    if name == "NDC":
        eleven = ndc(code)
        return ("NDC", eleven) if eleven else ("", "")
    if name == "ICD-10-PCS" and _ICD_10_PCS.fullmatch(code):
        return "ICD-10-PCS", code
    return ("X12-1365", code) if name == "X12-1365" and code else ("", "")


def rule_system(system: str, code: str) -> str:
    """The system name as rule tables write it: CPT codes that end in a letter are lists of their own.

    Ranges compare codes as text, so `0042T` would stand among the anesthesia codes 00100 to 01999.
    """
    return _CPT_LISTS.get(code[-1:], system) if system == "CPT" else system


def ndc(code: str) -> str:
    """Eleven digits (5-4-2); empty when the shape does not say where zeros belong, or is no NDC."""
    if re.fullmatch(r"\d{11}", code):
        return code
    parts = _NDC.fullmatch(code)
    return f"{parts[1]:0>5}{parts[2]:0>4}{parts[3]:0>2}" if parts else ""


def icd_10_cm(code: str) -> str:
    """The code with its dot; empty when it is not shaped like ICD-10-CM."""
    parts = _ICD_10_CM.fullmatch(code.strip().upper())
    if not parts:
        return ""
    return f"{parts[1]}.{parts[2]}" if parts[2] else parts[1]
