"""Builds and pushes that lose what they need: the engine, the disk, the registry, the right to push."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import socket
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

import pytest

import local_backend
import registries
from docker_cli import missing
from programs import SFML, Run, remove_images
from proxy import Proxy

NAME = f"test-fault-{token_hex(3)}"
WITHIN = 120.0
STEPS = {
    # A push of seconds, so that its middle can be met.
    "large": "RUN head -c 60000000 /dev/urandom > /random",
    "larger": "RUN head -c 80000000 /dev/urandom > /random",
    # More than the shared memory of a build holds.
    "full": "RUN head -c 200000000 /dev/zero > /dev/shm/zeros",
    "slow": "RUN sleep 300",
    "any": "LABEL kind=any",
    "secret": "LABEL kind=secret",
}


@pytest.fixture(scope="module", autouse=True)
def images(engine: str, project: Path) -> Iterator[None]:
    """The project's own images, each for one fault."""
    if why := missing():
        pytest.skip(why)
    for name, step in STEPS.items():
        folder = project / "images" / f"{NAME}-{name}"
        folder.mkdir(parents=True)
        (folder / "Dockerfile").write_text(
            f"ARG BASE_IMAGE=debian:bookworm-slim\nFROM ${{BASE_IMAGE}}\n{step}\n"
        )
        toml = 'summary = "a test"\n[args.base_image]\ndefault = "debian:bookworm-slim"\n'
        (folder / "image.toml").write_text(toml)
    (project / "images" / "build-env.sh").write_text("")
    (project / "sfml.yaml").write_text("connection: local\nexecutor: process\n")
    yield
    for name in STEPS:
        remove_images(engine, f"{NAME}-{name}")


@pytest.fixture
def state(project: Path) -> Path:
    return project / ".sfml" / "local"


class Door(Proxy):
    """A way to the container engine that can be shut, with the connections that are open."""

    def __init__(self) -> None:
        self._open: list[socket.socket] = []
        super().__init__(("", 0))

    def connect(self) -> socket.socket:
        server = socket.socket(socket.AF_UNIX)
        server.connect("/var/run/docker.sock")
        self._open.append(server)
        return server

    def shut(self) -> None:
        self.close()
        for server in self._open:
            with suppress(OSError):  # it is closed already
                server.shutdown(socket.SHUT_RDWR)


