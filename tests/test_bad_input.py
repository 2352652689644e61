"""Whatever is wrong with an input is said in one line that helps, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from running import PROGRAM, limited, run, run_here, without_privileges

GOOD = b'[{"model": "a.b", "pk": 1, "fields": {}}, {"model": "c.d", "pk": 2, "fields": {}}]'
DEEP = b'[{"model": "a.b", "pk": 1, "fields": {"j": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}]"


def record(fields: bytes = b"{}", model: bytes = b'"a.b"') -> bytes:
    return b'{"model": ' + model + b', "pk": 1, "fields": ' + fields + b"}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "in.json: is empty"),
        (b" \n", "in.json: is empty"),
        (b"hello\n", "is not a JSON fixture: it begins 'hello'"),
        (b"null", "is not a JSON fixture"),
        (b"5", "is not a JSON fixture"),
        (b"\0\0\0\0\0", "is not a JSON fixture"),
        (b"{}", "is one JSON object, not a list of records"),
        (b'{"a": [1, 2]}', "is one JSON object, not a list of records"),
        (b'{"\xff": 1}', "is one JSON object, not a list of records"),
        (b"[[" + record() + b"], []]", "is a list of lists, not of records; name where the records are: --at item"),
        (b"[\n [ [\n" + record() + b"]]]", "name where the records are: --at item.item"),
        (b"`debug=True`\n[" + record() + b"]", "not JSON: '`debug=True`'; leave it out with --repair"),
        (b"[INFO] no users", "is not a JSON fixture: it begins '[INFO] no users'"),
        (b"[[1]]", "record 1, byte 1: is not an object"),
        (b"[1, 2]", "record 1, byte 1: is not an object"),
        (b'["a.b"]', "record 1, byte 1: is not an object"),
        (b"[" + record() + b", 7]", "record 2, byte 42: is not an object"),
        (b"[" + record() + b", null]", "record 2, byte 42: is not an object"),
        (b'[{"pk": 1}]', "record 1, byte 1: has no `model`"),
        (
            b"[" + record(model=b'"../../etc/passwd"') + b"]",
            "record 1, byte 1: model '../../etc/passwd' is not a label",
        ),
        (b"[" + record(model=b'""') + b"]", "record 1, byte 1: model is empty"),
        (b"[" + record(model=b'"a"') + b"]", "model 'a' is not a label"),
        (b"[" + record(model=b'"a.b.c"') + b"]", "model 'a.b.c' is not a label"),
        (b"[" + record(model=b'"a.b\\nc"') + b"]", "is not a label"),
        (b"[" + record(model=b'"a.\\ud800"') + b"]", "is not a label"),
        (b"[" + record(model=b"5") + b"]", "record 1, byte 1: `model` is not a string"),
        (b"[" + record(model=b"null") + b"]", "record 1, byte 1: `model` is not a string"),
        (b"[" + record() + b",]", "is not valid JSON: a comma before the closing ]"),
        (b"[" + record(b'{"a": 1,}') + b"]", "is not valid JSON"),
        (b"[" + record() + b" " + record() + b"]", "expected a comma or ], found '{'"),
        (b"[" + record() + record() + b"]", "record 2, byte 40: is not valid JSON: expected a comma or ]"),
        (b"[" + record() + b",," + record() + b"]", "record 2"),
        (b"[" + record(b'{"a": "\xe9"}') + b"]", "record 1, byte 44: is not UTF-8: byte 0xe9"),
        (b"[" + record() + b", " + record(b'{"a": "\xed\xa0\x80"}') + b"]", "record 2, byte 85: is not UTF-8"),
        (record() + b"\n" + record(b'{"a": "\xe9"}'), "record 2, byte 83: is not UTF-8: byte 0xe9"),
        (b"[" + record(b'{"a": "\0"}') + b"]", "record 1, byte 44: is not valid JSON: invalid control character;"),
        (b"[" + record(b'{"a": \0}') + b"]", "is not valid JSON"),
        (b"[" + record(b'{"a": 01}') + b"]", "is not valid JSON"),
        (b"[" + record(b'{"a": "\\x"}') + b"]", "is not valid JSON"),
        (b"[" + record(b"{'a': 1}") + b"]", "is not valid JSON"),
        (b"[" + record(b'{"a": ' + b"9" * 5000 + b', "n": NaN}') + b", 1]", "record 2"),
        (record() + b"\n" + record() + b" x\n", "record 2, byte 40: is not valid JSON"),
        (b"[" + record() + b"][" + record() + b"]", "has text after the records' closing ]"),
        (b"[" + record(), "the file is cut short: 1 record"),
        (b"[" + record() + b", " + record()[:-20], "the file is cut short: 1 record"),
    ],
)
def test_one_line_says_what_is_wrong_and_where(tmp_path: Path, text: bytes, said: str) -> None:
    (tmp_path / "in.json").write_bytes(text)
    (tmp_path / "out.json").write_bytes(b"what was there before")

    done = run_here("pretty", "in.json", "-o", "out.json", cwd=tmp_path)

    assert done.code == 1
    assert done.error.startswith("in.json")
    assert said in done.error
    assert len(done.said) == 1
    assert (tmp_path / "out.json").read_bytes() == b"what was there before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.json", "out.json"]


@pytest.mark.parametrize("verb", [["filter", "--include", "a"], ["split", "-d", "parts"], ["stats"], ["pretty"]])
@pytest.mark.parametrize("text", [b"[" + record() + b",]", b"[" + record(b'{"a": "\xe9"}') + b"]", b"hello"])
def test_every_verb_says_so_and_leaves_nothing(tmp_path: Path, verb: list[str], text: bytes) -> None:
    done = run_here(*verb, stdin=text, cwd=tmp_path)

    assert done.code == 1
    assert done.error.startswith("<stdin>")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", [b"[]", b"[\n]\n", b" [ ] "])
def test_an_empty_list_is_a_fixture(tmp_path: Path, text: bytes) -> None:
    assert run_here("filter", "--include", "a", stdin=text).out == text
    assert run_here("pretty", stdin=text).out == b"[\n]\n"
    assert run_here("stats", stdin=text).code == 0
    assert run_here("split", "-d", "parts", stdin=text, cwd=tmp_path).code == 0


def test_what_filter_lets_pass_may_be_nested_a_hundred_thousand_deep() -> None:
    done = run("filter", "--include", "a", stdin=DEEP)

    assert (done.code, done.out) == (0, DEEP)


@pytest.mark.parametrize(
    "verb", [["pretty", "--indent", "0"], ["pretty", "--sort-keys"], ["split", "-d", "parts"], ["stats"]]
)
def test_deep_nesting_works_or_is_said_in_one_line(tmp_path: Path, verb: list[str]) -> None:
    done = run(*verb, stdin=DEEP, cwd=tmp_path)

    if done.code == 1:
        assert "nested too deep" in done.error
    else:
        assert done.code == 0 and not any("Traceback" in line for line in done.said)


@pytest.mark.parametrize("depth", range(940, 1000, 7))
def test_no_depth_of_nesting_falls_between_two_ways_of_reading(tmp_path: Path, depth: int) -> None:
    text = b"[" + record(b'{"j": ' + b"[" * depth + b"]" * depth + b"}") + b", " + record() + b"]"

    done = run_here("pretty", "--compact", "--sort-keys", stdin=text)

    if done.code == 1:
        assert "nested too deep" in done.error
    else:
        assert done.code == 0 and len(done.out) == len(text)


def test_long_integers_pass(tmp_path: Path) -> None:
    text = b"[" + record(b'{"a": ' + b"9" * 5000 + b"}") + b", " + record(b'{"a": NaN}') + b"]"

    assert run("filter", "--include", "a", stdin=text).out == text
    assert run("stats", stdin=text).code == 0


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    done = run("pretty", "nowhere.json", cwd=tmp_path)

    assert done.code == 1
    assert done.error == "nowhere.json: cannot be read: No such file or directory; check the name"


def test_a_folder_is_no_fixture(tmp_path: Path) -> None:
    done = run("pretty", tmp_path)

    assert done.code == 1
    assert "Is a directory; name the fixture in it" in done.error


def test_a_file_one_may_not_read_is_said(tmp_path: Path) -> None:
    path = tmp_path / "in.json"
    path.write_bytes(GOOD)
    path.chmod(0o400)
    assert run("pretty", path, preexec_fn=without_privileges).code == 0
    path.chmod(0)

    done = run("pretty", path, preexec_fn=without_privileges)

    assert done.code == 1
    assert "Permission denied; ask its owner" in done.error


@pytest.mark.parametrize(
    "verb", [["pretty", "-o", "kept/out.json"], ["split", "-d", "kept/parts"], ["split", "-d", "kept"]]
)
def test_a_folder_one_may_not_write_to_is_said(tmp_path: Path, verb: list[str]) -> None:
    (tmp_path / "kept").mkdir(mode=0o500)

    done = run(*verb, stdin=GOOD, cwd=tmp_path, preexec_fn=without_privileges)

    assert done.code == 1
    assert done.error == f"{verb[-1]}: cannot be written: Permission denied; choose another place, or ask its owner"
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_full_disk_is_said_and_what_was_there_stays(tmp_path: Path) -> None:
    (tmp_path / "out.json").write_bytes(b"what was there before")
    text = b"[" + b", ".join([record()] * 5000) + b"]"

    done = run("pretty", "-o", "out.json", stdin=text, cwd=tmp_path, preexec_fn=limited("RLIMIT_FSIZE", 4096))

    assert done.code == 1
    assert "out.json: cannot be written: File too large" in done.error
    assert (tmp_path / "out.json").read_bytes() == b"what was there before"
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz", "zst", "zip"])
def test_a_full_disk_is_said_of_what_is_compressed_too(tmp_path: Path, suffix: str) -> None:
    noise = b", ".join(record(b'{"x": "%s"}' % os.urandom(32).hex().encode()) for _ in range(9000))

    done = run(
        "pretty",
        "-o",
        f"out.{suffix}",
        stdin=b"[" + noise + b"]",
        cwd=tmp_path,
        preexec_fn=limited("RLIMIT_FSIZE", 4096),
    )

    assert done.code == 1
    assert "File too large" in done.error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("options", [[], ["--max-records", "1000"]])
def test_a_full_disk_leaves_no_part_of_a_split(tmp_path: Path, options: list[str]) -> None:
    text = b"[" + b", ".join([record()] * 5000) + b"]"

    done = run("split", "-d", "new/parts", *options, stdin=text, cwd=tmp_path, preexec_fn=limited("RLIMIT_FSIZE", 4096))

    assert done.code == 1
    assert "File too large" in done.error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("verb", [["pretty"], ["filter", "--include", "a"], ["stats"], ["stats", "--json"]])
@pytest.mark.parametrize("count", [1, 50_000])
def test_a_full_device_is_said(verb: list[str], count: int) -> None:
    text = b"[" + b", ".join([record()] * count) + b"]"
    with Path("/dev/full").open("wb") as full:
        done = run(*verb, stdin=text, stdout=full)

    assert done.code == 1
    assert done.error == "<stdout>: cannot be written: No space left on device; make room, then run it again"


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "in.json").write_bytes(b"[" + b", ".join([record()] * 50_000) + b"]")
    for verb in ("pretty", "filter --include a", "stats --json"):
        done = subprocess.run(
            f"set -o pipefail; {sys.executable} -m fixtureflow {verb} -q in.json | head -c 10",
            shell=True,
            executable="/bin/bash",
            cwd=tmp_path,
            capture_output=True,
        )
        assert done.stderr == b""
        assert len(done.stdout) == 10
        assert done.returncode in (0, 141)


@pytest.mark.parametrize("descriptor", ["<&-", ">&-"])
def test_a_closed_standard_stream_is_said(tmp_path: Path, descriptor: str) -> None:
    (tmp_path / "in.json").write_bytes(GOOD)
    name = "-" if descriptor == "<&-" else "in.json"
    done = subprocess.run(
        f"{sys.executable} -m fixtureflow pretty {name} {descriptor}", shell=True, cwd=tmp_path, capture_output=True
    )

    assert done.returncode in (1, 2)
    assert done.stderr.startswith(b"fixtureflow: error: ") and done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("verb", [["pretty", "-o", "out.json"], ["split", "-d", "parts", "--max-records", "2000"]])
def test_a_run_that_is_stopped_leaves_what_was_there(tmp_path: Path, verb: list[str], sent: signal.Signals) -> None:
    (tmp_path / "out.json").write_bytes(b"what was there before")
    program = subprocess.Popen(
        [*PROGRAM, *verb], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path
    )
    assert program.stdin
    program.stdin.write(b"[" + record() + (b", " + record()) * 50_000)
    program.stdin.flush()
    until = time.monotonic() + 10
    while len(list(tmp_path.iterdir())) == 1 and time.monotonic() < until:
        time.sleep(0.01)
    assert len(list(tmp_path.iterdir())) == 2, "it has begun"

    program.send_signal(sent)
    _, said = program.communicate(timeout=10)

    assert program.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143}[sent]
    assert b"Traceback" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]
    assert (tmp_path / "out.json").read_bytes() == b"what was there before"


def test_input_and_output_may_be_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    path.write_bytes(GOOD)
    path.chmod(0o640)

    done = run("filter", "--exclude", "c", path, "-o", path)

    assert done.code == 0
    assert path.read_bytes() == b'[{"model": "a.b", "pk": 1, "fields": {}}]'
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_bytes(GOOD)
    (tmp_path / "link.json").symlink_to("real.json")

    done = run("filter", "--exclude", "c", "link.json", "-o", "link.json", cwd=tmp_path)

    assert done.code == 0
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_bytes() == b'[{"model": "a.b", "pk": 1, "fields": {}}]'


def test_output_may_be_a_device() -> None:
    assert run("pretty", "-o", os.devnull, stdin=GOOD).code == 0


def test_output_into_a_missing_folder_is_said(tmp_path: Path) -> None:
    done = run("pretty", "-o", "no/such/out.json", stdin=GOOD, cwd=tmp_path)

    assert done.code == 1
    assert "no/such/out.json: cannot be written: No such file or directory" in done.error


def test_output_that_is_a_folder_is_said(tmp_path: Path) -> None:
    done = run("pretty", "-o", tmp_path, stdin=GOOD)

    assert done.code == 1
    assert "Is a directory" in done.error


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pretty", "--nonsense"], "No such option: --nonsense"),
        (["nonsense"], "No such command 'nonsense'"),
        (["filter"], "nothing to filter by; name models with --include or --exclude"),
        (["filter", "--include", "a.b.c"], "'a.b.c' is no pattern"),
        (["filter", "--include", ""], "'' is no pattern"),
        (["pretty", "--indent", "2", "--compact"], "--compact and --indent exclude each other"),
        (["pretty", "--indent", "2", "--format", "jsonl"], "--indent has no place in JSONL"),
        (["pretty", "--at", ""], "--at names no place; leave it out, or write --at data.objects"),
        (["pretty", "--indent", "99"], "is not in the range"),
        (["split"], "Missing option"),
        (["split", "-d", "parts", "--max-records", "0"], "is not in the range"),
    ],
)
def test_wrong_usage_ends_with_2(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = run_here(*arguments, stdin=GOOD, cwd=tmp_path)

    assert done.code == 2
    assert any(said in line for line in done.said), done.said
    assert not any("Traceback" in line for line in done.said)
    assert list(tmp_path.iterdir()) == []


def test_a_pattern_that_matches_nothing_is_said_with_what_may_be_meant() -> None:
    text = b"[" + record(model=b'"authtoken.token"') + b"]"

    done = run("filter", "--exclude", "authtokens", stdin=text)

    assert (done.code, done.out) == (0, text)
    assert "fixtureflow: pattern 'authtokens' matched no model; did you mean 'authtoken'?" in done.said


def test_all_lists_at_a_path_are_read_and_the_rest_of_the_document_checked() -> None:
    first, second = record(), record(b'{"n": 2}')
    text = b'[{"objects": [' + first + b']}, {"x": [[1], 2], "objects": [' + second + b"]}]"

    done = run("filter", "--include", "a", "--at", "item.objects", stdin=text)
    assert (done.code, done.out) == (0, b"[" + first + b", " + second + b"]")

    done = run("filter", "--include", "a", "--at", "x", stdin=b'{"x": [' + first + b'], "broken')
    assert (done.code, "is cut short" in done.error) == (1, True)


def test_a_hostile_name_forges_no_line(tmp_path: Path) -> None:
    done = run("pretty", "x\nfixtureflow: all is well\x1b[2J", cwd=tmp_path)

    assert done.code == 1
    assert len(done.said) == 1 and "\x1b" not in done.said[0]
