"""The agent that holds the user's session: one login in the browser for however many connections."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import sign_in
from local_backend import LocalBackend
from sign_in import SignIn

pytestmark = pytest.mark.slow

TOOLKIT = Path(__file__).parents[2] / "toolkit"
_ASK = """
import os, sys
from pathlib import Path
from sfml.remote import entry, tokens
place = entry.folder(Path(os.environ["HOME"]))
print(tokens.token(entry.load(place, "box"), place, os.environ))
"""


@pytest.fixture
def front(backend: LocalBackend) -> Iterator[SignIn]:
    with sign_in.running(backend.url, backend.parameters()) as made:
        yield made


@pytest.fixture
def home(tmp_path: Path, front: SignIn, backend: LocalBackend) -> Iterator[Path]:
    """Of somebody whose connection logs in with a browser, and who knows a box; no agent stays."""
    own = tmp_path / "home" / ".ssh" / "sfml"
    own.mkdir(parents=True, mode=0o700)
    entry = {"host": "box", "url": "http://127.0.0.1:1", "service": "A.B.C", "connection": "sso",
             "role": None, "state": "", "way": "agent"}  # fmt: skip
    (own / "box.json").write_text(json.dumps(entry))
    given = {
        "account": backend.endpoint["account"], "user": backend.endpoint["user"], "host": "127.0.0.1",
        "port": front.port, "protocol": "http", "authenticator": "externalbrowser",
    }  # fmt: skip
    file = tmp_path / "home" / ".snowflake" / "connections.toml"
    file.parent.mkdir()
    file.touch(0o600)
    file.write_text("[sso]\n" + "".join(f"{name} = {json.dumps(text)}\n" for name, text in given.items()))
    yield tmp_path / "home"
    lock = own / "agent.lock"
    if lock.exists():
        _end(int(lock.read_text()))


def _end(process: int) -> None:
    """It ends when it is told to."""
    os.kill(process, signal.SIGTERM)
    deadline = time.monotonic() + 60
    while Path(f"/proc/{process}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def environment(home: Path) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("SFML_", "SNOWFLAKE_"))}
    mine = {"HOME": str(home), "PYTHONPATH": str(TOOLKIT), "SNOWFLAKE_HOME": str(home / ".snowflake")}
    return {**kept, **mine, "BROWSER": sign_in.browser(home), "SNOWFLAKE_DISABLE_PLATFORM_DETECTION": "true"}


def test_agent__many_connections_at_once__log_in_with_one_window(home: Path, front: SignIn) -> None:
    asking = [
        subprocess.Popen(
            [sys.executable, "-c", _ASK], env=environment(home), stdout=subprocess.PIPE, text=True
        )
        for _ in range(6)
    ]
    answers = {process.communicate(timeout=180)[0] for process in asking}
    assert [process.returncode for process in asking] == [0] * len(asking)
    assert len(answers) == 1
    assert (front.windows, front.logins) == (1, 1)
    log = (home / ".ssh" / "sfml" / "agent.log").read_text()
    assert "sso?port" not in log
    assert answers.pop().strip() not in log


_TWICE = """
import json, time
from sfml.remote.agent import Agent
agent = Agent()
request = {"ask": "token", "connection": "sso", "role": None, "state": "", "asked": time.monotonic()}
answers = [agent.answer(request), agent.answer(request)]
answers.append(agent.answer({**request, "asked": time.monotonic()}))
agent.close()
print(json.dumps(answers))
"""


def test_agent__login_refused__whoever_waited_meanwhile_opens_no_window(home: Path, front: SignIn) -> None:
    front.refusals = 1
    done = subprocess.run(
        [sys.executable, "-c", _TWICE],
        env=environment(home), capture_output=True, text=True, timeout=180, check=True,
    )  # fmt: skip
    first, second, later = json.loads(done.stdout)
    assert "identity provider" in first["error"]
    assert second == first
    assert later["token"]
    assert (front.asked, front.windows) == (2, 1)


def test_agent__no_browser__says_what_helps(home: Path, front: SignIn) -> None:
    quiet = {name: text for name, text in environment(home).items() if name != "DISPLAY"}
    done = subprocess.run(
        [sys.executable, "-c", _ASK], env={**quiet, "BROWSER": "/nonexistent %s"},
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert "logs in with a browser, and none can be opened here" in done.stderr
    assert front.logins == 0


_RESTARTED = """
import json, sys
from pathlib import Path
from sfml.remote.agent import Agent
from sfml.session import backend
state = Path(sys.argv[1])
agent = Agent()
request = {"ask": "token", "connection": "local", "role": None, "state": str(state)}
first = agent.answer(request)
backend.stop(state / "local")
second = agent.answer(request)
agent.close()
backend.stop(state / "local")
print(json.dumps([first, second]))
"""


def test_agent__local_backend_is_another_one_by_now__logs_in_there(home: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _RESTARTED, str(tmp_path / "state")],
        env={**environment(home), "SFML_EXECUTOR": "process"},
        capture_output=True, text=True, timeout=180, check=True,
    )  # fmt: skip
    first, second = json.loads(done.stdout)
    assert first["token"] != second["token"]
