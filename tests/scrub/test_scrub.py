"""Pseudonyms in the place of values; by example, and as laws."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from running import run_here

import fixtureflow as ff
from fixtureflow.schema.file import parse
from fixtureflow.scrubbing.pseudonyms import KINDS, pseudonym
from fixtureflow.scrubbing.rules import Rules, RuleSet, preset_names

KEY = b"0123456789abcdef"
SCHEMA = parse(
    b"""
[models."auth.user"]
fields = {username = {type = "text"}, email = {type = "text"}}
[models."shop.client"]
uniques = [{fields = ["code"]}]
[models."shop.client".fields]
mail = {type = "text", max_length = 20}
code = {type = "text", max_length = 3}
user = {relation = {kind = "fk", to = "auth.user"}}
[models."shop.order".fields]
token = {relation = {kind = "fk", to = "authtoken.token"}}
by = {relation = {kind = "fk", to = "shop.client"}}
[models."shop.seal"]
pk = ["token"]
fields = {token = {relation = {kind = "o2o", to = "authtoken.token"}}}
[models."shop.watch"]
generic_keys = [{content_type = "content_type", object_id = "object_id"}]
[models."shop.watch".fields]
content_type = {relation = {kind = "fk", to = "contenttypes.contenttype"}}
users = {relation = {kind = "m2m", to = "auth.user"}}
""",
    "toml",
)


def record(model: str, pk: Any, /, **fields: Any) -> dict[str, Any]:
    return {"model": model, "pk": pk, "fields": fields}


def scrubbed(*records: dict[str, Any], schema: Any = SCHEMA, **options: Any) -> tuple[list[Any], ff.Scrubbed]:
    out = io.BytesIO()
    text = io.BytesIO(json.dumps(records).encode())
    found = ff.scrub(ff.read(text), schema, **{"key": KEY} | options)
    ff.write(found, out)
    return json.loads(out.getvalue()), found


@pytest.mark.parametrize("kind", KINDS)
@given(value=st.text(min_size=1, max_size=60), longest=st.sampled_from([0, 1, 3, 12, 16, 30, 150]))
@example(value="Bob", longest=0)
@example(value="2f9b1c3d-0000-4000-8000-000000000000", longest=0)
@example(value="0123456789abcdef0123456789abcdef01234567", longest=0)
@example(value="::1", longest=0)
def test_a_pseudonym_is_the_same_each_time_fits_and_has_the_looks_of_its_kind(
    kind: str, value: str, longest: int
) -> None:
    one = pseudonym(KEY, kind, value, longest)
    assert one == pseudonym(KEY, kind, value, longest)
    if kind not in ("uuid", "ip") and not (kind == "token" and "-" in value):
        assert len(one.text) <= (longest or 255)
    if one.bits > 64 and longest == 0:
        assert one.text != pseudonym(b"another key, too", kind, value, longest).text
        # Kept apart where case does not matter.
        assert one.text.lower() != pseudonym(KEY, kind, value + "x", longest).text.lower()
    looks = {
        "email": r"[a-z0-9]{16}@example\.com",
        "username": r"user_[a-z0-9]{16}",
        "phone": r"\+999[0-9]{11}",
        "password": r"![a-z0-9]{40}",
        "first_name": r"[A-Z][a-z]{9}",
        "name": r"[A-Z][a-z]{9} [A-Z][a-z]{9}",
        "uuid": r"[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}",
        "url": r"https://example\.com/[a-z0-9]{16}",
        "ip": r"10(\.[0-9]{1,3}){3}|fd[0-9a-f:]+",
    }
    if kind in looks and not longest:
        assert re.fullmatch(looks[kind], one.text), one


def test_ten_thousand_values_have_as_many_pseudonyms() -> None:
    for kind in ("email", "username", "name"):
        made = {pseudonym(KEY, kind, f"value {n}").text.lower() for n in range(10_000)}
        assert len(made) == 10_000, kind


def test_tokens_keep_their_alphabet_and_length() -> None:
    for token, looks in (("0a1b2c3d4e5f", r"[0-9a-f]{12}"), ("123456", r"[0-9]{6}"), ("aZ_9.x", r"[a-z0-9]{6}")):
        assert re.fullmatch(looks, pseudonym(KEY, "token", token).text)


def test_what_was_joined_stays_joined() -> None:
    (user, client), found = scrubbed(
        record("auth.user", 1, username="bob", email="bob@x.org", password="", first_name=None),
        record("shop.client", 1, mail="bob@x.org", user=["bob"]),
        preset="auth",
        rule={"shop.client.mail": "email"},
        schema=parse(
            b'{"models": {"shop.client": {"fields": {"user": {"relation": {"kind": "fk", "to": "auth.user"}}}}}}'
        ),
    )
    assert user["fields"]["email"] == client["fields"]["mail"] != "bob@x.org"
    assert client["fields"]["user"] == [user["fields"]["username"]]
    assert user["fields"]["password"] == "" and user["fields"]["first_name"] is None
    assert dict(found.scrubbed) == {("auth.user", "username"): 1, ("auth.user", "email"): 1, ("shop.client", "mail"): 1}
    assert dict(found.followed) == {("shop.client", "user"): 1}


def test_a_pseudonym_that_does_not_fit_is_cut_and_stays_one() -> None:
    (client,), _ = scrubbed(record("shop.client", 1, mail="bob@x.org"), rule="shop.client.mail=email")
    assert re.fullmatch(r"[a-z0-9]{8}@example\.com", client["fields"]["mail"])


def test_two_values_never_become_one_where_they_are_to_be_unique() -> None:
    clients = [record("shop.client", n, code=f"{n:03}") for n in range(400)]
    with pytest.raises(ff.InputError, match="two values would have the text"):
        scrubbed(*clients, rule={"shop.client.code": "text"})
    assert len(scrubbed(*clients[:2], rule={"shop.client.code": "text"})[0]) == 2


def test_references_to_a_scrubbed_primary_key_follow() -> None:
    (kind, token, order, seal, watch, other), found = scrubbed(
        record("contenttypes.contenttype", 7, app_label="authtoken", model="token"),
        record("authtoken.token", "abc123", user=1),
        record("shop.order", 1, token="abc123", by=5),
        record("shop.seal", "abc123"),
        record("shop.watch", 1, content_type=7, object_id="abc123", users=[1]),
        record("shop.watch", 2, content_type=["auth", "user"], object_id="abc123", users=[["bob"], 2]),
        preset=["authtoken", "auth"],
    )
    assert token["pk"] != "abc123" and re.fullmatch("[0-9a-f]{6}", token["pk"])
    assert order["fields"] == {"token": token["pk"], "by": 5}
    assert seal["pk"] == token["pk"] == watch["fields"]["object_id"]
    assert other["fields"]["object_id"] == "abc123" and kind["pk"] == 7
    assert other["fields"]["users"] == [[pseudonym(KEY, "username", "bob").text], 2]
    assert found.scrubbed["authtoken.token", "key"] == 1 and found.followed["shop.order", "token"] == 1


def test_texts_within_json_are_scrubbed_and_numbers_stay() -> None:
    (one,), _ = scrubbed(record("x.y", 1, data={"name": "Bob Lee", "n": [1, 2.5, None, "x"]}), rule="x.y.data=text")
    data = one["fields"]["data"]
    assert data["n"][:3] == [1, 2.5, None] and len(data["name"]) == 7 and data["name"] != "Bob Lee"


def test_within_json_all_other_bytes_stay() -> None:
    deep = "[" * 3000 + "]" * 3000
    data = r'{"Bob" : [1E400,NaN,1.10, "\u0042ob",  "Bob"],"": "", "deep": ' + deep + "}"
    before = f'[{{"model": "x.y", "pk": 1, "fields": {{"data": {data}, "other": "Bob"}}}}]'
    out = io.BytesIO()
    ff.write(ff.scrub(ff.read(io.BytesIO(before.encode())), rule="x.y.data=text", key=KEY), out)
    bob = pseudonym(KEY, "text", "Bob").text
    assert out.getvalue().decode() == before.replace(r'"\u0042ob",  "Bob"', f'"{bob}",  "{bob}"')


def test_texts_in_an_array_are_scrubbed_one_by_one() -> None:
    """It stands in a fixture as JSON within a text."""
    schema = parse(b'{"models": {"x.y": {"fields": {"mails": {"type": "array"}}}}}')
    before = json.dumps(["a@b.example", None, "a@b.example"])
    (one,), _ = scrubbed(record("x.y", 1, mails=before), schema=schema, rule="x.y.mails=email")
    mail = pseudonym(KEY, "email", "a@b.example").text
    assert json.loads(one["fields"]["mails"]) == [mail, None, mail]


def test_other_kinds() -> None:
    rules = {
        "x.y.a": "null",
        "x.y.b": "empty",
        "x.y.c": "fixed:secret",
        "x.y.d": "keep",
        "x.y.*": "text",
        "x.y.n": "phone",
    }
    (one,), _ = scrubbed(record("x.y", 1, a="a", b="b", c="c", d="d", e="e", n=4915112345), rule=rules)
    fields = one["fields"]
    assert (fields["a"], fields["b"], fields["c"], fields["d"]) == (None, "", "secret", "d")
    assert fields["e"] != "e" and len(str(fields["n"])) == 10 and fields["n"] != 4915112345


def test_a_value_that_no_pseudonym_stands_for_is_told() -> None:
    with pytest.raises(ff.InputError, match=r"x.y, field n: 1.5 is no text, so no email stands for it"):
        scrubbed(record("x.y", 1, n=1.5), rule="x.y.n=email")


def test_a_kind_that_cannot_be_is_refused() -> None:
    with pytest.raises(ff.UsageError, match=r"shop.client.code is unique"):
        scrubbed(record("shop.client", 1, code="a"), rule="shop.client.code=fixed:x")
    with pytest.raises(ff.UsageError, match=r"is a reference; name the field of auth.user"):
        scrubbed(record("shop.client", 1, user=1), rule="shop.client.user=username")


def test_a_glob_leaves_alone_what_is_no_text() -> None:
    schema = parse(
        b"""
