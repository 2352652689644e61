"""Work on a stream in a process beside the one that makes it, so that two cores share what one would do in turn."""

from __future__ import annotations

import os
import pickle  # between two processes of our own
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from fixtureflow.errors import InputError, OutputError
from fixtureflow.layout import Layout
from fixtureflow.output import output_faults
from fixtureflow.record import Record, Source
from fixtureflow.reread.stretch import Stretch
from fixtureflow.stream import Block, Records, layout_of

__all__ = ["beside", "serve"]

T = TypeVar("T")

READY = b"ready\n"
SERVE = "import sys; sys.path[:] = {path!r}; from fixtureflow.beside import serve; serve()"


@contextmanager
def beside(
    records: Records, work: Callable[..., T], given: Callable[[], tuple[Any, ...]], *, folder: Path | None
) -> Iterator[Callable[[], T]]:
    """`work(records, *given())`, to be called for once all records are made; `given` is asked when the first is there.

    With a `folder`, and where there is a core for it, the work is done in a process of its own while the records are
    made in this one. They are passed on by a file there, so that neither has to wait for the other. Then `work` is a
    function of a module, what it takes and gives can be pickled, it does not know the offsets of records, and their
    layout has to be known when the first is there. Raises what either side raises.
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
        """Raises what made it end before its time."""
        with output_faults(str(self._path.parent)):
            file = self._path.open("wb")
        with file:
            if not all(self._told(message, file) for message in messages):
                self.answer()
                all(True for _ in messages)  # it has not asked for these, but they are to be made

    def _told(self, message: object, file: IO[bytes]) -> bool:
        """Is it still there to hear it? If it has ended, it has said why."""
        with output_faults(str(self._path.parent)):
            pickle.dump(message, file, pickle.HIGHEST_PROTOCOL)
            file.flush()
        try:
            self._stdin.write(b"\n")
            self._stdin.flush()
        except BrokenPipeError:
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
        with suppress(BrokenPipeError):
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
    messages = _messages(Path(path))
    answer: tuple[bool, Any]
    try:
        work, given, layout = next(messages)
        answer = True, work(Records(lambda: _unpacked(messages), _Upstream(layout)), *given)
    except EOFError:  # nobody wants it any more
        return
    except Exception as error:
        if isinstance(error, InputError):
            error.offset = None
        answer = False, error
    pickle.dump(answer, sys.stdout.buffer)
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


def _packed(blocks: Iterable[Block]) -> Iterator[object]:
    """Each source before the first of its blocks, which name it by its number."""
    sources: list[Source] = []
    for block in blocks:
        at = next((at for at, source in enumerate(sources) if source is block.source), len(sources))
        if at == len(sources):
            sources.append(block.source)
            yield block.source
        numbers, text = block.numbers(), block.together()
        if isinstance(block, Stretch) and isinstance(numbers, range) and text:
            yield at, block.lead, text, block.run, block.offset
        else:
            yield at, block.lead, text, block.models(), block.raws(), list(numbers)


def _unpacked(messages: Iterator[Any]) -> Iterator[Block]:
    sources: list[Source] = []
    for message in iter(messages.__next__, None):
        if isinstance(message, Source):
            sources.append(message)
            continue
        at, lead, text, *rest = message
        if len(rest) == 2:
            block: Block = Stretch(text, rest[0], sources[at], rest[1], lines=False)
        else:
            rows = zip(*rest, strict=True)
            block = Block.of([Record(raw, model, sources[at], number, 0) for model, raw, number in rows], text)
        block.lead = lead
        yield block


def _started(work: Callable[..., Any], path: Path) -> _Process | None:
    try:
        return _Process(work.__module__, path) if sys.executable else None
    except OSError:
        return None


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
