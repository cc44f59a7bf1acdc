"""Contract checks of an image: what its users rely on, tried in containers."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sfml import proc
from sfml.errors import CommandError, InputError, NotFoundError, SfmlError, ToolMissingError
from sfml.images import engine, probe
from sfml.images.build import CONTENT_LABEL
from sfml.images.catalog import Catalog, lineage
from sfml.images.container import Container, started, volume, wait_until_healthy
from sfml.images.plan import Plan
from sfml.images.sizes import text as size_text

_HEALTHY_WITHIN = 60.0
_STOPPED_WITHIN = 10.0
_SHM_MB = 256
_OWNER = "SFML_CHECK"
_KEY = "/tmp/check/key"  # noqa: S108 - in a container of its own
_SESSION = {
    "SNOWFLAKE_ACCOUNT": "ab12345",
    "SNOWFLAKE_HOST": "ab12345.snowflakecomputing.com",
    "SFML_CHECK_TEXT": 'two words "and" $more \\ö',
}
_REFUSED = {
    "a plain GET": 426,
    "another user": 403,
    "no user": 403,
    "two users": 403,
    "a browser": 403,
    "another path": 404,
}
_SECRET_PLACES = (
    "/etc/ssh/ssh_host_*", "/run/secrets/*", "/run/sfml/*", "/home/dev/.ssh", "/root/.netrc", "/root/.docker",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was tried; ``problem`` is None where it is as it should be."""

    check: str
    problem: str | None = None


Check = Callable[[Plan], Iterator[Finding]]


def check(
    plan: Plan, catalog: Catalog, *, skip: Collection[str] = (), report: Callable[[Finding], None]
) -> Sequence[Finding]:
    """Try all that the image promises, and all that those below it do; every finding, told as it comes."""
    found = []
    if plan.reference not in engine.held([plan.reference]):
        raise NotFoundError(f"image {plan.reference} is not built", hint=f"sfml image build {plan.name}")
    for suite in suites(catalog, plan.name):
        if suite in skip:
            continue
        for finding in _tried(suite, plan):
            report(finding)
            found.append(finding)
    return found


def suites(catalog: Catalog, name: str) -> Sequence[str]:
    """The suites of an image: its ancestors' first, each once."""
    named = list(dict.fromkeys(suite for image in lineage(catalog, name) for suite in image.checks))
    for suite in named:
        if suite not in SUITES:
            raise InputError(
                f"image '{name}' names a check '{suite}'", hint=f"there are: {', '.join(SUITES)}"
            )
    return ["image", *named]


def _tried(suite: str, plan: Plan) -> Iterator[Finding]:
    """The suite's findings; where it cannot go on, that is the last one."""
    try:
        yield from SUITES[suite](plan)
    except ToolMissingError:
        raise
    except SfmlError as error:
        yield Finding(check=suite, problem=f"{error}\n{error.hint or ''}".strip())


def _judged(name: str, problem: str | bool | None, otherwise: str = "") -> Finding:
    """A finding from a problem's text, or from whether all is well."""
    if isinstance(problem, bool):
        return Finding(check=name, problem=None if problem else otherwise)
    return Finding(check=name, problem=problem)


# --- every image ---------------------------------------------------------------------------------


def _image(plan: Plan) -> Iterator[Finding]:
    held = engine.held([plan.reference])[plan.reference]
    yield _judged("platform", held.platform == plan.platform, f"it is {held.platform}, not {plan.platform}")
    label = held.labels.get(CONTENT_LABEL)
    yield _judged("content label", label == plan.content, f"it says {label}")
    yield Finding(check="size", problem=over_budget(plan, held.size, engine.layers(plan.reference)))
    with started(plan.reference, command=("sleep", "600")) as container:
        yield from _inside(plan, container)
        took = container.stop()
        yield _judged("stops when asked to", took < _STOPPED_WITHIN, f"it took {took:.1f} s")
    words = ["python", "-c", "import sys; print(sys.argv[1:]); sys.exit(7)", "two words", "--help", ""]
    done = proc.run(["docker", "run", "--rm", plan.reference, *words], timeout=120, accepted=(7,))
    as_given = done.stdout.strip() == "['two words', '--help', '']"
    yield _judged("the entrypoint becomes the command", as_given, f"it got {done.stdout.strip()}")


