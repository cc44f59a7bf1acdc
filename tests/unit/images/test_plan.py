"""What an image is made from: its content id changes when anything does, and only then."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from sfml.errors import InputError
from sfml.images import catalog, context, plan, wheel
from sfml.images.context import Extras
from sfml.images.plan import Plan

AMD64 = "linux/amd64"


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Two images, the child taking what users add."""
    folder = tmp_path / "images"
    for name, toml in {
        "base": "publish = false",
        "dev": 'parent = "base"\ntags = ["{version}-py{python}"]',
    }.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "image.toml").write_text(f'{toml}\n[args.python]\ndefault = "3.11"\n')
        (folder / name / "Dockerfile").write_text("FROM scratch\n")
    (folder / "build-env.sh").write_text("true\n")
    return folder


def make(folder: Path, *, extras: Extras | None = None, **settings: str) -> Mapping[str, Plan]:
    return plan.make(
        catalog.load(folder), ("dev",), settings=settings, extras=extras or Extras(), platform=AMD64, data={}
    )


def test_plan__the_same_files_elsewhere_and_later__has_the_same_id(images: Path, tmp_path: Path) -> None:
    before = make(images)["dev"].content
    elsewhere = tmp_path / "moved"
    images.rename(elsewhere)
    for path in elsewhere.rglob("*"):
        path.touch()

    assert make(elsewhere)["dev"].content == before


@pytest.mark.parametrize(
    "change",
    [
        "Dockerfile", "a new file", "an executable bit", "the shared script", "a setting", "apt",
        "requirements", "parent",
    ],
)  # fmt: skip
def test_plan__anything_it_is_made_of_changes__changes_its_id(images: Path, change: str) -> None:
    before = make(images)["dev"].content
    extras, settings = Extras(), {}
    if change == "Dockerfile":
        (images / "dev" / "Dockerfile").write_text("FROM scratch\n# more\n")
    elif change == "a new file":
        (images / "dev" / "rootfs").mkdir()
        (images / "dev" / "rootfs" / "motd").write_text("hello")
    elif change == "an executable bit":
        (images / "dev" / "Dockerfile").chmod(0o755)
    elif change == "the shared script":
        (images / "build-env.sh").write_text("false\n")
    elif change == "a setting":
        settings = {"python": "3.12"}
    elif change == "apt":
        extras = Extras(apt=("jq",))
    elif change == "requirements":
        extras = Extras(requirements=("polars",))
    else:
        (images / "base" / "Dockerfile").write_text("FROM scratch\n# more\n")

    assert make(images, extras=extras, **settings)["dev"].content != before


@pytest.mark.parametrize("name", ["README.md", "image.toml"])
def test_plan__what_the_build_does_not_read__leaves_the_id(images: Path, name: str) -> None:
    before = make(images)["dev"].content
    with (images / "dev" / name).open("a") as file:
        file.write("\n# a remark\n")

    assert make(images)["dev"].content == before


def test_plan__extras__go_into_the_named_image_alone(images: Path) -> None:
    plans = make(images, extras=Extras(requirements=("polars",)))

    assert plans["dev"].context[context.REQUIREMENTS].content == b"polars\n"
    assert plans["base"].context[context.REQUIREMENTS].content == b""


def test_plan__human_tags__hold_the_settings(images: Path) -> None:
    assert make(images, python="3.12")["dev"].human_tags[0].endswith("-py3.12")


def test_plan__a_platform_that_it_is_not_made_for__is_refused(images: Path) -> None:
    with pytest.raises(InputError, match="'base' is not made for linux/arm64"):
        plan.make(
            catalog.load(images), ("dev",), settings={}, extras=Extras(), platform="linux/arm64", data={}
        )


def test_to_build__all_there__is_nothing(images: Path) -> None:
    plans = make(images)

    assert plan.to_build(plans, ("dev",), {plans["dev"].reference}) == ()


def test_to_build__parent_there__is_the_child_alone(images: Path) -> None:
    plans = make(images)

    assert plan.to_build(plans, ("dev",), {plans["base"].reference}) == ("dev",)


def test_to_build__nothing_there__is_both_parents_first(images: Path) -> None:
    assert plan.to_build(make(images), ("dev",), set()) == ("base", "dev")


@pytest.mark.parametrize("line", ["-r more.txt", "-e .", "./a.whl", "file:///x.whl", "--find-links wheels"])
def test_extras__a_requirement_that_reads_a_file__is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(f"# ours\npolars\n{line}\n")

    with pytest.raises(InputError, match=r"requirements\.txt:3: "):
        context.extras((), (), (file,))


@pytest.mark.parametrize(
    "line", ["polars>=1  # fast", "torch==2.9.0+cu130", "pkg @ https://example.com/p.whl", "-i https://x/"]
)
def test_extras__other_requirements__are_taken(tmp_path: Path, line: str) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(line)

    assert context.extras((), (), (file,)).requirements == (line.split("  #")[0],)


@pytest.mark.parametrize("package", ["jq; rm -rf /", "-o x", "JQ", "$(id)"])
def test_extras__what_is_no_debian_package__is_refused(package: str) -> None:
    with pytest.raises(InputError, match="no name of a Debian package"):
        context.extras((package,), (), ())


def test_staged__keeps_modes_and_goes_away(images: Path) -> None:
    (images / "dev" / "run").write_text("#!/bin/sh\n")
    (images / "dev" / "run").chmod(0o700)
    files = make(images)["dev"].context

    with context.staged(files) as folder:
        assert (folder / "run").stat().st_mode & 0o777 == 0o755
        assert (folder / "Dockerfile").stat().st_mode & 0o777 == 0o644
    assert not folder.exists()


def test_wheel__twice__is_the_same_bytes_and_holds_the_command() -> None:
    content = wheel.build({})

    assert wheel.build({}) == content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        metadata = next(name for name in names if name.endswith("METADATA"))
        assert "sfml/images/wheel.py" in names
        assert b"Requires-Dist: click" in archive.read(metadata)
        assert not [name for name in names if "__pycache__" in name]


@pytest.mark.parametrize(("count", "early"), [(0, 0), (1, 0), (4, 0), (5, 4), (8, 4), (9, 8)])
def test_early__requirements__are_whole_groups_of_them(count: int, early: int) -> None:
    requirements = [f"package{number}" for number in range(count)]

    assert context.early(requirements) == tuple(requirements[:early])


def test_early__options_among_the_requirements__come_first() -> None:
    given = ["a", "b", "c", "d", "e", "--extra-index-url https://index.example"]

    assert context.early(given) == ("--extra-index-url https://index.example", "a", "b", "c", "d")


def test_early__a_requirement_of_several_lines__is_not_cut() -> None:
    assert context.early(["a", "b", "c", "d==1 \\", "--hash=sha256:00", "e", "f"]) == ()
