"""Narrative (R4 txt-1, txt-2): only harmless XHTML, with something to read in it."""

from html.parser import HTMLParser

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
    size span src start style summary tabindex title type valign value vspace width xml:lang xml:space
    xmlns xmlns:xsi
"""
_TAGS = frozenset(_TAG_NAMES.split())
_ATTRIBUTES = frozenset(_ATTRIBUTE_NAMES.split())


class _Scan(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.first = ""
        self.is_harmless = True
        self.has_content = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.first = self.first or tag
        self.has_content = self.has_content or tag == "img"
        if tag not in _TAGS or any(name not in _ATTRIBUTES or _is_script(value) for name, value in attrs):
            self.is_harmless = False

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.has_content = True

    def handle_decl(self, decl: str) -> None:  # noqa: ARG002 (the base class names it)
        self.is_harmless = False

    def handle_pi(self, data: str) -> None:  # noqa: ARG002
        self.is_harmless = False


def check_narrative(findings: Findings, item: Item) -> None:
    """Judge `text.div`; a value of another shape is judged elsewhere."""
    div = item.value.get("div") if isinstance(item.value, dict) else None
    if not isinstance(div, str):
        return
    scan = _Scan()
    scan.feed(div)
    scan.close()
    path = f"{item.path}.div"
    if scan.first != "div" or not div.lstrip().startswith("<div"):
        findings.error("txt-1", path, "The narrative is not one XHTML div.", "Put the narrative in a single <div>.")
    elif not scan.is_harmless:
        findings.error(
            "txt-1",
            path,
            "The narrative holds more than basic formatting.",
            "Keep to text, lists, tables, links and images; no scripts, forms, frames or event handlers.",
        )
    if not scan.has_content:
        findings.error("txt-2", path, "The narrative has nothing to read.", "Write text in it, or leave it out.")


def _is_script(value: str | None) -> bool:
    return value is not None and value.strip().lower().startswith(("javascript:", "vbscript:", "data:text"))
