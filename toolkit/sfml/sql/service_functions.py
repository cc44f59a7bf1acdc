"""Statements about services: which there are, what they consist of, what happened to them (pure)."""

from __future__ import annotations

from enum import StrEnum

from sfml.sql.text import Name, name, service_name

_MOST_EVENTS = 10_000


class Jobs(StrEnum):
    """Whether a list of services has the job services too; the words stand in SHOW."""

    TOO = "SERVICES"
    NOT = "SERVICES EXCLUDE JOBS"
    ONLY = "JOB SERVICES"


def show_services(
    *, jobs: Jobs = Jobs.NOT, inside: str | Name | None = None, pool: str | Name | None = None
) -> str:
    """Services ``inside`` a database or schema, or on a pool; of the whole account where neither is given."""
    where = "IN ACCOUNT"
    if pool is not None:
        where = f"IN COMPUTE POOL {name(pool, parts=1)}"
    elif inside is not None:
        found = name(inside, parts=2)
        where = f"IN {'DATABASE' if len(found.parts) == 1 else 'SCHEMA'} {found}"
    return f"SHOW {jobs} {where}"


def show_endpoints(service: str | Name) -> str:
    return f"SHOW ENDPOINTS IN SERVICE {service_name(service)}"


def show_instances(service: str | Name) -> str:
    return f"SHOW SERVICE INSTANCES IN SERVICE {service_name(service)}"


def show_images(repository: str | Name) -> str:
    return f"SHOW IMAGES IN IMAGE REPOSITORY {name(repository)}"


def service_events(service: str | Name, *, limit: int) -> str:
    """What the platform did with a service within the last day, newest first."""
    source = f"TABLE({service_name(service)}!SPCS_GET_EVENTS())"
    most = min(limit, _MOST_EVENTS)
    return f"SELECT * FROM {source} ORDER BY TIMESTAMP DESC LIMIT {most}"  # noqa: S608 - quoted above


def drop_service(service: str | Name, *, force: bool = False) -> str:
    """``force`` also deletes the block volumes of the service, which DROP alone refuses."""
    return f"DROP SERVICE {service_name(service)}" + (" FORCE" if force else "")
