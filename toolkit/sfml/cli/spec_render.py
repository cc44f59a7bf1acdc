"""``sfml spec render``: a template and values to YAML."""

from __future__ import annotations

import os
from pathlib import Path

import click

from sfml import project
from sfml.cli.options import config_options
from sfml.cli.output import standard
from sfml.cli.spec_families import load_known
from sfml.config import Config
from sfml.errors import InputError


@click.command()
@click.argument("template")
@click.option(
    "--values", "files", multiple=True, type=Path, help="YAML or JSON file; repeatable, the last wins."
)
@click.option(
    "--set", "settings", multiple=True, metavar="A.B=C", help="One value; repeatable, wins over files."
)
@click.option(
    "--env", "with_environment", is_flag=True, help="Give the template your environment as 'environ'."
)
@click.option("-o", "--output", "target", type=Path, help="Write to this file instead of stdout.")
@config_options()
def render(
    config: Config,
    template: str,
    *,
    files: tuple[Path, ...],
    settings: tuple[str, ...],
    with_environment: bool,
    target: Path | None,
) -> None:
    """Render TEMPLATE, a file or the name of one that sfml brings along (gpu-job), to YAML."""
    from sfml.images import pushed
    from sfml.specs import families, values
    from sfml.specs.discover import find_template
    from sfml.specs.render import Sources
    from sfml.specs.render import render as render_template

    library = project.specs(None, project.root(Path.cwd()))
    found = values.load_values(files)
    for setting in settings:
        found = values.set_value(found, setting)
    sources = Sources(
        image=pushed.resolver(config.state), families=families.by_name(load_known(config.state)[0])
    )
    text = render_template(
        find_template(template, library),
        found,
        sources=sources,
        environ=os.environ if with_environment else None,
        library=[library],
    )
    if target is None:
        standard().value(None, text=text.removesuffix("\n"))
    else:
        _write(target, text)


def _write(target: Path, text: str) -> None:
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{target} cannot be written: {error.strerror}") from None
