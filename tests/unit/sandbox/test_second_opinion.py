"""Two readings of PAS agree in each version: the gateway's own checker finds no fault in the sandbox's messages.

The sandbox itself never uses that checker; only this test holds the two against each other.
"""

from pathlib import Path

import pytest

from gateway.conformance import Profiles
from gateway.fhir.json import dumps, loads
from gateway.sandbox.config import shipped_scenarios
from gateway.sandbox.submit import submit
from gateway.sandbox.versions import VERSIONS
from tests.unit.sandbox.harness import Sandbox

COMPILED = Path(__file__).resolve().parents[3] / "profiles" / "pas"
IDS = [path.name[:4] for path in sorted(shipped_scenarios().glob("*.yaml"))]


@pytest.fixture(scope="module", params=VERSIONS)
def guide(request: pytest.FixtureRequest) -> tuple[str, Profiles]:
    return request.param, Profiles.load(COMPILED / request.param)


@pytest.mark.parametrize("identity", IDS)
def test_the_checker_agrees_with_request_and_answer(
    sandbox: Sandbox, guide: tuple[str, Profiles], identity: str
) -> None:
    version, profiles = guide
    request = loads(dumps(sandbox.request_of(identity, version)))
    answer = loads(dumps(submit(dumps(request), sandbox.config, VERSIONS[version]).resource))

    for message in (request, answer):
        report = profiles.check(message)
        assert [(issue.rule, issue.path) for issue in report.issues if issue.is_error] == []


def test_the_checker_would_say_so(sandbox: Sandbox, guide: tuple[str, Profiles]) -> None:
    version, profiles = guide
    answer = dumps(submit(dumps(sandbox.request_of("S-01", version)), sandbox.config, VERSIONS[version]).resource)

    for right, wrong, wrong_in in (
        ('"code":"submitted"', '"code":"benefit"', ("2.0.1", "2.2.1")),
        ('"outcome":"complete"', '"outcome":"queued"', ("2.2.1",)),
        ('"type":"collection"', '"type":"message"', ("2.0.1", "2.2.1")),
    ):
        report = profiles.check(loads(answer.replace(right.encode(), wrong.encode())))
        assert report.ok is (version not in wrong_in), right
