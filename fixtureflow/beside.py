"""Work on a stream in a process beside the one that makes it, so that two cores share what one would do in turn."""

from __future__ import annotations

import os
import pickle  # between two processes of our own
import subprocess
import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from itertools import accumulate, chain, islice
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar, cast

from fixtureflow.errors import FixtureflowError, InputError, OutputError
from fixtureflow.layout import Layout
from fixtureflow.output import output_faults
from fixtureflow.record import Record, Source
from fixtureflow.reread.stretch import Run, Stretch
from fixtureflow.stream import Block, Records, layout_of, places
from fixtureflow.turning.rewrite import Edit, Style, Turned

__all__ = ["beside", "serve"]

T = TypeVar("T")

READY = b"ready\n"
SERVE = "import sys; sys.path[:] = {path!r}; from fixtureflow.beside import serve; serve()"
TOLD_AT_ONCE = 128 * 1024
"""Bytes of records."""
_BETWEEN = b"\0"
"""Stands in no JSON."""


@contextmanager
def beside(
    records: Records, work: Callable[..., T], given: Callable[[], tuple[Any, ...]], *, folder: Path | None
) -> Iterator[Callable[[], T]]:
    """Makes all records; gives a function that gives what `work(records, *given())` has come to.

    `given` is asked when the first record is there. With a `folder`, and where there is a core for it, the work is done
    in a process of its own while the records are made in this one; they pass through a file there, so that neither
    has to wait for the other. Then `work` is a function of a module, what it takes and gives can be pickled, offsets of
    records mean nothing there, and their layout has to be known when the first is. Raises what either side raises.
    """
    process = _started(work, folder / "passed") if folder and _cores() > 1 else None
    try:
        blocks = records.blocks()
        blocks = chain(list(islice(blocks, 1)), blocks)
        if process is not None and process.is_ready():
            process.tell(chain([(work, given(), layout_of(records))], _packed(blocks), [None]))
            yield process.answer
        else:
            done = work(Records(lambda: blocks, records), *given())
            yield lambda: done
    finally:
        if process is not None:
            process.end()


class _Process:
    """The other one."""

    def __init__(self, module: str, path: Path) -> None:
        """Raises `OSError` where there can be none."""
        command = [sys.executable, "-c", SERVE.format(path=list(map(str, sys.path))), module, str(path)]
        self._path = path
        # In a session of its own, Ctrl-C is not for it: whoever began this ends it.
        self._process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        self._stdin, self._stdout = cast(IO[bytes], self._process.stdin), cast(IO[bytes], self._process.stdout)
        self._answer: tuple[bool, Any] | None = None

    def is_ready(self) -> bool:
        return self._stdout.readline() == READY

    def tell(self, messages: Iterator[object]) -> None:
        """Make and tell all messages. Raises what made it end before its time."""
        with output_faults(str(self._path.parent)):
            file = self._path.open("wb", buffering=0)
        with file:
            if not all(self._told(message, file) for message in messages):
                self.answer()
                deque(messages, 0)  # it has not asked for these, but they are to be made

    def _told(self, message: object, file: IO[bytes]) -> bool:
        """Is it still there to hear it? If it has ended, it has said why."""
        text = memoryview(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))
        with output_faults(str(self._path.parent)):
            while text:
                text = text[file.write(text) :]
        try:
            self._stdin.write(b"\n")
            self._stdin.flush()
        except OSError:  # BrokenPipeError, or what Windows has for it
            return False
        return True

    def answer(self) -> Any:
        """What has come of it."""
        try:
            self._answer = self._answer or pickle.load(self._stdout)  # noqa: S301
        except (EOFError, pickle.UnpicklingError):
            raise OutputError("the process that writes was ended", advice="run it again, with more memory") from None
        succeeded, result = cast(tuple[bool, Any], self._answer)
        if not succeeded:
            raise result
        return result

    def end(self) -> None:
        """Whatever it still does is not wanted."""
        self._process.kill()
        with suppress(OSError):
            self._stdin.close()
        self._stdout.close()
        self._process.wait()
        self._path.unlink(missing_ok=True)


def serve() -> None:
    """What the other process does."""
    module, path = sys.argv[1:]
    import_module(module)  # while there is nothing else to do
    sys.stdout.buffer.write(READY)
    sys.stdout.flush()
    try:
        messages = _messages(Path(path))
        work, given, layout = next(messages)
        answer = pickle.dumps((True, work(Records(lambda: _unpacked(messages), _Upstream(layout)), *given)))
    except EOFError:  # nobody wants it any more
        return
    except FixtureflowError as error:
        if isinstance(error, InputError):
            error.offset = None
        answer = pickle.dumps((False, error))
    except Exception:
        answer = pickle.dumps((False, RuntimeError(traceback.format_exc())))
    os.close(sys.stdin.fileno())  # who still tells something hears that nobody listens
    sys.stdout.buffer.write(answer)
    sys.stdout.flush()


