"""The deciders of jobs: names, specification, runtime, scheduling, states, pools, logs."""

from __future__ import annotations

import json
import struct
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from sfml.emulator.catalog import Kind, Name, Record
from sfml.emulator.context import Context
from sfml.emulator.faults import Fault
from sfml.emulator.mljobs import runtimes, spec
from sfml.emulator.services import logs, names, pools
from sfml.emulator.services.launch import size
from sfml.emulator.services.pools import PoolState, Usage
from sfml.emulator.services.rendering import render
from sfml.emulator.services.scheduling import Demand, place
from sfml.emulator.services.states import JOB, SERVICE, InstanceStatus, Status, status_of
from sfml.specs.families import FAMILIES

HERE = Context(session_id=1, user="U", role="R", database="DB1", schema="PUBLIC")
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "stem"),
    [
        ("DB1.PUBLIC.train_241ca021_", "DB1.PUBLIC.TRAIN_241CA021_"),
        ("train_", "DB1.PUBLIC.TRAIN_"),
        ('db1."lower".train_', "DB1.lower.TRAIN_"),
        ('DB1.PUBLIC."my job"_', "DB1.PUBLIC.my job_"),
    ],
)
def test_job_name__asks_for_a_suffix__gets_one_of_twelve_digits(text: str, stem: str) -> None:
    name = str(names.job_name(text, HERE, suffix=True))
    assert name.startswith(stem)
    assert len(name) == len(stem) + 12


def test_job_name__without_suffix__is_resolved_only() -> None:
    assert str(names.job_name("train", HERE, suffix=False)) == "DB1.PUBLIC.TRAIN"


@pytest.mark.parametrize("text", ["", "a.b.c.d", "1abc", "a b", "a'; DROP TABLE x", '"open'])
def test_job_name__not_an_identifier__is_refused(text: str) -> None:
    with pytest.raises(Fault, match="Invalid identifier"):
        names.job_name(text, HERE, suffix=True)


def test_written__name_needs_quotes__can_be_parsed_again() -> None:
    name = Name(name='a "b"', schema="low", database="DB1")
    assert names.written(name) == 'DB1."low"."a ""b"""'
    assert names.job_name(names.written(name), HERE, suffix=False) == name


@pytest.mark.parametrize(
    ("text", "stage", "path"),
    [
        ("@payload/job", "DB1.PUBLIC.PAYLOAD", "job"),
        ("@db2.s.payload/a/b/", "DB2.S.PAYLOAD", "a/b"),
        ('@"my stage"', "DB1.PUBLIC.my stage", ""),
    ],
)
def test_stage_location__of_a_named_stage__is_split(text: str, stage: str, path: str) -> None:
    found, inside = names.stage_location(text, HERE)
    assert (str(found), inside) == (stage, path)


@pytest.mark.parametrize("text", ["payload/job", "@", "@s/../../etc", "snow://x/y"])
def test_stage_location__not_in_a_stage__is_refused(text: str) -> None:
    with pytest.raises(Fault, match="Invalid stage location"):
        names.stage_location(text, HERE)


def ml_job(**options: Any) -> dict[str, Any]:
    given = {"ARGS": ["bash", "x.sh", 3], "RUNTIME": "/images/run:1", **options}
    return spec.ml_job(
        given, stage="@DB1.PUBLIC.S/j", result="@DB1.PUBLIC.S/j/J", family=FAMILIES["CPU_X64_XS"], minimum=2
    )


def test_ml_job__plain_options__has_what_the_client_reads() -> None:
    built = ml_job(ENV_VARS={"A": 1}, ENABLE_STAGE_MOUNT_V2=True)["spec"]
    (container,) = built["containers"]
    assert container["name"] == "main"
    assert container["command"] == ["bash", "x.sh", "3"]
    assert container["env"]["A"] == "1"
    assert container["env"]["MLRS_MIN_INSTANCES"] == "2"
    volumes = {volume["name"]: volume for volume in built["volumes"]}
    assert volumes["stage-volume"]["stageConfig"]["name"] == "@DB1.PUBLIC.S/j"
    assert volumes["result-volume"]["stageConfig"]["name"] == "@DB1.PUBLIC.S/j/J"
    assert {mount["name"] for mount in container["volumeMounts"]} == set(volumes)


