"""Scratch databases: empty, or with a project's tables, or with its rows too; made once and copied from then on."""

from __future__ import annotations

import os
from itertools import count

from .projects import manage, migrate
from .required import lacking
from .servers import Server, UnavailableError, find_server


class ScratchDatabases:
    """Makes databases and drops them again; `close` drops what is left."""

    def __init__(self) -> None:
        self._servers: dict[str, Server | UnavailableError] = {}
        self._templates: dict[tuple[str, str, str], str] = {}
        self._made: dict[str, tuple[Server, str]] = {}
        self._numbers = count(1)

    def server(self, backend: str) -> Server:
        """Skips the test if the server is not there, or fails it if FIXTUREFLOW_REQUIRE names the backend."""
        if backend not in self._servers:
            try:
                self._servers[backend] = find_server(backend)
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

    def drop(self, url: str) -> None:
        server, name = self._made.pop(url)
        server.drop(name)

    def close(self) -> None:
        for url in list(self._made):
            self.drop(url)
        for server in self._servers.values():
            if not isinstance(server, UnavailableError):
                server.close()

    def _template(self, backend: str, project: str, filling: str) -> str:
        key = (backend, project, filling)
        if key not in self._templates:
            url = self.make(backend, project if filling else "")
            if filling:
                manage(project, url, filling)
            else:
                migrate(project, url)
            self._templates[key] = self._made[url][1]
        return self._templates[key]
