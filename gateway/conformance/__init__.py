"""The profile checker: is a resource what the guide demands, where is it not, and what was not looked at?

Constraints come compiled from `profiles/<guide>/<version>/` (see gateway.conformance.compile and the README
there); no profile is known here by name. What no definition holds is in bundle_rules, item_rules and the
version's rules.yaml.
"""

from gateway.conformance.checking import check
from gateway.conformance.profiles import Profiles, UnknownProfile
from gateway.conformance.report import NotEvaluated, Report

__all__ = ["NotEvaluated", "Profiles", "Report", "UnknownProfile", "check"]
