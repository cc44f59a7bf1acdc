"""Whatever the files hold, the analysis reports and never raises."""

import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sfml.analysis import Analysis, Gpu, Rule, analyse
from sfml.errors import InputError


def analysed(folder: Path, text: str | bytes, name: str = "train.py") -> Analysis:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return analyse(folder, entrypoint=name)


def unreadable(analysis: Analysis) -> list[str]:
    return [note.message for note in analysis.notes if note.rule is Rule.UNREADABLE]


def test_syntax_error__script__is_noted_with_its_line_and_the_imports_still_count(tmp_path: Path) -> None:
    found = analysed(tmp_path, "import polars\nprint 'python 2'\nfrom cv2 import imread\n")
    assert [p.name for p in found.dependencies.packages] == ["opencv-python", "polars"]
    assert [note.evidence.line for note in found.notes if note.rule is Rule.UNREADABLE] == [2]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x7fELF\0\0\0", "binary"),
        (b"# -*- coding: utf-8 -*-\nx = '\xff\xfe'\n", "encoding"),
        (b"# -*- coding: martian -*-\n", "encoding"),
        (b"x = 1\n" * 1_000_000, "larger"),
    ],
)
def test_unreadable__script__is_noted(tmp_path: Path, data: bytes, reason: str) -> None:
    assert reason in unreadable(analysed(tmp_path, data))[0]


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000 + ")" * 5000,
        "-" * 50_000 + "1",
        "x = " + "+".join(["1"] * 20_000),
        "x" + ".y" * 20_000,
        "f(" * 150 + ")" * 150,
        "if a:\n    pass\n" + "elif a == 'b':\n    x = 1\n" * 3000,
        "a = b\n" + "".join(f"a{i} = a{i - 1}\n" for i in range(1, 3000)) + "open(a2999)\n",
        "def f():\n" + "".join(f"{'    ' * i}if x{i}:\n" for i in range(1, 90)) + "    " * 90 + "y.cuda()\n",
        "x = [" * 80 + "]" * 80,
        "class A(A): pass\nclass B(C): pass\nclass C(B): pass\nB().cuda()\n",
        "def f(x): return g(x)\ndef g(x): return f(x)\nopen(f(1))\n",
        "x = x\ny = z\nz = y\nopen(x + y)\n",
        "from train import *\nimport train\nopen(train.x)\n",
        "from . import train\nfrom .train import x\nfrom ... import y\n",
        "exec(open('train.py').read())\n",
        "import os\nos.environ[os.environ['A']] = os.environ.get(os.environ['A'])\n",
        "lambda: (yield)\n",
        "x: int\nx.y: int = 3\n(a, *b), c = d = e\ndel x\n",
        "\f\nimport torch\r\ntorch.ones(1).cuda()\r",
        "",
        "\ufeffimport torch\n",
    ],
    ids=range(21),
)
def test_odd_code__any_shape__gives_a_report(tmp_path: Path, text: str) -> None:
    assert analysed(tmp_path, text).entrypoint == "train.py"


def test_deep_calls__two_hundred_functions_in_a_row__are_followed_or_given_up_without_error(
    tmp_path: Path,
) -> None:
    chain = "".join(f"def f{i}(device):\n    return f{i + 1}(device)\n" for i in range(200))
    code = f"import torch\n{chain}def f200(device):\n    return torch.ones(1).to(device)\nf0('cuda')\n"
    assert analysed(tmp_path, code).hardware.gpu in set(Gpu)


def test_many_callers__of_functions_that_call_each_other__take_no_exponential_time(tmp_path: Path) -> None:
    calls = "\n".join(f"    f{j}(x, f{(j * 7) % 40}(x, y))" for j in range(40))
    code = "".join(f"def f{i}(x, y):\n{calls}\n    return x + y\n" for i in range(40))
    assert analysed(tmp_path, code + "open(f0('a', 'b'))\n").entrypoint == "train.py"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"cells": 3}',
        '{"cells": [1]}',
        '{"cells": [{"cell_type": "code"}]}',
        "[" * 100_000,
    ],
)
def test_notebook__of_any_content__gives_a_report(tmp_path: Path, text: str) -> None:
    found = analysed(tmp_path, text, "explore.ipynb")
    assert found.entrypoint == "explore.ipynb"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "-r requirements.txt\n-c requirements.txt\n===\n-e .\nfoo @\n\\\n"),
        ("requirements.txt", "\0\xff"),
        ("pyproject.toml", "[project"),
        ("pyproject.toml", "project = 3\ntool = []\n"),
        ("pyproject.toml", "[project]\ndependencies = {a = 1}\n[tool.poetry]\ndependencies = [1]\n"),
        ("setup.cfg", "[options\ninstall_requires"),
        ("setup.py", "setup(install_requires=["),
        ("environment.yml", "dependencies: {a: [b]}\n"),
        ("config.yaml", "a: &a [*a]\n"),
        ("config.yaml", "a: !!python/object:os.system 1\n"),
        ("config.yaml", "? [1, 2]\n: 3\n.nan: 4\n"),
    ],
)
def test_other_files__of_any_content__give_a_report(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="latin-1")
    code = "import yaml\nconfig = yaml.safe_load(open('config.yaml'))\nopen(config['a'])\n"
    assert analysed(tmp_path, code).dependencies.packages