def archive(architecture: str, name: str) -> bytes:
    """An empty image as `docker save` writes it."""
    layer = io.BytesIO()
    tarfile.open(fileobj=layer, mode="w").close()
    digest = hashlib.sha256(layer.getvalue()).hexdigest()
    config = {
        "architecture": architecture,
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    files = {"config.json": json.dumps(config).encode(), "manifest.json": json.dumps(manifest).encode()}
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as tar:
        for file, content in {**files, "layer.tar": layer.getvalue()}.items():
            member = tarfile.TarInfo(file)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return whole.getvalue()


def begin(project: Path, environ: Mapping[str, str], *arguments: str, **more: str) -> subprocess.Popen[str]:
    env = {**environ, "HOME": str(project.parent / "home"), **more}
    return subprocess.Popen(
        [SFML, *arguments], cwd=project, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def tags(engine: str) -> list[str]:
    listing = [engine, "image", "ls", "--format", "{{.Repository}}:{{.Tag}}"]
    lines = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.splitlines()
    return [line for line in lines if NAME in line]


def test_build__engine_goes_away__says_so_and_tags_nothing(
    engine: str, project: Path, clean_environment: Mapping[str, str]
) -> None:
    door = Door()
    address = f"tcp://127.0.0.1:{door.port}"
    build = begin(project, clean_environment, "image", "build", f"{NAME}-slow", DOCKER_HOST=address)
    assert build.stderr is not None
    line = build.stderr.readline()
    while "FROM" not in line:  # the step before the one that takes for ever
        assert line, "the build ended early"
        line = build.stderr.readline()
    door.shut()
    _, said = build.communicate(timeout=WITHIN)

    assert build.returncode == 1, said
    assert "no container engine answers" in said
    assert not [tag for tag in tags(engine) if "-slow" in tag]


def test_build__disk_is_full__says_what_makes_room(sfml: Run, engine: str) -> None:
    done = sfml("image", "build", f"{NAME}-full", timeout=300)

    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "sfml image prune" in done.stderr
    assert not [tag for tag in tags(engine) if "-full" in tag]


def test_build__base_image_of_another_kind__is_refused(sfml: Run, engine: str) -> None:
    """An image for arm64 under the name of the base, as a pull on another machine leaves it."""
    base = f"{NAME}-arm64:1"
    subprocess.run([engine, "load"], input=archive("arm64", base), capture_output=True, check=True)
    try:
        done = sfml("image", "push", f"{NAME}-any", "--set", f"base_image={base}", timeout=300)
    finally:
        subprocess.run([engine, "image", "rm", base], capture_output=True, check=True)

    assert done.returncode == 1
    assert f"{base} is for linux/arm64, not linux/amd64" in done.stderr
    assert not [tag for tag in tags(engine) if "-any" in tag]


def test_push__registry_is_killed__goes_on_with_the_next(
    sfml: Run, project: Path, state: Path, clean_environment: Mapping[str, str]
) -> None:
    assert sfml("image", "build", f"{NAME}-large", timeout=300).returncode == 0
    push = begin(project, clean_environment, "image", "push", f"{NAME}-large", "-o", "json")
    registries.wait_for_upload(state, f"images/{NAME}-large")
    registry = registries.running(state)
    os.kill(registry, signal.SIGKILL)
    answer, said = push.communicate(timeout=WITHIN)

    assert push.returncode == 0, said
    assert json.loads(answer)[0]["digest"].startswith("sha256:")
    assert registries.running(state) != registry
    again = sfml("image", "push", f"{NAME}-large")
    assert again.stdout.splitlines()[-1].endswith("no byte was sent")


def test_push__interrupted__leaves_no_tag_anywhere(
    engine: str, sfml: Run, project: Path, state: Path, clean_environment: Mapping[str, str]
) -> None:
    assert sfml("image", "build", f"{NAME}-larger", timeout=300).returncode == 0
    whole, options = tags(engine), ("--repository", "local.public.others")
    push = begin(project, clean_environment, "image", "push", f"{NAME}-larger", *options)
    registries.wait_for_upload(state, f"others/{NAME}-larger")
    registry = registries.running(state)
    os.kill(registry, signal.SIGSTOP)
    try:
        push.send_signal(signal.SIGINT)
        _, said = push.communicate(timeout=WITHIN)
    finally:
        os.kill(registry, signal.SIGCONT)

    assert push.returncode == 130, said
    assert [tag for tag in tags(engine) if "127.0.0.1" in tag] == []
    assert set(tags(engine)) == set(whole)
    assert "would push" in sfml("image", "push", f"{NAME}-larger", *options, "--dry-run").stdout


def test_push__repository_in_no_database__is_said(sfml: Run) -> None:
    done = sfml("image", "push", f"{NAME}-any", "--repository", "no_such_db.public.images")

    assert done.returncode == 102
    assert "NO_SUCH_DB" in done.stderr


def test_push__role_may_only_read__names_the_grants(sfml: Run, project: Path, state: Path) -> None:
    from snowflake.connector import connect

    assert sfml("image", "push", f"{NAME}-any", timeout=300).returncode == 0
    with connect(**local_backend.parameters(state)) as connection:
        for statement in (
            "create role if not exists reader",
            "grant role reader to user local",
            "grant usage on database local to role reader",
            "grant usage on schema local.public to role reader",
            "grant read on image repository local.public.images to role reader",
        ):
            connection.cursor().execute(statement)
    done = sfml("image", "push", f"{NAME}-secret", "--role", "reader")

    assert done.returncode == 4, done.stderr
    assert "role READER may not write to LOCAL.PUBLIC.IMAGES" in done.stderr
    assert "GRANT READ, WRITE ON IMAGE REPOSITORY LOCAL.PUBLIC.IMAGES TO ROLE READER;" in done.stderr
