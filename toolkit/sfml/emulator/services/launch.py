"""From a specification to the runs that an executor starts."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sfml.emulator.catalog import Catalog, Kind
from sfml.emulator.context import Context
from sfml.emulator.executors.base import Container, LogFiles, Mount, Probe, Run
from sfml.emulator.faults import missing
from sfml.emulator.services import dns, secrets, snapshots, volumes
from sfml.emulator.services.model import Instance, Service
from sfml.emulator.services.names import object_name, stage_location
from sfml.emulator.settings import Settings
from sfml.emulator.stages import Stages
from sfml.emulator.vault import Vault, write_private

SESSION = "/snowflake/session"
"""Where a container finds its token (Snowflake's "Working with services")."""
GRACE = 30.0
"""Seconds between SIGTERM and SIGKILL: the page "Working with services", when a service is suspended."""
_SECRETS = "secrets"
_SESSION_FILES = "session"
# Whose only container's log is named as it was when there was but one.
_MAIN = "main"
_UNITS = {
    "Ki": 1 << 10,
    "Mi": 1 << 20,
    "Gi": 1 << 30,
    "Ti": 1 << 40,
    "k": 10**3,
    "K": 10**3,
    "M": 10**6,
    "G": 10**9,
    "T": 10**12,
}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)([kKMGT]i?)?B?")


@dataclass(frozen=True, kw_only=True)
class _Private:
    """What a container gets of secrets; their values are in no representation of it."""

    variables: Mapping[str, str] = field(repr=False)
    mounts: tuple[Mount, ...]


@dataclass(frozen=True, kw_only=True)
class Launcher:
    """Makes runs. ``endpoint`` and ``issue_token`` are the server's (see handlers/base.py)."""

    settings: Settings
    catalog: Catalog
    stages: Stages
    endpoint: Callable[[], tuple[str, int]]
    issue_token: Callable[[str, str, str], str]

    def services_directory(self) -> Path:
        return self.settings.state / "jobs"

    def directory(self, service: Service) -> Path:
        """All that is kept of a service outside the catalog: a directory per instance."""
        return self.services_directory() / str(service.record.id)

    def log(self, service: Service, instance: int, container: str = _MAIN) -> Path:
        name = "log" if container == _MAIN else f"log-{container}"
        return self.directory(service) / str(instance) / name

    def events(self, service: Service) -> Path:
        """The file of its events; see events.py."""
        return self.directory(service) / "events"

    def keep_logs(self, service: Service, instance: Instance) -> None:
        """What the containers wrote so far becomes their previous log."""
        for container in instance.containers:
            log = LogFiles(text=self.log(service, instance.id, container.name))
            for old, new in ((log.text, log.previous), (log.times, LogFiles(text=log.previous).times)):
                if old.exists():
                    old.replace(new)

    def run(self, service: Service, instance: Instance) -> Run:
        """What the executor is to run; its token is in place when this returns."""
        directory = self.directory(service) / str(instance.id)
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.renew_token(service, instance.id)
        containers = tuple(self._container(service, instance, one) for one in service.containers)
        first, environment = containers[0], service.containers[0].get("env", {})
        return Run(
            key=f"{service.record.id}-{instance.id}",
            directory=directory,
            containers=containers,
            requirements=_requirements(first.mounts, environment),
            payload=_payload(first.mounts, environment),
            restart=not service.is_job,
            hostnames=dns.hostnames(service.name, self.catalog, self.settings),
            egress=bool(service.integrations),
            grace=0 if _payload(first.mounts, environment) else GRACE,
        )

    def _container(self, service: Service, instance: Instance, given: Mapping[str, Any]) -> Container:
        directory = self.directory(service) / str(instance.id)
        private = self._secrets(service, given, directory / _SECRETS / given["name"])
        limits = given.get("resources", {}).get("limits", {})
        mounts = [self._mount(service, instance, mount) for mount in given.get("volumeMounts", ())]
        return Container(
            name=given["name"],
            image=pinned(str(given.get("image", "")), service.images),
            log=self.log(service, instance.id, given["name"]),
            command=tuple(given.get("command") or ()),
            args=tuple(given.get("args") or ()),
            environment={
                **self._environment(service, instance), **given.get("env", {}), **private.variables
            },
            mounts=(*mounts, *private.mounts, *_token_mount(given, directory / _SESSION_FILES)),
            cpu=cores(limits.get("cpu")),
            memory=size(limits.get("memory")),
            gpus=int(limits.get("nvidia.com/gpu", 0)),
            readiness=_probe(given.get("readinessProbe"), period=5),
            liveness=_probe(given.get("livenessProbe"), period=10),
        )  # fmt: skip

    def renew_token(self, service: Service, instance: int) -> None:
        """Write a fresh token where the instance finds it; as one step, since it may be reading."""
        directory = self.directory(service) / str(instance) / _SESSION_FILES
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = directory / ".token"
        # Snowflake's mode of the file; nobody but the container's user can come here to read it.
        fresh.touch()
        fresh.chmod(0o644)
        fresh.write_text(self.issue_token(str(service.name), service.record.owner, service.name.name))
        fresh.replace(directory / "token")

    def forget_private(self, service: int, instance: int) -> None:
        """Remove what an instance of the service with this number leaves: token and secrets."""
        for name in (_SESSION_FILES, _SECRETS):
            path = self.services_directory() / str(service) / str(instance) / name
            shutil.rmtree(path, ignore_errors=True)

    def remove(self, service: int) -> None:
        """Remove logs and all else that is kept of the service with this number."""
        shutil.rmtree(self.services_directory() / str(service), ignore_errors=True)

    def _environment(self, service: Service, instance: Instance) -> dict[str, str]:
        """What Snowflake sets in each container (its "Working with services"), for a server without TLS."""
        host, port = self.endpoint()
        common = {
            "SNOWFLAKE_HOST": host,
            "SNOWFLAKE_PORT": str(port),
            "SNOWFLAKE_PROTOCOL": "http",
            "SNOWFLAKE_ACCOUNT": self.settings.account,
            "SNOWFLAKE_DATABASE": service.name.database,
            "SNOWFLAKE_SCHEMA": service.name.schema,
            "SNOWFLAKE_SERVICE_NAME": service.name.name,
        }
        if not service.is_job:
            return common
        count, index = str(len(service.instances)), str(instance.id)
        return {**common, "SNOWFLAKE_JOBS_COUNT": count, "SNOWFLAKE_JOB_INDEX": index}

    def _secrets(self, service: Service, container: Mapping[str, Any], directory: Path) -> _Private:
        """The values of the secrets as they are now, in variables and in files below ``directory``."""
        variables: dict[str, str] = {}
        mounts: list[Mount] = []
        for use in secrets.uses(container, service.name):
            values = self._values(use)
            if use.variable:
                variables[use.variable] = values[use.key]
                continue
            source = directory / str(len(mounts))
            source.mkdir(parents=True, exist_ok=True, mode=0o700)
            for key, value in values.items():
                write_private(source / key, value)
            mounts.append(Mount(target=use.directory, source=source, read_only=True))
        return _Private(variables=variables, mounts=tuple(mounts))

    def _values(self, use: secrets.Use) -> dict[str, str]:
        record = self.catalog.get(Kind.SECRET, use.secret)
        values = Vault(self.settings.state).read(record.id) if record else {}
        if not values or (use.key and use.key not in values):
            raise missing(Kind.SECRET, str(use.secret))
        return values

    def _mount(self, service: Service, instance: Instance, mount: Mapping[str, Any]) -> Mount:
        volume = next(v for v in service.spec["spec"].get("volumes", ()) if v["name"] == mount["name"])
        source = str(volume.get("source", ""))
        found = Mount(target=mount["mountPath"], volume=volume["name"])
        if source == "memory":
            return replace(found, size=size(volume.get("size")))
        if source == "stage":
            source = volume["stageConfig"]["name"]
        if source.startswith("@"):
            directory = self._stage_directory(service, source)
            is_read_only = volume["name"] in service.read_only
            return replace(found, source=directory, owner=volumes.owner(volume), read_only=is_read_only)
        if source == "block":
            kept = volumes.name(service, instance.id, volume["name"])
            return replace(
                found, kept=kept, owner=volumes.owner(volume), initial=self._initial(service, volume)
            )
        return found  # "local": gone with the run

    def _initial(self, service: Service, volume: Mapping[str, Any]) -> str:
        given = volumes.source(volume)
        return snapshots.content(object_name(given, _place(service)), self.catalog) if given else ""

    def _stage_directory(self, service: Service, location: str) -> Path:
        name, path = stage_location(location, _place(service))
        stage = self.catalog.get(Kind.STAGE, name)
        if stage is None:
            raise missing(Kind.STAGE, str(name))
        directory = self.stages.directory(stage) / path
        directory.mkdir(parents=True, exist_ok=True)
        return directory


