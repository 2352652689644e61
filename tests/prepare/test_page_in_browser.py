"""The page as a real browser shows it: sorted and searched, wide and narrow, light and dark, and hostile to nobody."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys
from support.browser import Browser
from support.scratch import ScratchDatabases
from support.servers import UnavailableError

import fixtureflow as ff
from fixtureflow.schema.file import parse

HOSTILE = "</script><script>window.harmed=1</script><img src=http://127.0.0.1:1/ onerror=window.harmed=1>"
TEXTS = """
const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
const light = (colour) => channels(colour).slice(0, 3).map((c) => c / 255)
  .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
  .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
const opaque = (colour) => colour !== "none" && (channels(colour)[3] ?? 1) > 0;
const ground = (element) => {
  const box = element.getBoundingClientRect();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const under = [...(element.closest("g")?.querySelectorAll("rect") ?? [])].filter((rect) => {
    const r = rect.getBoundingClientRect();
    return r.left <= x && x <= r.right && r.top <= y && y <= r.bottom && opaque(getComputedStyle(rect).fill);
  });
  if (under.length) return getComputedStyle(under.at(-1)).fill;
  for (let up = element; up; up = up.parentElement) {
    const colour = getComputedStyle(up).backgroundColor;
    if (opaque(colour)) return colour;
  }
};
"""
CONTRASTS = (
    TEXTS
    + """
const found = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || !element.getClientRects().length || element.closest("title, script")) continue;
  const style = getComputedStyle(element);
  const colour = element instanceof SVGElement ? style.fill : style.color;
  found.push([walker.currentNode.data.trim(), contrast(colour, ground(element))]);
}
return found;
"""
)
BARS = (
    TEXTS
    + """
return [...document.querySelectorAll(".bar rect, .g-line, .g-border")].map((part) => {
  const style = getComputedStyle(part);
  const colour = style.stroke === "none" ? style.fill : style.stroke;
  return [part.getAttribute("class"), contrast(colour, ground(part.closest("svg")))];
});
"""
)
CUT = "return [...document.querySelectorAll('h1, p, li, td')].filter((e) => e.scrollWidth > innerWidth).length"
KINDS = {"new", "renumbered", "updated", "same", "remapped", "left-out", "rejected"}
COLUMN = """
return [...document.querySelectorAll(`#table-${arguments[0]} tbody tr`)]
  .filter((row) => !row.hidden).map((row) => row.cells[arguments[1]].textContent);
"""


def user(pk: int, name: str) -> dict[str, Any]:
    return {"model": "auth.user", "pk": pk, "fields": {"username": name, "password": "!", "groups": []}}


def label(pk: int, name: str) -> dict[str, Any]:
    return {"model": "articles.label", "pk": pk, "fields": {"name": name}}


def token(key: str, owner: int) -> dict[str, Any]:
    return {"model": "authtoken.token", "pk": key, "fields": {"user": owner, "created": "2024-01-01T00:00:00Z"}}


@pytest.fixture(scope="module")
def page(scratch_databases: ScratchDatabases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With records of each kind: user 1 is bob in the target, 2 is żółw, 3 is local; label 1 is local, 3 is news."""
    folder = tmp_path_factory.mktemp("page")
    records = [user(2, "bob"), user(1, "zed"), user(70, "ann"), user(3, "local"), user(71, "ann")]
    records += [token("a", 2), token("b", 1), token("c", 999), token("d", 71)]
    records += [label(n, f"l{n}") for n in range(1, 60)]
    records += [{"model": "auth.group", "pk": 5, "fields": {"name": "staff", "permissions": []}}]
    records += [{"model": "sites.site", "pk": 9, "fields": {"domain": "x.org", "name": "x"}}]
    (folder / "dump.json").write_text(json.dumps(records))
    target = scratch_databases.make("sqlite", "tokens", occupied=True)
    dump = ff.read(folder / "dump.json")
    return ff.prepare(dump, folder / "ready", target=target, exclude="sites", prefer="fixture:auth.group").page


def test_it_sorts_and_searches(browser: Browser, page: Path) -> None:
    browser.open(page)
    press = "document.querySelectorAll('#table-renumbered thead button')[arguments[0]].click()"
    heads = "return [...document.querySelectorAll('#table-renumbered thead th')].map((th) => th.ariaSort)"
    browser.run(press, 1)
    pks = browser.run(COLUMN, "renumbered", 1)
    assert len(pks) > 2
    assert pks == sorted(pks, key=int)
    assert browser.run(heads) == [None, "ascending", None, None, None]
    browser.run(press, 1)
    assert browser.run(COLUMN, "renumbered", 1) == pks[::-1]
    browser.run(press, 0)
    assert browser.run(heads)[:2] == ["ascending", None]

    search = browser.driver.find_element("id", "search")
    search.send_keys("TOKEN 999")
    assert browser.run(COLUMN, "rejected", 0) == ["authtoken.token"]
    assert browser.run(COLUMN, "models", 0) == []
    assert browser.run("return document.querySelector('.search output').textContent").startswith("1 of ")
    assert not browser.run("return document.querySelector('#renumbered details').open")
    search.send_keys(*[Keys.BACKSPACE] * len("TOKEN 999"))
    assert len(browser.run(COLUMN, "models", 0)) == 5
    assert browser.run("return document.querySelector('#renumbered details').open")
    assert browser.errors() == []


