"""Results go to stdout, progress to stderr; a pipe gets plain lines and a program gets one JSON document."""

import io
import json

import pytest

from sfml.cli import output
from sfml.cli.output import Output

ROWS = [{"name": "a", "status": "DONE", "extra": 1}, {"name": "b\tc", "status": None, "extra": 2}]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def make(*, as_json: bool = False, terminal: bool = False) -> Output:
    kind = Terminal if terminal else io.StringIO
    return Output(as_json=as_json, stdout=kind(), stderr=kind())


def written(out: Output) -> tuple[str, str]:
    assert isinstance(out.stdout, io.StringIO)
    assert isinstance(out.stderr, io.StringIO)
    return out.stdout.getvalue(), out.stderr.getvalue()


def test_table__in_a_pipe__one_plain_line_per_row() -> None:
    out = make()
    out.table(ROWS, ["name", "status"])
    assert written(out) == ("name\tstatus\na\tDONE\nb c\t\n", "")


def test_table__for_a_program__json_with_every_key() -> None:
    out = make(as_json=True)
    out.table(ROWS, ["name"])
    assert json.loads(written(out)[0]) == ROWS


def test_table__on_a_terminal__shows_the_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    out = make(terminal=True)
    out.table([{"name": "[red]a[/red]", "created_on": "now"}], ["name", "created_on"])
    text = written(out)[0]
    assert "[red]a[/red]" in text  # markup in a cell is text, not style
    assert "created on" in text


def test_value__text__is_for_readers_and_json_for_programs() -> None:
    reader, program = make(), make(as_json=True)
    for out in (reader, program):
        out.value({"job_id": "J"}, text="job J")
    assert written(reader) == ("job J\n", "")
    assert json.loads(written(program)[0]) == {"job_id": "J"}


def test_line__beside_json__does_not_spoil_it() -> None:
    out = make(as_json=True)
    out.line("epoch 1")
    out.value({"a": 1})
    assert json.loads(written(out)[0]) == {"a": 1}
    assert written(out)[1] == "epoch 1\n"


@pytest.mark.parametrize(
    ("environment", "expected"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_has_color__terminal__follows_the_environment(
    environment: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert output.has_color(Terminal()) is expected
    assert output.has_color(io.StringIO()) is False


def test_line__text_that_the_terminal_cannot_encode__is_replaced() -> None:
    raw = io.BytesIO()
    out = Output(as_json=False, stdout=io.TextIOWrapper(raw, encoding="ascii"), stderr=io.StringIO())
    out.line("naïve ✓")
    assert raw.getvalue() == b"na?ve ?\n"
