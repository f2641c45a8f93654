"""What goes wrong with an expression: named by expression and column, never by content of the data."""


class PathFault(ValueError):
    """The FHIRPath expression cannot be parsed or evaluated, or ran out of steps."""


class Trouble(Exception):
    """A failure inside an evaluation; the expression gives it its text and raises it as PathFault."""
