"""Ids inside text and JSON follow the rows that they mean, and nothing else of the text changes."""

from __future__ import annotations

import io
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

import fixtureflow as ff
from fixtureflow.schema.model import BlockIds, Field, Model, Relation, Schema

TYPES = """INSERT INTO django_content_type VALUES
  (40, 'wagtailcore', 'page'), (41, 'auth', 'user'), (42, 'shop', 'item'), (43, 'shop', 'photo')"""
TABLES = f"""
CREATE TABLE django_content_type (id integer PRIMARY KEY, app_label text, model text, UNIQUE (app_label, model));
{TYPES};
CREATE TABLE auth_user (id integer PRIMARY KEY, username text NOT NULL UNIQUE);
INSERT INTO auth_user VALUES (7, 'bob');
CREATE TABLE shop_item (id integer PRIMARY KEY, code text NOT NULL UNIQUE, owner_id integer REFERENCES auth_user,
  body text);
INSERT INTO shop_item VALUES (1, 'theirs', NULL, '');
CREATE TABLE shop_photo (id integer PRIMARY KEY, item_id integer REFERENCES shop_item, sort_order integer);
INSERT INTO shop_photo VALUES (1, 1, 1), (2, 1, 2);
CREATE TABLE reversion_revision (id integer PRIMARY KEY, user_id integer REFERENCES auth_user);
CREATE TABLE reversion_version (id integer PRIMARY KEY, object_id text NOT NULL, db text NOT NULL,
  serialized_data text NOT NULL, content_type_id integer NOT NULL REFERENCES django_content_type,
  revision_id integer NOT NULL REFERENCES reversion_revision, UNIQUE (db, content_type_id, object_id, revision_id));
CREATE TABLE wagtailimages_image (id integer PRIMARY KEY, title text NOT NULL);
INSERT INTO wagtailimages_image VALUES (1, 'theirs');
CREATE TABLE wagtailcore_revision (id integer PRIMARY KEY, object_id text NOT NULL, content text NOT NULL,
  content_type_id integer NOT NULL REFERENCES django_content_type,
  base_content_type_id integer NOT NULL REFERENCES django_content_type, user_id integer REFERENCES auth_user);
CREATE TABLE cms_cmsplugin (id integer PRIMARY KEY, plugin_type text NOT NULL, language text NOT NULL);
INSERT INTO cms_cmsplugin VALUES (1, 'LinkPlugin', 'de');
CREATE TABLE djangocms_text_text (cmsplugin_ptr_id integer PRIMARY KEY REFERENCES cms_cmsplugin, body text NOT NULL);
"""
BOB = {"model": "auth.user", "pk": 1, "fields": {"username": "bob"}}
ITEM_TYPE = {"model": "contenttypes.contenttype", "pk": 3, "fields": {"app_label": "shop", "model": "item"}}


@pytest.fixture
def target(tmp_path: Path) -> str:
    path = tmp_path / "target.sqlite3"
    with sqlite3.connect(path) as database:
        database.executescript(TABLES)
    database.close()
    return str(path)


def item(pk: int, code: str, owner: int, body: Any = "") -> dict[str, Any]:
    return {"model": "shop.item", "pk": pk, "fields": {"code": code, "owner": owner, "body": body}}


def version(serialized: str) -> dict[str, Any]:
    fields = {"revision": 1, "object_id": "1", "content_type": 3, "db": "default", "serialized_data": serialized}
    return {"model": "reversion.version", "pk": 1, "fields": fields}


def matched(target: str, *records: dict[str, Any], schema: Schema | None = None) -> tuple[dict[str, Any], list[str]]:
    dump = json.dumps(records, ensure_ascii=False).encode()
    found = ff.filter(ff.read(io.BytesIO(dump)), target=target, renumber=True, schema=schema)
    return {record.model: record.value() for record in found}, found.messages()


