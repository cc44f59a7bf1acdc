from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
import yaml

from sfml import cli
from sfml.specs.families import Cloud, Family, dump

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_render__own_template__files_then_settings_and_environment(
    folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAG", "7")
    (folder / "t.j2").write_text("{{ a }} {{ b.c }} {{ environ.TAG }}")
    (folder / "v.yaml").write_text("a: 1\nb: {c: 2}\n")
    (folder / "w.json").write_text('{"a": 3}')
    code = cli.run(
        ["spec", "render", "t.j2", "--values", "v.yaml", "--values", "w.json", "--set", "b.c=x y", "--env"]
    )
    assert (code, capsys.readouterr().out) == (0, "3 x y 7\n")


@pytest.mark.parametrize("name", ["gpu-job", "gpu-job.yaml.j2", "job/gpu-job.yaml.j2", "job/gpu-job"])
def test_render__by_name__finds_what_sfml_brings_along(name: str, capsys: Capture) -> None:
    settings = ["container_image=/d/s/r/i:1", "instance_family=GPU_NV_S"]
    assert cli.run(["spec", "render", name, *(x for s in settings for x in ("--set", s))]) == 0
    [container] = yaml.safe_load(capsys.readouterr().out)["spec"]["containers"]
    assert container["resources"]["limits"] == {"nvidia.com/gpu": 1}


def test_render__output_file__is_written_and_stdout_stays_empty(folder: Path, capsys: Capture) -> None:
    (folder / "t.j2").write_text("größe: 1\n")
    assert cli.run(["spec", "render", "t.j2", "-o", "out.yaml"]) == 0
    assert (folder / "out.yaml").read_text(encoding="utf-8") == "größe: 1\n"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "there is no template nothing.yaml.j2\n  give a file, or one of: cpu-job"),
        (["gone/x.j2"], "there is no template gone/x.j2"),
        (["t.j2"], "t.j2:2: 'x' is undefined\n  give it with --set x="),
        (["t.j2", "--set", "x"], "--set 'x' is not NAME=VALUE"),
        (["t.j2", "--values", "gone.yaml"], "gone.yaml cannot be read: No such file"),
        (["t.j2", "--set", "x=1", "-o", "no/such/folder"], "no/such/folder cannot be written"),
    ],
)
def test_render__bad_input__is_one_error_and_writes_nothing(
    folder: Path, capsys: Capture, arguments: list[str], message: str
) -> None:
    (folder / "t.j2").write_text("a:\nb: {{ x }}\n")
    assert cli.run(["spec", "render", *arguments]) == 1
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""


def test_families__aws_gpus_as_json__have_figures_and_unknown_prices_are_null(capsys: Capture) -> None:
    assert cli.run(["spec", "families", "--cloud", "aws", "--gpu", "-o", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    by_name = {row["name"]: row for row in rows}
    assert rows[0]["name"] == "GPU_NV_S"
    assert (
        by_name["GPU_NV_S"] | {"memory_gib": 28, "gpu_count": 1, "credits_per_hour": 0.57}
        == by_name["GPU_NV_S"]
    )
    assert by_name["GPU_L40S_G1_8"]["credits_per_hour"] is None
    assert all("aws" in row["clouds"] for row in rows)


def test_families__for_a_reader__are_one_line_each(capsys: Capture) -> None:
    assert cli.run(["spec", "families", "--cloud", "gcp", "--cpu"]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[1].split("\t")[:4] == ["CPU_X64_XS", "aws azure gcp", "1", "6"]
    assert not any("GPU_" in line for line in lines)
    assert "credits as published for 2026-01-13" in captured.err


def test_families__refreshed_before__are_the_accounts_own(folder: Path, capsys: Capture) -> None:
    own = Family(
        name="GPU_NEW", clouds=(Cloud.AWS,), vcpu=8, memory_gib=60, storage_gb=None, gpu="X", gpu_count=1
    )
    (folder / ".sfml").mkdir()
    (folder / ".sfml" / "families.json").write_text(dump([own], seen_on=date(2026, 3, 4)))
    assert cli.run(["spec", "families", "--gpu", "-o", "json"]) == 0
    captured = capsys.readouterr()
    assert [row["name"] for row in json.loads(captured.out)] == ["GPU_NEW"]
    assert "as your account said on 2026-03-04" in captured.err


def test_families__damaged_answer_kept__says_so(folder: Path, capsys: Capture) -> None:
    (folder / ".sfml").mkdir()
    (folder / ".sfml" / "families.json").write_bytes(b"\xff\x00{")
    assert cli.run(["spec", "families"]) == 1
    assert "delete the file and refresh again" in capsys.readouterr().err
