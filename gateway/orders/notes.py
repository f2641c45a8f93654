"""What reading an order leaves behind beside its result: gaps for a person to fill, choices the gateway made."""

from gateway.model.order import Choice, Gap


class Notes:
    """Collects gaps and choices while an order is read; the same one twice counts once."""

    def __init__(self) -> None:
        self._gaps: dict[Gap, None] = {}
        self._choices: dict[Choice, None] = {}

    def gap(self, path: str, need: str, rule: str, element: str = "") -> None:
        """Something the payer needs and the order does not say; see `gateway.model.order.Gap`."""
        self._gaps.setdefault(Gap(path, need, rule, element))

    def choose(self, what: str, value: str, why: str, rule: str) -> None:
        """A decision where the order left room; see `gateway.model.order.Choice`."""
        self._choices.setdefault(Choice(what, value, why, rule))

    def add(self, note: Gap | Choice) -> None:
        if isinstance(note, Gap):
            self._gaps.setdefault(note)
        else:
            self._choices.setdefault(note)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return tuple(self._gaps)

    @property
    def choices(self) -> tuple[Choice, ...]:
        return tuple(self._choices)