[models."x.y".fields]
price = {type = "decimal"}
day = {type = "date"}
user = {relation = {kind = "fk", to = "auth.user"}}
note = {type = "text"}
""",
        "toml",
    )
    fields = {"price": "1.50", "day": "2024-02-29", "user": 7, "note": "Bob", "flag": True, "n": 2.5}
    (one,), _ = scrubbed(record("x.y", 1, **fields), rule={"x.y.*": "text"}, schema=schema)
    assert one["fields"].pop("note") != fields.pop("note") and one["fields"] == fields
    with pytest.raises(ff.UsageError, match=r"x.y.price is no text but decimal; take the kind null, or keep"):
        scrubbed(record("x.y", 1, **fields), rule={"x.y.price": "text"}, schema=schema)


def test_what_is_not_covered_is_told() -> None:
    _, found = scrubbed(
        record("auth.user", 1, username="bob", email="bob@x.org"),
        record(
            "blog.post", 1, text="write to Bob@X.org or ann@y.org", data={"by": "bob@x.org"}, home_phone="+1", born=1
        ),
        record("blog.post", 2, text="me@example.org", data={}, home_phone="", born=1),
        preset="auth",
    )
    assert dict(found.addresses) == {("blog.post", "text"): 2, ("blog.post", "data"): 1}
    assert +found.leaks == {("blog.post", "text"): 1, ("blog.post", "data"): 1}
    assert dict(found.personal) == {("blog.post", "home_phone"): 1}
    assert found.unknown == ["blog.post"]


def test_natural_keys_that_nobody_knows_as_such_are_told() -> None:
    (_, post, _), found = scrubbed(
        record("auth.user", 1, username="bob"),
        record("blog.post", 1, author=["bob"], readers=[["ann"], ["bob"]], tags=["bo", "bob"], n=[]),
        record("blog.post", 2, author=["ann"], readers=[], tags=[1], n=[{}]),
        preset="auth",
    )
    assert post["fields"]["author"] == ["bob"]
    assert +found.kept_keys == {("blog.post", "author"): 1, ("blog.post", "readers"): 1}


def test_other_bytes_stay() -> None:
    text = (
        b'[\n{"pk": 1, "model": "x.y", "fields": {"a": "\\u0061", "b": 1.0e0, "n": NaN, "email": "a@b.c"}},\n\n'
        b'  {"model":"x.y","pk":2,"fields":{"email":null,"a":"\\/"}} , {"model": "x.z", "pk": 1}]\n'
    )
    out = io.BytesIO()
    ff.write(ff.scrub(ff.read(io.BytesIO(text)), SCHEMA, rule="x.y.email=email", key=KEY), out)
    made = pseudonym(KEY, "email", "a@b.c").text.encode()
    assert out.getvalue().replace(made, b"a@b.c").strip() == text.strip()


def test_the_same_key_makes_the_same_and_another_run_without_one_does_not(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(KEY + b"\n")
    (tmp_path / "a.json").write_text(json.dumps([record("auth.user", 1, username="bob")]))
    call = ["scrub", "--preset", "auth", "a.json"]
    first, again = (run_here(*call, "--key-file", "key", cwd=tmp_path) for _ in range(2))
    assert first.out == again.out and pseudonym(KEY, "username", "bob").text.encode() in first.out
    assert run_here(*call, cwd=tmp_path).out != run_here(*call, cwd=tmp_path).out
    assert "no key was given" in run_here(*call, cwd=tmp_path).said[-2]


def test_the_key_may_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIXTUREFLOW_SCRUB_KEY", KEY.decode())
    (user,), found = scrubbed(record("auth.user", 1, username="bob"), preset="auth", key=None)
    assert user["fields"]["username"] == pseudonym(KEY, "username", "bob").text and not found.key_was_made


def test_rules_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text('preset = ["auth"]\n[rule]\n"auth.user.username" = "keep"\n"x.y.z" = "text"\n')
    user = record("auth.user", 1, username="bob", email="bob@x.org", note="bob@x.org")
    (after,), found = scrubbed(user, rules=tmp_path / "rules.toml")
    assert after["fields"]["username"] == "bob" and after["fields"]["email"] != "bob@x.org"
    assert found.unmatched == ["--rule x.y.z=text"]
    (after,), _ = scrubbed(user, rules=tmp_path / "rules.toml", rule={"auth.user.username": "token"})
    assert after["fields"]["username"] != "bob"


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ([], 2, "nothing to scrub; name presets"),
        (["--rule", "a.b.c=emial"], 2, "a.b.c=emial: there is no such kind; did you mean email?"),
        (["--rule", "a.b=email"], 2, "'a.b' names no field"),
        (["--preset", "auht"], 2, "--preset auht: there is no such preset; did you mean auth?"),
        (["--preset", "auth", "--key-file", "none"], 1, "none: No such file or directory"),
        (["--preset", "auth", "--key-file", "short"], 2, "the key has 3 bytes, fewer than 16"),
    ],
)
def test_a_wrong_call_is_told(options: list[str], code: int, said: str, tmp_path: Path) -> None:
    (tmp_path / "short").write_text("abc")
    done = run_here("scrub", *options, stdin=b"[]", cwd=tmp_path)
    assert done.code == code and done.error.startswith(said)


FIELDS = """
import json, introspect
introspect.set_up()
from django.apps import apps
print(json.dumps({m._meta.label_lower: {
    f.name: f.max_length for f in m._meta.local_fields} for m in apps.get_models()}))
"""


def test_presets_name_fields_that_there_are_and_pseudonyms_fit_them() -> None:
    folder = Path(__file__).parents[1] / "schema"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", FIELDS], cwd=folder, capture_output=True, check=True)
    models = json.loads(done.stdout)
    rules = RuleSet(Rules(preset=preset_names()))
    fields = [(label, name, size) for label, found in models.items() for name, size in found.items()]
    for rule in rules.all:
        app = rule.pattern.text.partition(".")[0]
        if not any(label.startswith(f"{app}.") for label in models):
            continue  # not installed
        sizes = [size for label, name, size in fields if rule.pattern.matches(label, name)]
        assert sizes, rule
        value = "a" * min(size for size in [*sizes, 40] if size)
        assert all(not size or len(pseudonym(KEY, rule.kind, value).text) <= size for size in sizes), rule
