"""What a runtime holds: probed, kept by image, and preferred to the list."""

from __future__ import annotations

import os
import runpy
from datetime import date
from importlib.metadata import version
from pathlib import Path

import pytest

from sfml import config
from sfml.config import Config
from sfml.jobs.plan import probe, runtimes

IMAGE = "/snowflake/images/snowflake_images/st_plat/runtime/x86/runtime_image/snowbooks:2.6.0-py3.11"


@pytest.fixture
def settings(tmp_path: Path) -> Config:
    return config.resolve({"connection": "local", "state": str(tmp_path / "state")}, {}, tmp_path)


def test_probe__run_as_a_script__returns_the_packages_of_its_python() -> None:
    found = runpy.run_path(str(probe.__file__), run_name="__main__")["__return__"]
    assert found["packages"]["click"] == version("click")
    assert runtimes.of_this_machine().packages == found["packages"]


def test_kept__what_was_probed__is_known_for_that_image_alone(settings: Config) -> None:
    assert not runtimes.are_kept(settings)
    found = {"python": "3.11", "packages": {"rich": "13.1"}}
    path = runtimes.keep(settings, IMAGE, found, today=date(2026, 11, 21))
    known = runtimes.kept(settings, IMAGE)
    assert known is not None
    assert (known.packages, known.source) == (
        {"rich": "13.1"},
        "a probe of snowbooks:2.6.0-py3.11 on 2026-11-21",
    )
    assert runtimes.kept(settings, IMAGE.replace("2.6.0", "2.7.0")) is None
    assert os.listdir(path.parent) == [path.name]  # noqa: PTH208 - names are all that is wanted


@pytest.mark.parametrize(("tag", "python"), [("2.6.0-py310", "3.10"), ("2.6.0-py3.12", "3.12")])
def test_python__a_tag_that_names_it__is_believed(tag: str, python: str) -> None:
    assert runtimes.python_of(tag) == python
