"""``sfml doctor`` with a real server: before there is a box, and where the login fails."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local_backend import LocalBackend
from sfml.remote import doctor_machine
from sfml.remote.health import Health

pytestmark = pytest.mark.slow

Sfml = Callable[..., tuple[int, str, str]]
DEAD = "http://127.0.0.1:9"  # the discard port: nobody listens there
MINUTES = 600.0


@pytest.fixture
def connections(backend: LocalBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections to the server: one that is right, and others that are not."""
    given = backend.parameters()
    lines = [
        f"{name} = {json.dumps(given[name])}" for name in ("account", "user", "host", "port", "protocol")
    ]
    common = "\n".join(lines)
    password = json.dumps(given["password"])
    texts = [
        f'[right]\n{common}\npassword = {password}\nrole = "ACCOUNTADMIN"',
        f'[wrong]\n{common}\npassword = "nonsense"',
        '[unknown]\naccount = "a"\nhost = "box.invalid"\nuser = "x"\npassword = "y"',
    ]
    file = tmp_path / "connections.toml"
    file.write_text("\n\n".join(texts) + "\n")
    file.chmod(0o600)
    monkeypatch.setenv("SNOWFLAKE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def findings(sfml: Sfml, *arguments: str) -> tuple[int, dict[str, Any]]:
    code, out, _ = sfml("doctor", "-o", "json", *arguments)
    return code, {one["about"]: one for one in json.loads(out)}


@pytest.mark.usefixtures("connections")
def test_doctor__no_box_yet__names_sfml_up_and_ends_with_0(sfml: Sfml) -> None:
    code, found = findings(sfml, "--connection", "right", "--project", "nobodys")
    assert found["connection"]["health"] == "good"
    assert found["clock"]["health"] == "good"
    assert found["default role"]["health"] == "warn"
    assert "ALTER USER LOCAL SET DEFAULT_ROLE" in found["default role"]["remedy"]
    for about in ("pool", "box"):
        assert (found[about]["health"], found[about]["remedy"]) == ("warn", "sfml up makes it")
    broken = {about for about, one in found.items() if one["health"] == "bad"}
    assert (code, broken - {"ssh"}) == (1 if broken else 0, set())


@pytest.mark.usefixtures("connections")
@pytest.mark.parametrize(
    ("name", "text"),
    [("wrong", "password"), ("unknown", "box.invalid"), ("absent", "no connection 'absent'")],
)
def test_doctor__login_fails__says_why_and_what_to_do(sfml: Sfml, name: str, text: str) -> None:
    code, found = findings(sfml, "--connection", name)
    assert code == 1
    assert found["connection"]["health"] == "bad"
    assert text in found["connection"]["text"]
    assert found["connection"]["remedy"]
    assert "pool" not in found
    assert ("clock" in found) == (name == "wrong")  # where a server answers, its date tells


def test_clock_of__server_ten_minutes_ahead__is_told(backend: LocalBackend) -> None:
    finding = doctor_machine.clock_of(backend.url, {}, lambda: time.time() - MINUTES)
    assert finding is not None
    assert finding.health is Health.BAD
    assert doctor_machine.clock_of(DEAD, {}, time.time) is None


@pytest.mark.usefixtures("in_place")
def test_local_connection__proxy_for_http_is_set__is_reached_past_it(
    sfml: Sfml, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, DEAD)
    monkeypatch.setenv("no_proxy", "example.com")  # put back afterwards
    _, found = findings(sfml)
    assert found["connection"]["health"] == "good"


SCRIPTS: dict[str, str] = {}
