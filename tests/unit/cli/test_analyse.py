from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sfml import cli

Capture = pytest.CaptureFixture[str]
PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "see-what-a-script-needs.md"
TRAIN = """import argparse
import os

import rich
import torch
from model import build
from transformers import AutoModel
parser = argparse.ArgumentParser()
parser.add_argument("--output-dir", default="out")
parser.add_argument("--wandb", action="store_true")
args = parser.parse_args()
net = build()
body = AutoModel.from_pretrained("bert-base-cased")
if args.wandb:
    from wandb import init
    init(project="demo")

torch.save(net.state_dict(), os.path.join(args.output_dir, "net.pt"))

rows = open("/home/me/data.csv")
"""
MODEL = """import torch

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
class Net(torch.nn.Module): ...

def build():
    return Net().to(DEVICE)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(TRAIN)
    (tmp_path / "model.py").write_text(MODEL)
    return tmp_path


def says(page_line: str, text: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in page_line.strip().split("…"))
    return re.search(rf"^\s*{pattern}\s*$", text, re.MULTILINE) is not None


def test_how_to__its_commands__say_what_the_page_says(capsys: Capture) -> None:
    page = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"^    \$ sfml (.*)\n((?:    .*\n)+)", page, re.MULTILINE)
    assert len(blocks) == 2
    for command, expected in blocks:
        assert cli.run(command.split()) == 0
        said = capsys.readouterr().out
        for line in expected.splitlines():
            assert says(line, said), f"{line!r} is not in:\n{said}"


def test_analyse__json__holds_every_finding_with_its_lines(capsys: Capture) -> None:
    assert cli.run(["analyse", "train.py", "-o", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["hardware"]["gpu"] == "uses"
    assert found["hardware"]["evidence"][0] == {"file": "model.py", "line": 7, "seen": "Net().to(DEVICE)"}
    assert found["dependencies"]["install"] == "pip_requirements"
    assert [output["name"] for output in found["outputs"]] == ["--output-dir"]


def test_analyse__arguments__settle_what_is_open_by_default(folder: Path, capsys: Capture) -> None:
    (folder / "train.py").write_text(
        "import argparse, torch\nparser = argparse.ArgumentParser()\n"
        "parser.add_argument('--no-cuda', action='store_true')\nargs = parser.parse_args()\n"
        "device = 'cuda' if torch.cuda.is_available() and not args.no_cuda else 'cpu'\n"
        "torch.ones(1).to(device)\n"
    )
    for given, expected in ([], "hardware    CPU, or a GPU"), (["--", "--no-cuda"], "hardware    CPU\n"):
        assert cli.run(["analyse", "train.py", *given]) == 0
        assert expected in capsys.readouterr().out


def test_analyse__a_script_that_needs_nothing__says_so(folder: Path, capsys: Capture) -> None:
    (folder / "plain.py").write_text("print(1)\n")
    assert cli.run(["analyse", "plain.py"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown == [
        "plain.py",
        "  method      file",
        "  hardware    CPU",
        "  packages    none",
        "  network     none",
        "  outputs     none found",
    ]


def test_analyse__no_such_path__is_one_error_and_exit_1(capsys: Capture) -> None:
    assert cli.run(["analyse", "missing.py"]) == 1
    streams = capsys.readouterr()
    assert (streams.out, "missing.py does not exist" in streams.err) == ("", True)
