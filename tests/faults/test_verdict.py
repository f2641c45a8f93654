"""The verdict over three ledgers: each way in which they can differ is found, and agreement is not accused."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from gateway.chaos.logs import complaints
from gateway.chaos.orders import Assignment
from gateway.chaos.report import lines
from gateway.chaos.run import Options
from gateway.chaos.verdict import Book, Booked, Problem, Recorded, Row, Rules, Told, judge, table

ORDER = Assignment(17, "F8")
STRICT = Rules(doubt_allowed=False, resend_allowed=True, refusing=frozenset({"F27"}))
LENIENT = Rules(doubt_allowed=True, resend_allowed=False)
GOOD = Recorded(
    id="a1",
    order="o1",
    member=ORDER.member,
    state="decided",
    numbers=("AUTH1",),
    attempts=2,
    bodies=frozenset({"same"}),
    with_person=False,
    resent=True,
    doubts=((10.0, 12.0),),
)
TOLD = Told(posts=2, promised=("a1",), refused=False, states={"a1": "decided"}, listed={"a1": 11.0})
BOOK = (Booked(number="AUTH1", member=ORDER.member, seeded=False),)
SEEDED = Booked(number="OLD", member=ORDER.member, seeded=True)


def problems(
    record: Recorded | None = GOOD,
    *,
    told: Told | None = TOLD,
    book: tuple[Booked, ...] = BOOK,
    rules: Rules = STRICT,
    order: Assignment = ORDER,
    requests: int = 1,
) -> tuple[Problem, ...]:
    records = [record] if record else []
    whole = Book(authorizations=book, requests={order.member: requests})
    (finding,) = judge([order], {order.member: told} if told else {}, {order.member: records}, whole, rules)
    return finding.problems


def doubtful(**other: object) -> tuple[Recorded, Told]:
    record = replace(GOOD, state="in_doubt", numbers=(), with_person=True, resent=False, doubts=((10.0, None),))
    return replace(record, **other), replace(TOLD, states={"a1": "in_doubt"})


def test_three_ledgers_that_agree_have_no_problem() -> None:
    assert problems() == ()
    assert problems(book=(SEEDED, *BOOK)) == ()


def test_two_authorizations_for_one_order_are_doubled() -> None:
    assert problems(book=(*BOOK, replace(BOOK[0], number="AUTH2"))) == (Problem.DOUBLED,)


def test_a_promise_without_a_record_is_lost() -> None:
    assert problems(None, book=(), requests=0) == (Problem.LOST,)


def test_a_decision_that_the_payer_never_took_is_lost() -> None:
    assert Problem.LOST in problems(book=())


def test_an_order_that_was_given_up_is_lost() -> None:
    assert problems(replace(GOOD, state="cancelled", numbers=()), told=None, book=()) == (
        Problem.UNPROMISED,
        Problem.LOST,
    )


def test_an_authorization_that_the_record_does_not_know_is_unrecorded() -> None:
    assert problems(replace(GOOD, state="rejected", numbers=()), told=replace(TOLD, states={})) == (Problem.UNRECORDED,)
    assert problems(replace(GOOD, numbers=())) == (Problem.UNRECORDED,)


def test_the_number_of_an_older_look_alike_is_wrong() -> None:
    assert problems(replace(GOOD, numbers=("OLD",)), book=(SEEDED, *BOOK)) == (Problem.WRONG, Problem.UNRECORDED)


def test_a_doubt_before_a_person_is_allowed_only_where_the_payer_cannot_tell() -> None:
    record, told = doubtful()
    assert problems(record, told=told, rules=LENIENT) == ()
    assert problems(record, told=told, rules=LENIENT, book=()) == ()
    assert problems(record, told=told) == (Problem.UNRECORDED,)
    assert problems(record, told=told, book=()) == (Problem.LOST,)


def test_a_doubt_that_is_still_being_worked_on_is_not_settled() -> None:
    record, told = doubtful(with_person=False)
    assert problems(record, told=told, book=()) == (Problem.UNSETTLED,)


def test_a_doubt_that_nobody_was_shown_within_a_minute_is_hidden() -> None:
    record, told = doubtful()
    assert problems(record, told=replace(told, listed={}), rules=LENIENT) == (Problem.HIDDEN,)
    assert problems(record, told=replace(told, listed={"a1": 71.0}), rules=LENIENT) == (Problem.HIDDEN,)
    assert problems(replace(GOOD, doubts=((10.0, 90.0),)), told=replace(TOLD, listed={})) == (Problem.HIDDEN,)
    assert problems(replace(GOOD, doubts=((10.0, 60.0),)), told=replace(TOLD, listed={})) == ()


def test_sending_again_is_a_problem_where_the_payer_cannot_be_asked() -> None:
    assert problems(rules=LENIENT) == (Problem.RESENT,)


def test_other_bytes_on_another_attempt_are_changed() -> None:
    assert problems(replace(GOOD, bodies=frozenset({"one", "other"}))) == (Problem.CHANGED,)


def test_a_request_that_reached_the_payer_without_an_intent_on_record_is_found() -> None:
    assert problems(requests=2) == ()
    assert problems(requests=3) == (Problem.UNINTENDED,)


def test_a_repeated_post_that_made_a_second_record_is_found() -> None:
    records = [GOOD, replace(GOOD, id="a2", order="o2")]
    (finding,) = judge([ORDER], {ORDER.member: TOLD}, {ORDER.member: records}, Book(authorizations=BOOK), STRICT)
    assert finding.problems == (Problem.REPEATED,)


def test_an_order_that_was_never_promised_is_found() -> None:
    assert problems(told=replace(TOLD, promised=())) == (Problem.UNPROMISED,)


def test_an_api_that_says_other_than_the_record_is_found() -> None:
    assert problems(told=replace(TOLD, states={"a1": "pended"})) == (Problem.TOLD_OTHERWISE,)


@pytest.mark.parametrize("state", ["rejected", "held"])
def test_a_firm_refusal_ends_an_order_well_only_in_classes_that_refuse(state: str) -> None:
    record = replace(GOOD, state=state, numbers=(), with_person=True, resent=False, doubts=())
    told = replace(TOLD, states={"a1": state})
    refused = Assignment(17, "F27")
    assert problems(record, told=told, book=(), order=refused) == ()
    assert problems(record, told=told, book=()) == (Problem.LOST,)


def test_the_table_counts_by_class_and_in_all() -> None:
    other = Assignment(18, "F16")
    findings = judge(
        [ORDER, other],
        {ORDER.member: TOLD},
        {ORDER.member: [GOOD], other.member: [replace(GOOD, id="b1", member=other.member, attempts=1)]},
        Book(authorizations=BOOK),
        STRICT,
    )
    rows = table(findings)
    assert [row.name for row in rows] == ["F8", "F16", "all"]
    assert rows[0] == Row(
        name="F8",
        orders=1,
        authorizations=1,
        lost=0,
        doubled=0,
        unrecorded=0,
        other=0,
        in_doubt=0,
        with_person=0,
        attempts=2.0,
    )
    assert (rows[2].orders, rows[2].authorizations, rows[2].lost, rows[2].attempts) == (2, 1, 1, 1.5)


def kept(**other: object) -> dict[str, object]:
    """Figures of a run that went well, except for what is said otherwise."""
    options = asdict(Options(orders=1, faults=("F8",), kills=3, lease=5))
    calm = {"seconds": 9.0, "kills": 3, "stops": 0, "ends_of_itself": 0, "troubles": 0, "strays": 0, "points": {}}
    waits = {"resume_seconds": 0.5, "takeover_seconds": 6.0}
    rest = {"rows": [], "good": True, "settled": True, "failures": [], "complaints": ()}
    return {"options": options, **calm, **waits, **rest, **other}


def test_the_last_line_names_a_bar_that_was_missed() -> None:
    assert list(lines(kept()))[-1] == "good: the three ledgers agree on every order"
    assert list(lines(kept(resume_seconds=2.5, takeover_seconds=11.0)))[-1] == (
        "good: the three ledgers agree on every order; missed: resumed within 2.5 s, the bar is 2 s; "
        "missed: took over within 11.0 s, the bar is 10 s"
    )


def test_the_last_line_of_a_bad_run_says_why_and_what_its_processes_complained_of_stands_before_it() -> None:
    bad = kept(good=False, settled=False, kills=1, complaints=("serve.log: 7 x claim.failed code=store",))
    assert list(lines(bad))[-2:] == [
        "serve.log: 7 x claim.failed code=store",
        "NOT GOOD: not settled in time, only 1 kills and 0 freezes came about",
    ]


def test_troubles_without_crash_points_leave_no_dangling_words() -> None:
    assert "11 troubles of the database" in list(lines(kept(kills=0, troubles=11)))


def test_errors_in_a_log_are_counted_by_kind_and_a_traceback_is_shown(tmp_path: Path) -> None:
    error = b'{"at":"T1","level":"error","line":"work.failed","text":"-","authorization":"a","fault":"TypeError"}\n'
    (tmp_path / "serve.log").write_bytes(error * 3 + b'Traceback:\nTypeError: x\n{"at":"T2","level":"info","line":"y"}')
    assert complaints(tmp_path) == (
        "serve.log: 3 x work.failed fault=TypeError",
        "serve.log: Traceback:",
        "serve.log: TypeError: x",
        "serve.log: last line y at T2",
    )
