"""A stopped box is started before an editor is told to open it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from sfml import config, proc, sql
from sfml.errors import CommandError
from sfml.remote import wake
from sfml.remote.entry import AGENT, Entry
from sfml.steps import Rows

SERVICE = "ML_DEV.PUBLIC.ML_DEV_BOX_ANA"
ENTRY = Entry(
    host="sfml-ml-dev", url="https://a", service=SERVICE, connection="local", role="R", state="/s", way=AGENT
)


class Account:
    """A box that runs as soon as it is resumed."""

    def __init__(self, status: str) -> None:
        self.status = status
        self.done: list[str] = []

    def __call__(self, statement: str) -> Rows:
        if statement.startswith("ALTER SERVICE"):
            self.done.append(statement)
            self.status = "RUNNING"
        if statement.startswith("SHOW SERVICES"):
            return [{"name": "ML_DEV_BOX_ANA", "status": self.status}]
        if statement.startswith("SHOW ENDPOINTS"):
            return [{"name": "ssh", "ingress_url": "a.snowflakecomputing.app"}]
        if statement.startswith("SHOW SERVICE CONTAINERS"):
            row: dict[str, Any] = dict.fromkeys(("message", "image_name"), "")
            return [
                {**row, "container_name": "main", "instance_id": "0", "status": "READY", "restart_count": 0,
                 "last_exit_code": None}
            ]  # fmt: skip
        return ()


def test_start__stopped_box__is_resumed_and_waited_for() -> None:
    account, told = Account("SUSPENDED"), list[str]()
    wake.start(account, sql.name(SERVICE), seconds=1, report=told.append)
    assert account.done == [f"ALTER SERVICE {SERVICE} RESUME"]
    assert told == [f"resume {SERVICE}"]


def test_start__box_that_runs__is_left_alone() -> None:
    account = Account("RUNNING")
    wake.start(account, sql.name(SERVICE), seconds=1, report=lambda _: None)
    assert account.done == []


@pytest.mark.parametrize(("answers", "logins"), [([True], 0), ([False, True], 1)])
def test_enter__logs_in_only_where_the_box_does_not_answer(
    answers: list[bool], logins: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, left, opened = Account("SUSPENDED"), list(answers), list[config.Config]()

    def run(command: Sequence[str], **_: Any) -> proc.Completed:
        if not left.pop(0):
            raise CommandError("no way in", returncode=255)
        return proc.Completed(stdout="", stderr="")

    def log_in(chosen: config.Config) -> Account:
        opened.append(chosen)
        return account

    monkeypatch.setattr(proc, "run", run)  # ssh
    wake.enter(ENTRY, ["ssh"], log_in, seconds=1, report=lambda _: None)
    assert len(opened) == logins
    assert left == []
    if logins:
        assert (opened[0].connection, opened[0].role) == ("local", "R")
