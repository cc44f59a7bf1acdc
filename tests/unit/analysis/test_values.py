"""Values: what is put together from known and unknown parts, and what that says about paths and devices."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfml.analysis import Gpu, analyse
from sfml.analysis.hardware.devices import device_class
from sfml.analysis.values import HAS_GPU, HOLE, UNKNOWN, Value, depends, joined, known, path_join, union

OPTION = depends("out", origins=["--out"])
NAME = depends("run", origins=["--name"])
_values = st.builds(
    lambda options, complete, origins, gpu: Value(
        tuple(options), complete, frozenset(origins), frozenset(origins), gpu
    ),
    st.lists(st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)), max_size=4),
    st.booleans(),
    st.sets(st.sampled_from(["--a", "--b", "$C"])),
    st.booleans(),
)


@given(_values, _values)
def test_union__any_two__keeps_the_first_default_and_every_origin(first: Value, second: Value) -> None:
    both = union(first, second)
    assert both.options[: len(first.options)] == first.options[: len(both.options)]
    assert both.origins == first.origins | second.origins
    assert both.complete == (first.complete and second.complete)


@given(st.lists(_values, max_size=4))
def test_joined__any_parts__is_a_string_that_depends_on_all_of_them(parts: list[Value]) -> None:
    found = joined(parts, "".join)
    assert all(isinstance(option, str) for option in found.options)
    assert found.origins == frozenset().union(*(part.origins for part in parts))
    assert not any(part.head for part in parts) or found.head <= found.origins


@pytest.mark.parametrize(
    ("parts", "text", "head"),
    [
        ([OPTION, known("net.pt")], "out/net.pt", {"--out"}),
        ([known("runs"), NAME], "runs/run", set()),
        ([known(""), OPTION], "out", {"--out"}),
        ([known("."), OPTION], "./out", {"--out"}),
        ([UNKNOWN, NAME], f"{HOLE}/run", set()),
        ([OPTION, known("/absolute")], "/absolute", {"--out"}),
    ],
)
def test_path__from_parts__goes_where_its_beginning_says(
    parts: list[Value], text: str, head: set[str]
) -> None:
    found = joined(parts, path_join, path=True)
    assert (found.default, found.head) == (text, head)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (known("cuda:1"), Gpu.NEEDS),
        (known(0), Gpu.NEEDS),
        (known(-1), Gpu.NEVER),
        (known("cpu"), Gpu.NEVER),
        (known("auto"), Gpu.USES),
        (known(None), None),
        (UNKNOWN, None),
        (Value(("cuda", "cpu"), complete=True, gpu=True), Gpu.USES),
        (depends("cuda", "cpu", origins=["--device"]), Gpu.NEEDS),
        (depends("cpu", "cuda", origins=["--device"]), Gpu.USES),
        (HAS_GPU, Gpu.NEVER),
    ],
)
def test_device__a_value__says_what_it_wants(value: Value, expected: Gpu | None) -> None:
    assert device_class(value) is expected


CODE = """
import argparse, os, torch
from dataclasses import dataclass
from pathlib import Path
parser = argparse.ArgumentParser()
parser.add_argument("--device", default="cuda")
parser.add_argument("--out")
args = parser.parse_args()
opt = vars(args)
@dataclass
class Config:
    device: str = "cuda"
    out: str = "results"
config = Config(out=args.out)
class Base:
    device = "cuda"
    def where(self): return self.device
class Derived(Base):
    def __init__(self, folder): self.folder = Path(folder)
derived = Derived(args.out)
table = {{"train": {{"device": "cuda"}}}}
def pick(name="cuda"): return torch.device(name)
first, second = "cuda", "cpu"
half = f"cu{{'da'}}"
{line}
"""


@pytest.mark.parametrize(
    "expression",
    [
        "args.device",
        "opt['device']",
        "getattr(args, 'device')",
        "config.device",
        "derived.where()",
        "Derived.device",
        "table['train']['device']",
        "table.get('train').get('device', 'cpu')",
        "dict(table['train'], rate=1)['device']",
        "{**table['train']}['device']",
        "pick()",
        "pick(name=first)",
        "(first, second)[0]",
        "first or second",
        "half",
        "'%s:%d' % (first, 0)",
        "'{}:{}'.format(first, 0)",
        "'{name}'.format(name=first)",
        "''.join(['cu', 'da'])",
        "first if table else second",
        "[d for d in [first]][0] or first",
        "os.environ.get('DEVICE', 'cuda')",
        "str(first).strip().lower()",
        "'CUDA'.lower()",
    ],
)
def test_device__said_in_many_ways__is_understood(tmp_path: Path, expression: str) -> None:
    (tmp_path / "train.py").write_text(CODE.format(line=f"torch.ones(1).to({expression})"))
    found = analyse(tmp_path).hardware
    assert (found.gpu, found.evidence[0].line) == (Gpu.NEEDS, CODE.count("\n"))


@pytest.mark.parametrize(
    "statement",
    [
        "open(args.out, 'w')",
        "open(os.path.join(config.out, 'x'), 'w')",
        "(derived.folder / 'a' / 'b').write_text('')",
        "torch.save({}, f'{args.out}/x.pt')",
        "torch.save({}, args.out + '/x.pt')",
        "torch.save({}, '%s/x.pt' % args.out)",
        "torch.save({}, '{}/x.pt'.format(args.out))",
        "torch.save({}, Path(opt['out']).resolve() / 'x.pt')",
        "torch.save({}, os.path.join(os.getcwd(), args.out, 'x.pt'))",
        "torch.save({}, os.path.abspath(os.path.expanduser(args.out or 'here')))",
        "with open(Path(args.out).joinpath('x'), mode='wb') as f: f.write(b'')",
    ],
)
def test_output__written_in_many_ways__is_traced_to_its_option(tmp_path: Path, statement: str) -> None:
    (tmp_path / "train.py").write_text(CODE.format(line=statement))
    assert [output.name for output in analyse(tmp_path).outputs] == ["--out"]
