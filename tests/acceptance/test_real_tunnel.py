"""What people do over ssh, through the ingress and the tunnel into a box of the shipped image."""

from __future__ import annotations

import random
import socket
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from real_box import HOST, RealBox
from samples import SOAK, digest

WITHIN = 600.0 if SOAK else 180.0


def config(made: RealBox) -> list[str]:
    return ["-F", str(made.folder / "home" / ".ssh" / "config")]


def run(made: RealBox, *command: str | Path, stdin: bytes = b"") -> bytes:
    done = subprocess.run(
        [str(part) for part in command],
        input=stdin, capture_output=True, timeout=WITHIN, env=dict(made.environ), check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def test_scp_and_sftp__large_file__is_equal_there_and_back(
    real_box: RealBox, sample: Path, tmp_path: Path
) -> None:
    run(real_box, "scp", "-q", *config(real_box), sample, f"{HOST}:big")
    there = run(real_box, "ssh", *config(real_box), HOST, "sha256sum big").split()[0].decode()
    batch = f"get big {tmp_path}/back\nrm big\n"
    run(real_box, "sftp", "-q", *config(real_box), "-b", "-", HOST, stdin=batch.encode())
    assert there == digest(sample) == digest(tmp_path / "back")


def test_ssh__twenty_sessions_at_once__each_has_its_own_answer(real_box: RealBox) -> None:
    started = [
        subprocess.Popen(
            ["ssh", *config(real_box), HOST, f"sleep 2; echo {number}"],
            stdout=subprocess.PIPE, env=dict(real_box.environ),
        )
        for number in range(20)
    ]  # fmt: skip
    answers = [process.communicate(timeout=WITHIN)[0] for process in started]
    assert answers == [f"{number}\n".encode() for number in range(20)]


def test_ssh__a_tarball_of_60_mb_on_stdin__arrives(real_box: RealBox, tmp_path: Path) -> None:
    for number in range(60):
        (tmp_path / f"{number}.bin").write_bytes(random.Random(number).randbytes(1 << 20))
    with tarfile.open(tmp_path / "all.tar", "w") as tar:
        for number in range(60):
            tar.add(tmp_path / f"{number}.bin", f"unpacked/{number}.bin")
    unpack = "tar x && cd unpacked && sha256sum *.bin && rm -r ../unpacked"
    data = (tmp_path / "all.tar").read_bytes()
    answer = run(real_box, "ssh", *config(real_box), "-T", HOST, unpack, stdin=data).decode()
    there = {name: sum_ for sum_, name in (line.split() for line in answer.splitlines())}
    assert there == {f"{number}.bin": digest(tmp_path / f"{number}.bin") for number in range(60)}


def port_there() -> int:
    """One of the box, another each time: the server of the test before may still be ending."""
    return random.SystemRandom().randrange(20_000, 30_000)


@contextmanager
def forwarding(made: RealBox, served: int, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """An ssh that forwards, once it does; in the box, a web server on the port ``served``."""
    make = "mkdir -p www && echo from the box > www/page && cd www"
    command = f"{make} && exec python3 -m http.server {served}"
    with subprocess.Popen(
        ["ssh", *config(made), "-o", "ExitOnForwardFailure=yes", "-tt", *options, HOST, command],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(made.environ),
    ) as process:  # fmt: skip
        try:
            assert process.stdout
            assert b"Serving HTTP" in process.stdout.readline()
            yield process
        finally:
            process.kill()


def test_forward__a_port_of_the_box__answers_here(real_box: RealBox) -> None:
    port, served = free_port(), port_there()
    with (
        forwarding(real_box, served, "-L", f"127.0.0.1:{port}:127.0.0.1:{served}"),
        socket.create_connection(("127.0.0.1", port), WITHIN) as connection,
    ):
        assert asked(connection).endswith(b"from the box\n")


def test_forward__dynamic__is_a_socks_proxy_in_the_box(real_box: RealBox) -> None:
    port, served = free_port(), port_there()
    with (
        forwarding(real_box, served, "-D", f"127.0.0.1:{port}"),
        socket.create_connection(("127.0.0.1", port), WITHIN) as connection,
    ):
        connection.sendall(b"\x05\x01\x00")  # RFC 1928: version 5, one method, without a login
        assert exactly(connection, 2) == b"\x05\x00"
        name = b"localhost"
        connection.sendall(b"\x05\x01\x00\x03" + bytes((len(name),)) + name + served.to_bytes(2, "big"))
        assert exactly(connection, 10)[1] == 0
        assert asked(connection).endswith(b"from the box\n")


def exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        assert more
        data += more
    return data


def asked(connection: socket.socket) -> bytes:
    connection.sendall(b"GET /page HTTP/1.0\r\n\r\n")
    data = b""
    while more := connection.recv(4096):
        data += more
    return data
