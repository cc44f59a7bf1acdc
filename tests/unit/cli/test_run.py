"""`sfml run` before it talks to anybody: what it refuses, and when `sfml submit` means it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sfml import cli
from sfml.cli.run_spec import run
from sfml.cli.submit import names_spec, submit

SPEC = "spec:\n  containers:\n  - name: main\n    image: /d/s/r/i:1\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SNOWFLAKE_HOME", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.yaml").write_text(SPEC)
    (tmp_path / "bad.yaml").write_text(SPEC.replace("main", "Main").replace("/d/s/r/i:1", "i:1"))
    return tmp_path


@pytest.mark.parametrize("verb", ["run", "submit"])
def test_run__spec_with_errors__lists_them_all_and_starts_nothing(
    verb: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run([verb, "-c", "local", "bad.yaml"]) == 1
    err = capsys.readouterr().err
    assert "bad.yaml has 2 errors; nothing was sent" in err
    assert "bad.yaml:3:11: error SPCS030" in err
    assert not (folder / ".sfml").exists()


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        ([], 2, "which spec?"),
        (["good.yaml", "python"], 2, "a spec says itself what runs"),
        (["good.yaml", "--detach", "--timeout", "5s"], 2, "--timeout needs --wait"),
        (["good.yaml", "--set", "a=b"], 1, "is no template"),
        (["good.yaml", "--put", "nothing:@s"], 1, "there is no file or folder nothing"),
        (["good.yaml", "--env", "NO_SUCH_A"], 1, "NAME=VALUE"),
        (["good.yaml"], 1, "system pool"),
        (["--image", "ubuntu:1"], 1, "not an image of your account"),
        (["nothing.yaml"], 1, "cannot be read"),
        (["nothing"], 1, "there is no template nothing"),
    ],
)
def test_run__unusable_command_line__is_told_before_any_login(
    args: list[str], code: int, message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["run", "-c", "local", *args]) == code
    assert message in capsys.readouterr().err
    assert not (folder / ".sfml").exists()


@pytest.mark.parametrize(
    ("args", "is_spec"),
    [
        (["job.yaml"], True),
        (["--compute-pool", "p.yaml", "job.yml"], True),
        (["-c", "local", "job.yaml.j2", "--set", "a=b"], True),
        (["--image", "/d/s/r/i:1", "--", "python", "x.py"], True),
        (["--image=/d/s/r/i:1"], True),
        (["train.py"], False),
        (["train.py", "config.yaml"], False),
        (["train.py", "--", "--image", "x"], False),
        (["--requirements", "x.yaml", "train.py"], False),
        (["--propagate-exit-code", "job.yaml"], True),
        ([], False),
    ],
)
def test_names_spec__command_line_of_submit__is_told_apart(args: list[str], is_spec: bool) -> None:
    assert names_spec(args, [*submit.params, *run.params]) is is_spec
