"""Ids within one resource: of its elements (R4 element.html) and of what it contains (references.html#contained)."""

from gateway.conformance.context import Context
from gateway.conformance.items import Item

_FIX = "Give each its own id, or leave out ids that nothing refers to."


def check_element(context: Context, item: Item) -> None:
    """The id of an element is the only one of its kind in the resource it stands in."""
    if isinstance(item.value, str):
        _once(context, item, "element", "Another element of the resource has the same id.")


def check_contained(context: Context, item: Item) -> None:
    """Contained resources are told apart by their ids."""
    if "contained" in item.value:
        for row in item.child("contained"):
            for identity in row.child("id") if row.home is row else ():
                if isinstance(identity.value, str):
                    _once(context, identity, "contained", "Another contained resource has the same id.", item)


def _once(context: Context, item: Item, kind: str, text: str, within: Item | None = None) -> None:
    key = (within or item.home, kind, item.value)
    if key in context.scene.ids:
        context.findings.error("id-unique", item.path, text, _FIX, code="duplicate")
    context.scene.ids.add(key)
