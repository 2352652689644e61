"""An interpreter that has Django imported already and forks for each script: a third of the time of a fresh one.

For each project and kind of settings there is another, forked from the first, that has set the project up. Which
database it is is said after the fork.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from signal import SIGTERM
from typing import Any, TextIO

from .database_url import databases, use_pymysql

# So many projects, with their kinds of settings, are kept set up at once: some of them take 100 MB.
KEPT = 6

# What a management command imports that does not ask for settings.
IMPORTS = [
    "django.contrib.admin.decorators",
    "django.core.files.storage",
    "django.core.management.commands.dumpdata",
    "django.core.management.commands.loaddata",
    "django.core.management.commands.migrate",
    "django.core.management.commands.makemigrations",
    "django.core.management.commands.shell",
    "django.core.paginator",
    "django.core.serializers.json",
    "django.core.serializers.python",
    "django.core.servers.basehttp",
    "django.db.backends.mysql.base",
    "django.db.backends.postgresql.base",
    "django.db.backends.sqlite3.base",
    "django.db.models",
    "django.forms",
    "django.http",
    "django.middleware.csrf",
    "django.shortcuts",
    "django.template.backends.django",
    "django.test.signals",
    "django.urls",
    "django.views.debug",
    "django.views.generic",
]


def run(
    command: tuple[str, ...], *, cwd: Path, env: Mapping[str, str], kind: str, stdin: bytes
) -> tuple[int, bytes, bytes]:
    """Run a script, or with "-m" a module: its exit code, and what it printed to stdout and stderr.

    Settings of the same `kind` differ in nothing but the name of the database; without a kind nothing is set up.
    """
    server = interpreter()
    assert server.stdin and server.stdout
    with tempfile.TemporaryDirectory() as folder:
        files = [str(Path(folder, name)) for name in ("stdin", "stdout", "stderr")]
        Path(files[0]).write_bytes(stdin)
        request = {"command": command, "cwd": str(cwd), "env": dict(env), "kind": kind, "files": files}
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        code = server.stdout.readline()
        if not code:
            raise RuntimeError("the interpreter that scripts are forked from has ended")
        return int(code), Path(files[1]).read_bytes(), Path(files[2]).read_bytes()


@cache
def interpreter() -> subprocess.Popen[str]:
    server = subprocess.Popen(
        [sys.executable, "-m", f"{__package__}.warm"],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(server.communicate)  # it ends with its input
    return server


def serve() -> None:
    from django.core.exceptions import ImproperlyConfigured

    with suppress(ImportError):
        use_pymysql()
    for module in IMPORTS:
        with suppress(ImportError, ImproperlyConfigured):  # a driver that is not installed
            import_module(module)
    gc.freeze()  # what is never looked at again is shared with all that are forked
    ready: dict[str, Ready | None] = {}
    for line in sys.stdin:
        request = json.loads(line)
        kind = request.pop("kind")
        ready[kind] = project = ready.pop(kind) if kind in ready else Ready.forked(request) if kind else None
        if len(ready) > KEPT and (oldest := ready.pop(next(iter(ready)))):
            oldest.close()
        print(project.run(line) if project else run_forked(request), flush=True)


def run_forked(request: dict[str, Any]) -> int:
    """The exit code of the script that a request names."""
    child = os.fork()
    if not child:
        os._exit(perform(**request))
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


@dataclass(frozen=True)
class Ready:
    """A process that has set a project up and forks for each script."""

    process: int
    requests: TextIO
    codes: TextIO

    @classmethod
    def forked(cls, request: dict[str, Any]) -> Ready | None:
        """None if the project cannot be set up: each script will say so itself."""
        (reading, requests), (codes, writing) = os.pipe(), os.pipe()
        process = os.fork()
        if not process:
            os.close(requests)
            os.close(codes)
            serve_project(request, os.fdopen(reading), os.fdopen(writing, "w"))
            os._exit(0)
        os.close(reading)
        os.close(writing)
        project = cls(process, os.fdopen(requests, "w"), os.fdopen(codes))
        if project.codes.readline():
            return project
        project.close()
        return None

    def run(self, line: str) -> int:
        self.requests.write(line)
        self.requests.flush()
        return int(self.codes.readline())

    def close(self) -> None:
        self.requests.close()
        self.codes.close()
        os.kill(self.process, SIGTERM)  # those forked later hold its input open
        os.waitpid(self.process, 0)


def serve_project(first: dict[str, Any], requests: TextIO, codes: TextIO) -> None:
    enter(first["cwd"], first["env"])
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        try:
            import django
            from django.core.checks import run_checks

            django.setup()
            run_checks()  # which imports what only views and forms need
        except BaseException:
            return
    gc.freeze()
    print("ready", file=codes, flush=True)
    for line in requests:
        request = json.loads(line)
        del request["kind"]
        print(run_forked(request), file=codes, flush=True)


def use_database() -> None:
    """What the settings of a project do that is set up already."""
    from django.apps import apps
    from django.conf import settings
    from django.db import connections

    if apps.ready:
        for name in connections:
            del connections[name]
        settings.DATABASES = databases()
        connections.settings = connections.configure_settings(settings.DATABASES)


def enter(cwd: str, env: dict[str, str]) -> None:
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.path[0] = cwd


def perform(command: list[str], cwd: str, env: dict[str, str], files: list[str]) -> int:
    for number, (file, flags) in enumerate(zip(files, (os.O_RDONLY, *[os.O_WRONLY | os.O_CREAT] * 2), strict=True)):
        os.dup2(os.open(file, flags), number)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    enter(cwd, env)
    use_database()
    try:
        if command[0] == "-m":
            sys.argv = command[1:]
            runpy.run_module(command[1], run_name="__main__", alter_sys=True)
        else:
            sys.argv = command
            runpy.run_path(command[0], run_name="__main__")
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


if __name__ == "__main__":
    serve()
