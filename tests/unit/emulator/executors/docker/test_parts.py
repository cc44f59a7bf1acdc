"""The parts of the container executor that need no engine."""

from __future__ import annotations

import os
import socket
import stat
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from sfml.emulator.executors.base import LogFiles, Probe, UnschedulableError

pytest.importorskip("docker", reason="optional: the local backend's packages are not installed")
from sfml.emulator.executors.docker import egress, ownership, probes, relay
from sfml.emulator.executors.docker.gate import NAME, Gate
from sfml.emulator.executors.docker.gpus import Gpus
from sfml.emulator.executors.docker.member import Outcome
from sfml.emulator.executors.docker.pod import _ended
from sfml.emulator.executors.docker.recorder import Recorder


def test_gate__connection__is_passed_on_both_ways_until_one_side_is_done(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        gate = Gate(tmp_path / "gate", server.getsockname)
        with relay.to_socket(str(gate.directory / NAME)) as near:
            near.sendall(b"question")
            near.shutdown(socket.SHUT_WR)
            far = server.accept()[0]
            with far:
                assert far.recv(100) == b"question"
                assert far.recv(100) == b""
                far.sendall(b"answer")
            assert near.recv(100) == b"answer"
            assert near.recv(100) == b""
        assert stat.S_IMODE((gate.directory / NAME).stat().st_mode) == 0o600
        gate.close()
    assert not gate.directory.exists()


def test_gate__path_too_long_for_a_socket__is_made_elsewhere(tmp_path: Path) -> None:
    gate = Gate(tmp_path / ("long" * 40), lambda: ("127.0.0.1", 9))
    assert not gate.directory.is_relative_to(tmp_path)
    relay.to_socket(str(gate.directory / NAME)).close()
    gate.close()


def test_recorder__begun_again__keeps_the_last_log_as_previous(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "log", clock=lambda: 5.0)
    recorder.write(b"\xff first")
    recorder.begin_again()
    recorder.write(b"second")
    recorder.close()

    log = LogFiles(text=tmp_path / "log")
    assert (log.text.read_bytes(), log.previous.read_bytes()) == (b"second", b"\xff first")
    assert list(struct.iter_unpack("<dQ", log.times.read_bytes())) == [(5.0, 6)]
    previous = LogFiles(text=log.previous).times.read_bytes()
    assert list(struct.iter_unpack("<dQ", previous)) == [(5.0, 7)]


class _Switch(BaseHTTPRequestHandler):
    codes: Iterator[int]

    def do_GET(self) -> None:
        self.send_response(next(self.codes))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_watch__answers_change__each_change_is_told_after_enough_failures() -> None:
    ended, told = threading.Event(), []
    _Switch.codes = iter([500, 500, 204, 503, 200, 404, 500, 200])

    def tell(well: bool) -> None:
        told.append(well)
        if len(told) == 4:
            ended.set()

    with HTTPServer(("127.0.0.1", 0), _Switch) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        probe = Probe(port=server.server_port, path="/", period=0.5, failures=2)
        immediately = _Immediately(ended)
        probes.watch(probe, "127.0.0.1", ended=immediately, tell=tell)
        server.shutdown()
        thread.join()
    assert told == [False, True, False, True]


class _Immediately(threading.Event):
    """Time passes at once."""

    def __init__(self, ended: threading.Event) -> None:
        super().__init__()
        self._ended = ended

    def is_set(self) -> bool:
        return self._ended.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        return self._ended.is_set()


def test_gpus__are_taken__and_refused_until_they_are_given_back() -> None:
    gpus = Gpus(2)
    both = gpus.take(2)
    with pytest.raises(UnschedulableError, match=r"^Unschedulable due to insufficient GPU resources$"):
        gpus.take(1)
    gpus.give_back(both)
    assert (both, gpus.take(1), Gpus(None).take(8)) == (("0", "1"), ("0",), ())


def test_egress__settings__name_files_and_leave_out_the_folder_of_certificates(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.touch()
    outer = {
        "PIP_FIND_LINKS": f"{tmp_path} https://example.org/simple",
        "PIP_CERT": str(bundle),
        "SSL_CERT_DIR": "/etc/ssl/certs",
        "SSL_CERT_FILE": "/no/such/file",
        "HOME": str(tmp_path),
    }
    found = egress.variables(outer)
    assert {"PIP_FIND_LINKS", "PIP_CERT", "SSL_CERT_FILE"} <= set(found)
    assert {"SSL_CERT_DIR", "HOME"}.isdisjoint(found)
    kept = {name: found[name] for name in ("PIP_FIND_LINKS", "PIP_CERT", "SSL_CERT_FILE")}
    assert [mount["Target"] for mount in egress.files(kept)] == [str(tmp_path)]


def test_outermost__nested_paths_and_the_root__are_left_out() -> None:
    assert egress.outermost(["/a/b", "/a", "/", "/ab", "/a/b/c"]) == ["/a", "/ab"]


def test_open_up__files_and_links__are_readable_and_the_links_target_is_left_alone(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.touch(mode=0o600)
    root = tmp_path / "root"
    (root / "deep").mkdir(parents=True, mode=0o700)
    (root / "deep" / "file").touch(mode=0o600)
    (root / "link").symlink_to(outside)

    ownership.open_up(root, writable=False)
    assert stat.S_IMODE((root / "deep").stat().st_mode) & 0o555 == 0o555
    assert stat.S_IMODE((root / "deep" / "file").stat().st_mode) == 0o644
    assert stat.S_IMODE(outside.stat().st_mode) == 0o600
    ownership.open_up(root, writable=True)
    assert stat.S_IMODE((root / "deep" / "file").stat().st_mode) == 0o666


@pytest.mark.skipif(os.getuid() != 0, reason="optional: only root can give files away")
def test_take_over__files__belong_to_the_user(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ownership.take_over(4321, 4322, [str(tmp_path)])
    found = (tmp_path / "file").stat()
    assert (found.st_uid, found.st_gid) == (4321, 4322)


def test_ended__several_outcomes__first_failure_in_time_decides_unless_one_never_ran() -> None:
    from datetime import UTC, datetime

    def outcome(second: int, code: int | None, reason: str = "") -> Outcome:
        return Outcome(at=datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC), code=code, reason=reason)

    assert _ended([outcome(3, 9), outcome(1, 0), outcome(2, 7, "why")]).code == 7
    assert _ended([outcome(1, 0), outcome(2, 0)]).code == 0
    never = _ended([outcome(1, 5), outcome(2, None, "no image")])
    assert (never.code, never.reason) == (None, "no image")
