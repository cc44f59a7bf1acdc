"""What a project says it needs, in each of the places where it can say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from sfml.analysis import Install, Origin, analyse
from sfml.analysis.findings import Evidence
from sfml.analysis.requirements import parse, statements

WHERE = Evidence(file="requirements.txt", line=1, seen="")


@pytest.mark.parametrize(
    ("line", "name", "kept"),
    [
        ("Torch_Vision >= 0.15", "torch-vision", "Torch_Vision >= 0.15"),
        ("ray[tune,default]==2.9 ; python_version >= '3.8'", "ray", "ray[tune,default]==2.9"),
        ("git+https://github.com/a/b.git@v1#egg=bee", "bee", "git+https://github.com/a/b.git@v1#egg=bee"),
        ("git+https://github.com/a/some_lib", "some-lib", "some_lib@ git+https://github.com/a/some_lib"),
        ("git+ssh://git@github.com/a/b.git", "b", "b@ git+ssh://git@github.com/a/b.git"),
        ("x @ https://h/x-1.0.zip", "x", "x @ https://h/x-1.0.zip"),
    ],
)
def test_parse__a_line_for_pip__gives_its_name_and_what_to_pass_on(line: str, name: str, kept: str) -> None:
    found = parse(line, Origin.REQUIREMENTS, WHERE, (3, 11))
    assert found is not None
    assert (found.name, found.line) == (name, kept)


@pytest.mark.parametrize(
    "line", ["tomli; python_version < '3.11'", "pywin32; sys_platform == 'win32'", "???"]
)
def test_parse__another_system_or_no_requirement__gives_nothing(line: str) -> None:
    assert parse(line, Origin.REQUIREMENTS, WHERE, (3, 11)) is None


POETRY = """[tool.poetry.dependencies]
python = "^3.10"
polars = "^1.2.3"
rich = "~13.1"
x = "^0.3"
duckdb = {version = "*", extras = ["all"]}
z = {version = "1.0", optional = true}
y = "2.1"
"""


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("pyproject.toml", POETRY, "polars>=1.2.3,<2 rich>=13.1,<13.2 x>=0.3,<0.4 duckdb[all] y==2.1"),
        ("setup.cfg", "[options]\ninstall_requires =\n  polars>=1\n  rich\n", "polars>=1 rich"),
        ("setup.py", "setup(install_requires=['polars', 'rich<14'])\n", "polars rich<14"),
        (
            "environment.yml",
            "dependencies:\n - python=3.10\n - pip:\n   - polars==1.1\n   - -e .\n",
            "polars==1.1",
        ),
    ],
)
def test_statements__each_kind_of_file__is_read(tmp_path: Path, name: str, text: str, expected: str) -> None:
    (tmp_path / name).write_text(text)
    [found] = statements(tmp_path, "", "train.py", (3, 11))
    assert " ".join(one.line for one in found.requirements) == expected


def test_statements__requirements_with_options__keep_the_index_and_drop_hashes(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(
        "--extra-index-url https://pypi.example.com/simple\npolars==1.0 --hash=sha256:00\n-rmore.txt\n"
    )
    (tmp_path / "more.txt").write_text("rich # colours\n")
    [found] = statements(tmp_path, "", "train.py", (3, 11))
    assert found.options == ("--extra-index-url https://pypi.example.com/simple",)
    assert [(one.line, one.evidence.file, one.evidence.line) for one in found.requirements] == [
        ("polars==1.0", "requirements.txt", 2),
        ("rich", "more.txt", 1),
    ]


def test_index__in_requirements__is_a_host_to_reach(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("--extra-index-url https://pypi.example.com/simple\npolars\n")
    (tmp_path / "train.py").write_text("import polars\n")
    [index] = analyse(tmp_path).network
    assert index.hosts == ("files.pythonhosted.org", "pypi.example.com", "pypi.org")


def test_script_in_a_larger_project__takes_the_pins_of_what_it_imports_only(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\ndependencies = ["polars==1.1", "flask"]\n'
    )
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "train.py").write_text("import polars\n")
    assert analyse(tmp_path / "jobs" / "train.py").dependencies.pip_requirements == ("polars==1.1",)
    assert analyse(tmp_path).dependencies.pip_requirements == ("polars==1.1", "flask")


def test_pin__of_a_preinstalled_package__counts_unless_the_runtime_is_known_to_meet_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "requirements.txt").write_text("torch>=2.1\n")
    (tmp_path / "train.py").write_text("import torch\n")
    for runtime, expected in (
        ({"torch": None}, Install.PIP_REQUIREMENTS),
        ({"torch": "2.0.1"}, Install.PIP_REQUIREMENTS),
        ({"torch": "2.3.0+cu121"}, Install.NOTHING),
    ):
        assert analyse(tmp_path, preinstalled=runtime).dependencies.install is expected


def test_installed_metadata__names_what_the_project_does_not__before_the_table(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("import cv2\nimport oddly_named\n")
    metadata = {"cv2": ["opencv-python-headless"], "oddly_named": ["Sensible"]}
    found = analyse(tmp_path, installed=lambda: metadata).dependencies
    assert found.pip_requirements == ("opencv-python-headless", "sensible")
