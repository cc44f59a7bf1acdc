"""A dev box on the local backend, from nothing to a shell through the ingress, and back to nothing.

The box is a process of this machine: a specification of the project's own starts the bridge beside an sshd.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import process_box
import shown
import ssh_server
from process_box import HOST, User

pytestmark = pytest.mark.skipif(ssh_server.MISSING is not None, reason=str(ssh_server.MISSING))
TOKEN_LIFETIME = 8


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    # The ingress cuts what was admitted with a token that has ended; here that is after some seconds.
    options = ("--session-lifetime", str(TOKEN_LIFETIME), "--ingress-cut-expired")
    with process_box.running(tmp_path_factory.mktemp("box"), *options) as found:
        yield found


@pytest.fixture(scope="module")
def box(user: User) -> Any:
    """The box, made from nothing."""
    done = user.sfml("up", "--yes", "--egress", "packages", "--timeout", "90s", "-o", "json")
    assert "+ service ML_DEV.PUBLIC.ML_DEV_BOX_LOCAL" in done.stderr
    return json.loads(done.stdout)


def test_up__from_nothing__leads_into_a_shell(user: User, box: Any) -> None:
    assert box["host"] == HOST
    assert user.ssh("echo", "in the box").stdout == "in the box\n"
    assert user.ssh("exit 3", code=3).stdout == ""


def test_up__again__changes_nothing(user: User, box: Any) -> None:
    before = {path: path.read_bytes() for path in (user.home / ".ssh").rglob("*.conf")}
    done = user.sfml(
        "up", "--egress", "packages", "--timeout", "60s"
    )  # nothing to confirm: it does not ask either
    assert not [line for line in done.stderr.splitlines() if line.strip().startswith(("+", "~"))]
    assert {path: path.read_bytes() for path in before} == before


def test_doctor__box_is_ready__its_door_lets_in(user: User, box: Any) -> None:
    done = user.sfml("doctor", "-o", "json", code=1)  # there is no image where a box is a process
    found = {one["about"]: one for one in json.loads(done.stdout)}
    assert (found["box"]["health"], found["pool"]["health"]) == ("good", "good")
    text = f"{box['url']} lets you in"
    assert found["endpoint"] == {"about": "endpoint", "health": "good", "text": text, "remedy": ""}


def test_scp__through_the_ingress__is_equal(user: User, box: Any, tmp_path: Path) -> None:
    data = os.urandom(8 << 20)
    (tmp_path / "up").write_bytes(data)
    options = ("-F", str(user.home / ".ssh" / "config"), "-o", f"User={getpass.getuser()}", "-q")
    user.run("scp", *options, tmp_path / "up", f"{HOST}:{tmp_path}/there")
    user.run("scp", *options, f"{HOST}:{tmp_path}/there", tmp_path / "back")
    assert hashlib.sha256((tmp_path / "back").read_bytes()).digest() == hashlib.sha256(data).digest()


def test_session__token_ends_several_times__goes_on(user: User, box: Any) -> None:
    lines = 3 * TOKEN_LIFETIME
    done = user.ssh(f"for n in $(seq {lines}); do echo $n; sleep 1; done")
    assert done.stdout.split() == [str(number) for number in range(1, lines + 1)]


def test_secrets__while_a_connection_runs__are_in_their_own_places_only(user: User, box: Any) -> None:
    own, state = user.home / ".ssh" / "sfml", user.project / ".sfml" / "local"
    password = state / user.backend.endpoint["password_file"]
    secrets = {
        "token": user.run(sys.executable, "-c", _TOKEN, user.home, HOST).stdout.strip().encode(),
        "password": password.read_bytes().strip(),
        "PAT": _access_token(user).encode(),
        "any JWT": shown.JWT,
        **shown.lines("ssh key", (own / "id_ed25519").read_text()),
    }
    assert min(len(text) for text in secrets.values() if isinstance(text, bytes)) > 15
    own_places = {"ssh key": own / "id_ed25519", "password": password}
    with user.connected():
        assert shown.places(secrets, user.home, user.project) == shown.expected(secrets, own_places)
    assert stat.S_IMODE((own / "id_ed25519").stat().st_mode) == 0o600


_TOKEN = """
import os, sys
from pathlib import Path
from sfml.remote import entry, tokens
place = entry.folder(Path(sys.argv[1]))
print(tokens.token(entry.load(place, sys.argv[2]), place, os.environ))
"""


def _access_token(user: User) -> str:
    """Of the local backend's user, who does not use it here; it keeps a fingerprint."""
    from snowflake.connector import connect

    with connect(**user.backend.parameters()) as connection:
        made = connection.cursor().execute("alter user local add programmatic access token unused")
        return str(made.fetchone()[1])


