"""The ways to one sshd that the tunnel's benchmark compares, each with one hop before it.

With a container engine they all end in one container: a dev box that ``sfml up`` made from the shipped
image, with websockify beside the bridge. Else they end in programs of this machine.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import real_box
import ssh_server
import tunnel_world
from real_box import HOST, RealBox

HERE = Path(__file__).parent
ROOT = HERE.parent
PEER = "websockify"
THIRD = "websockify+websockets"
CIPHER = ("-c", "aes128-gcm@openssh.com")  # what both sides have hardware for; chacha20 would hide the tunnel
PORTS = {PEER: 8100, "sshd": 2223}
"""Of what the benchmark starts in the container."""
WITHIN = 60.0
_MOST_SHARES = 1 << 18
"""Of the processor, that an engine takes for a container (docker run --help)."""


@dataclass(frozen=True, kw_only=True)
class Ends:
    """``ways``: by name, ssh with its options and the host."""

    where: str
    ways: Mapping[str, Sequence[str]]
    environ: Mapping[str, str]


@contextmanager
def running(folder: Path) -> Iterator[Ends]:
    """In a container where there is an engine, else here. SFML_BENCH_WEBSOCKIFY names the peer's program."""
    peer = os.environ.get("SFML_BENCH_WEBSOCKIFY")
    with in_container(peer) if engine() else as_processes(folder, peer) as ends:
        yield ends


def engine() -> str:
    """The container engine's command; empty where none answers."""
    docker = shutil.which("docker")
    if not docker or subprocess.run([docker, "info"], capture_output=True, check=False).returncode:
        return ""
    return docker


@contextmanager
def box() -> Iterator[RealBox]:
    """A project whose local backend has the shipped image in its repository; no box runs yet."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("SFML_", "SNOWFLAKE_"))}
    with tempfile.TemporaryDirectory(prefix="sfml-bench-", ignore_cleanup_errors=True) as folder:
        made = real_box.prepare(Path(folder), {**kept, "NO_COLOR": "1"})
        try:
            yield made
        finally:
            real_box.tidy(made, engine())


@contextmanager
def as_processes(folder: Path, peer: str | None) -> Iterator[Ends]:
    """sshd, the bridge and websockify as programs of this machine."""
    if ssh_server.MISSING:
        raise SystemExit("bench tunnel: needs sshd and ssh")
    with ExitStack() as stack:
        server = stack.enter_context(ssh_server.running(folder))
        port = stack.enter_context(_relay("127.0.0.1", server.port))
        world = stack.enter_context(tunnel_world.running(folder, server, websockify=peer))
        options = {"direct": ["HostName=127.0.0.1", f"Port={port}"]}
        options |= {name: [f"ProxyCommand={world.proxy_command(name)}"] for name in world.urls}
        if peer:
            options[THIRD] = [_third_party(peer, world.urls[PEER])]
        config = [*CIPHER, *server.config(folder / "config")]
        environ = {**os.environ, "PLAIN_CLIENT_TOKEN": world.token()}
        yield Ends(where="a process", ways=_ways(config, options, "box"), environ=environ)


@contextmanager
def in_container(peer: str | None) -> Iterator[Ends]:
    """A dev box of the shipped image; its sshd listens on a second port for direct ssh."""
    with ExitStack() as stack:
        docker, made = engine(), stack.enter_context(box())
        _add_endpoint(made.project)
        made.up()
        inside = [docker, "exec", "-u", "dev", "-i", made.container(docker)]
        port = stack.enter_context(_relay(_open_sshd(inside), PORTS["sshd"]))
        options = {
            "ours": [],
            "direct": ["ProxyCommand=none", "HostName=127.0.0.1", f"Port={port}"],
        }
        token = stack.enter_context(made.connect()).rest.token
        if peer:
            url = made.urls()[PEER]
            _start_peer(inside, peer)
            _remember(made, url)
            options[PEER] = [f"ProxyCommand={shlex.join([str(real_box.SFML), 'ssh-proxy', PEER])}"]
            options[THIRD] = [_third_party(peer, url)]
        config = [*CIPHER, "-F", str(made.folder / "home" / ".ssh" / "config")]
        environ = {**made.environ, "PLAIN_CLIENT_TOKEN": token}
        ends = Ends(where="a container", ways=_ways(config, options, HOST), environ=environ)
        _wait_until_ready(ends)
        _share_priority(docker, made.container(docker))
        yield ends


def _ways(config: Sequence[str], options: Mapping[str, Sequence[str]], host: str) -> dict[str, Sequence[str]]:
    return {
        name: ["ssh", *config, *(word for line in lines for word in ("-o", line)), "-T", host]
        for name, lines in options.items()
    }


def _third_party(peer: str, url: str) -> str:
    """The peer's own environment has ``websockets``."""
    command = [
        str(Path(peer).with_name("python")),
        str(HERE / "plain_client.py"),
        f"ws{url.removeprefix('http')}",
    ]
    return f"ProxyCommand={shlex.join(command)}"


