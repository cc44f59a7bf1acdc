"""The container engine, as one server sees it: what is made for the server carries its mark."""

from __future__ import annotations

import contextlib
import hashlib
import io
import platform
import tarfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import docker
from docker.context import ContextAPI
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.utils import kwargs_from_env
from docker.utils.socket import frames_iter
from requests.exceptions import RequestException

from sfml.emulator.executors import words
from sfml.emulator.executors.base import Run
from sfml.errors import ToolMissingError

Trouble = (DockerException, RequestException)
"""What the engine's client raises: a refusal (APIError), or no answer at all."""
SANDBOX_IMAGE = "sfml-sandbox:1"
STATE, RUN, POD, PLACE, KEPT = "sfml.state", "sfml.run", "sfml.pod", "sfml.directory", "sfml.kept"
"""Labels: of the server, the run, its pod, its directory, and of a volume that outlives it."""
_ANSWER_WITHIN = 60
_OOM_WITHIN = 2
# One connection for each container whose output is followed, and some for the rest.
_CONNECTIONS = 256


class Engine:
    """``api`` is the engine's own; ``labels`` marks what is made through it for the server on ``state``."""

    def __init__(self, state: Path) -> None:
        self.api = _connect()
        self.info: Mapping[str, Any] = self.api.info()
        self.id = hashlib.sha256(str(state.resolve()).encode()).hexdigest()[:12]
        self._lock = threading.Lock()
        self._known: set[str] = set()

    def labels(self, run: Run | None = None, pod: str = "") -> dict[str, str]:
        own = {STATE: self.id}
        return {**own, RUN: run.key, PLACE: str(run.directory), POD: pod} if run else own

    def require_local(self) -> None:
        """ToolMissingError unless the containers run on this very kernel, with this machine's files."""
        info = self.info
        same = info.get("OSType") == "linux" and info.get("KernelVersion") == platform.release()
        if not same or info.get("OperatingSystem") == "Docker Desktop":
            raise ToolMissingError(
                f"the container engine runs on {info.get('OperatingSystem')} ({info.get('KernelVersion')}), "
                "not on this machine's own kernel: its containers could neither reach the local backend, "
                "which listens on 127.0.0.1 only, nor see its stages",
                hint="use an engine of this Linux machine, or the process executor (--executor process)",
            )

    def network(self, *, egress: bool) -> str:
        """The name of the network that all pods of this server share, or of the one that leads out."""
        name = f"sfml-{self.id}-{'egress' if egress else 'pods'}"
        with self._lock:
            if name not in self._known and not self.api.networks(names=[f"^{name}$"]):
                self.api.create_network(name, driver="bridge", internal=not egress, labels=self.labels())
            self._known.add(name)
        return name

    def sandbox_image(self) -> str:
        """An image with nothing in it."""
        with self._lock:
            try:
                self.api.inspect_image(SANDBOX_IMAGE)
            except ImageNotFound:
                repository, _, tag = SANDBOX_IMAGE.partition(":")
                self.api.import_image_from_data(_empty_archive(), repository=repository, tag=tag)
        return SANDBOX_IMAGE

    def sweep(self, label: str = "", *, kept: bool = False) -> None:
        """Remove what has this label, or everything of this server's, networks too.

        ``kept``: also the volumes that outlive their runs.
        """
        wanted = [f"{STATE}={self.id}", *([label] if label else [])]
        for container in self.api.containers(all=True, filters={"label": wanted}):
            self.remove_container(container["Id"])
            if unfinished := container["Labels"].get(KEPT):  # see blocks.py
                self.remove_volume(unfinished)
        for volume in self.api.volumes(filters={"label": wanted})["Volumes"] or ():
            if kept or KEPT not in (volume["Labels"] or {}):
                self.remove_volume(volume["Name"])
        for network in () if label else self.api.networks(filters={"label": wanted}):
            self._gone(self.api.remove_network, network["Id"])
            self._known.discard(network["Name"])

    def try_sweep(self) -> None:
        """Sweep as far as the engine answers; the next server's start does the rest."""
        with contextlib.suppress(*Trouble):
            self.sweep()

    def remove_container(self, container: str) -> None:
        """Kill it if it runs; no error where it is gone."""
        self._gone(self.api.remove_container, container, force=True, v=True)

    def try_remove(self, container: str) -> None:
        """Remove it, if it was made, as far as the engine answers; the sweep after the run finds the rest."""
        if container:
            with contextlib.suppress(*Trouble):
                self.remove_container(container)

    def try_kill(self, container: str, signal: str) -> None:
        """Send it a signal; one that has ended, or an engine that does not answer, is no error."""
        with contextlib.suppress(*Trouble):
            self.api.kill(container, signal)

    def told_of_oom(self, container: str) -> bool:
        """Whether memory ran out in it: the engine may hear of that a moment after the end itself."""
        wanted = {"container": container, "event": "oom"}
        until = int(time.time()) + _OOM_WITHIN
        with contextlib.suppress(*Trouble):
            return any(True for _ in self.api.events(since=1, until=until, filters=wanted, decode=True))
        return False

    def remove_volume(self, name: str) -> None:
        self._gone(self.api.remove_volume, name, force=True)

    def is_alive(self) -> bool:
        try:
            return bool(self.api.ping())
        except Trouble:
            return False

    def _gone(self, remove: Any, *what: str, **how: bool) -> None:
        try:
            remove(*what, **how)
        except NotFound:
            pass
        except APIError as error:
            if "is already in progress" not in str(error.explanation):  # another thread removes it
                raise

    def close(self) -> None:
        self.api.close()


def said(error: Exception) -> str:
    """The engine's own sentence; what its client says of no answer is ours."""
    if isinstance(error, RequestException) and not isinstance(error, APIError):
        return words.ENGINE_LOST
    told = getattr(error, "explanation", None)
    return str(told or error).strip().rstrip(".")


def _connect() -> Any:
    """A client of the engine that the `docker` command would use; ToolMissingError where none answers."""
    settings: Mapping[str, Any] = kwargs_from_env()
    if "base_url" not in settings:
        host = ContextAPI.get_current_context().Host
        settings = {**settings, **({"base_url": host} if host else {})}
    where = settings.get("base_url", "its usual socket")
    try:
        client = docker.APIClient(
            version="auto", timeout=_ANSWER_WITHIN, max_pool_size=_CONNECTIONS, **settings
        )
        client.ping()
    except Trouble as error:
        raise ToolMissingError(
            f"no container engine answers at {where}: {error}",
            hint="start it (systemctl start docker), or use the process executor (--executor process)",
        ) from None
    return client


def _empty_archive() -> bytes:
    """A tar archive of one empty folder: an import of nothing at all is refused."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        folder = tarfile.TarInfo("sfml")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(folder)
    return file.getvalue()


class Output:
    """What a container writes, in chunks, from its start to its end or the engine's."""

    def __init__(self, engine: Engine, container: str) -> None:
        # What docker-py's attach_socket does, but for keeping the response, without which none can close it.
        self._response = engine.api.post(
            engine.api._url("/containers/{0}/attach", container),
            params={"stdout": 1, "stderr": 1, "stream": 1},
            headers={"Connection": "Upgrade", "Upgrade": "tcp"},
            stream=True,
        )
        self._socket = engine.api._get_raw_response_socket(self._response)

    def __iter__(self) -> Iterator[bytes]:
        with contextlib.suppress(OSError):
            for _, chunk in frames_iter(self._socket, tty=False):
                yield chunk

    def close(self) -> None:
        self._response.close()
        self._socket.close()
