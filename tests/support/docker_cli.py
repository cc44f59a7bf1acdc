"""The docker command with a configuration of its own, and tiny images that are removed at the end."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

DOCKER = shutil.which("docker")
NO_ENGINE = "no container engine answers (docker info)"
NO_REGISTRY = "no docker-registry (apt-get install docker-registry)"


def missing() -> str | None:
    """Why nothing can be pushed on this machine, or None."""
    if DOCKER is None or subprocess.run([DOCKER, "info"], capture_output=True, check=False).returncode:
        return NO_ENGINE
    return None if shutil.which("docker-registry") else NO_REGISTRY


class Docker:
    """Commands as a user types them; ``environment`` is what a program that calls docker needs."""

    def __init__(self, folder: Path) -> None:
        self.environment = {"DOCKER_CONFIG": str(folder / "docker")}
        self._images: list[str] = []

    def __call__(self, *arguments: str, stdin: bytes | None = None, fails: bool = False) -> str:
        """What it wrote, both streams together."""
        with self.start(*arguments) as process:
            output, _ = process.communicate(stdin, timeout=120)
        text = output.decode(errors="replace")
        assert (process.returncode != 0) is fails, f"docker {arguments[0]}: {text}"
        return text

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, **self.environment}
        pipe, merged = subprocess.PIPE, subprocess.STDOUT
        return subprocess.Popen(
            [str(DOCKER), *arguments], env=environment, stdin=pipe, stdout=pipe, stderr=merged
        )

    def login(self, host: str, cursor: Any) -> str:
        """Log in as ``snow spcs image-registry login`` does: with a token of the cursor's session."""
        answer = cursor.connection.rest._token_request("ISSUE")["data"]
        password = {"token": answer["sessionToken"], "expires_in": answer["validityInSecondsST"]}
        self("login", "-u", "0sessiontoken", "--password-stdin", host, stdin=json.dumps(password).encode())
        return str(answer["sessionToken"])

    def image(self, name: str, *, size: int = 1000) -> str:
        """A new image of one layer of random bytes."""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            member = tarfile.TarInfo("random")
            member.size = size
            tar.addfile(member, io.BytesIO(os.urandom(size)))
        self("import", "-", name, stdin=archive.getvalue())
        self._images.append(name)
        return name

    def tag(self, image: str, name: str) -> str:
        self("tag", image, name)
        self._images.append(name)
        return name

    def forget(self, name: str) -> None:
        """Remove it from the engine, so that a pull has to fetch it."""
        self("rmi", name)

    def close(self) -> None:
        for name in self._images:
            subprocess.run([str(DOCKER), "rmi", "-f", name], capture_output=True, check=False)