def test_stop__then_ssh__fails_with_the_box_s_state_and_up_brings_it_back(user: User, box: Any) -> None:
    user.sfml("stop")
    failed = user.ssh("true", code=255)
    assert "state: SUSPEND" in failed.stderr
    assert "sfml up starts it" in failed.stderr
    user.sfml("up", "--yes", "--egress", "packages", "--timeout", "90s")
    assert user.ssh("echo back").stdout == "back\n"


def test_down__after_a_plan__removes_ours_and_nothing_else(user: User, box: Any) -> None:
    done = user.sfml("down", "--yes")
    assert "- service ML_DEV.PUBLIC.ML_DEV_BOX_LOCAL" in done.stderr
    assert not [*(user.home / ".ssh" / "sfml").glob("*.conf")]
    assert "Include" not in (user.home / ".ssh" / "config").read_text()
    again = user.sfml("down", "--yes")
    assert "nothing to remove" in again.stdout
    kept = json.loads(user.sfml("pool", "list", "-o", "json").stdout)
    assert not [row for row in kept if row["name"] == "ML_DEV_POOL"]
    user.sfml("down", "--yes", "--data")
    assert json.loads(user.sfml("down", "--yes", "--data", "-o", "json").stdout)["removed"] == []


def test_up__another_pool_or_setting__shows_the_difference_and_recreates_only_when_told(user: User) -> None:
    # The template names its image itself, and this backend has no images: none is to be looked for.
    up = ("up", "--yes", "--image", "any", "--egress", "packages", "--timeout", "90s")
    user.sfml(*up, "--prepare")
    assert "there is no box" in user.sfml("status", code=102).stderr
    user.sfml(*up)
    asked = user.sfml(*up, "--egress", "none", "--pool", "OTHER_POOL")
    assert "external access: ML_DEV_EGRESS -> -" in asked.stderr
    assert "compute pool: ML_DEV_POOL -> OTHER_POOL   (needs a new box; its home is kept)" in asked.stderr
    assert "what differs stays as it is; --recreate changes it" in asked.stderr
    assert user.ssh("echo still there").stdout == "still there\n"

    user.sfml(*up, "--egress", "pypi.org", "--change")
    assert not [line for line in user.sfml(*up, "--egress", "pypi.org").stderr.splitlines() if "~" in line]
    user.sfml(*up, "--pool", "OTHER_POOL", "--recreate")
    assert user.ssh("echo anew").stdout == "anew\n"
    assert "compute pool:" not in user.sfml(*up, "--pool", "OTHER_POOL").stderr
    user.sfml("down", "--yes", "--data", "--delete-home")


_API = """
import json
from sfml.remote import connect, setup, teardown
box = {"connection_name": "local", "project_name": "ml_dev"}
place = {**box, "database": "ML_DEV", "instance_family": "CPU_X64_S", "stage_name": "FILES"}
made = setup(**place, egress="packages")
again = setup(**place, egress="packages")
way = {"compute_pool": "ML_DEV_POOL", "stage": "FILES", "ide": None}
there = connect(**box, **way, egress="packages", timeout=90)
gone = teardown(**box, data=True, delete_home=True, stage="FILES")
print(json.dumps([made, again["created"], there, gone]))
"""


def test_python__setup_connect_teardown__make_the_box_and_remove_it(user: User) -> None:
    done = user.run(sys.executable, "-c", _API)
    made, again, there, gone = json.loads(done.stdout.splitlines()[-1])
    assert (made["stage"], made["compute_pool"]) == ("ML_DEV.PUBLIC.FILES", "ML_DEV_POOL")
    assert "database ML_DEV" in made["created"]
    assert again == []
    assert (there["host"], there["status"]) == (HOST, "RUNNING")
    assert {"service ML_DEV.PUBLIC.ML_DEV_BOX_LOCAL", "database ML_DEV"} <= set(gone["removed"])
    assert gone["home"] is None
