"""A job that failed, explained: what happened, where, and what to try."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sfml.errors import CancelledError, JobFailedError, NotFoundError, SfmlError
from sfml.jobs.results import RemoteError
from sfml.services.signs import Cause, cause_of_code, causes

_LAST_LINES = 15
# What runs the script: their frames come before the script's own.
_RUNNERS = ("runpy", "mljob_launcher.py", "sfml_entry.py")


@dataclass(frozen=True, kw_only=True)
class Failure:
    """What is known of a job that did not end well. ``shown``: its last lines are on the screen already.

    ``crash`` is the traceback out of its log; ``logs_command`` prints the whole log.
    """

    job_id: str
    status: str
    logs_command: str
    exit_code: int | None
    error: RemoteError | None
    last_lines: Sequence[str]
    crash: Sequence[str] = ()
    shown: bool
    started: bool = True


def explain(failure: Failure) -> SfmlError:
    """The error to end with: CancelledError for a cancelled job, else JobFailedError."""
    hint = "\n".join([*_traceback(failure), *_tail(failure), *(f"try: {text}" for text in advice(failure))])
    if failure.status == "CANCELLED":
        return CancelledError(f"the job {failure.job_id} was cancelled{_reason(failure)}", hint=hint or None)
    if failure.status == "DELETED":
        return NotFoundError(f"the job {failure.job_id} was deleted while it ran")
    return JobFailedError(
        f"the job {failure.job_id} failed: {_what(failure)}", hint=hint or None, script_code=failure.exit_code
    )


def advice(failure: Failure) -> list[str]:
    """What to try, the likeliest first."""
    if failure.status == "CANCELLED":
        return []
    lines = [str(failure.error or ""), *failure.crash, *failure.last_lines[-30:]]
    found = [say(match) for pattern, say in _ADVICE if (match := pattern.search("\n".join(lines)))]
    found += [_BY_CAUSE[cause] for cause in causes(lines) if cause in _BY_CAUSE]
    killed = None if failure.error is not None else cause_of_code(failure.exit_code)
    if killed in _BY_CODE:
        found.append(f"exit code {failure.exit_code}: {_BY_CODE[killed]}")
    return list(dict.fromkeys(found)) or [failure.logs_command]


def _what(failure: Failure) -> str:
    code = "" if failure.exit_code is None else f"exit code {failure.exit_code}"
    if failure.error is not None:
        return f"{failure.error}" + (f" ({code})" if code else "")
    before = "" if failure.started else ", before its script began"
    if failure.status == "INTERNAL_ERROR":
        return f"an internal error of the service{before}"
    return f"{code or failure.status}{before}"


def _reason(failure: Failure) -> str:
    """Where the job cancelled itself: because its time was over (jobs/entry.py says so in the log)."""
    return next((f": {line[6:]}" for line in failure.last_lines if line.startswith("sfml: the job has")), "")


def _traceback(failure: Failure) -> list[str]:
    """Where the script was when it failed: as it wrote it down itself, else as the log has it."""
    if failure.error is None or not failure.error.traceback:
        return list(failure.crash)
    frames = _own_frames(failure.error.traceback.rstrip().splitlines())
    return ["Traceback (in the job, most recent call last):", *frames, str(failure.error)]


def _own_frames(lines: list[str]) -> list[str]:
    """The traceback from the script's first frame on: how Python came to run it says nothing."""
    own = next((at for at, line in enumerate(lines) if _is_own(line)), 0)
    return lines[own:]


def _is_own(line: str) -> bool:
    return line.startswith('  File "') and not any(name in line for name in _RUNNERS)


def _tail(failure: Failure) -> list[str]:
    if failure.shown and failure.started:
        return []
    lines = list(failure.last_lines[-_LAST_LINES:])
    return ["the last lines of its log:", *(f"  {line}" for line in lines)] if lines else []


def _module(match: re.Match[str]) -> str:
    return f"the job lacks a package: --pip {match[1].split('.')[0]} (or the name of the package that has it)"


def _package(match: re.Match[str]) -> str:
    return f"pip finds no {match[1].strip()}: check name and version, or give the job an index (--eai)"


_ADVICE: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"No module named '?([\w.]+)"), _module),
    (re.compile(r"No matching distribution found for (.+)"), _package),
    (
        re.compile(r"No such file or directory: '?(/[^'\s]+)"),
        lambda match: (
            f"{match[1]} is a path of this machine: submit a folder that has the file, or use a stage"
        ),
    ),
)
# What helps a job of a script: it has no spec of its own to change.
_BY_CAUSE = {
    Cause.NETWORK: "the job may not reach that host: --eai INTEGRATION with a rule for it (for --pip, too)",
    Cause.MEMORY: "more memory: a compute pool of a larger instance family (--compute-pool)",
    Cause.GPU_MEMORY: "smaller batches, or a --compute-pool whose GPUs have more memory",
    Cause.SHARED_MEMORY: (
        "its shared memory, 30 % of the node's, is full (/dev/shm): fewer workers, or a larger --compute-pool"
    ),
    Cause.PRIVILEGE: "the job works with your role: grant that what it lacks, or submit with --role",
}
_BY_CODE = {
    Cause.MEMORY: "it was killed, most often for lack of memory; a larger instance family helps",
    Cause.CRASH: "it crashed in native code; look for packages whose versions do not match",
    Cause.ENDED: "it was asked to end from outside",
    Cause.SHARED_MEMORY: _BY_CAUSE[Cause.SHARED_MEMORY],
}
