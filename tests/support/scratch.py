"""Scratch databases: empty, or with a project's tables, or with its rows too; made once and copied from then on."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from pathlib import Path

from .locked import locked
from .projects import manage, migrate
from .required import lacking
from .servers import Server, UnavailableError, find_server


class ScratchDatabases:
    """Makes databases and drops them again; `close` drops what is left.

    What is copied is shared with all others that have the same folder, as xdist's workers have: the first to want it
    makes it, and the last to close drops it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._servers: dict[str, Server | UnavailableError] = {}
        self._made: dict[str, tuple[Server, str]] = {}
        self._numbers = count(1)
        self._dropping = ThreadPoolExecutor(1)
        self._dropped: list[Future[None]] = []
        self._count_users(1)

    def server(self, backend: str) -> Server:
        """Skips the test if the server is not there, or fails it if FIXTUREFLOW_REQUIRE names the backend."""
        if backend not in self._servers:
            try:
                self._servers[backend] = find_server(backend, self._folder)
            except UnavailableError as reason:
                self._servers[backend] = reason
        server = self._servers[backend]
        if isinstance(server, UnavailableError):
            lacking(backend, server)
        return server

    def make(self, backend: str, project: str = "", *, populated: bool = False, occupied: bool = False) -> str:
        """The URL of a new database: empty, migrated for a project, or with rows of it too.

        `populated` has the project's rows, `occupied` such as are in their way.
        """
        server = self.server(backend)
        filling = "populate" if populated else "occupy" if occupied else ""
        template = self._template(backend, project, filling) if project else ""
        name = f"fixtureflow_{os.getpid()}_{next(self._numbers)}"
        url = server.url(name)
        self._made[url] = (server, name)
        if template:
            server.copy(template, name)
        else:
            server.create(name)
        return url

    def drop(self, url: str) -> Future[None]:
        """Drop it while others go on: servers wait for the disk then."""
        server, name = self._made.pop(url)
        self._dropped.append(self._dropping.submit(server.drop, name))
        return self._dropped[-1]

    def close(self) -> None:
        for url in list(self._made):
            self.drop(url)
        for dropped in self._dropped:
            dropped.result()
        self._dropping.shutdown()
        self._count_users(-1)
        for server in self._servers.values():
            if not isinstance(server, UnavailableError):
                server.close()

    def _template(self, backend: str, project: str, filling: str) -> str:
        """The name of the database to copy."""
        with locked(self._folder / f"{backend}.{project}.{filling or 'migrate'}.template") as file:
            name = file.read()
            if not name:
                url = self.make(backend, project if filling else "")
                if filling:
                    manage(project, url, filling)
                else:
                    migrate(project, url)
                _, name = self._made.pop(url)
                file.write(name)
        return name

    def _count_users(self, more: int) -> None:
        with locked(self._folder / "users") as file:
            users = int(file.read() or 0) + more
            file.truncate(0)
            file.write(str(users))
            if not users:
                for template in self._folder.glob("*.template"):
                    if name := template.read_text():
                        self.server(template.name.partition(".")[0]).drop(name)
                    template.unlink()
