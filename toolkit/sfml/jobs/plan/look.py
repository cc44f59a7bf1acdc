"""What an account has that a plan needs to know: pools, integrations, the package repository."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sfml import sql
from sfml.analysis.findings import Category, Network
from sfml.config import nearest
from sfml.errors import NotFoundError, RefusedError
from sfml.jobs.plan import egress
from sfml.jobs.plan.egress import PYPI_HOSTS, PYPI_RULE, Integration
from sfml.jobs.plan.memory import Memory
from sfml.pools import Pool, all_pools
from sfml.session.rows import Query, flag
from sfml.sql import Kind, Name

# The repository that an account has from the start (docs.snowflake.com, "Artifact repository").
SHARED_REPOSITORY = "snowflake.snowpark.pypi_shared_repository"
NO_REPOSITORY = "none"


@dataclass(frozen=True, kw_only=True)
class Account:
    """What was seen of the account; ``machine_index``: packages come from where this machine has them."""

    pools: tuple[Pool, ...] = ()
    integrations: tuple[Integration, ...] = ()
    repository: str | None = None
    schema: Name | None = None
    role: str = ""
    machine_index: bool = False
    asked: bool = True
    names: tuple[str, ...] = field(default=())  # of all integrations, looked into or not


def is_index(need: Network) -> bool:
    """Whether a need is that for the job's packages."""
    return need.category is Category.PYPI


def pools(query: Query, *, given: str | None) -> tuple[Pool, ...]:
    """All pools that the role may see; of a pool that was named, that one."""
    return tuple(all_pools(query, like=None if given is None else sql.name(given, parts=1).last))


def integrations(
    query: Query, needs: Sequence[Network], given: Sequence[str], memory: Memory | None = None
) -> tuple[tuple[Integration, ...], tuple[str, ...]]:
    """The integrations for these needs, and the names of all; looks into no more than it takes.

    What ``memory`` has of their rules is believed, unless a need would go unmet.
    """
    rows = {row["name"]: row for row in query(sql.show_external_access_integrations())}
    unknown = [name for name in given if name not in rows]
    if unknown:
        raise NotFoundError(
            f"there is no integration {unknown[0]}, or your role may not use it",
            hint=nearest(unknown[0], rows),
        )
    found = _looked_into(query, rows, needs, given, memory)
    if memory is not None and egress.match(needs, found, given).missing:
        memory.forget()
        found = _looked_into(query, rows, needs, given, memory)
    return tuple(found), tuple(rows)


def repository(query: Query, name: str, memory: Memory | None = None) -> str | None:
    """The repository's name where the role may use it."""
    key = f"repository {name}"
    if memory is not None and memory.get(key):
        return name
    try:
        query(sql.describe_artifact_repository(name))
    except (NotFoundError, RefusedError):
        return None
    if memory is not None:
        memory.put(key, name)
    return name


def _looked_into(
    query: Query,
    rows: Mapping[str, Mapping[str, Any]],
    needs: Sequence[Network],
    given: Sequence[str],
    memory: Memory | None,
) -> list[Integration]:
    found: list[Integration] = []
    for name in _ordered(rows, needs, given):
        if name not in given and not egress.match(needs, found, given).missing:
            break
        found.append(_remembered(query, rows[name], memory))
    return found


def _remembered(query: Query, row: Mapping[str, Any], memory: Memory | None) -> Integration:
    key = f"integration {row['name']} {row.get('created_on', '')}"
    hosts = memory.get(key) if memory is not None else None
    if hosts is not None:
        return Integration(name=row["name"], hosts=tuple(hosts), enabled=flag(row.get("enabled", True)))
    found = _described(query, row)
    if memory is not None and found.hosts is not None:
        memory.put(key, list(found.hosts))
    return found


def _ordered(names: Iterable[str], needs: Sequence[Network], given: Sequence[str]) -> list[str]:
    """Those that the user gave, then those whose names say that they are meant, then the others."""

    def order(name: str) -> tuple[bool, bool, str]:
        return (name not in given, not any(egress.likely(need.category, name) for need in needs), name)

    return sorted(names, key=order)


def _described(query: Query, row: Mapping[str, Any]) -> Integration:
    name, enabled = row["name"], flag(row.get("enabled", True))
    try:
        told = {
            r["property"]: r["property_value"] for r in query(sql.describe(Kind.INTEGRATION, Name((name,))))
        }
        rules = _names(told.get("ALLOWED_NETWORK_RULES"))
        hosts = tuple(host for rule in rules for host in _hosts(query, rule))
    except (NotFoundError, RefusedError):
        return Integration(name=name, hosts=None, enabled=enabled)
    return Integration(name=name, hosts=hosts, enabled=enabled)


def _hosts(query: Query, rule: Name) -> Sequence[str]:
    if rule == PYPI_RULE:
        return PYPI_HOSTS
    rows = query(sql.describe(Kind.NETWORK_RULE, rule))
    return [host for row in rows for host in _words(row.get("value_list"))]


def _names(value: Any) -> list[Name]:
    return [sql.name(word, parts=3) for word in _words(value)]


def _words(value: Any) -> list[str]:
    """A list as DESCRIBE prints it: words with commas, in brackets or not."""
    words = str(value or "").strip().strip("[]").split(",")
    return [word.strip().strip("'") for word in words if word.strip()]
