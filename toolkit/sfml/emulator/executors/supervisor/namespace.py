"""A root directory of the run's own: the machine's, with the run's mounts in place; and processes of its own.

A directory like /mnt/job_stage cannot be made in somebody's root directory, so a new one is put together from
bind mounts of all that is there (an idea that bubblewrap shows). Nothing outside the namespace changes.
"""

from __future__ import annotations

import os

from sfml.emulator.executors.supervisor import linux


def enter() -> None:
    """New user, mount and process namespaces (the last for children); uid and gid stay the same."""
    uid, gid = os.getuid(), os.getgid()
    linux.unshare(linux.CLONE_NEWUSER | linux.CLONE_NEWNS | linux.CLONE_NEWPID)
    # user_namespaces(7): an unprivileged process may map its own ids only, the group after denying setgroups.
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{uid} {uid} 1")
    _write("/proc/self/gid_map", f"{gid} {gid} 1")


def build(root: str, mounts: list[dict[str, object]]) -> None:
    """Make ``root``, an empty directory, the root of this process; call it as the first of its namespace."""
    linux.mount("none", "/", None, linux.MS_REC | linux.MS_PRIVATE)
    linux.mount("sfml", root, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "mode=755")
    targets = [str(mount["target"]) for mount in mounts]
    _graft("", root, [*targets, "/proc"])
    for mount in mounts:
        _place(root + str(mount["target"]), mount)
    _directory(root + "/proc")
    linux.mount("proc", root + "/proc", "proc", linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC)
    os.chdir(root)
    linux.pivot_root()
    linux.unmount(".")
    os.chdir("/")


def _graft(directory: str, root: str, targets: list[str]) -> None:
    """Bind each entry of ``directory`` below ``root``; go inside where a target has to be made in it."""
    paths = [f"{directory}/{name}" for name in os.listdir(directory or "/")]
    # First what holds the new root itself, while that is empty: its bind would repeat every mount in there.
    for path in sorted(paths, key=lambda path: not root.startswith(path + "/")):
        inside = [target for target in targets if target.startswith(path + "/")]
        if path in targets or root == path:
            continue
        if os.path.islink(path):
            os.symlink(os.readlink(path), root + path)
        elif inside and not all(map(os.path.isdir, inside)):
            os.mkdir(root + path, 0o755)
            _graft(path, root, inside)
        else:
            _bind(path, root + path)


def _bind(source: str, target: str) -> None:
    is_directory = os.path.isdir(source)
    _directory(target) if is_directory else _file(target)
    try:
        linux.mount(source, target, None, linux.MS_BIND | linux.MS_REC)
    except PermissionError:  # another user's FUSE mount, for one; the run does without it
        os.rmdir(target) if is_directory else os.unlink(target)


def _place(target: str, mount: dict[str, object]) -> None:
    _directory(target)
    source = mount.get("source")
    if source:
        linux.mount(str(source), target, None, linux.MS_BIND | linux.MS_REC)
    else:
        size = f",size={mount['size']}" if mount.get("size") else ""
        linux.mount("sfml", target, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "mode=1777" + size)


def _directory(path: str) -> None:
    os.makedirs(path, 0o755, exist_ok=True)


def _file(path: str) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    os.write(descriptor, text.encode())
    os.close(descriptor)
