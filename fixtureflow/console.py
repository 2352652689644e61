"""The program's manners: messages and progress on stderr, errors as exit codes, a summary at the end."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import stat
import sys
import time
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import TYPE_CHECKING, TextIO

from fixtureflow.errors import FixtureflowError, UsageError, one_line
from fixtureflow.wording import amount

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

__all__ = ["INTERRUPTED", "Session", "amount", "session"]

INTERRUPTED = 130
RATE_FROM = 0.5
"""Seconds; of a shorter run the rate says nothing."""
CLOSED_PIPE = 141
"""What a shell gives for a program that SIGPIPE ended."""


class Session:
    """One run of a verb: counts bytes read for the progress bar and the summary."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self.read = 0
        self.started = time.perf_counter()
        self._bar: Bar | None = None

    def say(self, text: str) -> None:
        """One line for the person, on stderr."""
        if not self.quiet:
            _say(text)

    def progress(self, taken: int) -> None:
        """Told by the reader of bytes taken."""
        self.read += taken
        if self._bar is not None:
            self._bar.advance(self._bar.task_ids[0], taken)

    def summary(self, text: str) -> None:
        """The last line: what came of it, in what time."""
        seconds = time.perf_counter() - self.started
        rate = f" ({self.read / 1e6 / seconds:,.0f} MB/s)" if self.read and seconds >= RATE_FROM else ""
        self.say(f"{text} in {seconds:.1f} s{rate}")

    @contextlib.contextmanager
    def watching(self, inputs: Sequence[str], output: str) -> Iterator[None]:
        """A progress bar where a person can see it; for a pipe, whose size nobody knows, a spinner."""
        in_the_way = output == "-" and _is_terminal(sys.stdout)
        if self.quiet or in_the_way or not _is_terminal(sys.stderr):
            yield
            return
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            SpinnerColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        size = _size(inputs)
        about_size = [BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()]
        columns = about_size if size else [SpinnerColumn(), DownloadColumn(), TransferSpeedColumn()]
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            bar.add_task("", total=size)
            self._bar = bar
            try:
                yield
            finally:
                self._bar = None


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def _size(inputs: Sequence[str]) -> int | None:
    total = 0
    for name in inputs:
        try:
            found = os.fstat(sys.stdin.fileno()) if name == "-" else os.stat(name)  # noqa: PTH116
        except OSError:
            return None
        if not stat.S_ISREG(found.st_mode):
            return None
        total += found.st_size
    return total


@contextlib.contextmanager
def session(inputs: Sequence[str], output: str = "", *, quiet: bool = False) -> Iterator[Session]:
    """Run a verb: faults become one line on stderr and an exit code, whatever was begun is cleaned up.

    `output` is where the records go, if they go to one place.
    """
    _end_cleanly_when_told_to()
    _log_to_stderr(quiet=quiet)
    run = Session(quiet=quiet)
    try:
        if "-" in inputs and (sys.stdin is None or _is_terminal(sys.stdin)):
            raise UsageError("no INPUT", advice="name a fixture, or pipe one in; --help shows an example")
        with run.watching(inputs, output):
            yield run
    except FixtureflowError as error:
        _say(f"error: {error.with_options()}")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # Nobody reads what is left; the interpreter must not try to write it when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(CLOSED_PIPE)
    except KeyboardInterrupt:
        _say("interrupted")
        sys.exit(INTERRUPTED)


def _say(text: str) -> None:
    if sys.stderr is None:  # print() would take stdout, where the records go
        return
    with contextlib.suppress(OSError):
        print(f"fixtureflow: {one_line(text)}", file=sys.stderr)


def _end_cleanly_when_told_to() -> None:
    def end(signum: int, frame: FrameType | None) -> None:
        sys.exit(128 + signum)

    with contextlib.suppress(ValueError):  # not in the main thread
        signal.signal(signal.SIGTERM, end)


class _ToStderr(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        _say(record.getMessage())


def _log_to_stderr(*, quiet: bool) -> None:
    logger = logging.getLogger("fixtureflow")
    logger.handlers = [_ToStderr()]
    logger.propagate = False
    logger.setLevel(logging.ERROR if quiet else logging.INFO)
