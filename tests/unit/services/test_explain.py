"""What is known of a job that does not run becomes one diagnosis, with the step that helps."""

from __future__ import annotations

from typing import Any

import pytest

from sfml.pools import Pool
from sfml.services.evidence import ContainerState, Event, Evidence
from sfml.services.explain import Diagnosis, diagnose
from sfml.services.signs import Cause
from sfml.specs.typed import specification

IMAGE = "/db/s/images/train:1"


def spec(*, volumes: list[dict[str, Any]] | None = None, **container: Any) -> Any:
    main = {"name": "main", "image": IMAGE, **container}
    return specification({"spec": {"containers": [main], **({"volumes": volumes} if volumes else {})}})


def pool(family: str = "CPU_X64_S", **changes: Any) -> Pool:
    values: dict[str, Any] = {
        "name": "P",
        "family": family,
        "state": "ACTIVE",
        "max_nodes": 2,
        "active_nodes": 1,
    }
    return Pool(**{**values, **changes})


def found(
    code: int | None = None, *lines: str, message: str = "", status: str = "FAILED", **changes: Any
) -> Diagnosis:
    """The diagnosis of one container that ended with this code, these lines and this message."""
    state = ContainerState(name="main", status=status, message=message, image=IMAGE, exit_code=code)
    values: dict[str, Any] = {
        "name": "D.S.J", "status": "FAILED", "containers": [state], "lines": {"main": lines},
        "spec": spec(), "pool": pool(), "role": "R",
    }  # fmt: skip
    diagnosis = diagnose(Evidence(**{**values, **changes}))
    assert diagnosis is not None
    return diagnosis


@pytest.mark.parametrize(
    ("code", "line", "cause"),
    [
        (135, "", Cause.SHARED_MEMORY),
        (1, "RuntimeError: DataLoader worker (pid 7) is killed by signal: Bus error.", Cause.SHARED_MEMORY),
        (1, "OSError: [Errno 28] No space left on device: '/psm_1f2e'", Cause.SHARED_MEMORY),
        (137, "", Cause.MEMORY),
        (1, "MemoryError: Unable to allocate 8. GiB", Cause.MEMORY),
        (1, "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate", Cause.GPU_MEMORY),
        (1, "socket.gaierror: [Errno -3] Temporary failure in name resolution", Cause.NETWORK),
        (1, "SQL access control error: Insufficient privileges to operate on table 'T'", Cause.PRIVILEGE),
        (1, "standard_init_linux.go: exec user process caused: exec format error", Cause.ARCHITECTURE),
        (126, "", Cause.NOT_EXECUTABLE),
        (127, "", Cause.COMMAND_MISSING),
        (128, 'exec: "pyhton": executable file not found in $PATH', Cause.COMMAND_MISSING),
        (139, "", Cause.CRASH),
        (134, "", Cause.CRASH),
        (143, "", Cause.ENDED),
        (3, "ValueError: bad", Cause.PROGRAM),
    ],
)
def test_diagnose__program_ended__cause_is_found(code: int, line: str, cause: Cause) -> None:
    diagnosis = found(code, line)
    assert diagnosis.cause is cause
    assert diagnosis.container == "main"
    assert cause in (Cause.PROGRAM,) or diagnosis.steps


@pytest.mark.parametrize(
    ("message", "cause", "step"),
    [
        ("Failed to pull image", Cause.IMAGE_MISSING, "docker push"),
        ("Image /db/s/images/train:1 not found", Cause.IMAGE_MISSING, "docker push"),
        ("Provided image name uses an invalid format", Cause.IMAGE_NAME, "/database/schema"),
        ("SPCS only supports image for amd64 architecture.", Cause.ARCHITECTURE, "--platform linux/amd64"),
        ("Readiness probe is failing at path: /healthz, port: 8080", Cause.PROBE, "0.0.0.0:8080"),
        ("Unschedulable due to insufficient memory resources", Cause.NO_ROOM, "sfml ps"),
        ("We have observed CAPACITY_ERROR.", Cause.NO_NODE, "another instance family"),
        (
            "Secret 'DB.S.KEY' does not exist or not authorized.",
            Cause.SECRET,
            "GRANT READ ON SECRET DB.S.KEY TO ROLE R",
        ),
        ("Encountered fatal error while starting container", Cause.COMMAND_MISSING, "ENTRYPOINT"),
        ("Container was OOMKilled due to resource usage", Cause.MEMORY, "CPU_X64_M"),
    ],
)
def test_diagnose__platform_says_why__cause_and_step(message: str, cause: Cause, step: str) -> None:
    status = "FAILED" if cause in (Cause.MEMORY, Cause.COMMAND_MISSING) else "PENDING"
    diagnosis = found(None, message=message, status=status)
    assert diagnosis.cause is cause
    assert any(step in text for text in diagnosis.steps), diagnosis.steps


def test_diagnose__message_only_in_the_events__is_found() -> None:
    event = Event(name="CONTAINER.STATUS_CHANGE", message="Failed to pull image", container="main")
    assert found(None, status="PENDING", events=[event]).cause is Cause.IMAGE_MISSING


def test_diagnose__failed_after_it_had_waited__what_it_waited_for_is_history() -> None:
    waited = Event(message="Unschedulable due to insufficient CPU resources", container="main")
    assert found(3, events=[waited]).cause is Cause.PROGRAM


