"""``sfml spec validate``: every problem of every spec, with its line and what to do."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sfml.cli.output import standard
from sfml.errors import InputError, UsageError
from sfml.specs.discover import TEMPLATE_SUFFIX, discover, values_of
from sfml.specs.problems import Severity
from sfml.specs.scope import Target
from sfml.specs.validate import Checked, check_bytes, check_file, on_family, unreadable

if TYPE_CHECKING:  # read when a spec or a flag names a family
    from sfml.specs.families import Family

STDIN = "-"
FORMATS = ("text", "json", "github", "sarif")


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="FILE|FOLDER|-…")
@click.option("--strict", is_flag=True, help="Warnings fail, too.")
@click.option("--family", help="Instance family that the specs are to run on: check sizes against its nodes.")
@click.option("--kind", type=click.Choice(["service", "job"]), help="What the specs are for.")
@click.option("--cloud", type=click.Choice(["aws", "azure", "gcp"]), help="Where the account lives.")
@click.option("-o", "--output", "form", type=click.Choice(FORMATS), default="text", help="Form.")
def validate(
    paths: tuple[str, ...],
    *,
    strict: bool,
    family: str | None,
    kind: str | None,
    cloud: str | None,
    form: str,
) -> int:
    """Check specs: YAML and JSON files, SQL that holds specs, templates with values beside them, and folders.

    Exits 0 when there is no error, 1 when there is one, or a warning under --strict, or a file could not be
    read.
    """
    from sfml.specs.report import FORMATS as REPORTS

    target = _target(family, kind, cloud)
    checked = list(_check_all(paths, target))
    standard().value(None, text=REPORTS[form](checked))
    return 1 if any(_fails(result, strict=strict) for result in checked) else 0


def _target(family: str | None, kind: str | None, cloud: str | None) -> Target:
    target = Target(kind=kind or "", families=cache(_families))
    try:
        target = on_family(family, target) if family else target
    except InputError as error:
        raise UsageError(str(error), hint=error.hint) from None
    return replace(target, clouds=frozenset({cloud})) if cloud else target


def _families() -> Mapping[str, Family]:
    """The families as the account named them when it was asked, else as published."""
    from sfml import config, project
    from sfml.cli.spec_families import load_known
    from sfml.specs.families import by_name

    return by_name(load_known(config.resolve({}, os.environ, project.root(Path.cwd())).state)[0])


def _check_all(paths: tuple[str, ...], target: Target) -> Iterator[Checked]:
    if STDIN in paths:
        yield check_bytes(sys.stdin.buffer.read(), file="<stdin>", target=target)
    found = discover(tuple(Path(path) for path in paths if path != STDIN))
    for file in found.files:
        if file.suffix == TEMPLATE_SUFFIX:
            yield _check_template(file, target)
        else:
            yield check_file(file, target=target)
    if found.skipped:
        standard().progress(f"{len(found.skipped)} skipped, for they hold no spec: {_some(found.skipped)}")


def _some(files: tuple[Path, ...]) -> str:
    return ", ".join(str(file) for file in files[:3]) + (", …" if len(files) > 3 else "")


def _check_template(file: Path, target: Target) -> Checked:
    """The text that a template makes of the values beside it; lines are those of that text."""
    from sfml.specs.render import render
    from sfml.specs.values import load_values

    values = values_of(file)
    try:
        text = render(file, load_values([values] if values.is_file() else []), library=[file.parent.parent])
    except InputError as error:
        return unreadable(str(file), f"cannot render it: {error}", fix=error.hint or "")
    return check_bytes(text.encode(), file=f"{file} (rendered)", target=target)


def _fails(result: Checked, *, strict: bool) -> bool:
    return any(strict or problem.severity is Severity.ERROR for problem in result.problems)
