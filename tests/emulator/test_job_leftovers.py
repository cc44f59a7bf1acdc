"""What jobs leave behind: kept here, fetched into a folder, deleted without harm to other jobs."""

from __future__ import annotations

import json
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from sfml import jobs
from sfml.errors import InputError, JobFailedError, NotFoundError
from sfml.jobs import kept, places
from sfml.services import status

pytestmark = [pytest.mark.xdist_group("client-jobs"), pytest.mark.usefixtures("in_place")]

USER = "Tester One"
SCRIPTS = {
    "value": "import sys\nprint('hello')\n__return__ = {'args': sys.argv[1:]}\n",
    "vector": "import numpy\n__return__ = numpy.arange(3)\n",
    "raises": "raise ValueError('no number')\n",
    "endless": "import time\nwhile True:\n    time.sleep(0.1)\n",
    "writes": (
        "import pathlib, sys\n"
        "out = pathlib.Path(sys.argv[1])\n"
        "(out / 'deep').mkdir()\n"
        "(out / 'model.bin').write_bytes(bytes(range(256)) * 400)\n"
        "(out / 'deep' / 'model.bin').write_text('another')\n"
        "(out / \"it's here\").write_text('quoted')\n"
        "__return__ = sys.argv[2:]\n"
    ),
}


def staged(opened: Any) -> set[str]:
    return {row[0] for row in opened.connection.cursor().execute("LIST @SFML_JOBS_TESTER_ONE").fetchall()}


def store(place: Path, job_id: str) -> kept.Kept:
    return kept.of(place / "state", job_id)


def ended(job_id: str, opened: Any) -> None:
    deadline = time.monotonic() + 60
    while jobs.get_job_status(job_id, session=opened)["status"] not in status.TERMINAL:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_delete__job_that_was_awaited__keeps_log_and_result_here(place: Path, opened: Any, sfml: Any) -> None:
    job_id = jobs.submit_file("value.py", args=["--a"], wait=True, session=opened)["job_id"]
    answer = jobs.delete_job(job_id, session=opened)
    assert answer["job_id"] == job_id
    with pytest.raises(NotFoundError):
        jobs.delete_job(job_id, session=opened)
    assert not any(job_id.rpartition(".")[2] in name for name in staged(opened))
    code, out, _ = sfml("jobs", "result", job_id)
    assert (code, json.loads(out)) == (0, {"args": ["--a"]})
    code, out, _ = sfml("jobs", "logs", job_id)
    assert (code, out) == (0, "hello\n")
    code, out, _ = sfml("jobs", "logs", "--verbose", job_id)
    assert "ML job started" in out
    folder = store(place, job_id).folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_delete__job_that_nobody_awaited__keeps_it_first(opened: Any, sfml: Any) -> None:
    job_id = jobs.submit_file("raises.py", session=opened)["job_id"]
    ended(job_id, opened)
    code, out, _ = sfml("jobs", "delete", "-o", "json", job_id)
    assert code == 0
    (about,) = json.loads(out)
    assert Path(about["kept"], "log.txt").read_text().count("ValueError: no number") == 1
    code, _, err = sfml("jobs", "result", job_id)
    assert code == JobFailedError.exit_code
    assert "ValueError: no number" in err


def test_delete__value_that_json_cannot_hold__is_kept_too(place: Path, opened: Any) -> None:
    job_id = jobs.submit_file("vector.py", wait=True, session=opened)["job_id"]
    jobs.delete_job(job_id, session=opened)
    assert store(place, job_id).outcome().value.tolist() == [0, 1, 2]


def test_delete__running__is_refused_without_force(opened: Any, sfml: Any) -> None:
    job_id = jobs.submit_file("endless.py", session=opened)["job_id"]
    with pytest.raises(InputError, match=r"RUNNING|PENDING"):
        jobs.delete_job(job_id, session=opened)
    jobs.cancel_job(job_id, session=opened)
    ended(job_id, opened)
    assert sfml("jobs", "delete", "--dry-run", job_id)[0] == 0
    assert jobs.get_job_status(job_id, session=opened)["status"] == "CANCELLED"
    jobs.delete_job(job_id, session=opened)


