"""What somebody has to do next about an authorization; the API and the CLI say it in their own words."""

from enum import StrEnum

from gateway.model.authorization import Authorization, State


class NextStep(StrEnum):
    """The next step a person takes; `wait` and `none` ask nothing of anybody."""

    COMPLETE = "complete"
    CORRECT = "correct"
    RELEASE = "release"
    RESEND = "resend"
    ASK_PAYER = "ask_payer"
    RESOLVE = "resolve"
    ACKNOWLEDGE = "acknowledge"
    WAIT = "wait"
    NONE = "none"


_BY_STATE = {
    State.HELD: NextStep.RELEASE,
    State.REJECTED: NextStep.RESEND,
    State.IN_DOUBT: NextStep.RESOLVE,
    State.PERSON_NEEDED: NextStep.ASK_PAYER,
}


def next_step(record: Authorization) -> NextStep:
    """The next step: by state, and within a state by what the record still lacks."""
    if record.state is State.DOCUMENTING:
        return NextStep.COMPLETE if record.gaps else NextStep.CORRECT
    if record.acknowledge:
        return NextStep.ACKNOWLEDGE
    if record.not_before and record.state in (State.READY, State.IN_DOUBT):  # what ended waits for nothing
        return NextStep.WAIT
    return _BY_STATE.get(record.state, NextStep.NONE)
