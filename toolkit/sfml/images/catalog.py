"""The images of a folder: their order, their ancestors, and the values of their arguments."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sfml.errors import InputError
from sfml.images import definition
from sfml.images.definition import Image

Catalog = Mapping[str, Image]


def load(folder: Path) -> Catalog:
    """Every image below ``folder``, parents before children; InputError where one is wrong."""
    files = sorted(folder.glob(f"*/{definition.FILE_NAME}"))
    if not files:
        raise InputError(f"{folder} holds no image", hint=f"an image is a folder with {definition.FILE_NAME}")
    found = {file.parent.name: definition.load(file.parent) for file in files}
    ordered: dict[str, Image] = {}
    for name in found:
        _place(name, found, ordered, ())
    return ordered


def _place(name: str, found: Catalog, ordered: dict[str, Image], path: tuple[str, ...]) -> None:
    if name in ordered:
        return
    if name in path:
        raise InputError(f"images stand on each other in a circle: {' -> '.join((*path, name))}")
    image = found.get(name)
    if image is None:
        raise InputError(f"image '{path[-1]}' stands on '{name}', which is not there")
    if image.parent is not None:
        _place(image.parent, found, ordered, (*path, name))
    ordered[name] = image


def select(catalog: Catalog, names: Sequence[str]) -> tuple[str, ...]:
    """The named images, or all that are published, in an order in which they can be built."""
    for name in names:
        if name not in catalog:
            near = difflib.get_close_matches(name, catalog, n=1)
            raise InputError(
                f"there is no image '{name}'" + (f", did you mean {near[0]}?" if near else ""),
                hint=f"there are: {', '.join(catalog)}",
            )
    return tuple(name for name, image in catalog.items() if (name in names if names else image.publish))


def lineage(catalog: Catalog, name: str) -> tuple[Image, ...]:
    """The image with all that it stands on, the lowest first."""
    image = catalog[name]
    return (*(lineage(catalog, image.parent) if image.parent else ()), image)


def settings(catalog: Catalog, texts: Iterable[str]) -> Mapping[str, str]:
    """``name=value`` texts as a map; InputError for what no image knows or takes."""
    given: dict[str, str] = {}
    known = sorted({name for image in catalog.values() for name in image.arguments})
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise InputError(f"--set {text}: write it as name=value")
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise InputError(
                f"no image has a setting '{name}'" + (f", did you mean {near[0]}?" if near else ""),
                hint=f"there are: {', '.join(known)}",
            )
        given[name] = value
    return given


def arguments(image: Image, given: Mapping[str, str]) -> Mapping[str, str]:
    """Each argument of the image with its value; InputError where that is none of the choices."""
    values = {name: given.get(name, argument.default) for name, argument in image.arguments.items()}
    for name, value in values.items():
        choices = image.arguments[name].choices
        if choices and value not in choices:
            raise InputError(
                f"{name}={value} is no choice for image '{image.name}'",
                hint=f"take one of: {', '.join(choices)}",
            )
    return values
