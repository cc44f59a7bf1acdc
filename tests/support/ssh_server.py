"""A real sshd of a test's own on the loopback interface, with keys made for it, and an ssh config for it."""

from __future__ import annotations

import getpass
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
MISSING = None if SSHD and shutil.which("ssh") else "no sshd"


@dataclass(frozen=True)
class SshServer:
    """A running sshd; ``key`` is the private key that it lets in."""

    port: int
    key: Path
    host_key: str
    pid: int

    def config(self, path: Path, *lines: str) -> list[str]:
        """``ssh -F …`` with a host ``box`` that has these lines."""
        own = [
            f"User {getpass.getuser()}",
            f"IdentityFile {self.key}",
            "IdentitiesOnly yes",
            "StrictHostKeyChecking no",
            "UserKnownHostsFile /dev/null",
            "LogLevel ERROR",
        ]
        path.write_text("\n  ".join(["Host box", *own, *lines]) + "\n", encoding="utf-8")
        return ["-F", str(path)]


@contextmanager
def running(folder: Path) -> Iterator[SshServer]:
    """An sshd that ends with the block."""
    assert SSHD
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    (folder / "authorized").write_text((folder / "user.pub").read_text())
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port: int = free.getsockname()[1]
    Path("/run/sshd").mkdir(exist_ok=True)  # sshd's own folder, which its service unit makes
    config = [
        f"Port {port}",
        "ListenAddress 127.0.0.1",
        f"HostKey {folder / 'host'}",
        f"AuthorizedKeysFile {folder / 'authorized'}",
        "StrictModes no",
        "UsePAM no",
        "PidFile none",
        "MaxStartups 200",
        "Subsystem sftp internal-sftp",
    ]
    (folder / "sshd_config").write_text("\n".join(config) + "\n")
    command = [SSHD, "-D", "-f", str(folder / "sshd_config"), "-E", str(folder / "sshd.log")]
    process = subprocess.Popen(command)
    try:
        _wait_for(port)
        yield SshServer(
            port=port, key=folder / "user", host_key=(folder / "host.pub").read_text(), pid=process.pid
        )
    finally:
        process.terminate()
        process.wait(60)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