def test_ml_job__overrides__are_laid_over_by_container_name() -> None:
    over = {
        "spec": {"containers": [{"name": "main", "env": {"B": 2}, "secrets": [{"x": 1}]}]},
        "capabilities": {"securityContext": {"executeAsCaller": True}},
    }
    built = ml_job(ENV_VARS={"A": 1}, SPEC_OVERRIDES=over)
    (container,) = built["spec"]["containers"]
    assert (container["env"]["A"], container["env"]["B"]) == ("1", "2")
    assert container["secrets"] == [{"x": 1}]
    assert built["capabilities"] == over["capabilities"]


@pytest.mark.parametrize(
    "over",
    [
        {"containers": "none"},
        {"containers": [{"name": "second"}]},
        {"containers": [{"name": "main", "env": "A=1"}]},
        {"containers": [{"name": "main", "command": "bash"}]},
    ],
)
def test_ml_job__overrides_break_it__is_refused(over: dict[str, Any]) -> None:
    with pytest.raises(Fault) as caught:
        ml_job(SPEC_OVERRIDES={"spec": over})
    assert caught.value.code == "395018"


def test_render__specification__is_yaml_with_quoted_strings() -> None:
    built = ml_job(ENV_VARS={"A": 1, "ANSWER": "no"})
    text = render(built, registry="host", images={})
    assert text.startswith("---\nspec:\n")
    assert 'A: "1"' in text
    assert 'ANSWER: "no"' in text
    shown = yaml.safe_load(text)["spec"]["containers"][0]
    assert shown["image"] == "host/images/run:1"
    assert len(shown["sha256"]) == len("@sha256:") + 64
    assert shown["env"] == built["spec"]["containers"][0]["env"]


@pytest.mark.parametrize(
    ("selector", "tag"),
    [
        ("", f"{runtimes.LATEST}-py"),
        ("2.6.0", "2.6.0-py"),
        (json.dumps({"pythonVersion": PYTHON}), f"{runtimes.LATEST}-py"),
        (json.dumps({"pythonVersion": PYTHON, "runtimeEnvironment": "2.6.0"}), "2.6.0-py"),
    ],
)
def test_choose__tag_or_nothing__is_an_image_for_this_python(selector: str, tag: str) -> None:
    image = runtimes.choose(selector, FAMILIES["CPU_X64_XS"])
    assert image.startswith("/snowflake/images/")
    assert image.endswith(f":{tag}{PYTHON.replace('.', '')}")


@pytest.mark.parametrize("pin", ["2.9", "2.9.0", "2.9.99", f"2.9.3-py{PYTHON}"])
def test_choose__patch_level_in_the_pin__does_not_count(pin: str) -> None:
    image = runtimes.choose("2.9", FAMILIES["CPU_X64_XS"])
    whole = f"{image.rpartition(':')[0]}:{pin}"
    assert runtimes.choose(pin, FAMILIES["CPU_X64_XS"]) == image
    assert runtimes.choose(json.dumps({"runtimeEnvironment": whole}), FAMILIES["CPU_X64_XS"]) == image


def test_choose__family_has_gpus__is_the_gpu_image() -> None:
    assert "generic_gpu" in runtimes.choose("", FAMILIES["GPU_NV_S"])


def test_choose__whole_image__is_taken() -> None:
    assert runtimes.choose("/db/s/repo/img:2", FAMILIES["CPU_X64_XS"]) == "/db/s/repo/img:2"


