"""The environment variables of a run: the container's, and what this machine must add for it to work here."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from sfml.emulator.executors.base import Run
from sfml.emulator.executors.overlay import Layer

MARK = "SFML_RUN"
"""Every process of a run carries it, with the run's directory as value."""
_ENVIRONMENT_SH = Path(__file__).with_name("environment.sh")
# What a run may know of the server's environment: language, the way out, accelerators. No SNOWFLAKE_*.
_INHERITED = (
    "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES",
)  # fmt: skip
_WAY_OUT = (
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
)  # fmt: skip
_PIP_FILES = ("~/.config/pip/pip.conf", "~/.pip/pip.conf", "~/Library/Application Support/pip/pip.conf")
_FIXED = {
    # Output is followed while the job runs; the payload's directory on the stage is no place for .pyc files.
    "PYTHONUNBUFFERED": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "PIP_ROOT_USER_ACTION": "ignore",
    # Where Ray is installed mljob_launcher.py joins a cluster ("auto"); this makes Ray start a private one.
    "RAY_ADDRESS": "local",
    # The connector's probe for a cloud's metadata service costs each login time, and finds nothing here.
    "SNOWFLAKE_DISABLE_PLATFORM_DETECTION": "true",
}
# Variables that an interpreter, or a library while it is imported, acts on. The service's own SNOWFLAKE_* are
# read when a session is opened.
_READ_EARLY = re.compile(
    r"(PYTHON|LD_|MALLOC_|GLIBC|OMP_|OPENBLAS|MKL_|BLIS_|NUMEXPR|GOTO|KMP_|NPY_|NUMPY|PANDAS|ARROW_|LANG$|LC_|TZ$"
    r"|SNOWPARK_|SF_|SNOWFLAKE_(?!(HOST|PORT|PROTOCOL|ACCOUNT|DATABASE|SCHEMA|SERVICE_NAME|JOBS?_\w+|TOKEN_FILE)$)"
    r"|AWS_|BOTO|GOOGLE_|AZURE_|SSL_|REQUESTS_|CURL_|\w*_(PROXY|proxy)$|HOME$|PATH$|BASH_ENV$)"
)


def variables(run: Run, home: Path, env: Path, layer: Layer, cache: Path) -> dict[str, str]:
    """All variables of the run; what the specification sets wins."""
    return {
        **common(home, env, cache, layer),
        "BASH_ENV": str(_ENVIRONMENT_SH),
        "SFML_INSTALLED": str(layer.installed),
        "SFML_INSTALL_INTO": str(layer.directory),
        "SFML_PYTHON": str(env / "bin" / "python"),
        MARK: str(run.directory),
        **run.container.environment,
    }


def common(home: Path, env: Path, cache: Path, layer: Layer | None = None) -> dict[str, str]:
    """The variables that do not depend on the run, except for its directories."""
    outer = os.environ
    return {
        "LANG": "C.UTF-8",
        **{name: outer[name] for name in _INHERITED if name in outer},
        **outward(outer),
        **_FIXED,
        "HOME": str(home),
        "PATH": os.pathsep.join(_search_path(env, layer, outer)),
        "PIP_CACHE_DIR": str(cache),
    }


def outward(outer: Mapping[str, str]) -> dict[str, str]:
    """The way out of this machine: proxies, certificates, and how pip finds its index."""
    return {
        **{name: outer[name] for name in _WAY_OUT if name in outer},
        **{name: value for name, value in outer.items() if name.startswith("PIP_")},
        **_pip_configuration(outer),
        **_without_proxy(outer),
    }


def reads_early(environment: Mapping[str, str]) -> bool:
    """Whether one of these variables could make a difference before the run's script begins."""
    return any(_READ_EARLY.match(name) and _FIXED.get(name) != value for name, value in environment.items())


def _search_path(env: Path, layer: Layer | None, outer: Mapping[str, str]) -> list[str]:
    own = dict.fromkeys([str(env / "bin"), *([str(layer.directory / "bin")] if layer else [])])
    return [*own, outer.get("PATH", os.defpath)]


def _pip_configuration(outer: Mapping[str, str]) -> dict[str, str]:
    """The user's pip configuration (an index, a certificate), which a HOME of the run's own would hide."""
    candidates = (Path(name).expanduser() for name in _PIP_FILES)
    found = next((path for path in candidates if path.is_file()), None)
    return {"PIP_CONFIG_FILE": str(found)} if found and "PIP_CONFIG_FILE" not in outer else {}


def _without_proxy(outer: Mapping[str, str]) -> dict[str, str]:
    """The server answers on this machine: no proxy can reach it."""
    given = outer.get("no_proxy") or outer.get("NO_PROXY")
    direct = ",".join(part for part in (given, "127.0.0.1", "localhost") if part)
    return {"no_proxy": direct, "NO_PROXY": direct}
