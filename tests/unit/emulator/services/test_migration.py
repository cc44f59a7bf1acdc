"""State directories of the format before services."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from sfml.emulator.catalog import FORMAT, Catalog, Kind, Name
from sfml.emulator.services.model import from_record, properties
from sfml.emulator.services.states import ContainerStatus, Status

# What a finished job of two instances was in format 1.
INSTANCE = {
    "status": "SUCCEEDED", "message": "Completed successfully", "placed_on": "2026-01-01T00:00:00+00:00",
    "started_on": "2026-01-01T00:00:01+00:00", "ended_on": "2026-01-01T00:00:02+00:00", "exit_code": 0,
}  # fmt: skip
JOB = {
    "is_job": True, "status": "DONE", "message": "Job completed successfully.", "pool": "POOL",
    "spec": {"spec": {"containers": [{"name": "main", "image": "/i:1", "command": ["true"]}]}},
    "spec_digest": "ab" * 32, "minimum": 2, "asynchronous": True,
    "instances": [{"id": 0, **INSTANCE}, {"id": 1, **INSTANCE, "status": "FAILED", "exit_code": 3}],
    "query_id": "01", "query_warehouse": None, "integrations": [],
    "resumed_on": "2026-01-01T00:00:01+00:00", "completed_on": "2026-01-01T00:00:02+00:00",
}  # fmt: skip
NAME = Name(name="JOB1", schema="PUBLIC", database="DB1")


def test_catalog__job_of_format_one__is_a_service_with_containers(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    catalog = Catalog(path)
    catalog.create(Kind.SERVICE, NAME, owner="R", properties=JOB)
    catalog.close()
    database = sqlite3.connect(path)
    database.execute("pragma user_version = 1")
    database.commit()
    database.close()
    catalog = Catalog(path)
    record = catalog.get(Kind.SERVICE, NAME)
    catalog.close()
    assert record
    job = from_record(record)
    assert (job.status, job.replicas, job.maximum, job.over) == (Status.DONE, 2, 2, True)
    containers = [container for instance in job.instances for container in instance.containers]
    assert [one.status for one in containers] == [ContainerStatus.DONE, ContainerStatus.FAILED]
    assert [one.exit_code for one in containers] == [0, 3]
    assert job.instances[0].spec_digest == job.spec_digest
    assert json.loads(json.dumps(properties(job))) == dict(record.properties)
    assert FORMAT == 2
