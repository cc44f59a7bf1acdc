"""What goes into a build: the files of its context, and the id that they and its arguments make."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sfml.errors import InputError
from sfml.images.definition import FILE_NAME, Image

SHARED = "build-env.sh"
APT, REQUIREMENTS, EARLY = "user/apt.txt", "user/requirements.txt", "user/requirements-early.txt"
_NOT_BUILT = (FILE_NAME, "README.md", "requirements.in")
_GROUP = 4
"""Requirements are installed in layers of whole groups, and the rest: see :func:`early`."""
_FORMAT = 1
"""Raise it when the same content is to be built in another way."""

# Debian Policy 5.6.7, with the version or release that apt-get takes.
_DEBIAN_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+(?::[a-z0-9]+)?(?:[=/][A-Za-z0-9.+:~-]+)?\Z")
# A line that reads other files, which the image has not.
_OUTSIDE = re.compile(
    r"(?:-r|-c|-e|--requirement|--constraint|--editable|--find-links|-f)\b|\.{0,2}/|file:|~"
)


@dataclass(frozen=True, kw_only=True)
class File:
    """One file of a context."""

    content: bytes
    executable: bool = False


@dataclass(frozen=True, kw_only=True)
class Extras:
    """What a user adds to an image without touching its Dockerfile."""

    apt: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()


Context = Mapping[str, File]


def collect(image: Image, *, shared: Path, extras: Extras, wheel: tuple[str, bytes] | None) -> Context:
    """The files that the image's Dockerfile may use, by their paths."""
    files = {}
    for path in sorted(image.folder.rglob("*")):
        relative = path.relative_to(image.folder).as_posix()
        if path.is_file() and relative not in _NOT_BUILT and "__pycache__" not in path.parts:
            files[relative] = File(content=path.read_bytes(), executable=bool(path.stat().st_mode & 0o100))
    files[SHARED] = File(content=shared.read_bytes())
    files[APT] = File(content=_lines(extras.apt))
    files[REQUIREMENTS] = File(content=_lines(extras.requirements))
    files[EARLY] = File(content=_lines(early(extras.requirements)))
    if wheel is not None:
        files[f"wheel/{wheel[0]}"] = File(content=wheel[1])
    return files


def early(requirements: Sequence[str]) -> Sequence[str]:
    """Those that get a layer of their own, which mostly stays when one more is added at the end.

    It depends on nothing but the list, so that the same list makes the same layers everywhere.
    """
    if any(text.endswith("\\") for text in requirements):  # hashes in lines of their own: not to be cut
        return ()
    options = [text for text in requirements if text.startswith("-")]
    named = [text for text in requirements if not text.startswith("-")]
    whole = (len(named) - 1) // _GROUP * _GROUP
    return (*options, *named[:whole]) if whole > 0 else ()


def content_id(context: Context, *, arguments: Mapping[str, str], parent: str | None, platform: str) -> str:
    """16 hex digits that change when anything changes that the build is made from.

    What the package indexes serve at the time of the build is not part of it; nor are its secrets.
    """
    made_of = {
        "format": _FORMAT,
        "files": {
            name: [hashlib.sha256(file.content).hexdigest(), file.executable]
            for name, file in context.items()
        },
        "arguments": dict(arguments),
        "parent": parent,
        "platform": platform,
    }
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:16]


@contextmanager
def staged(context: Context) -> Iterator[Path]:
    """The context as a folder, for as long as the build takes."""
    with TemporaryDirectory(prefix="sfml-build-") as name:
        for relative, file in context.items():
            path = Path(name, relative)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
            path.chmod(0o755 if file.executable else 0o644)
        yield Path(name)


def extras(apt: Sequence[str], apt_files: Sequence[Path], requirement_files: Sequence[Path]) -> Extras:
    """What the user adds; InputError names the file and line that cannot be used."""
    packages = [("--apt", 0, package) for package in apt]
    packages += [entry for file in apt_files for entry in _entries(file)]
    requirements = [entry for file in requirement_files for entry in _entries(file)]
    for where, line, text in packages:
        if not _DEBIAN_PACKAGE.match(text):
            raise InputError(f"{_at(where, line)}: {text!r} is no name of a Debian package")
    for where, line, text in requirements:
        if _OUTSIDE.match(text):
            raise InputError(
                f"{_at(where, line)}: {text!r} reads another file, which the image would not have",
                hint="list the packages themselves",
            )
    return Extras(
        apt=tuple(text for _, _, text in packages), requirements=tuple(text for _, _, text in requirements)
    )


def _entries(file: Path) -> Iterator[tuple[str, int, str]]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{file} is no text in UTF-8") from None
    for number, line in enumerate(lines, start=1):
        text = re.sub(r"(^|\s)#.*", "", line).strip()
        if text:
            yield str(file), number, text


def _at(where: str, line: int) -> str:
    return f"{where}:{line}" if line else where


def _lines(texts: Sequence[str]) -> bytes:
    return "".join(f"{text}\n" for text in texts).encode()