def test_fetch__result_stage__as_a_whole_again_and_with_force(tmp_path: Path, opened: Any, sfml: Any) -> None:
    args = ["$MLRS_STAGE_RESULT_PATH", "${SNOWFLAKE_JOB_INDEX}/x", "$HOME"]
    answer = jobs.submit_file("writes.py", args=args, wait=True, session=opened)
    assert answer["result"] == ["0/x", "$HOME"]
    target = tmp_path / "out"
    code, _, err = sfml("jobs", "fetch", answer["job_id"], str(target))
    assert code == 0, err
    assert (target / "files/model.bin").read_bytes() == bytes(range(256)) * 400
    assert (target / "files/deep/model.bin").read_text() == "another"
    assert (target / "files/it's here").read_text() == "quoted"
    assert json.loads((target / "result.json").read_text()) == ["0/x", "$HOME"]
    assert "ML job started" in (target / "log.txt").read_text()
    assert not list(target.glob(".sfml-*"))

    (target / "files/deep/model.bin").unlink()
    before = (target / "files/model.bin").stat()
    code, out, _ = sfml("jobs", "fetch", "-o", "json", answer["job_id"], str(target))
    assert code == 0
    assert json.loads(out)["written"] == ["files/deep/model.bin"]
    assert (target / "files/model.bin").stat() == before

    (target / "files/model.bin").write_text("mine")
    (target / "files/deep/model.bin").unlink()
    code, _, err = sfml("jobs", "fetch", answer["job_id"], str(target))
    assert code == 1
    assert "--force" in err
    assert not (target / "files/deep/model.bin").exists()
    assert sfml("jobs", "fetch", "--force", answer["job_id"], str(target))[0] == 0
    assert (target / "files/model.bin").read_bytes() == bytes(range(256)) * 400


def test_delete__one_of_several_jobs_of_a_definition__leaves_the_others_alone(opened: Any) -> None:
    @jobs.remote("SYSTEM_COMPUTE_POOL_CPU", stage_name="SFML_JOBS_TESTER_ONE", session=opened)
    def double(number: int) -> int:
        return number * 2

    first, second = double(4), double(5)
    assert (first.result(), second.result()) == (8, 10)
    before = {name for name in staged(opened) if first.name not in name}
    jobs.delete_job(first.id, session=opened)
    assert staged(opened) >= before - {name for name in before if first.name in name}
    from snowflake.ml.jobs import get_job

    assert get_job(second.id, session=opened).result() == 10
    assert double(6).result() == 12


def test_remote__runtime_of_another_python__is_refused_before_anything(opened: Any) -> None:
    @jobs.remote(runtime_environment="2.6.0-py39", session=opened)
    def anything() -> None:
        pass

    with pytest.raises(InputError, match=r"Python 3\.9"):
        anything()


def test_submit_from_stage__arguments_for_the_job__reach_the_script(place: Path, opened: Any) -> None:
    cursor = opened.connection.cursor()
    cursor.execute("CREATE STAGE IF NOT EXISTS CODE")
    cursor.execute(f"PUT 'file://{place}/value.py' @CODE/project AUTO_COMPRESS = FALSE OVERWRITE = TRUE")
    for args in (["--epochs", "3"], ["--help", "$SNOWFLAKE_JOBS_COUNT"]):
        answer = jobs.submit_from_stage("@CODE/project/", "value.py", args=args, wait=True, session=opened)
        assert answer["result"] == {"args": ["1" if arg.startswith("$") else arg for arg in args]}
    with pytest.raises(NotFoundError):
        jobs.submit_from_stage("@NO_SUCH_STAGE/project/", "value.py", wait=True, session=opened)


def test_places__of_a_job__payload_is_ours(opened: Any) -> None:
    job_id = jobs.submit_file("value.py", wait=True, session=opened)["job_id"]
    found = places.places(status.job_spec(opened.connection, job_id), job_id)
    assert found.shared is not None
    assert found.shared.startswith("LOCAL.PUBLIC.SFML_JOBS_TESTER_ONE/tester_one-")
    assert found.result == f"{found.payload}/{job_id.rpartition('.')[2]}"
