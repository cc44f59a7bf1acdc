"""Jobs from the command line, black box, on the local backend."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from programs import SFML, Run

SCRIPTS = {
    "value.py": "import sys\nprint('hello', flush=True)\n__return__ = {'args': sys.argv[1:]}\n",
    "three.py": "import sys\nprint('bye')\nsys.exit(3)\n",
    "ticks.py": "import time\nfor n in range(600):\n    print('tick', n, flush=True)\n    time.sleep(0.2)\n",
    "broken.py": "print('never'\n",
    "folder/main.py": "from part import X\n__return__ = X\n",
    "folder/part.py": "X = 'from the folder'\n",
    "folder/.git/HEAD": "ref: refs/heads/main\n",
    "outside.py": "print('outside')\n",
}
LOCAL = ("--connection", "local")


@pytest.fixture(autouse=True, scope="module")
def _scripts(project: Path) -> None:
    for name, text in SCRIPTS.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)


def stored(project: Path) -> int:
    """How many files the backend's stages hold (docs/reference/local-backend.md)."""
    return sum(1 for path in (project / ".sfml/local/stages").rglob("*") if path.is_file())


def detached(sfml: Run, script: str, *arguments: str) -> str:
    done = sfml("submit", *LOCAL, "--detach", script, *arguments)
    assert done.returncode == 0, done.stderr
    return str(done.stdout).strip()


def test_submit__script__shows_its_lines_and_its_value(sfml: Run) -> None:
    done = sfml("submit", *LOCAL, "value.py", "--", "--epochs", "3")
    assert done.returncode == 0, done.stderr
    first, _, value = done.stdout.partition("\n")
    assert first == "hello"
    assert json.loads(value) == {"args": ["--epochs", "3"]}
    assert "DONE" in done.stderr


def test_submit__arguments_that_shells_and_sql_care_about__arrive_as_they_are(sfml: Run) -> None:
    args = ["it's", 'say "hi"', "two\nlines", "$$", "'; DROP TABLE x; --", "", "--help", "$(id)", "{{ x }}"]
    done = sfml("submit", *LOCAL, "-o", "json", "value.py", "--", *args)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["result"] == {"args": args}


def test_submit__folder_with_a_git_repository__runs_its_entrypoint(sfml: Run) -> None:
    done = sfml("submit", *LOCAL, "folder", "--entrypoint", "main.py", "--result", "out.json")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "from the folder\n"


def test_submit__result_file__holds_the_value(sfml: Run, project: Path) -> None:
    done = sfml("submit", *LOCAL, "value.py", "--result", "value.json")
    assert done.returncode == 0, done.stderr
    assert json.loads((project / "value.json").read_text()) == {"args": []}
    assert "value.json" in done.stderr


@pytest.mark.parametrize(("more", "code"), [([], 100), (["--propagate-exit-code"], 3)])
def test_submit__script_exits_with_3__never_looks_like_success(more: list[str], code: int, sfml: Run) -> None:
    done = sfml("submit", *LOCAL, "-o", "json", *more, "three.py")
    assert done.returncode == code
    assert "exit code 3" in done.stderr
    answer = json.loads(done.stdout)
    assert (answer["status"], answer["exit_code"]) == ("FAILED", 3)


def test_jobs__life_of_a_job__can_be_seen_from_outside(sfml: Run) -> None:
    job = detached(sfml, "ticks.py")
    deadline = time.monotonic() + 60
    while "tick 0\n" not in sfml("jobs", "logs", *LOCAL, job).stdout:
        assert time.monotonic() < deadline
    assert sfml("jobs", "status", *LOCAL, job).stdout == "RUNNING\n"
    waiting = sfml("jobs", "wait", *LOCAL, job, "--timeout", "1")
    assert waiting.returncode == 101, waiting.stderr
    assert f"sfml jobs wait --connection local {job}" in waiting.stderr
    assert sfml("jobs", "result", *LOCAL, job).returncode == 101
    listed = json.loads(sfml("jobs", "list", *LOCAL, "-o", "json").stdout)
    assert (listed[0]["job_id"], listed[0]["status"]) == (job, "RUNNING")

    assert sfml("jobs", "cancel", *LOCAL, "--dry-run", job).stdout == f"would cancel {job}\n"
    assert sfml("jobs", "cancel", *LOCAL, job).returncode == 0
    ended = sfml("jobs", "wait", *LOCAL, job)
    assert ended.returncode == 103
    assert "was cancelled" in ended.stderr
    assert "CANCELLED" in sfml("jobs", "cancel", *LOCAL, job).stdout


