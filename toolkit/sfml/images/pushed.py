"""What was pushed where: a file in the project's state, for ``{{ image('dev') }}`` in templates."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from sfml.errors import InputError

FILE_NAME = "images.json"


def load(state: Path) -> Mapping[str, Any]:
    """Each image that was pushed from this project: its ``path``, ``digest`` and ``connection``."""
    file = state / FILE_NAME
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read: {error}", hint="remove it and push again") from None
    return found if isinstance(found, dict) else {}


def note(state: Path, entries: Mapping[str, Mapping[str, str]]) -> None:
    """Write down what was pushed, in one step; what other images have stays."""
    state.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**load(state), **entries}, indent=2, sort_keys=True) + "\n"
    with NamedTemporaryFile("w", dir=state, prefix=FILE_NAME, delete=False, encoding="utf-8") as file:
        file.write(text)
    os.replace(file.name, state / FILE_NAME)  # noqa: PTH105 - one step, over what is there


def resolver(state: Path) -> Callable[[str], str]:
    """``image('dev')`` of a template: the path of the image as it was pushed last."""

    def path(name: str) -> str:
        entry = load(state).get(name)
        if entry is None:
            raise InputError(
                f"image('{name}'): this project has pushed no such image",
                hint=f"sfml image push {name}, or --set images.{name}=/db/schema/repository/{name}:tag",
            )
        return str(entry["path"])

    return path
