"""The ids of a request (PAS spec-17): each is made for it alone, also when the same order is sent again."""

import pytest

from gateway.adapters.clock import RandomIds
from gateway.fhir import json
from gateway.orders.request import build
from tests.unit.orders.reading import NOW, ORDERS, contexts, the_mappings, the_payers, the_site


@pytest.mark.parametrize("version", ["2.2.1", "2.0.1"])
def test_two_requests_of_one_order_share_no_id(version: str) -> None:
    made: list[str] = []
    bundles = 0
    for _ in range(2):
        for context in contexts(json.loads((ORDERS / "two_orders.json").read_bytes())):
            payer, ids = the_payers()[context.payer_id], RandomIds().new
            request = build(context, the_mappings(version), the_site(), payer, now=NOW, new_id=ids)
            made += [entry["fullUrl"] for entry in request.bundle["entry"]]
            made += [request.bundle["identifier"]["value"], request.trace_value]
            bundles += 1

    assert bundles >= 2
    assert len(made) > 4 * bundles
    assert len(set(made)) == len(made)
