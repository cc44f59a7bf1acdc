"""The parts of one server, put together."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from sfml.emulator.auth.credentials import Door, ServiceTokens
from sfml.emulator.auth.sessions import Sessions
from sfml.emulator.catalog import Catalog
from sfml.emulator.queries import QueryLog
from sfml.emulator.seed import seed
from sfml.emulator.settings import Settings
from sfml.emulator.signing import Signer
from sfml.emulator.stages import Stages
from sfml.emulator.statement import Language

_LOG = logging.getLogger(__name__)
Address = Callable[[], tuple[str, int]]


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What an ``App`` needs; all but the language, which takes longer to load than the rest to start."""

    settings: Settings
    catalog: Catalog
    stages: Stages
    door: Door
    sessions: Sessions
    queries: QueryLog
    signer: Signer
    address: Address


def build(settings: Settings, *, address: Address) -> Parts:
    """The parts of a server on the state directory that ``settings`` names (which exists, and is locked)."""
    catalog = Catalog(settings.state / "catalog.sqlite")
    seed(catalog, settings)
    tokens = ServiceTokens(lifetime=settings.service_token_lifetime, clock=now)
    return Parts(
        settings=settings,
        catalog=catalog,
        stages=Stages(settings.state / "stages"),
        door=Door(account=settings.account, catalog=catalog, service_tokens=tokens, clock=now),
        sessions=Sessions(
            session_lifetime=settings.session_lifetime,
            master_lifetime=settings.master_lifetime,
            clock=time.time,
        ),
        queries=QueryLog(),
        signer=Signer(lifetime=settings.url_lifetime),
        address=address,
    )


def load(parts: Parts, loop: asyncio.AbstractEventLoop) -> Language:
    """What statements need: parser, handlers, engine (unloaded yet) and jobs.

    Jobs that waited when the last server ended start here, so the server has to answer already.
    """
    from sfml.emulator import handlers, services, statements
    from sfml.emulator.engine import Engine
    from sfml.emulator.handlers.base import Backend
    from sfml.emulator.ingress.admission import Gate
    from sfml.emulator.ingress.callers import Callers
    from sfml.emulator.ingress.doors import Doors
    from sfml.emulator.ingress.signin import Pages
    from sfml.emulator.ingress.tickets import Tickets
    from sfml.emulator.registry.front import Registry

    images = Registry(
        parts.settings.state / "registry",
        catalog=parts.catalog,
        door=parts.door,
        sessions=parts.sessions,
        address=parts.address,
        token_lifetime=parts.settings.registry_token_lifetime,
    )
    doors = Doors(parts.settings, loop)
    backend = Backend(
        settings=parts.settings,
        catalog=parts.catalog,
        stages=parts.stages,
        engine=Engine(parts.settings.state / "databases", parts.catalog),
        services=services.start(
            settings=parts.settings,
            catalog=parts.catalog,
            stages=parts.stages,
            clock=now,
            endpoint=parts.address,
            issue_token=parts.door.service_tokens.issue,
            images=images,
        ),
        images=images,
        queries=parts.queries,
        clock=now,
        issue_service_token=parts.door.service_tokens.issue,
        endpoint=parts.address,
        ingress_address=doors.address,
    )
    tickets = Tickets(lifetime=parts.settings.ingress_token_lifetime, clock=time.time)
    callers = Callers(door=parts.door, sessions=parts.sessions, tickets=tickets, now=time.time)
    pages = Pages(door=parts.door, tickets=tickets, secure=parts.settings.ingress_tls)
    doors.begin(Gate(backend=backend, callers=callers, pages=pages))
    handlers.close_all_sessions(backend)  # those of the last server, if it had no time to
    return Language(
        execute=handlers.execute,
        split=statements.split,
        count_binds=statements.count_binds,
        close_session=handlers.close_session,
        backend=backend,
        doors=doors,
    )


def load_in_thread(parts: Parts, loop: asyncio.AbstractEventLoop) -> Future[Language]:
    """The language, loaded while the server answers its first requests; a failure is in the log at once."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="load")
    loading = pool.submit(load, parts, loop)
    loading.add_done_callback(_log_failure)
    pool.shutdown(wait=False)
    return loading


def close(parts: Parts, loading: Future[Language] | None) -> None:
    """Stop what runs, then let go of the files."""
    parts.queries.close()
    if loading is not None and not loading.exception():
        backend = loading.result().backend
        backend.services.close()
        backend.images.close()
        backend.engine.close()
    parts.catalog.close()


def now() -> datetime:
    return datetime.now(UTC)


def _log_failure(loading: Future[Language]) -> None:
    if error := loading.exception():
        _LOG.error("the local backend cannot run statements", exc_info=error)
