"""Make the plan of a request: read the script, look at the account, decide."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sfml import sql
from sfml.config import Config
from sfml.jobs.plan import look, runtimes
from sfml.jobs.plan.decide import Settings, complete
from sfml.jobs.plan.draft import Draft, Runtime, draft
from sfml.jobs.plan.look import NO_REPOSITORY, SHARED_REPOSITORY, Account
from sfml.jobs.plan.memory import Memory
from sfml.jobs.plan.model import Hardware, Plan, Way, Wishes, choice
from sfml.jobs.request import Request
from sfml.session.rows import Query, over

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection


def wishes(config: Config, *, infer: bool) -> Wishes:
    """What the configuration decides; InputError for a word that it does not know."""
    return Wishes(
        hardware=choice(Hardware, "hardware", config.hardware, config.origins),
        way=choice(Way, "method", config.method, config.origins),
        infer=infer,
        artifact_repository=config.artifact_repository,
        origins=config.origins,
    )


def offline(config: Config, request: Request, wanted: Wishes) -> Draft:
    """The draft that needs no account: what is preinstalled is taken from a list."""
    runtime = runtimes.of_this_machine() if config.is_local else _documented(config)
    return draft(request, wanted, runtime, installed=_installed)


def without_account(config: Config, request: Request, wanted: Wishes) -> Plan:
    """The plan as far as it can be known without asking anybody."""
    return complete(offline(config, request, wanted), Account(asked=False), _settings(config))


def online(config: Config, connection: SnowflakeConnection, found: Draft, wanted: Wishes) -> Plan:
    """The plan of a draft in the account that the connection leads to."""
    query, settings = over(connection), _settings(config)
    given = found.request.compute_pool if settings.pool_given or not wanted.infer else None
    account = Account(
        pools=look.pools(query, given=given) if wanted.infer else (),
        machine_index=config.is_local,
        schema=_schema(config, connection),
        role=str(connection.role or config.role or ""),
    )
    if wanted.infer:
        memory = Memory.of(config.state, connection.account, connection.user, account.role)
        found = _measured(config, query, found, account, wanted, memory)
        account = _with_network(query, found, account, wanted, memory)
        memory.save()
    return complete(found, account, settings)


def _measured(
    config: Config, query: Query, found: Draft, account: Account, wanted: Wishes, memory: Memory
) -> Draft:
    """The draft again, with the runtime's own packages, where that runtime was measured."""
    if config.is_local or not runtimes.are_kept(config):
        return found
    pool = complete(found, account, _settings(config)).request.compute_pool
    key = f"image {pool} {config.runtime}"
    image = memory.get(key) or runtimes.image(query, pool, config.runtime)
    memory.put(key, image)
    runtime = runtimes.kept(config, image)
    if runtime is None:
        return found
    return draft(found.asked, wanted, runtime, installed=_installed)


def _with_network(query: Query, found: Draft, account: Account, wanted: Wishes, memory: Memory) -> Account:
    """The account with what its network allows, as far as the draft needs to know."""
    needs = list(found.needs)
    repository = None
    if not account.machine_index and any(look.is_index(need) for need in needs):
        name = wanted.artifact_repository or SHARED_REPOSITORY
        repository = None if name.lower() == NO_REPOSITORY else look.repository(query, name, memory)
    if repository or account.machine_index:
        needs = [need for need in needs if not look.is_index(need)]
    if not needs:
        return replace(account, repository=repository)
    given = [sql.name(name, parts=1).last for name in found.request.eai]
    integrations, names = look.integrations(query, needs, given, memory)
    return replace(account, repository=repository, integrations=integrations, names=names)


def _documented(config: Config) -> Runtime:
    return Runtime(python=runtimes.python_of(config.runtime))


def _settings(config: Config) -> Settings:
    return Settings(pool_origin=config.origins.get("compute_pool", "default"), user=config.user)


def _schema(config: Config, connection: SnowflakeConnection) -> sql.Name | None:
    database, schema = config.database or connection.database, config.schema or connection.schema
    return sql.name(f"{database}.{schema}") if database and schema else None


@functools.cache
def _installed() -> Mapping[str, Sequence[str]]:
    from importlib.metadata import packages_distributions

    return packages_distributions()
