"""The menu: `nox -l`. Every session is thin: make sure sfml is installed in .venv, then run one command.

All sessions share the project's .venv, so the second call starts at once. Whatever follows `--` goes to
the command as it is.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

import nox

ROOT = Path(__file__).parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
CONSTRAINTS = ROOT / "toolkit" / "constraints.txt"
SNOW = "3.30.0"
"""The release of snowflake-cli that the tests call."""
PYTHONS = ["3.11", "3.12", "3.13"]
PYTEST = [str(BIN / "pytest"), "--reruns=1", "--rerun-show-tracebacks", "-rsfER"]
"""A failed test is tried once more; the summary names those that needed it (docs/decisions/0004)."""

nox.needs_version = ">=2024.10"
nox.options.sessions = ["lint", "tests"]
nox.options.reuse_venv = "yes"


def _install(session: nox.Session, python: Path, requirements: Sequence[str]) -> None:
    """Install into the environment of ``python``, with uv where the user has it."""
    constrained = ["-c", str(CONSTRAINTS), *requirements]
    uv = shutil.which("uv")
    if uv:
        session.run(uv, "pip", "install", "--quiet", "--python", str(python), *constrained, external=True)
    else:
        session.run(
            str(python),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            *constrained,
            external=True,
        )


def _digest(*parts: str) -> str:
    files = (ROOT / "pyproject.toml", CONSTRAINTS)
    return hashlib.sha256(
        b"\0".join([*(f.read_bytes() for f in files), *(p.encode() for p in parts)])
    ).hexdigest()


def _environment(session: nox.Session, *, dev: bool = False) -> dict[str, str]:
    """.venv with sfml installed from this checkout; does nothing when nothing changed."""
    if not BIN.exists():
        venv.create(VENV, with_pip=shutil.which("uv") is None, upgrade_deps=False)
    wanted = ["-e", f"{ROOT}[local]", *(_group("dev") if dev else [])]
    stamp = VENV / f".installed-{'dev' if dev else 'user'}"
    digest = _digest(sys.version, *wanted)
    if not stamp.exists() or stamp.read_text() != digest:
        session.log("installing sfml into .venv (about a minute the first time)")
        _install(session, BIN / "python", wanted)
        stamp.write_text(digest)
    return {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "VIRTUAL_ENV": str(VENV)}


def _group(name: str) -> list[str]:
    return [str(item) for item in nox.project.load_toml(ROOT / "pyproject.toml")["dependency-groups"][name]]


def _tool(session: nox.Session, name: str, *requirements: str) -> Path:
    """The bin directory of a tool's own environment below .nox/tools, for peers that pin our own packages."""
    home = ROOT / ".nox" / "tools" / name
    binaries = home / BIN.name
    stamp = home / ".installed"
    if not stamp.exists() or stamp.read_text() != "\n".join(requirements):
        session.log(f"installing {name} into .nox/tools (its pins would clash with ours)")
        venv.create(home, with_pip=shutil.which("uv") is None, clear=True)
        _install_tool(session, binaries / "python", requirements)
        stamp.write_text("\n".join(requirements))
    return binaries


def _install_tool(session: nox.Session, python: Path, requirements: Sequence[str]) -> None:
    uv = shutil.which("uv")
    command = [uv, "pip", "install", "--python", str(python)] if uv else [str(python), "-m", "pip", "install"]
    session.run(*command, "--quiet", *requirements, external=True)


def _sfml(session: nox.Session, *verb: str) -> None:
    """Run ``sfml VERB …`` with the session's own arguments; its exit code is the session's."""
    env = _environment(session)
    session.run(str(BIN / "sfml"), *verb, *session.posargs, env=env, external=True)


def _snow(session: nox.Session) -> str:
    """Where the real `snow` is: the user's own, else one in an environment of its own."""
    found = shutil.which("snow")
    return found or str(_tool(session, "snow", f"snowflake-cli=={SNOW}") / "snow")


# --- for users -----------------------------------------------------------------------------------


@nox.session(venv_backend="none")
def install(session: nox.Session) -> None:
    """Install sfml into .venv."""
    _environment(session)


@nox.session(venv_backend="none")
def submit(session: nox.Session) -> None:
    """Run a script or a directory as an ML Job: nox -s submit -- [--connection NAME] train.py"""
    _sfml(session, "submit")


@nox.session(venv_backend="none")
def run(session: nox.Session) -> None:
    """Run a container spec as a job: nox -s run -- my-spec.yaml --compute-pool GPU_POOL"""
    _sfml(session, "run")


@nox.session(venv_backend="none")
def jobs(session: nox.Session) -> None:
    """List, follow and cancel ML Jobs: nox -s jobs -- list"""
    _sfml(session, "jobs")


@nox.session(venv_backend="none")
def local(session: nox.Session) -> None:
    """Start, stop and look at the local backend: nox -s local -- status"""
    _sfml(session, "local")


@nox.session(venv_backend="none")
def account(session: nox.Session) -> None:
    """Create what sfml needs in an account, as a plan first: nox -s account -- setup --dry-run"""
    _sfml(session, "account")


@nox.session(name="dev-up", venv_backend="none")
def dev_up(session: nox.Session) -> None:
    """Make the dev box inside Snowflake, or start it: nox -s dev-up -- [--connection NAME] [--gpu]"""
    _sfml(session, "up")


@nox.session(name="dev-down", venv_backend="none")
def dev_down(session: nox.Session) -> None:
    """Remove the dev box and what was made for it, after a plan: nox -s dev-down -- [--connection NAME]"""
    _sfml(session, "down")


@nox.session(venv_backend="none")
def render(session: nox.Session) -> None:
    """Render a spec from its template: nox -s render -- specs/job/gpu-job.yaml.j2 --values my.yaml"""
    _sfml(session, "spec", "render")


