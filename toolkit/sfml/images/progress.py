"""buildx' plain progress: the steps, and where a failed one stands in the Dockerfile (pure)."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

_LINE = re.compile(r"#(\d+) (.*)")
_TITLE = re.compile(r"\[([\w.-]+ )?(\d+/\d+|internal)\] (.*)")
_DONE = re.compile(r"DONE ([\d.]+)s")
_OPTION = re.compile(r"--(?:mount|from|chown|chmod|link)(?:=\S+)?\s+")
_TIME = re.compile(r"\d+\.\d+ ")
# BuildKit since 0.10 prints the failed lines of the Dockerfile itself.
_POSITION = re.compile(r"(?:\S*/)?Dockerfile:(\d+)\s*$")
_TAIL = 15


@dataclass(kw_only=True)
class Step:
    """One step of a build."""

    instruction: str
    place: str
    """``stage 2/7``, as BuildKit counts."""
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL))

    @property
    def title(self) -> str:
        """The instruction without its options, short enough for a line."""
        text = " ".join(_OPTION.sub("", f"{self.instruction} ").split())
        # Each RUN that fetches begins so; what follows tells them apart.
        text = re.sub(r"^RUN (\. /build/env\.sh; )?", "RUN ", text)
        return text if len(text) <= 72 else f"{text[:71]}…"


@dataclass(kw_only=True)
class Progress:
    """What a build has said so far."""

    steps: dict[str, Step] = field(default_factory=dict)
    failed: Step | None = None
    position: int | None = None
    last: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL))

    def feed(self, line: str) -> str | None:
        """Take in one line; a line about a step that ended, if it tells of one."""
        match = _LINE.match(line)
        if match is None:
            self._outside(line)
            return None
        number, text = match[1], match[2]
        title = _TITLE.match(text)
        if title is not None and number not in self.steps and title[2] != "internal":
            self.steps[number] = Step(instruction=title[3], place=f"{title[1] or ''}{title[2]}")
            return None
        return self._about(self.steps.get(number), text)

    def _about(self, step: Step | None, text: str) -> str | None:
        if text.startswith("ERROR"):
            self.failed = self.failed or step
            self.last.append(text)
            return None
        if step is None:
            return None
        done = _DONE.match(text)
        if done is not None:
            return f"[{step.place}] {step.title}  {float(done[1]):.1f} s"
        if text == "CACHED":
            return f"[{step.place}] {step.title}  cached"
        step.tail.append(_TIME.sub("", text, count=1))
        return None

    def _outside(self, line: str) -> None:
        position = _POSITION.match(line)
        if position is not None:
            self.position = int(position[1])
        elif line.strip(" -"):
            self.last.append(line)


def failure(progress: Progress, dockerfile: str) -> tuple[str, str]:
    """Where and in which instruction a build failed, and the last lines that it wrote."""
    step = progress.failed
    if step is None:
        return "", "\n".join(progress.last)
    line = progress.position or line_of(step.instruction, dockerfile)
    where = f"Dockerfile:{line}: " if line else ""
    return f"{where}{step.title}", "\n".join(step.tail) or "\n".join(progress.last)


def line_of(instruction: str, dockerfile: str) -> int | None:
    """The line in which an instruction begins; engines before BuildKit 0.10 name only its text."""
    wanted = _plain(instruction)
    for number, text in _instructions(dockerfile.splitlines()):
        if _plain(text) == wanted:
            return number
    return None


def _instructions(lines: Sequence[str]) -> Sequence[tuple[int, str]]:
    """Each instruction of a Dockerfile with its first line, continued lines joined, comments left out."""
    found: list[tuple[int, str]] = []
    continued = False
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        piece = text.removesuffix("\\")
        if continued:
            found[-1] = (found[-1][0], f"{found[-1][1]} {piece}")
        else:
            found.append((number, piece))
        continued = text.endswith("\\")
    return found


def _plain(text: str) -> str:
    return " ".join(text.split())
