"""Narrative (R4 txt-1, txt-2): well-formed and harmless XHTML, with something to read in it."""

import re
from html.entities import name2codepoint
from typing import Never
from xml.parsers import expat

from gateway.conformance.items import Item
from gateway.conformance.report import Findings

_TAG_NAMES = """
    a abbr acronym address b bdo big blockquote br caption cite code col colgroup dd del dfn div dl dt em
    h1 h2 h3 h4 h5 h6 hr i img ins kbd li ol p pre q samp small span strong sub sup table tbody td tfoot
    th thead tr tt ul var
"""
_ATTRIBUTE_NAMES = """
    abbr accesskey align alt axis background bgcolor border cellhalign cellpadding cellspacing cellvalign
    char charoff charset cite class clear color colspan compact coords datetime dir face frame headers
    height href hreflang hspace id lang longdesc name noshade nowrap rel rev rowspan rules scope shape
    size span src start style summary tabindex title type valign value vspace width
"""
_TAGS = frozenset(_TAG_NAMES.split())
_ATTRIBUTES = frozenset(_ATTRIBUTE_NAMES.split())
_XHTML = "http://www.w3.org/1999/xhtml"
_XML = "http://www.w3.org/XML/1998/namespace"
_NAMED = re.compile("&([A-Za-z][A-Za-z0-9]*);")
_OF_XML = ("amp", "apos", "gt", "lt", "quot")


class _NotAllowed(Exception):
    """A document type or processing instruction."""


class _Scan:
    """What a narrative is made of, as far as txt-1 and txt-2 ask."""

    def __init__(self) -> None:
        self.first = ""
        self.is_harmless = True
        self.has_content = False

    def read(self, text: str) -> bool:
        """Whether the text is well-formed; HTML's names for characters are let pass, as in the HL7 validator."""
        parser = expat.ParserCreate(encoding="utf-8", namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.CharacterDataHandler = self._data
        parser.StartDoctypeDeclHandler = parser.ProcessingInstructionHandler = _refuse
        try:
            parser.Parse(_NAMED.sub(_numbered, text).encode("utf-8", "replace"), True)
        except (expat.ExpatError, _NotAllowed):
            return False
        return True

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, tag = name.rpartition(" ")
        self.first = self.first or name
        self.has_content = self.has_content or tag == "img"
        if namespace != _XHTML or tag not in _TAGS or not all(map(_is_harmless, attributes.items())):
            self.is_harmless = False

    def _data(self, data: str) -> None:
        if data.strip():
            self.has_content = True


def check_narrative(findings: Findings, item: Item) -> None:
    """Judge `text.div`; a value of another shape is judged elsewhere."""
    div = item.value.get("div") if isinstance(item.value, dict) else None
    if not isinstance(div, str):
        return
    scan = _Scan()
    path = f"{item.path}.div"
    if not scan.read(div):
        fix = "Write it as XML: every tag closed, attributes in quotes, no document type."
        findings.error("txt-1", path, "The narrative is not well-formed XHTML.", fix)
        return
    if scan.first != f"{_XHTML} div":
        fix = f'Put the narrative in a single <div xmlns="{_XHTML}">.'
        findings.error("txt-1", path, "The narrative is not one XHTML div.", fix)
    elif not scan.is_harmless:
        findings.error(
            "txt-1",
            path,
            "The narrative holds more than basic formatting.",
            "Keep to text, lists, tables, links and images; no scripts, forms, frames or event handlers.",
        )
    if not scan.has_content:
        findings.error("txt-2", path, "The narrative has nothing to read.", "Write text in it, or leave it out.")


def _refuse(*_: object) -> Never:
    raise _NotAllowed


def _numbered(found: re.Match[str]) -> str:
    name = found[1]
    return found[0] if name in _OF_XML or name not in name2codepoint else f"&#{name2codepoint[name]};"


def _is_harmless(attribute: tuple[str, str]) -> bool:
    name, value = attribute
    namespace, _, local = name.rpartition(" ")
    known = local in ("lang", "space") if namespace == _XML else not namespace and local in _ATTRIBUTES
    return known and not value.strip().lower().startswith(("javascript:", "vbscript:", "data:text"))
