"""The edge of the command line: every error becomes one message and the documented code."""

import stat
import subprocess
import sys
from pathlib import Path

import click
import pytest

from sfml import cli
from sfml.errors import InputError, SfmlError


def fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int:
    @click.command()
    def failing() -> None:
        raise error

    monkeypatch.setattr(sys.modules[__name__], "failing", failing, raising=False)
    monkeypatch.setitem(cli.VERBS, "failing", cli.Verb(f"{__name__}:failing", "Fails."))
    return cli.run(["failing"])


def test_run__sfml_error__message_hint_and_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fail_with(monkeypatch, InputError("no such file: a.py", hint="check the path")) == 1
    captured = capsys.readouterr()
    assert captured.err == "sfml: error: no such file: a.py\n  check the path\n"
    assert captured.out == ""


@pytest.mark.parametrize("kind", SfmlError.__subclasses__())
def test_run__every_error_class__ends_with_its_code(
    kind: type[SfmlError], monkeypatch: pytest.MonkeyPatch
) -> None:
    needs_code = kind.__name__ == "CommandError"
    error = kind("it failed", returncode=7) if needs_code else kind("it failed")
    assert fail_with(monkeypatch, error) == kind.exit_code


def test_run__interrupt__ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fail_with(monkeypatch, KeyboardInterrupt()) == 130


def test_run__reader_gone__ends_with_141(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.output, "discard_stdout", lambda: None)
    assert fail_with(monkeypatch, cli.output.ReaderGoneError()) == 141


def test_run__bug__leaves_a_private_log_without_secrets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert fail_with(monkeypatch, RuntimeError("password=hunter2")) == 5
    (log,) = (tmp_path / "sfml").iterdir()
    assert str(log) in capsys.readouterr().err
    assert "RuntimeError" in log.read_text()
    assert "hunter2" not in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_run__mistyped_verb__is_a_usage_error_that_names_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.run(["competion"]) == 2
    assert "Did you mean 'completion'?" in capsys.readouterr().err


def test_run__unknown_option__is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["completion", "--nonsense"]) == 2
    assert "--nonsense" in capsys.readouterr().err


@pytest.mark.parametrize("verb", sorted(cli.VERBS))
def test_verbs__every_entry__is_a_command_with_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([verb, "--help"]) == 0
    assert f"Usage: sfml {verb}" in capsys.readouterr().out


def test_help__imports_nothing_heavy() -> None:
    code = (
        "import sys; from sfml import cli; cli.run(['--help']); "
        "print(*(set(sys.modules) & {'snowflake.connector', 'rich', 'yaml', 'jinja2', 'subprocess'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == ""


def test_version__is_printed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sfml", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"sfml {cli.__version__}\n"
