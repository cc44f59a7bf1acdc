"""Where the project is, and where shipped folders are found."""

from pathlib import Path

import pytest

from sfml import project
from sfml.errors import InputError


@pytest.mark.parametrize("marker", [".git", "sfml.yaml"])
def test_root__below_a_marked_folder__is_that_folder(marker: str, tmp_path: Path) -> None:
    (tmp_path / marker).touch()
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert project.root(below) == tmp_path


def test_root__two_marked_folders__is_the_nearer(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "sfml.yaml").touch()
    assert project.root(inner) == inner


def test_specs__given__wins_over_the_projects_own(tmp_path: Path) -> None:
    given = tmp_path / "mine"
    given.mkdir()
    (tmp_path / "specs").mkdir()
    assert project.specs(given, tmp_path) == given
    assert project.specs(None, tmp_path) == tmp_path / "specs"


def test_specs__given_and_missing__is_an_error_and_not_another_folder(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    with pytest.raises(InputError, match="there is no folder"):
        project.specs(tmp_path / "nowhere", tmp_path)


@pytest.mark.parametrize("find", [project.specs, project.images])
def test_shipped__project_has_none__sfml_brings_its_own(find: object, tmp_path: Path) -> None:
    assert callable(find)
    assert find(None, tmp_path).is_dir()
