"""The spec that a verb is given: a file, a template with values, or an image alone."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sfml import project
from sfml.config import Config
from sfml.errors import UsageError

if TYPE_CHECKING:
    from sfml.services.source import Ready, Source
    from sfml.specs.families import Family

_OPTIONS = (
    click.option(
        "--values", "files", multiple=True, type=Path, help="Values for a template: YAML or JSON. Repeatable."
    ),
    click.option("--set", "settings", multiple=True, metavar="A.B=C", help="One value. Repeatable."),
    click.option(
        "--environ", "with_environment", is_flag=True, help="Give the template your environment as 'environ'."
    ),
    click.option("--image", metavar="PATH", help="No spec: one container of /db/schema/repository/name:tag."),
    click.option(
        "--env",
        "variables",
        multiple=True,
        metavar="NAME[=VALUE]",
        help="Set in every container; NAME alone: as here. Repeatable.",
    ),
)


def spec_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command what chooses a spec; it receives a ``Given`` as ``given``."""

    @functools.wraps(command)
    def with_given(*args: Any, **values: Any) -> Any:
        names = ("files", "settings", "with_environment", "image", "variables")
        given = {name: values.pop(name) for name in names}
        return command(*args, given=given, **values)

    decorated: Callable[..., Any] = with_given
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def source_of(
    spec: str | None,
    command: tuple[str, ...],
    given: Mapping[str, Any],
    config: Config,
    families: Mapping[str, Family],
) -> Source:
    """The text of the spec; UsageError where none, or two, were named."""
    from sfml.images.pushed import resolver
    from sfml.services.source import of_image, read
    from sfml.specs.render import Sources
    from sfml.specs.values import load_values, set_value

    if given["image"]:
        return of_image(given["image"], command if spec is None else (spec, *command))
    if spec is None:
        raise UsageError("which spec? Name a file or a template, or an image with --image")
    if command:
        raise UsageError(f"{command[0]!r} is too much: a spec says itself what runs; --image takes a command")
    values = load_values(given["files"])
    for setting in given["settings"]:
        values = set_value(values, setting)
    return read(
        spec,
        values,
        library=project.specs(None, project.root(Path.cwd())),
        sources=Sources(image=resolver(config.state), families=families),
        environ=os.environ if given["with_environment"] else None,
    )


def ready_for(
    source: Source, given: Mapping[str, Any], kind: str, families: Mapping[str, Family], family: str | None
) -> Ready:
    """The checked spec: before the pool is known for its form alone, then for its sizes too."""
    from sfml.services.prepare import checked

    return checked(source, kind, families=families, family=family, env=variables_of(given))


def variables_of(given: Mapping[str, Any]) -> Mapping[str, str]:
    """What is to be set in every container."""
    from sfml.jobs.request import environment

    return environment(given["variables"], os.environ)


def known_families(config: Config) -> Mapping[str, Family]:
    """The families as the account named them when it was asked, else as published."""
    from sfml.cli.spec_families import load_known
    from sfml.specs.families import by_name

    return by_name(load_known(config.state)[0])
