"""The image of a container: there already, or pulled from the account's registry."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from docker.errors import DockerException, ImageNotFound

from sfml.emulator.executors.docker.engine import Engine, Trouble, said


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where the engine finds an image, and how it logs in there (``{"username": …, "password": …}``)."""

    reference: str
    login: Mapping[str, str] | None = field(default=None, repr=False)


class PullError(DockerException):  # type: ignore[misc] # docker has no types
    """The registry does not answer, has no such image, or does not give it."""


class Images:
    """``locate`` says where the account's registry has an image that is named by its path there."""

    def __init__(self, engine: Engine, locate: Callable[[str], Source]) -> None:
        self._engine = engine
        self._locate = locate
        self._pulling = threading.Lock()  # thirty runs of one image are one pull

    def provide(self, image: str) -> str:
        """The reference under which the engine has the image now, or the engine's errors."""
        if not image.startswith("/"):
            if not self._has(image):
                self._pull(Source(reference=image))
            return image
        source = self._locate(image)
        # A digest never means something else; behind a tag there may be a new image since.
        if "@" not in source.reference or not self._has(source.reference):
            self._pull(source)
        return source.reference

    def is_roots(self, reference: str) -> bool:
        """Whether programs of the image run as root unless told otherwise."""
        user = str(self._engine.api.inspect_image(reference)["Config"].get("User") or "")
        return user.partition(":")[0] in ("", "0", "root")

    def _has(self, reference: str) -> bool:
        try:
            self._engine.api.inspect_image(reference)
        except ImageNotFound:
            return False
        return True

    def _pull(self, source: Source) -> None:
        api: Any = self._engine.api
        with self._pulling:
            login = dict(source.login) if source.login else None
            name, _, tag = source.reference.rpartition(":")
            if "@" in source.reference or "/" in tag or not name:
                name, tag = source.reference, "" if "@" in source.reference else "latest"
            try:
                for line in api.pull(name, tag=tag or None, auth_config=login, stream=True, decode=True):
                    if "error" in line:
                        raise PullError(str(line["error"]))
            except Trouble as error:
                raise PullError(said(error)) from None
