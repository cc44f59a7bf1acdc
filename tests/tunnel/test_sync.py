"""A project's files to a machine and back through a real sshd."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import ssh_server
from sfml.errors import InputError
from sfml.remote import sync

pytestmark = pytest.mark.skipif(ssh_server.MISSING is not None, reason=str(ssh_server.MISSING))


@dataclass(frozen=True)
class Pair:
    """A project in git here, and its place there."""

    ssh: list[str]
    folder: Path
    there: Path

    def git(self, *arguments: str) -> None:
        identity = ("-c", "user.name=Ana", "-c", "user.email=ana@example.org")
        subprocess.run(
            ["git", "-C", str(self.folder), *identity, *arguments], check=True, capture_output=True
        )

    def up(self, *, force: bool = False) -> list[str]:
        return sync.up(self.folder, self.ssh, str(self.there), force=force)

    def down(self, *, force: bool = False) -> list[str]:
        return sync.down(self.folder, self.ssh, str(self.there), force=force)

    def names(self) -> list[str]:
        found = (path.relative_to(self.there) for path in self.there.rglob("*") if path.is_file())
        return sorted(str(path) for path in found if path.name != sync.MARK)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    folder = tmp_path_factory.mktemp("sshd")
    with ssh_server.running(folder) as server:
        yield ["ssh", *server.config(folder / "config", "HostName 127.0.0.1", f"Port {server.port}"), "box"]


@pytest.fixture
def pair(machine: list[str], tmp_path: Path) -> Pair:
    made = Pair(ssh=machine, folder=tmp_path / "here", there=tmp_path / "it's there")
    made.folder.mkdir()
    made.git("init", "-q")
    (made.folder / ".gitignore").write_text("data/\n*.pyc\n")
    (made.folder / "data").mkdir()
    (made.folder / "data" / "big.bin").write_bytes(bytes(1000))
    (made.folder / "train.py").write_text("rate = 1\n")
    (made.folder / "a b'ü\n.txt").write_text("odd\n")
    made.git("add", ".")
    made.git("commit", "-qm", "first")
    (made.folder / "new.py").write_text("new\n")
    return made


def later(path: Path, text: str) -> None:
    """Write a file so that it is newer than what was sent, whatever the clock's steps are."""
    path.write_text(text)
    subprocess.run(["touch", "-d", "+10 seconds", str(path)], check=True)


def test_up__ignored_files_stay_and_removed_ones_go(pair: Pair) -> None:
    assert pair.up() == [".gitignore", "a b'ü\n.txt", "new.py", "train.py"]
    assert pair.names() == [".gitignore", "a b'ü\n.txt", "new.py", "train.py"]
    (pair.there / "of the box").write_text("its own")
    subprocess.run(["touch", "-d", "-1 hour", str(pair.there / "of the box")], check=True)
    (pair.folder / "new.py").unlink()
    pair.up()
    assert pair.names() == [".gitignore", "a b'ü\n.txt", "of the box", "train.py"]


def test_up__changed_there__is_not_overwritten_unless_forced(pair: Pair) -> None:
    pair.up()
    later(pair.there / "train.py", "rate = 2\n")
    with pytest.raises(InputError, match=r"1 files were changed since: train\.py"):
        pair.up()
    assert (pair.there / "train.py").read_text() == "rate = 2\n"
    pair.up(force=True)
    assert (pair.there / "train.py").read_text() == "rate = 1\n"


def test_down__brings_what_was_changed_there_and_git_does_not_ignore(pair: Pair) -> None:
    pair.up()
    later(pair.there / "train.py", "rate = 2\n")
    later(pair.there / "made.txt", "made there\n")
    later(pair.there / "cache.pyc", "ignored\n")
    assert pair.down() == ["made.txt", "train.py"]
    assert (pair.folder / "train.py").read_text() == "rate = 2\n"
    assert (pair.folder / "made.txt").read_text() == "made there\n"
    assert not (pair.folder / "cache.pyc").exists()


def test_down__changed_on_both_sides__is_refused_unless_forced(pair: Pair) -> None:
    pair.up()
    (pair.folder / "train.py").write_text("rate = 3\n")
    later(pair.there / "train.py", "rate = 2\n")
    with pytest.raises(InputError, match=r"train\.py changed here, too"):
        pair.down()
    assert (pair.folder / "train.py").read_text() == "rate = 3\n"
    assert pair.down(force=True) == ["train.py"]
    assert (pair.folder / "train.py").read_text() == "rate = 2\n"


def test_sync__no_git__says_what_to_do(machine: list[str], tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        sync.up(tmp_path, machine, "x", force=False)
    assert error.value.hint == "git init makes one"
