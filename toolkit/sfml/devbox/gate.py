"""The owner's door to a web program of the box that has no login of its own: code-server, JupyterLab.

Snowflake's ingress says with each request who it is (``Sf-Context-Current-User``); whoever may use the
service would get in. This lets in its owner alone. One request for each connection, so that none goes
unlooked at.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sfml.devbox.program import NotStartedError, OnDemand
from sfml.tunnel import upgrade
from sfml.tunnel.admission import USER_HEADER
from sfml.tunnel.upgrade import Head, HeadError

HEALTH = "/healthz"
_BLOCK = 1 << 16
_HEAD_WITHIN = 30.0
_DROPPED = ("connection", "keep-alive", "proxy-connection")
_MOST_CHUNK = 1 << 30
_NEWS = "/api/"
"""What JupyterLab's page asks for every ten seconds, whoever looks at it: to GET it is no use of the box."""


class Refusal(Exception):  # noqa: N818 - an answer rather than a fault
    """What is answered in the program's place."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(kw_only=True)
class Gate:
    """The door to the program that listens on ``socket``; ``owner`` None lets everybody in, for trials.

    ``program`` is started when its owner comes; without one, it is expected to run. ``passed``: the bytes
    that were use of the box.
    """

    name: str
    owner: str | None
    socket: Path
    program: OnDemand | None = None
    passed: int = 0

    async def serve(self, host: str, port: int) -> asyncio.Server:
        """Answer on a port from now on."""
        return await asyncio.start_server(self._answer, host, port, limit=upgrade.MAX_HEAD)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._request(reader, writer)
        except Refusal as refusal:
            writer.write(upgrade.answer(refusal.status, f"{refusal}\n"))
        except (OSError, EOFError, asyncio.LimitOverrunError):
            pass  # one side went away, or never said what it wants
        finally:
            with contextlib.suppress(OSError):
                writer.close()
                await writer.wait_closed()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await asyncio.wait_for(_head(reader), _HEAD_WITHIN)
        check(head, self.owner)
        there, back = await self._connected(may_start=head.first[1] != HEALTH)
        try:
            if is_upgrade(head):
                await self._websocket(head, (reader, writer), (there, back))
            else:
                await self._exchange(head, (reader, writer), (there, back))
        finally:
            back.close()

    async def _connected(self, *, may_start: bool) -> Stream:
        """A connection to the program, which is started where it does not listen."""
        try:
            return await self._connect()
        except OSError:
            if self.program is None or not may_start:
                raise Refusal(503, f"{self.name} does not run in this box") from None
        try:
            await self.program.started()
            return await self._connect()
        except (NotStartedError, OSError) as error:
            raise Refusal(503, f"{self.name} does not run in this box: {error}") from None

    async def _connect(self) -> Stream:
        return await asyncio.open_unix_connection(str(self.socket), limit=upgrade.MAX_HEAD)

    async def _websocket(self, head: Head, client: Stream, program: Stream) -> None:
        program[1].write(forwarded(head, "Upgrade"))
        answered = await _head(program[0])
        if answered.first[1] != "101":
            # Its connection would stay open for a next request, which nobody would look at.
            raise Refusal(403, f"{self.name} refuses this WebSocket ({answered.first[1]})")
        client[1].write(forwarded(answered, "Upgrade"))
        await _first(_copy(client[0], program[1], self._count), _copy(program[0], client[1], self._count))

    async def _exchange(self, head: Head, client: Stream, program: Stream) -> None:
        count = _uncounted if is_news(head) else self._count
        program[1].write(forwarded(head, "close"))
        await _body(head, client[0], program[1], count)
        # The answer ends with the connection; a client that goes away is not waited for.
        await _first(_copy(program[0], client[1], count), _gone(client[0]))

    def _count(self, size: int) -> None:
        self.passed += size


Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Count = Callable[[int], None]


def _uncounted(_size: int) -> None:
    pass


async def _body(head: Head, source: asyncio.StreamReader, target: asyncio.StreamWriter, count: Count) -> None:
    if head.all("transfer-encoding"):
        await _chunks(source, target, count)
        return
    left = int("".join(head.all("content-length")) or 0)
    while left > 0:
        data = await source.read(min(left, _BLOCK))
        if not data:
            raise EOFError
        left -= len(data)
        await _pass(data, target, count)


async def _chunks(source: asyncio.StreamReader, target: asyncio.StreamWriter, count: Count) -> None:
    while True:
        line = await source.readuntil(b"\r\n")
        size = chunk_size(line)
        await _pass(line + await source.readexactly(size + 2 if size else 0), target, count)
        if size == 0:
            break
    while line != b"\r\n":  # trailers
        line = await source.readuntil(b"\r\n")
        await _pass(line, target, count)


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter, count: Count) -> None:
    while data := await source.read(_BLOCK):
        await _pass(data, target, count)


async def _pass(data: bytes, target: asyncio.StreamWriter, count: Count) -> None:
    count(len(data))
    target.write(data)
    await target.drain()


async def _head(reader: asyncio.StreamReader) -> Head:
    try:
        found = upgrade.split_head(await reader.readuntil(b"\r\n\r\n"))
    except HeadError as error:
        raise Refusal(400, str(error)) from None
    assert found is not None
    return found


async def _gone(reader: asyncio.StreamReader) -> None:
    """Until the other side ends its connection; what it sends before that is nobody's."""
    while await reader.read(_BLOCK):
        pass


