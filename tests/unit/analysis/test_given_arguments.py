"""Arguments that the script will be given, in the spellings that parsers take."""

from __future__ import annotations

from pathlib import Path

import pytest

from sfml.analysis import Gpu, analyse

ARGPARSE = """import argparse, torch
parser = argparse.ArgumentParser()
parser.add_argument("-g", "--gpu", {action})
args = parser.parse_args()
torch.ones(1).to("cuda" if args.gpu else "cpu")
"""
STORE_FALSE = ARGPARSE.replace('"-g", "--gpu"', '"-n", "--no-gpu", dest="gpu"').format(
    action='action="store_false"'
)
STORE_TRUE = ARGPARSE.format(action='action="store_true"')
PAIR = ARGPARSE.format(action="action=argparse.BooleanOptionalAction, default=True")


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        (STORE_FALSE, [], Gpu.USES),
        (STORE_FALSE, ["--no-gpu"], Gpu.NEVER),
        (STORE_FALSE, ["-n"], Gpu.NEVER),
        (STORE_TRUE, ["--gpu"], Gpu.NEEDS),
        (STORE_TRUE, ["-g"], Gpu.NEEDS),
        (STORE_TRUE, ["-1"], Gpu.USES),
        (PAIR, ["--gpu"], Gpu.NEEDS),
        (PAIR, ["--no-gpu"], Gpu.NEVER),
    ],
)
def test_flag__given_or_not__has_the_value_that_its_parser_stores(
    tmp_path: Path, text: str, given: list[str], expected: Gpu
) -> None:
    (tmp_path / "train.py").write_text(text)
    assert analyse(tmp_path, arguments=given).hardware.gpu is expected


def test_output__its_short_spelling__is_told(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(
        "import argparse, torch\nparser = argparse.ArgumentParser()\n"
        "parser.add_argument('-o', '--out', default='runs')\ntorch.save({}, parser.parse_args().out + '/x')\n"
    )
    (output,) = analyse(tmp_path).outputs
    assert (output.name, output.aliases) == ("--out", ("-o",))
