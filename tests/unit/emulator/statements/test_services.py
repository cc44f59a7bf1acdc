"""CREATE SERVICE, EXECUTE JOB SERVICE, ALTER SERVICE as typed commands."""

from __future__ import annotations

import pytest

from sfml.emulator.faults import Fault
from sfml.emulator.statements import commands as c
from sfml.emulator.statements import parse
from sfml.emulator.statements.names import ObjectName, StagePath

ACTIONS = ("SUSPEND", "SET", "UNSET", "FROM", "RESTORE VOLUME")
STAGE = StagePath(stage=ObjectName(name="S"), path="dir")


@pytest.mark.parametrize(
    "text",
    [
        "execute job service in compute pool p name = j async = true from specification $$x$$",
        "execute job service in compute pool p from specification $$x$$ name = j async = true",
        "execute job service name = j in compute pool p async = true from specification 'x'",
    ],
)
def test_job__clauses_in_any_order__are_one_command(text: str) -> None:
    assert parse(text) == c.ExecuteJob(
        pool="P",
        source=c.SpecSource(text="x"),
        options={"NAME": ObjectName(name="J"), "ASYNC": True},
    )


def test_service__file_and_properties__are_read() -> None:
    assert parse(
        "create service if not exists d.s.n in compute pool p from @s/dir specification_file = 'a.yaml'"
        ' external_access_integrations = (a, "b", \'c\') query_warehouse = "wh" min_instances = 2'
    ) == c.CreateService(
        name=ObjectName(name="N", schema="S", database="D"),
        pool="P",
        source=c.SpecSource(stage=STAGE, file="a.yaml"),
        if_not_exists=True,
        options={
            "EXTERNAL_ACCESS_INTEGRATIONS": ("A", "b", "c"),
            "QUERY_WAREHOUSE": "wh",
            "MIN_INSTANCES": 2,
        },
    )


def test_template__values__keep_their_kind_and_their_names_case() -> None:
    command = parse(
        "create service n in compute pool p from specification_template $$x$$"
        """ using (tag => 'v1', "Count" => 2, on => true, word => latest, none => null)"""
    )
    assert isinstance(command, c.CreateService)
    assert command.source == c.SpecSource(
        text="x",
        template=True,
        using={"tag": "v1", "Count": 2, "on": True, "word": "latest", "none": None},
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("suspend", {}),
        ("set min_instances = 1, comment = 'x'", {"options": {"MIN_INSTANCES": 1, "COMMENT": "x"}}),
        ("unset comment, auto_resume", {"options": {"COMMENT": None, "AUTO_RESUME": None}}),
        ("from specification $$y$$", {"source": c.SpecSource(text="y")}),
        (
            'restore volume "v" instances 0, 1 from snapshot snap',
            {"volume": "v", "instances": (0, 1), "snapshot": ObjectName(name="SNAP")},
        ),
    ],
)
def test_alter__each_action__is_typed(text: str, expected: dict[str, object]) -> None:
    action = next(word for word in ACTIONS if text.upper().startswith(word))
    wanted = c.AlterService(name=ObjectName(name="N"), action=action, if_exists=True, **expected)
    assert parse(f"alter service if exists n {text}") == wanted


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("create service n from specification $$x$$", "001003"),
        ("create service n in compute pool p", "001003"),
        ("create or replace service n in compute pool p from specification $$x$$", "000002"),
        ("create service n in compute pool p from specification $$x$$ with tag (a b)", "001003"),
        ("create service n in compute pool p from specification_file = 'a'", "000002"),
        ("alter service n", "001003"),
        ("alter service n set", "001003"),
    ],
)
def test_service__incomplete_or_unsupported__is_refused(text: str, code: str) -> None:
    with pytest.raises(Fault) as caught:
        parse(text)
    assert caught.value.code == code
