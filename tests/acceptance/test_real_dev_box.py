"""A dev box of the shipped image in containers: from nothing to a shell, and to nothing again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from real_box import DATABASE, HOST, POOL, PROJECT, SERVICE, RealBox, get, until

FOREIGN = (
    "CREATE DATABASE FOREIGN_DB",
    "CREATE STAGE FOREIGN_DB.PUBLIC.DEV_STAGE",
    "CREATE COMPUTE POOL FOREIGN_POOL MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_XS",
    "CREATE NETWORK RULE FOREIGN_DB.PUBLIC.RULE TYPE = HOST_PORT MODE = EGRESS VALUE_LIST = ('a.example')",
    "CREATE EXTERNAL ACCESS INTEGRATION OTHER ALLOWED_NETWORK_RULES=(FOREIGN_DB.PUBLIC.RULE) ENABLED=TRUE",
)
KINDS = (
    "DATABASES", "SCHEMAS IN ACCOUNT", "STAGES IN ACCOUNT", "COMPUTE POOLS", "SERVICES IN ACCOUNT",
    "NETWORK RULES IN ACCOUNT", "INTEGRATIONS", "IMAGE REPOSITORIES IN ACCOUNT", "ROLES",
    "SNAPSHOTS IN ACCOUNT",
)  # fmt: skip


def everything(made: RealBox) -> set[tuple[str, ...]]:
    """All objects of the account, each with the moment of its creation."""
    found = set()
    for kind in KINDS:
        for row in made.rows(f"SHOW {kind}"):
            place = [str(row.get(key, "")) for key in ("database_name", "schema_name", "name", "created_on")]
            found.add((kind.split(" IN ")[0], *place))
    return found


@pytest.fixture(scope="module")
def before(prepared: RealBox) -> set[tuple[str, ...]]:
    """What there was before the box, with foreign objects."""
    if prepared.made:
        prepared.sfml("down", *place(), "--data", "--delete-home", "--yes")
        prepared.made = False
    for statement in FOREIGN:
        prepared.rows(statement)
    return everything(prepared)


def place() -> tuple[str, ...]:
    return ("--project", PROJECT, "--database", DATABASE, "--pool", POOL)


def test_up__from_nothing__leads_into_a_shell(prepared: RealBox, before: Any) -> None:
    done = prepared.nox_up()

    said = done.stdout + done.stderr  # nox makes one of both
    for line in (f"+ compute pool {POOL}", f"+ database {DATABASE}", f"+ service {SERVICE}", f"ssh {HOST}"):
        assert line in said
    assert prepared.ssh("echo $USER in $PWD; touch kept") == "dev in /home/dev\n"
    assert prepared.ssh("df --output=target /home/dev /workspace/stage /dev/shm | tail -n +2").split() == [
        "/home/dev", "/workspace/stage", "/dev/shm",
    ]  # fmt: skip


def test_up__again__changes_nothing(real_box: RealBox, before: Any) -> None:
    there = everything(real_box)
    done = real_box.up()

    assert not [line for line in done.stderr.splitlines() if line.strip().startswith(("+", "~"))]
    assert everything(real_box) == there


def test_box__other_user__is_refused_at_every_endpoint(real_box: RealBox) -> None:
    for statement in (
        "CREATE USER IF NOT EXISTS EVE PASSWORD = 'another-1'",
        "GRANT ROLE ML_DEV_ROLE TO USER EVE",  # which owns the service: she may use its endpoints
    ):
        real_box.rows(statement)
    with (
        real_box.connect() as mine,
        real_box.connect(user="EVE", password="another-1", role="PUBLIC") as hers,
    ):
        for name, url in real_box.urls().items():
            for path in ("/", "/healthz", "/ssh", "/host-key", "/login", "/api"):
                status, text = get(url + path, hers.rest.token)
                assert (status, "another user" in text) == (403, True), (name, path, status, text)
        status, _ = get(real_box.urls()["code"] + "/healthz", mine.rest.token)
        assert status == 200
        status, text = get(real_box.urls()["jupyter"] + "/api/status", mine.rest.token)
        assert (status, "kernels" in json.loads(text)) == (200, True)


def test_box__from_inside__submits_with_the_service_s_own_token(real_box: RealBox) -> None:
    real_box.ssh("echo 'print(6 * 7)' > job.py")
    assert "42" in real_box.ssh("sfml submit --yes job.py")
    for row in real_box.rows(f"SHOW JOB SERVICES IN SCHEMA {DATABASE}.PUBLIC"):
        real_box.rows(f"DROP SERVICE {DATABASE}.PUBLIC.{row['name']}")
    real_box.rows(f"DROP STAGE {DATABASE}.PUBLIC.SFML_JOBS_LOCAL")


def test_stop_and_up__home__is_kept(real_box: RealBox) -> None:
    real_box.ssh("echo precious > kept; git init -q project")
    real_box.sfml("stop", *place())
    until(lambda: real_box.status() == "SUSPENDED")
    failed = real_box.call("ssh", "--project", PROJECT, "true")
    assert failed.returncode == 255
    assert "state: SUSPENDED" in failed.stderr
    real_box.up()
    assert real_box.ssh("cat kept; ls -d project/.git") == "precious\nproject/.git\n"


def test_idle__terminal_nobody_types_into__is_warned_and_the_box_suspends_itself(real_box: RealBox) -> None:
    hook = r"mkdir -p .config/sfml; printf '#!/bin/sh\ndate > hooked\n' > .config/sfml/before-stop"
    real_box.ssh(f"{hook}; chmod +x .config/sfml/before-stop; rm -f hooked warned")
    terminal = "nohup setsid script -qfec 'sleep 600' warned >/dev/null 2>&1 </dev/null &"

    def opened() -> bool:
        # On a busy machine the box may have stopped before anybody came in.
        real_box.up("--change", "--idle-minutes", "0.6")
        return real_box.call("ssh", "--project", PROJECT, terminal).returncode == 0

    until(opened)
    until(lambda: real_box.status() == "SUSPENDED")
    real_box.up("--change", "--idle-minutes", "20")
    assert real_box.ssh("cat hooked")
    assert "it stops in" in real_box.ssh("cat warned")


def test_down__then_up__home_comes_back_from_its_snapshot(real_box: RealBox) -> None:
    real_box.ssh("echo from before > kept")
    done = real_box.sfml("down", *place(), "--yes", "-o", "json")
    home = json.loads(done.stdout)["home"]
    assert home["expires"]

    restored = real_box.up("--home-size", "60Gi")

    assert f"home (block) as in snapshot {home['snapshot']}, kept until" in restored.stderr
    assert real_box.ssh("cat kept; ls -d project/.git") == "from before\nproject/.git\n"
    again = real_box.up("--home-size", "60Gi")
    assert not [line for line in again.stderr.splitlines() if line.strip().startswith(("+", "~"))]


def test_down__leaves_nothing_of_ours_and_touches_nothing_else(real_box: RealBox, before: Any) -> None:
    real_box.rows(f"CREATE STAGE {DATABASE}.PUBLIC.SOMEBODYS")
    down = ("down", *place(), "--data", "--delete-home", "--yes")
    done = real_box.sfml(*down)
    assert "it holds stage SOMEBODYS" in done.stderr
    left = everything(real_box) - before
    assert {(kind, name) for kind, _, _, name, _ in left} == {
        ("DATABASES", DATABASE), ("SCHEMAS", "PUBLIC"), ("SCHEMAS", "INFORMATION_SCHEMA"),
        ("STAGES", "SOMEBODYS"),
    }  # fmt: skip

    real_box.rows(f"DROP STAGE {DATABASE}.PUBLIC.SOMEBODYS")
    real_box.sfml(*down)
    real_box.made = False
    assert everything(real_box) == before
    assert "nothing to remove" in real_box.sfml(*down).stdout
