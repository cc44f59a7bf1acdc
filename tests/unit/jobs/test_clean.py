"""What goes and what stays, by who uses it and for how long nobody did."""

from datetime import UTC, datetime, timedelta

from sfml import sql
from sfml.jobs.clean import decide
from sfml.jobs.depot import MARKER
from sfml.jobs.places import OurJob, StageFile

NOW = datetime(2026, 11, 21, tzinfo=UTC)
OLD = NOW - timedelta(days=20)
RECENT = NOW - timedelta(days=2)
A, B, C, D = (f"ann-{letter * 24}" for letter in "abcd")


def job(folder: str, *, status: str = "DONE", changed: datetime = OLD, name: str = "J") -> OurJob:
    return OurJob(name=sql.Name(("D", "S", name)), folder=folder, status=status, changed=changed)


def files(folder: str, *names: str, modified: datetime = OLD) -> list[StageFile]:
    return [StageFile(name=f"{folder}/train/{name}", size=5, md5=None, modified=modified) for name in names]


def clean(listed: list[StageFile], jobs: list[OurJob]) -> tuple[list[str], list[str]]:
    found = decide(listed, jobs, owner="ann", older_than=timedelta(days=14), now=NOW)
    return [str(job.name) for job in found.jobs], [part.folder for part in found.folders]


def test_decide__jobs_of_any_age_and_state__only_old_ended_ones_of_mine_go() -> None:
    jobs = [
        job(A, name="OLD"),
        job(A, name="RECENT", changed=RECENT),
        job(A, name="RUNS", status="RUNNING"),
        job(f"bob-{'a' * 24}", name="BOBS"),
    ]
    assert clean([], jobs) == (["D.S.OLD"], [])


def test_decide__payloads__unused_old_ones_of_mine_go() -> None:
    listed = [
        *files(A, "app/x", MARKER),
        *files(B, "app/x", MARKER),
        *files(C, "app/x", MARKER, modified=NOW - timedelta(hours=3)),
        *files(D, "app/x", modified=RECENT),
        *files(f"bob-{'a' * 24}", "app/x", MARKER),
        *files("ann-notes", "app/x"),
        StageFile(name="ann.txt", size=1, md5=None, modified=OLD),
    ]
    jobs, folders = clean(listed, [job(A, status="PENDING")])
    assert (jobs, folders) == ([], [B, D])


def test_decide__results_of_jobs_that_are_gone__stay_as_long_as_jobs_do() -> None:
    listed = [*files(A, "app/x", MARKER, "JOB_1/model"), *files(B, "app/x", "JOB_2/model", modified=RECENT)]
    found = decide(listed, [], owner="ann", older_than=timedelta(days=14), now=NOW)
    (part,) = found.folders
    assert (part.folder, part.files, part.size) == (A, 3, 15)
    assert part.why == "results of 1 jobs that are gone"


def test_decide__payload_of_an_expired_job__goes_with_the_job_not_beside_it() -> None:
    assert clean(files(A, "app/x", MARKER), [job(A)]) == (["D.S.J"], [])
