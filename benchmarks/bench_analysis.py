"""`sfml.analysis` beside pipreqs, deptry and fawltydeps: packages on the same cases, and time.

The peers name packages only. They run in environments of their own that hold nothing else, as here; what a
project declares itself counts as found by all of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from measure import Row, Timing, median, once
from packaging.utils import canonicalize_name

from sfml.analysis import analyse

SFML = Path(sys.executable).with_name("sfml")
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "support"))
from scripts_corpus import Case, Tally, aspects, cases  # noqa: E402 - the folder is added above

FILES = 1000
DRIVER = HERE / "pipreqs_driver.py"


def rows() -> Iterator[Row]:
    corpus = cases()
    yield from _accuracy(corpus)
    yield from _peers(corpus)
    with tempfile.TemporaryDirectory() as name:
        project = generate(Path(name), FILES)
        yield from _large(project)


# --- how often it is right ---


def _accuracy(corpus: list[Case]) -> Iterator[Row]:
    tallies: dict[str, Tally] = {}
    for case in corpus:
        for aspect, (found, expected) in aspects(case, case.analyse()).items():
            tallies.setdefault(aspect, Tally()).add(case.name, map(str, found), expected)
    limits = {"packages": 0.01, "hardware": 0.03, "host categories": 0.05, "outputs": 0.05}
    for aspect, limit in limits.items():
        tally = tallies[aspect]
        detail = f"precision {tally.precision:.3f}, recall {tally.recall:.3f}, {len(corpus)} cases"
        yield Row(
            what=f"analysis, {aspect}: 1 - F1", figure=1 - tally.f1, unit="", limit=limit, detail=detail
        )


def _peers(corpus: list[Case]) -> Iterator[Row]:
    folders = [case.folder for case in corpus]
    ours = min(_cpu(lambda: [case.analyse() for case in corpus]) for _ in range(3))
    found, theirs = min((_pipreqs(folders) for _ in range(3)), key=lambda answer: answer[1])
    yield _score("pipreqs", corpus, lambda case: found[str(case.folder)], f"{theirs:.2f} s CPU in process")
    yield Row(
        what="analysis / pipreqs, the cases in process, CPU",
        figure=ours / theirs,
        unit="",
        limit=1.0,
        detail=f"{ours:.3f} s / {theirs:.3f} s",
    )
    for peer, names in (("deptry", _deptry), ("fawltydeps", _fawltydeps)):
        started = time.perf_counter()
        by_case = {case.name: names(case.folder) for case in corpus}
        each = (time.perf_counter() - started) / len(corpus)
        yield _score(
            peer, corpus, lambda case, by_case=by_case: by_case[case.name], f"{each:.2f} s wall a case"
        )


def _score(peer: str, corpus: list[Case], names: Callable[[Case], Iterable[str]], detail: str) -> Row:
    tally = Tally()
    for case in corpus:
        declared = [p.name for p in case.analyse().dependencies.packages if p.origin in _DECLARED]
        found = {canonicalize_name(name) for name in names(case)} | set(declared)
        tally.add(case.name, found, case.expected["packages"])
    scores = f"precision {tally.precision:.3f}, recall {tally.recall:.3f}; {detail}"
    return Row(what=f"{peer}, packages: 1 - F1", figure=1 - tally.f1, unit="", detail=scores)


_DECLARED = {"script header", "requirements.txt", "pyproject.toml", "pip install"}


def _pipreqs(folders: list[Path]) -> tuple[dict[str, list[str]], float]:
    program = Path(os.environ.get("SFML_BENCH_PIPREQS", "pipreqs"))
    python = program.with_name("python")
    asked = json.dumps([str(folder) for folder in folders])
    shown = subprocess.run([python, DRIVER], input=asked, capture_output=True, text=True, check=True)
    answer = json.loads(shown.stdout)
    return answer["packages"], answer["seconds"]


def _deptry(folder: Path) -> list[str]:
    program = os.environ.get("SFML_BENCH_DEPTRY", "deptry")
    with tempfile.TemporaryDirectory() as name:
        out, none = Path(name, "out.json"), Path(name, "requirements.txt")
        none.touch()
        command = [program, ".", "--requirements-files", str(none), "-o", str(out), "--no-ansi"]
        subprocess.run(command, cwd=folder, check=False, capture_output=True)
        problems = json.loads(out.read_text()) if out.exists() else []
    return [problem["module"] for problem in problems if problem["error"]["code"] in {"DEP001", "DEP003"}]


def _fawltydeps(folder: Path) -> list[str]:
    program = os.environ.get("SFML_BENCH_FAWLTYDEPS", "fawltydeps")
    shown = subprocess.run(
        [program, "--list-imports", "--json", "."], cwd=folder, check=False, capture_output=True, text=True
    )
    found = json.loads(shown.stdout or "{}").get("imports") or []
    return sorted({item["name"] for item in found})


# --- how long it takes ---


def _large(project: Path) -> Iterator[Row]:
    analyse(project)
    seconds = min(_cpu(lambda: analyse(project)) for _ in range(3))
    lines = sum(path.read_text().count("\n") for path in project.rglob("*.py"))
    yield Row(
        what=f"analysis of {FILES} files, in process, CPU",
        figure=seconds,
        unit="s",
        limit=2.0,
        detail=f"{lines} lines, {len(analyse(project).modules)} modules followed",
    )
    # Reading imports is the smaller part here: pipreqs asks no module what another one means.
    _, theirs = _pipreqs([project])
    yield Row(
        what=f"analysis / pipreqs, {FILES} files in process, CPU",
        figure=seconds / theirs,
        unit="",
        detail=f"{seconds:.2f} s / {theirs:.2f} s",
    )
    command = median(lambda: once([SFML, "analyse", project, "-o", "json"]), repeat=3)
    yield _command(command)


def _command(taken: Timing) -> Row:
    return Row(
        what=f"sfml analyse, {FILES} files, wall",
        figure=taken.wall,
        unit="s",
        detail=f"{taken.cpu:.2f} s CPU",
    )


def _cpu(run: Callable[[], object]) -> float:
    started = time.process_time()
    run()
    return time.process_time() - started


def generate(folder: Path, files: int) -> Path:
    """A project of that many modules, each of which imports others and trains something."""
    names = [f"part{number:04}" for number in range(files - 1)]
    package = folder / "parts"
    package.mkdir()
    for number, name in enumerate(names):
        siblings = [names[(number * 7 + step) % len(names)] for step in (1, 2, 3)]
        (package / f"{name}.py").write_text(_MODULE.format(number=number, siblings=", ".join(siblings)))
    first = "\n".join(f"from parts import {name}" for name in names)
    (folder / "train.py").write_text(f"{first}\n\nif __name__ == '__main__':\n    {names[0]}.main()\n")
    return folder


_MODULE = '''"""Part {number} of a generated project."""

from __future__ import annotations

import argparse
import json
import logging
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader
from transformers import AutoModel, AutoTokenizer

from parts import {siblings}

logger = logging.getLogger(__name__)
NAME = "organisation/model-{number}"
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


@dataclass
class Settings:
    """What a run is told."""

    rate: float = 1e-{number}
    width: int = 16
    output: Path = Path("out")
    layers: list[int] = field(default_factory=lambda: [8, 8])


def train(settings: Settings, rows: list, epochs: int = 3) -> float:
    body = AutoModel.from_pretrained(NAME).to(DEVICE)
    head = nn.Linear(settings.width, 2).to(DEVICE)
    optimizer = torch.optim.AdamW(head.parameters(), lr=settings.rate)
    loss_of = nn.CrossEntropyLoss()
    best = float("inf")
    for epoch in range(epochs):
        losses = []
        for batch, labels in DataLoader(rows, batch_size=8, shuffle=True):
            hidden = body(**{{key: value.to(DEVICE) for key, value in batch.items()}}).pooler_output
            loss = loss_of(head(hidden), labels.to(DEVICE))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        mean = float(np.mean(losses))
        logger.info("epoch %d: %.3f", epoch, mean)
        if mean < best:
            best = mean
            torch.save(head.state_dict(), os.path.join(settings.output, "head-{number}.pt"))
    return best


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows-{number}", default="rows.jsonl")
    parser.add_argument("--output-{number}", type=Path, default=Path("out"))
    args = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(NAME)
    with open(args.rows_{number}, encoding="utf-8") as stream:
        rows = [tokenizer(json.loads(line)["text"]) for line in stream]
    print(train(Settings(output=args.output_{number}), rows))


if __name__ == "__main__":
    main()
'''
