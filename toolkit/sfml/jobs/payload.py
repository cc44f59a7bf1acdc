"""What is to run: a Python file, or a folder with an entrypoint in it; checked before anything is sent."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from sfml.errors import InputError, UsageError

# More than this is data, which belongs on a stage; a stage mount would make a job wait for it.
MAX_BYTES = 500_000_000
_NAMED_RUNTIME = re.compile(r"py(3)\.?(\d+)\b")


@dataclass(frozen=True, kw_only=True)
class Payload:
    """Files for a job: ``source`` is a file or a folder, ``entrypoint`` the script's path in it.

    ``include`` names files that travel whatever speaks against it; ``tracked``: only what git tracks;
    ``max_bytes`` is what all of them may have together.
    """

    source: Path
    entrypoint: PurePosixPath
    include: tuple[str, ...] = ()
    tracked: bool = False
    max_bytes: int = MAX_BYTES

    @property
    def script(self) -> Path:
        """The script on this machine."""
        return self.source / self.entrypoint if self.source.is_dir() else self.source

    @property
    def requirements(self) -> Path | None:
        """The folder's own requirements.txt, which a job installs by itself."""
        path = self.source / "requirements.txt"
        return path if self.source.is_dir() and path.is_file() else None


@dataclass(frozen=True, kw_only=True)
class StagedPayload:
    """Files that are on a stage already: ``source`` is a folder there (``@stage/path``)."""

    source: str
    entrypoint: PurePosixPath
    requirements: Path | None = None

    @property
    def script(self) -> str:
        """The script on its stage."""
        return f"{self.source}/{self.entrypoint}"


def locate_on_stage(source: str, entrypoint: str | None) -> StagedPayload:
    """The payload of a folder on a stage; ``entrypoint`` is relative to it, or a stage path below it."""
    folder = source.rstrip("/")
    if entrypoint is None:
        raise InputError(f"{folder} is a folder: which script in it is to run?", hint="--entrypoint NAME")
    inner = entrypoint.removeprefix(f"{folder}/")
    path = PurePosixPath(inner)
    if inner.startswith(("@", "/")) or ".." in path.parts:
        raise InputError(f"the entrypoint {entrypoint} is outside the folder {source}")
    _require_python(Path(path))
    return StagedPayload(source=folder, entrypoint=path)


def locate(path: Path, entrypoint: str | None) -> Payload | StagedPayload:
    """The payload that a user named (``@…`` is on a stage); InputError says what is wrong with it."""
    if str(path).startswith("@"):
        return locate_on_stage(str(path), entrypoint)
    if not path.exists():
        raise InputError(f"there is no file or folder {path}")
    if path.is_dir():
        return Payload(source=path.resolve(), entrypoint=_inside(path, entrypoint))
    if entrypoint is not None:
        raise UsageError(f"--entrypoint belongs to a folder, and {path} is a file")
    _require_python(path)
    return Payload(source=path.resolve(), entrypoint=PurePosixPath(path.name))


def chosen(
    found: Payload | StagedPayload, *, include: Sequence[str], tracked: bool, max_bytes: int | None
) -> Payload | StagedPayload:
    """The payload with what was said of its files; they must be on this machine for that."""
    if isinstance(found, Payload):
        limit = found.max_bytes if max_bytes is None else max_bytes
        return replace(found, include=tuple(include), tracked=tracked, max_bytes=limit)
    if include or tracked or max_bytes is not None:
        raise UsageError(f"{found.source} is on a stage; which files there are is decided there")
    return found


def check_script(payload: Payload | StagedPayload, runtime: str | None) -> None:
    """InputError where the script is not Python: found here, in place of minutes later in the job."""
    if isinstance(payload, StagedPayload):
        return
    script = payload.script
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(script.read_bytes(), str(script), "exec", dont_inherit=True)
    except SyntaxError as error:
        if not _is_newer_python(runtime):
            raise _not_python(script, error) from error
    except ValueError as error:  # a NUL byte
        raise InputError(f"{script} is not Python: {error}") from error
    except OSError as error:
        raise InputError(f"{script} cannot be read: {error.strerror}") from error


def _inside(folder: Path, entrypoint: str | None) -> PurePosixPath:
    if entrypoint is None:
        raise InputError(
            f"{folder} is a folder: which script in it is to run?",
            hint=f"--entrypoint NAME. {_scripts(folder)}",
        )
    root = folder.resolve()
    # As the client reads it: relative to the folder, or to where we are when it lies in the folder.
    candidates = [root / entrypoint, Path.cwd() / entrypoint]
    inside = [c for c in candidates if c.is_file() and c.resolve().is_relative_to(root)]
    if not inside:
        raise _no_entrypoint(folder, entrypoint, candidates)
    _require_python(inside[0])
    return PurePosixPath(inside[0].resolve().relative_to(root).as_posix())


def _no_entrypoint(folder: Path, entrypoint: str, candidates: list[Path]) -> InputError:
    if any(candidate.is_file() for candidate in candidates):
        return InputError(
            f"the entrypoint {entrypoint} is outside the folder {folder}",
            hint="a job has its folder's files only: move the script there, or submit a folder around both",
        )
    return InputError(f"there is no entrypoint {entrypoint} in {folder}", hint=_scripts(folder))


def _scripts(folder: Path) -> str:
    names = sorted(path.name for path in folder.glob("*.py"))
    return f"Scripts there: {', '.join(names[:10])}" if names else "There is no Python file in it."


def _require_python(path: Path) -> None:
    if path.suffix != ".py":
        raise InputError(
            f"{path} is not a Python file (*.py)", hint="an ML Job runs a Python script or a folder with one"
        )


def _not_python(script: Path, error: SyntaxError) -> InputError:
    place = f"{script}:{error.lineno}" if error.lineno else str(script)
    shown = f"\n{error.text.rstrip()}" if error.text else ""
    return InputError(
        f"{place}: {error.msg}", hint=f"the script has a syntax error; nothing was submitted{shown}"
    )


def named_python(runtime: str | None) -> tuple[int, int] | None:
    """The Python that a runtime has in its name (``2.6.0-py311``)."""
    named = _NAMED_RUNTIME.search(runtime or "")
    return None if named is None else (int(named[1]), int(named[2]))


def _is_newer_python(runtime: str | None) -> bool:
    """Whether the runtime's Python may know syntax that the Python here does not."""
    named = named_python(runtime)
    return named is not None and named > sys.version_info[:2]