async def _first(*ways: object) -> None:
    """Until the first of them ends; the others are given up."""
    tasks = [asyncio.ensure_future(way) for way in ways]  # type: ignore[call-overload]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def check(head: Head, owner: str | None) -> None:
    """Refusal for a request that must not reach the program; the readiness probe has no user."""
    method, target, version = head.first
    users = head.all(USER_HEADER)
    is_probe = method == "GET" and target == HEALTH and not users
    if version != "HTTP/1.1" or not target.startswith("/"):
        raise Refusal(400, "one HTTP/1.1 request, please")
    if owner is not None and not is_probe and not _is_owner(users, owner):
        raise Refusal(403, "this box belongs to another user")
    lengths, codings = head.all("content-length"), head.all("transfer-encoding")
    unclear = len(lengths) > 1 or (lengths and codings) or any(code.lower() != "chunked" for code in codings)
    if unclear or len(codings) > 1 or any(not (text.isascii() and text.isdigit()) for text in lengths):
        raise Refusal(400, "a body whose length is not clear")


def _is_owner(users: list[str], owner: str) -> bool:
    return len(users) == 1 and hmac.compare_digest(users[0].encode(), owner.encode())


def is_upgrade(head: Head) -> bool:
    """Whether a request asks for a WebSocket."""
    return head.first[0] == "GET" and [word.lower() for word in head.words("upgrade")] == ["websocket"]


def is_news(head: Head) -> bool:
    """Whether a request only asks what is new, as an open page does by itself."""
    return head.first[0] == "GET" and head.first[1].startswith(_NEWS)


def forwarded(head: Head, connection: str) -> bytes:
    """A head as it is sent on; its connection is a matter of each side."""
    dropped = (*_DROPPED, *(() if connection == "Upgrade" else ("upgrade",)))
    kept = [f"{name}: {value}" for name, value in head.headers if name not in dropped]
    return "\r\n".join([" ".join(head.first), *kept, f"connection: {connection}", "", ""]).encode("latin-1")


def chunk_size(line: bytes) -> int:
    """The size that the first line of a chunk says (RFC 9112, section 7.1)."""
    digits = line.strip().partition(b";")[0].strip()
    if not digits or any(digit not in b"0123456789abcdefABCDEF" for digit in digits):
        raise Refusal(400, "a chunk without a size")
    size = int(digits, 16)
    if size > _MOST_CHUNK:
        raise Refusal(400, "a chunk that is too large")
    return size
