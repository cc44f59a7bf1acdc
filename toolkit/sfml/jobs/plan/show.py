"""A plan as text (pure)."""

from __future__ import annotations

from collections.abc import Iterator

from sfml.jobs.plan.model import Item, Plan

_WIDTH = 12


def text(plan: Plan) -> str:
    """The plan for a reader: what is to run where, then a block for each aspect."""
    request = plan.request
    script = " ".join([str(request.payload.entrypoint), *request.args])
    lines = [f"Plan  {script} -> ML Job on {request.compute_pool}"]
    for title, items in plan.sections.items():
        lines += _block(title, items)
    for refusal in plan.refusals:
        lines += _block("refused", (Item(text=refusal.message),))
    return "\n".join(lines)


def _block(title: str, items: tuple[Item, ...]) -> Iterator[str]:
    for number, item in enumerate(items):
        yield f"  {'' if number else title:{_WIDTH}}{item}"
