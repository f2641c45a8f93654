"""Rules for single values in payer and site files; a broken rule says what to write and never quotes the value."""

import re
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, StringConstraints

from gateway.model.clocks import Duration
from gateway.payers.origin import origin


def luhn(npi: str) -> bool:
    """Whether the check digit of a ten-digit NPI is right (ISO 7812 over the prefix 80840)."""
    digits = [int(digit) for digit in reversed(f"80840{npi}")]
    return sum(digit if n % 2 == 0 else sum(divmod(2 * digit, 10)) for n, digit in enumerate(digits)) % 10 == 0


def _matches(pattern: str, rule: str) -> AfterValidator:
    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(rule)
        return text

    return AfterValidator(check)


def _npi(text: str) -> str:
    if not re.fullmatch(r"[0-9]{10}", text):
        raise ValueError("an NPI has ten digits.")
    if not luhn(text):
        raise ValueError("the check digit of this NPI is wrong; copy it again.")
    return text


def _tax_id(text: str) -> str:
    if not re.fullmatch(r"[0-9]{2}-?[0-9]{7}", text):
        raise ValueError("a tax id has nine digits.")
    return text.replace("-", "")


def _duration(text: str) -> str:
    try:
        if Duration.parse(text).seconds <= 0:
            raise ValueError
    except ValueError:
        raise ValueError(
            "write a duration such as P7D, PT72H or PT15S, of at least a second and at most 100 years."
        ) from None
    return text


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        raise ValueError("is not a time zone; write one such as America/Chicago.") from None
    return text


def _url(text: str) -> str:
    try:
        origin(text)
    except ValueError as fault:
        raise ValueError(f"{fault}.") from None
    if "?" in text:
        raise ValueError("an endpoint carries no query; remove the ? and what follows.")
    return text


def misplaced(url: str, *, loopback: bool) -> str:
    """Why an endpoint at `url` may not be written, in words; empty when it may. `loopback`: this machine is meant."""
    at = origin(url)
    if at.scheme == "http" and not at.is_loopback:
        return "plain http is for this machine only; write an https URL."
    if at.is_loopback and not loopback:
        return "is this machine; add `allow_loopback: true` if that is meant."
    return ""


Text = Annotated[str, StringConstraints(min_length=1)]
State = Annotated[str, _matches(r"[A-Z]{2}", "write the two capital letters of the state.")]
PostalCode = Annotated[str, _matches(r"[0-9]{5}(-[0-9]{4})?", "write five digits, or nine with a hyphen.")]
Country = Annotated[str, _matches(r"[A-Z]{2}", "write the two capital letters of the country.")]
Npi = Annotated[str, AfterValidator(_npi)]
TaxId = Annotated[str, AfterValidator(_tax_id)]
SecretReference = Annotated[
    str,
    _matches(
        r"file:.+|env:[A-Za-z_][A-Za-z0-9_]*",
        "write where the secret is, `file:path` or `env:NAME`, never the secret itself.",
    ),
]
IsoDuration = Annotated[str, AfterValidator(_duration)]
TimeZone = Annotated[str, AfterValidator(_zone)]
Url = Annotated[str, AfterValidator(_url)]
X12Id = Annotated[
    str,
    _matches(
        r"[0-9A-Za-z._/-]{2,15}", "an X12 sender or receiver id has 2 to 15 letters and digits, no spaces or commas."
    ),
]
OrganizationType = Annotated[
    str, _matches(r"[0-9A-Z]{2,3}", "write an X12 98 code, such as 1P (provider), FA (facility) or PR (payer).")
]
TraceOriginator = Annotated[
    str, _matches(r"[0-9A-Z]{10}", "TRN03 has ten characters, usually 1 and your nine-digit tax id.")
]
Key = Annotated[str, _matches(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", "write small letters, digits and hyphens.")]
