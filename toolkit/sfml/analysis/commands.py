"""Programs that a script starts and lines that a notebook hands to the shell, as lists of words."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from sfml.analysis.conditions import ALWAYS, Condition
from sfml.analysis.evaluate import Evaluator
from sfml.analysis.findings import Evidence
from sfml.analysis.seen import at_line, evidence
from sfml.analysis.tree import Call, Module
from sfml.analysis.values import HOLE, Row, Value

_STARTERS = frozenset(
    {
        "subprocess.run",
        "subprocess.call",
        "subprocess.check_call",
        "subprocess.check_output",
        "subprocess.Popen",
        "subprocess.getoutput",
        "subprocess.getstatusoutput",
        "os.system",
        "os.popen",
        "asyncio.create_subprocess_shell",
        "IPython.get_ipython().system",
        "get_ipython().system",
        "get_ipython().run_line_magic",
        "pip.main",
        "pip._internal.main",
        "pip._internal.cli.main.main",
    }
)
_STARTER_TAILS = frozenset(name.rpartition(".")[2] for name in _STARTERS)
_SEPARATORS = re.compile(r"&&|\|\||[;|\n]")
_ASSIGNMENT = re.compile(r"^[A-Za-z_]\w*=")

# pip's options that take a value of their own, as its manual lists them.
_PIP_VALUES = frozenset(
    {"-i", "--index-url", "--extra-index-url", "-f", "--find-links", "-t", "--target", "--python", "--prefix"}
)


@dataclass(frozen=True, kw_only=True)
class Command:
    """One program with its arguments; a word that only the run knows holds a hole."""

    words: tuple[str, ...]
    evidence: Evidence
    condition: Condition = ALWAYS
    by_notebook: bool = False

    @property
    def program(self) -> str:
        """The program's name without its folder."""
        return self.words[0].rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class PipInstall:
    """What one `pip install` asks for."""

    requirements: tuple[str, ...]
    files: tuple[str, ...]
    indexes: tuple[str, ...]
    command: Command


def commands(evaluator: Evaluator, module: Module) -> Iterator[Command]:
    """Every program that the module starts."""
    for shell in module.source.shells:
        where = at_line(module.source.name, shell.line, shell.command)
        for words in split(shell.command):
            yield Command(words=words, evidence=where, by_notebook=True)
    for call in module.calls_of(_STARTER_TAILS):
        yield from _started(evaluator, call)


def _started(evaluator: Evaluator, call: Call) -> Iterator[Command]:
    dotted = evaluator.names.dotted(call.node.func, call.scope)
    first = (
        call.node.args[0]
        if call.node.args
        else next((k.value for k in call.node.keywords if k.arg == "args"), None)
    )
    if dotted not in _STARTERS or first is None:
        return
    where = evidence(call.scope.module, call.node)
    condition = evaluator.condition(call.guard)
    lines = _lines(evaluator.value(first, call.scope))
    if dotted.startswith("pip."):
        lines = [("pip", *words) for words in lines]
    if dotted.endswith("run_line_magic") and len(call.node.args) > 1:
        rest = _lines(evaluator.value(call.node.args[1], call.scope))
        lines = [(*lines[0], *words) for words in rest] if lines else []
    for words in lines:
        if words:
            yield Command(words=words, evidence=where, condition=condition)


def _lines(value: Value) -> list[tuple[str, ...]]:
    option = value.default
    if isinstance(option, str):
        return list(split(option))
    if not isinstance(option, Row):
        return []
    words = [item.default if isinstance(item.default, str) else HOLE for item in option.items]
    if len(words) == 3 and words[0].rpartition("/")[2] in {"sh", "bash"} and words[1] in {"-c", "-lc"}:
        return list(split(words[2]))
    return [tuple(words)]


def split(line: str) -> Iterator[tuple[str, ...]]:
    """The commands of a shell line, each as its words, without leading VARIABLE=value."""
    for part in _SEPARATORS.split(line):
        try:
            words = shlex.split(part, comments=True)
        except ValueError:
            words = part.split()
        while words and (_ASSIGNMENT.match(words[0]) or words[0] in {"sudo", "time", "env", "exec"}):
            words.pop(0)
        if words:
            yield tuple(words)


def pip_install(command: Command) -> PipInstall | None:
    """What a command asks pip for, if it does."""
    words = list(command.words)
    if command.program.startswith("python") and words[1:3] == ["-m", "pip"]:
        words = words[2:]
    elif command.program == "uv" and words[1:2] == ["pip"]:
        words = words[1:]
    if not re.fullmatch(r"pip[\d.]*", words[0].rpartition("/")[2]) or "install" not in words[1:3]:
        return None
    return _pip_words(words[words.index("install") + 1 :], command)


def _pip_words(words: list[str], command: Command) -> PipInstall:
    requirements: list[str] = []
    files: list[str] = []
    indexes: list[str] = []
    pending = iter(words)
    for word in pending:
        name, _, value = word.partition("=")
        if word in {"-r", "--requirement"}:
            files.append(next(pending, ""))
        elif name in {"-i", "--index-url", "--extra-index-url", "-f", "--find-links"}:
            indexes.append(value or next(pending, ""))
        elif word in _PIP_VALUES:
            next(pending, "")
        elif word in {"-e", "--editable"} or word.startswith("-") or HOLE in word:
            continue
        elif not word.startswith((".", "/", ">", "<", "2>")):
            requirements.append(word)
    return PipInstall(
        requirements=tuple(requirements), files=tuple(files), indexes=tuple(indexes), command=command
    )
