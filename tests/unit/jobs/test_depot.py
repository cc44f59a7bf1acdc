"""A payload's digest is its content; its lock is kept between processes."""

import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

from sfml.errors import InputError, NotFinishedError
from sfml.jobs import depot
from sfml.jobs.depot import Lock, content

APP = PurePosixPath("app")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "train.py"
    path.write_text("print(1)\n")
    path.chmod(0o644)
    return path


def digest(file: Path, *, name: str = "train", text: str = "rich") -> str:
    return content({APP: {"train.py": file, "requirements.txt": text}}, name).digest


def test_content__same_files__same_digest_wherever_they_are(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere.py"
    other.write_bytes(file.read_bytes())
    other.chmod(0o600)
    assert digest(file) == digest(other)
    assert len(digest(file)) == 24


def test_content__anything_else__another_digest(file: Path) -> None:
    found = {digest(file), digest(file, name="other"), digest(file, text="rich==14")}
    found.add(content({APP / "sub": {"train.py": file, "requirements.txt": "rich"}}, "train").digest)
    found.add(content({APP: {"renamed.py": file, "requirements.txt": "rich"}}, "train").digest)
    file.chmod(0o755)
    found.add(digest(file))
    file.write_text("print(2)\n")
    found.add(digest(file))
    assert len(found) == 7


def test_require_unchanged__file_changes_after_it_was_read__is_refused(file: Path) -> None:
    found = content({APP: {"train.py": file}}, "train")
    found.require_unchanged()
    file.write_text("print(22)\n")
    with pytest.raises(InputError, match="changed while it was sent"):
        found.require_unchanged()


def test_content__file_that_went_away__says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        content({APP: {"gone.py": tmp_path / "gone.py"}}, "train")


def test_lock__exclusive_elsewhere__waits_and_gives_up(tmp_path: Path) -> None:
    path = tmp_path / "payloads" / "x.lock"
    holder = (
        "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX); "
        "print('held', flush=True); sys.stdin.read()"
    )
    Lock(path, exclusive=False).release()
    with subprocess.Popen(
        [sys.executable, "-c", holder, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(NotFinishedError, match=r"x\.lock"):
            Lock(path, exclusive=False, patience=0)
        process.communicate()
    lock = Lock(path, exclusive=True, patience=0)
    lock.release()
    lock.release()


def test_lock__shared__many_at_once(tmp_path: Path) -> None:
    path = depot.lock_path(tmp_path, "STAGE/ann-1")
    first, second = Lock(path, exclusive=False), Lock(path, exclusive=False)
    with pytest.raises(NotFinishedError):
        Lock(path, exclusive=True, patience=0)
    first.release()
    second.release()
    with depot.alone(tmp_path, "STAGE/ann-1"):
        pass
