"""ALTER USER … PROGRAMMATIC ACCESS TOKEN."""

from __future__ import annotations

import pytest

from sfml.emulator.faults import Fault
from sfml.emulator.statements import commands as c
from sfml.emulator.statements import parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alter user me add programmatic access token t role_restriction = 'R' days_to_expiry = 3",
         c.AlterUserToken(action="ADD", user="ME", token="T",
                          options={"ROLE_RESTRICTION": "R", "DAYS_TO_EXPIRY": 3})),
        ("alter user if exists me add pat t",
         c.AlterUserToken(action="ADD", user="ME", token="T", if_exists=True)),
        ("alter user remove programmatic access token t", c.AlterUserToken(action="REMOVE", token="T")),
        ("alter user me modify programmatic access token t set disabled = true",
         c.AlterUserToken(action="MODIFY", user="ME", token="T", options={"DISABLED": True})),
        ("alter user me set comment = 'x'", c.AlterUser(name="ME", action="SET", options={"COMMENT": "x"})),
    ],
)  # fmt: skip
def test_alter_user__statement__is_this_command(text: str, expected: c.Command) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    "text",
    ["alter user me add", "alter user me add token t", "alter user me remove", "alter user me modify pat t"],
)
def test_alter_user__incomplete__is_a_syntax_error(text: str) -> None:
    with pytest.raises(Fault) as caught:
        parse(text)
    assert caught.value.code == "001003"
