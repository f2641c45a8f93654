"""What reading an order leaves behind beside its result: gaps for a person to fill, choices the gateway made."""

from gateway.model.order import Choice, Gap, Resource


class Notes:
    """Collects gaps and choices while an order is read; the same one twice counts once.

    `used` are the resources that were read for it, each object once.
    """

    def __init__(self) -> None:
        self._used: dict[int, Resource] = {}
        self._gaps: dict[Gap, None] = {}
        self._choices: dict[Choice, None] = {}

    def gap(self, path: str, need: str, rule: str, element: str = "") -> None:
        """Something the payer needs and the order does not say; see `gateway.model.order.Gap`."""
        self._gaps.setdefault(Gap(path, need, rule, element))

    def choose(self, what: str, value: str, why: str, rule: str) -> None:
        """A decision where the order left room; see `gateway.model.order.Choice`."""
        self._choices.setdefault(Choice(what, value, why, rule))

    def use(self, *resources: Resource) -> None:
        """Resources that what was read depends on; empty ones are none."""
        for resource in resources:
            if resource:
                self._used[id(resource)] = resource

    def take(self, other: "Notes") -> None:
        """Everything another one collected, in its order."""
        gaps, choices, used = other.collected
        self._gaps.update(gaps)
        self._choices.update(choices)
        self._used.update(used)

    def add(self, note: Gap | Choice) -> None:
        if isinstance(note, Gap):
            self._gaps.setdefault(note)
        else:
            self._choices.setdefault(note)

    @property
    def collected(self) -> tuple[dict[Gap, None], dict[Choice, None], dict[int, Resource]]:
        """All of it, as it is kept."""
        return self._gaps, self._choices, self._used

    @property
    def used(self) -> list[Resource]:
        return list(self._used.values())

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return tuple(self._gaps)

    @property
    def choices(self) -> tuple[Choice, ...]:
        return tuple(self._choices)