def test_a_version_of_reversion_is_a_fixture_in_itself(target: str) -> None:
    inner = '[{"model": "shop.item", "pk": 1, "fields": {"code": "\\u00c9", "owner": 1, "price": 1.50, "other": 1}}]'
    records, messages = matched(
        target,
        ITEM_TYPE,
        BOB,
        item(1, "ours", 1),
        {"model": "reversion.revision", "pk": 1, "fields": {"user": 1}},
        version(inner),
    )
    assert records["shop.item"]["pk"] == 2
    fields = records["reversion.version"]["fields"]
    assert (fields["content_type"], fields["object_id"]) == (42, "2")
    assert fields["serialized_data"] == inner.replace('"pk": 1', '"pk": 2').replace('"owner": 1', '"owner": 7')
    assert "rewritten inside: reversion.version.serialized_data: 2 ids" in messages
    assert not any("not rewritten" in line for line in messages)


def test_tags_within_a_version_of_reversion(target: str) -> None:
    plugin = {"model": "cms.cmsplugin", "pk": 1, "fields": {"plugin_type": "TextPlugin", "language": "en"}}
    body = '<p>1 <cms-plugin id="1" title="1"></cms-plugin></p>'
    inner = [{"model": "djangocms_text.text", "pk": 1, "fields": {"body": body}}]
    records, messages = matched(
        target,
        ITEM_TYPE,
        BOB,
        plugin,
        {"model": "djangocms_text.text", "pk": 1, "fields": {"body": ""}},
        {"model": "reversion.revision", "pk": 1, "fields": {"user": 1}},
        version(json.dumps(inner)),
    )
    assert records["cms.cmsplugin"]["pk"] == 2
    inner[0] |= {"pk": 2, "fields": {"body": body.replace('id="1"', 'id="2"')}}
    assert json.loads(records["reversion.version"]["fields"]["serialized_data"]) == inner
    assert not any("not rewritten" in line for line in messages)


@pytest.mark.parametrize("text", ["<xml/>", "", "[1]", '{"pk": 1}', "[{]"])
def test_what_is_no_fixture_stays_and_is_named(target: str, text: str) -> None:
    records, messages = matched(
        target,
        ITEM_TYPE,
        BOB,
        item(1, "ours", 1),
        {"model": "reversion.revision", "pk": 1, "fields": {"user": 1}},
        version(text),
    )
    assert records["reversion.version"]["fields"]["serialized_data"] == text
    named = any("not rewritten: reversion.version.serialized_data of 1 record " in line for line in messages)
    assert named == bool(text)


def test_a_revision_of_wagtail_holds_the_fields_of_a_row_by_name(target: str) -> None:
    content = {"pk": 1, "code": "É", "owner": 1, "other": 1, "body": '<embed embedtype="image" id="1" alt="1"/>'}
    image = {"model": "wagtailimages.image", "pk": 1, "fields": {"title": "ours"}}
    fields = {"content_type": 3, "base_content_type": 3, "object_id": "1", "user": 1, "content": content}
    revision = {"model": "wagtailcore.revision", "pk": 1, "fields": fields}
    records, messages = matched(target, ITEM_TYPE, BOB, item(1, "ours", 1), image, revision)
    assert records["wagtailimages.image"]["pk"] == records["shop.item"]["pk"] == 2
    turned = {"pk": 2, "owner": 7, "body": '<embed embedtype="image" id="2" alt="1"/>'}
    ids = {"content_type": 42, "base_content_type": 42, "object_id": "2", "user": 7}
    assert records["wagtailcore.revision"]["fields"] == {**ids, "content": {**content, **turned}}
    assert "rewritten inside: wagtailcore.revision.content: 3 ids" in messages
    assert not any("not rewritten" in line for line in messages)


def photo(pk: int | None, item: int = 1) -> dict[str, Any]:
    return {"pk": pk, "item": item, "people": [1, 2], "sort_order": 1}


