"""Statements about network rules, integrations, secrets and image repositories."""

from __future__ import annotations

import pytest

from sfml.emulator.catalog import Kind
from sfml.emulator.faults import Fault
from sfml.emulator.queries import without_secrets
from sfml.emulator.statements import commands as c
from sfml.emulator.statements import parse
from sfml.emulator.statements.names import ObjectName, ShowFilter

NAME = ObjectName(name="X")
FULL = ObjectName(name="X", schema="S", database="D")
PYPI = ObjectName(name="PYPI_RULE", schema="EXTERNAL_ACCESS", database="SNOWFLAKE")
RULES, SECRETS = "ALLOWED_NETWORK_RULES", "ALLOWED_AUTHENTICATION_SECRETS"
ALLOWED = 'allowed_network_rules = (d.s.x, snowflake.external_access.pypi_rule, "a.b")'
INSIDE = ShowFilter(like="x%", scope_kind="SCHEMA", scope_name=("D", "S"))

PARSED = [
    ("create or replace network rule d.s.x mode = egress type = HOST_PORT value_list = ('a.b', 'c:22')",
     c.CreateObject(kind=Kind.NETWORK_RULE, name=FULL, or_replace=True,
                    options={"MODE": "EGRESS", "TYPE": "HOST_PORT", "VALUE_LIST": ("a.b", "c:22")})),
    ("alter network rule if exists x set value_list = ()",
     c.AlterObject(kind=Kind.NETWORK_RULE, name=NAME, action="SET", if_exists=True,
                   options={"VALUE_LIST": ()})),
    ("alter network rule x unset comment",
     c.AlterObject(kind=Kind.NETWORK_RULE, name=NAME, action="UNSET", options={"COMMENT": None})),
    ("drop network rule if exists d.s.x", c.DropObject(kind=Kind.NETWORK_RULE, name=FULL, if_exists=True)),
    ("show network rules like 'x%' in schema d.s", c.ShowObjects(kind=Kind.NETWORK_RULE, filter=INSIDE)),
    ("desc network rule x", c.DescribeObject(kind=Kind.NETWORK_RULE, name=NAME)),
    (f"create external access integration if not exists x enabled = true comment = 'c' {ALLOWED}",
     c.CreateObject(kind=Kind.INTEGRATION, name=NAME, if_not_exists=True,
                    options={RULES: (FULL, PYPI, ObjectName(name="a.b")), "ENABLED": True, "COMMENT": "c"})),
    ("alter integration x set enabled = false, allowed_authentication_secrets = (all)",
     c.AlterObject(kind=Kind.INTEGRATION, name=NAME, action="SET",
                   options={"ENABLED": False, SECRETS: "ALL"})),
    ("alter external access integration x set allowed_authentication_secrets = none",
     c.AlterObject(kind=Kind.INTEGRATION, name=NAME, action="SET", options={SECRETS: "NONE"})),
    ("drop integration x", c.DropObject(kind=Kind.INTEGRATION, name=NAME)),
    ("show external access integrations", c.ShowObjects(kind=Kind.INTEGRATION)),
    ("show integrations like 'x'", c.ShowObjects(kind=Kind.INTEGRATION, filter=ShowFilter(like="x"))),
    ("describe external access integration x", c.DescribeObject(kind=Kind.INTEGRATION, name=NAME)),
    ("create secret x type = password username = 'u' password = 'p'",
     c.CreateObject(kind=Kind.SECRET, name=NAME,
                    options={"TYPE": "PASSWORD", "USERNAME": "u", "PASSWORD": "p"})),
    ("alter secret x set secret_string = $$it's$$",
     c.AlterObject(kind=Kind.SECRET, name=NAME, action="SET", options={"SECRET_STRING": "it's"})),
    ("show secrets in account",
     c.ShowObjects(kind=Kind.SECRET, filter=ShowFilter(scope_kind="ACCOUNT"))),
    ("create image repository if not exists x encryption = (type = 'SNOWFLAKE_SSE')",
     c.CreateObject(kind=Kind.IMAGE_REPOSITORY, name=NAME, if_not_exists=True,
                    options={"ENCRYPTION": {"TYPE": "SNOWFLAKE_SSE"}})),
    ("show image repositories", c.ShowObjects(kind=Kind.IMAGE_REPOSITORY)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "command"), PARSED)
def test_parse__documented_form__gives_the_typed_command(text: str, command: c.Command) -> None:
    assert parse(text) == command


@pytest.mark.parametrize(
    "text",
    [
        "create secret x type = generic_string secret_string = 'one' 'two'",
        "create secret x type = generic_string secret_string 'two'",
        "alter secret x set secret_string = 'one' 'two' = 1",
    ],
)
def test_parse__secret_with_a_slip__is_refused_without_its_text(text: str) -> None:
    with pytest.raises(Fault) as caught:
        parse(text)
    assert caught.value.code == "001003"
    assert "two" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("create external access integration a.b allowed_network_rules = (x) enabled = true", "001003"),
        ("create external access integration x allowed_network_rules = x enabled = true", "001003"),
        ("create or replace secret if not exists x type = generic_string", "002024"),
        ("create temporary secret x type = generic_string secret_string = 'v'", "000002"),
        ("create api integration x", "000002"),
        ("describe image repository x", "000002"),
    ],
)
def test_parse__what_there_is_not__is_refused(text: str, code: str) -> None:
    with pytest.raises(Fault) as caught:
        parse(text)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "text",
    [
        "create secret s type = generic_string secret_string = 'hush'",
        "CREATE OR REPLACE SECRET s\nTYPE = GENERIC_STRING -- a comment\nSECRET_STRING /* x */ = $$hush$$",
        "alter secret s set password = 'it''s hush'",
        "create user u password = 'hush'",
        "select 1; create secret s type = password username = 'u' password = 'hush'",
    ],
)
def test_without_secrets__statement_with_a_value__ends_before_it(text: str) -> None:
    kept = without_secrets(text)
    assert "hush" not in kept
    assert kept.endswith(" ****")


def test_without_secrets__other_statement__is_kept_whole() -> None:
    for text in ("select password from t where a = 'b'", "grant read on secret s to role r"):
        assert without_secrets(text) == text
