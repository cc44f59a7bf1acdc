"""The analysis reads text: it starts no program, opens no connection, and never runs what it reads."""

import ast
import subprocess
import sys
from pathlib import Path

import sfml.analysis
from sfml.analysis import analyse

PACKAGE = Path(sfml.analysis.__file__).parent
FORBIDDEN = {"subprocess", "socket", "ssl", "http", "urllib.request", "requests", "multiprocessing", "runpy"}


def test_package__imports__hold_no_subprocess_network_or_other_part_of_sfml() -> None:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name not in FORBIDDEN, path
                assert not name.startswith("sfml.") or name.startswith(("sfml.analysis", "sfml.errors")), path


def test_analysis__of_a_script_with_effects__has_none(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    script = tmp_path / "train.py"
    script.write_text(f"open({str(mark)!r}, 'w').write('ran')\nraise SystemExit(3)\n")
    assert analyse(script).entrypoint == "train.py"
    assert not mark.exists()


def test_analysis__of_plain_code__imports_no_reader_that_it_does_not_need(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("import torch\n")
    code = (
        f"import sys; from sfml.analysis import analyse; analyse({str(tmp_path)!r}); "
        "print([m for m in ('yaml', 'tomllib', 'packaging', 'click') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
