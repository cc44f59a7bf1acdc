"""`sfml code` and `sfml browser` with a box in containers; editor and browser are stand-ins that note."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from programs import SFML, run_program
from real_box import HOST, PLACE, PROJECT, WITHIN, RealBox, until

# Notes what it is told, and whether ssh gets into the box at that moment: VS Code's would have 15 seconds.
CODE = """\
#!/bin/sh
case "$1" in
  --list-extensions) echo ms-vscode-remote.remote-ssh ;;
  --version) printf '1.106.0\\nabc123\\nx64\\n' ;;
  *) echo "$@" >> "$NOTES"
     ssh -F "$HOME/.ssh/config" -o BatchMode=yes -o ConnectTimeout=15 {host} hostname >> "$NOTES" ;;
esac
"""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A user's machine with an editor and a browser."""

    box: RealBox
    environ: Mapping[str, str]
    notes: Path

    def sfml(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run_program(
            [SFML, *arguments, "--project", PROJECT], cwd=self.box.project, env=self.environ, timeout=WITHIN
        )

    def noted(self) -> list[str]:
        return self.notes.read_text().splitlines() if self.notes.exists() else []


@pytest.fixture
def desk(real_box: RealBox, tmp_path: Path) -> Desk:
    programs = {"code": CODE.format(host=HOST), "browser": '#!/bin/sh\necho "$1" >> "$NOTES"\n'}
    for name, text in programs.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    notes = tmp_path / "notes"
    environ = {
        **real_box.environ,
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "BROWSER": f"{tmp_path / 'browser'} %s",
        "NOTES": str(notes),
    }
    return Desk(box=real_box, environ=environ, notes=notes)


def stopped(box: RealBox) -> None:
    box.sfml("stop", *PLACE)
    until(lambda: box.status() == "SUSPENDED")


def test_code__stopped_box__can_be_entered_when_the_editor_opens(desk: Desk) -> None:
    desk.box.ssh("mkdir -p 'my work'")
    stopped(desk.box)
    done = desk.sfml("code", "my work")

    assert done.returncode == 0, done.stderr
    uri = f"vscode-remote://ssh-remote+{HOST}/home/dev/my%20work"
    assert desk.noted() == [f"--new-window --folder-uri {uri}", "real-box-local"]


def test_code__folder_is_not_there__opens_nothing(desk: Desk) -> None:
    done = desk.sfml("code", "elsewhere")

    assert f"{HOST} has no folder /home/dev/elsewhere" in done.stderr
    assert (done.returncode != 0, desk.noted()) == (True, [])


def test_browser__privileged_default_role__is_said_and_the_box_runs(desk: Desk) -> None:
    desk.box.rows("ALTER USER LOCAL SET DEFAULT_ROLE = ACCOUNTADMIN")
    stopped(desk.box)
    done = desk.sfml("browser", "--jupyter")

    assert done.returncode == 0, done.stderr
    assert "your default role is ACCOUNTADMIN; the browser's way into the box fails with it" in done.stderr
    assert "ALTER USER LOCAL SET DEFAULT_ROLE = ML_DEV_ROLE;" in done.stderr
    assert desk.box.status() == "RUNNING"
    assert desk.noted() == [desk.box.urls()["jupyter"]]
