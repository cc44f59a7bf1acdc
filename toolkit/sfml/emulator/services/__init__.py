"""Services and jobs, and the compute pools they run on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sfml.emulator.catalog import Catalog
from sfml.emulator.executors import choice
from sfml.emulator.images import Images
from sfml.emulator.services.launch import Launcher
from sfml.emulator.services.services import Services
from sfml.emulator.settings import Settings
from sfml.emulator.stages import Stages

_SYSTEM_ROLE = "ACCOUNTADMIN"


def start(
    *,
    settings: Settings,
    catalog: Catalog,
    stages: Stages,
    clock: Callable[[], datetime],
    endpoint: Callable[[], tuple[str, int]],
    issue_token: Callable[[str, str, str], str],
    images: Images | None = None,
) -> Services:
    """Those of a server that answers already; what waited when the last ended starts. Call ``close()``."""
    launcher = Launcher(
        settings=settings, catalog=catalog, stages=stages, endpoint=endpoint, issue_token=issue_token
    )
    jobs = Services(
        catalog=catalog,
        launcher=launcher,
        executor=choice.build(settings, endpoint=endpoint, images=images),
        clock=clock,
        tokens_every=settings.service_token_lifetime / 2,
    )
    jobs.pools.ensure_system(_SYSTEM_ROLE, now=clock())
    jobs.recover()
    jobs.begin()
    return jobs
