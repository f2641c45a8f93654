"""What can go wrong, by whose fault it is; each class has one code, HTTP status and CLI exit code.

`OurFault`: the caller or this gateway broke a rule. `ConfigFault`: a file or a setting is wrong. What a payer does
wrong is no exception but a value (`gateway.model.exchange`). A message names the place, the rule and the fix, and
never quotes content.
"""

from collections.abc import Sequence


class GatewayError(Exception):
    """Something the gateway refuses to do."""

    code = "error"
    status = 500
    exit_code = 1

    def __init__(self, message: str = "", *, fix: str = "") -> None:
        super().__init__(message or (self.__doc__ or "").strip())
        self.fix = fix


class OurFault(GatewayError):
    """The request to the gateway breaks a rule."""

    code = "refused"
    status = 422
    exit_code = 2


class ConfigFault(GatewayError):
    """A configuration file or setting is wrong; `problems` lists all of them."""

    code = "config"
    status = 500
    exit_code = 4

    def __init__(self, message: str = "", *, fix: str = "", problems: Sequence[str] = ()) -> None:
        super().__init__("\n".join([message, *(f"  {problem}" for problem in problems)]), fix=fix)
        self.problems = tuple(problems)


class NotFound(OurFault):
    """There is no such thing here."""

    code = "not-found"
    status = 404
    exit_code = 3


def nothing_here(what: str) -> NotFound:
    """The one refusal for what is not there and for what belongs to another: it must not tell them apart."""
    return NotFound(f"There is no such {what} here.", fix="Check the id; ids are never reused.")


class Conflict(OurFault):
    """Someone else changed the record in the meantime; read it again."""

    code = "conflict"
    status = 409


class BadOrder(OurFault):
    """The order cannot be read."""

    code = "bad-order"
    status = 400


class IllegalTransition(OurFault):
    """The record is in a state where this cannot happen."""

    code = "illegal-transition"
    status = 409

    def __init__(self, state: str, event: str, allowed: Sequence[str]) -> None:
        could = ", ".join(allowed) if allowed else "nothing any more"
        super().__init__(
            f"{event} cannot happen to an authorization that is {state}.", fix=f"What can happen now: {could}."
        )
        self.state, self.event, self.allowed = state, event, tuple(allowed)
