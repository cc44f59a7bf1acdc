"""``sfml init`` and ``sfml config``: write the project's configuration, and show what is in force."""

from __future__ import annotations

import json
from pathlib import Path

import click

from sfml.cli.options import config_options
from sfml.cli.output import Output, dry_run_option, output_option
from sfml.config import FILE_NAME, KEYS, Config
from sfml.errors import InputError

HEADER = """\
# sfml's settings for this project. A flag (--compute-pool) and a variable (SFML_COMPUTE_POOL) win over this
# file; this file wins over Snowflake's connections.toml. `sfml config show --origin` says what is in force.
"""


@click.command()
@click.option("-c", "--connection", metavar="TEXT", help=KEYS["connection"].help)
@click.option("--force", is_flag=True, help=f"Replace an {FILE_NAME} that is there already.")
@dry_run_option
@output_option
def init(connection: str | None, *, force: bool, dry_run: bool, out: Output) -> None:
    """Write a commented sfml.yaml into the current folder."""
    path = Path.cwd() / FILE_NAME
    text = template(connection)
    if dry_run:
        out.value({"path": str(path), "text": text}, text=text.rstrip())
        return
    if path.exists() and not force:
        raise InputError(f"{path} exists already", hint="sfml init --force replaces it")
    path.write_text(text, encoding="utf-8")
    out.value({"path": str(path)}, text=f"wrote {path}")


def template(connection: str | None) -> str:
    """The text of a new sfml.yaml: every key with its meaning, all but the connection commented out."""
    lines = [HEADER]
    for name, key in KEYS.items():
        lines.append(f"# {key.help}")
        value = connection if name == "connection" else None
        empty = "[]" if key.is_list else ""
        lines.append(f"{name}: {json.dumps(value)}\n" if value else f"# {name}: {empty}".rstrip() + "\n")
    return "\n".join(lines)


@click.group()
def config() -> None:
    """Show the configuration that is in force."""


@config.command()
@click.option("--origin", is_flag=True, help="Say where each value came from.")
@config_options(*KEYS)
@output_option
def show(config: Config, *, origin: bool, out: Output) -> None:
    """Show every setting's value; with --origin also where it came from."""
    rows = [
        {"key": name, "value": _plain(getattr(config, name)), "origin": config.origins.get(name, "not set")}
        for name in KEYS
    ]
    columns = ["key", "value", *(["origin"] if origin else [])]
    out.table([{column: row[column] for column in columns} for row in rows], columns)


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return ", ".join(value)
    return str(value) if isinstance(value, Path) else value
