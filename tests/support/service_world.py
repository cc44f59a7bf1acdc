"""A server with the container executor, an account's image repository with an image, and SQL on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_backend import LocalBackend, start
from pods import IMAGE

POOL = "CONTAINER_POOL"
PATH = "/local/public/images/base:1"


@dataclass(frozen=True, kw_only=True)
class World:
    """``image`` is the path of an image in a specification."""

    backend: LocalBackend
    connection: Any
    image: str

    def sql(self, text: str) -> list[tuple[Any, ...]]:
        return list(self.connection.cursor().execute(text).fetchall())

    def one(self, text: str) -> Any:
        """The first column of the only row."""
        ((value, *_),) = self.sql(text)
        return value

    def rows(self, text: str) -> list[dict[str, Any]]:
        from snowflake.connector import DictCursor

        return list(self.connection.cursor(DictCursor).execute(text).fetchall())

    def run(self, name: str, spec: dict[str, Any], *options: str, asynchronous: bool = False) -> Any:
        """EXECUTE JOB SERVICE; its answer."""
        text = json.dumps({"spec": spec}).replace("$$", "$\\u0024")
        properties = " ".join([f"NAME={name}", f"ASYNC={asynchronous}", *options])
        return self.one(
            f"EXECUTE JOB SERVICE IN COMPUTE POOL {POOL} {properties} FROM SPECIFICATION $${text}$$"
        )

    def container(self, script: str, name: str = "main", **more: Any) -> dict[str, Any]:
        return {"name": name, "image": self.image, "command": ["bash", "-c"], "args": [script], **more}

    def log(self, name: str, container: str = "main", instance: int = 0) -> str:
        return str(self.one(f"SELECT SYSTEM$GET_SERVICE_LOGS('{name}', {instance}, '{container}')"))


@contextmanager
def joined(backend: LocalBackend) -> Iterator[World]:
    """A connection to a server that has the account already."""
    from snowflake.connector import connect

    with connect(**backend.parameters()) as connection:
        yield World(backend=backend, connection=connection, image=PATH)


@contextmanager
def furnished(backend: LocalBackend, api: Any) -> Iterator[World]:
    """The same with a new account: a pool, and a repository with the image."""
    with joined(backend) as made:
        made.sql(f"CREATE COMPUTE POOL {POOL} MIN_NODES=1 MAX_NODES=4 INSTANCE_FAMILY=CPU_X64_S")
        made.sql("CREATE IMAGE REPOSITORY local.public.images")
        _push(made, api)
        yield made


@contextmanager
def world(state: Path, api: Any, *options: str) -> Iterator[World]:
    """The server, with the image pushed through the registry's own door; stopped at the end."""
    backend = start(state, "--executor", "docker", *options)
    with furnished(backend, api) as made:
        yield made
    assert backend.stop() == 0
    log = (state / "server.log").read_text()
    assert "Traceback" not in log, log[-4000:]


def _push(made: World, api: Any) -> None:
    (repository,) = made.rows("SHOW IMAGE REPOSITORIES IN SCHEMA local.public")
    target = f"{repository['repository_url']}/base"
    parameters = made.backend.parameters()
    login = {"username": parameters["user"], "password": parameters["password"]}
    api.tag(IMAGE, target, "1")
    try:
        for line in api.push(target, tag="1", auth_config=login, stream=True, decode=True):
            assert "error" not in line, line
    finally:
        api.remove_image(f"{target}:1")
