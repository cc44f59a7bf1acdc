"""The parts of one server, put together."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sfml.emulator.auth.credentials import Door, ServiceTokens
from sfml.emulator.auth.sessions import Sessions
from sfml.emulator.catalog import Catalog
from sfml.emulator.handlers.base import Backend
from sfml.emulator.queries import QueryLog
from sfml.emulator.seed import seed
from sfml.emulator.settings import Settings
from sfml.emulator.signing import Signer
from sfml.emulator.stages import Stages
from sfml.emulator.statement import Execute, Runner


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What an ``App`` needs. ``engine`` and ``jobs`` are reached through ``backend``."""

    settings: Settings
    catalog: Catalog
    stages: Stages
    door: Door
    sessions: Sessions
    queries: QueryLog
    runner: Runner
    signer: Signer
    backend: Backend

    def busy(self) -> bool:
        """Whether a statement runs."""
        return self.queries.running() > 0

    def close(self) -> None:
        """Stop what runs, then let go of the files."""
        self.queries.close()
        self.catalog.close()


def build(settings: Settings, execute: Execute, *, endpoint: Callable[[], tuple[str, int]]) -> Parts:
    """The parts of a server on the state directory that ``settings`` names (which exists, and is locked)."""
    catalog = Catalog(settings.state / "catalog.sqlite")
    seed(catalog, settings)
    stages = Stages(settings.state / "stages")
    queries = QueryLog()
    tokens = ServiceTokens(lifetime=settings.service_token_lifetime, clock=_now)
    engine: Any = None
    jobs: Any = None
    backend = Backend(
        settings=settings,
        catalog=catalog,
        stages=stages,
        engine=engine,
        jobs=jobs,
        queries=queries,
        clock=_now,
        issue_service_token=tokens.issue,
        endpoint=endpoint,
    )
    return Parts(
        settings=settings,
        catalog=catalog,
        stages=stages,
        door=Door(catalog=catalog, service_tokens=tokens, clock=_now),
        sessions=Sessions(
            session_lifetime=settings.session_lifetime,
            master_lifetime=settings.master_lifetime,
            clock=time.time,
        ),
        queries=queries,
        runner=Runner(backend, queries, execute),
        signer=Signer(lifetime=settings.url_lifetime),
        backend=backend,
    )


def _now() -> datetime:
    return datetime.now(UTC)
