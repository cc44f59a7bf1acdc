"""How fast images are built and pushed: unchanged, and with one more requirement beside `docker build`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import Any

from measure import Row, Timing, median, once

SFML = Path(sys.executable).with_name("sfml")
ROOT = Path(__file__).resolve().parents[1]
CLOSED = ("--set", "python_source=system", "--set", "code_server_source=npm")
# What a project may well ask for; the one that comes later is small, as most changes are.
REQUIREMENTS = (
    "polars==2.1.0", "fastapi==0.165.0", "matplotlib==3.11.2", "sqlalchemy==2.1.9", "duckdb==2.0.0",
)  # fmt: skip
ONE_MORE = "tabulate==0.10.0"
# A value of this run's own, so that no step is in the engine's cache from an earlier one.
ORDINARY = """\
FROM {base}
ENV BENCHMARK={name}
COPY requirements.txt /tmp/requirements.txt
RUN pip install --no-cache-dir -r /tmp/requirements.txt
"""
# The last steps of the shipped images.
_STEP = """\
RUN --mount=type=bind,source=build-env.sh,target=/build/env.sh \\
    --mount=type=bind,source=user/{file},target=/build/user/{file} \\
    --mount=type=secret,id=ca_bundle,uid=1000 \\
    --mount=type=secret,id=build_env,uid=1000 \\
    --mount=type=cache,id=sfml-uv,target=/var/cache/uv,uid=1000,gid=1000 \\
    . /build/env.sh; python_install /build/user/{file}
"""
CHILD = """\
ARG PARENT
FROM ${PARENT}
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
ARG UV_CACHE_DIR=/var/cache/uv
ENV BENCHMARK=%s
"""
STEPS = _STEP.format(file="requirements-early.txt") + _STEP.format(file="requirements.txt")


def rows() -> Iterator[Row]:
    if subprocess.run(["docker", "buildx", "version"], capture_output=True, check=False).returncode:
        print("images: no container engine with buildx, nothing measured", file=sys.stderr)
        return
    with TemporaryDirectory(prefix="sfml-bench-") as folder:
        project, name = Path(folder), f"bench-{token_hex(3)}"
        try:
            yield from _measured(project, name)
            yield from _sizes()
        finally:
            subprocess.run([SFML, "local", "stop"], cwd=project, capture_output=True, check=False)
            _forget(name)


def _measured(project: Path, name: str) -> Iterator[Row]:
    shutil.copytree(ROOT / "images" / "base", project / "images" / "base")
    shutil.copy(ROOT / "images" / "build-env.sh", project / "images")
    child = project / "images" / name
    child.mkdir()
    (child / "Dockerfile").write_text(CHILD % name + STEPS)
    (child / "image.toml").write_text('summary = "a benchmark"\nparent = "base"\n')
    (project / "sfml.yaml").touch()
    requirements = project / "requirements.txt"
    build = [SFML, "image", "build", name, "--set", "python_source=system", "--requirements", requirements]
    push = [SFML, "image", "push", *build[3:], "--connection", "local"]

    requirements.write_text("\n".join(REQUIREMENTS))
    first = once(build, cwd=project)
    yield from _unchanged(project, build, push)
    ordinary = _ordinary(project, name)
    requirements.write_text("\n".join([*REQUIREMENTS, ONE_MORE]))
    ours = once(build, cwd=project)
    theirs = ordinary()
    figures = f"{ours.wall:.1f} s and {theirs.wall:.1f} s; the first build {first.wall:.1f} s"
    yield Row(
        what="one more requirement / docker build, wall",
        figure=ours.wall / theirs.wall,
        unit="",
        limit=1 / 3,
        detail=figures,
    )


def _unchanged(project: Path, build: list[str | Path], push: list[str | Path]) -> Iterator[Row]:
    built = median(lambda: once(build, cwd=project))
    yield Row(
        what="image build, unchanged", figure=built.wall, unit="s", limit=1.0, detail=f"CPU {built.cpu:.2f} s"
    )
    sent = once(push, cwd=project)
    again = median(lambda: once(push, cwd=project))
    yield Row(
        what="image push, unchanged",
        figure=again.wall,
        unit="s",
        limit=1.0,
        detail=f"CPU {again.cpu:.2f} s; 0 bytes; the first push {sent.wall:.1f} s",
    )


def _sizes() -> Iterator[Row]:
    """Of the shipped images that the engine has, with their largest layers."""
    where = ["--images", ROOT / "images", *CLOSED, "-o", "json"]
    listed = _json([SFML, "image", "list", *where], ROOT)
    built = [row["image"] for row in listed if row["state"] == "built"]
    for name in built:
        [seen] = _json([SFML, "image", "inspect", name, *where], ROOT)
        layers = ", ".join(f"{layer['bytes'] / 1e6:.0f}" for layer in seen["layers"][:6])
        yield Row(
            what=f"image {name}", figure=seen["bytes"] / 1e6, unit="MB", detail=f"largest layers {layers}"
        )


def _json(command: list[str | Path], folder: Path) -> Any:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def _ordinary(project: Path, name: str) -> Callable[[], Timing]:
    """The same content by an ordinary Dockerfile, built once; a function that builds it again."""
    folder = project / "ordinary"
    folder.mkdir()
    listed = _json([SFML, "image", "list", "base", "--set", "python_source=system", "-o", "json"], project)
    base = listed[0]["reference"]
    certificates = os.environ.get("SSL_CERT_FILE")
    trust = "COPY ca.pem /tmp/ca.pem\nENV PIP_CERT=/tmp/ca.pem\n" if certificates else ""
    if certificates:
        shutil.copy(certificates, folder / "ca.pem")
    (folder / "Dockerfile").write_text(
        ORDINARY.format(base=base, name=name).replace("COPY req", f"{trust}COPY req")
    )

    def build() -> Timing:
        shutil.copy(project / "requirements.txt", folder)
        return once(["docker", "build", "--tag", f"sfml/{name}:ordinary", folder])

    build()
    return build


def _forget(name: str) -> None:
    listing = ["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", f"sfml/{name}"]
    tags = subprocess.run(listing, capture_output=True, text=True, check=False).stdout.split()
    if tags:
        subprocess.run(["docker", "image", "rm", *tags], capture_output=True, check=False)
