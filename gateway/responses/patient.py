"""Whether an answer is about our patient: by reference, by member identifier and by birth date (PAS 2.2.1; quirk 42).

An address proves little, since payers copy and rewrite it: what the patient in the answer states about itself is
compared as well, and one difference is enough to conclude nothing.
"""

import re
from collections.abc import Iterator

from gateway.fhir.bundle import Entry, Index
from gateway.responses.element import Element
from gateway.responses.reading import Asked, Remarks, Untrusted

_BIRTH = re.compile(r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?(?=$|T)")


def check_patient(entry: Entry, index: Index, asked: Asked, remarks: Remarks) -> None:
    """Nothing for our patient; a remark with attention when the answer does not say which patient it is about.

    Raises:
        Untrusted: a reference, an identifier or a birth date says that it is another one.
    """
    patient = Element(entry.resource, entry.path).one("patient")
    reference = patient.one("reference").text.partition("/_history/")[0]
    address = "" if reference.startswith("#") else reference
    if address and not _ours(address, patient, entry, index, asked, remarks):
        raise Untrusted("the payer's answer is about another patient")
    named = [_same_member((patient.one("identifier"),), asked)]
    named += [same for person in _referred(reference, entry, index) for same in _same(person, asked, remarks)]
    beside = [same for person in _under_our_address(index, asked) for same in _same(person, asked, remarks)]
    if False in (*named, *beside):
        raise Untrusted("the payer's answer is about another patient")
    if not address and True not in named:
        text = "The answer names its patient neither by an address nor by an identifier we can compare."
        attention = "the payer's answer does not say which patient it is about"
        remarks.warn("patient", patient.path, text, attention=attention)


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


def _same(person: Element, asked: Asked, remarks: Remarks) -> tuple[bool | None, bool | None]:
    return _same_member(person.each("identifier"), asked), _same_birth(person, asked, remarks)


def _plain(value: str) -> str:
    return "".join(value.split()).casefold()


def _same_member(identifiers: tuple[Element, ...], asked: Asked) -> bool | None:
    """None when one of the two sides states no identifier."""
    stated = {_plain(each.one("value").text) for each in identifiers} - {""}
    ours = {_plain(value) for value in asked.member_ids} - {""}
    return bool(stated & ours) if stated and ours else None


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
