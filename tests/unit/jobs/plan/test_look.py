"""What is asked of an account for a plan, and how its answers are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from sfml.analysis.findings import Category, Network
from sfml.errors import NotFoundError, RefusedError
from sfml.jobs.plan import look
from sfml.jobs.plan.egress import PYPI_HOSTS, Integration

HF = Network(category=Category.HUGGING_FACE, hosts=("huggingface.co", "*.hf.co"), evidence=())
PYPI = Network(category=Category.PYPI, hosts=("pypi.org", "files.pythonhosted.org"), evidence=())


class Account:
    """Answers statements from a table, refuses the others, and remembers what it was asked."""

    def __init__(self, answers: Mapping[str, Sequence[dict[str, Any]]]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, statement: str) -> Sequence[dict[str, Any]]:
        self.asked.append(statement)
        if statement not in self.answers:
            raise RefusedError("not for this role")
        return self.answers[statement]


def listed(*names: str, disabled: str = "") -> dict[str, Sequence[dict[str, Any]]]:
    rows = [{"name": name, "enabled": "false" if name == disabled else "true"} for name in names]
    return {"SHOW EXTERNAL ACCESS INTEGRATIONS": rows}


def described(name: str, rules: str) -> dict[str, Sequence[dict[str, Any]]]:
    row = {"property": "ALLOWED_NETWORK_RULES", "property_value": rules}
    return {f"DESCRIBE INTEGRATION {name}": [{"property": "ENABLED", "property_value": "true"}, row]}


def rule(name: str, values: str) -> dict[str, Sequence[dict[str, Any]]]:
    return {f"DESCRIBE NETWORK RULE {name}": [{"name": name, "value_list": values}]}


def test_integrations__one_by_name_is_enough__the_others_are_not_looked_into() -> None:
    account = Account(
        {
            **listed("A_SALES_EAI", "HF_EAI", "Z_EAI"),
            **described("HF_EAI", "DB.PUBLIC.HUB,DB.PUBLIC.CDN"),
            **rule("DB.PUBLIC.HUB", "huggingface.co"),
            **rule("DB.PUBLIC.CDN", "*.hf.co, cdn.example"),
        }
    )
    found, names = look.integrations(account, [HF], [])
    assert found == (Integration(name="HF_EAI", hosts=("huggingface.co", "*.hf.co", "cdn.example")),)
    assert names == ("A_SALES_EAI", "HF_EAI", "Z_EAI")
    assert len(account.asked) == 4


def test_integrations__brackets_and_odd_names__are_read_as_they_are_printed() -> None:
    account = Account(
        {
            **listed("my eai"),
            **described('"my eai"', '["Db".PUBLIC.HUB]'),
            **rule('"Db".PUBLIC.HUB', "['huggingface.co','*.hf.co']"),
        }
    )
    (found,), _ = look.integrations(account, [HF], [])
    assert found.hosts == ("huggingface.co", "*.hf.co")


def test_integrations__the_rule_that_snowflake_keeps__is_known_without_asking() -> None:
    account = Account({**listed("P"), **described("P", "SNOWFLAKE.EXTERNAL_ACCESS.PYPI_RULE")})
    (found,), _ = look.integrations(account, [PYPI], [])
    assert found.hosts == PYPI_HOSTS


def test_integrations__a_rule_that_the_role_may_not_read__leaves_the_hosts_unknown() -> None:
    account = Account({**listed("HF_EAI", disabled="HF_EAI"), **described("HF_EAI", "DB.PUBLIC.HUB")})
    (found,), _ = look.integrations(account, [HF], [])
    assert found == Integration(name="HF_EAI", hosts=None, enabled=False)


def test_integrations__one_that_was_given_and_is_not_there__names_the_nearest() -> None:
    with pytest.raises(NotFoundError, match="no integration HF_EIA") as caught:
        look.integrations(Account(listed("HF_EAI")), [HF], ["HF_EIA"])
    assert caught.value.hint == "Did you mean 'HF_EAI'?"


def test_repository__refused_or_there__is_taken_only_where_the_role_may_use_it() -> None:
    statement = "DESCRIBE ARTIFACT REPOSITORY SNOWFLAKE.SNOWPARK.PYPI_SHARED_REPOSITORY"
    assert look.repository(Account({}), look.SHARED_REPOSITORY) is None
    assert look.repository(Account({statement: []}), look.SHARED_REPOSITORY) == look.SHARED_REPOSITORY
