"""Check a FHIR resource from Python: `python examples/check_profile.py FILE.json [GUIDE]`.

The guide is loaded on the first check and kept: later checks take milliseconds. Findings name the place, the rule and
the fix, and never quote the resource, so they may be logged.
"""

import sys
from pathlib import Path

from gateway.conformance import check
from gateway.fhir import json


def main(file: str, guide: str = "pas/2.2.1") -> int:
    report = check(json.loads(Path(file).read_bytes()), guide)
    for issue in report.issues:
        print(f"{issue.severity} at {issue.path}: {issue.text} ({issue.rule}) {issue.fix}")
    print(f"{len(report.not_evaluated)} demands could not be evaluated; nobody vouches for these.")
    print(f"{'conforms to' if report.ok else 'breaks'} {report.profile}")
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
