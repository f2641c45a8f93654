"""The invented EHR: sends orders, repeats what got no answer, follows what becomes of them, keeps what it was told."""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from typing import Any

from gateway.chaos.api_calls import Api, Unreached
from gateway.chaos.told import ClientLedger, Kind

_RESTING = frozenset(
    ("decided", "pended", "rejected", "held", "person_needed", "cancelled", "handed_off", "documenting")
)
_FORGETFUL = 0.05
_AGAIN_SECONDS = 0.25
_LOOK_SECONDS = 0.5
_FINAL_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Letter:
    """An order to send: its number, the document, and the Idempotency-Key it travels under."""

    number: int
    body: bytes
    key: str


@dataclass(slots=True)
class Seen:
    """What the client knows of its orders by now; guarded by `lock`."""

    lock: Lock = field(default_factory=Lock)
    promised: set[str] = field(default_factory=set)
    answered: int = 0
    states: dict[str, str] = field(default_factory=dict)
    with_person: set[str] = field(default_factory=set)

    def open(self) -> int:
        """How many promised authorizations are still under way."""
        with self.lock:
            return sum(
                self.states.get(identity) not in _RESTING and identity not in self.with_person
                for identity in self.promised
            )


class EhrClient:
    """Sends letters in several threads and follows the feed in one more; `released` tells how many may go by now."""

    def __init__(
        self,
        url: str,
        token: str,
        ledger: ClientLedger,
        *,
        seed: int,
        threads: int,
        ends: float,
        released: Callable[[], float],
    ) -> None:
        self._url, self._token, self._ledger = url, token, ledger
        self._seed, self._threads, self._ends = seed, threads, ends
        self._released = released
        self.seen = Seen()
        self._over = Event()

    def run(self, letters: Sequence[Letter], progress: Callable[[str], None]) -> bool:
        """Send all, wait until nothing is under way any more or time is over; whether everything came to rest."""
        queue: SimpleQueue[tuple[int, Letter]] = SimpleQueue()
        for place in enumerate(letters):
            queue.put(place)
        senders = [Thread(target=self._send_all, args=(queue,), name=f"ehr-{n}") for n in range(self._threads)]
        follower = Thread(target=self._follow, name="ehr-follow")
        for thread in (*senders, follower):
            thread.start()
        settled = False
        while time.monotonic() < self._ends and not settled:
            self._over.wait(_LOOK_SECONDS)
            settled = self.seen.answered == len(letters) and not self.seen.open()
            progress(self._progress(len(letters)))
        self._over.set()
        for thread in (*senders, follower):
            thread.join()
        return settled

    def read_final(self) -> int:
        """Write down how each authorization stands, and how many there are.

        Raises:
            Unreached: the gateway has not answered for a minute; a busy machine may well take some seconds.
        """
        ends = time.monotonic() + _FINAL_SECONDS
        with closing(Api(self._url, self._token)) as api:
            while True:
                try:
                    rows = api.pages("/authorizations", "authorizations")
                    break
                except Unreached:
                    if time.monotonic() > ends:
                        raise
                    time.sleep(_AGAIN_SECONDS)
        for row in rows:
            self._ledger.write(
                "final", order=row["order"], authorizations=(row["id"],), state=row["state"], numbers=numbers_of(row)
            )
        return len(rows)

    def _progress(self, all_of_them: int) -> str:
        with self.seen.lock:
            states = Counter(self.seen.states.values())
            answered = self.seen.answered
        words = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        return f"{answered} of {all_of_them} promised" + (f"; {words}" if words else "")

    def _send_all(self, queue: "SimpleQueue[tuple[int, Letter]]") -> None:
        with closing(Api(self._url, self._token)) as api:
            while not self._over.is_set():
                try:
                    place, letter = queue.get_nowait()
                except Empty:
                    return
                while place >= self._released() and not self._over.is_set():
                    self._over.wait(_AGAIN_SECONDS)
                self._send(api, letter)

    def _send(self, api: Api, letter: Letter) -> None:
        """Repeat the order until the gateway says yes or no."""
        forget = random.Random(f"{self._seed}/{letter.number}").random() < _FORGETFUL  # noqa: S311 - a schedule, no secret
        while not self._over.is_set():
            self._ledger.write("posted", number=letter.number)
            try:
                status, answer = api.post_order(letter.body, letter.key, forget=forget)
            except Unreached:
                self._ledger.write("lost", number=letter.number)
            else:
                if status < 500:
                    self._keep(letter, status, answer)
                    return
                self._ledger.write("unavailable", number=letter.number, status=status)
            forget = False
            self._over.wait(_AGAIN_SECONDS)

    def _keep(self, letter: Letter, status: int, answer: Any) -> None:
        promised = status in (200, 201, 202)
        identities = tuple(row["id"] for row in answer["authorizations"]) if promised else ()
        kind: Kind = "accepted" if promised else "refused"
        order = answer["order"] if promised else ""
        self._ledger.write(kind, number=letter.number, status=status, order=order, authorizations=identities)
        with self.seen.lock:
            self.seen.answered += 1
            self.seen.promised.update(identities)

    def _follow(self) -> None:
        after = 0
        listed: set[str] = set()
        with closing(Api(self._url, self._token)) as api:
            while not self._over.wait(_LOOK_SECONDS):
                with suppress(Unreached):
                    after = self._read_events(api, after)
                    self._look_for_doubts(api, listed)

    def _read_events(self, api: Api, after: int) -> int:
        while True:
            page = api.get("/events", after=after, limit=1000)
            with self.seen.lock:
                for event in page["events"]:
                    self.seen.states[event["authorization"]] = event["after"]
            if page["next"] == after:
                return after
            after = page["next"]

    def _look_for_doubts(self, api: Api, listed: set[str]) -> None:
        rows = api.pages("/authorizations", "authorizations", state="in_doubt")
        for row in rows:
            if row["id"] not in listed:
                listed.add(row["id"])
                self._ledger.write("listed", order=row["order"], authorizations=(row["id"],))
        waiting = {row["id"] for row in rows if not row["next_attempt_at"]}
        with self.seen.lock:
            self.seen.with_person = waiting


def numbers_of(row: Any) -> tuple[str, ...]:
    """The authorization numbers in the public form of an authorization."""
    answers = [item["answer"] for item in row["items"] if item["answer"]]
    return tuple(dict.fromkeys(number for one in answers if (number := one["authorization_number"])))
