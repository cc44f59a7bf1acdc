"""Whole specs around the few lines that a rule's example is about."""

from __future__ import annotations

_CONTAINER = """\
spec:
  containers:
  - name: main
    image: /db/schema/repo/app:1.0
"""


def indent(lines: str, margin: str) -> str:
    """The lines, each behind the margin."""
    return "".join(f"{margin}{line}\n" for line in lines.splitlines())


def container(lines: str) -> str:
    """A spec whose only container has these lines too."""
    return _CONTAINER + indent(lines.strip("\n") + "\n", " " * 4)


def spec(lines: str) -> str:
    """A spec of one container with these lines below ``spec:`` too."""
    return _CONTAINER + indent(lines.strip("\n") + "\n", " " * 2)


def top(lines: str) -> str:
    """A spec of one container with these lines beside ``spec:`` too."""
    return _CONTAINER + (lines.strip("\n") + "\n" if lines else "")


def image(name: str) -> str:
    """A spec whose only container has this image."""
    return _CONTAINER.replace("/db/schema/repo/app:1.0", name)


def mounted(volume: str, *, path: str = "/data") -> str:
    """A spec whose container mounts the one volume ``data`` of these lines."""
    mount = f"volumeMounts:\n- name: data\n  mountPath: {path}\n"
    return container(mount) + "  volumes:\n  - name: data\n" + indent(volume.strip("\n") + "\n", " " * 4)


# Where shared memory is mounted in a container.
SHM = "/dev/shm"  # noqa: S108 - a path inside the container, not a temporary file here


def targeted(target: str, text: str) -> str:
    """The text with a comment that says what it is to run on."""
    return f"# sfml: {target}\n{text}"
