"""What goes wrong with an expression: named by expression and column, never by content of the data."""

_SHOWN = 400


class PathFault(ValueError):
    """The FHIRPath expression cannot be parsed or evaluated, or ran out of steps."""


class OutOfSteps(PathFault):
    """The evaluation was ended because it took too many steps."""


def quoted(text: str) -> str:
    """An expression as an error names it, cut when very long."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


class Trouble(Exception):
    """A failure inside an evaluation; the expression gives it its text and raises it as PathFault."""


class Spent(Trouble):
    """The steps of an evaluation are used up."""

    def __init__(self) -> None:
        super().__init__("ran out of steps")
