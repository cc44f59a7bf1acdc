"""Single containers on the real engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pods import IMAGE
from sfml.emulator.executors import words
from sfml.emulator.executors.base import Mount, Started
from sfml.emulator.executors.docker.engine import Engine


def test_run__script_fails__its_code_and_output_are_reported(runs: Any) -> None:
    ended, log = runs.run("echo out; echo err >&2; exit 3")

    assert (ended.code, ended.reason) == (3, "")
    assert sorted(log.split()) == ["err", "out"]


def test_run__mounts__are_files_memory_and_scratch(runs: Any, tmp_path: Path) -> None:
    stage = tmp_path / "stage"
    stage.mkdir()
    mounts = (
        Mount(target="/mnt/stage", source=stage),
        Mount(target="/mnt/fixed", source=stage, read_only=True),
        Mount(target="/dev/shm", size=32 << 20),
        Mount(target="/scratch"),
    )
    ended, log = runs.run(
        "set -e; echo kept > /mnt/stage/file; cat /mnt/fixed/file; ! touch /mnt/fixed/other 2>/dev/null;"
        "df -k --output=size /dev/shm | tail -1; touch /scratch/file",
        mounts=mounts,
    )

    assert (ended.code, log.split()) == (0, ["kept", str(32 << 10)])
    assert (stage / "file").read_text() == "kept\n"


def test_run__memory_limit__ends_it_with_the_platforms_message(runs: Any) -> None:
    ended, _ = runs.run("dd if=/dev/zero of=/dev/null bs=100M count=1", memory=20 << 20)
    assert (ended.code, ended.reason) == (137, words.OUT_OF_MEMORY)


def test_run__ends_as_if_killed__no_word_of_memory(runs: Any) -> None:
    ended, _ = runs.run("exit 137", memory=20 << 20)
    assert (ended.code, ended.reason) == (137, "")


def test_told_of_oom__whatever_the_flag_says__the_engines_events_tell(api: Any, tmp_path: Path) -> None:
    engine, limit = Engine(tmp_path), api.create_host_config(mem_limit=20 << 20)
    found = {}
    for text in ("dd if=/dev/zero of=/dev/null bs=100M count=1", "exit 137"):
        made = api.create_container(IMAGE, ["/bin/sh", "-c", text], host_config=limit, labels=engine.labels())
        try:
            api.start(made)
            assert api.wait(made)["StatusCode"] == 137
            found[text[:4]] = engine.told_of_oom(made["Id"])
        finally:
            engine.remove_container(made["Id"])
    assert found == {"dd i": True, "exit": False}


def test_run__command_is_not_in_the_image__says_so(runs: Any) -> None:
    ended = runs.start(runs.container("/no/such/program")).ended()

    assert ended.code is None
    assert ended.reason.startswith(words.CANNOT_START)
    assert "/no/such/program" in ended.reason


def test_run__server__is_reached_on_loopback(runs: Any, server: tuple[str, int]) -> None:
    container = runs.container("bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{server[1]}; echo me >&3; cat <&3")
    assert runs.start(container).ended().code == 0
    assert container.log.read_text() == "the server, for me\n"


def test_kill__container_ignores_sigterm__is_killed_after_the_grace(runs: Any) -> None:
    container = runs.script("trap '' TERM; echo ready; while :; do sleep 0.1; done")
    following = runs.start(container, grace=0.3)
    following.until(lambda report: isinstance(report, Started))
    following.handle.kill()

    assert following.ended().code == 137
