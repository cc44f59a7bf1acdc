"""What a test needs of a server's jobs."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import Any

from sfml.emulator.cancellation import Cancellation
from sfml.emulator.catalog import Catalog
from sfml.emulator.context import Context
from sfml.emulator.mljobs.submit import execute_ml_job
from sfml.emulator.services.model import Service
from sfml.emulator.services.services import Services
from sfml.emulator.settings import Settings
from sfml.emulator.stages import Stages

TIMEOUT = 30


@dataclass
class Server:
    """What a test needs of a server: its jobs, and ways to submit one and wait for it."""

    settings: Settings
    catalog: Catalog
    stages: Stages
    jobs: Services
    context: Context = field(
        default_factory=lambda: Context(
            session_id=1, user="LOCAL", role="ACCOUNTADMIN", database="DB1", schema="PUBLIC"
        )
    )

    def submit(
        self,
        *command: str,
        pool: str = "POOL",
        name: str = "job_",
        options: dict[str, Any] | None = None,
        **settings: Any,
    ) -> Service:
        spec = {
            "STAGE_PATH": "@payload/job",
            "ARGS": list(command),
            "RUNTIME": "/images/run:1",
            **(options or {}),
        }
        asked = {"ASYNC": True, "GENERATE_SUFFIX": name.endswith("_"), **settings}
        return execute_ml_job(
            (name, pool, json.dumps(spec), json.dumps(asked)),
            jobs=self.jobs,
            catalog=self.catalog,
            context=self.context,
            query_id="01-query",
            require=lambda _privilege, _kind, _name: None,
        )

    def over(self, job: Service) -> Service:
        cancelled = Cancellation()
        timer = threading.Timer(TIMEOUT, cancelled.set)
        timer.start()
        try:
            return self.jobs.wait_until_over(job.name, cancelled=cancelled)
        finally:
            timer.cancel()

    def log(self, job: Service, instance: int = 0) -> str:
        return self.jobs.launcher.log(job, instance).read_text()
