"""The service specification that SYSTEM$EXECUTE_ML_JOB makes.

What the clients read in it (snowflake-ml-python 2.6.0, jobs/job.py): the container ``main`` with its ``env``
and ``volumeMounts``, the volumes ``stage-volume`` and ``result-volume``. The rest follows an older release of
that package, which still made the specification itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from sfml.emulator.faults import Fault
from sfml.specs.families import Family

# jobs/_utils/constants.py of snowflake-ml-python
CONTAINER = "main"
STAGE_VOLUME = "stage-volume"
RESULT_VOLUME = "result-volume"
MEMORY_VOLUME = "dshm"
STAGE_MOUNT_PATH = "/mnt/job_stage"
MEMORY_SHARE = 0.3
# Not in the client: the server chooses it. The reader wants the result path relative, or below this mount.
RESULT_MOUNT_PATH = "/mnt/job_result"
RESULT_FILE = "mljob_result"


def ml_job(
    options: Mapping[str, Any], *, stage: str, result: str, family: Family, minimum: int
) -> dict[str, Any]:
    """The specification; ``stage`` and ``result`` are full locations (``@db.schema.stage/path``)."""
    given = {str(name): str(value) for name, value in (options.get("ENV_VARS") or {}).items()}
    mount = given.get("MLRS_STAGE_MOUNT_PATH", STAGE_MOUNT_PATH)
    environment = {
        "MLRS_STAGE_MOUNT_PATH": mount,
        "MLRS_RESULT_PATH": RESULT_FILE,
        "MLRS_STAGE_RESULT_PATH": RESULT_MOUNT_PATH,
        "MLRS_MIN_INSTANCES": str(minimum),
        **given,
    }
    container = {
        "name": CONTAINER,
        "image": options["RUNTIME"],
        "command": [str(argument) for argument in options["ARGS"]],
        "env": environment,
        "resources": _resources(family),
        "volumeMounts": [
            {"name": MEMORY_VOLUME, "mountPath": "/dev/shm"},  # noqa: S108
            {"name": STAGE_VOLUME, "mountPath": mount},
            {"name": RESULT_VOLUME, "mountPath": RESULT_MOUNT_PATH},
        ],
    }
    streaming = bool(options.get("ENABLE_STAGE_MOUNT_V2"))
    volumes = [
        {
            "name": MEMORY_VOLUME,
            "source": "memory",
            "size": f"{math.ceil(family.memory_gib * MEMORY_SHARE)}Gi",
        },
        _stage_volume(STAGE_VOLUME, stage, streaming=streaming),
        _stage_volume(RESULT_VOLUME, result, streaming=streaming),
    ]
    spec: dict[str, Any] = {"spec": {"containers": [container], "volumes": volumes}}
    if options.get("ENABLE_METRICS"):
        spec["spec"]["platformMonitor"] = {"metricConfig": {"groups": ["system"]}}
    return checked(merge(spec, options.get("SPEC_OVERRIDES") or {}))


def merge(base: Any, over: Any) -> Any:
    """``over`` laid on ``base``: mappings by key, lists of named things by name, everything else replaced."""
    if isinstance(base, Mapping) and isinstance(over, Mapping):
        merged = {key: merge(value, over[key]) if key in over else value for key, value in base.items()}
        return {**merged, **{key: value for key, value in over.items() if key not in base}}
    if _named(base) and _named(over):
        changes = {item["name"]: item for item in over}
        kept = [merge(item, changes.pop(item["name"], {})) for item in base]
        return [*kept, *changes.values()]
    return over


def checked(spec: dict[str, Any]) -> dict[str, Any]:
    """The specification, environment values as strings; 395018 where overrides made nonsense of it."""
    containers = spec.get("spec", {}).get("containers")
    if not _named(containers) or len(containers) != 1:
        raise _bad("the local backend runs jobs of one container, named by 'spec.containers'")
    environment = containers[0].get("env", {})
    if not isinstance(environment, Mapping):
        raise _bad("invalid value for 'containers[0].env'. Expected a map")
    containers[0]["env"] = {str(name): str(value) for name, value in environment.items()}
    if not isinstance(containers[0].get("command"), list):
        raise _bad("invalid value for 'containers[0].command'. Expected a list")
    return spec


def _resources(family: Family) -> dict[str, Any]:
    amounts = {"cpu": f"{family.vcpu:g}", "memory": f"{family.memory_gib:g}Gi"}
    if family.gpu_count:
        amounts["nvidia.com/gpu"] = str(family.gpu_count)
    return {"requests": dict(amounts), "limits": dict(amounts)}


def _stage_volume(name: str, location: str, *, streaming: bool) -> dict[str, Any]:
    if streaming:
        return {"name": name, "source": "stage", "stageConfig": {"name": location}}
    return {"name": name, "source": location}


def _named(items: Any) -> bool:
    return isinstance(items, list) and all(isinstance(item, Mapping) and "name" in item for item in items)


def _bad(problem: str) -> Fault:
    return Fault("395018", "22023", f"Invalid spec: {problem}.")