def test_hydra__configuration_that_includes_itself__gives_a_report(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "config.yaml").write_text("defaults: [config, {config: config}]\na: ${b}\nb: ${a}\n")
    code = (
        "import hydra\n@hydra.main(config_path='conf', config_name='config')\n"
        "def main(cfg):\n    open(cfg.a.b, 'w')\nmain()\n"
    )
    assert analysed(tmp_path, code).data_files == ("conf/config.yaml",)


def test_links__in_a_circle__end(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "again").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a" / "train.py").write_text("import a.again.a.train\n")
    assert analyse(tmp_path).entrypoint == "a/train.py"


@pytest.mark.parametrize("path", ["nothing-here", "empty"])
def test_path__without_a_script__is_one_clear_error(tmp_path: Path, path: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=path):
        analyse(tmp_path / path)


def test_python__that_is_no_version__is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("")
    with pytest.raises(InputError, match="banana"):
        analyse(tmp_path, python="banana")


_WORDS = st.sampled_from(
    [
        *("import", "from", "torch", "as", "x", "y", "=", "(", ")", ".", "cuda", "to", "'cuda'", "[", "]"),
        *("{", "}", ":", ",", "if", "else", "def", "class", "return", "for", "in", "with", "open", "lambda"),
        *(
            "yield",
            "await",
            "try",
            "except",
            "\n",
            "\n\t",
            "#@",
            "%",
            "!",
            "f'{",
            "}'",
            "**",
            "*",
            "/",
            "args",
        ),
        *("--out", "0", "None", "True", "not", "and", "or", "==", "@", "async", '"a/b"'),
    ]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(_WORDS, max_size=60))
def test_random_words__as_a_script_and_as_a_notebook__give_a_report(tmp_path: Path, words: list[str]) -> None:
    text = " ".join(words)
    assert analysed(tmp_path, text).entrypoint == "train.py"


_NAMES = st.sampled_from(["x", "y", "args", "device", "torch", "os", "cfg", "f", "C", "self", "open"])
_EXPRESSIONS = st.recursive(
    st.one_of(_NAMES, st.sampled_from(["'cuda'", "'a/b'", "1", "None", "True", "f'{x}/y'", "[]", "{}"])),
    lambda inner: st.one_of(
        st.builds("{}.{}".format, _NAMES, _NAMES),
        st.builds("{}({})".format, inner, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("({} / {})".format, inner, inner),
        st.builds("({} == {})".format, inner, inner),
        st.builds("{}[{}]".format, inner, inner),
        st.builds("dict(a={}, **{})".format, inner, inner),
        st.builds("(lambda x: {})".format, inner),
    ),
    max_leaves=8,
)
_STATEMENTS = st.one_of(
    st.builds("{} = {}".format, _NAMES, _EXPRESSIONS),
    st.builds("{}.{} = {}".format, _NAMES, _NAMES, _EXPRESSIONS),
    st.builds("{}['a'] = {}".format, _NAMES, _EXPRESSIONS),
    st.builds("def {}({}={}): return {}".format, _NAMES, _NAMES, _EXPRESSIONS, _EXPRESSIONS),
    st.builds("class {}({}): {} = {}".format, _NAMES, _EXPRESSIONS, _NAMES, _EXPRESSIONS),
    st.builds("if {}: {} = {}".format, _EXPRESSIONS, _NAMES, _EXPRESSIONS),
    st.builds("for {} in {}: {}".format, _NAMES, _EXPRESSIONS, _EXPRESSIONS),
    st.builds("{}.to({})".format, _EXPRESSIONS, _EXPRESSIONS),
    st.builds("open({}, 'w')".format, _EXPRESSIONS),
    st.just("import torch, os"),
    st.just("from train import *"),
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(_STATEMENTS, max_size=12))
def test_random_programs__that_parse__give_the_same_report_twice(tmp_path: Path, lines: list[str]) -> None:
    text = "\n".join(lines)
    assert analysed(tmp_path, text) == analysed(tmp_path, text)


def test_own_code__as_a_project__gives_a_report_without_unreadable_files() -> None:
    package = Path(sys.modules["sfml.analysis"].__file__ or "").parent
    found = analyse(package, entrypoint="__init__.py")
    assert unreadable(found) == []
    assert found.hardware.gpu is Gpu.NEVER
