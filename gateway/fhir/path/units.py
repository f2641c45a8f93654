"""The part of UCUM that converting needs: metric prefixes, time, length, mass, volume, and products of them."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

_PREFIXES = {
    "G": 9, "M": 6, "k": 3, "h": 2, "da": 1, "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12,
}  # fmt: skip
_METRIC = {
    "m": (Decimal(1), {"m": 1}),
    "g": (Decimal(1), {"g": 1}),
    "s": (Decimal(1), {"s": 1}),
    "L": (Decimal("0.001"), {"m": 3}),
    "l": (Decimal("0.001"), {"m": 3}),
    "mol": (Decimal(1), {"mol": 1}),
    "K": (Decimal(1), {"K": 1}),
    "A": (Decimal(1), {"A": 1}),
    "J": (Decimal(1000), {"g": 1, "m": 2, "s": -2}),
    "cal": (Decimal(4184), {"g": 1, "m": 2, "s": -2}),
    "Pa": (Decimal(1000), {"g": 1, "m": -1, "s": -2}),
    "[iU]": (Decimal(1), {"[iU]": 1}),
    "eq": (Decimal(1), {"mol": 1}),
}
_PLAIN = {
    "1": (Decimal(1), {}),
    "%": (Decimal("0.01"), {}),
    "min": (Decimal(60), {"s": 1}),
    "h": (Decimal(3600), {"s": 1}),
    "d": (Decimal(86400), {"s": 1}),
    "wk": (Decimal(604800), {"s": 1}),
    "mo": (Decimal("2629800"), {"s": 1}),
    "a": (Decimal("31557600"), {"s": 1}),
    "[in_i]": (Decimal("0.0254"), {"m": 1}),
    "[ft_i]": (Decimal("0.3048"), {"m": 1}),
    "[lb_av]": (Decimal("453.59237"), {"g": 1}),
    "[oz_av]": (Decimal("28.349523125"), {"g": 1}),
    "mm[Hg]": (Decimal("133322.387415"), {"g": 1, "m": -1, "s": -2}),
}
_PART = re.compile(r"(?P<slash>[/.]?)(?P<name>(?:[A-Za-z%]+)?(?:\[[A-Za-z_]+\])?|1)(?P<power>-?[0-9]{1,2})?")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as a factor of base units and their exponents, sorted by name."""

    factor: Decimal
    dimensions: tuple[tuple[str, int], ...]

    def times(self, other: "Unit", times: int) -> "Unit":
        """The product with another unit, taken that many times: -1 gives the quotient."""
        total = dict(self.dimensions)
        for name, power in other.dimensions:
            total[name] = total.get(name, 0) + times * power
        kept = tuple(sorted((name, power) for name, power in total.items() if power))
        scale = other.factor ** abs(times)
        return Unit(self.factor * scale if times > 0 else self.factor / scale, kept)

    def spelled(self) -> str:
        """The base units as a UCUM code, `g/m`."""
        above = [f"{name}{power if power > 1 else ''}" for name, power in self.dimensions if power > 0]
        below = [f"{name}{-power if power < -1 else ''}" for name, power in self.dimensions if power < 0]
        return (".".join(above) + "".join(f"/{part}" for part in below)) or "1"


def unit_of(code: str) -> Unit | None:
    """The unit of a UCUM code; None when it is not among those that convert here."""
    return _unit_of(code) if 0 < len(code) <= 64 else None


@lru_cache(maxsize=1024)
def _unit_of(code: str) -> Unit | None:
    unit = Unit(Decimal(1), ())
    at = 0
    while at < len(code):
        match = _PART.match(code, at)
        if match is None or not match["name"] or (at > 0 and not match["slash"]):
            return None
        single = _single(match["name"])
        if single is None:
            return None
        power = int(match["power"] or 1) * (-1 if match["slash"] == "/" else 1)
        unit = unit.times(single, power)
        at = match.end()
    return unit


def _single(name: str) -> Unit | None:
    found = _PLAIN.get(name) or _METRIC.get(name)
    scale = 0
    if found is None:
        for prefix, exponent in _PREFIXES.items():
            if name.startswith(prefix) and name[len(prefix) :] in _METRIC:
                found, scale = _METRIC[name[len(prefix) :]], exponent
                break
    return Unit(found[0].scaleb(scale), tuple(sorted(found[1].items()))) if found else None
