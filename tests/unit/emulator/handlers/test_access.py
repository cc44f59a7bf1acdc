"""Users, roles and privileges."""

from __future__ import annotations

import pytest

from handled import Account
from sfml.emulator.catalog import Kind, Name
from sfml.emulator.context import Context
from sfml.emulator.passwords import password_matches


def test_users__password_and_key__stored_as_login_reads_them(account: Account) -> None:
    account.run("create user u password = 'secret-1' default_role = r rsa_public_key = 'MII\nBIj'")
    record = account.backend.catalog.get(Kind.USER, Name(name="U"))
    assert record is not None
    assert password_matches("secret-1", str(record.properties["password"]))
    assert record.properties["rsa_public_key"] == "MIIBIj"
    assert "secret" not in str(account.rows("show users")) + str(account.rows("describe user u"))
    account.run("alter user u set disabled = true")
    (row,) = account.rows("show users like 'U'")
    assert (row["disabled"], row["has_password"], row["default_role"]) == ("true", "true", "R")


def test_roles__counts_and_removal__consistent(account: Account) -> None:
    account.run("create role r")
    account.run("create role s")
    account.run("grant role r to role s")
    account.run("grant role s to user local")
    assert account.code("grant role s to role r") == "003023"
    (row,) = account.rows("show roles like 'R'")
    assert (row["granted_to_roles"], row["assigned_to_users"], row["owner"]) == (1, 0, "ACCOUNTADMIN")
    account.run("use role s")
    (row,) = account.rows("show roles like 'R'")
    assert row["is_inherited"] == "Y"
    account.run("use role accountadmin")
    account.run("drop role r")
    (row,) = account.rows("show roles like 'S'")
    assert row["granted_roles"] == 0
    assert account.code("drop role sysadmin") == "003001"


@pytest.fixture
def limited(account: Account) -> Context:
    """A session of user U in role R, which has nothing yet."""
    account.run("create role r")
    account.run("create user u")
    account.run("grant role r to user u")
    account.run("create stage local.public.st")
    return account.login(role="R", session=9, user="U")


@pytest.mark.parametrize(
    ("text", "code", "grant"),
    [
        ("create database d", "003001", "create database on account"),
        ("create warehouse w", "003001", "create warehouse on account"),
        ("create role q", "003001", "create role on account"),
        ("create user v", "003001", "create user on account"),
        ("create schema s", "003001", "create schema on database local"),
        ("create stage s2", "003001", "create stage on schema local.public"),
        ("list @st", "002003", "read on stage st"),
        ("list @st", "002003", "read on all stages in schema local.public"),
        ("put file:///tmp/x @st", "002003", "write on stage st"),
        ("rm @st", "002003", "all on stage st"),
        ("alter warehouse compute_wh suspend", "002003", "operate on warehouse compute_wh"),
    ],
)
def test_privileges__missing_then_granted__refused_then_done(
    account: Account, limited: Context, text: str, code: str, grant: str
) -> None:
    assert account.code(text, session=limited) == code
    account.run(f"grant {grant} to role r")
    account.run(text, session=limited)
    account.run(f"revoke {grant} from role r")
    if text.startswith("list"):
        assert account.code(text, session=limited) == code


@pytest.mark.parametrize("what", ["user u", "role public", "warehouse compute_wh", "database local"])
def test_or_replace__someone_elses__needs_ownership(account: Account, limited: Context, what: str) -> None:
    account.run(f"grant create {what.split()[0]} on account to role r")
    assert account.code(f"create or replace {what}", session=limited) in ("002003", "003001")


def test_privileges__some_but_not_this__003001(account: Account, limited: Context) -> None:
    account.run("grant read on stage st to role r")
    assert account.code("drop stage st", session=limited) == "003001"
    account.run("grant ownership on stage st to role r")
    account.run("drop stage st", session=limited)


def test_privileges__future_grant__holds_for_what_comes_after(account: Account, limited: Context) -> None:
    account.run("grant read on future stages in schema local.public to role r")
    account.run("create stage later")
    assert account.code("list @st", session=limited) == "002003"
    assert account.rows("list @later", session=limited) == []


def test_privileges__inherited_and_secondary_roles__count(account: Account, limited: Context) -> None:
    account.run("create role q")
    account.run("grant read on stage st to role q")
    account.run("grant role q to user u")
    assert account.code("list @st", session=limited) == "002003"
    account.run("use secondary roles all", session=limited)
    assert account.rows("list @st", session=limited) == []
    account.run("use secondary roles none", session=limited)
    account.run("grant role q to role r")
    assert account.rows("list @st", session=limited) == []


def test_grants__only_by_who_may__and_shown(account: Account, limited: Context) -> None:
    assert account.code("grant read on stage st to role public", session=limited) == "003001"
    account.run("grant read on stage st to role r with grant option")
    account.run("grant read on stage st to role public", session=limited)
    shown = {
        (row["privilege"], row["granted_on"], row["name"]) for row in account.rows("show grants to role r")
    }
    assert shown == {("READ", "STAGE", "LOCAL.PUBLIC.ST")}
    owners = [
        row["grantee_name"]
        for row in account.rows("show grants on stage st")
        if row["privilege"] == "OWNERSHIP"
    ]
    assert owners == ["ACCOUNTADMIN"]
    assert [row["role"] for row in account.rows("show grants to user u")] == ["R"]
    assert account.code("grant read on stage nope to role r") == "002003"
    assert account.code("grant select on table t to role r") == "000002"
