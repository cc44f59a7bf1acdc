"""From a container of a run to what the engine is asked to create; decides only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from docker.types import DeviceRequest, DriverConfig
from docker.types import Mount as EngineMount

from sfml.emulator.executors.base import Container, Mount, Run
from sfml.emulator.executors.docker.engine import KEPT

# The engine refuses more (and less than a hundredth).
_LEAST_CPU = 0.01
# It refuses less: "Minimum memory limit allowed is 6MB".
_LEAST_MEMORY = 6 << 20


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What all containers of a run share. ``prefix`` names this server's volumes."""

    run: Run
    sandbox: str
    prefix: str
    pod: str
    labels: Mapping[str, str]
    cpus: int
    # Devices of this machine; a container gets as many of them as it asks for.
    gpus: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Base:
    """What a container stands on: its image, and what this machine adds to it."""

    image: str
    environment: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[EngineMount, ...] = ()
    user: str | None = None
    directory: str | None = None
    # Stands before the container's own command.
    wrapper: tuple[str, ...] = ()


def creation(container: Container, shared: Shared, base: Base, api: Any) -> dict[str, Any]:
    """The arguments of the engine's create. Values of the environment are seen by ``docker inspect``."""
    return {
        "image": base.image,
        # An entrypoint of one's own also takes the image's CMD away, as on Snowflake.
        "entrypoint": [*base.wrapper, *container.command] or None,
        "command": list(container.args) or None,
        "environment": {**base.environment, **container.environment},
        "user": base.user,
        "working_dir": base.directory,
        "labels": {**shared.labels, "sfml.container": container.name},
        "host_config": api.create_host_config(
            network_mode=f"container:{shared.sandbox}",
            mounts=[*base.mounts, *(_mount(mount, shared) for mount in container.mounts)],
            # The engine's own log would keep text, not bytes. SELinux would hide the stages.
            log_config={"Type": "none"},
            security_opt=["label=disable"],
            **_limits(container, shared),
        ),
    }


def volumes(run: Run) -> set[str]:
    """Names of the run's volumes that are in more than one of its containers."""
    named = [
        {mount.volume for mount in container.mounts if mount.volume and mount.source is None}
        for container in run.containers
    ]
    return {name for one in named for name in one if sum(name in other for other in named) > 1}


def _limits(container: Container, shared: Shared) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    if container.memory is not None:
        # The same number for both leaves no swap: a container over its limit is killed, as on Snowflake.
        limits["mem_limit"] = limits["memswap_limit"] = max(container.memory, _LEAST_MEMORY)
    if container.cpu is not None:
        limits["nano_cpus"] = int(min(max(container.cpu, _LEAST_CPU), shared.cpus) * 10**9)
    if devices := _devices(container, shared):
        limits["device_requests"] = [DeviceRequest(device_ids=devices, capabilities=[["gpu"]])]
    return limits


def volume_name(prefix: str, kept: str) -> str:
    """The engine's name of a block volume."""
    return f"{prefix}-{kept}"


def _devices(container: Container, shared: Shared) -> list[str]:
    """The run's devices are dealt out in the order of its containers."""
    at = shared.run.containers.index(container)
    before = sum(other.gpus for other in shared.run.containers[:at])
    return list(shared.gpus[before : before + container.gpus])


def _mount(mount: Mount, shared: Shared) -> EngineMount:
    if mount.source is not None:
        return EngineMount(mount.target, str(mount.source), type="bind", read_only=mount.read_only)
    if mount.kept:
        name, labels = volume_name(shared.prefix, mount.kept), {**shared.labels, KEPT: mount.kept}
        return EngineMount(mount.target, name, type="volume", labels=labels, no_copy=True)
    common = mount.volume in volumes(shared.run)
    if mount.size is not None and not common:
        return EngineMount(mount.target, None, type="tmpfs", tmpfs_size=mount.size, tmpfs_mode=0o1777)
    scratch = f"{shared.prefix}-{shared.pod}-{mount.volume}" if common else None
    driver = DriverConfig("local", _memory(mount.size)) if mount.size is not None else None
    return EngineMount(
        mount.target, scratch, type="volume", labels=dict(shared.labels), driver_config=driver, no_copy=True
    )


def _memory(size: int) -> dict[str, str]:
    return {"type": "tmpfs", "device": "tmpfs", "o": f"size={size},mode=1777"}
