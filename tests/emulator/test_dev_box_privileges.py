"""A role that may not do everything: what is refused, the SQL that is told, and that the next run goes on."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sfml.errors import RefusedError
from sfml.remote import up
from sfml.remote.api import box_of
from sfml.remote.box import Box
from sfml.remote.entry import SshFolder
from sfml.session.rows import Query, over
from sfml.steps import State

Connect = Callable[..., Any]


class Account:
    """An administrator, and a user's session with a role that may nothing but what it was granted."""

    def __init__(self, connect: Connect, folder: Path) -> None:
        mark = uuid.uuid4().hex[:8].upper()
        self.role, self.project = f"ROLE_{mark}", f"P{mark}"
        self.admin: Query = over(connect(database=None, schema=None, role="ACCOUNTADMIN"))
        [user] = self.admin("SELECT CURRENT_USER() AS NAME")
        self.run(f"CREATE ROLE {self.role}", f"GRANT ROLE {self.role} TO USER {user['NAME']}")
        self.mine: Query = over(connect(database=None, schema=None, role=self.role))
        # The process executor has no image: the box is a command.
        (folder / "service").mkdir()
        command = [sys.executable, "-c", "import time; time.sleep(600)"]
        image = f"/{self.project}/public/images/dev:1".lower()
        spec = {"containers": [{"name": "main", "image": image, "command": command}],
                "endpoints": [{"name": "ssh", "port": 8022, "public": True}]}  # fmt: skip
        (folder / "service" / "dev-box.yaml.j2").write_text(json.dumps({"spec": spec}))
        self.library = folder
        self.place = SshFolder(folder / ".ssh")

    def run(self, *statements: str) -> None:
        for statement in statements:
            self.admin(statement)

    def grant(self, *privileges: str) -> None:
        self.run(*(f"GRANT {privilege} ON ACCOUNT TO ROLE {self.role}" for privilege in privileges))

    @property
    def box(self) -> Box:
        return box_of(up.who(self.mine), self.mine, project=self.project, egress="packages")

    def up(self) -> None:
        """One run of ``sfml up``, as far as the service."""
        who = up.who(self.mine)
        wanted = up.look(self.box, who, self.mine, place=self.place, library=self.library)
        up.carry_out(wanted, who, self.mine, change=False, report=lambda _: None)

    def refused(self) -> str:
        """The SQL that a refused run tells."""
        with pytest.raises(RefusedError) as error:
            self.up()
        hint = str(error.value.hint)
        assert "an administrator can run this" in hint
        return hint.partition("\n")[2]

    def obey(self, script: str) -> None:
        """What an administrator does with it."""
        lines = [line for line in script.splitlines() if not line.startswith("--")]
        self.run(*(line.rstrip(";") for line in lines))

    def is_complete(self) -> bool:
        wanted = up.look(self.box, up.who(self.mine), self.mine, place=self.place, library=self.library)
        return {finding.verdict.state for finding in wanted.findings} == {State.PRESENT}


@pytest.fixture
def account(connect: Connect, tmp_path: Path) -> Account:
    made = Account(connect, tmp_path)
    # Where the box's image would have been pushed to.
    made.run(f"CREATE DATABASE {made.project}", f"CREATE IMAGE REPOSITORY {made.project}.PUBLIC.IMAGES")
    made.run(
        f"GRANT OWNERSHIP ON DATABASE {made.project} TO ROLE {made.role}",
        f"GRANT OWNERSHIP ON SCHEMA {made.project}.PUBLIC TO ROLE {made.role}",
        f"GRANT READ ON IMAGE REPOSITORY {made.project}.PUBLIC.IMAGES TO ROLE {made.role}",
    )
    return made


def test_up__may_not_create_a_pool__tells_the_sql_and_goes_on(account: Account) -> None:
    account.grant("CREATE INTEGRATION", "BIND SERVICE ENDPOINT")

    script = account.refused()

    assert f"CREATE COMPUTE POOL IF NOT EXISTS {account.project}_POOL" in script
    assert f"GRANT USAGE, MONITOR ON COMPUTE POOL {account.project}_POOL TO ROLE {account.role};" in script
    account.obey(script)
    account.up()
    assert account.is_complete()


def test_up__may_not_create_an_integration__tells_the_sql_and_goes_on(account: Account) -> None:
    account.grant("CREATE COMPUTE POOL", "BIND SERVICE ENDPOINT")

    script = account.refused()

    assert "CREATE COMPUTE POOL" not in script  # that was done
    assert f"CREATE EXTERNAL ACCESS INTEGRATION {account.project}_EGRESS" in script
    assert f"GRANT USAGE ON INTEGRATION {account.project}_EGRESS TO ROLE {account.role};" in script
    account.obey(script)
    account.up()
    assert account.is_complete()


def test_up__may_not_open_endpoints__tells_the_sql_and_goes_on(account: Account) -> None:
    account.grant("CREATE COMPUTE POOL", "CREATE INTEGRATION")

    script = account.refused()

    assert script.splitlines()[-1] == f"GRANT BIND SERVICE ENDPOINT ON ACCOUNT TO ROLE {account.role};"
    assert "CREATE" not in script
    account.obey(script)
    account.up()
    assert account.is_complete()


def test_up__may_not_create_the_service__tells_grants_and_not_the_service(account: Account) -> None:
    account.grant("CREATE COMPUTE POOL", "CREATE INTEGRATION", "BIND SERVICE ENDPOINT")
    schema = f"SCHEMA {account.project}.PUBLIC"
    account.run(f"GRANT OWNERSHIP ON {schema} TO ROLE ACCOUNTADMIN")
    account.run(f"GRANT USAGE, CREATE STAGE, CREATE NETWORK RULE ON {schema} TO ROLE {account.role}")

    script = account.refused()

    assert "CREATE SERVICE IN" not in script.replace("CREATE SERVICE, ", "")
    assert f"GRANT USAGE, CREATE SERVICE, CREATE STAGE ON {schema} TO ROLE {account.role};" in script
    account.obey(script)
    account.up()
    assert account.is_complete()


def test_up__may_nothing__one_script_is_enough(account: Account) -> None:
    account.obey(account.refused())
    account.up()
    assert account.is_complete()
