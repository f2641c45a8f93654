"""The public JSON of what an order lacks, what the gateway chose, and what a check found."""

from gateway.api.item_views import Code
from gateway.api.view import View
from gateway.fhir.outcome import Severity


class Gap(View):
    """Something the payer needs and the order does not say."""

    path: str
    need: str
    rule: str
    element: str


class Choice(View):
    """A decision the gateway made where the order left room, and why."""

    what: str
    value: str
    why: str
    rule: str


class Blocker(View):
    """A broken rule that keeps a request from being sent."""

    rule: str
    path: str
    text: str
    fix: str


class Finding(View):
    """A finding of the profile check that does not block."""

    severity: Severity
    rule: str
    path: str
    text: str
    fix: str


class NotEvaluated(View):
    """A rule the gateway could not judge; neither kept nor broken."""

    rule: str
    path: str
    reason: str


class Rejection(View):
    """Why the payer could not process the request; not a denial."""

    reason: Code | None
    follow_up: Code | None
    element: str
    path: str
    text: str
    source: str
