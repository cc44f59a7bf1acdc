"""What a job's runtime holds: measured once by a tiny job, and kept here by the image's tag."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from sfml import sql
from sfml.config import Config
from sfml.jobs.plan.draft import Runtime
from sfml.session.rows import Query

_PINNED = re.compile(r"py(3)\.?(\d+)\b")


def python_of(runtime: str | None) -> str:
    """The Python that a job gets: the one that the runtime's tag names, else the client's own, as it asks."""
    named = _PINNED.search(runtime or "")
    return f"{named[1]}.{named[2]}" if named else f"{sys.version_info.major}.{sys.version_info.minor}"


def image(query: Query, pool: str, runtime: str | None) -> str:
    """The image that a job on this pool gets, as the client asks for it."""
    (row,) = query(sql.ml_job_runtime(pool, runtime or ""))
    return str(next(iter(row.values())))


def of_this_machine() -> Runtime:
    """What a job of the local backend finds: its processes run in this environment."""
    from importlib.metadata import distributions

    packages = {dist.metadata["Name"]: dist.version for dist in distributions() if dist.metadata["Name"]}
    return Runtime(python=python_of(None), packages=packages, source="this machine's environment")


def are_kept(config: Config) -> bool:
    """Whether any runtime has been measured."""
    return any(_folder(config).glob("*.json"))


def kept(config: Config, image: str) -> Runtime | None:
    """What was measured of an image; None where it was not."""
    path = _file(config, image)
    if not path.is_file():
        return None
    found = json.loads(path.read_text(encoding="utf-8"))
    source = f"a probe of {_tag(image)} on {found['date']}"
    return Runtime(python=found["python"], packages=found["packages"], source=source)


def keep(config: Config, image: str, found: Mapping[str, Any], *, today: date) -> Path:
    """Write down what a probe of an image found (``python``, ``packages``); the file."""
    path = _file(config, image)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    text = json.dumps({"image": image, "date": today.isoformat(), **found}, indent=1, sort_keys=True)
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
    return path


def _file(config: Config, image: str) -> Path:
    # The path says for which hardware the image is, and the tag its release and Python.
    return _folder(config) / f"{re.sub(r'[^A-Za-z0-9_.-]+', '_', image).strip('_')}.json"


def _folder(config: Config) -> Path:
    return config.state / "runtimes"


def _tag(image: str) -> str:
    return image.rpartition("/")[2]
