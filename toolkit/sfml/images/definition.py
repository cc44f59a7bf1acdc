"""One image's definition: the file image.toml beside its Dockerfile."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sfml.errors import InputError

FILE_NAME = "image.toml"
PLATFORMS = ("linux/amd64", "linux/arm64")
"""Nodes of Snowpark Container Services are linux/amd64; GEN_ARM families alone are linux/arm64."""


@dataclass(frozen=True, kw_only=True)
class Argument:
    """A setting of an image, ``--set name=value``; the Dockerfile has it as an ARG in upper case."""

    default: str
    choices: tuple[str, ...] = ()
    help: str = ""


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image as its folder defines it."""

    name: str
    folder: Path
    summary: str = ""
    parent: str | None = None
    platforms: tuple[str, ...] = PLATFORMS[:1]
    publish: bool = True
    """False: it is only there for its children to stand on."""
    user: str = "dev"
    """Who its containers run as."""
    size_budget_mb: int | None = None
    tags: tuple[str, ...] = ()
    """Names for people, with {version} of sfml and {argument}s."""
    checks: tuple[str, ...] = ()
    arguments: Mapping[str, Argument] = field(default_factory=dict)


# Each key of image.toml with the type that it must have.
_TYPES: Mapping[str, type] = {
    "summary": str,
    "parent": str,
    "platforms": list,
    "publish": bool,
    "user": str,
    "size_budget_mb": int,
    "tags": list,
    "checks": list,
    "args": dict,
}
_ARGUMENT_TYPES: Mapping[str, type] = {"default": str, "choices": list, "help": str}


def load(folder: Path) -> Image:
    """The image that a folder defines; InputError names the file and the key that is wrong."""
    file = folder / FILE_NAME
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: {error}") from None
    if not (folder / "Dockerfile").is_file():
        raise InputError(f"{folder} has an {FILE_NAME} and no Dockerfile")
    _require(file, data, _TYPES)
    arguments = {name: _argument(file, name, value) for name, value in data.pop("args", {}).items()}
    lists = {key: _texts(file, key, value) for key, value in data.items() if isinstance(value, list)}
    _require_platforms(file, lists.get("platforms", ()))
    return Image(name=folder.name, folder=folder, arguments=arguments, **{**data, **lists})


def _require(file: Path, data: Mapping[str, Any], types: Mapping[str, type], inside: str = "") -> None:
    for key, value in data.items():
        if key not in types:
            raise InputError(f"{file}: unknown key '{inside}{key}'", hint=f"known: {', '.join(types)}")
        if type(value) is not types[key]:
            raise InputError(f"{file}: '{inside}{key}' must be a {types[key].__name__}, not {value!r}")


def _texts(file: Path, key: str, values: list[Any]) -> tuple[str, ...]:
    if not all(isinstance(value, str) for value in values):
        raise InputError(f"{file}: '{key}' must hold texts only")
    return tuple(values)


def _argument(file: Path, name: str, data: Any) -> Argument:
    if not isinstance(data, dict):
        raise InputError(f"{file}: 'args.{name}' must be a table with a default")
    _require(file, data, _ARGUMENT_TYPES, f"args.{name}.")
    if "default" not in data:
        raise InputError(f"{file}: 'args.{name}' has no default")
    choices = _texts(file, f"args.{name}.choices", data.get("choices", []))
    return Argument(default=data["default"], choices=choices, help=data.get("help", ""))


def _require_platforms(file: Path, platforms: tuple[str, ...]) -> None:
    for platform in platforms:
        if platform not in PLATFORMS:
            raise InputError(
                f"{file}: Snowflake runs no {platform} images", hint=f"known: {', '.join(PLATFORMS)}"
            )
