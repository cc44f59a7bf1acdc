"""What the checks decide from what they saw."""

from __future__ import annotations

from pathlib import Path

import pytest

from sfml.errors import InputError
from sfml.images import catalog, check, plan
from sfml.images.context import Extras
from sfml.images.engine import Layer
from sfml.images.plan import Plan


def image(folder: Path, name: str, text: str) -> None:
    (folder / name).mkdir()
    (folder / name / "image.toml").write_text(text)
    (folder / name / "Dockerfile").write_text("FROM scratch\n")
    (folder / "build-env.sh").write_text("")


def planned(folder: Path, name: str) -> Plan:
    images = catalog.load(folder)
    return plan.make(images, (name,), settings={}, extras=Extras(), platform="linux/amd64", data={})[name]


def test_suites__a_child__runs_its_parents_first(tmp_path: Path) -> None:
    image(tmp_path, "dev", 'checks = ["box"]')
    image(tmp_path, "own", 'parent = "dev"\nchecks = ["custom-image", "box"]')

    assert check.suites(catalog.load(tmp_path), "own") == ["image", "box", "custom-image"]


def test_suites__one_that_is_not_known__is_named(tmp_path: Path) -> None:
    image(tmp_path, "dev", 'checks = ["bxo"]')

    with pytest.raises(InputError, match="names a check 'bxo'"):
        check.suites(catalog.load(tmp_path), "dev")


def test_over_budget__too_large__names_the_largest_layers_first(tmp_path: Path) -> None:
    image(tmp_path, "dev", "size_budget_mb = 100")
    layers = [Layer(size=10_000_000, made_by="COPY a"), Layer(size=95_000_000, made_by="RUN  pip   install")]

    problem = check.over_budget(planned(tmp_path, "dev"), 105_000_000, layers)

    assert problem is not None
    assert problem.splitlines()[0].startswith("105 MB, and the budget is 100 MB")
    assert problem.splitlines()[1].split() == ["95", "MB", "RUN", "pip", "install"]


def test_over_budget__within__is_no_problem(tmp_path: Path) -> None:
    image(tmp_path, "dev", "size_budget_mb = 100")

    assert check.over_budget(planned(tmp_path, "dev"), 100_000_000, []) is None
