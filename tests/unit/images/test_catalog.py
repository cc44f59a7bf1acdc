"""The catalog of images: definitions, order, selection, settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from sfml.errors import InputError
from sfml.images import catalog, definition

SHIPPED = Path(__file__).parents[3] / "images"


def make(folder: Path, name: str, text: str = "") -> None:
    (folder / name).mkdir()
    (folder / name / "image.toml").write_text(text)
    (folder / name / "Dockerfile").write_text("FROM scratch\n")


def test_load__the_shipped_images__parents_come_first() -> None:
    names = list(catalog.load(SHIPPED))

    assert names.index("base") < names.index("dev")


def test_load__a_circle__names_its_members(tmp_path: Path) -> None:
    make(tmp_path, "egg", 'parent = "hen"')
    make(tmp_path, "hen", 'parent = "egg"')

    with pytest.raises(InputError, match="egg -> hen -> egg"):
        catalog.load(tmp_path)


def test_load__a_parent_that_is_not_there__names_both(tmp_path: Path) -> None:
    make(tmp_path, "dev", 'parent = "bsae"')

    with pytest.raises(InputError, match="'dev' stands on 'bsae'"):
        catalog.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("parent = 3", "'parent' must be a str"),
        ('parnet = "base"', "unknown key 'parnet'"),
        ("parent", "image.toml: "),
        ("[args.python]\nchoices = []", "'args.python' has no default"),
        ("[args.python]\ndefault = 3.11", "'args.python.default' must be a str"),
        ('platforms = ["windows/amd64"]', "runs no windows/amd64 images"),
        ("tags = [1]", "'tags' must hold texts only"),
    ],
)
def test_load__a_wrong_definition__names_file_and_key(tmp_path: Path, text: str, message: str) -> None:
    make(tmp_path, "dev", text)

    with pytest.raises(InputError, match=message) as caught:
        definition.load(tmp_path / "dev")

    assert str(tmp_path / "dev" / "image.toml") in str(caught.value)


def test_select__no_names__all_that_are_published(tmp_path: Path) -> None:
    make(tmp_path, "base", "publish = false")
    make(tmp_path, "dev", 'parent = "base"')

    assert catalog.select(catalog.load(tmp_path), ()) == ("dev",)


def test_select__a_typo__names_the_nearest(tmp_path: Path) -> None:
    make(tmp_path, "runtime")

    with pytest.raises(InputError, match="did you mean runtime"):
        catalog.select(catalog.load(tmp_path), ("runtme",))


@pytest.mark.parametrize(
    ("text", "message"), [("python", "write it as name=value"), ("pyton=3.12", "did you mean python")]
)
def test_settings__what_no_image_knows__is_refused(tmp_path: Path, text: str, message: str) -> None:
    make(tmp_path, "dev", '[args.python]\ndefault = "3.11"')

    with pytest.raises(InputError, match=message):
        catalog.settings(catalog.load(tmp_path), [text])


def test_arguments__none_of_the_choices__is_refused_with_them(tmp_path: Path) -> None:
    make(tmp_path, "dev", '[args.python]\ndefault = "3.11"\nchoices = ["3.11", "3.12"]')
    image = catalog.load(tmp_path)["dev"]

    with pytest.raises(InputError) as caught:
        catalog.arguments(image, {"python": "3.9"})

    assert caught.value.hint == "take one of: 3.11, 3.12"
