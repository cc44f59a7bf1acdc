"""sfml itself as a wheel, so that an image holds the very code that built it."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import io
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from sfml import __version__
from sfml.errors import InputError

_NAME = "snowflake_ml_accelerator"
_PACKAGE = Path(__file__).parents[1]
_INFO = f"{_NAME}-{__version__}.dist-info"
FILE_NAME = f"{_NAME}-{__version__}-py3-none-any.whl"


def build(data: Mapping[str, Path]) -> bytes:
    """The wheel's bytes; ``data`` are the folders that it carries below ``sfml/_data``, by their names."""
    files = _tree(_PACKAGE, "sfml", skip=("_data",))
    for name, folder in data.items():
        files |= _tree(folder, f"sfml/_data/{name}")
    files |= {
        f"{_INFO}/METADATA": _metadata().encode(),
        f"{_INFO}/WHEEL": b"Wheel-Version: 1.0\nGenerator: sfml\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{_INFO}/entry_points.txt": b"[console_scripts]\nsfml = sfml.__main__:main\n",
    }
    files[f"{_INFO}/RECORD"] = _record(files)
    return _zip(files)


def _tree(root: Path, below: str, *, skip: Sequence[str] = ()) -> dict[str, bytes]:
    found = {}
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        if path.is_file() and "__pycache__" not in relative.parts and relative.parts[0] not in skip:
            found[f"{below}/{relative.as_posix()}"] = path.read_bytes()
    return found


def _metadata() -> str:
    head = f"Metadata-Version: 2.1\nName: {_NAME.replace('_', '-')}\nVersion: {__version__}\n"
    return head + "".join(f"Requires-Dist: {requirement}\n" for requirement in _requirements())


def _requirements() -> Sequence[str]:
    """What sfml needs: from the checkout that this code is in, else from its installation."""
    project = _PACKAGE.parents[1] / "pyproject.toml"
    if project.is_file():
        return list(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"])
    try:
        found = importlib.metadata.requires(_NAME) or []
    except importlib.metadata.PackageNotFoundError:
        raise InputError(
            "sfml's own requirements are not known: it is neither installed nor in its checkout",
            hint="pip install snowflake-ml-accelerator",
        ) from None
    return [requirement for requirement in found if "extra ==" not in requirement]


def _record(files: Mapping[str, bytes]) -> bytes:
    lines = [f"{name},sha256={_digest(content)},{len(content)}\n" for name, content in files.items()]
    return "".join([*lines, f"{_INFO}/RECORD,,\n"]).encode()


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _zip(files: Mapping[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            # ZipInfo's own date is 1980-01-01: the same files give the same bytes at any time.
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return target.getvalue()
