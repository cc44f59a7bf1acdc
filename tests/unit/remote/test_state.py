"""A box's state from SHOW, and waiting for it."""

from __future__ import annotations

from typing import Any

import pytest

from sfml.errors import JobFailedError, NotFinishedError, NotFoundError, RefusedError
from sfml.remote import door, state
from sfml.sql import Name
from sfml.steps import Rows

SERVICE = Name(("ML_DEV", "PUBLIC", "ML_DEV_BOX_ANA"))
SENTENCE = "Endpoints provisioning in progress... check back in a few minutes"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Service:
    """Answers SHOW for a box that goes through ``stages`` of (status, container, endpoint)."""

    def __init__(self, *stages: tuple[str, str | None, str]) -> None:
        self.stages = [*stages]

    def __call__(self, statement: str) -> Rows:
        status, container, host = self.stages[0]
        if statement.startswith("SHOW SERVICES"):
            return [{"name": SERVICE.last, "status": status}]
        if statement.startswith("SHOW ENDPOINTS"):
            return [{"name": "ssh", "ingress_url": host}, {"name": "code", "ingress_url": ""}]
        if statement.startswith("SHOW SERVICE CONTAINERS"):
            row = self._container(container)
            if len(self.stages) > 1:
                del self.stages[0]
            return [row]
        raise RefusedError("not to be seen")

    @staticmethod
    def _container(status: str | None) -> dict[str, Any]:
        return {
            "container_name": "main" if status else None,
            "instance_id": "0",
            "status": status,
            "message": "Waiting to start" if status == "PENDING" else "",
            "image_name": "",
            "restart_count": 0,
            "last_exit_code": None,
        }


def wait(service: Service, seconds: float = 100) -> tuple[state.BoxState, list[str]]:
    clock, said = Clock(), list[str]()
    found = state.wait_until_ready(
        service, SERVICE, seconds=seconds, report=said.append, clock=clock, sleep=clock.sleep
    )
    return found, said


def test_wait__box_comes_up__says_each_new_thing_once() -> None:
    found, said = wait(
        Service(
            ("PENDING", None, SENTENCE),
            ("PENDING", "PENDING", SENTENCE),
            ("PENDING", "PENDING", SENTENCE),
            ("RUNNING", "READY", SENTENCE),
            ("RUNNING", "READY", "abc-org-acct.snowflakecomputing.app"),
        )
    )
    assert found.endpoints == {"ssh": "https://abc-org-acct.snowflakecomputing.app"}
    assert said == [
        "the service is PENDING",
        "the service is PENDING; main: Waiting to start",
        "its address is being made",
    ]


def test_pause__often_at_first__then_every_two_seconds() -> None:
    assert [state.pause(passed) for passed in (0, 1, 5, 20, 40, 600)] == [0.25, 0.25, 0.25, 1, 2, 2]


def test_wait__never_ready__tells_what_was_last_seen() -> None:
    with pytest.raises(NotFinishedError, match="main: Waiting to start") as error:
        wait(Service(("RUNNING", "PENDING", SENTENCE)), seconds=10)
    assert "state: RUNNING" in str(error.value.hint)


def test_wait__service_failed__ends_at_once() -> None:
    with pytest.raises(JobFailedError, match="FAILED"):
        wait(Service(("FAILED", "FAILED", SENTENCE)))


def test_read__no_service__is_not_found() -> None:
    with pytest.raises(NotFoundError):
        state.read(lambda _: [], SERVICE)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("a-b.snowflakecomputing.app", "https://a-b.snowflakecomputing.app"),
        ("http://x.localhost:4000/", "http://x.localhost:4000"),
        ("x.localhost:4000", "http://x.localhost:4000"),
        ("127.0.0.1:4000", "http://127.0.0.1:4000"),
        ("localhost.example.org", "https://localhost.example.org"),
    ],
)
def test_url__host__has_its_scheme(host: str, url: str) -> None:
    assert state.url(host) == url


def ask(*answers: tuple[int, str] | OSError) -> Any:
    left = [*answers]

    def next_answer() -> tuple[int, str]:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, OSError):
            raise answer
        return answer

    return next_answer


def host_key(*answers: tuple[int, str] | OSError) -> tuple[str, list[str]]:
    clock, said = Clock(), list[str]()
    key = door.host_key(ask(*answers), seconds=20, report=said.append, clock=clock, sleep=clock.sleep)
    return key, said


def test_host_key__door_opens_late__is_waited_for() -> None:
    key, said = host_key(
        ConnectionRefusedError("refused"), (503, "no service hosts found"), (200, "ssh-ed25519 A")
    )
    assert key == "ssh-ed25519 A"
    assert [line[8:] for line in said] == [
        "its door does not answer: refused",
        "its door answers 503: no service hosts found",
    ]


def test_host_key__no_login__is_refused_at_once() -> None:
    with pytest.raises(RefusedError, match="302"):
        host_key((302, ""))


def test_host_key__never__ends_in_time() -> None:
    with pytest.raises(NotFinishedError, match="403"):
        host_key((403, "could not find service"))


def test_story__box_runs__has_what_could_not_be_asked_too() -> None:
    text = state.story(Service(("RUNNING", "PENDING", "h")), SERVICE)
    assert text.splitlines() == [
        "state: RUNNING",
        "container main: PENDING Waiting to start (restarts: 0)",
        "(not to be seen)",
        "(not to be seen)",
    ]


def test_story__box_is_stopped__looks_for_no_log() -> None:
    text = state.story(Service(("SUSPENDED", None, "h")), SERVICE)
    assert text.splitlines() == [
        "state: SUSPENDED",
        "it is stopped: sfml up starts it, with its home as it was",
        "(not to be seen)",
    ]


def test_story__no_box__says_how_to_make_one() -> None:
    assert state.story(lambda _: [], SERVICE) == f"there is no box {SERVICE}: sfml up makes one"
