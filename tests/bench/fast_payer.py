"""A payer that costs next to nothing: `python -m tests.bench.fast_payer PORT`; approves everything, checks nothing.

Payer NAME is at `/NAME/fhir` and `/NAME/token`. `PUT /holes` with a JSON list of names makes black holes of them: they
accept and never answer; `PUT /thinks` with a number makes the others answer so many seconds later. `GET /received` says
when each member's request was first read, on the monotonic clock that all processes of a machine share; `GET /doubled`
how many members were asked for twice.
"""

import asyncio
import sys
import time
from typing import Any

import orjson

_STRUCTURES = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/"
_TRACE = f"{_STRUCTURES}extension-itemTraceNumber"
_PROFILES = {
    "Bundle": f"{_STRUCTURES}profile-pas-response-bundle",
    "ClaimResponse": f"{_STRUCTURES}profile-claimresponse",
}
_ADJUDICATION = {
    "category": {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/adjudication", "code": "submitted"}],
    },
}
_APPROVED = {
    "url": f"{_STRUCTURES}extension-reviewActionCode",
    "valueCodeableConcept": {"coding": [{"system": "https://codesystem.x12.org/005010/306", "code": "A1"}]},
}
_TOKEN = b'{"access_token":"bench","token_type":"bearer","expires_in":3600,"scope":"system/Claim.crus"}'
_HEAD = "HTTP/1.1 {} \r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n"


class Payer:
    """What all connections share."""

    def __init__(self) -> None:
        self.holes: frozenset[str] = frozenset()
        self.thinks = 0.0
        self.received: dict[str, float] = {}
        self.doubled = 0

    def answer(self, method: bytes, path: str, body: bytes) -> bytes | None:
        """The whole response; None when there will be none."""
        payer, _, operation = path[1:].partition("/")
        if operation.endswith("$submit"):
            return self._decide(payer, body)
        if operation == "token":
            return _response(200, _TOKEN)
        if path == "/received":
            return _response(200, orjson.dumps(self.received))
        if path == "/doubled":
            return _response(200, orjson.dumps(self.doubled))
        if path == "/holes" and method == b"PUT":
            self.holes = frozenset(orjson.loads(body))
            return _response(200, b"{}")
        if path == "/thinks" and method == b"PUT":
            self.thinks = float(orjson.loads(body))
            return _response(200, b"{}")
        return _response(404, b"{}")

    def _decide(self, payer: str, body: bytes) -> bytes | None:
        now = time.monotonic()
        bundle = orjson.loads(body)
        entries = {entry["fullUrl"]: entry for entry in bundle["entry"]}
        member = next(
            entry["resource"]["subscriberId"]
            for entry in bundle["entry"]
            if entry["resource"]["resourceType"] == "Coverage"
        )
        self.doubled += member in self.received
        self.received.setdefault(member, now)
        if payer in self.holes:
            return None
        answer = _answer(bundle["entry"][0], entries, len(self.received), bundle["timestamp"])
        return _response(200, orjson.dumps(answer), "application/fhir+json")


def _answer(first: dict[str, Any], entries: dict[str, Any], number: int, timestamp: str) -> dict[str, Any]:
    claim = first["resource"]
    parties = {"patient": claim["patient"], "insurer": claim["insurer"], "requestor": claim["provider"]}
    response = {
        "resourceType": "ClaimResponse",
        "id": f"answer-{number}",
        "meta": {"profile": [_PROFILES["ClaimResponse"]]},
        "identifier": claim["identifier"],
        "status": "active",
        "type": claim["type"],
        "use": "preauthorization",
        **parties,
        "created": timestamp,
        "request": {"reference": first["fullUrl"]},
        "outcome": "complete",
        "item": [_item(item, number) for item in claim["item"]],
    }
    return {
        "resourceType": "Bundle",
        "meta": {"profile": [_PROFILES["Bundle"]]},
        "identifier": {"system": "urn:example:bench", "value": f"answer-{number}"},
        "type": "collection",
        "timestamp": timestamp,
        "entry": [
            {"fullUrl": f"urn:example:bench:ClaimResponse:{number}", "resource": response},
            *(entries[party["reference"]] for party in parties.values() if party["reference"] in entries),
        ],
    }


def _item(item: dict[str, Any], number: int) -> dict[str, Any]:
    action = [{"url": "number", "valueString": f"AUTH{number}"}, _APPROVED]
    reviewed = {"url": f"{_STRUCTURES}extension-reviewAction", "extension": action}
    return {
        "extension": [row for row in item["extension"] if row["url"] == _TRACE],
        "itemSequence": item["sequence"],
        "adjudication": [{"extension": [reviewed], **_ADJUDICATION}],
    }


def _response(status: int, body: bytes, media_type: str = "application/json") -> bytes:
    return _HEAD.format(status, media_type, len(body)).encode() + body


class Connection(asyncio.Protocol):
    """HTTP/1.1 as far as our own client speaks it: requests one after the other, each with a Content-Length."""

    def __init__(self, payer: Payer) -> None:
        self._payer = payer
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, separator, body = self._read.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        if not separator or len(body) < length:
            return
        self._read = body[length:]
        method, path, _ = head.split(b" ", 2)
        if answer := self._payer.answer(method, path.decode(), body[:length]):
            if self._payer.thinks and path.endswith(b"$submit"):
                asyncio.get_running_loop().call_later(self._payer.thinks, self._transport.write, answer)
            else:
                self._transport.write(answer)


async def _serve(port: int) -> None:
    payer = Payer()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(payer), "127.0.0.1", port, backlog=512)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