def _inside(plan: Plan, container: Container) -> Iterator[Finding]:
    uid = container.run(["id", "-u"]).stdout.strip()
    wanted = {"dev": "1000", "root": "0"}[plan.user]
    yield _judged("user", uid == wanted, f"uid {uid}, not {wanted}")
    first = container.run(["cat", "/proc/1/comm"]).stdout.strip()
    yield _judged("PID 1 is tini", first == "tini", f"it is {first}")
    shadow = container.run(["grep", "-vcE", "^[^:]*:[*!]", "/etc/shadow"], user="0", accepted=(0, 1))
    count = shadow.stdout.strip()
    yield _judged("no password", count == "0", f"{count} users have one")
    look = f"ls -d {' '.join(_SECRET_PLACES)} 2>/dev/null"
    left = container.run(["sh", "-c", look], user="0", accepted=(0, 2)).stdout.split()
    yield _judged("no key or secret baked in", not left, f"found {' '.join(left)}")
    broken = container.run(["pip", "check"], accepted=(0, 1)).stdout.strip()
    yield _judged("pip check", broken.startswith("No broken"), broken)
    container.run(["python", "-c", "import snowflake.snowpark, snowflake.ml.jobs, snowflake.core"])
    yield Finding(check="Snowflake's clients load")


def over_budget(plan: Plan, size: int, layers: Sequence[engine.Layer]) -> str | None:
    """Why an image is too large: its size, and its five largest layers."""
    budget = plan.image.size_budget_mb
    if budget is None or size <= budget * 1_000_000:
        return None
    largest = sorted(layers, key=lambda layer: layer.size, reverse=True)[:5]
    lines = [f"{size_text(layer.size):>8}  {' '.join(layer.made_by.split())[:90]}" for layer in largest]
    return "\n".join([f"{size_text(size)}, and the budget is {budget} MB; its largest layers:", *lines])


# --- the box -------------------------------------------------------------------------------------


def _box(plan: Plan) -> Iterator[Finding]:
    with TemporaryDirectory(prefix="sfml-check-") as folder, volume() as home:
        private, public = _key_pair(Path(folder))
        env = {**_SESSION, "SSH_PUBLIC_KEY": public, "SFML_BOX_OWNER": _OWNER}
        options = ("--volume", f"{home}:/home/dev", "--shm-size", f"{_SHM_MB}m")
        with started(plan.reference, *options, env=env) as container:
            seconds = wait_until_healthy(container, _HEALTHY, timeout=_HEALTHY_WITHIN)
            yield Finding(check=f"healthy ({seconds:.1f} s)")
            yield from _services(container)
            yield from _login(container, private)
            before = _host_key(container)
            took = container.stop()
            yield _judged("the box stops when asked to", took < _STOPPED_WITHIN, f"it took {took:.1f} s")
        with started(plan.reference, *options, env=env) as container:
            wait_until_healthy(container, _HEALTHY, timeout=_HEALTHY_WITHIN)
            yield _judged(
                "the host key outlives the box", _host_key(container) == before, "it is another one"
            )


_HEALTHY = ("curl", "-fsS", "http://127.0.0.1:8022/healthz", "http://127.0.0.1:8080/healthz")


def _key_pair(folder: Path) -> tuple[str, str]:
    """A key pair for one check; the texts of its private and its public half."""
    file = folder / "key"
    proc.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "sfml image check", "-f", str(file)])
    return file.read_text(), file.with_suffix(".pub").read_text().strip()


