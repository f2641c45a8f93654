"""`pa profile import`, `list` and `diff`, on a small invented guide built here."""

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from gateway.cli import app
from gateway.conformance import Profiles
from gateway.conformance.importing import MissingDependency
from gateway.conformance.packages import PackageFault
from gateway.model.errors import GatewayError, NotFound, OurFault

R4 = "http://hl7.org/fhir/StructureDefinition/"
CANONICAL = "http://example.org/fhir/tea"


def element(path: str, types: list[str], low: int = 0, high: str = "1", **more: Any) -> dict[str, Any]:
    rows = {"type": [{"code": code} for code in types]} if types else {}
    return {"id": path, "path": path, "min": low, "max": high} | rows | more


def structure(url: str, kind: str, elements: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "StructureDefinition",
        "url": url,
        "version": "4.0.1",
        "kind": kind,
        "type": url.rpartition("/")[2],
        "snapshot": {"element": elements},
    } | more


CORE = [
    structure(R4 + "Element", "complex-type", [element("Element", [], high="*")]),
    structure(
        R4 + "Tea",
        "resource",
        [
            element("Tea", [], high="*"),
            element("Tea.id", ["string"]),
            element("Tea.kind", ["code"]),
            element("Tea.note", ["string"], high="*"),
        ],
    ),
    structure(R4 + "code", "primitive-type", [element("code", [])]),
    structure(R4 + "string", "primitive-type", [element("string", [])]),
]


def profile(version: str, *changed: dict[str, Any]) -> dict[str, Any]:
    """The invented guide's profile; `changed` elements stand in for those of the same path."""
    rows = {row["id"]: row for row in [*CORE[1]["snapshot"]["element"], *changed]}
    return structure(
        f"{CANONICAL}/StructureDefinition/good-tea", "resource", list(rows.values()), type="Tea", version=version
    ) | {"derivation": "constraint", "baseDefinition": R4 + "Tea"}


def pack(file: Path, members: dict[str, Any]) -> Path:
    with tarfile.open(file, "w:gz") as archive:
        for name, content in members.items():
            raw = content if isinstance(content, bytes) else json.dumps(content).encode()
            info = tarfile.TarInfo(name)
            info.size = len(raw)
            archive.addfile(info, io.BytesIO(raw))
    return file


def package(folder: Path, name: str, version: str, definitions: list[dict[str, Any]], **more: Any) -> Path:
    manifest = {"name": name, "version": version, "canonical": CANONICAL, "fhirVersions": ["4.0.1"]} | more
    members = {"package/package.json": manifest}
    members |= {f"package/StructureDefinition-{number}.json": raw for number, raw in enumerate(definitions)}
    return pack(folder / f"{name}-{version}.tgz", members)


