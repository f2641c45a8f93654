"""Which SMART scope opens `Claim/$submit`.

PAS 2.2.1 names no scope for its operations. Submitting makes the payer create a Claim, so the sandbox asks
for what SMART v2 calls create (`system/Claim.c`, and any wider list such as `system/Claim.crus`) or SMART v1
calls write (`system/Claim.write`); `*` in either place covers it.
"""

from collections.abc import Iterable

SUBMIT = "system/Claim.c"


def may_submit(scopes: Iterable[str]) -> bool:
    """Whether one of the granted scopes covers `Claim/$submit`."""
    return any(_covers(scope) for scope in scopes)


def _covers(scope: str) -> bool:
    context, _, rest = scope.partition("/")
    resource, _, access = rest.partition(".")
    if context != "system" or resource not in ("Claim", "*"):
        return False
    return access in ("write", "*") or access.startswith("c")
