"""Tokens and keys of a box in containers: nothing that can be looked at from outside or inside shows them."""

from __future__ import annotations

import json
import socket
import subprocess

import shown
from real_box import HOST, RealBox


def test_secrets__of_a_box_in_containers__are_in_their_own_places_only(
    real_box: RealBox, engine: str
) -> None:
    own = real_box.folder / "home" / ".ssh" / "sfml"
    config = ["-F", str(own.parent / "config")]
    inside = (
        "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null; cat ~/.ssh/* ~/.bash* 2>/dev/null; env"
    )
    state, service = real_box.project / ".sfml" / "local", real_box.ssh("cat /snowflake/session/token")
    secrets: shown.Secrets = {
        "the service's token": service.strip().encode(),
        **shown.lines("ssh key", (own / "id_ed25519").read_text()),
    }
    with subprocess.Popen(
        ["ssh", *config, HOST, "cat"],
        env=dict(real_box.environ), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin
        assert process.stdout
        process.stdin.write(b"x\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"x\n"
        secrets = {**secrets, "token": _token(real_box).encode()}  # as the connection has it

        # What is mounted into the container; nobody else may enter the folder with all of it.
        (mounted,) = [path for path in state.glob("jobs/*/*/session/token") if path.read_text() == service]
        assert state.stat().st_mode & 0o077 == 0
        places = shown.expected(secrets, {"ssh key": own / "id_ed25519", "the service's token": mounted})
        assert shown.places(secrets, own.parents[1], real_box.project) == places
        seen = {"inside": real_box.ssh(inside).encode(), **_engine(engine)}
        process.stdin.close()
    shown_there = [(place, name) for place, data in seen.items() for name, secret in secrets.items()
                   if shown.is_in(secret, data)]  # fmt: skip
    assert shown_there == []


def _token(made: RealBox) -> str:
    """What the user's agent gives each connection."""
    own = made.folder / "home" / ".ssh" / "sfml"
    entry = json.loads((own / f"{HOST}.json").read_text())
    request = {"ask": "token", **{name: entry[name] for name in ("connection", "role", "state")}}
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(own / "agent.sock"))
        connection.sendall(json.dumps(request).encode() + b"\n")
        with connection.makefile() as file:
            return str(json.loads(file.readline())["token"])


def _engine(engine: str) -> dict[str, bytes]:
    """What the engine tells of the box's containers."""
    listed = subprocess.run([engine, "ps", "-q"], capture_output=True, text=True, check=True).stdout.split()
    told = {}
    for name in listed:
        for verb in ("inspect", "logs", "top"):
            done = subprocess.run([engine, verb, name], capture_output=True, check=False)
            told[f"{verb} {name}"] = done.stdout + done.stderr
    return told
