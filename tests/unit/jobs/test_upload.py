"""Which files travel, and in how many folders."""

from pathlib import Path, PurePosixPath

import pytest

from sfml.jobs.payload import Payload
from sfml.jobs.upload import ENTRY_NAME, Upload, client_scripts, files


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in (
        "train.py",
        "data/a.csv",
        "data/deep/b.csv",
        ".gitignore",
        ".git/HEAD",
        ".venv/pyvenv.cfg",
        "envs/mine/pyvenv.cfg",
        "envs/mine/lib/x.py",
        "__pycache__/train.pyc",
        "old.pyc",
        ".sfml/local/lock",
        "git/notes.txt",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def test_files__folder__all_but_the_tools_own(project: Path) -> None:
    payload = Payload(source=project, entrypoint=PurePosixPath("train.py"))
    assert [str(remote) for _, remote in files(payload)] == [
        ".gitignore",
        "data/a.csv",
        "data/deep/b.csv",
        "git/notes.txt",
        "train.py",
    ]


def test_files__one_file__is_all(project: Path) -> None:
    payload = Payload(source=project / "train.py", entrypoint=PurePosixPath("train.py"))
    assert list(files(payload)) == [(project / "train.py", PurePosixPath("train.py"))]


def test_folders__folder__one_for_each_remote_folder(project: Path) -> None:
    upload = Upload(payload=Payload(source=project, entrypoint=PurePosixPath("train.py")))
    found = {str(remote): sorted(contents) for remote, contents in upload.folders().items()}
    scripts = [script.name for script in client_scripts()]
    assert found.pop("system") == sorted([*scripts, "requirements.txt", ENTRY_NAME])
    assert found == {
        "app": [".gitignore", "train.py"],
        "app/data": ["a.csv"],
        "app/data/deep": ["b.csv"],
        "app/git": ["notes.txt"],
    }


def test_folders__requirements__are_added(project: Path) -> None:
    payload = Payload(source=project / "train.py", entrypoint=PurePosixPath("train.py"))
    upload = Upload(payload=payload, requirements=("numpy", "cloudpickle==3.1"))
    folders = upload.folders()
    assert set(folders[PurePosixPath("app")]) == {"train.py", "requirements.txt"}
    assert folders[PurePosixPath("app")]["requirements.txt"] == "numpy\ncloudpickle==3.1"
    assert "requirements.txt" not in folders[PurePosixPath("system")]


def test_client_scripts__are_the_clients_files_unchanged() -> None:
    assert {"startup.sh", "mljob_launcher.py", "start_mlruntime.sh"} <= {s.name for s in client_scripts()}