@pytest.mark.parametrize(
    "selector",
    [
        '{"pythonVersion": "2.7"}',
        "2.6.0-py27",
        "latest",
        "/db/s/repo/img",
        "cre@mine",
        "{broken",
        "x'); DROP TABLE y",
    ],
)
def test_choose__cannot_be_had__is_refused(selector: str) -> None:
    with pytest.raises(Fault):
        runtimes.choose(selector, FAMILIES["CPU_X64_XS"])


@pytest.mark.parametrize(
    ("demands", "free", "started"),
    [
        ([(1, (0,), 1), (2, (0,), 1)], 1, [(1, 0)]),
        ([(1, (0, 1, 2), 3), (2, (0,), 1)], 2, [(2, 0)]),
        ([(1, (0, 1, 2), 2)], 2, [(1, 0), (1, 1)]),
        ([(1, (2,), 1)], 5, [(1, 2)]),
        ([(1, (), 1)], 5, []),
        ([(1, (0,), 1)], 0, []),
    ],
)
def test_place__demands_and_free_nodes__starts_what_fits(
    demands: list[tuple[int, tuple[int, ...], int]], free: int, started: list[tuple[int, int]]
) -> None:
    asked = [Demand(job=job, waiting=waiting, minimum=minimum) for job, waiting, minimum in demands]
    assert place(asked, free) == started


P, R, S, F = (
    InstanceStatus.PENDING,
    InstanceStatus.READY,
    InstanceStatus.SUCCEEDED,
    InstanceStatus.FAILED,
)


@pytest.mark.parametrize(
    ("instances", "minimum", "status"),
    [
        ([P, P], 2, Status.PENDING),
        ([R, P], 1, Status.RUNNING),
        ([S, R], 2, Status.RUNNING),
        ([S, P], 2, Status.RUNNING),
        ([S, P], 1, Status.DONE),
        ([S, S], 2, Status.DONE),
        ([S, F], 2, Status.FAILED),
        ([R, F], 2, Status.FAILED),
    ],
)
def test_status_of__instances__give_the_jobs_status(
    instances: list[InstanceStatus], minimum: int, status: Status
) -> None:
    assert status_of(instances, minimum) is status


def test_transitions__final_states__lead_nowhere() -> None:
    final = {status for status in JOB if not JOB[status]}
    assert final == {
        Status.DONE, Status.FAILED, Status.CANCELLED, Status.INTERNAL_ERROR, Status.DELETED,
    }  # fmt: skip
    assert set(JOB) | set(SERVICE) == set(Status)


def pool(**changes: Any) -> Record:
    kept = {
        "instance_family": "CPU_X64_XS", "min_nodes": 1, "max_nodes": 3, "auto_resume": True,
        "auto_suspend_secs": 600, "suspended": False, "resumed_on": NOON.isoformat(), **changes,
    }  # fmt: skip
    return Record(kind=Kind.COMPUTE_POOL, name=Name(name="P"), owner="R", properties=kept)


@pytest.mark.parametrize(
    ("suspended", "nodes", "after", "state", "target", "idle"),
    [
        (False, 0, 0, PoolState.STARTING, 1, 0),
        (False, 0, 5, PoolState.IDLE, 1, 1),
        (False, 1, 0, PoolState.ACTIVE, 1, 0),
        (False, 2, 5, PoolState.ACTIVE, 2, 0),
        (True, 1, 5, PoolState.STOPPING, 0, 0),
        (True, 0, 5, PoolState.SUSPENDED, 0, 0),
    ],
)
def test_view__pool_with_nodes_in_use__has_state_and_counts(
    *, suspended: bool, nodes: int, after: int, state: PoolState, target: int, idle: int
) -> None:
    seen = pools.view(pool(suspended=suspended), Usage(nodes=nodes), NOON + timedelta(seconds=after))
    assert (seen.state, seen.target_nodes, seen.idle_nodes) == (state, target, idle)


