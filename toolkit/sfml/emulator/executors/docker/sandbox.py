"""A pod's sandbox: the container that holds its network, and brings 127.0.0.1 to the server.

Its image is empty. It runs this machine's Python, mounted read-only, so nothing has to be built or pulled.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docker.types import Mount

from sfml.emulator.executors.base import Run
from sfml.emulator.executors.docker import gate, ownership, relay
from sfml.emulator.executors.docker.engine import Engine, Output, Trouble

_GATE = "/sfml/gate"
_RELAY = "/sfml/relay.py"
# Where dynamic loader and libraries are; the rest of a Python is below its prefix.
_LIBRARIES = ("/usr", "/lib", "/lib64", "/nix", "/etc/ld.so.cache")
_OWNERSHIP = "/sfml/ownership.py"
_SHARED = "/sfml/shared"
_MEMORY = 128 << 20


class SandboxError(Exception):
    """The sandbox did not come up."""


def interpreter() -> Path:
    """This machine's Python itself, not a virtual environment's link to it."""
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


def interpreter_mounts() -> list[Mount]:
    """What has to be mounted for that to run in an image without files."""
    paths = [path for path in _LIBRARIES if Path(path).exists()]
    prefixes = [str(Path(sys.base_prefix).resolve()), str(interpreter().parents[1])]
    for prefix in prefixes:
        if not any(prefix == path or prefix.startswith(path + "/") for path in paths):
            paths.append(prefix)
    return [read_only(path) for path in paths]


def read_only(path: str, target: str = "") -> Mount:
    """A file or folder of this machine, in the same place unless another is given."""
    return Mount(target or path, str(Path(path).resolve()), type="bind", read_only=True)


def owner(engine: Engine) -> str:
    """``uid:gid`` in a container under which it has the server's own rights on this machine."""
    options = engine.info.get("SecurityOptions") or []
    return "0:0" if "name=rootless" in options else f"{os.getuid()}:{os.getgid()}"


def start(
    engine: Engine, run: Run, *, name: str, labels: Mapping[str, str], user: str, entrance: gate.Gate
) -> str:
    """The container's id, once the server can be reached from within the pod; SandboxError."""
    api = engine.api
    mounts = [
        *interpreter_mounts(),
        read_only(str(Path(relay.__file__)), _RELAY),
        read_only(str(Path(ownership.__file__)), _OWNERSHIP),
        *(Mount(f"{_SHARED}/{at}", path, type="bind") for at, path in enumerate(_shared(run, user))),
        Mount(_GATE, str(entrance.directory), type="bind", read_only=True),
    ]
    created: str = api.create_container(
        engine.sandbox_image(),
        [str(interpreter()), "-I", "-S", _RELAY, str(entrance.port), f"{_GATE}/{gate.NAME}"],
        name=name,
        hostname=run.hostnames[0].partition(".")[0] if run.hostnames else None,
        user=user,
        labels=dict(labels),
        host_config=_limits(api, mounts, engine.network(egress=False)),
        networking_config=_networks(api, engine.network(egress=False), run.hostnames),
    )["Id"]
    if run.egress:
        api.connect_container_to_network(created, engine.network(egress=True))
    with contextlib.closing(Output(engine, created)) as output:
        api.start(created)
        told = b"".join(itertools.islice(output, 1))
        if told != relay.READY:
            text = (told + b"".join(output)).decode("utf-8", "replace").strip()
            raise SandboxError(f"the pod's sandbox did not start: {text[-500:]}")
    return created


def address(engine: Engine, sandbox: str) -> str:
    """The pod's address on the network that this machine shares with all pods; '' while it has none."""
    try:
        networks = engine.api.inspect_container(sandbox)["NetworkSettings"]["Networks"]
    except Trouble:
        return ""
    return str(networks[engine.network(egress=False)]["IPAddress"])


def take_over(engine: Engine, sandbox: str, run: Run, user: str) -> None:
    """Give the server's user what the run's containers wrote as root on its stages and volumes."""
    roots = [f"{_SHARED}/{at}" for at, _ in enumerate(_shared(run, user))]
    if roots:
        command = [str(interpreter()), "-I", "-S", _OWNERSHIP, *user.split(":"), *roots]
        made = engine.api.exec_create(sandbox, command, user="0:0")
        engine.api.exec_start(made["Id"])


def _shared(run: Run, user: str) -> list[str]:
    """What the run may write to; nothing where the server is root, to whom it makes no difference."""
    mounts = [mount for container in run.containers for mount in container.mounts]
    sources = {str(mount.source) for mount in mounts if mount.source and not mount.read_only}
    return [] if user.startswith("0:") else sorted(sources)


def _limits(api: Any, mounts: list[Mount], network: str) -> Any:
    return api.create_host_config(
        mounts=mounts,
        network_mode=network,
        read_only=True,
        cap_drop=["ALL"],
        # For what take_over does as root, who gets none where no-new-privileges is set; the relay has none.
        cap_add=["CHOWN", "DAC_OVERRIDE"],
        security_opt=["label=disable"],
        mem_limit=_MEMORY,
        log_config={"Type": "none"},
    )


def _networks(api: Any, network: str, names: tuple[str, ...]) -> Any:
    return api.create_networking_config({network: api.create_endpoint_config(aliases=list(names))})