def test_child_rows_of_a_revision_follow_where_a_schema_tells_of_them(target: str) -> None:
    """A child row that was deleted is a new one, where its number is another's; so it is where it has none yet."""
    content = {"pk": 1, "photos": [photo(1), photo(None), photo(2), photo(5)]}
    fields = {"content_type": 3, "base_content_type": 3, "object_id": "1", "user": 1, "content": content}
    dumped_photo = {"model": "shop.photo", "pk": 1, "fields": {"item": 1, "sort_order": 1}}
    revision = {"model": "wagtailcore.revision", "pk": 1, "fields": fields}
    dumped = [ITEM_TYPE, BOB, item(1, "ours", 1), dumped_photo, revision]
    _, messages = matched(target, *dumped)
    line = "not rewritten: wagtailcore.revision.content of 1 record may hold more ids of auth.user, shop.item"
    assert any(each.startswith(line) for each in messages)

    to_item = Field(column="item_id", relation=Relation(kind="fk", to="shop.item", rows_as="photos"))
    people = Field(column="", relation=Relation(kind="m2m", to="auth.user", through="shop.person", auto_through=False))
    photos = Model(label="shop.photo", table="shop_photo", pk=("id",), fields={"item": to_item, "people": people})
    records, messages = matched(target, *dumped, schema=Schema.of([photos]))
    assert records["shop.photo"] == {"model": "shop.photo", "pk": 6, "fields": {"item": 2, "sort_order": 1}}
    turned = [photo(pk, 2) | {"people": [7, 2]} for pk in (6, None, None, 5)]
    assert records["wagtailcore.revision"]["fields"]["content"] == {"pk": 2, "photos": turned}
    assert not any("not rewritten" in line for line in messages)

    dumped.remove(dumped_photo)
    records, messages = matched(target, *dumped, schema=Schema.of([photos]))
    turned[0]["pk"] = None
    assert records["wagtailcore.revision"]["fields"]["content"] == {"pk": 2, "photos": turned}
    assert not any("shop.photo" in line for line in messages)


def test_tags_name_rows_of_the_model_that_a_project_has_chosen(target: str) -> None:
    """Where nobody tells, and the dump has no images of Wagtail's own, they are another model's."""
    images = {"model": "shop.photo", "pk": 1, "fields": {"sort_order": 1}}
    html = '<embed embedtype="image" id="1"/>'
    fields = {"content_type": 3, "base_content_type": 3, "object_id": "1", "content": {"pk": 1, "body": html}}
    revision = {"model": "wagtailcore.revision", "pk": 1, "fields": fields}
    records, messages = matched(target, ITEM_TYPE, BOB, item(1, "ours", 1), images, revision)
    assert records["wagtailcore.revision"]["fields"]["content"]["body"] == html
    assert any("wagtailcore.revision.content of 1 record may hold more ids" in line for line in messages)

    schema = Schema.of([], settings={"WAGTAILIMAGES_IMAGE_MODEL": "shop.photo"})
    records, messages = matched(target, ITEM_TYPE, BOB, item(1, "ours", 1), images, revision, schema=schema)
    assert records["wagtailcore.revision"]["fields"]["content"]["body"] == html.replace("1", "3")
    assert not any("not rewritten" in line for line in messages)


IMAGE = BlockIds(id="wagtailimages.image")
BODY = BlockIds(
    stream={
        "heading": BlockIds(),
        "image": IMAGE,
        "figure": BlockIds(id=IMAGE.id, struct={"image": IMAGE, "alt": BlockIds()}),
        "list": BlockIds(items=IMAGE),
        "custom": BlockIds(id="*"),
    }
)


def with_body(*blocks: Any, text: str | None = None) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any], Schema]:
    """An image that is moved from 1 to 2, and one that stays; an item with a StreamField; the schema of that."""
    images = [{"model": "wagtailimages.image", "pk": pk, "fields": {"title": "ours"}} for pk in (9, 1)]
    body = Field(holds_ids=("wagtailimages.image",), ids_as=("blocks", "tags"), blocks=BODY)
    schema = Schema.of([Model(label="shop.item", table="shop_item", pk=("id",), fields={"body": body})])
    return *images, item(3, "ours", 1, json.dumps(blocks) if text is None else text), schema


