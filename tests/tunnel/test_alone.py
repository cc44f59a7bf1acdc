"""The folder as an image takes it: with the oldest Python that it promises, and nothing beside it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tunnels import TOOLKIT

OLDEST = "python3.10"
IMPORT_ALL = """
import importlib, pkgutil, sys
sys.path.insert(0, sys.argv[1])
import tunnel
for module in pkgutil.iter_modules(tunnel.__path__):
    importlib.import_module(f"tunnel.{module.name}")
print(*{name.partition(".")[0] for name in sys.modules} - sys.stdlib_module_names)
"""


def pythons() -> list[object]:
    # A launcher of that name may be there without the Python.
    found = shutil.which(OLDEST)
    missing = not found or subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode != 0
    skip = pytest.mark.skipif(missing, reason=f"optional: no {OLDEST}")
    return [sys.executable, pytest.param(OLDEST, marks=skip)]


@pytest.mark.parametrize("python", pythons())
def test_tunnel__folder_alone__imports_the_standard_library_only(python: str, tmp_path: Path) -> None:
    shutil.copytree(TOOLKIT / "sfml" / "tunnel", tmp_path / "tunnel")
    command = [python, "-W", "error", "-I", "-S", "-c", IMPORT_ALL, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split()) == ["__main__", "tunnel"]
