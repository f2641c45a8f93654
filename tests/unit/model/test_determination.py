"""Items to one determination: design section 7, over every pair and triple of results."""

from itertools import combinations_with_replacement, permutations, product

import pytest

from gateway.model.authorization import Result
from gateway.model.determination import roll_up

R = Result
SAID = tuple(result for result in Result if result is not Result.NONE)

PAIRS = {
    (R.APPROVED, R.DENIED): R.PARTLY_APPROVED,
    (R.APPROVED, R.MODIFIED): R.PARTLY_APPROVED,
    (R.APPROVED, R.PARTLY_APPROVED): R.PARTLY_APPROVED,
    (R.MODIFIED, R.DENIED): R.PARTLY_APPROVED,
    (R.PARTLY_APPROVED, R.DENIED): R.PARTLY_APPROVED,
    (R.APPROVED, R.CANCELLED): R.APPROVED,
    (R.APPROVED, R.NO_ACTION_REQUIRED): R.APPROVED,
    (R.MODIFIED, R.CANCELLED): R.MODIFIED,
    (R.DENIED, R.CANCELLED): R.DENIED,
    (R.DENIED, R.NO_ACTION_REQUIRED): R.DENIED,
    (R.CANCELLED, R.NO_ACTION_REQUIRED): R.CANCELLED,
    (R.APPROVED, R.PENDED): R.PENDED,
    (R.DENIED, R.PENDED): R.PENDED,
    (R.APPROVED, R.CONTACT_PAYER): R.CONTACT_PAYER,
    (R.PENDED, R.CONTACT_PAYER): R.PENDED,
    (R.PENDED, R.UNRECOGNIZED): R.UNRECOGNIZED,
    (R.APPROVED, R.UNRECOGNIZED): R.UNRECOGNIZED,
    (R.CONTACT_PAYER, R.UNRECOGNIZED): R.UNRECOGNIZED,
}


def by_the_design(results: tuple[Result, ...]) -> Result:
    """The rule of design section 7, told again in the order it is written."""
    for first in (R.UNRECOGNIZED, R.PENDED, R.CONTACT_PAYER):
        if first in results:
            return first
    if len(set(results)) == 1:
        return results[0]
    left = [result for result in results if result not in (R.CANCELLED, R.NO_ACTION_REQUIRED)]
    if not left:
        return R.CANCELLED  # nothing was decided against anyone
    if len(set(left)) == 1:
        return left[0]
    return R.PARTLY_APPROVED if {R.APPROVED, R.MODIFIED, R.PARTLY_APPROVED} & set(left) else R.DENIED


@pytest.mark.parametrize(("pair", "determination"), PAIRS.items(), ids=str)
def test_a_pair_rolls_up_as_the_design_says_in_either_order(pair: tuple[Result, Result], determination: Result) -> None:
    assert roll_up(pair) is roll_up(tuple(reversed(pair))) is determination


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_every_combination_rolls_up_by_the_rule_whatever_its_order(size: int) -> None:
    for results in combinations_with_replacement(SAID, size):
        expected = by_the_design(results)
        assert all(roll_up(order) is expected for order in permutations(results)), results


@pytest.mark.parametrize("result", SAID)
def test_equal_items_are_their_own_determination(result: Result) -> None:
    assert roll_up([result]) is roll_up([result] * 5) is result


def test_nothing_answered_is_nothing_determined() -> None:
    assert roll_up([]) is roll_up([R.NONE]) is roll_up([R.NONE, R.NONE]) is R.NONE


@pytest.mark.parametrize("result", SAID)
def test_one_item_without_an_answer_leaves_the_whole_unrecognized(result: Result) -> None:
    assert roll_up([result, R.NONE]) is R.UNRECOGNIZED


def test_approved_is_never_more_than_every_item_says() -> None:
    harmless = {R.APPROVED, R.CANCELLED, R.NO_ACTION_REQUIRED}
    for results in product(Result, repeat=3):
        if roll_up(results) is R.APPROVED:
            assert set(results) <= harmless
            assert R.APPROVED in results
