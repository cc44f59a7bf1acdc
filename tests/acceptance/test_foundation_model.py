"""A foundation model from account set-up to predictions, in containers; and with too little /dev/shm."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from programs import Run, remove_images

ROOT = Path(__file__).parents[2]
PARTS = Path(__file__).parent / "monad"
BEFORE = """\
connection: local
executor: docker
"""
AFTER = f"""\
{BEFORE}database: monad_db
schema: data_schema
stage: monad_db.data_schema.monad_stage
compute_pool: monad_compute_pool_gpu
"""
SETUP = (
    "--owner-role", "monad_role", "--database", "monad_db", "--schema", "data_schema",
    "--stage", "monad_stage", "--repository", "image_repository",
    "--pool", "monad_compute_pool_gpu", "--family", "GPU_NV_S",
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _account(engine: str, project: Path, sfml: Run) -> Iterator[None]:
    """The account set up, and the image in its repository."""
    if subprocess.run([engine, "buildx", "version"], capture_output=True, check=False).returncode:
        pytest.skip("no container engine with buildx: run .ci/prepare")
    shutil.copytree(PARTS, project / "images" / "monad", ignore=shutil.ignore_patterns("stage"))
    (project / "images" / "build-env.sh").write_text("")
    for settings, command in (
        (BEFORE, ("local", "start", "--fake-gpu")),
        (BEFORE, ("account", "setup", "--apply", *SETUP)),
        (AFTER, ("image", "push", "monad", "--repository", "monad_db.data_schema.image_repository")),
    ):
        (project / "sfml.yaml").write_text(settings)
        done = sfml(*command, timeout=600)
        assert done.returncode == 0, done.stderr
    yield
    sfml("local", "stop")  # its containers still hold the image
    remove_images(engine, "monad")


def run(sfml: Run, step: str, *more: str) -> subprocess.CompletedProcess[str]:
    values = ROOT / "specs" / "job" / f"{step}.values.yaml"
    return sfml("run", step, "--values", values, "--set", "from_image=monad", *more)


def test_foundation_model__pretrain_train_predict__leave_predictions_on_the_stage(
    sfml: Run, project: Path
) -> None:
    put = ("--put", f"{PARTS / 'stage'}:@monad_db.data_schema.monad_stage")
    for step, more in (("pretrain", put), ("train", ()), ("predict", ())):
        done = run(sfml, step, *more)
        assert done.returncode == 0, done.stderr
        assert "wrote /app/monad_stage/" in done.stdout
    (predictions,) = (project / ".sfml/local/stages").rglob("predictions.json")
    # Each of the four batches sums up to 0 + 1 + … + 31; pretraining makes two.
    assert json.loads(predictions.read_text()) == {"score": 4 * sum(range(32))}


@pytest.mark.parametrize(
    ("step", "more", "code"),
    [
        ("pretrain", ("--set", "extra_args=[--overwrite]"), 1),
        ("train", (), 1),
        ("predict", (), 135),  # no workers: SIGBUS ends the program itself
    ],
)
def test_foundation_model__too_little_shared_memory__exit_code_and_the_line_to_change(
    step: str, more: tuple[str, ...], code: int, sfml: Run
) -> None:
    done = run(sfml, step, *more, "--set", "shm.size=16Mi", "--propagate-exit-code")
    assert done.returncode == code, done.stderr
    assert f"main: /dev/shm is too small (exit code {code})" in done.stderr
    assert "give the volume dev-shm more than 16Mi:    size: 8Gi" in done.stderr
