"""Jobs over time: how late a followed line is shown, with how many statements; a restart with many jobs.

The lag is measured beside the client's own way to look at a running job: MLJob.get_logs() once a second.
"""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench_backend import backend
from bench_submit import local_backend
from measure import Row, Timing, median

POOL, STAGE = "SYSTEM_COMPUTE_POOL_CPU", "BENCH_JOBS"
JOBS = 1000
# A line now and then, as a training loop prints them; each says when it was written.
SCRIPT = (
    "import random, time\n"
    "random.seed(1)\n"
    "for n in range(40):\n"
    "    time.sleep(random.uniform(0.05, 0.6))\n"
    "    print('at', time.time(), flush=True)\n"
)
POLL = 1.0


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name, local_backend(Path(name)) as connection:
        script = Path(name) / "loop.py"
        script.write_text(SCRIPT)
        yield from _following(connection, script)
    yield from _restarting()


# --- following


def _following(parameters: dict[str, Any], script: Path) -> Iterator[Row]:
    from snowflake.ml import jobs
    from snowflake.snowpark import Session

    with Session.builder.configs(parameters).create() as session:
        results = {}
        for name, watch in (("sfml", _followed), ("get_logs() each second", _polled)):
            asked: list[float] = []
            job = jobs.submit_file(str(script), POOL, stage_name=STAGE, session=session)
            with _counted(session.connection, asked):
                lags = watch(session, job)
            results[name] = (lags, asked)
    for name, (lags, asked) in results.items():
        worst = f"worst {max(lags):.2f} s; {len(asked)} statements for {len(lags)} lines"
        yield Row(what=f"line printed -> shown, median, {name}", figure=_median(lags), unit="s", detail=worst)
    ratio = _median(results["sfml"][0]) / _median(results["get_logs() each second"][0])
    yield Row(what="lag, sfml / get_logs() each second", figure=ratio, unit="", limit=1)


def _median(lags: list[float]) -> float:
    return statistics.median(lags)


@contextmanager
def _counted(connection: Any, asked: list[float]) -> Iterator[None]:
    """Notes the time of each statement that the connection sends."""
    send = connection.cmd_query

    def noted(*arguments: Any, **options: Any) -> Any:
        asked.append(time.monotonic())
        return send(*arguments, **options)

    connection.cmd_query = noted
    try:
        yield
    finally:
        connection.cmd_query = send


def _followed(session: Any, job: Any) -> list[float]:
    from sfml.jobs.follow import Follower

    lags: list[float] = []
    follower = Follower(
        connection=session.connection,
        job_id=job.id,
        show=lambda line: lags.append(_lag(line)),
        notice=lambda _: None,
    )
    follower.run(timeout=120)
    return lags


def _polled(_: Any, job: Any) -> list[float]:
    lags: list[float] = []
    over = threading.Event()
    while not over.wait(POLL):
        if job.status in ("DONE", "FAILED"):
            over.set()
        lines = [line for line in job.get_logs().split("\n") if line.startswith("at ")]
        lags += [_lag(line) for line in lines[len(lags) :]]
    return lags


def _lag(line: str) -> float:
    return time.time() - float(line.removeprefix("at "))


# --- a restart


def _restarting() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        empty, full = Path(name) / "empty", Path(name) / "full"
        for state in (empty, full):
            with backend(state):
                pass
        _fill(full)
        timings = {state.name: median(lambda state=state: _started(state)) for state in (empty, full)}
    yield Row(
        what=f"restart with {JOBS} jobs in the catalog, wall",
        figure=timings["full"].wall,
        unit="s",
        limit=0.7,
    )
    ratio = timings["full"].wall / timings["empty"].wall
    yield Row(what=f"restart, {JOBS} jobs / none", figure=ratio, unit="", limit=2)


def _started(state: Path) -> Timing:
    with backend(state) as (_, _, seconds):
        return Timing(cpu=0, wall=seconds)


def _fill(state: Path) -> None:
    """A job through the real client, and its record as often as it takes under other names."""
    from snowflake.ml import jobs
    from snowflake.snowpark import Session

    from sfml.emulator.catalog import Catalog, Kind, Name

    script = state.parent / "small.py"
    script.write_text("__return__ = 1\n")
    with backend(state) as (_, endpoint, _):
        keys = ("host", "port", "protocol", "account", "user", "database", "schema")
        parameters = {key: endpoint[key] for key in keys}
        password = (state / str(endpoint["password_file"])).read_text().strip()
        with Session.builder.configs({**parameters, "password": password}).create() as session:
            job = jobs.submit_file(str(script), POOL, stage_name=STAGE, session=session)
            assert job.result() == 1
    catalog = Catalog(state / "catalog.sqlite")
    [done] = catalog.find(Kind.SERVICE)
    for number in range(JOBS - 1):
        name = Name(database=done.name.database, schema=done.name.schema, name=f"COPY_{number}")
        catalog.create(Kind.SERVICE, name, owner=done.owner, properties=done.properties)
    catalog.close()
