"""Where an answer means something else in an older version of PAS than in 2.2.1: a row for each version."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Meaning:
    """What differs in reading.

    Attributes:
        outcomes: codes ClaimResponse.outcome may have.
        detail_grants: itemAuthorizedDetail says what was authorized where that differs from the request (2.0.1, which
            profiles no addItem); otherwise it restates the request, and addItem says what was authorized (spec-36).
        inquired: resource type of an answer to `$inquire`, which alone can say that nothing was found.
    """

    outcomes: frozenset[str]
    detail_grants: bool = False
    inquired: str = "Parameters"


_PROCESSED = frozenset({"complete", "error", "partial"})
_CURRENT = Meaning(_PROCESSED)
_MEANINGS: Mapping[str, Meaning] = MappingProxyType(
    {
        "2.0.1": Meaning(_PROCESSED | {"queued"}, detail_grants=True, inquired="Bundle"),
        "2.1.0": Meaning(_PROCESSED | {"queued"}, inquired="Bundle"),
        "2.2.1": _CURRENT,
    }
)


def meaning(guide: str) -> Meaning:
    """How to read an answer to a request in this version; one without a row, or none, is read as 2.2.1."""
    return _MEANINGS.get(guide, _CURRENT)
