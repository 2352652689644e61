"""What can go wrong, as exceptions that keep their parts and write their own sentence.

FixtureflowError            exit code 1: the fixture, a file or the target is at fault
├── InputError              what was read is not a fixture, or one record of it is at fault
├── OutputError             what was to be written could not be
├── RulesError              a file of rules cannot be used
├── SchemaError             a schema source cannot be used or is at fault
├── TargetError             the target database cannot be read
└── UsageError              exit code 2: the call was at fault
"""

from __future__ import annotations

import re
import shlex

__all__ = [
    "FixtureflowError",
    "InputError",
    "OutputError",
    "RulesError",
    "SchemaError",
    "TargetError",
    "UsageError",
]


class FixtureflowError(Exception):
    """The base of all that fixtureflow raises on purpose.

    `problem` says what is wrong, `advice` what to do about it; `str()` is the one line a person reads. Keyword
    arguments stand in it as in a call, between backticks: `repair=True`; or `indent=` where the value does not matter.
    """

    exit_code = 1

    def __init__(self, problem: str, *, advice: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.advice = advice

    def where(self) -> str:
        """The place at fault, as far as it is known."""
        return ""

    def __str__(self) -> str:
        return self._sentence(self.problem, self.advice)

    def with_options(self) -> str:
        """The same line for who calls the program: what is a keyword in Python is an option there, --repair."""
        return self._sentence(self.problem, _with_options(self.advice))

    def _sentence(self, problem: str, advice: str) -> str:
        sentence = f"{self.where()}: {problem}" if self.where() else problem
        return one_line(f"{sentence}; {advice}" if advice else sentence)


class InputError(FixtureflowError):
    """What was read is not a fixture, or a record of it is at fault.

    `number` counts records from 1; `offset` counts bytes from 0, in the decompressed UTF-8 text.
    """

    def __init__(
        self,
        problem: str,
        *,
        advice: str = "",
        file: str = "",
        number: int | None = None,
        offset: int | None = None,
        model: str | None = None,
        pk: object = None,
        field: str | None = None,
    ) -> None:
        super().__init__(problem, advice=advice)
        self.file = file
        self.number = number
        self.offset = offset
        self.model = model
        self.pk = pk
        self.field = field

    def where(self) -> str:
        parts = [
            self.file,
            None if self.number is None else f"record {self.number}",
            None if self.offset is None else f"byte {self.offset}",
            None if self.model is None else f"{self.model}" + ("" if self.pk is None else f" pk={self.pk}"),
            None if self.field is None else f"field {self.field}",
        ]
        return ", ".join(part for part in parts if part)


class OutputError(FixtureflowError):
    """What was to be written could not be; nothing half-written stands in its place."""


class RulesError(FixtureflowError):
    """A file of rules cannot be read, or says something that is no rule."""


class SchemaError(FixtureflowError):
    """A schema source cannot be used, or says something that cannot be."""


class TargetError(FixtureflowError):
    """The target database cannot be reached or read. Never carries a password."""


class UsageError(FixtureflowError):
    """The call asks for something that has no meaning."""

    exit_code = 2

    def with_options(self) -> str:
        return self._sentence(_with_options(self.problem), _with_options(self.advice))


def one_line(text: str) -> str:
    """`text` with control characters escaped, so that a hostile name cannot forge lines on a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


_KEYWORD = re.compile(r'`([a-z_]+)=(?:True|"([^"`]*)"|([A-Z]*))`')


def _with_options(text: str) -> str:
    def option(keyword: re.Match[str]) -> str:
        name, value, placeholder = keyword.groups()
        return f"--{name.replace('_', '-')} {shlex.quote(value) if value else placeholder or ''}".rstrip()

    return _KEYWORD.sub(option, text)
