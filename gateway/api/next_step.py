"""What somebody has to do next about an authorization, in one sentence with the call that does it."""

from gateway.api.lanes import Lanes
from gateway.model.authorization import Authorization, State
from gateway.model.next_step import NextStep, next_step


def sentence(record: Authorization, lanes: Lanes) -> str:
    """The next step in the words of the API; empty when nobody has to do anything, and nothing is waited for."""
    here, order = f"/authorizations/{record.id}", f"/orders/{record.order_id}"
    said = {
        NextStep.COMPLETE: f"Complete {len(record.gaps)} gap(s): PATCH {order}",
        NextStep.CORRECT: f"Correct {len(record.blockers)} profile error(s): PATCH {order}",
        NextStep.ACKNOWLEDGE: f"The payer changed the request; confirm having seen it: POST {here}/acknowledge",
        NextStep.RELEASE: f"Review the request, then let it go: POST {here}/release",
        NextStep.RESEND: f"The payer could not process it; correct and resend: PATCH {order}",
        NextStep.ASK_PAYER: f"Ask the payer, then enter the decision: POST {here}/decision",
        NextStep.RESOLVE: f"The payer may have it, and only a person can tell: GET {here}/doubt, POST {here}/resolve",
        NextStep.NONE: record.handoff,
    }
    if outlook := lanes.outlook(record, _coming(record)):
        said[NextStep.WAIT] = said[NextStep.NONE] = "; ".join(filter(None, [f"Nothing: {outlook}", record.attention]))
    return said[next_step(record)]


def _coming(record: Authorization) -> str:
    in_doubt = record.state is State.IN_DOUBT
    return "nothing is sent before the payer is asked, which will be" if in_doubt else "it is sent again"
