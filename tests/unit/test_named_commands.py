"""Every command line of ours that a page or a hint names exists, with the options that it shows."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pytest

from sfml.cli import VERBS, cli

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for folder in ("docs", "images", "examples", "specs", "benchmarks")
    for page in (ROOT / folder).rglob("*.md")
    if "decisions" not in page.parts
)
SHOWN = re.compile(r"^ {4,}(?:\$ )?(sfml .*)$|`(sfml [^`]+)`", re.MULTILINE)
_NOT_FOR_PEOPLE = ("ssh-proxy",)
END = re.compile(r"\s#|\\?\||&&|;|>|…|\.\.\.")


def shown(text: str) -> Iterator[str]:
    """The command lines of a page, up to where the shell or the reader takes over."""
    for in_block, in_line in SHOWN.findall(text):
        yield END.split(in_block or in_line)[0].strip()


def problem(words: Sequence[str]) -> str | None:
    """What is wrong with a command line; its arguments are the reader's."""
    command: click.Command = cli
    context = click.Context(cli)
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        name = rest.pop(0)
        if name in _NOT_FOR_PEOPLE:
            return None
        found = command.get_command(context, name)
        if found is None:
            return f"there is no command '{name}'"
        command = found
    known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)} | {"--help"}
    options = rest[: rest.index("--")] if "--" in rest else rest
    return next(
        (
            f"there is no option {word}"
            for word in options
            if word.startswith("--") and word.split("=")[0] not in known
        ),
        None,
    )


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda page: str(page.relative_to(ROOT)))
def test_page__commands_that_it_shows__exist(page: Path) -> None:
    lines = list(shown(page.read_text(encoding="utf-8")))
    wrong = {line: why for line in lines if (why := problem(shlex.split(line)[1:]))}
    assert wrong == {}


def texts(file: Path) -> Iterator[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_hints__commands_that_they_name__are_no_subcommands_alone() -> None:
    context = click.Context(cli)
    groups = [found for verb in VERBS if isinstance(found := cli.get_command(context, verb), click.Group)]
    below = {name for group in groups for name in group.list_commands(context)} - {*VERBS}
    named = re.compile(rf"\bsfml ({'|'.join(sorted(below))})\b")
    wrong = [
        f"{file.relative_to(ROOT)}: {text}"
        for file in sorted((ROOT / "toolkit").rglob("*.py"))
        for text in texts(file)
        if named.search(text)
    ]
    assert wrong == []
