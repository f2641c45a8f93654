"""A worker that is no longer sure of its step writes nothing more, against a real server (threat T30, G-R4)."""

import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import httpx
import pytest
import respx

from gateway.adapters.payer.client import HttpPayerClient
from gateway.adapters.payer.egress import Egress
from gateway.model.exchange import Lost, NotSent, Outcome, Reply
from gateway.payers.profile import PayerProfile
from gateway.payers.site import Site
from tests.unit.adapters.payer.conftest import FixedClock, HeardLog
from tests.unit.adapters.payer.servers import Server, answer, replying
from tests.worlds import Unending

Serve = Callable[..., Server]
Reach = Callable[..., Egress]
BODY = b'{"resourceType":"Bundle"}'
TOKEN = answer(b'{"access_token":"t1","expires_in":300}', content_type="application/json")


class Ending:
    """A Hold that is lost after so many looks at it, or when a test says so."""

    def __init__(self, looks: int = 1_000_000) -> None:
        self.looks = looks

    def left(self) -> float:
        self.looks -= 1
        return 5.0 if self.looks >= 0 else 0.0


def post(egress: Egress, url: str, hold: Ending, body: bytes = BODY) -> Outcome:
    return egress.exchange("POST", url, {}, body, seconds=5, limit=10_000, hold=hold)


def test_nothing_is_written_for_a_step_that_was_lost_before(serve: Serve, egress_to: Reach) -> None:
    server = serve(replying(answer()))
    outcome = post(egress_to(server.url()), server.url(), Ending(looks=0))
    assert isinstance(outcome, NotSent)
    assert outcome.ours
    assert "no longer this worker's" in outcome.reason
    assert server.received == []


def test_nothing_is_written_when_the_process_was_stopped_while_it_looked_the_host_up(
    serve: Serve, egress_to: Reach
) -> None:
    hold, server = Ending(), serve(replying(answer()))

    def stopped(host: str, port: int) -> Sequence[str]:
        hold.looks = 0
        return ["127.0.0.1"]

    url = server.url(host="localhost")
    assert isinstance(post(egress_to(url, resolver=stopped), url, hold), NotSent)
    assert server.received == []


def test_nothing_is_written_on_a_connection_that_was_kept(serve: Serve, egress_to: Reach) -> None:
    server = serve(replying(answer()))
    egress = egress_to(server.url())
    assert isinstance(post(egress, server.url(), Ending()), Reply)
    assert isinstance(post(egress, server.url(), Ending(looks=0)), NotSent)
    assert len(server.requests) == server.connections == 1


def test_a_step_lost_between_two_writes_is_in_doubt_and_the_rest_is_not_written(serve: Serve, egress_to: Reach) -> None:
    server = serve(replying(answer()))
    outcome = post(egress_to(server.url()), server.url(), Ending(looks=2), body=b"x" * 1_000_000)
    server.close()
    assert isinstance(outcome, Lost)
    assert sum(map(len, server.received)) < 500_000


def test_an_exchange_that_belongs_to_no_step_needs_no_hold(serve: Serve, egress_to: Reach) -> None:
    server = serve(replying(answer()))
    assert isinstance(egress_to(server.url()).exchange("GET", server.url(), {}, seconds=5, limit=100), Reply)


@pytest.fixture
def client(site: Site) -> Iterator[HttpPayerClient]:
    made = HttpPayerClient(site, FixedClock(), HeardLog())
    yield made
    made.close()


def at(payer: PayerProfile, server: Server) -> PayerProfile:
    return replace(payer, endpoints=replace(payer.endpoints, fhir=server.url("/fhir"), token=server.url("/token")))


@pytest.mark.parametrize("operation", ["submit", "inquire"])
def test_a_step_lost_while_the_token_was_fetched_is_not_sent(
    serve: Serve, client: HttpPayerClient, payer: PayerProfile, operation: str
) -> None:
    hold = Ending()

    def slow(connection: socket.socket, server: Server) -> None:
        while server.read_request(connection):
            hold.looks = 0
            connection.sendall(TOKEN)

    server = serve(slow)
    outcome = getattr(client, operation)(at(payer, server), BODY, hold)
    assert isinstance(outcome, NotSent)
    assert outcome.ours
    assert [request.split()[1] for request in server.requests] == [b"/token"]


def test_a_step_lost_after_a_401_is_not_sent_again(serve: Serve, client: HttpPayerClient, payer: PayerProfile) -> None:
    hold = Ending()

    def refusing(connection: socket.socket, server: Server) -> None:
        while request := server.read_request(connection):
            if request.startswith(b"POST /token"):
                connection.sendall(TOKEN if hold.looks > 100 else TOKEN.replace(b"t1", b"t2"))
            else:
                hold.looks = 0
                connection.sendall(answer(status="401 Unauthorized"))

    server = serve(refusing)
    assert not isinstance(client.submit(at(payer, server), BODY, hold), Lost)
    assert [request.split()[1] for request in server.requests].count(b"/fhir/Claim/$submit") == 1


def test_an_inquiry_goes_to_claim_inquire(serve: Serve, client: HttpPayerClient, payer: PayerProfile) -> None:
    def both(connection: socket.socket, server: Server) -> None:
        while request := server.read_request(connection):
            connection.sendall(TOKEN if request.startswith(b"POST /token") else answer())

    server = serve(both)
    assert isinstance(client.inquire(at(payer, server), BODY, Unending()), Reply)
    assert server.requests[-1].startswith(b"POST /fhir/Claim/$inquire HTTP/1.1")


def test_what_is_missing_on_our_side_says_nothing_of_the_payer(client: HttpPayerClient, payer: PayerProfile) -> None:
    outcome = client.submit(replace(payer, auth=replace(payer.auth, key="nobody")), BODY, Unending())
    assert isinstance(outcome, NotSent)
    assert outcome.ours


def test_five_hundred_submits_at_once_make_one_token_request(client: HttpPayerClient, payer: PayerProfile) -> None:
    together = Barrier(500)

    def submit(_: int) -> Outcome:
        together.wait(30)
        return client.submit(payer, BODY, Unending())

    with respx.mock as router, ThreadPoolExecutor(500) as threads:
        tokens = router.post(payer.endpoints.token).mock(
            return_value=httpx.Response(200, json={"access_token": "t1", "expires_in": 300})
        )
        submits = router.post(f"{payer.endpoints.fhir}/Claim/$submit").respond(200, content=b"{}")
        outcomes = list(threads.map(submit, range(500)))
    assert all(isinstance(outcome, Reply) for outcome in outcomes)
    assert (tokens.call_count, submits.call_count) == (1, 500)
