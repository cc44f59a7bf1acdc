"""A catalog with a schema, a stage and a pool, and a server's jobs on it; tokens and address are made up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from job_server import Server
from sfml.emulator import services
from sfml.emulator.catalog import Catalog, Kind, Name
from sfml.emulator.executors.process import ProcessExecutor
from sfml.emulator.settings import Settings
from sfml.emulator.stages import Stages


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="session")
def able(tmp_path_factory: pytest.TempPathFactory) -> bool:
    """Whether this machine gives runs namespaces."""
    return ProcessExecutor(tmp_path_factory.mktemp("probe")).isolates()


@pytest.fixture(params=["namespace", "rewrite"])
def settings(request: pytest.FixtureRequest, able: bool, tmp_path: Path) -> Settings:
    if request.param == "namespace" and not able:
        pytest.skip("this kernel gives us no namespaces")
    return Settings(state=tmp_path / "state", paths=request.param)


@pytest.fixture
def boot(settings: Settings) -> Iterator[Callable[[], Server]]:
    """Starts a server on the one state directory, as often as asked."""
    settings.state.mkdir()
    begun: list[Server] = []

    def begin() -> Server:
        catalog = Catalog(settings.state / "catalog.db")
        _populate(catalog)
        stages = Stages(settings.state / "stages")
        jobs = services.start(
            settings=settings,
            catalog=catalog,
            stages=stages,
            clock=now,
            endpoint=lambda: ("127.0.0.1", 1),
            issue_token=lambda job, role, user: f"token of {job} for {role} as {user}",
        )
        begun.append(Server(settings=settings, catalog=catalog, stages=stages, jobs=jobs))
        return begun[-1]

    yield begin
    for server in begun:
        server.jobs.close()
        server.catalog.close()


@pytest.fixture
def server(boot: Callable[[], Server]) -> Server:
    return boot()


def _populate(catalog: Catalog) -> None:
    if catalog.get(Kind.DATABASE, Name(name="DB1")):
        return
    catalog.create(Kind.DATABASE, Name(name="DB1"), owner="ACCOUNTADMIN")
    catalog.create(Kind.SCHEMA, Name(name="PUBLIC", database="DB1"), owner="ACCOUNTADMIN")
    catalog.create(Kind.STAGE, Name(name="PAYLOAD", schema="PUBLIC", database="DB1"), owner="ACCOUNTADMIN")
    catalog.create(Kind.WAREHOUSE, Name(name="WH"), owner="ACCOUNTADMIN")
    pool = {
        "instance_family": "CPU_X64_XS", "min_nodes": 1, "max_nodes": 2, "auto_resume": True,
        "auto_suspend_secs": 3600, "suspended": False, "resumed_on": now().isoformat(),
    }  # fmt: skip
    catalog.create(Kind.COMPUTE_POOL, Name(name="POOL"), owner="ACCOUNTADMIN", properties=pool)