def guide(folder: Path, version: str, *changed: dict[str, Any], **dependencies: str) -> Path:
    needs = {"hl7.fhir.r4.core": "4.0.1"} | {name.replace("_", "."): value for name, value in dependencies.items()}
    return package(folder, "org.example.tea", version, [profile(version, *changed)], dependencies=needs)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with nothing but an invented R4 in it."""
    (tmp_path / "packages").mkdir()
    core = package(tmp_path / "packages", "hl7.fhir.r4.core", "4.0.1", CORE, canonical="http://hl7.org/fhir")
    place = tmp_path / "data/profiles/r4/4.0.1"
    place.mkdir(parents=True)
    (place / "recipe.yaml").write_text(f"guide: {core.name}\n", encoding="utf-8")
    monkeypatch.setenv("PA_DATA", str(tmp_path / "data"))
    run("import", str(core), "--into", str(place))
    return tmp_path


def run(*arguments: str) -> str:
    """Standard output of `pa profile …`; what it refuses is raised."""
    result = CliRunner().invoke(app, ["profile", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_new_guide_gets_a_folder_that_the_checker_loads(data: Path) -> None:
    file = guide(data / "packages", "1.0.0", element("Tea.kind", ["code"], low=1, mustSupport=True))

    said = run("import", str(file))

    place = data / "data/profiles/org-example-tea/1.0.0"
    manifest = yaml.safe_load((place / "package.yaml").read_text(encoding="utf-8"))
    assert f"org.example.tea#1.0.0  sha256 {sha256(file.read_bytes()).hexdigest()}" in said
    assert "with hl7.fhir.r4.core#4.0.1  sha256 " in said
    assert f"+ {CANONICAL}/StructureDefinition/good-tea" in said
    assert manifest["sources"][0]["sha256"] == sha256(file.read_bytes()).hexdigest()
    assert manifest["includes"] == ["r4/4.0.1"]
    assert "guide: org.example.tea-1.0.0.tgz" in (place / "recipe.yaml").read_text(encoding="utf-8")
    report = Profiles.load(place).check({"resourceType": "Tea"}, f"{CANONICAL}/StructureDefinition/good-tea")
    assert [issue.path for issue in report.issues if issue.rule == "cardinality"] == ["Tea.kind"]


def test_the_difference_names_element_and_demand(data: Path) -> None:
    run("import", str(guide(data / "packages", "1.0.0")))
    rule = {"key": "tea-1", "severity": "error", "expression": "kind.exists()"}
    binding = {"strength": "required", "valueSet": f"{CANONICAL}/ValueSet/kinds"}
    changed = [
        element("Tea", [], high="*", constraint=[rule]),
        element("Tea.kind", ["code"], low=1, mustSupport=True, binding=binding, patternCode="green"),
        element("Tea.note", ["string"], high="*", slicing={"discriminator": [], "rules": "open"}),
        element("Tea.note", ["string"], low=1) | {"id": "Tea.note:first"},
    ]
    run("import", str(guide(data / "packages", "1.1.0", *changed)))

    found = json.loads(run("diff", "org-example-tea/1.0.0", "org-example-tea/1.1.0", "--json"))

    assert found["added"] == found["removed"] == []
    (changes,) = found["changed"].values()
    assert {(one["element"], one["aspect"]) for one in changes} == {
        ("Tea", "invariants tea-1"),
        ("Tea.kind", "cardinality"),
        ("Tea.kind", "must support"),
        ("Tea.kind", "binding"),
        ("Tea.kind", "pattern"),
        ("Tea.note", "slicing"),
        ("Tea.note:first", "slice"),
    }
    assert ("Tea.kind", None, "1..1") in {
        (one["element"], one["old"], one["new"]) for one in changes if one["aspect"] == "cardinality"
    }
    assert "Tea.kind: cardinality\n      + 1..1" in run("diff", "org-example-tea/1.0.0", "org-example-tea/1.1.0")


def test_a_dry_run_shows_the_same_and_writes_nothing(data: Path) -> None:
    file = guide(data / "packages", "1.0.0")

    said = json.loads(run("import", str(file), "--dry-run", "--json"))

    assert said["written"] is False
    assert said["difference"]["added"] == [f"{CANONICAL}/StructureDefinition/good-tea"]
    assert not (data / "data/profiles/org-example-tea").exists()


def test_taking_the_same_package_in_again_changes_no_byte(data: Path) -> None:
    file = guide(data / "packages", "1.0.0")
    run("import", str(file))
    place = data / "data/profiles/org-example-tea/1.0.0"
    before = {one.name: one.read_bytes() for one in place.iterdir()}

    assert "No definition changes." in run("import", str(file))
    assert {one.name: one.read_bytes() for one in place.iterdir()} == before


def test_files_written_by_hand_stay_as_they_are(data: Path) -> None:
    file = guide(data / "packages", "1.0.0")
    run("import", str(file))
    place = data / "data/profiles/org-example-tea/1.0.0"
    names = ("recipe.yaml", "rules.yaml", "overrides.yaml", "valuesets.hand.yaml", "definitions.hand.yaml")
    for name in names:
        place.joinpath(name).write_text(place.joinpath(name).read_text() if name == "recipe.yaml" else "# mine\n")
    (place / "recipe.yaml").write_text((place / "recipe.yaml").read_text() + "# mine\n")
    (place / "gone.json").write_text("{}\n")
    manifest = (place / "package.yaml").read_text()
    (place / "package.yaml").write_text(manifest.replace("definitions:\n", "definitions:\n- gone.json\n"))

    run("import", str(file))

    assert all((place / name).read_text(encoding="utf-8").endswith("# mine\n") for name in names)
    assert not (place / "gone.json").exists(), "a generated file of an earlier run is taken away"


def test_dependencies_that_are_not_at_hand_are_listed_and_nothing_is_written(data: Path) -> None:
    folder = data / "packages"
    package(folder, "org.example.water", "2.0.0", [], dependencies={"org.example.salt": "0.1.0"})
    file = guide(folder, "1.0.0", org_example_water="2.0.0", org_example_cup="3.0.0")

    with pytest.raises(MissingDependency) as refused:
        run("import", str(file))

    assert "org.example.cup#3.0.0, needed by org.example.tea#1.0.0" in str(refused.value)
    assert "org.example.salt#0.1.0, needed by org.example.water#2.0.0" in str(refused.value)
    assert "water" not in str(refused.value).replace("needed by org.example.water", "")
    assert str(folder) in refused.value.fix
    assert not (data / "data/profiles/org-example-tea").exists()

    said = run("import", str(file), "--without", "org.example.cup", "--without", "org.example.salt")
    assert "org.example.cup#3.0.0, needed by org.example.tea#1.0.0: done without" in said
    assert "No definition changes." in run("import", str(file)), "the recipe keeps what is done without"


def test_the_packages_may_lie_elsewhere(data: Path) -> None:
    (data / "elsewhere").mkdir()
    file = guide(data / "elsewhere", "1.0.0")

    with pytest.raises(MissingDependency, match="of which r4/4.0.1 is made"):
        run("import", str(file))

    assert "Wrote" in run("import", str(file), "--packages", str(data / "packages"))


def test_into_chooses_the_folder_and_a_folder_takes_only_its_own_package(data: Path) -> None:
    place = data / "data/profiles/tea/one"
    run("import", str(guide(data / "packages", "1.0.0")), "--into", str(place))

    with pytest.raises(PackageFault, match=r"is made of org\.example\.tea-1\.0\.0\.tgz"):
        run("import", str(guide(data / "packages", "1.1.0")), "--into", str(place))


def _bomb(file: Path) -> Path:
    """A few kilobytes that say they are far more than any package may hold."""
    info = tarfile.TarInfo("package/StructureDefinition-bomb.json")
    info.size = 600 * 1024 * 1024
    with gzip.open(file, "wb") as stream:
        stream.write(info.tobuf())
    return file


def _described(**manifest: Any) -> Callable[[Path], Path]:
    return lambda file: pack(file, {"package/package.json": {"name": "org.example.tea", "version": "1.0.0"} | manifest})


BAD: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no archive": (lambda file: file.write_bytes(b"tea leaves"), "no gzipped tar archive"),
    "cut short": (
        lambda file: file.write_bytes(guide(file.parent, "9.0.0").read_bytes()[:200]),
        "no gzipped tar archive",
    ),
    "a file outside": (lambda file: pack(file, {"package/../../out.json": {}}), "lies outside of it"),
    "an absolute file": (lambda file: pack(file, {"/etc/out.json": {}}), "lies outside of it"),
    "a bomb": (_bomb, "goes over a size cap"),
    "no package.json": (lambda file: pack(file, {"package/StructureDefinition-1.json": CORE[0]}), "no package.json"),
    "another FHIR": (_described(fhirVersions=["5.0.0"]), "for FHIR 5.0.0"),
    "no JSON": (lambda file: pack(file, {"package/package.json": b"{tea"}), "package.json"),
    "a name that climbs": (_described(name="../x", fhirVersions=["4.0.1"]), "no usable name"),
}


def _lacking(*names: str, **more: Any) -> Callable[[Path], Path]:
    """A package whose profile lacks some properties, or has others."""
    raw = {name: value for name, value in profile("1.0.0").items() if name not in names} | more
    return lambda file: package(file.parent, "bad", "1.0.0", [raw]).replace(file)


_DIFFERENTIAL = {"element": [element("Tea.kind", ["code"], low=1)]}
_STRUCTURE = "StructureDefinition-0.json: "
BAD |= {
    "a differential only": (
        _lacking("snapshot", differential=_DIFFERENTIAL),
        f"bad.tgz has profiles without a snapshot, only a differential:\n  {_STRUCTURE}snapshot is not there",
    ),
    "no version of a profile": (_lacking("version"), f"{_STRUCTURE}version is not there"),
    "no url of a profile": (_lacking("url"), f"{_STRUCTURE}url is not there"),
    "an empty snapshot": (_lacking(snapshot={"element": []}), f"{_STRUCTURE}snapshot.element is not there"),
    "a boolean cardinality": (
        _lacking(snapshot={"element": [element("Tea", [], low=True)]}),
        f"{_STRUCTURE}snapshot.element[0].min is not a whole number",
    ),
    "an endless cardinality": (
        _lacking(snapshot={"element": [element("Tea", [], high="canary")]}),
        f"{_STRUCTURE}snapshot.element[0].max is none of",
    ),
    "dependencies as a list": (_described(dependencies=["a"]), "package.json: dependencies is not an object"),
    "a dependency without version": (_described(dependencies={"a": 1}), "package.json: dependencies.* is not text"),
    "FHIR versions as text": (_described(fhirVersions="4.0.1"), "package.json: fhirVersions is not a list"),
    "a name that is nothing but a registry's": (
        _described(name="hl7.fhir.", version=".", fhirVersions=["4.0.1"]),
        "name",
    ),
}


def test_a_package_of_differentials_is_told_what_to_take_instead(data: Path) -> None:
    raws = [{name: value for name, value in profile("1.0.0").items() if name != "snapshot"}] * 7
    with pytest.raises(PackageFault, match="and 2 more") as refused:
        run("import", str(package(data / "packages", "bare", "1.0.0", raws)))
    assert "publisher" in refused.value.fix
    assert "snapshots" in refused.value.fix


@pytest.mark.parametrize("value", [None, 1, "", "canary\x00", [], {}, [1], [[]], [{}], {"a": 1}, True])
def test_nothing_in_a_package_makes_a_defect_of_the_gateway(data: Path, value: Any) -> None:
    """Each property of the manifest, the profile and an element of it in turn; every further one by the same reader."""
    manifest = {"name": "tea", "version": "1.0.0", "fhirVersions": ["4.0.1"], "canonical": CANONICAL}
    manifest["dependencies"] = {"hl7.fhir.r4.core": "4.0.1"}
    rich = {
        "slicing": {},
        "binding": {},
        "constraint": [],
        "maxLength": 1,
        "mustSupport": True,
        "contentReference": "#",
    }
    inner = element("Tea.kind", ["code"], **rich)
    spoilt = [(manifest | {name: value}, profile("1.0.0")) for name in manifest]
    spoilt += [(manifest, profile("1.0.0") | {name: value}) for name in (*profile("1.0.0"), "context", "abstract")]
    rows = [[element("Tea", [], high="*"), inner | {name: value}] for name in inner]
    spoilt += [(manifest, profile("1.0.0") | {"snapshot": {"element": row}}) for row in rows]
    for number, (described, raw) in enumerate(spoilt):
        members = {"package/package.json": described, "package/StructureDefinition-0.json": raw}
        file = pack(data / "packages" / f"spoilt-{number}.tgz", members)
        result = CliRunner().invoke(app, ["profile", "import", str(file), "--dry-run"])
        assert result.exit_code == 0 or isinstance(result.exception, PackageFault | MissingDependency), result.exception
        assert "\x00" not in f"{result.output}{result.exception}"


def test_a_value_set_that_is_to_hold_itself_ends(data: Path) -> None:
    url = f"{CANONICAL}/ValueSet/kinds"
    bound = element("Tea.kind", ["code"], binding={"strength": "required", "valueSet": url})
    manifest = {"name": "tea", "version": "1.0.0", "fhirVersions": ["4.0.1"], "canonical": CANONICAL}
    file = pack(
        data / "packages/tea-1.0.0.tgz",
        {
            "package/package.json": manifest | {"dependencies": {"hl7.fhir.r4.core": "4.0.1"}},
            "package/StructureDefinition-0.json": profile("1.0.0", bound),
            "package/ValueSet-0.json": {
                "resourceType": "ValueSet",
                "url": url,
                "compose": {"include": [{"valueSet": [url]}]},
            },
        },
    )
    assert "Wrote" in run("import", str(file))
    found = json.loads((data / "data/profiles/tea/1.0.0/valuesets.json").read_text(encoding="utf-8"))
    assert found[url] == {"unknown": True}


def test_a_guide_taken_in_is_called_by_the_name_that_is_printed(data: Path) -> None:
    said = run("import", str(package(data / "packages", "foo.bar", "1.0.0", [], canonical="http://example.org/foo")))

    assert "Its name here: foo-bar/1.0.0, as in pa profile check FILE --guide foo-bar/1.0.0" in said
    assert "No definition changes." in run("diff", "foo-bar/1.0.0", "foo-bar/1.0.0")


def test_a_folder_outside_of_the_profiles_is_said_to_be_that_and_one_too_high_is_refused(data: Path) -> None:
    file = guide(data / "packages", "1.0.0")
    with pytest.raises(OurFault, match="no version folder"):
        run("import", str(file), "--into", "/")
    (data / "shut").write_text("a file")
    with pytest.raises(OurFault, match="cannot be written: Not a directory"):
        run(
            "import",
            str(file),
            "--without",
            "hl7.fhir.r4.core",
            "--into",
            str(data / "data/profiles/r4/4.0.1/package.yaml/x"),
        )


def test_a_version_alone_means_pas(data: Path) -> None:
    place = data / "data/profiles/pas"
    for version in ("1.0.0", "1.1.0"):
        run("import", str(guide(data / "packages", version)), "--into", str(place / version))

    assert run("diff", "1.0.0", "1.1.0") == run("diff", "pas/1.0.0", "pas/1.1.0")


@pytest.mark.parametrize("case", BAD)
def test_a_bad_package_is_refused_in_words(data: Path, case: str) -> None:
    make, words = BAD[case]
    file = data / "packages/bad.tgz"
    make(file)

    with pytest.raises(PackageFault) as refused:
        run("import", str(file))

    assert words in str(refused.value)
    assert refused.value.exit_code == 2
    assert "tea leaves" not in str(refused.value)
    assert not (data / "out.json").exists()


def test_the_guides_installed_are_listed_with_their_digests(data: Path) -> None:
    file = guide(data / "packages", "1.0.0")
    run("import", str(file))

    rows = json.loads(run("list", "--json"))

    assert [row["guide"] for row in rows] == ["org-example-tea/1.0.0", "r4/4.0.1"]
    assert rows[0]["sha256"] == sha256(file.read_bytes()).hexdigest()
    assert rows[0]["profiles"] == 1
    assert "org-example-tea/1.0.0" in run("list")


def test_a_guide_that_is_not_installed_is_said_with_those_that_are(data: Path) -> None:
    for name in ("tea/9.9.9", "../r4", "r4/../r4/4.0.1", "tea", ""):
        with pytest.raises(NotFound) as refused:
            run("diff", name, "r4/4.0.1")
        assert isinstance(refused.value, GatewayError)
        assert "r4/4.0.1" in refused.value.fix


def test_what_a_dependency_needs_is_found_beside_it_too(data: Path) -> None:
    folder = data / "packages"
    package(folder, "org.example.salt", "0.1.0", [])
    package(folder, "org.example.water", "2.0.0", [], dependencies={"org.example.salt": "0.1.0"})

    said = run("import", str(guide(folder, "1.0.0", org_example_water="2.0.0")))

    assert "with org.example.water#2.0.0" in said
    assert "with org.example.salt#0.1.0" in said


def test_a_version_nobody_asked_for_stands_in_only_where_a_recipe_says_so(data: Path) -> None:
    folder = data / "packages"
    package(folder, "org.example.water", "2.1.0", [])
    file = guide(folder, "1.0.0", org_example_water="2.0.0")

    with pytest.raises(MissingDependency, match=r"water#2\.0\.0"):
        run("import", str(file))

    place = data / "data/profiles/org-example-tea/1.0.0"
    place.mkdir(parents=True)
    (place / "recipe.yaml").write_text(
        f"guide: {file.name}\nincludes: [r4/4.0.1]\npackages: [org.example.water-2.1.0.tgz]\n", encoding="utf-8"
    )
    assert "needed by org.example.tea#1.0.0: org.example.water#2.1.0 stands in" in run("import", str(file))
