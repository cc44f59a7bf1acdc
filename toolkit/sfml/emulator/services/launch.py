"""From a job's specification to the runs that an executor starts."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sfml.emulator.catalog import Catalog, Kind
from sfml.emulator.context import Context
from sfml.emulator.executors.base import Container, Mount, Run
from sfml.emulator.faults import missing
from sfml.emulator.services import secrets
from sfml.emulator.services.model import Instance, Service
from sfml.emulator.services.names import stage_location
from sfml.emulator.settings import Settings
from sfml.emulator.stages import Stages
from sfml.emulator.vault import Vault, write_private

SESSION = "/snowflake/session"
"""Where a container finds its token (Snowflake's "Working with services")."""
_SECRETS = "secrets"
_UNITS = {
    "Ki": 1 << 10,
    "Mi": 1 << 20,
    "Gi": 1 << 30,
    "Ti": 1 << 40,
    "K": 10**3,
    "M": 10**6,
    "G": 10**9,
    "T": 10**12,
}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)([KMGT]i?)?B?")


@dataclass(frozen=True, kw_only=True)
class _Private:
    """What a run gets of secrets; their values are in no representation of it."""

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

    def jobs_directory(self) -> Path:
        return self.settings.state / "jobs"

    def directory(self, job: Service) -> Path:
        """All that is kept of a job outside the catalog: a directory per instance."""
        return self.jobs_directory() / str(job.record.id)

    def log(self, job: Service, instance: int) -> Path:
        return self.directory(job) / str(instance) / "log"

    def run(self, job: Service, instance: Instance) -> Run:
        """What the executor is to run; its token is in place when this returns."""
        directory = self.directory(job) / str(instance.id)
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        mounts = tuple(self._mount(job, mount) for mount in job.container.get("volumeMounts", ()))
        self.renew_token(job, instance.id)
        private = self._secrets(job, directory / _SECRETS)
        container: Mapping[str, str] = job.container.get("env", {})
        return Run(
            key=f"{job.record.id}-{instance.id}",
            directory=directory,
            containers=(
                Container(
                    name=job.container["name"],
                    log=self.log(job, instance.id),
                    command=tuple(job.container["command"]),
                    environment={**self._environment(job, instance), **container, **private.variables},
                    mounts=(*mounts, *private.mounts, Mount(target=SESSION, source=directory / "session")),
                ),
            ),
            requirements=_requirements(mounts, container),
            payload=_payload(mounts, container),
        )

    def renew_token(self, job: Service, instance: int) -> None:
        """Write a fresh token where the instance finds it; as one step, since it may be reading."""
        directory = self.directory(job) / str(instance) / "session"
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = directory / ".token"
        fresh.touch(mode=0o600)
        fresh.write_text(self.issue_token(str(job.name), job.record.owner, job.name.name))
        fresh.replace(directory / "token")

    def forget_token(self, job: Service, instance: int) -> None:
        """Remove the instance's token, and the secrets that it had as files."""
        for name in ("session", _SECRETS):
            shutil.rmtree(self.directory(job) / str(instance) / name, ignore_errors=True)

    def remove(self, job: int) -> None:
        """Remove logs and all else that is kept of the job with this number."""
        shutil.rmtree(self.jobs_directory() / str(job), ignore_errors=True)

    def _environment(self, job: Service, instance: Instance) -> dict[str, str]:
        """What Snowflake sets in each container (its "Working with services"), for a server without TLS."""
        host, port = self.endpoint()
        return {
            "SNOWFLAKE_HOST": host,
            "SNOWFLAKE_PORT": str(port),
            "SNOWFLAKE_PROTOCOL": "http",
            "SNOWFLAKE_ACCOUNT": self.settings.account,
            "SNOWFLAKE_DATABASE": job.name.database,
            "SNOWFLAKE_SCHEMA": job.name.schema,
            "SNOWFLAKE_SERVICE_NAME": job.name.name,
            "SNOWFLAKE_JOBS_COUNT": str(len(job.instances)),
            "SNOWFLAKE_JOB_INDEX": str(instance.id),
        }

    def _secrets(self, job: Service, directory: Path) -> _Private:
        """The values of the job's secrets as they are now, in variables and in files below ``directory``."""
        variables: dict[str, str] = {}
        mounts: list[Mount] = []
        for use in secrets.uses(job.container, job.name):
            values = self._values(use)
            if use.variable:
                variables[use.variable] = values[use.key]
                continue
            source = directory / str(len(mounts))
            source.mkdir(parents=True, exist_ok=True, mode=0o700)
            for key, value in values.items():
                write_private(source / key, value)
            mounts.append(Mount(target=use.directory, source=source))
        return _Private(variables=variables, mounts=tuple(mounts))

    def _values(self, use: secrets.Use) -> dict[str, str]:
        record = self.catalog.get(Kind.SECRET, use.secret)
        values = Vault(self.settings.state).read(record.id) if record else {}
        if not values or (use.key and use.key not in values):
            raise missing(Kind.SECRET, str(use.secret))
        return values

    def _mount(self, job: Service, mount: Mapping[str, Any]) -> Mount:
        volume = next(v for v in job.spec["spec"].get("volumes", ()) if v["name"] == mount["name"])
        source = str(volume.get("source", ""))
        if source == "memory":
            return Mount(target=mount["mountPath"], size=size(volume.get("size")))
        if source == "stage":
            source = volume["stageConfig"]["name"]
        if source.startswith("@"):
            return Mount(target=mount["mountPath"], source=self._stage_directory(job, source))
        return Mount(target=mount["mountPath"])  # "local": gone with the run

    def _stage_directory(self, job: Service, location: str) -> Path:
        where = Context(
            session_id=0, user="", role=job.record.owner, database=job.name.database, schema=job.name.schema
        )
        name, path = stage_location(location, where)
        stage = self.catalog.get(Kind.STAGE, name)
        if stage is None:
            raise missing(Kind.STAGE, str(name))
        directory = self.stages.directory(stage) / path
        directory.mkdir(parents=True, exist_ok=True)
        return directory


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
