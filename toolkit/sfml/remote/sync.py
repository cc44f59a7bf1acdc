"""A project's files to its box and back, as git sees them: what git ignores stays where it is."""

from __future__ import annotations

import io
import shlex
import tarfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from sfml import proc
from sfml.errors import CommandError, InputError

MARK = ".sfml-sync"
"""In the folder in the box: what was sent last, newer than all of it."""
_WITHIN = 1800.0


def local_files(folder: Path) -> list[str]:
    """The folder's files, relative to it: those that git has or would add."""
    command = ["git", "-C", str(folder), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = proc.run(command, timeout=60).stdout
    except CommandError as error:
        raise InputError(f"{folder} is no folder of a git repository", hint="git init makes one") from error
    names = sorted({name for name in listed.split("\0") if name})
    return [name for name in names if (folder / name).is_file() or (folder / name).is_symlink()]


def archive(folder: Path, names: Sequence[str]) -> bytes:
    """The files as a tar archive, without their owners."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for name in names:
            tar.add(folder / name, arcname=name, recursive=False, filter=_without_owner)
    return content.getvalue()


def _without_owner(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def up(folder: Path, ssh: Sequence[str], target: str, *, force: bool) -> list[str]:
    """Send the folder's files, which are returned; what was sent before and is gone here goes there, too."""
    names = local_files(folder)
    if not force:
        _require_unchanged(folder, ssh, target)
    _there(ssh, unpack(target), archive(folder, names))
    _there(ssh, tidy(target), _listed(names))
    return names


def _there(ssh: Sequence[str], script: str, content: bytes) -> bytes:
    """What a script in the box writes that reads these bytes."""
    return proc.fed([*ssh, f"sh -c {shlex.quote(script)}"], content, timeout=_WITHIN)


def _listed(names: Sequence[str]) -> bytes:
    return "".join(f"{name}\0" for name in names).encode()


def unpack(target: str) -> str:
    """What unpacks an archive in the box."""
    return f"mkdir -p {shlex.quote(target)} && cd {shlex.quote(target)} && tar -xf - --no-same-owner"


def tidy(target: str) -> str:
    """What removes, given the names that were sent now, those that were sent before and are not in it."""
    return (
        f"set -e; cd {shlex.quote(target)}; sort -z > {MARK}.new; touch {MARK}; "
        f"comm -z -23 {MARK} {MARK}.new | xargs -0 -r rm -f --; mv {MARK}.new {MARK}; touch {MARK}"
    )


def changed(ssh: Sequence[str], target: str) -> list[str]:
    """The files in the box that were written since the last time that files were sent."""
    look = (
        f"cd {shlex.quote(target)} 2>/dev/null && [ -e {MARK} ] || exit 0; "
        f"find . -name .git -prune -o -type f -newer {MARK} ! -name {MARK} -printf '%P\\0'"
    )
    found = proc.run([*ssh, f"sh -c {shlex.quote(look)}"], timeout=120).stdout
    return sorted(name for name in found.split("\0") if name)


def _kept_by_git(folder: Path, names: Sequence[str]) -> list[str]:
    """Those that git does not ignore."""
    if not names:
        return []
    command = ["git", "-C", str(folder), "check-ignore", "-z", "--stdin"]
    ignored = proc.run(command, stdin=_listed(names).decode(), timeout=60, accepted=(0, 1))
    left_out = set(ignored.stdout.split("\0"))
    return [name for name in names if name not in left_out]


def _require_unchanged(folder: Path, ssh: Sequence[str], target: str) -> None:
    written = _kept_by_git(folder, changed(ssh, target))
    if written:
        raise InputError(
            f"in the box {len(written)} files were changed since: {', '.join(written[:5])}",
            hint="bring them here first (sfml sync down), or overwrite them (--force)",
        )


def down(folder: Path, ssh: Sequence[str], target: str, *, force: bool) -> list[str]:
    """Bring here what was changed in the box since the last time that files were sent; the files."""
    names = _kept_by_git(folder, changed(ssh, target))
    if not names:
        return []
    if not force:
        _require_clean(folder, names)
    data = _there(ssh, f"cd {shlex.quote(target)} && tar -cf - --null -T -", _listed(names))
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for member in tar:
            if member.name not in names or ".." in PurePosixPath(member.name).parts:
                raise InputError(f"the box sends {member.name!r}, which was not asked for")
            tar.extract(member, folder, filter="data")
    return names


def _require_clean(folder: Path, names: Sequence[str]) -> None:
    """InputError where a file would be overwritten that git could not bring back."""
    command = ["git", "-C", str(folder), "status", "--porcelain", "-z", "--untracked-files=all", "--", *names]
    lines = [line for line in proc.run(command, timeout=60).stdout.split("\0") if line]
    changed_here = [line[3:] for line in lines if (folder / line[3:]).exists()]
    if changed_here:
        raise InputError(
            f"{', '.join(changed_here[:5])} changed here, too, and git has no copy of that",
            hint="commit them first, or overwrite them (--force)",
        )
