"""Integrations and hosts: what covers what, and the SQL for the rest."""

from __future__ import annotations

import pytest

from sfml.analysis.findings import Category, Network
from sfml.analysis.network.services import HUGGING_FACE, PYPI, WANDB
from sfml.jobs.plan.egress import Integration, admin_sql, allows, match
from sfml.sql import Name


def need(category: Category, *hosts: str) -> Network:
    return Network(category=category, hosts=hosts, evidence=())


HF, WB = need(Category.HUGGING_FACE, *HUGGING_FACE), need(Category.WANDB, *WANDB)
API = need(Category.HTTP, "api.one.example", "api.two.example:8443")
HF_EAI = Integration(name="HF_EAI", hosts=("huggingface.co", "cdn-lfs.huggingface.co"))
ALL_HF = Integration(name="HUB", hosts=HUGGING_FACE)
WB_EAI = Integration(name="TRACKING", hosts=("api.wandb.ai:443",))


@pytest.mark.parametrize(
    ("entry", "host", "expected"),
    [
        ("huggingface.co", "huggingface.co", True),
        ("HuggingFace.co:443", "huggingface.co", True),
        ("huggingface.co:80", "huggingface.co", False),
        ("api.example:8443", "api.example:8443", True),
        ("api.example", "api.example:8443", False),
        ("*.hf.co", "cdn.hf.co", True),
        ("*.hf.co", "hf.co", False),
        ("*.hf.co", "*.hf.co", True),
        ("hf.co", "nothf.co", False),
        ("0.0.0.0:443", "anything.example", True),
        ("0.0.0.0:80", "anything.example", False),
    ],
)
def test_rule__a_host__is_allowed_or_not(entry: str, host: str, expected: bool) -> None:
    assert allows(entry, host) is expected


def test_match__each_need_has_its_integration__all_are_used_and_nothing_is_missing() -> None:
    found = match([HF, WB], [WB_EAI, ALL_HF, Integration(name="OTHER", hosts=("other.example",))], [])
    assert (set(found.used), found.missing, found.partial[0].hosts) == (
        {"HUB", "TRACKING"},
        (),
        ("wandb.ai",),
    )
    assert found.of(WB) == ["TRACKING"]


def test_match__one_integration_for_everything__is_preferred_to_two() -> None:
    both = Integration(name="BOTH", hosts=(*HUGGING_FACE, *WANDB))
    assert match([HF, WB], [WB_EAI, ALL_HF, both], []).used == ("BOTH",)


def test_match__the_hub_without_its_storage__is_covered_with_a_warning() -> None:
    found = match([HF], [HF_EAI], [])
    assert (found.used, found.missing) == (("HF_EAI",), ())
    assert found.partial[0].hosts == tuple(host for host in HUGGING_FACE if host.startswith("*."))


def test_match__one_of_two_hosts__is_missing_with_that_host_alone() -> None:
    found = match([API], [Integration(name="ONE", hosts=("api.one.example",))], [])
    assert [one.hosts for one in found.missing] == [("api.two.example:8443",)]


def test_match__only_the_page_for_people_is_allowed__counts_as_missing() -> None:
    found = match([WB], [Integration(name="W", hosts=("wandb.ai",))], [])
    assert found.missing == (WB,)
    assert found.used == ()


def test_match__disabled__is_no_help() -> None:
    off = Integration(name="HF_EAI", hosts=HUGGING_FACE, enabled=False)
    assert match([HF], [off], []).missing == (HF,)


def test_match__rules_that_cannot_be_read__count_by_name_only_where_the_name_says_it() -> None:
    hidden = [Integration(name="MY_HF_EAI", hosts=None), Integration(name="SALES", hosts=None)]
    found = match([HF, WB], hidden, [])
    assert found.guessed == {Category.HUGGING_FACE: "MY_HF_EAI"}
    assert [one.category for one in found.missing] == [Category.WANDB]


def test_match__rules_that_cannot_be_read__are_trusted_where_the_user_gave_the_integration() -> None:
    found = match([HF, WB], [Integration(name="SALES", hosts=None)], ["SALES"])
    assert (found.used, found.missing) == (("SALES",), ())


def test_match__what_the_user_gave__is_used_even_for_nothing() -> None:
    found = match([HF], [ALL_HF, Integration(name="MINE", hosts=("x.example",))], ["MINE"])
    assert found.used == ("MINE", "HUB")


def test_match__a_host_that_only_the_run_knows__is_covered_by_a_rule_for_one_of_its_kind() -> None:
    bucket = need(Category.CLOUD_STORAGE, "*.s3.amazonaws.com")
    mine = Integration(name="S3", hosts=("mine.s3.amazonaws.com",))
    assert match([bucket], [mine], []).missing == ()


def test_admin_sql__names_those_hosts_only_and_a_free_name() -> None:
    text = admin_sql([API], taken=["HTTP_EAI"], schema=Name(("DB", "PUBLIC")), role="ML")
    rule, integration, grant = text.splitlines()
    assert rule == (
        "CREATE NETWORK RULE IF NOT EXISTS DB.PUBLIC.HTTP_2_RULE TYPE = HOST_PORT "
        "VALUE_LIST = ('api.one.example', 'api.two.example:8443') MODE = EGRESS;"
    )
    assert integration == (
        "CREATE EXTERNAL ACCESS INTEGRATION IF NOT EXISTS HTTP_2_EAI "
        "ALLOWED_NETWORK_RULES = (DB.PUBLIC.HTTP_2_RULE) ENABLED = TRUE;"
    )
    assert grant == "GRANT USAGE ON INTEGRATION HTTP_2_EAI TO ROLE ML;"


def test_admin_sql__the_package_index__takes_the_rule_that_snowflake_keeps() -> None:
    text = admin_sql([need(Category.PYPI, *PYPI)], taken=[], schema=Name(("DB", "PUBLIC")), role='odd "role"')
    assert "NETWORK RULE DB" not in text
    assert "ALLOWED_NETWORK_RULES = (SNOWFLAKE.EXTERNAL_ACCESS.PYPI_RULE)" in text
    assert text.endswith('TO ROLE "odd ""role""";')
