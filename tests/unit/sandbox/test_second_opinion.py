"""Two independent readings of PAS 2.2.1 agree: the gateway's profile checker finds no fault in the sandbox's messages.

The sandbox itself never uses that checker; only this test holds the two against each other.
"""

from pathlib import Path

import pytest

from gateway.conformance import Profiles
from gateway.fhir.json import dumps, loads
from gateway.sandbox.config import shipped_scenarios
from gateway.sandbox.submit import submit
from tests.unit.sandbox.harness import Sandbox

COMPILED = Path(__file__).resolve().parents[3] / "profiles" / "pas" / "2.2.1"
IDS = [path.name[:4] for path in sorted(shipped_scenarios().glob("*.yaml"))]


@pytest.fixture(scope="module")
def profiles() -> Profiles:
    return Profiles.load(COMPILED)


@pytest.mark.parametrize("identity", IDS)
def test_the_checker_agrees_with_request_and_answer(sandbox: Sandbox, profiles: Profiles, identity: str) -> None:
    request = loads(dumps(sandbox.request_of(identity)))
    answer = loads(dumps(submit(dumps(request), sandbox.config).resource))

    for message in (request, answer):
        report = profiles.check(message)
        assert [(issue.rule, issue.path) for issue in report.issues if issue.is_error] == []


def test_the_checker_would_say_so(sandbox: Sandbox, profiles: Profiles) -> None:
    answer = dumps(submit(dumps(sandbox.request_of("S-01")), sandbox.config).resource)

    for right, wrong in (
        ('"code":"submitted"', '"code":"benefit"'),
        ('"outcome":"complete"', '"outcome":"queued"'),
        ('"type":"collection"', '"type":"message"'),
    ):
        assert not profiles.check(loads(answer.replace(right.encode(), wrong.encode()))).ok, right
