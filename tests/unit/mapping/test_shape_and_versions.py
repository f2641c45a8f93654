"""What a mapping can put on the wire, read from the file, and what two versions of it do differently."""

from pathlib import Path
from typing import Any

import pytest

from gateway.mapping import Mappings
from gateway.mapping.shape import kind_of, profiles_of, shapes_of, slots
from gateway.mapping.versions import differences

FIRST = """mapping: m
reads: [order]
tables: [t]
produce:
  resourceType: Claim
  meta: {profile: ["http://x.org/p"]}
  extension:
    - {url: "http://x.org/e/one", valueString: "{{ %order.a }}"}
    - {include: two}
  kept: "{{ %order.kept }}"
  moved: "{{ %order.old }}"
  coded: "{{ %order.code.translate('t') }}"
  dropped: x
  "if %order.urgent":
    level: high
  else: {level: low}
"""
SECOND = (
    FIRST.replace("%order.old", "%order.new")
    .replace("translate('t')", "translate('u')")
    .replace("[t]", "[u]")
    .replace("  dropped: x\n", "  added: x\n")
    .replace("  kept:", "\n\n  kept:")
    .replace("%order.urgent", "%order.stat")
)
TWO = "mapping: two\nreads: [order]\nproduce: {url: 'http://x.org/e/two', valueString: '{{ %order.b }}'}\n"


@pytest.fixture
def both(tmp_path: Path, folder: Any) -> tuple[Mappings, Mappings]:
    folder.write("t.csv", "from_code,to_code\n1,A\n").write("u.csv", "from_code,to_code\n1,B\n")
    loaded = []
    for name, text in (("first", FIRST), ("second", SECOND)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "m.yaml").write_text(text, "utf-8")
        (tmp_path / name / "two.yaml").write_text(TWO, "utf-8")
        loaded.append(Mappings.load(tmp_path / name, folder.codes))
    return loaded[0], loaded[1]


def test_the_shape_follows_includes_and_both_branches_and_tells_extensions_apart(both: Any) -> None:
    (shape,) = shapes_of(both[0].definitions["m"], both[0].definitions)
    assert (kind_of(shape), profiles_of(shape)) == ("Claim", ("http://x.org/p",))
    elements = [slot.element for slot in slots(shape, "Claim")]
    assert "Claim.extension[two].valueString" in elements
    assert elements.count("Claim.level") == 2


def test_a_difference_is_told_by_element_whatever_the_lines(both: Any) -> None:
    found = {row.element: row.kind for row in differences(*both)}
    assert found == {
        "Claim.moved": "expression",
        "Claim.coded": "table",
        "Claim.dropped": "only in the first",
        "Claim.added": "only in the second",
        "Claim.level": "expression",
    }
    moved = next(row for row in differences(*both) if row.element == "Claim.moved")
    assert moved.first
    assert moved.second
    assert (moved.first.content, moved.second.content) == (("%order.old",), ("%order.new",))
    assert moved.first.places[0].endswith("m.yaml:11")


def test_one_mapping_may_be_asked_for_also_one_that_is_a_part(both: Any) -> None:
    assert list(differences(*both, "two")) == []
    with pytest.raises(LookupError):
        list(differences(*both, "three"))
