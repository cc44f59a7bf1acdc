"""Secrets in a job's variables and files."""

from __future__ import annotations

import contextlib
from pathlib import Path

from job_server import Server
from sfml.emulator.catalog import Kind, Name
from sfml.emulator.services.states import Status
from sfml.emulator.vault import Vault

NAME = Name(name="FEED", schema="PUBLIC", database="DB1")
VALUE = "as private as can be"
ENTRIES = [
    {"snowflakeSecret": "feed", "envVarName": "FEED", "secretKeyRef": "password"},
    {"snowflakeSecret": {"objectName": "db1.public.feed"}, "directoryPath": "/feed/files"},
]
OVERRIDES = {"SPEC_OVERRIDES": {"spec": {"containers": [{"name": "main", "secrets": ENTRIES}]}}}
SHELL = (
    "sh",
    "-c",
    'test "$FEED" = "$(cat /feed/files/password)" && cat /feed/files/username && echo ${#FEED}',
)


def keep(server: Server) -> int:
    record = server.catalog.create(
        Kind.SECRET, NAME, owner="ACCOUNTADMIN", properties={"TYPE": "PASSWORD", "USERNAME": "ana"}
    )
    Vault(server.settings.state).keep(record.id, {"username": "ana", "password": VALUE})
    return record.id


def with_value(server: Server) -> set[Path]:
    """The files that hold it; a run's own folders may still be on their way out."""
    while True:
        files = (path for path in server.settings.state.rglob("*") if path.is_file())
        with contextlib.suppress(FileNotFoundError):
            return {path for path in files if VALUE.encode() in path.read_bytes()}


def test_job__secret_as_variable_and_as_files__has_them_while_it_runs_only(server: Server) -> None:
    number = keep(server)
    job = server.over(server.submit(*SHELL, options=OVERRIDES))
    assert (job.status, server.log(job)) == (Status.DONE, f"ana{len(VALUE)}\n")
    assert with_value(server) == {server.settings.state / "secrets" / f"{number}.json"}


def test_job__secret_changed_after_the_first__the_second_gets_the_new_value(server: Server) -> None:
    number = keep(server)
    server.over(server.submit(*SHELL, options=OVERRIDES))
    Vault(server.settings.state).keep(number, {"username": "bob", "password": "short"})
    job = server.over(server.submit(*SHELL, options=OVERRIDES))
    assert server.log(job) == "bob5\n"


def test_job__secret_gone_before_it_starts__fails_and_says_so(server: Server) -> None:
    number = keep(server)
    Vault(server.settings.state).forget(number)
    job = server.over(server.submit(*SHELL, options=OVERRIDES))
    assert job.status is Status.FAILED
    assert "Secret 'DB1.PUBLIC.FEED' does not exist" in job.message
