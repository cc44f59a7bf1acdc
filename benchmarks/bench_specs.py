"""`sfml spec validate` beside `check-jsonschema` with our own schema, and the checker by itself.

Both get the same files. check-jsonschema knows the grammar only; sfml checks references and sizes, too.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from measure import Row, Timing, interleaved, once

from sfml.specs import schema
from sfml.specs.check import check
from sfml.specs.loader import load
from sfml.specs.scope import Target
from sfml.specs.validate import check_text

T = TypeVar("T")
SFML = Path(sys.executable).with_name("sfml")
FILES = 1000
SCHEMA = Path(schema.__file__).with_name(schema.FILE)


def rows() -> Iterator[Row]:
    peer = os.environ.get("SFML_BENCH_CHECK_JSONSCHEMA", "check-jsonschema")
    with tempfile.TemporaryDirectory() as folder:
        files = _files(Path(folder))
        for count, limit, repeat in ((1, 0.5, 7), (FILES, 0.25, 3)):
            taken = interleaved(
                {
                    "sfml": lambda n=count: once([SFML, "spec", "validate", *files[:n]]),
                    "peer": lambda n=count: once([peer, "--schemafile", SCHEMA, *files[:n]]),
                },
                repeat=repeat,
            )
            yield _ratio(count, limit, taken["sfml"], taken["peer"])
    yield from _in_process([_text(number) for number in range(50)])


def _ratio(count: int, limit: float, ours: Timing, theirs: Timing) -> Row:
    return Row(
        what=f"sfml spec validate / check-jsonschema, {count} file{'s' * (count > 1)}, CPU",
        figure=ours.cpu / theirs.cpu,
        unit="",
        limit=limit,
        detail=f"{ours.cpu:.2f} s / {theirs.cpu:.2f} s CPU, {ours.wall:.2f} s / {theirs.wall:.2f} s wall",
    )


def _in_process(texts: list[str]) -> Iterator[Row]:
    target = Target()
    documents = [document for text in texts for document in load(text).documents]
    # 100 microseconds each are 10,000 specs a second.
    yield _each("checking a parsed spec", documents, lambda document: check(document.data, target), limit=100)
    yield _each("parsing a spec, positions kept", texts, load)
    yield _each("a spec from text to problems", texts, check_text)


def _each(what: str, items: list[T], run: Callable[[T], object], *, limit: float | None = None) -> Row:
    # Many short runs: the best of them met no other program on its core.
    best = min(_seconds(items, run) for _ in range(100))
    each = best / len(items) * 1e6
    detail = f"{1e6 / each:,.0f} specs/s of {len(_text(0).splitlines())} lines"
    return Row(what=what, figure=each, unit="us", limit=limit, detail=detail)


def _seconds(items: list[T], run: Callable[[T], object]) -> float:
    started = time.process_time()
    for item in items:
        run(item)
    return time.process_time() - started


def _files(folder: Path) -> list[Path]:
    files = [folder / f"spec-{number:04}.yaml" for number in range(FILES)]
    for number, file in enumerate(files):
        file.write_text(_text(number), encoding="utf-8")
    return files


# Two containers, two endpoints, two volumes: about the median of public specs, and no two files alike.
_SPEC = """\
spec:
  containers:
  - name: model
    image: /ml_db/serving/images/model-{n}:1.{n}
    env:
      MODEL_PATH: /models/model-{n}
      MAX_BATCH: {n}
      LOG_LEVEL: info
    command: [python, -m, serve]
    args: [--port, "8000"]
    resources:
      requests:
        cpu: 2
        memory: 8Gi
        nvidia.com/gpu: 1
      limits:
        cpu: 4
        memory: 16Gi
        nvidia.com/gpu: 1
    readinessProbe:
      port: 8000
      path: /health
    volumeMounts:
    - name: models
      mountPath: /models
    - name: shm
      mountPath: /dev/shm
  - name: proxy
    image: /ml_db/serving/images/proxy:2.0
    secrets:
    - snowflakeSecret: ml_db.serving.token
      envVarName: TOKEN
      secretKeyRef: secret_string
  endpoints:
  - name: api
    port: 8000
    public: true
  - name: metrics
    port: 9090
    protocol: TCP
  volumes:
  - name: models
    source: stage
    stageConfig:
      name: "@ml_db.serving.models"
  - name: shm
    source: memory
    size: 4Gi
serviceRoles:
- name: app_user
  endpoints: [api]
"""


def _text(number: int) -> str:
    return _SPEC.format(n=number)
