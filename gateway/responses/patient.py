"""Whether an answer is about our patient: by reference, by member identifier and by birth date (PAS 2.2.1; quirk 42).

An address proves little, since payers copy and rewrite it: what the patient in the answer states about itself is
compared as well. A member id or a birth date that differs is enough to conclude nothing; an identifier that equals
one of ours makes a copy under the payer's own address our patient. A birth date alone is shared by too many.
"""

import re
from collections.abc import Iterator

from gateway.fhir.bundle import Entry, Index
from gateway.responses.element import Element
from gateway.responses.reading import Asked, Remarks, Untrusted
from gateway.responses.values import codes

_BIRTH = re.compile(r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?(?=$|T)")


def check_patient(entry: Entry, index: Index, asked: Asked, remarks: Remarks) -> None:
    """Nothing for our patient; a remark with attention when the answer does not say which patient it is about.

    Raises:
        Untrusted: a member id or a birth date says that it is another one.
    """
    patient = Element(entry.resource, entry.path).one("patient")
    reference = patient.one("reference").text.partition("/_history/")[0]
    referred = tuple(_referred(reference, entry, index))
    beside = tuple(_under_our_address(index, asked))
    named = [_same_member(holder, asked) for holder in (patient, *referred)]
    stated = [_same_member(person, asked) for person in beside]
    births = [_same_birth(person, asked, remarks) for person in (*referred, *beside)]
    if False in (*named, *stated, *births):
        raise Untrusted("the payer's answer is about another patient")
    address = "" if reference.startswith("#") else reference
    if address and _ours(address, patient, entry, index, asked, remarks):
        return
    if True not in named:
        text = "The answer names its patient neither by an address we know nor by an identifier we can compare."
        attention = "the payer's answer does not say which patient it is about"
        remarks.warn("patient", patient.path, text, attention=attention)
    elif address:
        text = "The answer refers to a copy of our patient under another address."
        remarks.note("patient", f"{patient.path}.reference", text)


def another_patient(index: Index, asked: Asked) -> bool:
    """Whether every Patient of an answer that decides nothing is another one than ours; a subscriber may be beside."""
    people = [Element(entry.resource, entry.path) for entry in index.of_type("Patient")]
    unheard = Remarks()
    return bool(people) and all(
        False in (_same_member(person, asked), _same_birth(person, asked, unheard)) for person in people
    )


def tail(url: str) -> str:
    """The id at the end of an address: of `Claim/x`, `https://host/Claim/x` and `urn:uuid:x` it is `x`."""
    return url.rpartition("/")[2].rpartition(":")[2]


def _ours(reference: str, patient: Element, entry: Entry, index: Index, asked: Asked, remarks: Remarks) -> bool:
    if reference in asked.patient_urls:
        return True
    target = index.resolve(reference, source=entry)
    if target and {target.entry.full_url, target.entry.type_id} & asked.patient_urls:
        return True
    same_kind = "/" not in reference or "Patient/" in reference
    if same_kind and tail(reference) in {tail(url) for url in asked.patient_urls}:
        remarks.note("patient", f"{patient.path}.reference", "The answer refers to our patient under another base.")
        return True
    return False


def _referred(reference: str, entry: Entry, index: Index) -> Iterator[Element]:
    """The Patient that the answer refers to, in its Bundle or contained."""
    target = index.resolve(reference, source=entry) if reference else None
    if target and target.entry.resource.get("resourceType") == "Patient":
        yield Element(target.entry.resource, target.entry.path)


def _under_our_address(index: Index, asked: Asked) -> Iterator[Element]:
    """Every Patient in the answer that has our patient's address, referred to or not; there may be several."""
    for found in index.of_type("Patient"):
        if {found.full_url, found.type_id} & asked.patient_urls:
            yield Element(found.resource, found.path)


def _plain(value: str) -> str:
    return "".join(filter(str.isalnum, value)).casefold()


def _same_member(holder: Element, asked: Asked) -> bool | None:
    """Whether the identifiers of a Patient, or of a reference to one, are ours; None when they prove nothing.

    A member id that is not ours outweighs any other that is; a payer's own number of another type says nothing.
    """
    ours = {_plain(value) for value in asked.member_ids} - {""}
    stated = [(_plain(row.one("value").text), row) for row in holder.each("identifier")]
    if ours and any(value and value not in ours and _is_member_id(row) for value, row in stated):
        return False
    return True if any(value in ours for value, _ in stated) else None


def _is_member_id(identifier: Element) -> bool:
    """Whether its type is MB of HL7 table 0203; the code decides, since its system is often left out."""
    return any(code.code.casefold() == "mb" for kind in identifier.each("type") for code in codes(kind))


def _same_birth(person: Element, asked: Asked, remarks: Remarks) -> bool | None:
    """None when there is nothing to compare; a year or a month is compared as far as it goes."""
    birth = person.one("birthDate")
    theirs, ours = _BIRTH.match(birth.text), _BIRTH.match(asked.birth_date)
    if birth.text and not theirs:
        remarks.warn("birthDate", birth.path, "This is no date; it is not compared with our patient's.")
    if not theirs or not ours:
        return None
    length = min(len(theirs.group()), len(ours.group()))
    return theirs.group()[:length] == ours.group()[:length]