def test_diagnose__nothing_speaks_of_anything__none() -> None:
    state = ContainerState(name="main", status="PENDING", message="Waiting to start")
    assert diagnose(Evidence(name="J", status="PENDING", containers=[state])) is None


def test_diagnose__killed_by_its_own_memory_volume__the_platforms_word_counts() -> None:
    said = "Container was OOMKilled due to resource usage"
    assert found(137, "Bus error", message=said).cause is Cause.MEMORY


def test_diagnose__two_containers__the_one_that_failed() -> None:
    states = [
        ContainerState(name="side", status="DONE", exit_code=0),
        ContainerState(name="main", status="FAILED", exit_code=3),
    ]
    diagnosis = diagnose(Evidence(name="J", status="FAILED", containers=states))
    assert diagnosis is not None
    assert (diagnosis.container, diagnosis.exit_code) == ("main", 3)


def test_shared_memory__no_volume__names_the_two_lines_to_add() -> None:
    steps = found(135, spec=spec(resources={"limits": {"memory": "8Gi"}})).steps
    assert "{name: dshm, source: memory, size: 2457Mi}" in steps[0]
    assert "add to main.volumeMounts:    - {name: dshm, mountPath: /dev/shm}" in steps[1]


@pytest.mark.parametrize(("now", "larger"), [("64Mi", "2457Mi"), ("4Gi", "8Gi")])
def test_shared_memory__volume_too_small__names_it_and_a_larger_size(now: str, larger: str) -> None:
    small = spec(
        volumes=[{"name": "shm", "source": "memory", "size": now}],
        volumeMounts=[{"name": "shm", "mountPath": "/dev/shm"}],
        resources={"limits": {"memory": "8Gi"}},
    )
    step = found(135, spec=small).steps[0]
    assert f"the volume shm more than {now}:    size: {larger} " in step


def test_memory__limit_below_the_node__says_which_limit() -> None:
    steps = found(137, spec=spec(resources={"limits": {"memory": "4Gi"}})).steps
    assert "main.resources.limits.memory, which is 4Gi (a node of CPU_X64_S has 13Gi)" in steps[0]


def test_memory__gpu_pool__the_larger_family_has_gpus_too() -> None:
    steps = found(137, pool=pool("GPU_NV_S")).steps
    assert "GPU_" in steps[0]


def test_room__request_is_larger_than_any_node__says_what_lacks_and_what_would_do() -> None:
    large = spec(resources={"requests": {"memory": "20Gi", "cpu": 2}})
    diagnosis = found(
        None, message="Unschedulable due to insufficient memory resources", status="PENDING", spec=large
    )
    assert "can never hold it: it requests 20Gi and CPU_X64_S has 13Gi" in diagnosis.what
    assert "a pool of CPU_X64_M" in diagnosis.steps[0]


def test_room__gpu_on_a_pool_without__says_so() -> None:
    gpu = spec(resources={"requests": {"nvidia.com/gpu": 1}, "limits": {"nvidia.com/gpu": 1}})
    diagnosis = found(None, message="Unschedulable due to insufficient resources", status="PENDING", spec=gpu)
    assert "requests 1 GPU and CPU_X64_S has 0 GPU" in diagnosis.what


def test_room__pool_is_full__says_how_to_make_it_larger() -> None:
    full = pool(active_nodes=2)
    diagnosis = found(
        None, message="Unschedulable due to insufficient CPU resources", status="PENDING", pool=full
    )
    assert "has no room for it now (CPU)" in diagnosis.what
    assert "SET MAX_NODES = 3" in diagnosis.steps[0]


def test_image__repository_was_looked_at__lists_it_and_the_nearest() -> None:
    steps = found(None, message="Failed to pull image", status="PENDING", images=["train:2", "web:1"]).steps
    assert steps[0] == "did you mean train:2?"
    assert "the repository has train:2, web:1: push train:1" in steps[1]
    assert "is empty" in found(None, message="Failed to pull image", status="PENDING", images=[]).steps[0]


def test_network__no_integration__asks_for_one_with_a_rule_for_the_host() -> None:
    line = "HTTPSConnectionPool(host='pypi.org', port=443): Max retries exceeded"
    diagnosis = found(1, line)
    assert "could not reach pypi.org" in diagnosis.what
    assert "--eai NAME, with a rule for pypi.org" in diagnosis.steps[0]
    with_one = found(1, line, integrations=["PYPI_EAI"])
    assert "no rule of its integrations (PYPI_EAI) lets it reach pypi.org" in with_one.steps[0]


def test_probe__port_is_no_endpoint__names_the_endpoints() -> None:
    web = specification(
        {
            "spec": {
                "containers": [{"name": "main", "image": IMAGE}],
                "endpoints": [{"name": "web", "port": 80}],
            }
        }
    )
    said = "Readiness probe is failing at path: /x, port: 8080"
    assert "the endpoints are at 80" in found(None, message=said, status="PENDING", spec=web).steps[0]


def test_command__of_the_spec_is_not_there__is_named() -> None:
    diagnosis = found(127, spec=spec(command=["pyhton", "x.py"]))
    assert "the image has no pyhton" in diagnosis.what
    assert "pyhton x.py" in diagnosis.steps[0]
