"""The routes behind signed URLs: one file of a stage, in or out, in pieces."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import IO, TypeVar

from aiohttp import web

from sfml.emulator.faults import Fault
from sfml.emulator.parts import Parts
from sfml.emulator.results import Direction, Target
from sfml.emulator.signing import Verdict

_LOG = logging.getLogger(__name__)
_PIECE = 1 << 20
_REASONS = {
    Verdict.EXPIRED: "The signed URL has expired",
    Verdict.FORGED: "The signed URL does not permit this",
}
T = TypeVar("T")


class Files:
    """PUT, GET and HEAD of stage files.

    The connector shows nothing of an error but status and reason, and retries 408, 429 and 5xx.
    """

    def __init__(self, parts: Parts, threads: Executor) -> None:
        self._stages = parts.stages
        self._signer = parts.signer
        self._threads = threads

    async def serve(self, request: web.Request) -> web.StreamResponse:
        direction = Direction.UPLOAD if request.method == "PUT" else Direction.DOWNLOAD
        stage, path = request.match_info["stage"], request.match_info["path"]
        if request.method not in ("PUT", "GET", "HEAD") or not stage.isdecimal():
            return web.Response(status=404, reason="There is nothing here")
        target = Target(stage=int(stage), path=path)
        verdict = self._signer.check(direction, target, request.query)
        if verdict is not Verdict.GOOD:
            return web.Response(status=verdict.value, reason=_REASONS[verdict])
        try:
            if direction is Direction.UPLOAD:
                return await self._receive(request, target)
            return await self._send(request, target)
        except Fault as fault:
            return web.Response(status=404, reason=fault.message)

    async def _receive(self, request: web.Request, target: Target) -> web.Response:
        overwrite = request.query["overwrite"] == "1"
        try:
            with self._stages.writing(target, overwrite=overwrite) as file:
                await self._copy_in(request, file)
        except FileExistsError:
            return web.Response(status=412, reason="The file exists and OVERWRITE is FALSE")
        except OSError as error:
            if isinstance(error, ConnectionError):
                raise  # the client went away
            _LOG.warning("upload of %s failed: %s", target.path, error)
            status = 413 if error.errno in (errno.ENOSPC, errno.EDQUOT) else 409
            return web.Response(status=status, reason=f"Not stored: {error.strerror}")
        return web.Response()

    async def _copy_in(self, request: web.Request, file: IO[bytes]) -> None:
        size = 0
        async for piece in request.content.iter_chunked(_PIECE):
            size += len(piece)
            await self._in_thread(partial(file.write, piece))
        if request.content_length not in (None, size):
            raise ConnectionResetError(errno.ECONNRESET, "the upload was cut off")

    async def _send(self, request: web.Request, target: Target) -> web.StreamResponse:
        try:
            file = await self._in_thread(lambda: self._stages.open(target))
        except FileNotFoundError:
            return web.Response(status=404, reason="There is no such file in the stage")
        with file:
            size = file.seek(0, 2)
            file.seek(0)
            response = web.StreamResponse(headers={"Content-Length": str(size)})
            await response.prepare(request)
            while request.method == "GET" and (piece := await self._in_thread(lambda: file.read(_PIECE))):
                await response.write(piece)
        await response.write_eof()
        return response

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)
