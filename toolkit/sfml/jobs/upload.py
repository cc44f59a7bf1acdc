"""A job's files on their way to the stage: few statements, and no tool's own folders.

The client's own upload sends each of its nine system files with a PUT of its own, and fails on a folder with
a ``.git`` in it. This one gathers the files of each remote folder and sends them with one PUT; what arrives
is the same, byte by byte. It is what ``MLJobDefinition`` takes as its ``payload``.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from sfml import sql
from sfml.errors import ToolMissingError
from sfml.jobs import entry
from sfml.jobs.payload import Payload
from sfml.session.faults import DOES_NOT_EXIST

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection
    from snowflake.snowpark import Session

# Folders that belong to tools: no script needs them, and they can be larger than everything else.
TOOL_FOLDERS = [
    ".git",
    ".hg",
    ".svn",
    ".venv",
    ".nox",
    ".tox",
    ".sfml",
    ".idea",
    ".vscode",
    "__pycache__",
    "node_modules",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".ipynb_checkpoints",
]
# The name under which jobs/entry.py runs in a job.
ENTRY_NAME = "_sfml_entry.py"


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A payload that knows how to travel; ``with_entry`` puts jobs/entry.py in the place of the script."""

    payload: Payload
    requirements: tuple[str, ...] = ()
    with_entry: bool = False

    def send(self, connection: SnowflakeConnection, stage_path: str) -> None:
        """Put everything below ``stage_path``."""
        with tempfile.TemporaryDirectory(prefix="sfml-") as name:
            for number, (remote, contents) in enumerate(self.folders().items()):
                folder = Path(name, str(number))
                _gather(contents, folder)
                _put(connection, folder, f"{stage_path}/{remote}")

    def upload(self, session: Session, stage_path: PurePosixPath, overwrite: bool = False) -> Any:  # noqa: ARG002 - as the client calls it
        """What the client wants to know of the files, which ``send`` has put there already."""
        from snowflake.ml.jobs._utils import constants, type_utils

        mount = constants.STAGE_VOLUME_MOUNT_PATH
        script = ENTRY_NAME if self.with_entry else f"{mount}/app/{self.payload.entrypoint}"
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
        if self.with_entry:
            app[ENTRY_NAME] = Path(entry.__file__)
        system: dict[str, Path | str] = {file.name: file for file in client_scripts()}
        return {**found, PurePosixPath("system"): system | _cloudpickle(self.requirements)}


def files(payload: Payload) -> Iterator[tuple[Path, PurePosixPath]]:
    """Every file that a job gets, and its path there."""
    if payload.source.is_file():
        yield payload.source, PurePosixPath(payload.source.name)
        return
    for folder, folders, names in os.walk(payload.source):
        folders[:] = sorted(name for name in folders if not is_tool_folder(Path(folder, name)))
        for name in sorted(names):
            path = Path(folder, name)
            if path.suffix != ".pyc" and path.is_file():
                yield path, PurePosixPath(path.relative_to(payload.source).as_posix())


def is_tool_folder(path: Path) -> bool:
    """Whether a folder is a tool's own: by its name, or a virtual environment of any name."""
    return path.name in TOOL_FOLDERS or (path / "pyvenv.cfg").is_file()


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


def _gather(contents: Mapping[str, Path | str], folder: Path) -> None:
    """A folder with links to these files, and the texts as files."""
    folder.mkdir()
    for name, content in contents.items():
        target = folder / name
        if isinstance(content, str):
            target.write_text(content, encoding="utf-8")
            continue
        try:
            target.symlink_to(content)
        except OSError:  # a file system without links
            shutil.copyfile(content, target)


def _put(connection: SnowflakeConnection, folder: Path, stage_path: str) -> None:
    """One PUT for the files of a folder, two where some begin with a dot; makes a stage that is missing."""
    patterns = {".*" if path.name.startswith(".") else "*" for path in folder.iterdir()}
    for pattern in sorted(patterns):
        _put_or_create(connection, sql.put_folder(folder.as_posix(), stage_path, pattern=pattern), stage_path)


def _put_or_create(connection: SnowflakeConnection, statement: str, stage_path: str) -> None:
    from snowflake.connector.errors import ProgrammingError

    cursor = connection.cursor()
    try:
        cursor.execute(statement)
    except ProgrammingError as error:
        if error.errno not in DOES_NOT_EXIST:
            raise
        stage = stage_path.partition("/")[0]
        cursor.execute(sql.create_stage(stage, directory=False, comment="files of ML Jobs, put here by sfml"))
        cursor.execute(statement)
