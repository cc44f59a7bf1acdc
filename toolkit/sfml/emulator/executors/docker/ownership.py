"""Files that containers and server share: who may read and write them inside, and whose they are afterwards.

All of them lie in the state directory, which nobody but its owner can enter; so modes that let everybody in
let nobody in but the container's user.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Iterable, Iterator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

_READ = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
_WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
_ENTER = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


def open_up(root: Path, *, writable: bool) -> None:
    """Let every user read what is below ``root``, and write it too if asked."""
    wanted = _READ | (_WRITE if writable else 0)
    for path in _below([str(root)]):
        with contextlib.suppress(OSError):  # gone meanwhile, or an earlier container's: that was open then
            mode = os.lstat(path).st_mode
            if not stat.S_ISLNK(mode):
                os.chmod(path, stat.S_IMODE(mode) | wanted | (_ENTER if stat.S_ISDIR(mode) else 0))  # noqa: PTH101


def take_over(uid: int, gid: int, roots: Iterable[str]) -> None:
    """Give all files below ``roots`` to this user, who could otherwise not delete what a container wrote."""
    for path in _below(roots):
        with contextlib.suppress(OSError):
            if os.lstat(path).st_uid != uid:
                os.lchown(path, uid, gid)


def _below(roots: Iterable[str]) -> Iterator[str]:
    for root in roots:
        yield root
        for directory, folders, files in os.walk(root):
            yield from (os.path.join(directory, name) for name in [*folders, *files])  # noqa: PTH118


def main() -> None:
    """As a program, in a sandbox: ``ownership.py UID GID ROOT…``."""
    take_over(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])


if __name__ == "__main__":
    main()
