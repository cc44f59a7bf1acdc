"""``@remote``: a Python function that runs as an ML Job, through the client's own decorator."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfml import config, project, session, sql
from sfml.config import Config
from sfml.errors import InputError
from sfml.jobs.payload import named_python
from sfml.jobs.request import check_environment, check_integrations, check_runtime, check_stage
from sfml.session.faults import translated

if TYPE_CHECKING:
    from snowflake.snowpark import Session


def remote(
    compute_pool: str | None = None,
    *,
    stage_name: str | None = None,
    connection_name: str | None = None,
    session: Session | None = None,
    **options: Any,
) -> Callable[[Callable[..., Any]], RemoteFunction]:
    """A decorator: each call of the function submits a job that runs it, and gives the client's ``MLJob``.

    Its ``result()`` waits for what the function returns. ``options`` are those of the client's
    ``remote`` (``pip_requirements``, ``external_access_integrations``, ``env_vars``, …).
    """

    def decorate(function: Callable[..., Any]) -> RemoteFunction:
        flags = {"connection": connection_name, "compute_pool": compute_pool, "stage": stage_name}
        return RemoteFunction(function, flags, session, options)

    return decorate


class RemoteFunction:
    """A function whose calls are jobs. Where no session was given, it opens one at its first call."""

    def __init__(
        self,
        function: Callable[..., Any],
        flags: dict[str, Any],
        session: Session | None,
        options: dict[str, Any],
    ) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._flags = flags
        self._session = session
        self._options = options
        self._definition: Any = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Submit a job that calls the function with these arguments; the client's ``MLJob``."""
        with translated():
            return self.definition()(*args, **kwargs)

    def definition(self) -> Any:
        """The client's ``MLJobDefinition``, of which each call is a job."""
        if self._definition is None:
            chosen = self._configured()
            _check(chosen, self._options)
            from snowflake.ml import jobs

            self._session = self._session or session.connect(chosen)
            given = {"external_access_integrations": list(chosen.eai) or None, **self._options}
            decorate = jobs.remote(
                chosen.compute_pool,
                stage_name=chosen.stage,
                session=self._session,
                runtime_environment=chosen.runtime,
                **given,
            )
            self._definition = decorate(self._function)
        return self._definition

    def _configured(self) -> Config:
        runtime = self._options.pop("runtime_environment", None)
        return config.resolve({**self._flags, "runtime": runtime}, os.environ, project.root(Path.cwd()))


def _check(chosen: Config, options: dict[str, Any]) -> None:
    """InputError for what the client would put into SQL as it is, and for a runtime of another Python."""
    sql.name(chosen.compute_pool, parts=1)
    check_stage(chosen.stage)
    check_runtime(chosen.runtime)
    check_integrations(options.get("external_access_integrations") or chosen.eai)
    check_environment(options.get("env_vars") or {})
    wanted = named_python(chosen.runtime)
    if wanted is not None and wanted != sys.version_info[:2]:
        here = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise InputError(
            f"the runtime {chosen.runtime} has Python {wanted[0]}.{wanted[1]}, and this is Python {here}",
            hint="a function travels as a pickle, which only the same Python can read: choose another "
            "runtime, or put the function into a script for submit_file",
        )
