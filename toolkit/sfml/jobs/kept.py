"""What is kept here of a job that has ended: its state, its whole log, its result. For the owner's eyes only.

``STATE/jobs/ID/`` holds ``job.json``, ``log.txt`` and ``result.json`` or ``result.pkl``; each file comes into
being as a whole, job.json last. It outlives the job on the server.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from sfml.errors import CancelledError, JobFailedError, SfmlError
from sfml.jobs.finish import Outcome
from sfml.jobs.private import written_whole
from sfml.services.status import JobStatus

_STATUS, _LOG, _JSON, _PICKLE = "job.json", "log.txt", "result.json", "result.pkl"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The folder of one job; it may not exist."""

    folder: Path

    @property
    def exists(self) -> bool:
        return (self.folder / _STATUS).is_file()

    def status(self) -> JobStatus:
        """The state that the job ended in."""
        return JobStatus(**self._about()["status"])

    def outcome(self) -> Outcome:
        """How the job ended, as it was then."""
        found = self._about()
        return Outcome(
            status=JobStatus(**found["status"]),
            found=found["found"],
            value=self._value(found["result"]),
            error=_error(found["error"]),
        )

    def log(self) -> list[str] | None:
        """Its lines, the launcher's too; None where none were kept."""
        path = self.folder / _LOG
        return path.read_text(encoding="utf-8").split("\n")[:-1] if path.is_file() else None

    def keep(self, outcome: Outcome, lines: Iterable[str] | None) -> None:
        """Write down how a job ended; ``lines`` is its log, None where that is kept already or unknown."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if lines is not None:
            self.keep_log(lines)
        result = self._keep_value(outcome)
        about = {
            "status": asdict(outcome.status),
            "found": outcome.found,
            "result": result,
            "error": _described(outcome.error),
        }
        with written_whole(self.folder / _STATUS) as file:
            file.write(json.dumps(about, indent=2).encode())

    def keep_log(self, lines: Iterable[str]) -> None:
        """Write down a job's log alone; how it ended may follow."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with written_whole(self.folder / _LOG) as file:
            file.writelines(f"{line}\n".encode(errors="replace") for line in lines)

    def files(self) -> list[Path]:
        """What there is of it."""
        return [path for name in (_STATUS, _JSON, _PICKLE, _LOG) if (path := self.folder / name).is_file()]

    def _about(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / _STATUS).read_text(encoding="utf-8"))
        return found

    def _keep_value(self, outcome: Outcome) -> str | None:
        if not outcome.found or outcome.error is not None:
            return None
        name, content = encoded(outcome.value)
        with written_whole(self.folder / name) as file:
            file.write(content)
        return name

    def _value(self, name: str | None) -> Any:
        if name is None:
            return None
        content = (self.folder / name).read_bytes()
        if name == _JSON:
            return json.loads(content)
        import cloudpickle

        return cloudpickle.loads(content)


@dataclass(frozen=True, kw_only=True)
class Recorder:
    """Lines on their way into a job's log."""

    file: IO[bytes]

    def line(self, text: str) -> None:
        self.file.write(f"{text}\n".encode(errors="replace"))

    def lines(self) -> Iterator[str]:
        """All of them, once they are complete."""
        self.file.seek(0)
        return (line.decode().removesuffix("\n") for line in self.file)


@contextmanager
def recorder() -> Iterator[Recorder]:
    """A place for the lines of a log while it is followed; nothing of it stays unless it is kept."""
    with tempfile.TemporaryFile(prefix="sfml-") as file:
        yield Recorder(file=file)


def of(state: Path, job_id: str) -> Kept:
    """What is kept of a job with this full id, given the project's state folder."""
    return Kept(folder=state / "jobs" / quote(job_id, safe="$"))


def encoded(value: Any) -> tuple[str, bytes]:
    """A result as a file, its name and what is in it: JSON where that gives the same value again."""
    try:
        text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
        same = bool(json.loads(text) == value)
    except (TypeError, ValueError, RecursionError):
        same = False
    if same:
        return _JSON, f"{text}\n".encode()
    import cloudpickle

    return _PICKLE, cloudpickle.dumps(value)


def _described(error: SfmlError | None) -> dict[str, Any] | None:
    if error is None:
        return None
    code = error.script_code if isinstance(error, JobFailedError) else None
    kind = "cancelled" if isinstance(error, CancelledError) else "failed"
    return {"kind": kind, "message": str(error), "hint": error.hint, "script_code": code}


def _error(found: dict[str, Any] | None) -> SfmlError | None:
    if found is None:
        return None
    if found["kind"] == "cancelled":
        return CancelledError(found["message"], hint=found["hint"])
    return JobFailedError(found["message"], hint=found["hint"], script_code=found["script_code"])
