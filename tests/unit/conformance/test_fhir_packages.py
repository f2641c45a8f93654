"""Packages are read without trusting them."""

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest

from gateway.conformance import packages
from gateway.conformance.packages import PackageFault, read_package

MANIFEST = {"name": "a.guide", "version": "1.0.0", "canonical": "http://example.org"}
DEFINITION = {
    "resourceType": "StructureDefinition",
    "url": "http://example.org/StructureDefinition/x",
    "version": "1.0.0",
    "kind": "resource",
    "type": "X",
    "snapshot": {"element": [{"id": "X", "path": "X", "min": 0, "max": "*"}]},
}


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as target:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            target.addfile(member, io.BytesIO(content))
    return path


def test_only_definitions_directly_in_the_package_folder_are_read(tmp_path: Path) -> None:
    content = json.dumps(DEFINITION).encode()
    file = archive(
        tmp_path / "x.tgz",
        {
            "package/package.json": json.dumps(MANIFEST).encode(),
            "package/StructureDefinition-x.json": content,
            "package/example/StructureDefinition-y.json": content,
            "package/StructureDefinition-x.sch": b"<x/>",
            "package/Patient-p.json": b"{}",
        },
    )

    package = read_package(file)

    assert package.id == "a.guide#1.0.0"
    assert package.resources == (DEFINITION,)
    assert list(tmp_path.iterdir()) == [file]


def test_a_package_without_manifest_is_named_by_its_file(tmp_path: Path) -> None:
    assert read_package(archive(tmp_path / "hl7.fhir.r4.core-4.0.1-definitions.tgz", {})).id == "hl7.fhir.r4.core#4.0.1"


@pytest.mark.parametrize("raw", [b"no archive", gzip.compress(b"no tar", mtime=0)], ids=["no gzip", "no tar"])
def test_what_is_no_archive_is_refused(tmp_path: Path, raw: bytes) -> None:
    file = tmp_path / "x.tgz"
    file.write_bytes(raw)

    with pytest.raises(PackageFault, match=r"x\.tgz"):
        read_package(file)


def test_broken_json_is_refused_with_the_name_of_the_member(tmp_path: Path) -> None:
    file = archive(tmp_path / "x.tgz", {"package/ValueSet-v.json": b'{"a": 1, "a": 2}'})

    with pytest.raises(PackageFault, match=r"ValueSet-v\.json"):
        read_package(file)


def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "MAX_MEMBER", 1000)
    file = archive(tmp_path / "x.tgz", {"package/ValueSet-v.json": b'"' + b"a" * 2000 + b'"'})

    with pytest.raises(PackageFault, match="size cap"):
        read_package(file)


def test_too_many_members_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "MAX_MEMBERS", 2)
    file = archive(tmp_path / "x.tgz", {f"package/{name}.txt": b"" for name in "abc"})

    with pytest.raises(PackageFault, match="size cap"):
        read_package(file)


@pytest.mark.parametrize("name", ["../StructureDefinition-z.json", "package/../../x.txt", "/package/ValueSet-v.json"])
def test_a_member_outside_of_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PackageFault, match="lies outside of it"):
        read_package(archive(tmp_path / "x.tgz", {name: b"{}"}))


def test_an_archive_cut_short_is_refused(tmp_path: Path) -> None:
    whole = archive(tmp_path / "x.tgz", {"package/package.json": json.dumps(MANIFEST).encode()})
    whole.write_bytes(whole.read_bytes()[:60])

    with pytest.raises(PackageFault, match="no gzipped tar archive"):
        read_package(whole)
