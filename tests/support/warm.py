"""An interpreter that has Django imported already and forks for each script: a third of the time of a fresh one.

It knows nothing of any project: settings, apps and models are imported by the script, after the fork.
"""

from __future__ import annotations

import atexit
import json
import os
import runpy
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path

from .database_url import use_pymysql

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


def run(command: tuple[str, ...], *, cwd: Path, env: Mapping[str, str], stdin: bytes) -> tuple[int, bytes, bytes]:
    """Run a script, or with "-m" a module: its exit code, and what it printed to stdout and stderr."""
    server = interpreter()
    assert server.stdin and server.stdout
    with tempfile.TemporaryDirectory() as folder:
        files = [str(Path(folder, name)) for name in ("stdin", "stdout", "stderr")]
        Path(files[0]).write_bytes(stdin)
        server.stdin.write(json.dumps({"command": command, "cwd": str(cwd), "env": dict(env), "files": files}) + "\n")
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
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if not child:
            os._exit(perform(**request))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def perform(command: list[str], cwd: str, env: dict[str, str], files: list[str]) -> int:
    for number, (file, flags) in enumerate(zip(files, (os.O_RDONLY, *[os.O_WRONLY | os.O_CREAT] * 2), strict=True)):
        os.dup2(os.open(file, flags), number)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.path[0] = cwd
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