def _services(container: Container) -> Iterator[Finding]:
    seen = json.loads(container.run(["python", "-"], stdin=Path(probe.__file__).read_text()).stdout)
    bound = seen["listeners"]
    sshd = bound.get(str(probe.SSHD))
    yield _judged("sshd listens on the loopback alone", sshd == ["loopback"], f"it listens on {sshd}")
    yield _judged("the bridge is healthy", seen["bridge_health"] == 200, f"status {seen['bridge_health']}")
    status = seen["code_server_health"]
    yield _judged("code-server is healthy", status == 200, f"status {status}")
    answers = seen["jupyterlab"]
    yield _judged("JupyterLab starts for its owner alone", answers == [403, 200], f"statuses {answers}")
    for what, status in seen["refusals"].items():
        yield _judged(f"the bridge refuses {what}", status == _REFUSED[what], f"status {status}")
    yield _judged(
        "plain requests take no place of sshd's", seen["after_many"] is True, "sshd answers no more"
    )
    shm = seen["shm"]
    right = shm["bytes"] == _SHM_MB * 1024 * 1024 and shm["writable"]
    yield _judged("shared memory is what was given", right, f"{shm}")


def _login(container: Container, private: str) -> Iterator[Finding]:
    store = f"umask 077; mkdir -p {Path(_KEY).parent}; cat > {_KEY}"
    container.run(["sh", "-c", store], stdin=private)
    script = "import json, os; print(json.dumps([os.getuid(), dict(os.environ)]))"
    uid, environ = json.loads(container.run([*_ssh(_KEY), "python", "-"], stdin=script).stdout)
    yield _judged("ssh with the key", uid == 1000, f"uid {uid}")
    yield Finding(check="a session has the container's variables", problem=_differences(environ))
    refused = container.run([*_ssh("none"), "true"], accepted=(255,)).stderr
    yield _judged("without the key nobody gets in", "Permission denied (publickey)" in refused, refused)


def _ssh(key: str) -> Sequence[str]:
    options = (
        "BatchMode=yes",
        "IdentitiesOnly=yes",
        "StrictHostKeyChecking=no",
        "UserKnownHostsFile=/dev/null",
    )
    given = [word for option in options for word in ("-o", option)]
    return ["ssh", "-p", str(probe.SSHD), "-i", key, *given, "dev@127.0.0.1"]


def _differences(environ: Mapping[str, Any]) -> str | None:
    wrong = [
        f"{name} is {environ.get(name)!r}" for name, value in _SESSION.items() if environ.get(name) != value
    ]
    if not str(environ.get("PATH", "")).startswith("/opt/venv/bin:"):
        wrong.append(f"PATH is {environ.get('PATH')!r}")
    if "SSH_PUBLIC_KEY" in environ:
        wrong.append("SSH_PUBLIC_KEY is handed on")
    return "; ".join(wrong) or None


def _host_key(container: Container) -> str:
    return container.run(["ssh-keyscan", "-p", str(probe.SSHD), "-t", "ed25519", "127.0.0.1"]).stdout


# --- the runtime ---------------------------------------------------------------------------------


def _custom_image(plan: Plan) -> Iterator[Finding]:
    """Snowflake's own check, by the real ``snow``."""
    try:
        proc.run(["snow", "custom-image", "validate", plan.reference], timeout=600)
    except ToolMissingError:
        raise ToolMissingError(
            "snow is missing, whose `custom-image validate` this image must pass",
            hint="pip install snowflake-cli, 3.30 or newer; or: sfml image check --skip custom-image",
        ) from None
    except CommandError as error:
        failed = "\n".join(line for line in error.output.splitlines() if "FAIL" in line)
        yield Finding(check="snow custom-image validate", problem=failed or error.output)
        return
    yield Finding(check="snow custom-image validate")


SUITES: Mapping[str, Check] = {"image": _image, "box": _box, "custom-image": _custom_image}
"""What image.toml's ``checks`` may name."""
