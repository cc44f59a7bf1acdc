"""Which files of a folder are specs: YAML with a `spec:`, SQL with a specification, templates with values."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sfml.errors import InputError
from sfml.specs.validate import MAX_BYTES, SQL_SUFFIXES

YAML_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
TEMPLATE_SUFFIX = ".j2"
_SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__", "venv", "site-packages"})
# At the top: a key `spec` in the first column, or the first key of a JSON map.
_SPEC_KEY = re.compile(
    rb"""^["']?spec["']?\s*:|\A\s*\{\s*"(spec|capabilities|serviceRoles)"\s*:""", re.MULTILINE
)
_KUBERNETES_KEY = re.compile(rb"^apiVersion\s*:", re.MULTILINE)
_SQL_SPEC = re.compile(rb"SPECIFICATION(_TEMPLATE)?\s*\$\$", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Found:
    """The files to check, and those of folders that hold no spec."""

    files: tuple[Path, ...]
    skipped: tuple[Path, ...]


def find_template(template: str, library: Path) -> Path:
    """The file of that name, else the template of that name in the library; :class:`InputError` for none."""
    path = Path(template)
    if path.is_file():
        return path
    name = path.as_posix() if path.suffix == TEMPLATE_SUFFIX else f"{template}.yaml.j2"
    matches = sorted(library.glob(name)) + sorted(library.glob(f"*/{name}"))
    if matches:
        return matches[0]
    known = ", ".join(sorted(path.name.removesuffix(".yaml.j2") for path in library.glob("*/*.yaml.j2")))
    raise InputError(f"there is no template {name}", hint=f"give a file, or one of: {known}")


def discover(paths: tuple[Path, ...]) -> Found:
    """Files as they are named, and of each folder the files that hold a spec, sorted."""
    files: list[Path] = []
    skipped: list[Path] = []
    for path in paths:
        if path.is_dir():
            for file in sorted(_walk(path)):
                (files if _holds_spec(file) else skipped).append(file)
        else:
            files.append(path)
    return Found(files=tuple(dict.fromkeys(files)), skipped=tuple(skipped))


def _walk(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in _SKIPPED_FOLDERS]
        suffixes = (*YAML_SUFFIXES, *SQL_SUFFIXES, TEMPLATE_SUFFIX)
        yield from (Path(root, name) for name in names if name.lower().endswith(suffixes))


def _holds_spec(file: Path) -> bool:
    """Whether the file looks like a spec; one that cannot be read is left for the checker to say so."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES)
    except OSError:
        return True
    if file.suffix.lower() in SQL_SUFFIXES:
        return _SQL_SPEC.search(content) is not None
    if file.suffix == TEMPLATE_SUFFIX:
        return values_of(file).is_file()
    return _SPEC_KEY.search(content) is not None and _KUBERNETES_KEY.search(content) is None


def values_of(template: Path) -> Path:
    """The file of sample values beside a template: gpu-job.values.yaml of gpu-job.yaml.j2."""
    return template.with_name(f"{template.name.partition('.')[0]}.values.yaml")
