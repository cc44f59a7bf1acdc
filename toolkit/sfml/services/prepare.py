"""From a spec and a configuration to a plan: the pool is looked at, the spec checked against it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sfml.config import Config
from sfml.pools import check_pool, find_pool
from sfml.services.plan import Plan, Wish, make
from sfml.services.source import Ready, Source, ready
from sfml.services.status import placed
from sfml.session.rows import over
from sfml.specs.families import Family
from sfml.specs.scope import Target
from sfml.specs.validate import on_family

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection


def checked(
    source: Source, kind: str, *, families: Mapping[str, Family], family: str | None, env: Mapping[str, str]
) -> Ready:
    """The checked spec: before the pool's ``family`` is known for its form alone, then for its sizes too."""
    target = Target(kind=kind, families=lambda: families)
    if family is not None and family in families:
        target = on_family(family, target)
    return ready(source, target, env=env)


def prepare(
    connection: SnowflakeConnection,
    config: Config,
    source: Source,
    kind: str,
    name: str,
    *,
    families: Mapping[str, Family],
    env: Mapping[str, str],
    instances: tuple[int, int] = (1, 1),
    **properties: Any,
) -> Plan:
    """What would run on the configured pool; ``properties`` are others of the :class:`Wish`."""
    pool = find_pool(over(connection), config.compute_pool)
    check_pool(pool, nodes=1)
    wish = Wish(
        kind=kind,
        name=placed(connection, name),
        ready=checked(source, kind, families=families, family=pool.family, env=env),
        instances=instances,
        integrations=config.eai,
        warehouse=config.warehouse,
        **properties,
    )
    return make(wish, pool, families=families)
