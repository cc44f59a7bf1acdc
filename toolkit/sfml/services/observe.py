"""What Snowflake tells of a job or service: its containers, events and images, as evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sfml import sql
from sfml.errors import InputError, SfmlError
from sfml.pools import all_pools
from sfml.services.evidence import ContainerState, Event, Evidence, Subject
from sfml.services.status import JobStatus
from sfml.session.rows import Query

_EVENTS = 50
_REPOSITORY_PARTS = 3


def gather(
    query: Query, status: JobStatus, subject: Subject, *, lines: Mapping[str, Sequence[str]]
) -> Evidence:
    """All that can be found out about a job or service; what the role may not see is left out."""
    return Evidence(
        name=status.job_id,
        status=status.status,
        kind=subject.kind,
        containers=_allowed(lambda: containers(query, status.job_id)),
        events=_allowed(lambda: events(query, status.job_id)),
        lines=lines,
        spec=subject.spec,
        pool=next(iter(_allowed(lambda: all_pools(query, like=status.compute_pool))), None),
        integrations=subject.integrations,
        role=status.owner,
    )


def containers(query: Query, name: str) -> list[ContainerState]:
    """The containers of every instance; none while there is no instance."""
    rows = query(sql.show_containers(name))
    return [_container(row) for row in rows if row["container_name"]]


def events(query: Query, name: str, *, limit: int = _EVENTS) -> list[Event]:
    """What the platform did within the last day, newest first."""
    return [_event(row) for row in query(sql.service_events(name, limit=limit))]


def images(query: Query, path: str) -> list[str] | None:
    """``name:tag`` of every image in the repository of an image's path; None where it cannot be seen."""
    parts = [part for part in path.split("/") if part and "." not in part]
    if len(parts) <= _REPOSITORY_PARTS:
        return None
    try:
        repository = sql.name(".".join(parts[:_REPOSITORY_PARTS]))
        rows = query(sql.show_images(repository))
    except SfmlError:
        return None
    return sorted(f"{row['image_name']}:{tag}" for row in rows for tag in _tags(row["tags"]))


def _tags(text: object) -> list[str]:
    return [tag.strip() for tag in str(text or "latest").strip("[]").split(",")]


def _allowed(ask: Any) -> Any:
    """What the question answers; nothing where the role may not ask it, or there is nothing left to ask."""
    try:
        return ask()
    except InputError:
        raise
    except SfmlError:
        return []


def _container(row: Mapping[str, Any]) -> ContainerState:
    code = row["last_exit_code"]
    return ContainerState(
        name=row["container_name"],
        instance=str(row["instance_id"]),
        status=row["status"] or "",
        message=row["message"] or "",
        image=row["image_name"] or "",
        restarts=int(row["restart_count"] or 0),
        exit_code=None if code in (None, "") else int(code),
    )


def _event(row: Mapping[str, Any]) -> Event:
    """SPCS_GET_EVENTS: the state and its message are in EVENT_DETAILS, or VALUE as event tables have it."""
    details = _object(row.get("EVENT_DETAILS") or row.get("VALUE"))
    instance = row.get("INSTANCE_ID")
    return Event(
        time=str(row["TIMESTAMP"]),
        severity=str(row.get("SEVERITY") or "INFO"),
        name=str(row.get("EVENT_NAME") or ""),
        status=str(details.get("status") or ""),
        message=str(details.get("message") or ""),
        container=row.get("CONTAINER_NAME") or None,
        instance=None if instance in (None, "") else str(instance),
    )


def _object(value: object) -> Mapping[str, Any]:
    import json

    found = json.loads(value) if isinstance(value, str) and value else value
    return found if isinstance(found, Mapping) else {}
