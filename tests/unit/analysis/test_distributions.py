"""The table of imports, and what the standard library of each Python holds."""

from __future__ import annotations

import re
import sys
from importlib.resources import files

import pytest

from sfml.analysis.distributions import (
    declared_for,
    entry_for,
    is_standard,
    normalized,
    runtime_packages,
    table,
)


def lines(name: str) -> list[str]:
    text = files("sfml.analysis").joinpath("data", name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_table__every_line__is_an_import_with_distributions_in_normal_form() -> None:
    names = [line.split()[0] for line in lines("distributions.txt")]
    assert len(names) == len(set(names)) > 700
    for name, entry in table().items():
        assert re.fullmatch(r"[A-Za-z_]\w*(\.\w+)*(\.\*)?", name), name
        for distribution in (entry.usual, *entry.others):
            assert distribution == normalized(distribution), name
        assert not is_standard(name, (3, 11)) or name in {"distutils", "builtins"}, name


def test_runtime__every_line__is_a_distribution_in_normal_form() -> None:
    names = lines("runtime.txt")
    assert set(names) == runtime_packages()
    assert all(name == normalized(name) for name in names)
    assert {"torch", "pandas", "snowflake-ml-python"} <= runtime_packages()


@pytest.mark.parametrize(
    ("dotted", "distribution"),
    [
        ("cv2", "opencv-python"),
        ("google.cloud.storage.blob", "google-cloud-storage"),
        ("google.cloud.some_new_thing.v1", "google-cloud-some-new-thing"),
        ("azure.mgmt.compute_fleet", "azure-mgmt-compute-fleet"),
        ("snowflake.snowpark.functions", "snowflake-snowpark-python"),
        ("llama_index.llms.ollama", "llama-index-llms-ollama"),
        ("sklearn.ensemble", "scikit-learn"),
        ("pl_bolts.models", "lightning-bolts"),
        ("ot", "pot"),
    ],
)
def test_entry__a_dotted_name__is_that_of_the_longest_known_prefix(dotted: str, distribution: str) -> None:
    entry = entry_for(dotted)
    assert entry is not None
    assert entry.usual == distribution


def test_entry__an_unknown_name__is_none() -> None:
    assert entry_for("nobody_has_published_this") is None


@pytest.mark.parametrize(
    ("dotted", "declared", "expected"),
    [
        ("cv2", {"opencv-contrib-python"}, "opencv-contrib-python"),
        ("cv2", {"flask"}, None),
        ("some_lib.part", {"some-lib"}, "some-lib"),
        ("oddity", {"python-oddity"}, "python-oddity"),
        ("yaml", {"py-yaml"}, None),
    ],
)
def test_declared__what_the_project_names__provides_the_import(
    dotted: str, declared: set[str], expected: str | None
) -> None:
    assert declared_for([dotted], declared) == expected


def test_standard_library__by_version__has_what_that_version_had() -> None:
    assert is_standard("tomllib", (3, 11))
    assert not is_standard("tomllib", (3, 10))
    assert is_standard("distutils", (3, 11))
    assert not is_standard("distutils", (3, 12))
    assert not is_standard("imghdr", (3, 13))
    assert all(is_standard(name, sys.version_info[:2]) for name in ("os", "_ast", "__future__"))
