"""What `pa site init` writes: the commented site profile, and the values of an invented clinic."""

import json
from collections.abc import Mapping, Sequence
from string import Template

Values = Mapping[str, str | Sequence[str]]

EXAMPLE: Values = {
    "trace_originator": "1900000001",
    "sender_code": "EXAMPLECLINIC",
    "sender_id": "EXAMPLE01",
    "requestor": "clinic",
    "name": "Example Valley Clinic",
    "npi": "1999999984",
    "tax_id": "900000001",
    "line": "100 Example Street",
    "city": "Springfield",
    "state": "IL",
    "postal_code": "62701",
    "contact_name": "Prior Authorization Desk",
    "phone": "555-010-0100",
    "email": "prior-auth@clinic.example",
    "known_as": ("Organization/org1234", "Organization/example-clinic"),
}

_TEXT = Template("""\
# Who asks for authorizations, and how payers know you. Check it with: pa site check
# Write text in quotes where it has # or : in it. An unknown key is an error.

# Decides which day it is: an IANA name such as America/New_York.
time_zone: $time_zone

# send: a request that is complete goes to the payer by itself.
# hold: a person releases each one (pa auth release). A payer profile or an order can also ask to hold.
review: $review

# TRN03: ten characters, usually 1 and your nine-digit tax id. It makes your trace numbers yours.
trace_originator: $trace_originator

# Only if you keep your trace numbers apart by department, or payers ask for the state they are kept in.
# trace_place: {department: CARDIOLOGY, jurisdiction: IL}

# Agreed with the payers or the clearinghouse: 2 to 15 letters and digits, no spaces.
sender:
  application_sender_code: $sender_code   # GS02
  interchange_sender_id: $sender_id   # ISA06; also the filter of notifications

# One row for each organization that asks.
requestors:
  - key: $requestor   # your own short name: small letters, digits, hyphens
    name: $name   # as the payer has it
    npi: $npi   # ten digits; the check digit is verified
    tax_id: $tax_id   # nine digits; may be left out
    type: $type   # X12 98 code: 1P provider, FA facility
    address:
      lines: [$line]
      city: $city
      state: $state
      postal_code: $postal_code
      country: US
    contact:   # whom the payer calls: a phone number, an email address or both
      name: $contact_name
      phone: $phone
      email: $email
    # How orders name this organization, besides its NPI: FHIR references or identifiers.
    known_as: $known_as
    # sender: {application_sender_code: OTHER, interchange_sender_id: OTHER}   # if it differs from the site's

# Keys that sign the token requests to payers. The key itself stays in its file or variable:
# `file:` is relative to this file, `env:` names an environment variable; PEM or JWK.
# To change a key: add a second row, give payers time to read /.well-known/jwks.json, move the payer profiles to the
# new kid, then set the old one to `active: false`, and later remove it.
signing_keys:
  - kid: $kid
    alg: $alg   # ES384 (P-384) or RS384 (RSA, at least 3072 bits)
    key: file:$key_file
    active: true

# Clients that are told of what happens to their authorizations, by a signed POST (Standard Webhooks), one row each.
# events: all, or decisions (final answers only). A secret is whsec_ and base64 of 24 to 64 random bytes:
# `pa client webhook secret FILE` makes one. Each message is signed with every secret of the row. To change one: add
# the new one in front, let the receiver move to it, then remove the old one. Try it: pa client webhook test NAME
# webhooks:
#   - client: valley-ehr   # as in `pa client list`; `local` is a caller without a token
#     url: https://ehr.clinic.example/hooks/prior-auth   # https; this machine only with allow_loopback: true
#     secrets: [file:webhook-valley-ehr.secret]
#     events: all
""")


def site_yaml(values: Values) -> str:
    """The site profile with these values; what is not among them stays empty, for a person to fill in."""
    bare = ("time_zone", "review", "alg", "key_file")
    shown = {name: value if name in bare else json.dumps(value) for name, value in values.items()}
    return _TEXT.substitute(dict.fromkeys(_TEXT.get_identifiers(), '""'), **shown)
