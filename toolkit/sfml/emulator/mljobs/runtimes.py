"""Which runtime image a job gets: the answer of SYSTEM$GET_ML_JOB_RUNTIME."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from sfml.emulator.faults import Fault, invalid, unsupported
from sfml.specs.families import Family

LATEST = "3.0.0"
"""The release that Snowflake calls "Latest" as of 2026-10-27 (its page "Container Runtime release notes")."""
# jobs/_utils/constants.py of snowflake-ml-python
_REPOSITORY = "/snowflake/images/snowflake_images/st_plat/runtime/x86"
_SHIPPED = f"{_REPOSITORY}/runtime_image/snowbooks", f"{_REPOSITORY}/generic_gpu/runtime_image/snowbooks"
"""Without GPU, with GPU."""
_TAG = re.compile(r"(?P<major>\d+)(\.(?P<minor>\d+)(\.\d+)?)?(-py(?P<python>\d\.?\d+))?")
_OWN = f"{sys.version_info.major}.{sys.version_info.minor}"


def choose(selector: str, family: Family) -> str:
    """The image for jobs on that family; ``selector`` is '', a tag, an image, or the client's JSON.

    A pin chooses the line, major and minor; its patch level does not count (the client's own tests of the
    service: runtime_env_integration_test.py of snowflake-ml-python). Every line has the patch level 0 here.
    Runs on this machine have this Python, whatever the image says, so a wish for another is refused.
    """
    python, wish = _wishes(selector)
    _require(python)
    if wish.lower().startswith("cre@"):
        raise unsupported(f"custom runtime environment {wish}")
    if "/" in wish and _whole(wish).partition(":")[0] not in _SHIPPED:
        return wish
    found = _TAG.fullmatch(wish.rpartition(":")[2] or LATEST)
    if not found:
        raise invalid(f"Invalid runtime environment '{wish}': expected a tag like {LATEST} or an image.")
    _require(found["python"])
    tag = f"{found['major']}.{found['minor'] or 0}.0-py{_OWN.replace('.', '')}"
    return f"{wish.rpartition(':')[0] or _SHIPPED[bool(family.gpu_count)]}:{tag}"


def _wishes(selector: str) -> tuple[str | None, str]:
    if not selector.strip().startswith("{"):
        return None, selector.strip()
    try:
        given: dict[str, Any] = json.loads(selector)
    except ValueError:
        raise invalid(f"Invalid runtime selector '{selector}'.") from None
    python = given.get("pythonVersion")
    return str(python) if python else None, str(given.get("runtimeEnvironment") or "").strip()


def _whole(image: str) -> str:
    if ":" not in image.rpartition("/")[2]:
        raise invalid(f"Invalid runtime environment '{image}': the image has no tag.")
    return image


def _require(python: str | None) -> None:
    if python and python.replace(".", "") != _OWN.replace(".", ""):
        python = python if "." in python else f"{python[0]}.{python[1:]}"
        raise Fault(
            "395001",
            "22023",
            f"No runtime environment with Python {python} is available: this local backend runs jobs with "
            f"the Python {_OWN} that it was started with. Start it with Python {python}.",
        )
