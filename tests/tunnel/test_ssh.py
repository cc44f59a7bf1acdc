"""The real ssh, scp and sftp through the tunnel to a real sshd."""

from __future__ import annotations

import hashlib
import random
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import ssh_server
from cutting import CuttingProxy
from ssh_server import SshServer
from tunnels import TOOLKIT, Bridge, bridge, client_command

pytestmark = pytest.mark.skipif(ssh_server.MISSING is not None, reason=str(ssh_server.MISSING))


@pytest.fixture(scope="module")
def sshd() -> Iterator[SshServer]:
    with tempfile.TemporaryDirectory() as folder, ssh_server.running(Path(folder)) as server:
        yield server


@pytest.fixture(scope="module")
def door(sshd: SshServer) -> Iterator[Bridge]:
    with bridge(sshd.port) as server:
        yield server


def options(sshd: SshServer, folder: Path, port: int) -> list[str]:
    url = f"http://127.0.0.1:{port}/ssh"
    command = shlex.join(["env", f"PYTHONPATH={TOOLKIT}", *client_command(url)])
    return sshd.config(folder / "ssh_config", f"ProxyCommand {command}")


def run(*command: str | Path, stdin: bytes = b"") -> bytes:
    done = subprocess.run([str(part) for part in command], input=stdin, capture_output=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_ssh__bytes_up_and_down__come_back_equal(sshd: SshServer, door: Bridge, tmp_path: Path) -> None:
    data = random.Random(1).randbytes(8 << 20)
    assert run("ssh", *options(sshd, tmp_path, door.port), "-T", "box", "cat", stdin=data) == data


def test_ssh__command_fails__its_exit_code_arrives(sshd: SshServer, door: Bridge, tmp_path: Path) -> None:
    command = ["ssh", *options(sshd, tmp_path, door.port), "box", "exit 7"]
    assert subprocess.run(command, timeout=240, check=False).returncode == 7


def test_scp_and_sftp__connections_cut_meanwhile__files_are_equal(
    sshd: SshServer, door: Bridge, tmp_path: Path
) -> None:
    data = random.Random(2).randbytes(12 << 20)
    (tmp_path / "up").write_bytes(data)
    proxy = CuttingProxy(("127.0.0.1", door.port), after=3_000_000)
    ssh = options(sshd, tmp_path, proxy.port)
    run("scp", "-q", *ssh, tmp_path / "up", f"box:{tmp_path}/there")
    batch = f"get {tmp_path}/there {tmp_path}/back\n"
    run("sftp", "-q", *ssh, "-b", "-", "box", stdin=batch.encode())
    proxy.close()
    digests = {hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("up", "there", "back")}
    assert len(digests) == 1
    assert proxy.connections > 8


def test_ssh__twenty_at_once__each_has_its_own_answer(sshd: SshServer, door: Bridge, tmp_path: Path) -> None:
    ssh = options(sshd, tmp_path, door.port)
    started = [
        subprocess.Popen(["ssh", *ssh, "box", f"echo {number}"], stdout=subprocess.PIPE)
        for number in range(20)
    ]
    assert [process.communicate(timeout=240)[0] for process in started] == [
        f"{number}\n".encode() for number in range(20)
    ]
