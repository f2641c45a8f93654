"""No file of other people's systems makes the checker crash or hang: the door refuses it, or there is a report."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.fhir import json
from gateway.fhir.json import JsonFault
from tests.mutation.floor import profiles
from tests.mutation.guides import SHARED
from tests.mutation.sources import ROOT

FOLDERS = (SHARED / "corpus", SHARED / "ig/examples")
FILES = sorted(file for folder in FOLDERS for file in folder.rglob("*") if file.is_file())
INSTALLED = sorted(folder.name for folder in (ROOT / "profiles/pas").iterdir() if folder.is_dir())
SECONDS = 5

pytestmark = pytest.mark.skipif(not FILES, reason="the corpus is not beside this checkout")


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SHARED)))
def test_a_file_of_the_corpus_is_refused_at_the_door_or_judged_in_time(file: Path) -> None:
    with _at_most(SECONDS):
        admitted = [document for raw in _documents(file) if (document := _admitted(raw)) is not _REFUSED]
        for version in INSTALLED:
            for document in admitted:
                report = profiles(version).check(document)
                assert report.profile or not report.ok


def test_the_corpus_holds_both_what_the_door_refuses_and_what_it_admits() -> None:
    refused = sum(_admitted(file.read_bytes()) is _REFUSED for file in FILES)

    assert 0 < refused < len(FILES) / 4


_REFUSED = object()


def _admitted(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except JsonFault as fault:
        is_clear = fault.rule.startswith("json-") and bool(fault.place) and bool(fault.fix)
    assert is_clear, "The refusal says which rule, where, and what to do."
    return _REFUSED


def _documents(file: Path) -> list[bytes]:
    """The file as it is; of lines of JSON, each line as well."""
    raw = file.read_bytes()
    return [raw, *(raw.splitlines() if file.suffix == ".ndjson" else ())]


@contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise TimeoutError(f"not done after {seconds} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
