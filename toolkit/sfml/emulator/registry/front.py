"""What the server has of its registry: the images, the running program, and the tokens for it."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sfml.emulator import ports
from sfml.emulator.auth.credentials import Door
from sfml.emulator.auth.sessions import Sessions
from sfml.emulator.catalog import Catalog, Kind, Name
from sfml.emulator.context import Context
from sfml.emulator.faults import Fault
from sfml.emulator.handlers.base import Backend
from sfml.emulator.handlers.privileges import has
from sfml.emulator.handlers.repositories import repository_path
from sfml.emulator.images import EngineReference, Image
from sfml.emulator.registry import program
from sfml.emulator.registry.access import TOKEN_USER, Access, Gate, PullTokens, parse_scopes, permitted
from sfml.emulator.registry.entrance import Entrance
from sfml.emulator.registry.routes import SERVICE, TOKEN_PATH, Credentials, Refusal
from sfml.emulator.registry.storage import Storage

if TYPE_CHECKING:
    from sfml.emulator.registry.tokens import Signing

_PULL_WITHIN = 3600.0
"""Seconds in which an engine must have begun to pull a large image's last layer."""

_LOG_IN = "(log in with `snow spcs image-registry login`)"


class Registry:
    """The :class:`~sfml.emulator.images.Images` of one server, and the issuer of its registry's tokens.

    ``address`` is the server's own, ``token_lifetime`` in seconds.
    """

    def __init__(
        self,
        directory: Path,
        *,
        catalog: Catalog,
        door: Door,
        sessions: Sessions,
        address: Callable[[], tuple[str, int]],
        token_lifetime: float,
    ) -> None:
        self._files = program.Files(directory)
        self._storage = Storage(self._files.data)
        self._catalog = catalog
        self._address = address
        self.token_lifetime = token_lifetime
        self._pulls = PullTokens(lifetime=_PULL_WITHIN, clock=time.time)
        self._gate = Gate(door=door, sessions=sessions, pulls=self._pulls)
        self._lock = threading.Lock()
        self._signing: Signing | None = None
        self._program: program.Program | None = None
        self._entrance: Entrance | None = None

    @property
    def realm(self) -> str:
        """Where clients get their tokens."""
        host, port = self._address()
        return f"http://{host}:{port}{TOKEN_PATH}"

    def host(self) -> str:
        """The registry's host and port; where no program can be started, the server's own, which says so."""
        if self._running() is None or self._entrance is None:
            host, port = self._address()
            return f"{host}:{port}"
        return f"{ports.HOST}:{self._entrance.port}"

    def images(self, repository: str) -> list[Image]:
        return self._storage.images(repository)

    def resolve(self, path: str) -> Image | None:
        image = self._storage.resolve(path)
        return image if image and self._exists(image.repository) else None

    def platforms(self, image: Image) -> tuple[str, ...]:
        return self._storage.platforms(image.digest)

    def engine_reference(self, path: str, *, role: str) -> EngineReference | None:
        image = self.resolve(path)
        if image is None:
            return None
        return EngineReference(
            image=f"{self.host()}/{image.repository}/{image.name}@{image.digest}",
            username=TOKEN_USER,
            password=json.dumps({"token": self._pulls.issue(role), "expires_in": int(_PULL_WITHIN)}),
        )

    def forget(self, repository: str) -> None:
        if self._storage.forget(repository):
            self._files.garbage.touch()

    def token(self, credentials: Credentials | None, scopes: Sequence[str] | None, backend: Backend) -> str:
        """A token for what the scopes ask for, without scopes for all images; :class:`Refusal`."""
        if credentials is None:
            raise Refusal(401, "UNAUTHORIZED", f"not logged in to this registry {_LOG_IN}")
        try:
            context = self._gate.enter(*credentials)
        except Fault as fault:
            raise Refusal(401, "UNAUTHORIZED", f"{_sentence(fault)} {_LOG_IN}") from fault
        try:
            asked = self._all(context, backend) if scopes is None else parse_scopes(scopes)
            access = permitted(asked, context, backend)
            running = self._running()
        except Fault as fault:
            raise Refusal(403, "DENIED", _sentence(fault)) from fault
        if running is None or self._signing is None:
            raise Refusal(403, "UNSUPPORTED", program.HOW_TO_INSTALL)
        return self._signing.token(
            context.user, access, audience=SERVICE, now=time.time(), lifetime=self.token_lifetime
        )

    def close(self) -> None:
        with self._lock:
            if self._entrance is not None:
                self._entrance.close()
            if self._program is not None:
                self._program.close()

    def _all(self, context: Context, backend: Backend) -> list[Access]:
        """To pull any image that the role may read."""
        names = [record.name for record in self._catalog.find(Kind.IMAGE_REPOSITORY)]
        readable = [name for name in names if has(context, backend, "READ", Kind.IMAGE_REPOSITORY, name)]
        found = [image for name in readable for image in self._storage.images(repository_path(name))]
        paths = dict.fromkeys(f"{image.repository}/{image.name}" for image in found)
        return [Access(name=path, actions=("pull",)) for path in paths]

    def _running(self) -> program.Program | None:
        with self._lock:
            if self._program is None or not self._program.alive():
                self._program = self._start()
            return self._program

    def _start(self) -> program.Program | None:
        files = self._files
        files.data.mkdir(parents=True, exist_ok=True)
        port = ports.unused()
        launch = program.find_launch(files, port)
        if launch is None:
            return None
        from sfml.emulator.registry.tokens import Signing

        self._signing = Signing()
        files.certificate.write_text(self._signing.certificate)
        program.write_config(launch, files, realm=self.realm, secret=secrets.token_hex(16))
        if self._storage.sweep(self._exists) or files.garbage.exists():
            program.collect_garbage(launch, files)
        started = program.Program(launch, files, port=port)
        started.wait_until_it_answers()
        self._entrance = Entrance(program.choose_port(files), program=port, server=self._address)
        return started

    def _exists(self, repository: str) -> bool:
        database, schema, name = repository.upper().split("/")
        at = Name(name=name, schema=schema, database=database)
        return self._catalog.get(Kind.IMAGE_REPOSITORY, at) is not None


def _sentence(fault: Fault) -> str:
    """The message without the line that says what kind of error it is."""
    return fault.message.rpartition("\n")[2]