def _messages(path: Path) -> Iterator[Any]:
    """Each once it is whole: then a line comes. Raises `EOFError` where none follows."""
    file: IO[bytes] | None = None
    while sys.stdin.buffer.readline():
        file = file or path.open("rb")
        yield pickle.load(file)  # noqa: S301
    raise EOFError


class _Upstream(Records):
    """Of the records' origin all that is known."""

    def __init__(self, layout: Layout | None) -> None:
        super().__init__(lambda: iter(()))
        self._layout = layout

    @property
    def layout(self) -> Layout | None:
        return self._layout


class _Whole(NamedTuple):
    """A block as one text; `source` is told by its number."""

    source: int
    lead: bytes
    text: bytes
    run: Run
    offset: int

    def size(self) -> int:
        return len(self.text)

    def block(self, source: Source) -> Block:
        return Stretch(self.text, self.run, source, self.offset, lines=False)


class _ToBeTurned(NamedTuple):
    """A block whose text is still to be made, of that of the records as they were; each column as one text."""

    source: int
    lead: bytes
    text: bytes
    run: Run
    offset: int
    keep: Sequence[bool] | None
    edit: tuple[Style, list[tuple[str, bytes, bytes]], tuple[str, ...]] | None

    @classmethod
    def of(cls, at: int, block: Turned) -> _ToBeTurned | None:
        """None for what is made already, or is not known to have stood together."""
        text, edit = block.unmade, None
        if text is None or block.before.lines:
            return None
        if block.edit:
            columns = [(name, _BETWEEN.join(a), _BETWEEN.join(b)) for name, (a, b) in block.edit.fields.items()]
            edit = block.edit.style, columns, block.edit.names
        return cls(at, block.lead, text, block.before.run, block.offset, block.keep, edit)

    def size(self) -> int:
        return len(self.text)

    def block(self, source: Source) -> Block:
        edit = None
        if self.edit:
            style, columns, names = self.edit
            edit = Edit(style, {name: (a.split(_BETWEEN), b.split(_BETWEEN)) for name, a, b in columns}, names)
        if edit and self.keep is None:
            return Stretch(edit.made(self.text), self.run, source, self.offset, lines=False)
        return Turned(self.text, Stretch(self.text, self.run, source, self.offset, lines=False), self.keep, edit)


class _Apart(NamedTuple):
    """A block as its records, and how they stood together, if that is known."""

    source: int
    lead: bytes
    text: bytes
    models: list[str]
    raws: list[bytes]
    numbers: list[int]

    def size(self) -> int:
        return sum(map(len, self.raws))

    def block(self, source: Source) -> Block:
        rows = zip(self.raws, self.models, self.numbers, self._offsets(), strict=False)
        return Block.of([Record(raw, model, source, number, at) for raw, model, number, at in rows], self.text)

    def _offsets(self) -> Iterable[int]:
        return places(self.text, self.raws) if self.text else accumulate((len(raw) for raw in self.raws), initial=0)


_Message = list[Source | Block | _Whole | _ToBeTurned | _Apart]
"""Several blocks, each source before the first of its blocks; one without records, which is a sign, as it is."""


def _packed(blocks: Iterable[Block]) -> Iterator[_Message]:
    sources: dict[int, tuple[int, Source]] = {}
    message: _Message = []
    size = 0
    for block in blocks:
        if not len(block):
            yield [*message, block]
            message, size = [], 0
            continue
        source = block.source
        if id(source) not in sources:
            sources[id(source)] = len(sources), source
            message.append(source)
        at, _ = sources[id(source)]
        packed = _pack(block, at)
        message.append(packed)
        size += packed.size()
        if size >= TOLD_AT_ONCE:
            yield message
            message, size = [], 0
    yield message


def _pack(block: Block, source: int) -> _Whole | _ToBeTurned | _Apart:
    if isinstance(block, Turned) and (turned := _ToBeTurned.of(source, block)):
        return turned
    numbers, text = block.numbers(), block.together()
    if isinstance(block, Stretch) and isinstance(numbers, range) and text:
        return _Whole(source, block.lead, text, block.run, block.offset)
    return _Apart(source, block.lead, text, block.models(), block.raws(), list(numbers))


def _unpacked(messages: Iterator[_Message | None]) -> Iterator[Block]:
    sources: list[Source] = []
    for message in iter(messages.__next__, None):
        for one in message or ():
            if isinstance(one, Source):
                sources.append(one)
                continue
            if isinstance(one, Block):
                yield one
                continue
            block = one.block(sources[one.source])
            block.lead = one.lead
            yield block


def _started(work: Callable[..., Any], path: Path) -> _Process | None:
    """Not where Python stands within another program, which would be started."""
    if "python" not in Path(sys.executable or "").name.lower():
        return None
    try:
        return _Process(work.__module__, path)
    except OSError:
        return None


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
