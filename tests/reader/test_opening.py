"""Inputs of every kind: compressed, in UTF-16, deeper in a document, with text round them, or no fixture at all."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import logging
import lzma
import sqlite3
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

import fixtureflow as ff

RECORDS = [
    b'{"model": "a.b", "pk": %d, "fields": {"t": "caf\xc3\xa9 %d", "x": %d}}' % (n, n * 7919, n) for n in range(300)
]
TEXT = b"[\n" + b",\n".join(RECORDS) + b"\n]\n"
LINES = b"".join(record + b"\n" for record in RECORDS)


def zipped(text: bytes, names: tuple[str, ...] = ("a.json",)) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, text)
    return out.getvalue()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda text: lzma.compress(text, format=lzma.FORMAT_ALONE),
    "zst": zstandard.compress,
    "zip": zipped,
}
packed = pytest.mark.parametrize("kind", PACKERS)
# An .lzma says nowhere how long it is, and a cut .zip has lost its directory.
cuttable = pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "lzma", "zst"])


class Pipe(io.RawIOBase):
    """A stream that cannot seek and gives little at a time."""

    def __init__(self, data: bytes, most: int = 1000) -> None:
        self.data = io.BytesIO(data)
        self.most = most

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self.data.read(min(size, self.most) if size >= 0 else self.most)


def raws(*inputs: object, **options: object) -> list[bytes]:
    return [record.raw for record in ff.read(*inputs, **options)]  # type: ignore[arg-type]


@packed
@pytest.mark.parametrize("text", [TEXT, LINES], ids=["json", "jsonl"])
def test_compression_is_told_by_content_not_by_name(tmp_path: Path, kind: str, text: bytes) -> None:
    path = tmp_path / "data.json"
    path.write_bytes(PACKERS[kind](text))

    assert raws(path) == RECORDS


@packed
@pytest.mark.parametrize("most", [1, 1000])
def test_a_pipe_may_be_compressed_too(kind: str, most: int) -> None:
    assert raws(Pipe(PACKERS[kind](TEXT), most)) == RECORDS


def test_inputs_of_different_kinds_are_read_one_after_the_other(tmp_path: Path) -> None:
    paths = []
    for kind, pack in PACKERS.items():
        paths.append(tmp_path / kind)
        paths[-1].write_bytes(pack(TEXT if len(kind) == 3 else LINES))

    assert raws(*paths) == RECORDS * len(PACKERS)


@packed
def test_what_is_written_by_suffix_is_read_back(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"out.json.{kind}"

    ff.write(ff.read(io.BytesIO(TEXT)), path)

    assert path.read_bytes()[:2] != b"[\n"
    assert raws(path) == RECORDS


@packed
def test_the_same_records_make_the_same_compressed_bytes(tmp_path: Path, kind: str) -> None:
    first, second = tmp_path / f"first.{kind}", tmp_path / f"second.{kind}"
    if kind == "zip":  # which holds the name
        second = tmp_path / "other" / "first.zip"
        second.parent.mkdir()

    ff.write(ff.read(io.BytesIO(TEXT)), first)
    ff.write(ff.read(io.BytesIO(TEXT)), second)

    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "zst"])
def test_compressed_members_may_follow_one_another(kind: str) -> None:
    pack = PACKERS[kind]

    assert raws(io.BytesIO(pack(TEXT[:5000]) + pack(TEXT[5000:]))) == RECORDS


@cuttable
@pytest.mark.parametrize("text", [TEXT, LINES], ids=["json", "jsonl"])
@pytest.mark.parametrize("kept", [0.3, 0.9, 0.995])
def test_a_cut_compressed_file_is_said_to_be_cut_and_repair_keeps_whole_records(
    kind: str, text: bytes, kept: float
) -> None:
    data = PACKERS[kind](text)
    cut = data[: int(len(data) * kept)]

    with pytest.raises(ff.InputError, match="cut short"):
        raws(io.BytesIO(cut))
    whole = raws(io.BytesIO(cut), repair=True)

    assert whole == RECORDS[: len(whole)]


@packed
def test_a_damaged_compressed_file_is_said_to_be_damaged(kind: str) -> None:
    data = bytearray(PACKERS[kind](TEXT))
    middle = len(data) // 2
    data[middle : middle + 40] = bytes(byte ^ 0x5A for byte in data[middle : middle + 40])

    with pytest.raises(ff.InputError) as refused:
        raws(io.BytesIO(bytes(data)))

    assert any(word in str(refused.value) for word in ("damaged", "cut short", "not UTF-8", "not valid JSON"))


def test_every_single_damaged_byte_of_a_small_file_is_met_with_an_input_error_or_none() -> None:
    text = b"[" + b", ".join(RECORDS[:3]) + b"]"
    for pack in PACKERS.values():
        data = pack(text)
        for at in range(len(data)):
            hurt = data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
            try:
                raws(io.BytesIO(hurt))
            except ff.InputError as error:
                assert "\n" not in str(error)


@pytest.mark.parametrize("names", [(), ("a.json", "b.json")])
def test_a_zip_holds_one_fixture(names: tuple[str, ...]) -> None:
    with pytest.raises(ff.InputError, match=f"holds {len(names)} files, and a zipped fixture holds one"):
        raws(io.BytesIO(zipped(TEXT, names)))


def test_folders_in_a_zip_do_not_count() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("folder/", b"")
        archive.writestr("folder/a.json", TEXT)

    assert raws(io.BytesIO(out.getvalue())) == RECORDS


def patched_zip(flags: int, method: int) -> io.BytesIO:
    data = bytearray(zipped(TEXT))
    central = data.rindex(b"PK\x01\x02")
    for at in (6, central + 8):
        struct.pack_into("<HH", data, at, flags, method)
    return io.BytesIO(bytes(data))


def test_an_encrypted_zip_is_said_to_be_encrypted() -> None:
    with pytest.raises(ff.InputError, match="is encrypted; unpack it with its password first"):
        raws(patched_zip(flags=1, method=8))


def test_a_zip_packed_in_a_way_python_does_not_know_is_said() -> None:
    with pytest.raises(ff.InputError, match="unpack it"):
        raws(patched_zip(flags=0, method=9))


def test_an_xz_that_asks_for_all_the_memory_is_refused() -> None:
    data = bytearray(lzma.compress(b"[]", format=lzma.FORMAT_ALONE))
    struct.pack_into("<I", data, 1, 0x80000000)

    with pytest.raises(ff.InputError, match="needs too much memory to unpack"):
        raws(io.BytesIO(bytes(data)))


@pytest.mark.parametrize("text", [TEXT, LINES], ids=["json", "jsonl"])
def test_a_byte_order_mark_is_left_out(text: bytes) -> None:
    out = io.BytesIO()

    ff.write(ff.read(io.BytesIO(b"\xef\xbb\xbf" + text)), out)

    assert out.getvalue() == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("mark", ["\ufeff", ""], ids=["mark", "no mark"])
@pytest.mark.parametrize("block", [1, 7, 128 * 1024])
def test_utf_16_and_32_are_read_and_said(
    encoding: str, mark: str, block: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("fixtureflow"), "propagate", True)
    text = '[{"model": "a.b", "pk": 1, "fields": {"t": "café 😀"}}]\n'

    found = raws(io.BytesIO((mark + text).encode(encoding)), block=block)

    assert found == [text[1:-2].encode()]
    assert f"is {encoding[:6].upper()}; what is written will be UTF-8" in caplog.text


def test_damaged_utf_16_is_said() -> None:
    data = TEXT.decode().encode("utf-16-le")
    with pytest.raises(ff.InputError, match="damaged UTF-16"):
        raws(io.BytesIO(data[:2000] + b"\x00\xd8" + data[2000:]))


@pytest.mark.parametrize("block", [1, 10, 128 * 1024])
@pytest.mark.parametrize(
    ("before", "path", "after"),
    [
        (b'{"data": {"objects": ', "data.objects", b"}}"),
        (b'{"objects":', "objects", b', "more": [{"x": 1}]}\n'),
        (
            b'{"big": 123456789012345678901234567890, "e": 1E400, "list": [[1], [2]], "s": "[", "objects": ',
            "objects",
            b"}",
        ),
        (b'[1, {"objects": ', "item.objects", b"}]"),
        (b'{"a": {"objects": 1}, "objects": ', "objects", b"}"),
        (b'\xef\xbb\xbf{"caf\xc3\xa9": {"l": ', "caf\xe9.l", b"}}"),
    ],
)
def test_records_deeper_in_a_document_are_read_from_where_they_are_said_to_be(
    before: bytes, path: str, after: bytes, block: int
) -> None:
    few = b"[" + b", ".join(RECORDS[:5]) + b"]"
    document = before + few + after
    found = list(ff.read(io.BytesIO(document), at=path, block=block))

    assert [record.raw for record in found] == RECORDS[:5]
    text = document.removeprefix(b"\xef\xbb\xbf")
    assert all(text[record.offset : record.offset + len(record.raw)] == record.raw for record in found)


@pytest.mark.parametrize("document", [b'{"data": {"rows": []}}', b"[]", b"{}", b'{"data": {"objects": {}}}'])
def test_a_place_that_is_not_there_is_said(document: bytes) -> None:
    with pytest.raises(ff.InputError, match=r"has no list at 'data\.objects'"):
        raws(io.BytesIO(document), at="data.objects")


def test_a_cut_document_is_said_to_be_cut() -> None:
    with pytest.raises(ff.InputError, match="cut short: 1 record"):
        raws(io.BytesIO(b'{"objects": [' + RECORDS[0] + b", " + RECORDS[1][:20]), at="objects")
    with pytest.raises(ff.InputError):
        raws(io.BytesIO(b'{"obje'), at="objects")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b'{"data": {"objects": [' + RECORDS[0] + b"]}}", "--at data.objects"),
        (json.dumps({"count": 1, "rows": [json.loads(RECORDS[0])]}, indent=2).encode(), "--at rows"),
        (b'{"count": 0}', "name where its records are: --at data.objects"),
    ],
)
def test_a_document_that_is_no_list_is_met_with_the_place_of_its_records(document: bytes, said: str) -> None:
    with pytest.raises(ff.InputError) as refused:
        raws(io.BytesIO(document))

    assert "is one JSON object, not a list of records" in str(refused.value)
    assert refused.value.with_options().endswith(said)


STRAY = [
    b"Loading settings\n",
    b"[INFO] connected\n[WARN] slow query [3 s]\n",
    b"2024-01-01 12:00:00,000 DEBUG (0.000) SELECT 1; args=()\n",
    b"{not json}\n",
    b"[1, 2] rows\n",
]


@pytest.mark.parametrize("stray", STRAY)
@pytest.mark.parametrize("text", [TEXT, LINES, b"[" + RECORDS[0] + b"]"], ids=["json", "jsonl", "compact"])
def test_stray_lines_before_the_records_are_shown_and_repair_leaves_them_out(stray: bytes, text: bytes) -> None:
    with pytest.raises(ff.InputError) as refused:
        raws(io.BytesIO(stray + text))
    out = io.BytesIO()
    ff.write(ff.read(io.BytesIO(stray + text), repair=True), out)

    assert "has text before the records that is not JSON" in str(refused.value)
    assert repr(stray.splitlines()[0].decode())[:30] in str(refused.value)
    assert "leave it out with `repair=True`" in str(refused.value)
    assert "leave it out with --repair" in refused.value.with_options()
    assert out.getvalue() == text


@pytest.mark.parametrize("stray", STRAY)
@pytest.mark.parametrize("text", [TEXT, b"[" + RECORDS[0] + b"]\n"], ids=["indented", "compact"])
def test_stray_lines_after_the_records_are_shown_and_repair_leaves_them_out(stray: bytes, text: bytes) -> None:
    with pytest.raises(ff.InputError) as refused:
        raws(io.BytesIO(text + stray))
    kept = raws(io.BytesIO(text + stray), repair=True)

    assert "has text after the records' closing ]" in str(refused.value)
    assert repr(stray.splitlines()[0].decode())[:30] in str(refused.value)
    assert kept == raws(io.BytesIO(text))


def test_two_arrays_in_one_file_are_not_taken_for_one() -> None:
    with pytest.raises(ff.InputError, match=r"give files one by one"):
        raws(io.BytesIO(TEXT + TEXT))


def sqlite_file() -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (x)")
    return connection.serialize()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'<?xml version="1.0" encoding="utf-8"?>\n<django-objects version="1.0">', "is XML"),
        (b'<django-objects version="1.0"></django-objects>', "is XML"),
        (b"- model: a.b\n  pk: 1\n  fields: {}\n", "is YAML"),
        (b"---\n- fields: {}\n  model: a.b\n", "is YAML"),
        (b"--\n-- PostgreSQL database dump\n--\n", "is a database or its dump"),
        (b"PGDMP\x01\x0e", "is a database or its dump"),
        (sqlite_file(), "is a database or its dump"),
    ],
)
def test_other_formats_are_refused_with_the_command_that_makes_json(text: bytes, said: str) -> None:
    with pytest.raises(ff.InputError, match=said) as refused:
        raws(io.BytesIO(text))

    assert "manage.py dumpdata" in str(refused.value)


def test_a_file_is_read_again_and_a_stream_is_not(tmp_path: Path) -> None:
    path = tmp_path / "in.json"
    path.write_bytes(TEXT)
    records = ff.read(path)
    stream = ff.read(io.BytesIO(TEXT))

    assert list(records) != [] and [record.raw for record in records] == RECORDS
    assert len(list(stream)) == 300
    with pytest.raises(ff.UsageError, match="a stream can be read only once"):
        list(stream)


def test_a_file_open_as_text_is_refused() -> None:
    with pytest.raises(ff.InputError, match="open it in binary mode"):
        raws(io.StringIO(TEXT.decode()))
