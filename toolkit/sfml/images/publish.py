"""Images into the account's repository: asked first, built where they are missing, pushed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfml.images import push as pushes
from sfml.images import repository as repositories
from sfml.images.build import Manner, build
from sfml.images.plan import Plan
from sfml.images.push import Pushed, Registry
from sfml.images.repository import Repository
from sfml.session.look import Place
from sfml.session.rows import over

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection


@dataclass(frozen=True, kw_only=True)
class Survey:
    """Which of the wanted images a repository holds, and which it lacks."""

    there: Sequence[Pushed]
    lacking: Sequence[Plan]


def publish(
    connection: SnowflakeConnection,
    plans: Mapping[str, Plan],
    names: Collection[str],
    manner: Manner,
    *,
    repository: str = repositories.DEFAULT,
    private_link: bool = False,
    report: Callable[[str], None],
) -> Sequence[Pushed]:
    """See to it that the account's repository holds the named images; in the order of ``plans``.

    What the repository has is neither built nor sent. Whether the registry lets the session in is tried
    before anything is built.
    """
    query = over(connection)
    name = repositories.resolve(repository, database=connection.database, schema=connection.schema)
    found = repositories.ensure(query, name, private_link=private_link)
    if found.created:
        report(f"created image repository {name}")
    held = repositories.digests(query, name)
    wanted = [plan for plan in plans.values() if plan.name in names]
    lacking = pushes.lacking(wanted, held)
    sent: dict[str, Pushed] = {}
    if lacking:
        token = pushes.session_token(connection)
        registry = Registry(client=pushes.client(), repository=found, token=token, role=str(connection.role))
        registry.log_in()
        build(plans, [plan.name for plan in lacking], manner, report=report)
        for plan in lacking:
            report(f"{plan.name}: pushing to {found.url}")
            sent[plan.name] = pushes.push(plan, registry, report=report)
    return [sent.get(plan.name) or _there(plan, found.path, held) for plan in wanted]


def survey(
    place: Place,
    plans: Mapping[str, Plan],
    names: Collection[str],
    *,
    repository: str = repositories.DEFAULT,
    private_link: bool = False,
) -> Survey:
    """What the account's repository holds of the named images; changes nothing."""
    name = repositories.resolve(repository, database=place.database, schema=place.schema)
    url = repositories.look(place.query, name, private_link=private_link)
    held = repositories.digests(place.query, name) if url is not None else {}
    wanted = [plan for plan in plans.values() if plan.name in names]
    lacking = pushes.lacking(wanted, held)
    path = Repository(name=name, url=url or "").path
    there = [_there(plan, path, held) for plan in wanted if plan not in lacking]
    return Survey(there=there, lacking=lacking)


def _there(plan: Plan, path: str, held: Mapping[tuple[str, str], str]) -> Pushed:
    return Pushed(plan=plan, path=f"{path}/{plan.name}:{plan.tag}", digest=held[(plan.name, plan.tag)])
