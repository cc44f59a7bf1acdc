"""A dev box of the shipped image on the local backend, in containers: what the tests of it share."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from programs import ROOT, SFML, run_program

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
# The ways that need the package indexes alone; the same image as the other tests of it.
CLOSED = (
    "--set",
    "python_source=system",
    "--set",
    "code_server_source=npm",
    "--images",
    str(ROOT / "images"),
)
BUILD_WITHIN = 45 * 60.0
WITHIN = 300.0
DATABASE, POOL, PROJECT = "BOX_DB", "BOX_POOL", "real"
HOST = f"sfml-{PROJECT}"
SERVICE = f"{DATABASE}.PUBLIC.REAL_BOX_LOCAL"
PLACE = ("--project", PROJECT, "--database", DATABASE, "--pool", POOL)


@dataclass(kw_only=True)
class RealBox:
    """Somebody's project and home, with a local backend whose repository has the image ``dev``."""

    folder: Path
    environ: Mapping[str, str]
    image: str = ""
    made: bool = False

    @property
    def project(self) -> Path:
        return self.folder / "project"

    def call(self, *arguments: str, timeout: float = WITHIN) -> subprocess.CompletedProcess[str]:
        """``sfml ARGUMENTS``, whatever its exit code."""
        return run_program([SFML, *arguments], cwd=self.project, env=self.environ, timeout=timeout)

    def sfml(
        self, *arguments: str, code: int = 0, timeout: float = WITHIN
    ) -> subprocess.CompletedProcess[str]:
        done = self.call(*arguments, timeout=timeout)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def up(self, *more: str) -> subprocess.CompletedProcess[str]:
        done = self.sfml("up", *PLACE, *self.options, *more)
        self.made = True
        return done

    @property
    def options(self) -> tuple[str, ...]:
        return ("--image", self.image, "--egress", "packages", "--timeout", "180s", "--yes")

    def nox_up(self) -> subprocess.CompletedProcess[str]:
        """``nox -s dev-up`` where the acceptance session names nox, else the command behind it."""
        nox = os.environ.get("SFML_TEST_NOX")
        if not nox:
            return self.up()
        place = {
            "SFML_CONNECTION": "local",
            "SFML_EXECUTOR": "docker",
            "SFML_STATE": str(self.project / ".sfml"),
        }
        # With the machine's own settings for its package index; the box's user has none.
        installed = run_program([nox, "-s", "install"], cwd=ROOT, env=os.environ, timeout=BUILD_WITHIN)
        assert installed.returncode == 0, installed.stderr
        command = [nox, "-s", "dev-up", "--", *PLACE, *self.options]
        done = run_program(command, cwd=ROOT, env={**self.environ, **place}, timeout=2 * WITHIN)
        assert done.returncode == 0, done.stdout + done.stderr
        self.made = True
        return done

    def ssh(self, command: str, code: int = 0) -> str:
        """What a command in the box writes to stdout."""
        return self.sfml("ssh", "--project", PROJECT, command, code=code).stdout

    def connect(self, **more: Any) -> Any:
        """A session with the local backend whose token the ingress takes."""
        from snowflake.connector import connect

        state = self.project / ".sfml" / "local"
        endpoint = json.loads((state / "endpoint.json").read_text())
        names = ("account", "user", "host", "port", "protocol", "role", "warehouse", "database", "schema")
        given = {name: endpoint[name] for name in names}
        password = (state / endpoint["password_file"]).read_text().strip()
        form = {"PYTHON_CONNECTOR_QUERY_RESULT_FORMAT": "JSON"}
        return connect(**{**given, "password": password, "session_parameters": form, **more})

    def rows(self, statement: str) -> list[dict[str, Any]]:
        from snowflake.connector import DictCursor

        with self.connect() as connection, connection.cursor(DictCursor) as cursor:
            return [dict(row) for row in cursor.execute(statement).fetchall()]

    def urls(self) -> dict[str, str]:
        """The box's endpoints by name."""
        rows = self.rows(f"SHOW ENDPOINTS IN SERVICE {SERVICE}")
        return {row["name"]: f"http://{row['ingress_url']}" for row in rows}

    def container(self, engine: str) -> str:
        """The container of the only service that runs in the project."""
        form = '{{.ID}} {{.Image}} {{.Label "sfml.directory"}}'
        listed = subprocess.run(
            [engine, "ps", "--format", form], check=True, capture_output=True, text=True
        ).stdout
        for container, image, directory in (line.split(" ", 2) for line in listed.splitlines()):
            if directory.startswith(str(self.project)) and not image.startswith("sfml-sandbox"):
                return container
        raise AssertionError(f"the box has no container:\n{listed}")

    def status(self) -> str:
        rows = self.rows(f"SHOW SERVICES IN SCHEMA {DATABASE}.PUBLIC")
        return next((row["status"] for row in rows if row["name"] in SERVICE), "none")


def get(url: str, token: str) -> tuple[int, str]:
    """Status and text of a GET with a token."""
    request = Request(url, headers={"Authorization": f'Snowflake Token="{token}"'})
    try:
        with urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except HTTPError as error:
        return error.code, error.read().decode(errors="replace")


def until(what: Callable[[], object], seconds: float = WITHIN) -> None:
    """Until it is true."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.5)


def prepare(folder: Path, environ: Mapping[str, str]) -> RealBox:
    """A backend whose repository has the image; there is no box yet."""
    for name in ("home", "project"):
        (folder / name).mkdir()
    made = RealBox(folder=folder, environ={**environ, "HOME": str(folder / "home")})
    settings = made.project / "sfml.yaml"
    settings.write_text("connection: local\nexecutor: docker\n")
    made.sfml("local", "start")
    made.sfml("account", "setup", "--apply")
    settings.write_text("connection: local\nexecutor: docker\ndatabase: ML_DEV\nschema: PUBLIC\n")
    trust = ("--ca-bundle", str(CERTIFICATES)) if CERTIFICATES.exists() else ()
    push = ("image", "push", "dev", *CLOSED, *trust, "--repository", "ml_dev.public.images", "-o", "json")
    made.image = json.loads(made.sfml(*push, timeout=BUILD_WITHIN).stdout)[0]["path"]
    return made


def tidy(made: RealBox, engine: str) -> None:
    """End the box, its backend and the agent, and take the image's name for the registry from the engine."""
    if made.made:
        made.call("down", *PLACE, "--data", "--delete-home", "--yes")  # or its volume would stay
    made.call("local", "stop")
    lock = made.folder / "home" / ".ssh" / "sfml" / "agent.lock"
    if lock.exists() and lock.read_text():
        subprocess.run(["kill", lock.read_text()], check=False)
    registry = made.image.rpartition(":")[0]
    listed = subprocess.run(
        [engine, "image", "ls", "--digests", "--format", "{{.Repository}}@{{.Digest}}"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    for reference in listed:
        if registry in reference:
            subprocess.run([engine, "image", "rm", reference], capture_output=True, check=False)


def chromium() -> tuple[str, str] | None:
    """The browser and its driver, where both are installed."""
    found = shutil.which("chromium"), shutil.which("chromedriver")
    return found if all(found) else None  # type: ignore[return-value]
