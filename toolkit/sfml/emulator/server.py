"""A running server: the state directory held, the routes served, and a clean end."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from sfml import __version__
from sfml.emulator import seed, state
from sfml.emulator.app import App
from sfml.emulator.parts import build
from sfml.emulator.settings import Settings

_STOP_WITHIN = 5.0
_START_WITHIN = 60.0
_IDLE_CHECKS_EVERY = 1.0

Endpoint = dict[str, object]


class Server:
    """One server. ``run`` serves until ``stop`` is called, from any thread or signal handler."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._address = (settings.host, settings.port)
        self._stop_asked = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event | None = None
        self._app: App | None = None
        self.started: Future[Endpoint] = Future()

    def run(self) -> None:
        """Serve until stopped. ``started`` gets the endpoint as soon as the server answers there."""
        with state.held(self._settings.state):
            app = App(build(self._settings, address=lambda: self._address))
            try:
                asyncio.run(self._serve(app))
            finally:
                app.close()

    def stop(self) -> None:
        """Ask the server to end; returns at once."""
        self._stop_asked.set()
        if self._loop is not None and self._wake is not None:
            self._loop.call_soon_threadsafe(self._wake.set)

    def restart_ingress(self) -> None:
        """Close the public endpoints, cut what is open there, and open them again after some seconds."""
        if self._loop is not None and self._app is not None:
            self._loop.call_soon_threadsafe(self._app.restart_doors)

    async def _serve(self, app: App) -> None:
        self._loop, self._wake, self._app = asyncio.get_running_loop(), asyncio.Event(), app
        runner = web.AppRunner(
            app.application(), access_log=None, auto_decompress=False, shutdown_timeout=_STOP_WITHIN
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, self._settings.host, self._settings.port).start()
            self._address = runner.addresses[0][:2]
            endpoint = self._endpoint()
            with state.announced(self._settings.state, endpoint):
                self.started.set_result(endpoint)
                app.load()
                await self._until_stopped(app, self._wake)
        finally:
            app.close_doors()
            app.parts.queries.cancel_all()  # lets the requests that wait for them end
            await runner.cleanup()

    async def _until_stopped(self, app: App, wake: asyncio.Event) -> None:
        limit = self._settings.idle_exit
        while not self._stop_asked.is_set():
            if limit is not None and app.idle_seconds() > limit:
                return
            waiting = asyncio.ensure_future(wake.wait())
            await asyncio.wait({waiting}, timeout=None if limit is None else _IDLE_CHECKS_EVERY)
            waiting.cancel()

    def _endpoint(self) -> Endpoint:
        host, port = self._address
        return {
            "host": host,
            "port": port,
            "protocol": "http",
            "pid": os.getpid(),
            "account": self._settings.account,
            "user": self._settings.user,
            "password_file": seed.PASSWORD_FILE,
            "role": seed.ADMIN,
            "warehouse": seed.WAREHOUSE,
            "database": seed.DATABASE,
            "schema": "PUBLIC",
            "executor": self._settings.executor,
            "version": __version__,
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
        }


@contextmanager
def in_thread(settings: Settings) -> Iterator[Endpoint]:
    """A server in a thread of this process, for the length of the block; gives its endpoint."""
    server = Server(settings)
    with ThreadPoolExecutor(1, thread_name_prefix="local-backend") as pool:
        ended = pool.submit(server.run)
        try:
            first: set[Future[Any]] = {server.started, ended}
            wait(first, timeout=_START_WITHIN, return_when=FIRST_COMPLETED)
            if ended.done():
                ended.result()
            yield server.started.result(timeout=0)
        finally:
            server.stop()
        ended.result()


def connection_parameters(endpoint: Endpoint, directory: Path) -> dict[str, object]:
    """What a client connects with."""
    names = ("account", "user", "host", "port", "protocol", "role", "warehouse", "database", "schema")
    password = (directory / seed.PASSWORD_FILE).read_text().strip()
    return {**{name: endpoint[name] for name in names}, "password": password}