def test_jobs_wait__ends_as_the_submit_would_have(sfml: Run) -> None:
    job = detached(sfml, "value.py")
    done = sfml("jobs", "wait", *LOCAL, job)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("hello\n{")
    again = sfml("jobs", "result", *LOCAL, job)
    assert json.loads(again.stdout) == {"args": []}


def _take_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(project: Path, environment: Mapping[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(SFML), *arguments],
        cwd=project,
        env={**environment, "HOME": str(project.parent / "home")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Where these tests run in the background, SIGINT is ignored, and would be in what they start.
        preexec_fn=_take_interrupts,
    )


def test_submit__ctrl_c__leaves_the_job_and_says_how_to_come_back(
    sfml: Run, project: Path, clean_environment: Mapping[str, str]
) -> None:
    with start(project, clean_environment, "submit", *LOCAL, "ticks.py") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "tick 0\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    (job,) = set(re.findall(r"LOCAL\.PUBLIC\.TICKS_\w+", errors))
    assert f"sfml jobs wait --connection local {job}" in errors
    assert sfml("jobs", "status", *LOCAL, job).stdout == "RUNNING\n"
    sfml("jobs", "cancel", *LOCAL, job)


def test_submit__reader_goes_away__ends_quietly(
    sfml: Run, project: Path, clean_environment: Mapping[str, str]
) -> None:
    with start(project, clean_environment, "submit", *LOCAL, "ticks.py") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "tick 0\n"
        process.stdout.close()
        errors = process.stderr.read()
        process.wait(timeout=30)
    assert process.returncode == 141
    assert "Traceback" not in errors
    assert "BrokenPipe" not in errors
    job = next(word for word in errors.split() if word.startswith("LOCAL."))
    sfml("jobs", "cancel", *LOCAL, job)


def test_jobs__unknown_job__exits_102(sfml: Run) -> None:
    for verb in ("status", "logs", "wait", "result", "cancel"):
        done = sfml("jobs", verb, *LOCAL, "no_such_job")
        assert done.returncode == 102, (verb, done.stderr)
        assert "LOCAL.PUBLIC.NO_SUCH_JOB" in done.stderr
        assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nothing.py"], 1, "no file or folder nothing.py"),
        (["folder"], 1, "which script in it is to run"),
        (["folder", "--entrypoint", "../outside.py"], 1, "outside the folder"),
        (["folder", "--entrypoint", "nothing.py"], 1, "no entrypoint nothing.py"),
        (["broken.py"], 1, "broken.py:1"),
        (["value.py", "--compute-pool", "NO_POOL"], 102, "no compute pool NO_POOL"),
        (["value.py", "--compute-pool", "x'; DROP TABLE y; --"], 1, "not a name"),
        (["value.py", "--name", "a b"], 1, "not a name"),
        (["value.py", "--stage", "s'x"], 1, "not a name"),
        (["value.py", "--runtime", "2.0' OR 1"], 1, "no runtime"),
        (["value.py", "--database", "NO_DATABASE", "--schema", "PUBLIC"], 102, "no database NO_DATABASE"),
        (["value.py", "--nodes", "10000"], 1, "more than the pool"),
        (["value.py", "--nosuch"], 2, "--nosuch"),
    ],
)
def test_submit__unusable_input__one_message_the_right_code_and_nothing_left(
    arguments: list[str], code: int, message: str, sfml: Run, project: Path
) -> None:
    before = stored(project)
    done = sfml("submit", *LOCAL, *arguments)
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert done.stderr.count("sfml: error:") == 1
    assert done.stdout == ""
    assert stored(project) == before


