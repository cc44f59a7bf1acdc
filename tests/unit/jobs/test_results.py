"""Results are written whole or not at all."""

import json
import pickle
from pathlib import Path

import pytest

from sfml.errors import InputError
from sfml.jobs.results import RemoteError, require_writable, save


def test_save__json__is_readable(tmp_path: Path) -> None:
    save({"ä": [1, None]}, tmp_path / "r.json")
    assert json.loads((tmp_path / "r.json").read_text()) == {"ä": [1, None]}


def test_save__not_json__is_refused_and_the_old_file_stays(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text("old")
    with pytest.raises(InputError, match="a set, which JSON cannot hold") as caught:
        save({1, 2}, tmp_path / "r.json")
    assert "r.pkl" in str(caught.value.hint)
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]
    assert (tmp_path / "r.json").read_text() == "old"


def test_save__pickle__holds_anything(tmp_path: Path) -> None:
    save({1, 2}, tmp_path / "r.pkl")
    assert pickle.loads((tmp_path / "r.pkl").read_bytes()) == {1, 2}


def test_require_writable__no_such_folder__is_found_before_the_job(tmp_path: Path) -> None:
    require_writable(tmp_path / "r.json")
    for path in (tmp_path / "no" / "r.json", tmp_path):
        with pytest.raises(InputError):
            require_writable(path)


@pytest.mark.parametrize(
    ("kind", "message", "text"),
    [("builtins.ValueError", "bad", "ValueError: bad"), ("torch.cuda.OOM", "", "torch.cuda.OOM")],
)
def test_remote_error__text__is_pythons_last_line(kind: str, message: str, text: str) -> None:
    assert str(RemoteError(type=kind, message=message, traceback="")) == text
