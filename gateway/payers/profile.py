"""A payer as data: one file per payer under `profiles/payers/`, read once at start into frozen values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from gateway.model.clocks import Clocks, Duration
from gateway.model.errors import ConfigFault
from gateway.model.exchange import Verdict
from gateway.payers import profile_file as file
from gateway.payers.site import Address, Review, address
from gateway.payers.yaml_file import FileFault, read_table


class Inquiry(StrEnum):
    """How far a payer's `$inquire` can be relied on; `partial`: only what it finds counts."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Identifier:
    """A FHIR identifier: system and value."""

    system: str
    value: str


@dataclass(frozen=True, slots=True)
class Match:
    """How an order's Coverage is recognized as this payer's."""

    identifiers: tuple[Identifier, ...]
    names: tuple[str, ...]
    plans: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Insurer:
    """The insurer organization that requests name (PAS profile-insurer); `type` is an X12 98 code.

    At least one of `payer_id`, `npi` (ten digits) and `tax_id` (nine digits) is there; a missing text is empty.
    """

    name: str
    payer_id: Identifier | None
    npi: str
    tax_id: str
    type: str
    address: Address | None


@dataclass(frozen=True, slots=True)
class Receiver:
    """GS03 and, if the payer has one, ISA08: the payer's side of transmissionIdentifiers."""

    application_receiver_code: str
    interchange_receiver_id: str


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the payer is reached.

    Attributes:
        fhir: base URL without a slash at the end.
        token: token URL exactly as the payer writes it; empty when it is discovered under `fhir`.
        allow: URLs whose origins a discovered token URL may have, besides that of `fhir`.
        dry_submit: an operation of the payer that judges a request and keeps nothing; empty when it has none.
    """

    fhir: str
    token: str
    allow: tuple[str, ...]
    dry_submit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """How we authenticate to the payer's token endpoint.

    Attributes:
        method: private_key_jwt, client_secret_basic or client_secret_post.
        key: kid of a signing key of the site, `alg` its algorithm; for private_key_jwt.
        secret: `file:` (relative to the profile) or `env:` reference; for the other two.
        audience: `aud` of the assertion; empty means exactly the token URL.
    """

    method: str
    client_id: str
    key: str
    alg: str
    secret: str
    scope: str
    audience: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What one gateway process asks of the payer at most.

    Attributes:
        reply_bytes: the largest answer read, after decompression.
        concurrent: requests under way at once (bulkhead).
        per_second: requests begun per second.
    """

    reply_bytes: int
    concurrent: int
    per_second: int


@dataclass(frozen=True, slots=True)
class LostReply:
    """What is done about a request that may have arrived (design 4.3).

    Attributes:
        inquiry: whether the payer can be asked, and whether what it does not find is surely not there.
        quiet: the longest after which the payer may still take up a request whose connection is gone.
        lag: how far its inquiry may lag behind its book.
        asks: how often it is asked before a person is; `between` is the wait in between.
    """

    inquiry: Inquiry
    quiet: Duration
    lag: Duration
    asks: int
    between: Duration


@dataclass(frozen=True, slots=True)
class Retry:
    """Waits before what was surely not taken goes again: from `first`, doubled, up to `most`.

    `budget`: how many repetitions go while things go wrong, for every hundred first attempts.
    """

    first: Duration
    most: Duration
    budget: int = 10


@dataclass(frozen=True, slots=True)
class Circuit:
    """After `failures` in a row nothing is sent for `open`, doubled each further time up to `most`."""

    failures: int
    open: Duration
    most: Duration


@dataclass(frozen=True, slots=True)
class ReplyRule:
    """What one HTTP status of this payer means; `why` is where the payer says so."""

    status: int
    verdict: Verdict
    again_after: Duration | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerProfile:
    """One payer, its endpoint and its ways.

    Attributes:
        path: the file it came from; `file:` references are relative to its folder.
        speaks: version of each guide, e.g. `{"pas": "2.2.1"}`.
        replies: rules that differ from the default reading of a status, by status.
        lost_reply: what is done when no trustworthy answer came.
        allow_loopback: the endpoint may be this machine, over plain http; development only.
    """

    path: Path
    id: str
    name: str
    match: Match
    insurer: Insurer
    receiver: Receiver
    speaks: Mapping[str, str]
    endpoints: Endpoints
    auth: Auth
    clocks: Clocks
    review: Review
    limits: Limits
    replies: Mapping[int, ReplyRule]
    lost_reply: LostReply
    retry: Retry
    circuit: Circuit
    allow_loopback: bool


class UnknownPayer(ConfigFault, KeyError):
    """There is no profile of that payer."""

    def __str__(self) -> str:
        return str(self.args[0])


class Payers(Mapping[str, PayerProfile]):
    """The payer profiles by id; asking for another raises UnknownPayer (a ConfigFault and a KeyError)."""

    def __init__(self, profiles: Mapping[str, PayerProfile]) -> None:
        self._profiles = dict(profiles)

    def __getitem__(self, identity: str) -> PayerProfile:
        if identity not in self._profiles:
            raise UnknownPayer(
                f"There is no profile of payer {identity}.",
                fix="Put its profile back among the payer profiles, or choose another payer.",
            )
        return self._profiles[identity]

    def __iter__(self) -> Iterator[str]:
        return iter(self._profiles)

    def __len__(self) -> int:
        return len(self._profiles)


