"""Every error that a user can meet: its exit code, what failed, and what to do next.

The table of exit codes is documented in docs/reference/exit-codes.md; a test holds the two together.
"""

from __future__ import annotations

from typing import ClassVar


class SfmlError(Exception):
    """Something went wrong that the user can act on.

    ``str(error)`` says what failed and the value concerned; ``hint`` says what to do next, if anything.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class ConfigError(SfmlError):
    """A configuration file, variable or flag holds something that it must not."""


class InputError(SfmlError):
    """A file, name or value given by the user cannot be used."""


class ResultError(SfmlError):
    """A job ended well, but what it returned cannot be read here."""


class ToolMissingError(SfmlError):
    """A program or an optional package that this step needs is not installed."""


class CommandError(SfmlError):
    """A program that sfml started failed; carries its exit code and its (redacted) output."""

    def __init__(self, message: str, *, returncode: int, output: str = "", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.returncode = returncode
        self.output = output


class UsageError(SfmlError):
    """The command line itself is wrong."""

    exit_code = 2


class NoConnectionError(SfmlError):
    """No connection was chosen, it cannot be reached, or it does not authenticate."""

    exit_code = 3


class RefusedError(SfmlError):
    """Snowflake refused: a privilege or a quota is missing. ``hint`` holds the SQL to run, where known."""

    exit_code = 4


class PrivilegeError(RefusedError):
    """The role lacks a privilege."""


class InternalError(SfmlError):
    """A bug in sfml; ``hint`` names the log file."""

    exit_code = 5


class JobFailedError(SfmlError):
    """The job ran and failed."""

    exit_code = 100

    def __init__(self, message: str, *, hint: str | None = None, script_code: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.script_code = script_code


class NotFinishedError(SfmlError):
    """The time to wait is over and the job still runs."""

    exit_code = 101


class NotFoundError(SfmlError):
    """The job, pool or other object does not exist, or this role may not see it."""

    exit_code = 102


class CancelledError(SfmlError):
    """The job was cancelled."""

    exit_code = 103


class InterruptedByUserError(SfmlError):
    """Ctrl-C. The job goes on; ``hint`` holds the command that re-attaches."""

    exit_code = 130
