"""More of what one container is given, and gives."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from pods import Runs, api, executor, left, runs, server
from sfml.emulator.executors import words
from sfml.emulator.executors.base import LogFiles
from sfml.emulator.executors.docker.executor import DockerExecutor

__all__ = ["api", "executor", "runs", "server"]


def test_run__bytes_that_are_no_text__are_kept_as_they_are_with_times(runs: Runs) -> None:
    container = runs.script(r"printf '\377\376\000x\n'; printf tail")
    assert runs.start(container).ended().code == 0

    assert container.log.read_bytes() == b"\xff\xfe\x00x\ntail"
    *_, (_, size) = struct.iter_unpack("<dQ", LogFiles(text=container.log).times.read_bytes())
    assert size == container.log.stat().st_size


def test_run__entrypoint_and_arguments__are_replaced(runs: Runs) -> None:
    container = runs.container("/bin/echo", args=("a b", "$HOME"))
    assert runs.start(container).ended().code == 0

    assert container.log.read_text() == "a b $HOME\n"


def test_run__environment__arrives_as_it_is(runs: Runs) -> None:
    _, log = runs.run('printf %s "$WORDS"', environment={"WORDS": "two\n'words' $X ünï"})

    assert log == "two\n'words' $X ünï"


def test_run__image_is_nowhere__says_so(runs: Runs) -> None:
    ended = runs.start(runs.script("true", image="127.0.0.1:9/no/such:image")).ended()

    assert ended.code is None
    assert ended.reason.startswith(words.PULL_FAILED)


def test_kill__container_heeds_sigterm__ends_by_itself(runs: Runs) -> None:
    container = runs.script("trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done")
    following = runs.start(container, grace=30)
    runs.wait_for(container, b"ready")
    following.handle.kill()

    assert following.ended().code == 5


@pytest.mark.parametrize("asked", [False, True], ids=["running", "asked_to_end"])
def test_close__container_ignores_sigterm__does_not_wait_for_its_whole_grace(
    server: tuple[str, int], tmp_path: Path, api: Any, asked: bool
) -> None:
    executor = DockerExecutor(tmp_path / "state", endpoint=lambda: server)
    stubborn = Runs(executor, tmp_path / "runs")
    container = stubborn.script("trap '' TERM; echo up; while :; do sleep 0.1; done")
    following = stubborn.start(container, grace=1000)
    stubborn.wait_for(container, b"up")
    if asked:
        following.handle.kill()
    executor.close()
    assert following.ended().code == 137
    assert left(api, tmp_path / "state") == []
