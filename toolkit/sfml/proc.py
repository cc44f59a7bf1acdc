"""The only door to other programs: commands are lists, failures say what failed, secrets stay hidden."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from sfml.errors import CommandError, ToolMissingError

HIDDEN = "[hidden]"
# What follows one of these words, after = or :, is a secret.
_NAMED = re.compile(
    r"(?ix) ([\w-]* (?:password|passphrase|passwd|passcode|secret|token|api_?key|private_?key)"
    r" (?![a-z]) [\w-]* ['\"]? \s* [=:] \s*)"
    r" ( '[^']*' | \"[^\"]*\" | [^\s,;&}\])'\"]+ )"
)
_HEADER = re.compile(r"(?i)(authorization['\"]?\s*[:=])[^\n]+")
_PRIVATE_KEY = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?(?:-----END \1-----|\Z)", re.DOTALL)
_IN_URL = re.compile(r"(://[^/\s:@]*:)[^@\s/]+@")


@dataclass(frozen=True, kw_only=True)
class Completed:
    """A program that ended well: what it wrote."""

    stdout: str
    stderr: str


def run(
    command: Sequence[str],
    *,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float | None = None,
    secrets: Iterable[str] = (),
    accepted: Collection[int] = (0,),
) -> Completed:
    """Run a program to its end; its output.

    ``accepted`` are the exit codes that are no failure. ``secrets`` are texts to keep out of errors, beside
    those that ``redact`` knows; hand a secret to the program through ``stdin`` or ``env``, never in
    ``command``. Raises ToolMissingError, or CommandError with code and output.
    """
    try:
        done = subprocess.run(
            [find(command[0], env), *command[1:]],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            env=env,
            cwd=cwd,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _failed(command, 124, f"no answer within {timeout} s", "", secrets) from error
    if done.returncode not in accepted:
        raise _failed(
            command, done.returncode, f"exit code {done.returncode}", done.stdout + done.stderr, secrets
        )
    return Completed(stdout=done.stdout, stderr=done.stderr)


class Stoppable:
    """Programs that are read line by line while they run, and that one call ends together."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def stream(
        self, command: Sequence[str], line: Callable[[str], None], *, env: Mapping[str, str] | None = None
    ) -> int:
        """Run a program and hand on each line that it writes; its exit code."""
        path = find(command[0], env)
        with self._lock:
            if self._stopped:
                raise KeyboardInterrupt
            # A group of its own: Ctrl-C reaches this process alone, which then ends the programs in order.
            process = subprocess.Popen(
                [path, *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                env=env,
                start_new_session=True,
            )
            self._running.add(process)
        with process:
            assert process.stdout is not None
            for text in process.stdout:
                line(text.rstrip("\n"))
        self._running.discard(process)
        return process.returncode

    def stop(self) -> None:
        """End what runs, and let nothing more begin."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for process in running:
            process.terminate()


def start_detached(
    command: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> subprocess.Popen[bytes]:
    """Start a program that outlives this one; what it writes goes to the file ``log``, for its owner only."""
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "ab") as file:
        process = subprocess.Popen(
            [find(command[0], env), *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            start_new_session=True,
        )
    # Takes note of its end, should that come while we are still here: no zombie stays.
    threading.Thread(target=process.wait, daemon=True).start()
    return process


def become(command: Sequence[str]) -> NoReturn:
    """End in a program that talks to the user's terminal itself."""
    program = find(command[0])
    os.execv(program, list(command))  # noqa: S606 - a list, no shell


def piped(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """A program between two pipes, without buffers; use it in a ``with`` block, which waits for its end."""
    return subprocess.Popen(
        [find(command[0]), *command[1:]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    )


def fed(command: Sequence[str], content: bytes | Path, *, timeout: float) -> bytes:
    """What a program writes that reads these bytes, or this file; CommandError where it fails."""
    path = find(command[0])
    with tempfile.TemporaryFile() if isinstance(content, bytes) else content.open("rb") as file:
        if isinstance(content, bytes):
            file.write(content)
            file.seek(0)
        try:
            done = subprocess.run(
                [path, *command[1:]], stdin=file, capture_output=True, timeout=timeout, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise _failed(command, 124, f"no answer within {timeout} s", "", ()) from error
    if done.returncode:
        said = done.stderr.decode(errors="replace")
        raise _failed(command, done.returncode, f"exit code {done.returncode}", said, ())
    return done.stdout


def find(program: str, env: Mapping[str, str] | None = None) -> str:
    """The program's full path."""
    path = shutil.which(program, path=(os.environ if env is None else env).get("PATH"))
    if path is None:
        raise ToolMissingError(f"the program '{program}' is not installed, or not on PATH")
    return path


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """``text`` without the given secrets, values named like one, authorization headers and private keys."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    text = _PRIVATE_KEY.sub(HIDDEN, text)
    text = _HEADER.sub(rf"\1 {HIDDEN}", text)
    text = _NAMED.sub(rf"\1{HIDDEN}", text)
    return _IN_URL.sub(rf"\1{HIDDEN}@", text)


def _failed(
    command: Sequence[str], returncode: int, reason: str, output: str, secrets: Iterable[str]
) -> CommandError:
    output = redact(output, secrets).strip()
    last = "\n".join(output.splitlines()[-10:])
    message = redact(f"'{shlex.join(command)}' failed: {reason}", secrets)
    return CommandError(message, returncode=returncode, output=output, hint=last or None)