@pytest.mark.parametrize(
    ("environment", "arguments"),
    [
        ({}, []),
        ({"SFML_CONNECTION": ""}, []),
        ({}, ["--connection", "nosuch"]),
        ({"SNOWFLAKE_DEFAULT_CONNECTION_NAME": "local"}, []),
    ],
)
def test_submit__no_usable_connection__exits_3_and_names_the_choices(
    environment: dict[str, str], arguments: list[str], sfml: Run
) -> None:
    done = sfml("submit", *arguments, "value.py", env=environment)
    assert done.returncode == 3
    assert "--connection local" in done.stderr
    assert "--connection NAME" in done.stderr


def test_submit__host_that_does_not_answer__exits_3_soon(sfml: Run, project: Path) -> None:
    folder = project.parent / "unreachable"
    folder.mkdir(exist_ok=True)
    file = folder / "connections.toml"
    file.write_text('[dev]\naccount = "a"\nuser = "u"\npassword = "hunter2"\nhost = "127.0.0.1"\nport = 1\n')
    file.chmod(0o600)
    started = time.monotonic()
    done = sfml("submit", "--connection", "dev", "value.py", env={"SNOWFLAKE_HOME": str(folder)})
    assert done.returncode == 3
    assert "127.0.0.1" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr
    assert time.monotonic() - started < 120  # retried, it takes 300


def test_local__env__lets_other_tools_connect(sfml: Run, project: Path) -> None:
    shown = sfml("local", "env")
    assert "export SNOWFLAKE_PORT=" in shown.stdout
    settings = json.loads(sfml("local", "env", "-o", "json").stdout)
    home = project.parent / "tools"
    for _ in range(2):
        written = sfml("local", "env", "--write-connection", "mine", env={"SNOWFLAKE_HOME": str(home)})
        assert written.returncode == 0, written.stderr
    file = home / "connections.toml"
    assert file.stat().st_mode & 0o077 == 0
    assert tomllib.loads(file.read_text())["mine"]["port"] == settings["port"]
    done = sfml("jobs", "list", "--connection", "mine", env={"SNOWFLAKE_HOME": str(home)})
    assert done.returncode == 0, done.stderr


def test_local__connection_of_that_name_is_somebody_elses__is_kept(sfml: Run, project: Path) -> None:
    home = project.parent / "taken"
    home.mkdir(exist_ok=True)
    file = home / "connections.toml"
    file.write_text('# mine\n[prod]\naccount = "real"\n')
    done = sfml("local", "env", "--write-connection", "prod", env={"SNOWFLAKE_HOME": str(home)})
    assert done.returncode == 1
    assert "choose another name" in done.stderr
    assert file.read_text() == '# mine\n[prod]\naccount = "real"\n'


def test_local__stop_and_start__keep_what_there_was(sfml: Run, project: Path) -> None:
    job = detached(sfml, "value.py")
    assert sfml("jobs", "wait", *LOCAL, job).returncode == 0
    assert sfml("local", "stop").returncode == 0
    assert json.loads(sfml("local", "status", "-o", "json").stdout)["running"] is False
    assert sfml("local", "start").returncode == 0
    assert json.loads(sfml("jobs", "result", *LOCAL, job).stdout) == {"args": []}


def test_local__reset__deletes_all_of_it(sfml: Run, project: Path) -> None:
    assert sfml("local", "start").returncode == 0
    assert sfml("local", "reset", "--dry-run").returncode == 0
    assert (project / ".sfml/local/catalog.sqlite").exists()
    assert sfml("local", "reset").returncode == 0
    assert not (project / ".sfml/local").exists()
