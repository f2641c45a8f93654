"""What somebody has to do next about an authorization, in one sentence."""

from gateway.model.authorization import Authorization, State


def next_step(record: Authorization) -> str:
    """The next step in the words of the API; empty when nobody has to do anything."""
    here = f"/authorizations/{record.id}"
    if record.gaps:
        return f"Complete {len(record.gaps)} gap(s): PATCH /orders/{record.order_id}"
    if record.blockers:
        return f"Correct {len(record.blockers)} profile error(s): PATCH /orders/{record.order_id}"
    if record.acknowledge:
        return f"The payer changed the request; confirm having seen it: POST {here}/acknowledge"
    if record.state is State.HELD:
        return f"Review the request, then let it go: POST {here}/release"
    if record.state is State.REJECTED:
        return f"The payer could not process it; correct and resend: PATCH /orders/{record.order_id}"
    if record.not_before:
        return f"Nothing: it is sent again at {record.not_before:%Y-%m-%dT%H:%M:%SZ}; {record.attention}"
    if record.state in (State.IN_DOUBT, State.PERSON_NEEDED):
        return f"Ask the payer, then enter the decision: POST {here}/decision"
    return record.handoff
