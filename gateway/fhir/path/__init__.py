"""The only door to FHIRPath (N1 with R4's additions): compile once, evaluate within a budget of steps.

Expressions may come from anybody: their length and depth, the steps of an evaluation, the texts it makes and the
cost of its regular expressions are bounded, and none reads a clock.
"""

from gateway.fhir.path.compiler import SIMPLE
from gateway.fhir.path.context import Budget
from gateway.fhir.path.expression import STEPS, Expression, compile  # noqa: A004
from gateway.fhir.path.fault import OutOfSteps, PathFault
from gateway.fhir.path.loops import LOOPS
from gateway.fhir.path.model import choices
from gateway.fhir.path.node import plain, value_of
from gateway.fhir.path.quantity import Quantity
from gateway.fhir.path.temporal import Temporal

FUNCTIONS = frozenset(SIMPLE) | frozenset(LOOPS) | {"is", "as", "ofType"}
CHOICES = frozenset(choices())

__all__ = [
    "CHOICES",
    "FUNCTIONS",
    "STEPS",
    "Budget",
    "Expression",
    "OutOfSteps",
    "PathFault",
    "Quantity",
    "Temporal",
    "compile",
    "plain",
    "value_of",
]
