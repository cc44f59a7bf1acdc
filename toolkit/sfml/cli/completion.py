"""``sfml completion``: the script that teaches a shell to complete sfml's commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from sfml.cli.output import standard

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script for SHELL.

    Try it with: eval "$(sfml completion bash)"; keep it by adding that line to your shell's start-up file.
    """
    kind = get_completion_class(shell)
    assert kind is not None
    script = kind(context.find_root().command, {}, "sfml", "_SFML_COMPLETE").source()
    standard().value(None, text=script)
