"""The door before a web program of the box: its owner comes in, each request is looked at, bytes pass."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sfml.devbox.gate import Gate
from sfml.devbox.program import OnDemand

ANA = "Sf-Context-Current-User: ANA\r\n"
EVE = "Sf-Context-Current-User: EVE\r\n"
UPGRADE = "Upgrade: websocket\r\nConnection: Upgrade\r\n"


class Program:
    """Stands where code-server would: keeps what it gets, answers each request with its body."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self.upgrades = True
        self.open = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            await self.answer(reader, writer)
        except OSError:
            pass  # the other side is done with it
        finally:
            writer.close()
            self.open -= 1

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        if "upgrade: websocket" in head:
            status = "101 Switching Protocols" if self.upgrades else "404 Not Found"
            writer.write(f"HTTP/1.1 {status}\r\nupgrade: websocket\r\nx-own: yes\r\n\r\n".encode())
            while data := await reader.read(1 << 16):
                writer.write(data)
        elif "content-length" in head:
            size = int(head.lower().partition("content-length:")[2].split()[0])
            body = await reader.readexactly(size)
            writer.write(b"HTTP/1.1 200 OK\r\nx-own: yes\r\n\r\n" + body)
        elif "chunked" in head:
            body = await reader.readuntil(b"\r\n0\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + body)
        else:
            writer.write(b"HTTP/1.1 200 OK\r\n\r\nhello")
        await writer.drain()


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A gate, the program behind it, and the way to it."""

    gate: Gate
    program: Program
    port: int

    async def ask(self, data: bytes) -> bytes:
        """Everything that is answered until the connection ends."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(data)
        answer = await reader.read()
        writer.close()
        return answer


def tried(tmp_path: Path, play: Callable[[Trial], Awaitable[None]], *, runs: bool = True) -> None:
    """Play with a gate, and a program behind it."""

    async def run() -> None:
        program, path = Program(), tmp_path / "program.sock"
        behind = await asyncio.start_unix_server(program.serve, str(path)) if runs else None
        gate = Gate(name="code-server", owner="ANA", socket=path)
        server = await gate.serve("127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        await play(Trial(gate=gate, program=program, port=port))
        while program.open:  # who has gone leaves nothing behind
            await asyncio.sleep(0.01)
        server.close()
        if behind:
            behind.close()

    asyncio.run(asyncio.wait_for(run(), 60))


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        ("GET / HTTP/1.1\r\n", 403),
        (f"GET / HTTP/1.1\r\n{EVE}", 403),
        (f"GET / HTTP/1.1\r\n{ANA}{EVE}", 403),
        (f"GET / HTTP/1.1\r\n{EVE}{ANA}", 403),
        ("GET / HTTP/1.1\r\nSf_Context_Current_User: ANA\r\n", 403),
        (f"GET /healthz HTTP/1.1\r\n{EVE}", 403),
        ("POST /healthz HTTP/1.1\r\n", 403),
        ("GET /healthz?x HTTP/1.1\r\n", 403),
        (f"GET / HTTP/1.1\r\n{EVE}{UPGRADE}", 403),
        (f"GET / HTTP/1.0\r\n{ANA}", 400),
        (f"GET http://other/ HTTP/1.1\r\n{ANA}", 400),
        (f"POST / HTTP/1.1\r\n{ANA}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400),
        (f"POST / HTTP/1.1\r\n{ANA}Content-Length: 5\r\nContent-Length: 6\r\n", 400),
        (f"POST / HTTP/1.1\r\n{ANA}Content-Length: +5\r\n", 400),
        (f"POST / HTTP/1.1\r\n{ANA}Transfer-Encoding: gzip, chunked\r\n", 400),
        ("nonsense\r\n", 400),
    ],
)
def test_gate__request__never_reaches_the_program(tmp_path: Path, request_text: str, status: int) -> None:
    async def play(trial: Trial) -> None:
        answer = await trial.ask(f"{request_text}\r\n".encode())
        assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer
        assert trial.program.heads == []

    tried(tmp_path, play)


def test_gate__owner_and_probe__are_let_in(tmp_path: Path) -> None:
    async def play(trial: Trial) -> None:
        assert (await trial.ask(f"GET /x HTTP/1.1\r\n{ANA}Connection: keep-alive\r\n\r\n".encode())).endswith(
            b"hello"
        )
        assert (await trial.ask(b"GET /healthz HTTP/1.1\r\n\r\n")).endswith(b"hello")
        assert trial.program.heads[0].lower().count("connection: ") == 1
        assert "connection: close" in trial.program.heads[0].lower()

    tried(tmp_path, play)


def test_gate__second_request_on_a_connection__is_not_passed_on(tmp_path: Path) -> None:
    async def play(trial: Trial) -> None:
        first = f"POST / HTTP/1.1\r\n{ANA}Content-Length: 3\r\n\r\nabc"
        answer = await trial.ask(f"{first}GET /secret HTTP/1.1\r\n{EVE}\r\n".encode())
        assert answer.endswith(b"abc")
        assert len(trial.program.heads) == 1

    tried(tmp_path, play)


def test_gate__chunked_body__is_passed_on_to_its_end(tmp_path: Path) -> None:
    body = b"3\r\nabc\r\n0\r\n\r\n"

    async def play(trial: Trial) -> None:
        head = f"POST / HTTP/1.1\r\n{ANA}Transfer-Encoding: chunked\r\n\r\n".encode()
        assert (await trial.ask(head + body + b"GET /secret HTTP/1.1\r\n\r\n")).endswith(body)
        assert len(trial.program.heads) == 1

    tried(tmp_path, play)


def test_gate__websocket__passes_bytes_both_ways_and_counts_them(tmp_path: Path) -> None:
    async def play(trial: Trial) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", trial.port)
        writer.write(f"GET / HTTP/1.1\r\n{ANA}{UPGRADE}\r\n".encode())
        assert b"101 Switching" in await reader.readuntil(b"\r\n\r\n")
        writer.write(bytes(300_000))
        assert await reader.readexactly(300_000) == bytes(300_000)
        writer.close()
        assert trial.gate.passed == 600_000

    tried(tmp_path, play)


def test_gate__websocket_refused__keeps_no_connection_for_a_next_request(tmp_path: Path) -> None:
    async def play(trial: Trial) -> None:
        trial.program.upgrades = False
        both = f"GET / HTTP/1.1\r\n{ANA}{UPGRADE}\r\nGET /secret HTTP/1.1\r\n{EVE}\r\n"
        answer = await trial.ask(both.encode())
        assert b"code-server refuses this WebSocket (404)" in answer
        assert len(trial.program.heads) == 1

    tried(tmp_path, play)


def test_gate__program_does_not_run__says_so(tmp_path: Path) -> None:
    async def play(trial: Trial) -> None:
        answer = await trial.ask(f"GET / HTTP/1.1\r\n{ANA}\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"code-server does not run in this box" in answer

    tried(tmp_path, play, runs=False)


SERVER = """\
#!{python}
import os, socketserver, sys

class Answer(socketserver.StreamRequestHandler):
    def handle(self):
        said = b"".join(iter(lambda: self.rfile.readline().strip(), b""))
        if not said:
            return  # somebody who only looks whether it listens
        self.wfile.write(b"HTTP/1.1 200 OK\\r\\n\\r\\nnumber %d" % os.getpid())
        if b"/end" in said:
            os.remove(sys.argv[1])
            self.wfile.close()
            os._exit(0)

with open({starts!r}, "a") as file:
    file.write("started ")
if {fails}:
    sys.exit(7)
socketserver.UnixStreamServer.request_queue_size = 128
with socketserver.UnixStreamServer(sys.argv[1], Answer) as server:
    server.serve_forever()
"""


def on_demand(tmp_path: Path, play: Callable[[Trial], Awaitable[None]], *, fails: bool = False) -> None:
    """Play with a gate that starts the program behind it."""

    async def run() -> None:
        command, path = tmp_path / "command", tmp_path / "program.sock"
        command.write_text(SERVER.format(python=sys.executable, starts=str(tmp_path / "starts"), fails=fails))
        command.chmod(0o755)
        program = OnDemand(command=command, socket=path)
        gate = Gate(name="JupyterLab", owner="ANA", socket=path, program=program)
        server = await gate.serve("127.0.0.1", 0)
        await play(Trial(gate=gate, program=Program(), port=server.sockets[0].getsockname()[1]))
        server.close()
        await program.end()

    asyncio.run(asyncio.wait_for(run(), 120))


def starts(tmp_path: Path) -> int:
    file = tmp_path / "starts"
    return len(file.read_text().split()) if file.exists() else 0


def test_gate__many_come_at_once__one_program_is_started(tmp_path: Path) -> None:
    async def play(trial: Trial) -> None:
        asked = [trial.ask(f"GET / HTTP/1.1\r\n{ANA}\r\n".encode()) for _ in range(5)]
        answers = await asyncio.gather(*asked)
        assert len(set(answers)) == 1, answers
        assert b"number " in answers[0]

    on_demand(tmp_path, play)
    assert starts(tmp_path) == 1


def test_gate__probe_or_another_user__starts_no_program(tmp_path: Path) -> None:
    async def play(trial: Trial) -> None:
        assert (await trial.ask(b"GET /healthz HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 503 ")
        assert (await trial.ask(f"GET / HTTP/1.1\r\n{EVE}\r\n".encode())).startswith(b"HTTP/1.1 403 ")

    on_demand(tmp_path, play)
    assert starts(tmp_path) == 0


def test_gate__program_was_shut_down__is_started_again(tmp_path: Path) -> None:
    async def play(trial: Trial) -> None:
        first = await trial.ask(f"GET /end HTTP/1.1\r\n{ANA}\r\n".encode())
        second = await trial.ask(f"GET / HTTP/1.1\r\n{ANA}\r\n".encode())
        assert b"number " in first
        assert b"number " in second
        assert first != second

    on_demand(tmp_path, play)
    assert starts(tmp_path) == 2


def test_gate__program_cannot_start__says_its_code(tmp_path: Path) -> None:
    async def play(trial: Trial) -> None:
        answer = await trial.ask(f"GET / HTTP/1.1\r\n{ANA}\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"JupyterLab does not run in this box: it ended with code 7" in answer

    on_demand(tmp_path, play, fails=True)


@pytest.mark.parametrize(
    ("line", "is_use"),
    [
        ("GET /api/contents?1", False),
        ("GET /files/model.pt", True),
        ("POST /api/kernels", True),
        ("GET /apis", True),
    ],
)
def test_gate__page_asks_what_is_new__is_no_use(tmp_path: Path, line: str, is_use: bool) -> None:
    async def play(trial: Trial) -> None:
        answer = await trial.ask(f"{line} HTTP/1.1\r\n{ANA}\r\n".encode())
        assert answer.endswith(b"hello")
        assert bool(trial.gate.passed) == is_use

    tried(tmp_path, play)
