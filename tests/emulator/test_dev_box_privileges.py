"""A role that may not do everything: what is refused, the SQL that is told, and that the next run goes on."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from box_account import BoxUser
from local_backend import LocalBackend
from sfml import steps
from sfml.account import DEFAULT_ROLE
from sfml.errors import RefusedError
from sfml.remote import up as ups
from sfml.session.rows import Query, over
from snow_cli import MISSING, SNOW, runner

Connect = Callable[..., Any]


class Account(BoxUser):
    """An administrator, and a user's session with a role that may nothing but what it was granted."""

    def __init__(self, connect: Connect, folder: Path) -> None:
        mark = uuid.uuid4().hex[:8].upper()
        role, self.project = f"ROLE_{mark}", f"P{mark}"
        self.admin: Query = over(connect(database=None, schema=None, role="ACCOUNTADMIN"))
        [user] = self.admin("SELECT CURRENT_USER() AS NAME")
        self.run(f"CREATE ROLE {role}", f"GRANT ROLE {role} TO USER {user['NAME']}")
        mine = over(connect(database=None, schema=None, role=role))
        super().__init__(mine, folder, role=role, project=self.project)

    def run(self, *statements: str) -> None:
        for statement in statements:
            self.admin(statement)

    def grant(self, *privileges: str) -> None:
        self.run(*(f"GRANT {privilege} ON ACCOUNT TO ROLE {self.role}" for privilege in privileges))

    def with_database(self) -> Account:
        """The role owns its database, with the repository that the image was pushed to."""
        self.run(
            f"CREATE DATABASE {self.project}",
            f"CREATE IMAGE REPOSITORY {self.project}.PUBLIC.IMAGES",
            f"GRANT OWNERSHIP ON DATABASE {self.project} TO ROLE {self.role}",
            f"GRANT OWNERSHIP ON SCHEMA {self.project}.PUBLIC TO ROLE {self.role}",
            f"GRANT READ ON IMAGE REPOSITORY {self.project}.PUBLIC.IMAGES TO ROLE {self.role}",
        )
        return self

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


@pytest.fixture
def bare(connect: Connect, tmp_path: Path) -> Account:
    """A role without anything."""
    return Account(connect, tmp_path)


@pytest.fixture
def account(bare: Account) -> Account:
    return bare.with_database()


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
    assert f"CREATE EXTERNAL ACCESS INTEGRATION IF NOT EXISTS {account.project}_EGRESS" in script
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


def test_up__not_even_a_database__one_script_makes_it_with_the_grants_to_work_in_it(bare: Account) -> None:
    script = bare.refused()

    assert f"CREATE DATABASE IF NOT EXISTS {bare.project}" in script
    assert f"GRANT USAGE ON DATABASE {bare.project} TO ROLE {bare.role};" in script
    bare.obey(script)
    bare.up()
    assert bare.is_complete()


@pytest.mark.skipif(SNOW is None, reason=MISSING)
@pytest.mark.slow
def test_admin_sql__run_as_it_is_by_snow__is_enough(
    bare: Account, backend: LocalBackend, tmp_path: Path
) -> None:
    script = tmp_path / "admin.sql"
    script.write_text(f"USE ROLE ACCOUNTADMIN;\n{bare.refused()}\n")
    snow = runner(backend.parameters(), tmp_path)
    snow("sql", "-f", str(script))
    bare.up()
    assert bare.is_complete()


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        # Those on database, schema, stage and repository are not asked for by the local backend.
        ("USAGE ON COMPUTE POOL {0}_POOL", "GRANT USAGE, MONITOR ON COMPUTE POOL {0}_POOL TO ROLE {1};"),
        ("USAGE ON INTEGRATION {0}_EGRESS", "GRANT USAGE ON INTEGRATION {0}_EGRESS TO ROLE {1};"),
        ("BIND SERVICE ENDPOINT ON ACCOUNT", "GRANT BIND SERVICE ENDPOINT ON ACCOUNT TO ROLE {1};"),
    ],
)
def test_up__one_grant_on_what_an_administrator_made_is_gone__tells_it_and_goes_on(
    bare: Account, lost: str, told: str
) -> None:
    names = (bare.project, bare.role)
    bare.obey(bare.refused())
    bare.run(f"REVOKE {lost.format(*names)} FROM ROLE {bare.role}")

    script = bare.refused()

    assert told.format(*names) in script
    bare.obey(script)
    bare.up()
    assert bare.is_complete()


def test_up__an_administrator_prepared_all__the_role_makes_its_service_alone(
    connect: Connect, tmp_path: Path
) -> None:
    project = f"P{uuid.uuid4().hex[:8].upper()}"
    session = over(connect(database=None, schema=None, role="ACCOUNTADMIN"))
    admin = BoxUser(session, tmp_path, role="ACCOUNTADMIN", project=project)
    ups.prepare(admin.look(), admin.query, change=False, report=lambda _: None)
    mine = over(connect(database=None, schema=None, role=DEFAULT_ROLE))
    user = BoxUser(mine, tmp_path, role=DEFAULT_ROLE, project=project)

    wanted = user.up()

    assert [step.title for step in steps.missing(wanted.findings)] == [f"service {user.box().service}"]
    assert user.is_complete()
    admin.down()
