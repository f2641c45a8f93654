"""Items to one determination: the roll-up rule, in its order (design 7)."""

from collections.abc import Sequence

from gateway.model.authorization import Result

_FIRST = (Result.UNRECOGNIZED, Result.PENDED, Result.CONTACT_PAYER)
_SET_ASIDE = (Result.CANCELLED, Result.NO_ACTION_REQUIRED)
GRANTED = frozenset({Result.APPROVED, Result.MODIFIED, Result.PARTLY_APPROVED})


def roll_up(results: Sequence[Result]) -> Result:
    """The determination of a request whose items have these results; NONE while no item is answered.

    An item without an answer among answered ones is `unrecognized`: the payer did not say, and silence
    is not an approval.
    """
    if all(result is Result.NONE for result in results):
        return Result.NONE
    said = [Result.UNRECOGNIZED if result is Result.NONE else result for result in results]
    for result in _FIRST:
        if result in said:
            return result
    if len(set(said)) == 1:
        return said[0]
    left = [result for result in said if result not in _SET_ASIDE]
    if len(set(left)) == 1:
        return left[0]
    if any(result in GRANTED for result in left):
        return Result.PARTLY_APPROVED
    return Result.DENIED if left else Result.CANCELLED
