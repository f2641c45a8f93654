"""Narratives: well-formed XHTML in its namespace, harmless, with something to read (R4 txt-1, txt-2)."""

import pytest

from gateway.conformance.acceptors import acceptors
from gateway.conformance.definitions import Library, Node
from gateway.conformance.items import Item, Reader
from gateway.conformance.narrative import check_narrative
from gateway.conformance.report import Findings
from gateway.conformance.terminology import Terminology

READER = Reader(Library(()), acceptors(Terminology({})))
NODE = Node("Patient.text", "text")
OPEN = '<div xmlns="http://www.w3.org/1999/xhtml">'


def rules(div: str) -> list[tuple[str, str]]:
    findings = Findings()
    check_narrative(findings, Item({"div": div}, "Narrative", NODE, READER.shape(NODE, "Narrative")))
    return [(issue.rule, issue.path) for issue in findings.issues]


@pytest.mark.parametrize(
    "div",
    [
        f"{OPEN}x</div>",
        f'  {OPEN}<p class="a" xml:lang="en">a&amp;b &lt; c&nbsp;&copy; &#160;</p><br/><!-- note --></div>',
        f'{OPEN}<img src="#a" alt=""/></div>',
        '<h:div xmlns:h="http://www.w3.org/1999/xhtml"><h:p>x</h:p></h:div>',
    ],
)
def test_a_harmless_narrative_passes(div: str) -> None:
    assert rules(div) == []


@pytest.mark.parametrize(
    "div",
    [
        "words",
        "<div>of no namespace</div>",
        '<p xmlns="http://www.w3.org/1999/xhtml">no div</p>',
        f"{OPEN}<p>not closed</div>",
        f"{OPEN}<p>a</p></div><div>two</div>",
        f"{OPEN}<p class=a>a</p></div>",
        f"{OPEN}a & b</div>",
        f"{OPEN}&unheardof;</div>",
        f"<!DOCTYPE d [<!ENTITY e 'x'>]>{OPEN}&e;</div>",
        f"{OPEN}<?php x?>a</div>",
        f"{OPEN}<script>1</script></div>",
        f'{OPEN}<p onclick="x()">a</p></div>',
        f'{OPEN}<a href=" JavaScript:x()">a</a></div>',
        f'{OPEN}<s:svg xmlns:s="http://www.w3.org/2000/svg">a</s:svg></div>',
        f'{OPEN}<x:b xmlns:x="urn:x">a</x:b></div>',
    ],
)
def test_any_other_is_refused_by_txt_1(div: str) -> None:
    assert rules(div) == [("txt-1", "text.div")]


def test_a_narrative_without_anything_to_read_is_refused_by_txt_2() -> None:
    assert rules(f"{OPEN} <p/> </div>") == [("txt-2", "text.div")]


def test_an_entity_bomb_is_refused_at_once() -> None:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE d [<!ENTITY a0 "x">{entities}]>{OPEN}&a11;</div>'

    assert rules(bomb) == [("txt-1", "text.div")]
