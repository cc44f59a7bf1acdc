"""What goes with a job, and what stays for the sake of others."""

from sfml.jobs.delete import decide
from sfml.jobs.places import Places
from sfml.services.status import JobStatus

STATUS = JobStatus(
    job_id="D.S.J",
    status="DONE",
    compute_pool="P",
    nodes=1,
    owner="R",
    created=None,
    ended=None,
    message=None,
)
OURS = Places(payload=f"S/ann-{'0' * 24}/train", result=f"S/ann-{'0' * 24}/train/J")


def test_decide__alone_on_its_payload__all_of_it() -> None:
    assert decide(STATUS, OURS, ()).remove == (f"S/ann-{'0' * 24}",)


def test_decide__others_use_the_payload__its_results_only() -> None:
    found = decide(STATUS, OURS, ("D.S.OTHER",))
    assert found.remove == (OURS.result,)
    assert found.needed_by == ("D.S.OTHER",)


def test_decide__payload_of_another_tool__its_results_only() -> None:
    assert decide(STATUS, Places(payload="S/train_1", result="S/train_1/J"), ()).remove == ("S/train_1/J",)


def test_decide__results_that_are_not_its_own__nothing() -> None:
    assert decide(STATUS, Places(payload="S/train_1", result=None), ()).remove == ()