def _add_endpoint(project: Path) -> None:
    """The project's own specs: the shipped ones, and an endpoint for the peer."""
    shutil.copytree(ROOT / "specs", project / "specs")
    template = project / "specs" / "service" / "dev-box.yaml.j2"
    before = '"jupyter": 8888}'
    text = template.read_text()
    assert before in text
    template.write_text(text.replace(before, f'"jupyter": 8888, "{PEER}": {PORTS[PEER]}}}'))


def _open_sshd(inside: Sequence[str]) -> str:
    """Let a second sshd with the box's configuration listen to the network; the container's address there."""
    change = f"s/^ListenAddress.*/ListenAddress 0.0.0.0:{PORTS['sshd']}/"
    commands = (
        f"sed {shlex.quote(change)} /run/sfml/sshd_config >/tmp/sshd_config",
        "/usr/sbin/sshd -f /tmp/sshd_config",
        "hostname -I",
    )
    return _call([*inside, "sh", "-c", " && ".join(commands)]).split()[0]


def _start_peer(inside: Sequence[str], peer: str) -> None:
    """Copy websockify into the container and start it there; the image has numpy, which it unmasks with."""
    where = "import websockify; print(websockify.__path__[0])"
    package = Path(_call([str(Path(peer).with_name("python")), "-c", where]).strip())
    packed = subprocess.run(
        ["tar", "-cC", str(package.parent), package.name], stdout=subprocess.PIPE, check=True
    ).stdout
    subprocess.run([*inside, "sh", "-c", "mkdir /tmp/peer && tar -xC /tmp/peer"], input=packed, check=True)
    start = f"cd /tmp/peer && exec python -m websockify -D 0.0.0.0:{PORTS[PEER]} 127.0.0.1:2222"
    _call([*inside, "sh", "-c", f"python -c 'import numpy' && {start}"])


def _remember(made: RealBox, url: str) -> None:
    """What ``sfml ssh-proxy websockify`` needs to know: all as of the box, but the address."""
    own = made.folder / "home" / ".ssh" / "sfml"
    entry = json.loads((own / f"{HOST}.json").read_text())
    (own / f"{PEER}.json").write_text(json.dumps({**entry, "host": PEER, "url": url}))


def _share_priority(docker: str, container: str) -> None:
    """Let the container's processes, which the engine started, be as nice as the benchmark is."""
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    if nice >= 0:
        return
    _call([docker, "update", "--cpu-shares", str(_MOST_SHARES), container])
    for pid in _call([docker, "top", container, "-eo", "pid"]).split()[1:]:
        os.setpriority(os.PRIO_PROCESS, int(pid), nice)


def _wait_until_ready(ends: Ends) -> None:
    deadline = time.monotonic() + WITHIN
    for name, way in ends.ways.items():
        while True:
            done = subprocess.run([*way, "true"], env=ends.environ, capture_output=True, check=False)
            if done.returncode == 0:
                break
            if time.monotonic() > deadline:
                raise SystemExit(f"bench tunnel: {name} does not answer: {done.stderr.decode()}")
            time.sleep(0.5)


@contextmanager
def _relay(host: str, port: int) -> Iterator[int]:
    """The port of a relay to a port of another machine, or of this one."""
    command = [sys.executable, str(HERE / "relay.py"), host, str(port)]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "toolkit")}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def _call(command: Sequence[str]) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
