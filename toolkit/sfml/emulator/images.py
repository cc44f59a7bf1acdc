"""What the backend's registry tells the other parts: which images there are, and how an engine gets one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """One tag of an image, or one digest that a path names (then ``tag`` is '')."""

    repository: str  # "db/schema/repository"
    name: str  # below the repository; may have slashes
    tag: str
    digest: str
    pushed_on: datetime

    @property
    def path(self) -> str:
        """As SHOW IMAGES has it: no leading slash."""
        return f"{self.repository}/{self.name}" + (f":{self.tag}" if self.tag else f"@{self.digest}")


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineReference:
    """What a container engine pulls, and the credentials for it (docker-py's ``auth_config``)."""

    image: str
    username: str
    password: str = field(repr=False)


class Images(Protocol):
    """The image repositories' content. Paths are those of specifications: ``/db/schema/repository/name:tag``;
    a registry's host before them and a digest in the place of the tag are understood.
    """

    def host(self) -> str:
        """Host and port of the registry, which answers from now on; :class:`Fault` when it does not start."""

    def images(self, repository: str) -> list[Image]:
        """The tagged images of ``db/schema/repository`` (lower case), ordered by name and tag."""

    def resolve(self, path: str) -> Image | None:
        """The image that is at a path now; None when there is none, also for a path of a wrong form."""

    def platforms(self, image: Image) -> tuple[str, ...]:
        """Such as ``("linux/amd64",)``; several for an index of images."""

    def engine_reference(self, path: str, *, role: str) -> EngineReference | None:
        """How an engine on this machine pulls ``resolve(path)``, with what the role may read."""

    def forget(self, repository: str) -> None:
        """Remove all images of ``db/schema/repository``."""

    def close(self) -> None:
        """Stop the registry."""