def block(kind: str, value: Any) -> dict[str, Any]:
    return {"type": kind, "value": value, "id": "1"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (block("image", 1), block("image", 10)),
        (block("image", None), block("image", None)),
        (block("image", 9), block("image", 9)),
        (block("heading", 1), block("heading", 1)),
        (block("figure", {"image": 1, "alt": "1"}), block("figure", {"image": 10, "alt": "1"})),
        (block("figure", 1), block("figure", 10)),
        (block("list", [block("item", 1), block("item", 9)]), block("list", [block("item", 10), block("item", 9)])),
        (block("list", [1, 9]), block("list", [10, 9])),
    ],
)
def test_ids_in_blocks_follow_where_the_schema_has_their_definitions(target: str, before: Any, after: Any) -> None:
    *dumped, schema = with_body(block("heading", "É"), before)
    records, messages = matched(target, BOB, *dumped, schema=schema)
    assert records["shop.item"]["fields"]["body"] == json.dumps([block("heading", "É"), after])
    assert not any("not rewritten" in line for line in messages)


@pytest.mark.parametrize(
    "odd",
    [
        block("picture", 1),
        block("custom", 1),
        block("image", True),
        block("image", [1]),
        block("list", 1),
        block("list", {"image": 1}),
        block("figure", {"image": 9, "other": 1}),
        {"value": 1},
        1,
    ],
)
def test_what_does_not_fit_the_definition_of_a_block_stays_and_is_named(target: str, odd: Any) -> None:
    *dumped, schema = with_body(odd, block("image", 1))
    records, messages = matched(target, BOB, *dumped, schema=schema)
    assert records["shop.item"]["fields"]["body"] == json.dumps([odd, block("image", 10)])
    line = "not rewritten: shop.item.body of 1 record may hold more ids of wagtailimages.image inside"
    assert line in messages


@pytest.mark.parametrize("text", ["a plain text", "{}x", '{"type": "image", "value": 1}'])
def test_what_holds_no_blocks_stays_and_is_named(target: str, text: str) -> None:
    *dumped, schema = with_body(text=text)
    records, messages = matched(target, BOB, *dumped, schema=schema)
    assert records["shop.item"]["fields"]["body"] == text
    assert "not rewritten: shop.item.body of 1 record may hold ids of wagtailimages.image inside" in messages


def test_all_else_in_a_text_stays_byte_for_byte(target: str) -> None:
    text = '[{"type":"heading" ,"value":"\\u0041\\/é"},\n {"id": "\\ud83c\\udf89", "value": 1, "type": "image"} ]'
    *dumped, schema = with_body(text=text)
    records, _ = matched(target, BOB, *dumped, schema=schema)
    assert records["shop.item"]["fields"]["body"] == text.replace('"value": 1', '"value": 10')


def test_a_free_pk_is_past_those_that_blocks_still_name(target: str) -> None:
    *dumped, schema = with_body(block("image", 1), block("image", 30))
    records, _ = matched(target, BOB, *dumped, schema=schema)
    assert records["wagtailimages.image"]["pk"] == 31
    assert records["shop.item"]["fields"]["body"] == json.dumps([block("image", 31), block("image", 30)])


def test_an_id_that_is_no_number_of_a_row_stays(target: str) -> None:
    plugin = {"model": "cms.cmsplugin", "pk": 1, "fields": {"plugin_type": "TextPlugin", "language": "en"}}
    html = "".join(f'<cms-plugin id="{pk}"></cms-plugin>' for pk in ("007", "9" * 5_000, "40"))
    records, _ = matched(target, plugin, {"model": "djangocms_text.text", "pk": 1, "fields": {"body": html}})
    assert records["djangocms_text.text"]["fields"]["body"] == html
    assert records["cms.cmsplugin"]["pk"] == 41


def test_plugins_within_a_text_of_django_cms(target: str) -> None:
    plugin = {"model": "cms.cmsplugin", "pk": 1, "fields": {"plugin_type": "TextPlugin", "language": "en"}}
    html = '<p id="1">É &lt;</p><cms-plugin alt="1" id="1"></cms-plugin><a linktype="page" id="1">'
    text = {"model": "djangocms_text.text", "pk": 1, "fields": {"body": html}}
    records, messages = matched(target, plugin, text)
    assert records["djangocms_text.text"]["pk"] == 2
    assert records["djangocms_text.text"]["fields"]["body"] == html.replace('alt="1" id="1"', 'alt="1" id="2"')
    assert messages[-1] == "rewritten inside: djangocms_text.text.body: 1 id"
