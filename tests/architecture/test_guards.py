"""Rules of the house that a machine keeps: layers, sizes, clocks, dependencies, and what must never be installed."""

import ast
import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GATEWAY = ROOT / "gateway"
MODULES = sorted(GATEWAY.rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

# Direct imports that come as an inseparable part of a declared dependency.
PARTS = {
    "httpcore": "httpx",
    "starlette": "fastapi",
    "anyio": "fastapi",
    "pydantic_core": "pydantic",
    "fhir": "fhir.resources",
    "yaml": "pyyaml",
}


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_the_import_contracts_hold() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_no_module_is_over_400_lines_and_no_function_over_40(path: Path) -> None:
    source = path.read_text()
    assert len(source.splitlines()) <= 400
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            size = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
            assert size <= 40, f"{node.name} has {size} lines"


def test_only_the_clock_and_the_sandbox_read_the_time() -> None:
    """The harness of faults measures real processes, so it reads real clocks; its simulation has none."""
    allowed = {"gateway/adapters/clock.py", "gateway/sandbox/config.py"}
    reading = {
        _name(path)
        for path in MODULES
        if not ("chaos" in path.parts and "simulation" not in path.parts)
        and re.search(r"datetime\.(now|utcnow|today)\(|date\.today\(|time\.time\(", path.read_text())
    }
    assert reading <= allowed


def test_nobody_names_a_package_utils_or_the_like() -> None:
    banned = {"utils", "util", "common", "helpers", "helper", "core", "services", "manager"}
    assert not [path for path in GATEWAY.rglob("*") if path.stem in banned]


def test_httpx2_is_not_installed() -> None:
    assert importlib.util.find_spec("httpx2") is None


def test_fhir_resources_is_used_in_its_r4b_namespace_only() -> None:
    for path in [*MODULES, *sorted((ROOT / "tests").rglob("*.py"))]:
        if path == Path(__file__):
            continue
        wrong = {
            name
            for name in _imports(path)
            if name.startswith("fhir.resources") and not name.startswith("fhir.resources.R4B")
        } - {"fhir.resources"}
        assert not wrong, f"{path}: {wrong}"


def test_fastapi_comes_without_its_standard_extra() -> None:
    declared = "\n".join(PROJECT["project"]["dependencies"])
    assert "fastapi[" not in declared
    locked = (ROOT / "requirements.txt").read_text()
    for unwanted in ("httpx2==", "fastapi-cli==", "fastapi-cloud-cli==", "python-multipart==", "sentry-sdk=="):
        assert f"\n{unwanted}" not in locked


def _declared() -> set[str]:
    return {re.split(r"[\[<>=~ ]", line)[0].lower() for line in PROJECT["project"]["dependencies"]}


def test_at_most_twenty_runtime_dependencies_each_argued_for_in_the_readme() -> None:
    declared = _declared()
    assert len(declared) <= 20
    readme = (ROOT / "README.md").read_text().lower()
    assert not {name for name in declared if f"`{name}`" not in readme}


def test_every_import_is_the_standard_library_or_declared() -> None:
    extras = PROJECT["project"]["optional-dependencies"]["postgres"]
    names = _declared() | {re.split(r"[\[<>=~ ]", line)[0].lower() for line in extras}
    declared = {name.replace("-", "_") for name in names} | {"fhir.resources"}
    for path in MODULES:
        for module in _imports(path):
            top = module.partition(".")[0]
            if top in sys.stdlib_module_names or top == "gateway":
                continue
            assert PARTS.get(top, top).lower().replace("-", "_") in declared, f"{_name(path)} imports {module}"


def test_the_lock_has_hashes_and_no_address() -> None:
    locked = (ROOT / "requirements.txt").read_text()
    pins = re.findall(r"^[a-z0-9.-]+==", locked, re.MULTILINE)
    assert len(pins) > 40
    assert locked.count("--hash=sha256:") >= len(pins)
    assert "://" not in locked


def test_every_setting_is_in_the_readme() -> None:
    from gateway.settings import Settings

    readme = (ROOT / "README.md").read_text()
    assert not {name for name in Settings.model_fields if f"PA_{name.upper()}" not in readme}


def test_every_mapping_has_its_test_beside_it() -> None:
    files = [path for path in (ROOT / "mappings").rglob("*.yaml") if not path.name.endswith(".test.yaml")]
    assert files
    assert not [path for path in files if not path.with_suffix(".test.yaml").exists()]


def test_no_url_of_a_code_system_or_extension_is_spelled_in_python_outside_the_sandbox() -> None:
    """They live in data (mappings, profiles, code tables); sandbox and faulty payer are independent readings."""
    offenders = [
        _name(path)
        for path in MODULES
        if "sandbox" not in path.parts
        and "chaos" not in path.parts
        and "conformance" not in path.parts
        and "responses" not in path.parts
        and re.search(r"https?://(hl7\.org|terminology\.hl7|codesystem\.x12|www\.cms|www\.ama)", path.read_text())
    ]
    assert not offenders
