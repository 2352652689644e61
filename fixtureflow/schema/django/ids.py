"""Which fields hold ids inside their values, and where in the blocks of a StreamField, as their definitions tell.

Source: `get_prep_value` in wagtail/blocks/*.py. Rich text in a block is not told of: tags are found anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.apps import apps
from django.conf import settings as configured
from django.forms import ModelChoiceField

from fixtureflow.schema.model import BlockIds, canonical

__all__ = ["chosen", "ids_inside", "is_a"]

_CHOSEN = {
    "WAGTAILDOCS_DOCUMENT_MODEL": "wagtaildocs.Document",
    "WAGTAILIMAGES_IMAGE_MODEL": "wagtailimages.Image",
}
_UNKNOWN = BlockIds(id="*")


def chosen() -> dict[str, str]:
    """The models of Wagtail's that a project may put others in the place of, although they are not swappable."""
    if not apps.is_installed("wagtail"):
        return {}
    return {setting: canonical(getattr(configured, setting, label)) for setting, label in _CHOSEN.items()}


def ids_inside(field: Any) -> dict[str, Any]:
    """Of which models ids stand inside the values of a field, and how, as `Field` names them."""
    if is_a(field, "wagtail.fields.StreamField"):
        block = _block(field.stream_block)
        held = {*_html(), *_labels(block)}
        return {
            "holds_ids": ("*",) if "*" in held else tuple(sorted(held)),
            "ids_as": ("blocks", "tags"),
            "blocks": block,
        }
    if is_a(field, "wagtail.fields.RichTextField"):
        return {"holds_ids": _html(), "ids_as": ("tags",)}
    if is_a(field, "djangocms_text.fields.HTMLField"):
        return {"holds_ids": ("cms.cmsplugin",), "ids_as": ("tags",)}
    return {}


def _html() -> tuple[str, ...]:
    """The models of which tags in rich text name rows."""
    return (canonical(getattr(configured, "WAGTAIL_PAGE_MODEL", "wagtailcore.Page")), *chosen().values())


def is_a(thing: Any, name: str) -> bool:
    """Is it of a class of that dotted name, or of one made from it? The class is not imported for this."""
    return any(f"{kind.__module__}.{kind.__qualname__}" == name for kind in type(thing).__mro__)


def _block(block: Any, above: tuple[int, ...] = ()) -> BlockIds:
    """What ids a block holds; `above` are the blocks that it is in, by `id()`."""
    if id(block) in above:  # it holds itself
        return _UNKNOWN
    inner = (*above, id(block))
    if is_a(block, "wagtail.blocks.stream_block.BaseStreamBlock"):
        blocks = _named(block.child_blocks, inner)
        return BlockIds(stream=blocks) if any(_labels(*blocks.values())) else BlockIds()
    if is_a(block, "wagtail.blocks.struct_block.BaseStructBlock"):
        blocks = _named(block.child_blocks, inner)
        # What was an ImageChooserBlock before keeps its bare ids.
        bare = blocks["image"].id if is_a(block, "wagtail.images.blocks.ImageBlock") else None
        return BlockIds(id=bare, struct=blocks) if any(_labels(*blocks.values())) else BlockIds()
    if is_a(block, "wagtail.blocks.list_block.ListBlock"):
        child = _block(block.child_block, inner)
        return BlockIds(items=child) if any(_labels(child)) else BlockIds()
    if is_a(block, "wagtail.contrib.typed_table_block.blocks.BaseTypedTableBlock"):
        return _UNKNOWN if any(_labels(*_named(block.child_blocks, inner).values())) else BlockIds()
    return _value(block)


def _value(block: Any) -> BlockIds:
    """Of a block without blocks."""
    if is_a(block, "wagtail.blocks.field_block.ChooserBlock"):
        meta = getattr(block.model_class, "_meta", None)
        return BlockIds(id=meta.label_lower) if meta else BlockIds()
    if is_a(block, "wagtail.blocks.field_block.FieldBlock"):
        return _UNKNOWN if isinstance(vars(block).get("field"), ModelChoiceField) else BlockIds()
    return BlockIds() if is_a(block, "wagtail.blocks.static_block.StaticBlock") else _UNKNOWN


def _named(blocks: Mapping[str, Any], above: tuple[int, ...]) -> dict[str, BlockIds]:
    return {name: _block(block, above) for name, block in blocks.items()}


def _labels(*blocks: BlockIds) -> Iterator[str]:
    """The models of which ids stand in blocks."""
    for block in blocks:
        if block.id:
            yield block.id
        yield from _labels(*(block.stream or {}).values(), *(block.struct or {}).values(), *filter(None, [block.items]))