def _place(service: Service) -> Context:
    """Where names in the service's specification are looked for."""
    return Context(
        session_id=0,
        user="",
        role=service.record.owner,
        database=service.name.database,
        schema=service.name.schema,
    )


def _token_mount(container: Mapping[str, Any], source: Path) -> tuple[Mount, ...]:
    if container.get("mountSessionToken") is False:
        return ()
    target = (container.get("sessionTokenConfig") or {}).get("path") or SESSION
    return (Mount(target=target, source=source, read_only=True),)


def _probe(given: Mapping[str, Any] | None, *, period: int) -> Probe | None:
    """The probe; ``period`` is that of one that names none (specification reference)."""
    if not given:
        return None
    return Probe(
        port=given["port"],
        path=str(given["path"]),
        period=given.get("periodSeconds", period),
        failures=given.get("failureThreshold", 3),
    )


def pinned(image: str, images: Mapping[str, str]) -> str:
    """The image by its digest, where that is known: a tag may mean another one later."""
    digest = images.get(image)
    if not digest or "@" in image:
        return image
    folder, _, name = image.rpartition("/")
    return f"{folder}/{name.partition(':')[0]}@{digest}"


def cores(value: object) -> float | None:
    """A number of cores, also of ``500m``; None where there is none."""
    if value is None:
        return None
    text = str(value)
    return float(text[:-1]) / 1000 if text.endswith("m") else float(text)


def size(text: object) -> int | None:
    """Bytes of a quantity like ``2Gi``; None where there is none."""
    found = _SIZE.fullmatch(str(text)) if text is not None else None
    return int(float(found[1]) * _UNITS.get(found[2] or "", 1)) if found else None


def _payload(mounts: tuple[Mount, ...], environment: Mapping[str, str]) -> Path | None:
    """The directory of the payload, for a job that the client's startup.sh runs."""
    root = environment.get("MLRS_STAGE_MOUNT_PATH", "")
    stage = next((mount.source for mount in mounts if mount.target == root and mount.source), None)
    folder = environment.get("MLRS_PAYLOAD_DIR")
    return stage / folder if stage and folder else None


def _requirements(mounts: tuple[Mount, ...], environment: Mapping[str, str]) -> tuple[Path, ...]:
    """The two files that the client's startup.sh hands to pip: its own and the payload's."""
    payload = _payload(mounts, environment)
    if payload is None:
        return ()
    own = environment.get("MLRS_REQUIREMENTS_FILE", "requirements.txt")
    files = (payload.parent / "system" / "requirements.txt", payload / own)
    return tuple(path for path in files if path.is_file())