@nox.session(venv_backend="none")
def validate(session: nox.Session) -> None:
    """Check specs line by line: nox -s validate -- specs/ my-spec.yaml"""
    _sfml(session, "spec", "validate")


@nox.session(venv_backend="none")
def build(session: nox.Session) -> None:
    """Build the images whose content has changed: nox -s build [-- dev-gpu --set cuda=13.0]"""
    _sfml(session, "image", "build")


@nox.session(venv_backend="none")
def check(session: nox.Session) -> None:
    """Try in containers what the images promise: nox -s check [-- dev]"""
    env = _environment(session)
    env["PATH"] = f"{env['PATH']}{os.pathsep}{Path(_snow(session)).parent}"
    session.run(str(BIN / "sfml"), "image", "check", *session.posargs, env=env, external=True)


@nox.session(venv_backend="none")
def push(session: nox.Session) -> None:
    """Push the images to the account's repository: nox -s build push [-- --connection NAME dev]"""
    _sfml(session, "image", "push")


# --- for developers ------------------------------------------------------------------------------


@nox.session(venv_backend="none")
def lint(session: nox.Session) -> None:
    """ruff, mypy --strict and import-linter."""
    env = _environment(session, dev=True)
    for command in (
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("mypy",),
        ("lint-imports",),
    ):
        session.run(str(BIN / command[0]), *command[1:], env=env, external=True)


@nox.session(venv_backend="none")
def tests(session: nox.Session) -> None:
    """The test suite; arguments go to pytest."""
    env = _environment(session, dev=True)
    env["SFML_TEST_SNOW"] = _snow(session)
    workers = os.environ.get("SFML_TEST_WORKERS", "2")
    # A worker that is replaced can leave the others waiting for it for ever.
    pytest = [
        *PYTEST, "-n", workers, "--dist", "loadgroup", "--max-worker-restart=0", "--maxfail=25",
    ]  # fmt: skip
    wanted = session.posargs or ["tests/unit", "tests/emulator", "tests/tunnel"]
    session.run(*pytest, *wanted, env=env, external=True)


@nox.session(python=PYTHONS)
def matrix(session: nox.Session) -> None:
    """The unit tests and a submit from start to end on each supported Python that is installed."""
    session.install("-c", str(CONSTRAINTS), "-e", ".[local]", *_group("dev"))
    session.run(
        "pytest", "-n", "2", *(session.posargs or ["tests/unit", "tests/acceptance/test_quickstart.py"])
    )


@nox.session(venv_backend="none")
def acceptance(session: nox.Session) -> None:
    """The slower whole-product runs: the programs as a user calls them, and a fresh clone."""
    env = _environment(session, dev=True)
    env["SFML_TEST_SNOW"] = _snow(session)
    env["SFML_TEST_NOX"] = shutil.which("nox") or str(BIN / "nox")
    session.run(*PYTEST, "tests/acceptance", "tests/containers", *session.posargs, env=env, external=True)


@nox.session(venv_backend="none")
def soak(session: nox.Session) -> None:
    """The tunnel at length: 1 GiB each time, a client stopped for ten minutes, 1,000 connections."""
    env = _environment(session, dev=True)
    env["SFML_TEST_SOAK"] = "1"
    wanted = session.posargs or [
        "tests/acceptance/test_tunnel_survival.py",
        "tests/acceptance/test_real_tunnel.py",
    ]
    session.run(str(BIN / "pytest"), *wanted, env=env, external=True)


@nox.session(venv_backend="none")
def conformance(session: nox.Session) -> None:
    """snowflake-cli's own tests for container services, unmodified, on a local backend with containers."""
    env = _environment(session, dev=True)
    binaries = _tool(session, "conformance", f"snowflake-cli[development]=={SNOW}")
    sources = ROOT / ".nox" / "tools" / f"snowflake_cli-{SNOW}"
    if not sources.exists():
        pip = (str(binaries / "python"), "-m", "pip", "download", "--quiet", "--no-deps")
        what = ("--no-binary", "snowflake-cli", f"snowflake-cli=={SNOW}")
        session.run(*pip, *what, "--dest", str(sources.parent), external=True)
        shutil.unpack_archive(f"{sources}.tar.gz", sources.parent)
    session.run(
        str(BIN / "python"), "tests/conformance/run.py", str(sources), str(binaries / "python"),
        *(["--", *session.posargs] if session.posargs else []), env=env, external=True,
    )  # fmt: skip


@nox.session(venv_backend="none")
def bench(session: nox.Session) -> None:
    """Side-by-side measurements against peers, each in the same run: nox -s bench [-- start submit specs]"""
    env = _environment(session, dev=True)
    env["SFML_BENCH_SNOW"] = _snow(session)
    env["SFML_BENCH_RAY"] = str(_tool(session, "ray", "ray[default]") / "ray")
    env["SFML_BENCH_CHECK_JSONSCHEMA"] = str(
        _tool(session, "check-jsonschema", "check-jsonschema") / "check-jsonschema"
    )
    for peer, *more in (("pipreqs",), ("deptry",), ("fawltydeps",), ("websockify", "websockets")):
        env[f"SFML_BENCH_{peer.upper()}"] = str(_tool(session, peer, peer, *more) / peer)
    session.run(str(BIN / "python"), "benchmarks/run.py", *session.posargs, env=env, external=True)


@nox.session(venv_backend="none")
def fuzz(session: nox.Session) -> None:
    """Ten minutes each of hypothesis and atheris on everything that parses what others wrote."""
    env = _environment(session, dev=True)
    _install(session, BIN / "python", _group("fuzz"))
    session.run(str(BIN / "python"), "tests/fuzz/run.py", *session.posargs, env=env, external=True)
