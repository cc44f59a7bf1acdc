"""Environments for runs: made in no time, requirements installed once."""

from __future__ import annotations

import subprocess
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from sfml.emulator.executors.overlay import Layer, Overlays
from sfml.emulator.executors.requirements import repeatable, satisfied

YAML = metadata.version("pyyaml")


@pytest.mark.parametrize(
    "text",
    ["", "# nothing\n", "pyyaml", f"PyYAML=={YAML}", "pyyaml >= 1.0  # any", "nothing; python_version < '3'"],
)
def test_satisfied__environment_has_all__says_so(text: str) -> None:
    assert satisfied(text) is not None


@pytest.mark.parametrize(
    "text", ["pyyaml<1", "no-such-package", "pyyaml[extra]", "./wheel.whl", "-r other.txt", "a @ file:///b"]
)
def test_satisfied__something_is_missing_or_unclear__leaves_it_to_pip(text: str) -> None:
    assert satisfied(text) is None


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("tabulate\nnumpy==1.23", True),
        ("--index-url https://x/simple\ntabulate", True),
        ("./local.whl", False),
        ("-e .", False),
        ("a @ file:///b.whl", False),
        ("-r other.txt", False),
    ],
)
def test_repeatable__text__says_all_or_depends_on_files(text: str, *, same: bool) -> None:
    assert repeatable(text) is same


def wheel(directory: Path, name: str, value: int) -> None:
    """A package with one module that has one value."""
    info = f"{name}-1.0.dist-info"
    directory.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(directory / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}.py", f"VALUE = {value}\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


def install(layer: Layer, requirements: Path) -> None:
    """What environment.sh does on a run's first installation."""
    pip = [str(layer.directory / "bin" / "python"), "-m", "pip", "install", "-q", "-r", str(requirements)]
    subprocess.run(pip, check=True, capture_output=True)
    (layer.installed / "1.txt").write_text(requirements.read_text())
    (layer.installed / "1.log").write_text("installed")


def run(environment: Path, code: str) -> str:
    python = environment / "bin" / "python"
    done = subprocess.run([str(python), "-c", code], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def requirements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that asks for a package which only a directory of this test has."""
    wheel(tmp_path / "wheels", "sfml_sample", 42)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    path = tmp_path / "requirements.txt"
    path.write_text("sfml-sample\n")
    return path


def test_create__nothing_to_install__environment_sees_the_servers_packages(tmp_path: Path) -> None:
    asked = tmp_path / "requirements.txt"
    asked.write_text("pyyaml\n")
    layer = Overlays(tmp_path / "all").create(tmp_path / "run", [asked])
    assert run(tmp_path / "run", "import yaml, sys; print(yaml.__version__, sys.prefix)") == (
        f"{YAML} {tmp_path / 'run'}"
    )
    assert (layer.installed / "0.txt").read_text() == "pyyaml\n"
    assert "already satisfied" in (layer.installed / "0.log").read_text()


def test_create__same_requirements_again__finds_what_the_first_installed(
    tmp_path: Path, requirements: Path
) -> None:
    overlays = Overlays(tmp_path / "all")
    first = overlays.create(tmp_path / "first", [requirements])
    install(first, requirements)
    overlays.finish(first)
    second = overlays.create(tmp_path / "second", [requirements])
    assert second.directory == first.directory
    assert run(tmp_path / "second", "import sfml_sample; print(sfml_sample.VALUE)") == "42"


def test_create__installed_for_one_run__others_and_the_server_do_not_see_it(
    tmp_path: Path, requirements: Path
) -> None:
    overlays = Overlays(tmp_path / "all")
    install(overlays.create(tmp_path / "first", [requirements]), requirements)
    overlays.create(tmp_path / "second", [])
    seek = "import importlib.util; print(importlib.util.find_spec('sfml_sample'))"
    assert run(tmp_path / "second", seek) == "None"
    with pytest.raises(metadata.PackageNotFoundError):
        metadata.version("sfml-sample")


def test_finish__installation_did_not_happen__layer_is_removed(tmp_path: Path, requirements: Path) -> None:
    overlays = Overlays(tmp_path / "all")
    layer = overlays.create(tmp_path / "run", [requirements])
    overlays.finish(layer)
    assert not layer.directory.exists()
    assert layer.publish_as is not None
    assert not layer.publish_as.exists()


def test_finish__two_runs_at_once__the_second_gives_way(tmp_path: Path, requirements: Path) -> None:
    overlays = Overlays(tmp_path / "all")
    layers = [overlays.create(tmp_path / name, [requirements]) for name in ("first", "second")]
    for layer in layers:
        install(layer, requirements)
        overlays.finish(layer)
    assert [layer.directory.exists() for layer in layers] == [True, False]
    assert overlays.create(tmp_path / "third", [requirements]).directory == layers[0].directory


def test_create__requirements_name_a_file__layer_is_the_runs_own(tmp_path: Path) -> None:
    asked = tmp_path / "requirements.txt"
    asked.write_text("./local.whl\n")
    layer = Overlays(tmp_path / "all").create(tmp_path / "run", [asked])
    assert layer.directory == tmp_path / "run"
    assert layer.publish_as is None


def test_stamp__package_is_added__changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = tmp_path / "site-packages"
    packages.mkdir()
    overlays = Overlays(tmp_path / "all")
    monkeypatch.setattr(overlays, "_base", [str(packages)])
    before = overlays.stamp()
    assert overlays.stamp() == before
    (packages / "new-1.0.dist-info").mkdir()
    assert overlays.stamp() != before
