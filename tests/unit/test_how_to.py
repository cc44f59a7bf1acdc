"""The how-to pages: each command line that they show runs, and says what the page says."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from sfml import cli

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "render-and-validate-specs.md").read_text(encoding="utf-8")


class Shown(NamedTuple):
    """A command line of a page, and the lines that the page shows below it."""

    command: str
    output: list[str]


def shown(page: str) -> Iterator[Shown]:
    for block in re.findall(r"(?:^    .*\n)+", page, re.MULTILINE):
        for part in re.split(r"^    \$ ", block, flags=re.MULTILINE)[1:]:
            command, *output = part.splitlines()
            yield Shown(command, [line.strip() for line in output])


# What a command that exits with 1 prints: its own error, or a problem of a spec.
FAILURE = re.compile(r"\berror: |: error SPCS")


def says(line: str, text: str) -> bool:
    """Whether a line of ``text`` is ``line``, where the page may leave things out (…)."""
    pattern = ".*".join(re.escape(part) for part in line.split("…"))
    return re.search(rf"^\s*{pattern}\s*$", text, re.MULTILINE) is not None


def test_how_to_render__every_command__runs_and_says_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "specs").symlink_to(ROOT / "specs")
    for name, block in zip(
        ("my.yaml", "web.yaml"), re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL), strict=False
    ):
        (tmp_path / name).write_text(block)
    found = list(shown(PAGE))
    assert len(found) == 8
    for command, output in found:
        code = cli.run(shlex.split(command)[1:])
        captured = capsys.readouterr()
        text = captured.out + captured.err
        assert (code != 0) == any(FAILURE.search(line) for line in output), text
        assert [line for line in output if not says(line, text)] == [], text
