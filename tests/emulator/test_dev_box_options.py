"""Every option of `sfml up` on a box that there is: altered in place, made anew, refused, or another box."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from box_account import BoxUser
from sfml import steps
from sfml.cli.box import up as command
from sfml.errors import InputError
from sfml.session.rows import over
from sfml.steps import State

Connect = Callable[..., Any]

IN_PLACE: dict[str, tuple[dict[str, Any], str]] = {
    "image": ({"image": "dev:2"}, "containers[main].image: "),
    "repository": ({"repository": "MORE"}, "containers[main].image: "),
    "idle_minutes": ({"idle_minutes": 60.0}, "env.SFML_BOX_IDLE_MINUTES: 20 -> 60"),
    "stage": ({"stage": "FILES"}, "volumes[stage].stageConfig.name: "),
    "egress": ({"egress": "none"}, "external access: "),
    "eai": ({"eai": "{project}_OWN"}, "external access: "),
}
ANEW: dict[str, tuple[dict[str, Any], str]] = {
    "home_size": ({"home_size": "60Gi"}, "volumes[home].size: 50Gi -> 60Gi   (needs a new box"),
    "pool": ({"pool": "{project}_MORE"}, "compute pool: {project}_POOL -> {project}_MORE   (needs a new box"),
}
REFUSED = {"family": {"family": "GPU_NV_S"}, "gpu": {"family": "GPU_NV_S", "image": "dev-gpu"}}
ANOTHER_BOX = {"database": {"database": "{project}_2"}, "schema": {"schema": "MORE"}}
# What names another box, says who works, or how this one run goes.
NOT_OF_THE_BOX = {
    "project_name", "connection", "role", "out", "yes", "dry_run", "timeout", "change", "recreate",
    "only_prepare", "admin_sql", "config",
}  # fmt: skip


def test_options__all_of_them__stand_in_one_of_the_tables() -> None:
    known = {*IN_PLACE, *ANEW, *REFUSED, *ANOTHER_BOX, *NOT_OF_THE_BOX}
    assert {parameter.name for parameter in command.params} - known == set()


@pytest.fixture(scope="module")
def user(backend: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoxUser]:
    from contextlib import closing

    from snowflake.connector import connect

    project = f"P{uuid.uuid4().hex[:8].upper()}"
    with closing(
        connect(**backend.parameters(database=None, schema=None, role="ACCOUNTADMIN"))
    ) as connection:
        query = over(connection)
        role = f"ROLE_{project}"
        for statement in (
            f"CREATE ROLE {role}",
            f"GRANT ROLE {role} TO USER LOCAL",
            *(
                f"GRANT {privilege} ON ACCOUNT TO ROLE {role}"
                for privilege in (
                    "CREATE DATABASE", "CREATE COMPUTE POOL", "CREATE INTEGRATION", "BIND SERVICE ENDPOINT",
                )
            ),
        ):  # fmt: skip
            query(statement)
        made = BoxUser(query, tmp_path_factory.mktemp("box"), role=role, project=project)
        made.up()
        rule = f"{project}.PUBLIC.OWN"
        query(f"CREATE NETWORK RULE {rule} TYPE = HOST_PORT MODE = EGRESS VALUE_LIST = ('a.example')")
        access = f"ALLOWED_NETWORK_RULES = ({rule}) ENABLED = TRUE"
        query(f"CREATE EXTERNAL ACCESS INTEGRATION {project}_OWN {access}")
        yield made
        made.down()


def named(user: BoxUser, options: dict[str, Any]) -> dict[str, Any]:
    project = user.options["project"]
    return {
        key: value.format(project=project) if isinstance(value, str) else value
        for key, value in options.items()
    }


def only(options: dict[str, Any]) -> dict[str, Any]:
    """With what a user leaves open: the box's own options."""
    return {"egress": None, **options}


def test_up__nothing_named__finds_nothing_to_do(user: BoxUser) -> None:
    assert not [line for line in user.look(egress=None).text if line.startswith(("+", "~", "!", " "))]


@pytest.mark.parametrize(("options", "words"), IN_PLACE.values(), ids=IN_PLACE)
def test_up__what_can_be_altered__is_shown_altered_and_stays(
    user: BoxUser, options: dict[str, Any], words: str
) -> None:
    wish = only(named(user, options))
    wanted = user.look(**wish)
    assert words in "\n".join(wanted.text)
    assert not wanted.needs_new_box
    user.up(**wish)  # without consent nothing is altered
    assert words in "\n".join(user.look(**wish).text)
    user.up(change=True, **wish)
    assert user.look(egress=None).changes == ()  # and a run that names nothing keeps it
    assert user.look(**wish).changes == ()
    created = user.query("SHOW SERVICES IN ACCOUNT")
    assert [row for row in created if row["name"] == user.box().service.last]


@pytest.mark.parametrize(("options", "words"), ANEW.values(), ids=ANEW)
def test_up__what_cannot_be_altered__needs_a_new_box(
    user: BoxUser, options: dict[str, Any], words: str
) -> None:
    wish = only(named(user, options))
    wanted = user.up(change=True, **wish)
    assert wanted.needs_new_box
    assert words.format(project=user.options["project"]) in "\n".join(wanted.text)
    again = user.look(**wish)
    assert [change.text for change in again.changes] == [change.text for change in wanted.changes]


@pytest.mark.parametrize("options", REFUSED.values(), ids=REFUSED)
def test_up__another_family_for_the_same_pool__is_refused(user: BoxUser, options: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="CPU_X64_M, and that cannot be changed to GPU_NV_S"):
        user.look(**options)


@pytest.mark.parametrize("options", ANOTHER_BOX.values(), ids=ANOTHER_BOX)
def test_up__another_place__is_another_box(user: BoxUser, options: dict[str, Any]) -> None:
    wanted = user.look(**only(named(user, options)))
    assert wanted.is_new
    assert wanted.service.step.title != user.look().service.step.title


def test_up__hosts_of_the_rule__are_shown_and_altered(user: BoxUser) -> None:
    user.up(change=True, egress="packages")
    wanted = user.look(egress="pypi.org,api.example.org")
    [step] = steps.differing(wanted.around)
    [finding] = [one for one in wanted.findings if one.step == step]
    assert finding.verdict.state is State.DIFFERS
    assert finding.verdict.note == "not yet api.example.org; also files.pythonhosted.org"
    user.up(change=True, egress="pypi.org,api.example.org")
    assert steps.differing(user.look(egress=None).around) == ()
    assert steps.differing(user.look(egress="pypi.org,api.example.org").around) == ()
