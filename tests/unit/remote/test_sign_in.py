"""What is said before a browser is opened: that the default role prevents the sign-in."""

from __future__ import annotations

import pytest

from sfml.errors import RefusedError
from sfml.remote import sign_in
from sfml.steps import Rows


class Account:
    """A user of an account, with this default role; or one whose user may not be looked at."""

    def __init__(self, default: str | None, *, is_seen: bool = True) -> None:
        self.default = default
        self.is_seen = is_seen

    def __call__(self, statement: str) -> Rows:
        if not statement.startswith("DESCRIBE USER"):
            return [{"NAME": "ANA"}]
        if not self.is_seen:
            raise RefusedError("Insufficient privileges to operate on user 'ANA'")
        return [{"property": "EMAIL", "value": "a@b.c"}, {"property": "DEFAULT_ROLE", "value": self.default}]


@pytest.mark.parametrize("default", ["ACCOUNTADMIN", "SECURITYADMIN", "ORGADMIN"])
def test_obstacle__privileged_default_role__comes_with_the_sql(default: str) -> None:
    assert sign_in.obstacle(Account(default), "ML_DEV_ROLE") == (
        f"your default role is {default}; the browser's way into the box fails with it: "
        "ALTER USER ANA SET DEFAULT_ROLE = ML_DEV_ROLE;"
    )


@pytest.mark.parametrize(
    "account", [Account("ML_DEV_ROLE"), Account(None), Account("ACCOUNTADMIN", is_seen=False)]
)
def test_obstacle__other_role_or_none_to_be_seen__is_none(account: Account) -> None:
    assert sign_in.obstacle(account, "ML_DEV_ROLE") is None
