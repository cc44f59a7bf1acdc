"""``sfml spec``: specs of services and jobs. Each command is imported when it is called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

import click

# Where each command is, and its line in the help.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "render": ("sfml.cli.spec_render:render", "Render a template to YAML."),
    "validate": ("sfml.cli.spec_validate:validate", "Report every problem of specs, with line and remedy."),
    "explain": ("sfml.cli.spec_explain:explain", "Explain a rule or a key of the grammar."),
    "schema": ("sfml.cli.spec_explain:schema", "Print the JSON Schema of a spec."),
    "families": ("sfml.cli.spec_families:families", "List instance families: size, GPUs, credits."),
}


class SpecGroup(click.Group):
    """Takes its commands from COMMANDS: a check must not wait for the template engine."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(cls=SpecGroup)
def spec() -> None:
    """Specs of services and jobs: checked, rendered from templates, and what they run on."""
