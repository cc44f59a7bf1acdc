"""What is read from /proc and /dev/pts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from sfml.devbox import look


def test_computed__a_program_that_works__has_its_seconds() -> None:
    code = "import time\nwhile time.process_time() < 0.3: pass\nprint(flush=True)\ninput()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as worker:
        assert worker.stdout
        worker.stdout.readline()
        found = {number: seconds for (number, _), seconds in look.computed(Path("/proc"))}
        assert found[worker.pid] >= 0.2
        worker.communicate(b"\n")


def process(folder: Path, number: int, name: str, program: str, command: str) -> None:
    (folder / str(number)).mkdir()
    ticks = " ".join(["S", *"0" * 10, "100", "200", "300", "400", *"0" * 10])
    (folder / str(number) / "stat").write_text(f"{number} ({name}) {ticks}\n")
    (folder / str(number) / "cmdline").write_bytes(command.replace(" ", "\0").encode())
    (folder / str(number) / "exe").symlink_to(program)


def test_computed__the_box_s_own_programs__do_not_count(tmp_path: Path) -> None:
    process(tmp_path, 1, "tini", "/usr/bin/tini", "tini")
    process(tmp_path, 2, "sshd", "/usr/sbin/sshd", "sshd: dev@pts/0")
    process(tmp_path, 3, "python", "/opt/python/python", "python -m sfml.tunnel.bridge")
    process(tmp_path, 4, "node", "/opt/code-server/lib/node", "node entry.js")
    process(tmp_path, 5, "node", "/home/dev/.vscode-server/bin/1/node", "node server.js")
    process(tmp_path, 7, "jupyter-lab", "/opt/python/python", "python /opt/venv/bin/jupyter-lab --no-browser")
    process(tmp_path, 6, "my (job) ", "/usr/bin/python3", "python train.py")
    process(tmp_path, 8, "python", "/opt/python/python", "python -m ipykernel_launcher -f kernel.json")
    ticks = os.sysconf("SC_CLK_TCK")
    assert dict(look.computed(tmp_path)) == {(6, "my (job) "): 1000 / ticks, (8, "python"): 1000 / ticks}


def test_keys__a_terminal_is_read__moves_on(tmp_path: Path) -> None:
    terminal = tmp_path / "3"
    terminal.touch()
    os.utime(terminal, (1000.0, 5000.0))  # written to later: that is output
    (tmp_path / "ptmx").touch()
    assert dict(look.keys(tmp_path)) == {"3": 1000.0}
