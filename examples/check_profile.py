"""Check a FHIR resource from Python: `python examples/check_profile.py FILE.json [GUIDE]`.

The guide is loaded on the first check and kept: later checks take milliseconds. Findings name the place, the rule and
the fix, and never quote the resource, so they may be logged.
"""

import sys
from pathlib import Path

from gateway.conformance import check
from gateway.fhir import json
from gateway.model.errors import NotFound


def main(file: str, guide: str = "pas/2.2.1") -> int:
    """0: it conforms; 1: it does not; 2: it could not be checked, and the message says why."""
    try:
        report = check(json.loads(Path(file).read_bytes()), guide)
    except OSError as fault:
        return refuse(f"{file} cannot be read: {fault.strerror}.")
    except json.JsonFault as fault:
        return refuse(f"{file} is no JSON to be trusted, at {fault.place}: {fault.text} {fault.fix}")
    except NotFound as fault:
        return refuse(f"{fault} {fault.fix}")
    for issue in report.issues:
        print(f"{issue.severity} at {issue.path}: {issue.text} ({issue.rule}) {issue.fix}")
    print(f"{len(report.not_evaluated)} demands could not be evaluated; nobody vouches for these.")
    print(f"{'conforms to' if report.ok else 'breaks'} {report.profile}")
    return 0 if report.ok else 1


def refuse(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(
        main(*given) if len(given) in (1, 2) else refuse("Usage: python examples/check_profile.py FILE.json [GUIDE]")
    )
