"""A web program of the box that is started when it is first asked for, and again after it ended."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_WITHIN = 90.0
"""Seconds to begin, and to end; JupyterLab takes two on an idle machine, and many on one that computes."""
_LOOK_AGAIN = 0.1
_ENDS_WITHIN = 5.0


class NotStartedError(Exception):
    """Why a program does not listen."""


@dataclass(kw_only=True)
class OnDemand:
    """The program that ``command SOCKET`` makes listen on the socket."""

    command: Path
    socket: Path
    _process: asyncio.subprocess.Process | None = None
    _has_listened: bool = False
    _starting: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def started(self) -> None:
        """Come back when it listens; one of many who ask starts it. NotStartedError says why it does not."""
        async with self._starting:
            if await self._listens():
                return
            process = await self._running()
            if process is None:
                process = await self._start()
            await self._until_it_listens(process)
            self._has_listened = True

    async def _running(self) -> asyncio.subprocess.Process | None:
        """The program while it begins; one that listens no more is about to end, which is awaited."""
        process = self._process
        if process is None or process.returncode is not None:
            return None
        if not self._has_listened:
            return process
        try:
            await asyncio.wait_for(process.wait(), _WITHIN)
        except TimeoutError:
            raise NotStartedError(f"it has not ended within {_WITHIN:.0f} s") from None
        return None

    async def _start(self) -> asyncio.subprocess.Process:
        self._has_listened = False
        try:
            self._process = await asyncio.create_subprocess_exec(
                str(self.command), str(self.socket), stdin=asyncio.subprocess.DEVNULL
            )
        except OSError as error:
            raise NotStartedError(f"{self.command}: {error.strerror}") from None
        return self._process

    async def _until_it_listens(self, process: asyncio.subprocess.Process) -> None:
        deadline = time.monotonic() + _WITHIN
        while not await self._listens():
            if process.returncode is not None:
                raise NotStartedError(f"it ended with code {process.returncode}: see the box's log")
            if time.monotonic() > deadline:
                raise NotStartedError(f"it did not listen within {_WITHIN:.0f} s: see the box's log")
            await asyncio.sleep(_LOOK_AGAIN)

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_unix_connection(str(self.socket))
        except OSError:
            return False
        writer.close()
        return True

    async def end(self) -> None:
        """End it, where it was started."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), _ENDS_WITHIN)
