"""Pods on the real engine: containers that share a network, names, ways out, probes, restarts, faults."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pods import IMAGE, Runs, api, executor, left, runs, server
from sfml.emulator.executors import words
from sfml.emulator.executors.base import LogFiles, Mount, Phase, Probe, Started, UnschedulableError

__all__ = ["api", "executor", "runs", "server"]
SERVE = "import http.server as s; s.test(s.SimpleHTTPRequestHandler, port=8000)"
FOREVER = "trap 'exit 0' TERM; while :; do sleep 0.05; done"


def serving(runs: Runs, **options: Any) -> Any:
    """A container that serves its folder on port 8000."""
    return runs.container("python3", "-c", SERVE, name="web", image="", **options)


def ask(host: str) -> str:
    opened = f"until exec 3<>/dev/tcp/{host}/8000; do sleep 0.1; done"
    return f"{opened}; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; head -1 <&3"


def test_pod__two_containers__share_network_and_memory_and_end_as_the_first_that_failed(runs: Runs) -> None:
    mount = Mount(target="/shared", size=1 << 20, volume="both")
    first = runs.script(
        "touch /shared/file; until [ -e /shared/seen ]; do sleep 0.05; done; exit 3",
        name="a",
        mounts=(mount,),
    )
    second = runs.script(
        "until [ -e /shared/file ]; do sleep 0.05; done; touch /shared/seen; sleep 0.3",
        name="b",
        mounts=(mount,),
    )
    following = runs.start(first, second)
    assert following.ended().code == 3
    phases = [(news.container, news.code) for news in following.seen if getattr(news, "phase", "") == "ended"]
    assert sorted(phases) == [("a", 3), ("b", 0)]
    assert sum(isinstance(report, Started) for report in following.seen) == 1


def test_pods__name_of_another__leads_to_it(runs: Runs) -> None:
    names = ("web", "web.abc1", "web.abc1.svc.spcs.internal")
    web = runs.start(serving(runs), hostnames=names)
    web.news(Phase.STARTED, "web")
    for name in (names[0], names[2]):
        container = runs.container("bash", "-c", ask(name))
        assert runs.start(container).ended().code == 0
        assert "200 OK" in container.log.read_text()
    web.handle.kill()
    assert web.ended().code is not None


def test_pod__no_egress__reaches_nothing_but_pods(runs: Runs, api: Any) -> None:
    """What is on the network that leads out stands for all the world."""
    web = runs.start(serving(runs), egress=True)
    web.news(Phase.STARTED, "web")
    (pod,) = api.containers(filters={"label": [f"sfml.run={web.run.key}"], "name": "sandbox"})
    networks = pod["NetworkSettings"]["Networks"]
    (outside,) = [found["IPAddress"] for name, found in networks.items() if name.endswith("-egress")]
    inside = runs.container("bash", "-c", ask(web.handle.address()))
    assert runs.start(inside).ended().code == 0
    to_outside = ("bash", "-c", f"timeout 2 bash -c 'exec 3<>/dev/tcp/{outside}/8000'")
    assert runs.start(runs.container(*to_outside)).ended().code not in (0, None)
    assert runs.start(runs.container(*to_outside), egress=True).ended().code == 0
    web.handle.kill()
    web.ended()


def test_pod__egress__has_a_route_and_this_machines_certificates(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("the company's own")
    monkeypatch.setenv("PIP_CERT", str(bundle))
    container = runs.container("bash", "-c", 'cat "$PIP_CERT"; echo; cat /proc/net/route')
    assert runs.start(container, egress=True).ended().code == 0
    certificate, _, *routes = container.log.read_text().splitlines()
    assert certificate == "the company's own"
    assert "00000000" in [line.split()[1] for line in routes]


def test_service__container_ends__is_started_again_and_its_last_log_kept(runs: Runs, tmp_path: Path) -> None:
    stage = tmp_path / "stage"
    stage.mkdir()
    container = runs.script(
        f"echo round; if [ -e /mnt/once ]; then {FOREVER}; fi; touch /mnt/once; exit 7",
        mounts=(Mount(target="/mnt", source=stage),),
    )
    following = runs.start(container, restart=True, grace=20)
    assert following.news(Phase.ENDED).code == 7
    assert following.news(Phase.STARTED, restarts=1)
    runs.wait_for(container, b"round")
    assert LogFiles(text=container.log).previous.read_text() == "round\n"
    assert following.handle.kill() is None
    assert following.ended().code == 0


def test_readiness__file_comes_and_goes__is_reported_each_time(runs: Runs, tmp_path: Path) -> None:
    served = tmp_path / "served"
    served.mkdir()
    web = runs.container(
        "python3", "-c", "import os; os.chdir('/'); " + SERVE, name="web", image="",
        mounts=(Mount(target="/served", source=served),),
        readiness=Probe(port=8000, path="/served/ready", period=0.1, failures=2),
        liveness=Probe(port=8000, path="/served", period=0.3, failures=60),
    )  # fmt: skip
    following = runs.start(web, restart=True)
    reason = following.news(Phase.UNREADY, "web").reason
    assert reason == words.NOT_READY.format(path="/served/ready", port=8000)
    (served / "ready").write_text("yes")
    following.news(Phase.READY, "web")
    (served / "ready").unlink()
    following.news(Phase.UNREADY, "web")
    following.handle.kill()
    assert following.ended().code == 137


def test_liveness__fails__container_is_killed_and_started_again(runs: Runs) -> None:
    probe = Probe(port=9, path="/alive", period=0.05, failures=2)
    following = runs.start(runs.script(FOREVER, liveness=probe), restart=True)
    ended = following.news(Phase.ENDED)
    assert (ended.code, ended.reason) == (137, words.NOT_ALIVE.format(path="/alive", port=9))
    following.news(Phase.STARTED, restarts=1)
    following.handle.kill()
    following.ended()


def test_gpu__machine_has_none__run_waits_for_one_unless_it_may_pretend(
    runs: Runs, server: tuple[str, int], tmp_path: Path
) -> None:
    if any(Path("/dev").glob("nvidia[0-9]*")):
        pytest.skip("optional: this machine has GPUs")
    from sfml.emulator.executors.docker.executor import DockerExecutor

    with pytest.raises(UnschedulableError, match=r"^Unschedulable due to insufficient GPU resources$"):
        runs.start(runs.script("true", gpus=1))
    pretending = DockerExecutor(tmp_path / "pretending", endpoint=lambda: server, fake_gpu=True)
    try:
        assert Runs(pretending, tmp_path / "runs").run("exit 4", gpus=1)[0].code == 4
    finally:
        pretending.close()


def test_files__of_a_container_with_another_user__are_the_servers_afterwards(
    server: tuple[str, int], tmp_path: Path, api: Any
) -> None:
    if os.getuid() != 0:
        pytest.skip("optional: only root can look at it from both sides")
    from sfml.emulator.executors.docker.executor import DockerExecutor

    stage = tmp_path / "stage"
    stage.mkdir()
    tmp_path.chmod(0o755)
    executor = DockerExecutor(tmp_path / "state", endpoint=lambda: server, user="12345:12346")
    mount = Mount(target="/mnt", source=stage)
    ended, log = Runs(executor, tmp_path / "runs").run(
        "mkdir /mnt/deep && touch /mnt/deep/file", mounts=(mount,)
    )
    executor.close()

    assert ended.code == 0, log
    assert {path.stat().st_uid for path in stage.rglob("*")} == {12345}
    assert left(api, tmp_path / "state") == []


def test_block_volume__next_run__finds_its_files_until_it_is_forgotten(runs: Runs, executor: Any) -> None:
    mounts = (Mount(target="/block", kept="7-0-data"),)
    assert runs.run("echo kept > /block/file", mounts=mounts)[0].code == 0
    assert runs.run("cat /block/file", mounts=mounts)[1] == "kept\n"
    executor.forget("7-0-data")
    assert runs.run("ls /block", mounts=mounts)[1] == ""
    executor.forget("7-0-data")


def test_block_volume__with_an_owner__is_theirs_in_every_run(runs: Runs, executor: Any) -> None:
    mounts = (Mount(target="/home/block", kept="7-0-home", owner=(1000, 1001)),)
    for _ in range(2):
        assert (
            runs.run("stat -c %u:%g:%a /home/block; touch /home/block/file", mounts=mounts)[1]
            == "1000:1001:755\n"
        )
    executor.forget("7-0-home")


def test_stage__with_an_owner__is_theirs_and_the_servers(runs: Runs, tmp_path: Path) -> None:
    stage = tmp_path / "stage"
    stage.mkdir()
    mounts = (Mount(target="/workspace/stage", source=stage, owner=(1000, 1001)),)
    assert runs.run("stat -c %u:%g:%a /workspace/stage", mounts=mounts)[1] == "1000:1001:777\n"
    (stage / "put").write_text("later")
    assert runs.run("cat /workspace/stage/put", mounts=mounts)[1] == "later"


def test_image_of_another_user__reads_and_writes_what_is_mounted(
    runs: Runs, api: Any, tmp_path: Path
) -> None:
    tag = f"sfml-test-user:{tmp_path.name}".replace("_", "-")
    recipe = io.BytesIO(f"FROM {IMAGE}\nUSER 1000\n".encode())
    assert [line for line in api.build(fileobj=recipe, tag=tag, rm=True, decode=True) if "stream" in line]
    stage, token = tmp_path / "stage", tmp_path / "token"
    for folder in (stage, token):
        folder.mkdir(mode=0o700)
    (token / "token").write_text("hidden")
    (token / "token").chmod(0o600)
    mounts = (Mount(target="/stage", source=stage), Mount(target="/token", source=token, read_only=True))
    try:
        ended, log = runs.run("id -u; cat /token/token > /stage/copy", image=tag, mounts=mounts)
    finally:
        api.remove_image(tag)
    assert (ended.code, log) == (0, "1000\n")
    assert (stage / "copy").read_text() == "hidden"


def test_thirty_runs__at_once__all_end_well(runs: Runs) -> None:
    followed = [runs.start(runs.script(f"exit {number}", name=f"n{number}")) for number in range(30)]
    assert [following.ended().code for following in followed] == list(range(30))


DIES = """
import os, sys, threading
from pathlib import Path
sys.path[:0] = {path!r}
from pods import IMAGE, Runs
from sfml.emulator.executors.base import Started
from sfml.emulator.executors.docker.executor import DockerExecutor
root = Path({root!r})
runs = Runs(DockerExecutor(root / "state", endpoint=lambda: ("127.0.0.1", 9)), root)
runs.start(runs.script("sleep 1000"), egress=True).until(lambda report: isinstance(report, Started))
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def killed(api: Any, tmp_path: Path) -> Iterator[Path]:
    """The state directory of a server that was killed while a container ran."""
    subprocess.run([sys.executable, "-c", DIES.format(path=sys.path, root=str(tmp_path))], check=False)
    assert len(left(api, tmp_path / "state")) == 4  # two containers, two networks
    return tmp_path / "state"


def test_server__is_killed__the_next_one_leaves_nothing_of_it(
    killed: Path, api: Any, server: tuple[str, int]
) -> None:
    from sfml.emulator.executors.docker.executor import DockerExecutor

    DockerExecutor(killed, endpoint=lambda: server).close()
    assert left(api, killed) == []


def test_server__is_killed__local_stop_leaves_nothing_of_it(killed: Path, api: Any) -> None:
    from sfml.session import backend

    assert backend.stop(killed) is None
    backend.sweep(killed, volumes=False)
    assert left(api, killed) == []


def test_engine__refuses_a_container__run_ends_and_others_go_on(runs: Runs) -> None:
    bad = runs.start(runs.script("true", mounts=(Mount(target="relative/path", source=runs.root),)))
    assert bad.ended().code is None
    assert runs.run("exit 2")[0].code == 2
