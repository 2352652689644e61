"""Generated fixtures that try a reader: look-alike seams, odd spellings, any white space."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

LOOK_ALIKES = (
    '}, {"model":',
    '"}, {"model": "auth.user"',
    "}]",
    "},\n{",
    '\\"}, {\\"',
    "[{",
    "]\n",
)
NUMBERS = (
    "0",
    "-0",
    "7",
    "-12",
    "1.0",
    "1.50",
    "0.1e1",
    "1E5",
    "1e-07",
    "2E+2",
    "123456789012345678901234567890",
    "-18446744073709551617",
    "12345678901234567890.123456789012345678901234567890",
)
ESCAPES = (r'"\u00e9"', r'"\/"', r'"\ud83d\ude00"', r'"\u0000"', r'"\"\\\b\f\n\r\t"', '"\x7f\u2028\ufeff"')
PYTHON_ONLY = ("NaN", "Infinity", "-Infinity", r'"\ud800"', r'"\udc00\ud800"')

spaces = st.sampled_from(("", "", " ", "\n", "\r\n", "\n    ", "\t \n"))
plain_strings = st.builds(
    json.dumps,
    st.one_of(st.text(st.characters(exclude_categories=("Cs",)), max_size=8), st.sampled_from(LOOK_ALIKES)),
    ensure_ascii=st.booleans(),
)
strings = st.one_of(plain_strings, st.sampled_from(ESCAPES))
scalars = st.one_of(strings, st.sampled_from((*NUMBERS, "true", "false", "null")))
odd_scalars = st.one_of(scalars, st.sampled_from(PYTHON_ONLY))
keys = st.one_of(st.sampled_from(('"model"', '"pk"', '"fields"', '"name"', '"name"', '"\\u006dodel"')), strings)
labels = st.sampled_from(("auth.user", "auth.User", "cms.page", "a.b", "caffè.città", "авто.машина"))


@st.composite
def containers(draw: st.DrawFn, items: st.SearchStrategy[str]) -> str:
    """A list or an object of such items, as text, with white space wherever it may stand."""
    space = draw(spaces)
    wide = draw(spaces)
    values = draw(st.lists(items, max_size=3))
    if draw(st.booleans()):
        return f"[{space}" + f"{space},{wide}".join(values) + f"{wide}]"
    pairs = [f"{draw(keys)}{space}:{wide}{value}" for value in values]
    return f"{{{space}" + f"{space},{wide}".join(pairs) + f"{wide}}}"


def values(leaves: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.recursive(leaves, containers, max_leaves=5)


@st.composite
def record_texts(draw: st.DrawFn, leaves: st.SearchStrategy[str] = scalars) -> str:
    """One record as text: its keys in any order, some twice, `fields` of any shape."""
    space = draw(spaces)
    value = values(leaves)
    pairs = [
        ('"model"', json.dumps(draw(labels), ensure_ascii=draw(st.booleans()))),
        ('"pk"', draw(leaves)),
        ('"fields"', draw(value)),
    ]
    if draw(st.booleans()):
        pairs = draw(st.permutations(pairs))
    if draw(st.booleans()):
        pairs = [(draw(keys.filter(lambda key: key != '"\\u006dodel"')), draw(value)), *pairs]
        twice = [pair for pair in pairs[1:] if pair[0] == '"model"']
        pairs = [*pairs, *twice]
    return f"{{{space}" + f",{space}".join(f"{key}: {value}" for key, value in pairs) + f"{space}}}"


@dataclass(frozen=True)
class Document:
    """A fixture's text, and what a reader has to find in it."""

    text: bytes
    raws: tuple[bytes, ...]
    offsets: tuple[int, ...]

    @property
    def values(self) -> list[Any]:
        return [json.loads(raw) for raw in self.raws]


def put_together(head: str, records: list[str], separators: list[str], tail: str) -> Document:
    text = head.encode()
    offsets = []
    for index, record in enumerate(records):
        text += separators[index - 1].encode() if index else b""
        offsets.append(len(text))
        text += record.encode()
    return Document(text + tail.encode(), tuple(record.encode() for record in records), tuple(offsets))


@st.composite
def arrays(draw: st.DrawFn, leaves: st.SearchStrategy[str] = scalars, mixed: bool = True) -> Document:
    """A JSON array of records, in one layout or in many."""
    records = draw(st.lists(record_texts(leaves), max_size=5))
    separator = st.builds("{},{}".format, spaces, spaces)
    if mixed and draw(st.booleans()):
        separators = [draw(separator) for _ in records]
    else:
        separators = [draw(separator)] * len(records)
    return put_together(draw(spaces) + "[" + draw(spaces), records, separators, draw(spaces) + "]" + draw(spaces))


@st.composite
def lines(draw: st.DrawFn, leaves: st.SearchStrategy[str] = scalars) -> Document:
    """JSON lines: one record a line, blank lines between them here and there."""
    one_line = record_texts(leaves).map(lambda text: text.replace("\r", " ").replace("\n", " "))
    records = draw(st.lists(one_line, min_size=1, max_size=5))
    separators = [draw(st.sampled_from(("\n", "\r\n", "\n\n", " \n \n  "))) for _ in records]
    return put_together("", records, separators, draw(st.sampled_from(("", "\n", "\r\n", "\n\n"))))


odd_arrays = arrays(odd_scalars)
odd_lines = lines(odd_scalars)
blocks = st.one_of(st.integers(1, 40), st.integers(41, 600), st.just(128 * 1024))
