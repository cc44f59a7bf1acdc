"""A job's files on their way to the stage: few statements, and no tool's own folders.

The client's own upload sends each of its nine system files with a PUT of its own, and fails on a folder with
a ``.git`` in it. This one gathers the files of each remote folder and sends them with one PUT; what arrives
is the same, byte by byte. It is what ``MLJobDefinition`` takes as its ``payload``.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from sfml.errors import ToolMissingError
from sfml.jobs import entry
from sfml.jobs.payload import Payload, StagedPayload
from sfml.jobs.selection import select
from sfml.services.stage import send

if TYPE_CHECKING:
    from snowflake.snowpark import Session

# The name under which jobs/entry.py runs in a job, beside the client's scripts.
ENTRY_NAME = "sfml_entry.py"


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A payload that knows how to travel; ``with_entry`` runs jobs/entry.py in the place of the script."""

    payload: Payload
    requirements: tuple[str, ...] = ()
    with_entry: bool = False

    def upload(self, session: Session, stage_path: PurePosixPath, overwrite: bool = False) -> Any:  # noqa: ARG002 - as the client calls it
        """What the client wants to know of the files, which are there already."""
        from snowflake.ml.jobs._utils import constants, type_utils

        mount = constants.STAGE_VOLUME_MOUNT_PATH
        script = (
            f"{mount}/system/{ENTRY_NAME}" if self.with_entry else f"{mount}/app/{self.payload.entrypoint}"
        )
        return type_utils.UploadedPayload(
            stage_path=stage_path,
            entrypoint=["bash", f"{mount}/system/startup.sh", script],
            env_vars={
                constants.STAGE_MOUNT_PATH_ENV_VAR: mount,
                constants.PAYLOAD_DIR_ENV_VAR: constants.APP_STAGE_SUBPATH,
            },
        )

    def folders(self) -> dict[PurePosixPath, dict[str, Path | str]]:
        """For each remote folder its files: the name, and a file here or the text to be written."""
        found: dict[PurePosixPath, dict[str, Path | str]] = {}
        for file, remote in files(self.payload):
            found.setdefault("app" / remote.parent, {})[remote.name] = file
        app = found.setdefault(PurePosixPath("app"), {})
        if self.requirements:
            app["requirements.txt"] = "\n".join(self.requirements)
        system: dict[str, Path | str] = {file.name: file for file in client_scripts()}
        system[ENTRY_NAME] = Path(entry.__file__)
        return {**found, PurePosixPath("system"): system | _cloudpickle(self.requirements)}


@dataclass(frozen=True, kw_only=True)
class StagedUpload:
    """A payload that the service copies from another stage, through the client's own upload."""

    payload: StagedPayload
    requirements: tuple[str, ...] = ()
    with_entry: bool = False

    def upload(self, session: Session, stage_path: PurePosixPath, overwrite: bool = False) -> Any:
        """As the client does it, with jobs/entry.py in the place of the script where that is wanted."""
        from snowflake.ml.jobs._utils import constants, payload_utils

        client = payload_utils.JobPayload(
            self.payload.source,
            entrypoint=self.payload.script,
            pip_requirements=list(self.requirements),
        )
        uploaded = client.upload(session, stage_path, overwrite)
        if not self.with_entry:
            return uploaded
        system = {PurePosixPath("system"): {ENTRY_NAME: Path(entry.__file__)}}
        send(session.connection, system, str(stage_path).removeprefix("@"))
        script = f"{constants.STAGE_VOLUME_MOUNT_PATH}/system/{ENTRY_NAME}"
        return replace(uploaded, entrypoint=[*uploaded.entrypoint[:2], script])


def files(payload: Payload | StagedPayload) -> Iterator[tuple[Path, PurePosixPath]]:
    """Every file of this machine that a job gets, and its path there."""
    if isinstance(payload, StagedPayload):
        return
    for file in select(payload).files:
        yield file.path, PurePosixPath(file.name)


def client_scripts() -> Iterable[Path]:
    """The scripts that the client sends with every job; found without importing the client."""
    package = importlib.util.find_spec("snowflake.ml")
    places = [] if package is None else package.submodule_search_locations or []
    for place in places:
        folder = Path(place, "jobs", "_utils", "scripts")
        if folder.is_dir():
            return sorted(file for file in folder.iterdir() if file.is_file())
    raise ToolMissingError("snowflake.ml.jobs is not installed", hint="pip install snowflake-ml-python")


def _cloudpickle(requirements: tuple[str, ...]) -> dict[str, Path | str]:
    """The launcher needs the client's major version of cloudpickle, unless the user asked for one."""
    import cloudpickle

    if any(requirement.startswith("cloudpickle") for requirement in requirements):
        return {}
    return {"requirements.txt": f"cloudpickle~={cloudpickle.__version__.split('.')[0]}.0"}
