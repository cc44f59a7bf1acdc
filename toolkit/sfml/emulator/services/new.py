"""What a statement asks for, and the service or job that this becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sfml.emulator.catalog import Kind, Name, Record
from sfml.emulator.services import lifecycle, spec, states
from sfml.emulator.services.model import Service
from sfml.emulator.services.states import Status


@dataclass(frozen=True, kw_only=True, slots=True)
class NewService:
    """What a service or job is made of, whatever statement asked for it."""

    name: Name
    pool: Record
    spec: Mapping[str, Any]
    owner: str
    is_job: bool = True
    replicas: int = 1
    minimum: int = 1
    maximum: int | None = None
    asynchronous: bool = True
    comment: str | None = None
    query_id: str = ""
    query_warehouse: str | None = None
    integrations: tuple[str, ...] = ()
    auto_resume: bool = True
    auto_suspend_secs: int = 0
    log_level: str | None = None
    images: Mapping[str, str] = field(default_factory=dict)
    unschedulable: str = ""
    read_only: tuple[str, ...] = ()


def drafted(new: NewService, at: datetime) -> Service:
    """The service or job as it begins; the catalog does not have it yet."""
    texts = states.JOB_TEXTS if new.is_job else states.SERVICE_TEXTS
    draft = Service(
        record=Record(kind=Kind.SERVICE, name=new.name, owner=new.owner),
        is_job=new.is_job,
        message=texts[Status.PENDING],
        pool=new.pool.name.name,
        spec=new.spec,
        spec_digest=spec.digest(new.spec),
        minimum=new.minimum,
        replicas=new.replicas,
        maximum=new.replicas if new.maximum is None else new.maximum,
        asynchronous=new.asynchronous,
        instances=(),
        query_id=new.query_id,
        query_warehouse=new.query_warehouse,
        integrations=new.integrations,
        auto_resume=new.auto_resume,
        auto_suspend_secs=new.auto_suspend_secs,
        log_level=new.log_level,
        images=new.images,
        unschedulable=new.unschedulable,
        read_only=new.read_only,
    )
    return lifecycle.with_replicas(draft, at)
