"""Which of a script's outputs a plan points at the job's result stage, and which would be lost (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath

from sfml.analysis.findings import Output, OutputKind
from sfml.jobs.plan.model import Item, places

# What a job has in its environment (snowflake.ml.jobs, mljob_launcher.py); jobs/entry.py puts its value in.
RESULTS = "$MLRS_STAGE_RESULT_PATH"
_FOLDER = re.compile(r"dir|folder|root|path$", re.IGNORECASE)
_SHORTEST = 4  # with the dashes: a shorter beginning of an option's name seldom is enough
_POINTABLE = (OutputKind.OPTION, OutputKind.KEY)


def redirect(outputs: Sequence[Output], args: Sequence[str]) -> tuple[str, ...]:
    """Further arguments that make the script write to the result stage, but for what ``args`` says."""
    todo = [one for one in outputs if _is_open(one, args)]
    several = len(todo) > 1
    return tuple(word for one in todo for word in _words(one, _target(one, several=several)))


def items(outputs: Sequence[Output], args: Sequence[str]) -> Iterator[Item]:
    """Each output, and where what it holds will be."""
    moved = set(redirect(outputs, args))
    for one in outputs:
        if one.kind is OutputKind.RETURN:
            yield Item(text="__return__", where=places(one.evidence), outcome="-> the job's result")
        elif one.name == RESULTS or any(word.partition("=")[0] == one.name for word in moved):
            yield Item(text=one.name, where=places(one.evidence), outcome="-> the job's result stage")
        else:
            yield Item(text=one.name, where=places(one.evidence), outcome=_left(one, args))


def _is_open(one: Output, args: Sequence[str]) -> bool:
    if one.kind not in _POINTABLE or one.logs or _is_given(one, args):
        return False
    # Without a default and without a name that says what it is, giving it could change what the script does.
    return bool(one.default) or bool(_FOLDER.search(one.name))


def _is_given(one: Output, args: Iterable[str]) -> bool:
    spelled = [_plain(name) for name in (one.name, *one.aliases)]
    words = [_plain(word.partition("=")[0].lstrip("+")) for word in args]
    # argparse takes every beginning of an option's name that is enough to tell it.
    return any(
        word in spelled or (word.startswith("--") and len(word) > _SHORTEST and spelled[0].startswith(word))
        for word in words
    )


def _plain(word: str) -> str:
    # Options are spelled --output-dir or --output_dir, whatever the script says (HfArgumentParser).
    return word.replace("_", "-")


def _target(one: Output, *, several: bool) -> str:
    default = PurePosixPath((one.default or "").rstrip("/"))
    if default.suffix and not _FOLDER.search(one.name.removesuffix("path")):
        return f"{RESULTS}/{default.name}"
    if not several:
        return RESULTS
    own = default.name if default.name not in ("", ".", "..") else one.name.strip("-").rpartition(".")[2]
    return f"{RESULTS}/{own}"


def _words(one: Output, target: str) -> tuple[str, ...]:
    return (f"{one.name}={target}",) if one.kind is OutputKind.KEY else (one.name, target)


def _left(one: Output, args: Sequence[str]) -> str:
    if one.kind is OutputKind.VARIABLE:
        return f"-> set it: --env {one.name.removeprefix('$')}=…, else it is lost with the container"
    if one.kind is OutputKind.POSITIONAL or _is_given(one, args):
        kept = any(RESULTS in word for word in args)
        return "-> as you gave it" if kept else f"-> as you gave it; {RESULTS} is the result stage"
    if one.kind is OutputKind.LITERAL:
        return "-> written in the container, and lost with it"
    return (
        "-> lost with the container"
        if one.default
        else f"-> not written unless you give it a path: {RESULTS}"
    )