def load_payers(folder: Path) -> Payers:
    """Read every `*.yaml` of a folder.

    Raises:
        ConfigFault: no folder, no profile in it, or anything wrong in one; all problems of all files listed.
    """
    profiles: dict[str, PayerProfile] = {}
    problems: list[str] = []
    for path in sorted(folder.glob("*.yaml"), key=lambda path: path.stem):  # in the order of their ids
        try:
            profile = read_profile(path)
        except FileFault as fault:
            problems.extend(fault.problems)
        else:
            profiles[profile.id] = profile
    problems.extend(_claimed_twice(profiles))
    if problems:
        raise ConfigFault(
            "Payer profiles cannot be used:", fix="Correct the lines above and run `pa payer lint`.", problems=problems
        )
    if not profiles:
        raise ConfigFault(
            f"There is no payer profile in {folder}.",
            fix="Copy examples/new_payer/new-payer.yaml there and fill it in.",
        )
    return Payers(profiles)


def read_profile(path: Path) -> PayerProfile:
    """Read one profile.

    Raises:
        FileFault: anything wrong in it; all problems listed.
    """
    table = read_table(path, file.PayerTable)
    if table.id != path.stem:
        raise FileFault((f"{path}: id: is not the name of the file; write `id: {path.stem}` or rename the file.",))
    return PayerProfile(
        path=path,
        id=table.id,
        name=table.name,
        match=_match(table.match),
        insurer=_insurer(table.insurer),
        receiver=Receiver(table.receiver.application_receiver_code, table.receiver.interchange_receiver_id or ""),
        speaks=MappingProxyType({"pas": table.speaks.pas}),
        endpoints=_endpoints(table.endpoints),
        auth=_auth(table.auth),
        clocks=_clocks(table.clocks),
        review=Review(table.review),
        limits=Limits(table.limits.reply_bytes, table.limits.concurrent, table.limits.per_second),
        replies=MappingProxyType({r.status: _rule(r) for r in table.replies}),
        lost_reply=_lost_reply(table.lost_reply),
        retry=Retry(Duration.parse(table.retry.first), Duration.parse(table.retry.most), table.retry.budget),
        circuit=_circuit(table.circuit),
        allow_loopback=table.allow_loopback,
    )


def _claimed_twice(profiles: Mapping[str, PayerProfile]) -> Iterator[str]:
    owners: dict[Identifier, PayerProfile] = {}
    for profile in profiles.values():
        for identifier in profile.match.identifiers:
            owner = owners.setdefault(identifier, profile)
            if owner is not profile:
                yield (
                    f"{profile.path}: match.identifiers: {identifier.value} is also matched by {owner.path}; "
                    "keep it in one of them."
                )


def _identifier(row: file.IdentifierTable) -> Identifier:
    return Identifier(row.system, row.value)


def _match(table: file.MatchTable) -> Match:
    return Match(tuple(map(_identifier, table.identifiers)), table.names, table.plans)


def _insurer(table: file.InsurerTable) -> Insurer:
    return Insurer(
        name=table.name,
        payer_id=_identifier(table.payer_id) if table.payer_id else None,
        npi=table.npi or "",
        tax_id=table.tax_id or "",
        type=table.type,
        address=address(table.address) if table.address else None,
    )


def _endpoints(table: file.EndpointsTable) -> Endpoints:
    return Endpoints(table.fhir.rstrip("/"), table.token or "", table.allow, table.dry_submit or "")


def _auth(table: file.AuthTable) -> Auth:
    return Auth(
        method=table.method,
        client_id=table.client_id,
        key=table.key or "",
        alg=table.alg or "",
        secret=table.secret or "",
        scope=table.scope,
        audience=table.audience or "",
    )


def _clocks(table: file.ClocksTable) -> Clocks:
    return Clocks(
        Duration.parse(table.standard), Duration.parse(table.expedited), Duration.parse(table.respond), table.time_zone
    )


def _lost_reply(table: file.LostReplyTable | None) -> LostReply:
    # A payer that says nothing is asked once, and only what it finds counts: the safe side.
    said = table or file.LostReplyTable(inquiry="partial", asks=1)
    return LostReply(
        inquiry=Inquiry(said.inquiry),
        quiet=Duration.parse(said.quiet),
        lag=Duration.parse(said.lag),
        asks=said.asks,
        between=Duration.parse(said.between),
    )


def _circuit(table: file.CircuitTable) -> Circuit:
    return Circuit(table.failures, Duration.parse(table.open), Duration.parse(table.most))


def _rule(row: file.ReplyTable) -> ReplyRule:
    again_after = Duration.parse(row.again_after) if row.again_after else None
    return ReplyRule(row.status, Verdict(row.action), again_after, row.why)
