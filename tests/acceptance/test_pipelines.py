"""The example pipelines: each of their nox lines, tried without an account."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from programs import SFML, Run

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "examples" / "ci").glob("*.yml"))
LINES = sorted({line for file in FILES for line in re.findall(r"nox -s .*", file.read_text())})
# How each session's command is tried here: against the local backend, changing nothing.
TRIAL = {"build": ["--dry-run"], "push": ["--dry-run"], "render": [], "validate": [], "check": None}


def verb(session: str) -> list[str]:
    """The sfml command that a nox session runs, from the noxfile."""
    body = (ROOT / "noxfile.py").read_text().split(f"\ndef {session}(")[1].split("\n\n\n")[0]
    calls = re.findall(r'_sfml\(session, (.*?)\)|"sfml"\), (.*?), \*session', body)
    return [shlex.split(part)[0] for part in "".join(calls[0]).split(", ")]


def test_pipelines__both__have_the_same_steps() -> None:
    assert len(FILES) == 2
    assert len(LINES) == 5, "a step that only one of them has"


@pytest.mark.parametrize("line", [line for line in LINES if TRIAL[line.split()[2]] is not None])
def test_pipelines__each_line__runs(line: str, sfml: Run, project: Path, engine: str) -> None:
    session, arguments = shlex.split(line)[2], shlex.split(line)[4:]
    arguments = ["local" if word == "ci" else word for word in arguments]
    arguments = ["local.public.images" if word.startswith("ml_dev.") else word for word in arguments]
    (project / "examples").mkdir(exist_ok=True)
    if not (project / "examples" / "ci").exists():
        (project / "examples" / "ci").symlink_to(ROOT / "examples" / "ci")
    if session == "render":
        arguments += ["--set", "images.dev=/local/public/images/dev:c0"]
    if session == "validate":
        (project / "dev-box.yaml").unlink(missing_ok=True)
        values = ["--values", "examples/ci/dev-box.yaml", "--set", "images.dev=/local/public/images/dev:c0"]
        assert sfml("spec", "render", "dev-box", *values, "--output", "dev-box.yaml").returncode == 0

    done = sfml(*verb(session), *arguments, *(TRIAL[session] or []))

    assert done.returncode == 0, done.stderr


def test_connection__a_key_pair__is_written_for_this_user_alone(
    tmp_path: Path, clean_environment: Mapping[str, str]
) -> None:
    given = {
        "SNOWFLAKE_HOME": str(tmp_path / "home"),
        "SNOWFLAKE_ACCOUNT": "org-acct",
        "SNOWFLAKE_USER": "CI",
    }
    env = {**clean_environment, **given, "SNOWFLAKE_ROLE": "ML", "SNOWFLAKE_PRIVATE_KEY": "-----BEGIN-----"}
    subprocess.run(["bash", ROOT / "examples" / "ci" / "connection.sh"], env=env, check=True)

    command = [SFML, "config", "show", "--connection", "ci"]
    shown = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    files = list((tmp_path / "home").iterdir())
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert shown.returncode == 0, shown.stderr
    assert "-----BEGIN-----" not in (tmp_path / "home" / "connections.toml").read_text()


def test_connection__nothing_to_log_in_with__is_an_error(
    tmp_path: Path, clean_environment: Mapping[str, str]
) -> None:
    env = {**clean_environment, "SNOWFLAKE_HOME": str(tmp_path)}
    script = ROOT / "examples" / "ci" / "connection.sh"
    done = subprocess.run(["bash", script], env=env, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "SNOWFLAKE_PRIVATE_KEY" in done.stderr
