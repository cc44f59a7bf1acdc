"""A script's outputs: which are pointed at the result stage."""

from __future__ import annotations

from typing import Any

import pytest

from sfml.analysis.findings import Output, OutputKind
from sfml.jobs.plan.outputs import RESULTS, items, redirect


def option(
    name: str, default: str | None = None, kind: OutputKind = OutputKind.OPTION, **more: Any
) -> Output:
    return Output(name=name, kind=kind, evidence=(), default=default, **more)


@pytest.mark.parametrize(
    ("outputs", "args", "expected"),
    [
        ([option("--output-dir", "out")], [], ["--output-dir", RESULTS]),
        ([option("--output_dir")], ["--epochs", "3"], ["--output_dir", RESULTS]),
        ([option("--output_dir", "out")], ["--output-dir=mine"], []),
        ([option("--output-dir", "out", aliases=("-o",))], ["-o", "mine"], []),
        ([option("--output-dir", "out")], ["--out", "mine"], []),
        ([option("--output-dir", "out")], ["--o", "mine"], ["--output-dir", RESULTS]),
        ([option("--model", "out/net.pt")], [], ["--model", f"{RESULTS}/net.pt"]),
        ([option("--save")], [], []),
        ([option("paths.out", "runs", OutputKind.KEY)], [], [f"paths.out={RESULTS}"]),
        ([option("--logs", "logs", logs=True)], [], []),
        ([option("$OUT", "out", OutputKind.VARIABLE)], [], []),
        ([option("out.txt", kind=OutputKind.LITERAL)], [], []),
        (
            [option("--out-dir", "out"), option("--metrics", "m.json")],
            [],
            ["--out-dir", f"{RESULTS}/out", "--metrics", f"{RESULTS}/m.json"],
        ),
    ],
)
def test_redirect__outputs_of_a_script__become_arguments(
    outputs: list[Output], args: list[str], expected: list[str]
) -> None:
    assert list(redirect(outputs, args)) == expected


@pytest.mark.parametrize(
    ("output", "args", "expected"),
    [
        (option("--output-dir", "out"), [], "the job's result stage"),
        (option("--output-dir", "out"), ["--output-dir", "x"], "as you gave it"),
        (option("--save"), [], "not written unless"),
        (option(RESULTS, kind=OutputKind.VARIABLE), [], "the job's result stage"),
        (option("out.txt", kind=OutputKind.LITERAL), [], "lost"),
        (option("$OUT", "o", OutputKind.VARIABLE), [], "--env OUT=…"),
        (option("__return__", kind=OutputKind.RETURN), [], "the job's result"),
    ],
)
def test_items__each_output__says_where_it_will_be(output: Output, args: list[str], expected: str) -> None:
    (item,) = items([output], args)
    assert expected in item.outcome
