"""Makes r4.json from the definitions of FHIR R4: `python -m gateway.fhir.path.generate PACKAGE.tgz > r4.json`."""

import json
import sys
import tarfile
from pathlib import Path
from typing import Any


def model(package: Path) -> str:
    """The type model of all resources and data types in a package of StructureDefinitions, one type a line.

    A type holds its base under `^` and its own elements by name: one type, the list of a choice, or the path of a
    backbone element, which is a type of its own.
    """
    types: dict[str, dict[str, Any]] = {}
    with tarfile.open(package) as archive:
        for member in archive.getmembers():
            stream = archive.extractfile(member) if "StructureDefinition-" in member.name else None
            if stream is not None:
                _add(types, json.load(stream))
    rows = [json.dumps({name: types[name]}, sort_keys=True, separators=(",", ":"))[1:-1] for name in sorted(types)]
    return "{\n" + ",\n".join(rows) + "\n}\n"


def _add(types: dict[str, dict[str, Any]], definition: dict[str, Any]) -> None:
    name = definition["type"]
    if definition.get("derivation") == "constraint":
        return
    base = definition.get("baseDefinition", "").rpartition("/")[2]
    types[name] = {"^": base} if base else {}
    for element in definition["snapshot"]["element"]:
        path = element["path"]
        parent, _, child = path.rpartition(".")
        if not parent or (definition["kind"] == "primitive-type" and child == "value"):
            continue
        if element.get("base", {}).get("path", path) != path and "." not in parent:
            continue  # inherited: read from the base
        codes = [_code(row) for row in element.get("type", ())]
        if child.endswith("[x]"):
            types[parent][child[:-3]] = codes
        elif "contentReference" in element:
            types[parent][child] = element["contentReference"].rpartition("#")[2]
        elif codes and codes[0] in ("BackboneElement", "Element"):
            types[parent][child] = path
            types[path] = {"^": codes[0]}
        elif codes and element["base"]["path"] == path:
            types[parent][child] = codes[0]


def _code(row: dict[str, Any]) -> str:
    """The type of FHIR; ids and urls name a type of FHIRPath, and theirs in an extension."""
    if "extension" in row and row["code"].rpartition("/")[2].startswith("System."):
        return str(row["extension"][0]["valueUrl"])
    return str(row["code"].rpartition("/")[2])


if __name__ == "__main__":
    sys.stdout.write(model(Path(sys.argv[1])))
