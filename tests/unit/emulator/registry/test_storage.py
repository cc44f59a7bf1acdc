"""The registry's files, laid out as distribution lays them out."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from sfml.emulator.registry.storage import Storage


class Disk:
    """Writes what the registry would have written."""

    def __init__(self, root: Path) -> None:
        self.top = root / "docker/registry/v2"

    def blob(self, content: Any) -> str:
        data = json.dumps(content).encode()
        digest = hashlib.sha256(data).hexdigest()
        file = self.top / f"blobs/sha256/{digest[:2]}/{digest}/data"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return f"sha256:{digest}"

    def image(self, name: str, *tags: str, architecture: str = "amd64") -> str:
        config = self.blob({"os": "linux", "architecture": architecture})
        return self.manifest(name, {"config": {"digest": config}}, *tags)

    def manifest(self, name: str, content: Any, *tags: str) -> str:
        digest = self.blob(content)
        revision = f"revisions/{digest.replace(':', '/')}/link"
        for link in (revision, *(f"tags/{tag}/current/link" for tag in tags)):
            file = self.top / f"repositories/{name}/_manifests/{link}"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(digest)
        return digest


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path)


def test_images__nothing_was_pushed__are_none(storage: Storage) -> None:
    assert storage.images("db/s/repo") == []
    assert storage.resolve("/db/s/repo/a:1") is None


def test_images__several_tags_and_nested_names__are_all_there(disk: Disk, storage: Storage) -> None:
    first = disk.image("db/s/repo/a", "1", "latest")
    second = disk.image("db/s/repo/x/y", "2", architecture="arm64")
    disk.image("db/s/other/a", "1")
    found = [(image.name, image.tag, image.digest, image.path) for image in storage.images("db/s/repo")]
    assert found == [
        ("a", "1", first, "db/s/repo/a:1"),
        ("a", "latest", first, "db/s/repo/a:latest"),
        ("x/y", "2", second, "db/s/repo/x/y:2"),
    ]


def test_resolve__tag_and_digest__give_the_same_image(disk: Disk, storage: Storage) -> None:
    digest = disk.image("db/s/repo/a", "1")
    by_tag, by_digest = storage.resolve("/DB/s/repo/a:1"), storage.resolve(f"/db/s/repo/a@{digest}")
    assert by_tag is not None
    assert by_digest is not None
    assert by_tag.digest == by_digest.digest == digest
    assert by_digest.path == f"db/s/repo/a@{digest}"
    assert storage.resolve("/db/s/repo/a:2") is None


def test_platforms__manifest_and_index__name_them(disk: Disk, storage: Storage) -> None:
    assert storage.platforms(disk.image("db/s/repo/a", "1", architecture="arm64")) == ("linux/arm64",)
    parts = [{"os": "linux", "architecture": "amd64"}, {"os": "linux", "architecture": "arm64"},
             {"os": "unknown", "architecture": "unknown"}]  # fmt: skip
    index = disk.manifest("db/s/repo/a", {"manifests": [{"platform": part} for part in parts]}, "2")
    assert storage.platforms(index) == ("linux/amd64", "linux/arm64")


def test_forget__repository__leaves_the_others(disk: Disk, storage: Storage) -> None:
    disk.image("db/s/repo/a", "1")
    disk.image("db/s/other/a", "1")
    assert storage.forget("db/s/repo")
    assert not storage.forget("db/s/repo")
    assert storage.images("db/s/repo") == []
    assert len(storage.images("db/s/other")) == 1


def test_sweep__repository_that_does_not_exist_any_more__goes(disk: Disk, storage: Storage) -> None:
    disk.image("db/s/repo/a", "1")
    disk.image("db/s/other/a", "1")
    assert storage.sweep(lambda repository: repository == "db/s/other")
    assert storage.images("db/s/repo") == []
    assert not storage.sweep(lambda repository: repository == "db/s/other")
