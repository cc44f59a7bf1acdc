"""A GPU training script with requirements, a hub model and a tracker: plan, SQL, submit, log, result."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from programs import Run

# Stand-ins for the three packages: they say what they were asked, and keep the test off the network.
PACKAGES = {
    "torch": """def save(state, path):
    open(path, "w").write(str(state))
""",
    "transformers": """class AutoModel:
    @classmethod
    def from_pretrained(cls, name):
        print("loads", name)
        return cls()

    def to(self, device):
        print("on", device)
        return self

    def state_dict(self):
        return {"w": 1}
""",
    "wandb": """def init(**settings):
    print("tracks", settings["project"])


def log(values):
    print("logs", values)
""",
}
TRAIN = """import argparse
import os

import torch
import wandb
from model import load

parser = argparse.ArgumentParser()
parser.add_argument("--output-dir", default="out")
parser.add_argument("--epochs", type=int, default=1)
args = parser.parse_args()
wandb.init(project="demo")
model = load().to("cuda")
for epoch in range(args.epochs):
    wandb.log({"epoch": epoch})
torch.save(model.state_dict(), os.path.join(args.output_dir, "net.pt"))
__return__ = {"epochs": args.epochs}
"""
MODEL = """from transformers import AutoModel


def load():
    return AutoModel.from_pretrained("bert-base-cased")
"""
SQL = """import os, sys
from pathlib import Path
from sfml import config
from sfml.session.rows import query

run = query(config.resolve({"connection": "local"}, os.environ, Path.cwd()))
for statement in sys.stdin.read().split(";"):
    if statement.strip():
        run(statement)
"""
LOCAL = ("--connection", "local")


@pytest.fixture(scope="module", autouse=True)
def _files(project: Path) -> None:
    texts = {"train.py": TRAIN, "model.py": MODEL, "requirements.txt": "torch\ntransformers\nwandb\n"}
    for name, text in texts.items():
        (project / name).write_text(text)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    folder = tmp_path_factory.mktemp("wheels")
    for name, source in PACKAGES.items():
        info = f"{name}-99.0.dist-info"
        with zipfile.ZipFile(folder / f"{name}-99.0-py3-none-any.whl", "w") as archive:
            archive.writestr(f"{name}.py", source)
            archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 99.0\n")
            archive.writestr(
                f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            archive.writestr(f"{info}/RECORD", "")
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)}


def uploaded(project: Path) -> list[str]:
    return [path.name for path in (project / ".sfml/local/stages").rglob("*.py")]


def test_submit__no_integration_for_its_hosts__is_refused_before_the_upload_and_then_helped(
    sfml: Run, project: Path, index: Mapping[str, str]
) -> None:
    refused = sfml("submit", *LOCAL, "train.py", "--", "--epochs", "2", env=index)
    assert refused.returncode == 4, refused.stderr
    assert "huggingface.co" in refused.stderr
    assert "api.wandb.ai" in refused.stderr
    assert uploaded(project) == []

    script = [line.strip() for line in refused.stderr.splitlines() if line.strip().endswith(";")]
    assert len(script) == 6
    (project / "run_sql.py").write_text(SQL)
    subprocess.run(
        [sys.executable, "run_sql.py"], cwd=project, input="\n".join(script), text=True, check=True
    )

    done = sfml("submit", *LOCAL, "-o", "json", "train.py", "--", "--epochs", "2", env=index)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["result"] == {"epochs": 2}
    for line in ("loads bert-base-cased", "on cuda", "tracks demo", "logs {'epoch': 1}"):
        assert line in done.stderr
    for found in ("HUGGINGFACE_EAI", "WANDB_EAI", "SYSTEM_COMPUTE_POOL_GPU", "requirements.txt, as it is"):
        assert found in done.stderr
    assert list((project / ".sfml/local/stages").rglob("net.pt"))


def test_submit__a_host_that_nothing_covers__force_goes_on(sfml: Run, project: Path) -> None:
    (project / "ask.py").write_text(
        "import urllib.request\ntry:\n    urllib.request.urlopen('https://127.0.0.1.example:1/', timeout=1)\n"
        "except OSError:\n    __return__ = 'ran'\n"
    )
    assert sfml("submit", *LOCAL, "ask.py").returncode == 4
    done = sfml("submit", *LOCAL, "--force", "ask.py")
    assert (done.returncode, done.stdout) == (0, "ran\n"), done.stderr