def test_the_keyboard_reaches_it(browser: Browser, page: Path) -> None:
    browser.open(page)
    head = browser.driver.find_element("css selector", "#table-models thead button")
    head.send_keys(Keys.ENTER)
    assert browser.run(COLUMN, "models", 0) == sorted(browser.run(COLUMN, "models", 0))
    head.send_keys(Keys.SPACE)
    assert browser.run("return document.querySelector('#table-models th').ariaSort") == "descending"
    named = browser.run(
        "return [...document.querySelectorAll('input, [tabindex], table, svg[role]')].map((one) => "
        "one.ariaLabel || one.labels?.[0]?.textContent)"
    )
    assert all(named)


def test_it_asks_for_nothing_and_complains_of_nothing(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.run("return document.fonts.ready.then(() => 0)")
    assert browser.requests() == [page.resolve().as_uri()]
    assert browser.errors() == []
    assert browser.run("return fetch('http://127.0.0.1:1/').then(() => 'there', (error) => error.name)") == "TypeError"
    assert any("Content Security Policy" in line for line in browser.errors())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_legible_on_each_screen(browser: Browser, page: Path, tmp_path: Path, scheme: str) -> None:
    for width in (1280, 360):
        browser.open(page, width=width, scheme=scheme)
        browser.run("for (const one of document.querySelectorAll('details')) one.open = true")
        browser.screenshot(tmp_path / f"{scheme}-{width}.png")
        assert browser.run("return document.documentElement.scrollWidth") <= width
        assert browser.run(
            "return [...document.querySelectorAll('h1, p, li, td')].every((e) => e.scrollWidth <= innerWidth)"
        )
        assert [pair for pair in browser.run(CONTRASTS) if pair[1] < 4.5] == []
        parts = browser.run(BARS)
        assert {"new", "renumbered", "updated", "same", "remapped", "left-out", "rejected"} <= {
            name for name, _ in parts
        }
        assert [pair for pair in parts if pair[1] < 3] == []


def test_the_dark_one_is_dark(browser: Browser, page: Path) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        browser.open(page, scheme=scheme)
        grounds.append(browser.run(TEXTS + "return light(getComputedStyle(document.body).backgroundColor)"))
    assert grounds[0] > 0.9
    assert grounds[1] < 0.1


def test_without_scripts_it_can_be_read(browser: Browser, page: Path) -> None:
    browser.open(page, scripts=False)
    driver = browser.driver
    assert not driver.find_element("id", "search").is_displayed()
    assert driver.find_element("css selector", "#table-models tbody th").is_displayed()
    assert "refers to auth.user" in driver.find_element("id", "rejected").text
    assert driver.find_elements("css selector", "#table-rejected thead button") == []


def test_what_is_hostile_stays_text(browser: Browser, scratch_databases: ScratchDatabases, tmp_path: Path) -> None:
    target = scratch_databases.make("sqlite", "tokens", occupied=True)
    name = HOSTILE.replace("/", "-")  # of a file
    connection = sqlite3.connect(target.removeprefix("sqlite:///"))
    connection.executescript(f"""
        CREATE TABLE shop_item (id INTEGER PRIMARY KEY AUTOINCREMENT, "{HOSTILE}" TEXT, code TEXT, size TEXT);
        CREATE UNIQUE INDEX "{HOSTILE} 1" ON shop_item (code);
        CREATE UNIQUE INDEX "{HOSTILE} 2" ON shop_item (size);
        INSERT INTO shop_item VALUES (1, 'x', 'c', 's'), (2, 'x', 'd', 't');
    """)
    connection.close()
    fields = {HOSTILE: {"type": "text"}, "code": {"type": "text"}, "size": {"type": "text"}}
    models = {"shop.item": {"table": "shop_item", "pk": ["id"], "fields": {"id": {"type": "integer"}, **fields}}}
    schema = parse(json.dumps({"models": models}).encode(), name="schema")
    records = [
        {"model": "shop.item", "pk": 1, "fields": {HOSTILE: "y", "code": "c", "size": "s"}},
        {"model": "shop.item", "pk": 3, "fields": {HOSTILE: "y", "code": "c", "size": "t"}},
        token(HOSTILE, 999),
        token("\ud800\n\x07", 1),
        token("y" * 500, 998),
        {"model": "articles.comment", "pk": 1, "fields": {"article": [HOSTILE], "text": "", "likes": []}},
    ]
    (tmp_path / f"{name}.json").write_text(json.dumps(records))
    dump = ff.read(tmp_path / f"{name}.json")
    folder = tmp_path / name
    browser.open(ff.prepare(dump, folder, target=target, schema=schema, show_values=True).page)
    shown = browser.run("return document.body.textContent")
    assert shown.count("window.harmed") >= 8
    assert browser.run("return [document.scripts.length, document.images.length, window.harmed]") == [1, 0, None]
    assert browser.errors() == []
    assert len(browser.requests()) == 1
    for width in (360, 800, 1280):
        browser.show(width=width)
        assert browser.run("return document.documentElement.scrollWidth") <= width
        assert browser.run(CUT) == 0
    browser.run("document.body.append(Object.assign(document.createElement('script'), {textContent: 'harmed = 1'}))")
    browser.run("document.body.insertAdjacentHTML('beforeend', '<b onclick=\"harmed = 1\">x</b>')")
    browser.run("document.querySelector('b[onclick]').click()")
    assert browser.run("return window.harmed") is None


def test_a_browser_that_is_not_there_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnavailableError, match="no chromium on the path"):
        Browser()