@pytest.mark.parametrize(
    ("usage", "changes", "after", "late"),
    [
        (Usage(), {}, 601, True),
        (Usage(), {}, 599, False),
        (Usage(last=NOON + timedelta(seconds=300)), {}, 601, False),
        (Usage(jobs=1), {}, 601, False),
        (Usage(), {"auto_suspend_secs": 0}, 99999, False),
        (Usage(), {"suspended": True}, 601, False),
    ],
)
def test_idle_too_long__unused_pool__only_after_its_time(
    usage: Usage, changes: dict[str, Any], after: int, *, late: bool
) -> None:
    assert pools.idle_too_long(pool(**changes), usage, NOON + timedelta(seconds=after)) is late


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"instance_family": "CPU_X64_XXS"}, "CPU_X64_XXS"),
        ({"min_nodes": 0}, "MIN_NODES"),
        ({"max_nodes": 0}, "MAX_NODES"),
        ({"auto_suspend_secs": -1}, "AUTO_SUSPEND_SECS"),
    ],
)
def test_check__pool_cannot_be__names_the_value(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(Fault, match=text):
        pools.check({**pool().properties, **changes})


def written(path: Path, *chunks: bytes) -> Path:
    """A log in which each chunk was written one second after the one before."""
    times = b""
    for number, chunk in enumerate(chunks):
        with path.open("ab") as file:
            file.write(chunk)
        times += struct.pack("<dQ", NOON.timestamp() + number, path.stat().st_size)
    path.with_name(path.name + ".times").write_bytes(times)
    return path


def test_timed__lines_over_several_writes__each_has_the_time_that_completed_it(tmp_path: Path) -> None:
    log = written(tmp_path / "log", b"one\ntw", b"o\nthree\n", b"four")
    found = [(line.text, (line.at - NOON).seconds) for line in logs.timed(log)]
    assert found == [("one", 0), ("two", 1), ("three", 1), ("four", 2)]


def test_timed__time_of_the_last_write_is_not_there_yet__its_lines_wait(tmp_path: Path) -> None:
    log = written(tmp_path / "log", b"a\n", b"b\n")
    with log.open("ab") as file:
        file.write(b"c\n")
    assert [line.text for line in logs.timed(log)] == ["a", "b"]


def test_timed__with_bounds__leaves_out_the_rest(tmp_path: Path) -> None:
    log = written(tmp_path / "log", b"a\n", b"b\n", b"c\n")
    after, until = NOON + timedelta(seconds=1), NOON + timedelta(seconds=1)
    assert [line.text for line in logs.timed(log, after=after)] == ["b", "c"]
    assert [line.text for line in logs.timed(log, until=until)] == ["a", "b"]


def test_tail__more_than_the_limit__begins_with_a_whole_line(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("".join(f"line {number}\n" for number in range(1000)))
    assert logs.tail(log, limit=20) == "line 998\nline 999"


def test_tail__one_line_beyond_the_limit__is_its_end(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("x" * 50 + "end\n")
    assert logs.tail(tmp_path / "log", limit=10) == "xxxxxxend"


@pytest.mark.parametrize(("lines", "text"), [(2, "b\nc"), (9, "a\nb\nc"), (0, "")])
def test_tail__some_lines__are_the_last(tmp_path: Path, lines: int, text: str) -> None:
    (tmp_path / "log").write_text("a\nb\nc\n")
    assert logs.tail(tmp_path / "log", lines=lines) == text


def test_tail__bytes_that_are_no_text__are_replaced(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"\xff\xfeok\n")
    assert logs.tail(tmp_path / "log").endswith("ok")


def test_tail__no_log__is_empty(tmp_path: Path) -> None:
    assert logs.tail(tmp_path / "none") == ""
    assert list(logs.timed(tmp_path / "none")) == []


@pytest.mark.parametrize(
    ("text", "count"), [("2Gi", 2 << 30), ("0.5Gi", 1 << 29), ("100M", 10**8), ("7", 7), (None, None)]
)
def test_size__quantity__is_in_bytes(text: str | None, count: int | None) -> None:
    assert size(text) == count
