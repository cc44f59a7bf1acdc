"""The templates in specs/: every sample renders; the three jobs equal their description node for node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from sfml.specs.render import Sources, render
from sfml.specs.validate import check_text
from sfml.specs.values import load_values, merge

SPECS = Path(__file__).parents[3] / "specs"
TEMPLATES = sorted(path.relative_to(SPECS).as_posix() for path in SPECS.glob("*/*.yaml.j2"))


def text_of(template: str, changes: dict[str, Any] | None = None) -> str:
    path = SPECS / template
    values = load_values([path.with_name(path.name.replace(".yaml.j2", ".values.yaml"))])
    return render(path, merge(values, changes or {}), library=[SPECS])


def rendered(template: str, changes: dict[str, Any] | None = None) -> Any:
    return yaml.safe_load(text_of(template, changes))


def described(args: list[str]) -> dict[str, Any]:
    """One of the three jobs, written down from its description, with what all three share."""
    return {
        "spec": {
            "containers": [
                {
                    "name": "main",
                    "image": "/monad_db/data_schema/image_repository/monad:latest",
                    "env": {
                        "SNOWFLAKE_WAREHOUSE": "monad_warehouse",
                        "SNOWFLAKE_DATABASE": "HM_KAGGLE",
                        "SNOWFLAKE_SCHEMA": "PUBLIC",
                    },
                    "command": ["python"],
                    "args": args,
                    "resources": {"limits": {"nvidia.com/gpu": 1}, "requests": {"nvidia.com/gpu": 1}},
                    "volumeMounts": [
                        {"name": "monad-stage", "mountPath": "/app/monad_stage"},
                        {"name": "dev-shm", "mountPath": "/dev/shm"},
                    ],
                }
            ],
            "volumes": [
                {
                    "name": "monad-stage",
                    "source": "stage",
                    "stageConfig": {"name": "@monad_db.data_schema.monad_stage"},
                    "uid": 1000,
                    "gid": 1000,
                },
                {"name": "dev-shm", "source": "memory", "size": "48Gi"},
            ],
        }
    }


JOBS = {
    "pretrain": [
        "/app/monad_stage/scripts/pretrain.py",
        "--config", "/app/monad_stage/configs/fm_config.yaml",
        "--features-path", "/app/monad_stage/fm_output",
    ],
    "train": [
        "/app/monad_stage/scripts/train.py",
        "--checkpoint-dir", "/app/monad_stage/fm_output",
        "--save-path", "/app/monad_stage/scenario_output",
    ],
    "predict": [
        "/app/monad_stage/scripts/predict.py",
        "--save-path", "/app/monad_stage/predictions",
        "--checkpoint-dir", "/app/monad_stage/scenario_output/checkpoints",
    ],
}  # fmt: skip


@pytest.mark.parametrize("job", JOBS)
def test_job__with_the_described_image_and_shm__equals_the_description_node_for_node(job: str) -> None:
    changes = {
        "container_image": "/monad_db/data_schema/image_repository/monad:latest",
        "shm": {"size": "48Gi"},
    }
    assert rendered(f"job/{job}.yaml.j2", changes) == described(JOBS[job])


@pytest.mark.parametrize("job", JOBS)
def test_job__by_default__takes_thirty_percent_of_the_node_for_shm(job: str) -> None:
    volumes = rendered(f"job/{job}.yaml.j2")["spec"]["volumes"]
    assert volumes[1] == {"name": "dev-shm", "source": "memory", "size": "8Gi"}  # of GPU_NV_S's 28 GiB


def test_pretrain__resume__is_appended() -> None:
    spec = rendered("job/pretrain.yaml.j2", {"extra_args": ["--resume"]})
    assert spec["spec"]["containers"][0]["args"] == [*JOBS["pretrain"], "--resume"]


@pytest.mark.parametrize("template", TEMPLATES)
def test_template__with_its_sample__mounts_what_it_declares(template: str) -> None:
    spec = rendered(template)["spec"]
    [container] = spec["containers"]
    assert [m["name"] for m in container.get("volumeMounts", [])] == [
        v["name"] for v in spec.get("volumes", [])
    ]
    assert container["image"].startswith("/")


@pytest.mark.parametrize("template", TEMPLATES)
def test_template__with_its_sample__has_neither_error_nor_warning(template: str) -> None:
    assert check_text(text_of(template), file=template).problems == ()


def test_pretrain__shm_as_described__is_warned_of() -> None:
    [problem] = check_text(text_of("job/pretrain.yaml.j2", {"shm": {"size": "48Gi"}})).problems
    assert (problem.rule, problem.severity, problem.path) == ("SPCS088", "warning", "volumes[1].size")
    assert "larger than the memory of a node of GPU_NV_S (28Gi)" in problem.message


@pytest.mark.parametrize("template", TEMPLATES)
def test_template__image_by_name__asks_the_resolver(template: str, tmp_path: Path) -> None:
    path = SPECS / template
    values = load_values([path.with_name(path.name.replace(".yaml.j2", ".values.yaml"))])
    del values["container_image"]
    sources = Sources(image=lambda name: f"/d/s/r/{name}@sha256:0")
    text = render(path, {**values, "from_image": "dev-gpu"}, sources=sources, library=[SPECS])
    assert yaml.safe_load(text)["spec"]["containers"][0]["image"] == "/d/s/r/dev-gpu@sha256:0"


def test_base__no_volume_at_all__leaves_out_both_lists() -> None:
    spec = rendered("service/service.yaml.j2")["spec"]
    assert "volumes" not in spec
    assert "volumeMounts" not in spec["containers"][0]


def test_replica_job__several_ports__opens_each() -> None:
    spec = rendered("job/replica-job.yaml.j2", {"ports": [29500, 29501]})["spec"]
    assert [(e["port"], e["protocol"]) for e in spec["endpoints"]] == [(29500, "TCP"), (29501, "TCP")]


NASTY = "it's: [a]\nimage: /evil/x/y/z:1 #'; DROP TABLE x; $$ {{ 7 }} größe-名前"


def test_template__nasty_values__stay_values() -> None:
    changes = {
        "env": {NASTY: NASTY},
        "command": [NASTY],
        "args": [NASTY, 1, True],
        "stage": {"mount": "/" + NASTY},
    }
    spec = rendered("job/cpu-job.yaml.j2", changes)["spec"]
    [container] = spec["containers"]
    assert container["env"] == {"LOG_LEVEL": "info", NASTY: NASTY}
    assert container["command"] == [NASTY]
    assert container["args"] == [NASTY, "1", "true"]
    assert container["volumeMounts"][0]["mountPath"] == "/" + NASTY
    assert container["image"] == "/ml_dev/public/images/dev:1.0"


def test_template__nasty_family__cannot_leave_the_comment_for_the_checker() -> None:
    path = SPECS / "job/cpu-job.yaml.j2"
    values = load_values([path.with_name("cpu-job.values.yaml")]) | {
        "instance_family": NASTY,
        "shm": {"size": "1Gi"},
    }
    first, second, *_ = render(path, values, library=[SPECS]).splitlines()
    assert first.startswith("# sfml: kind=job family=it's")
    assert second == "spec:"


def test_dev_box__sample__keeps_home_on_a_block_volume_and_has_its_doors() -> None:
    spec = rendered("service/dev-box.yaml.j2")["spec"]
    assert spec["volumes"][0] == {"name": "home", "source": "block", "size": "50Gi", "uid": 1000, "gid": 1000}
    assert {e["name"]: (e["port"], e["public"]) for e in spec["endpoints"]} == {
        "ssh": (8022, True),
        "code": (8080, True),
        "jupyter": (8888, True),
    }
