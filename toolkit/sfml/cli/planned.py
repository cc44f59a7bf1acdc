"""The plan between a submit's command line and its job: shown, asked about, refused."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sfml.cli.output import Output
from sfml.config import Config
from sfml.errors import NoConnectionError, SfmlError
from sfml.jobs.request import Request

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

    from sfml.jobs.plan.draft import Draft
    from sfml.jobs.plan.model import Plan
    from sfml.session import Opening

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class Asking:
    """How much the user wants to be asked, and to be helped."""

    yes: bool = False
    force: bool = False
    as_is: bool = False
    create_pool: bool = False


class NotConfirmedError(SfmlError):
    """The user said no."""


_OPTIONS = (
    click.option("-y", "--yes", is_flag=True, help="Do not ask; without a terminal nobody is asked."),
    click.option("--force", is_flag=True, help="Submit although the plan says that it cannot work."),
    click.option("--as-is", is_flag=True, help="Infer nothing: just what the flags and sfml.yaml say."),
    click.option("--create-pool", is_flag=True, help="Create a compute pool of your own for this job first."),
)


def plan_options(command: Decorated) -> Decorated:
    """Give a command the flags about its plan; it receives them as ``asking``."""

    @functools.wraps(command)
    def collected(**values: Any) -> Any:
        taken = {name: values.pop(name) for name in ("yes", "force", "as_is", "create_pool")}
        return command(asking=Asking(**taken), **values)

    decorated: Any = collected
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]


def planned(config: Config, request: Request, asking: Asking, opening: Opening, out: Output) -> Request:
    """The request as the plan has it, which the user has seen and agreed to; raises where it is refused."""
    from sfml.jobs.plan import make

    wanted = make.wishes(config, infer=not asking.as_is)
    draft = make.offline(config, request, wanted)
    connection = opening.connection()
    if asking.create_pool:
        config = _create_pool(config, draft, connection, asking, out)
        draft = make.offline(config, replace(request, compute_pool=config.compute_pool), wanted)
    plan = make.online(config, connection, draft, wanted)
    if wanted.infer:
        _show(plan, out)
    _refuse(plan, force=asking.force)
    _confirm("Submit?", asking)
    return plan.request


def dry_run(config: Config, request: Request, asking: Asking, out: Output) -> None:
    """Show the plan and send nothing; the account is asked where that starts nothing."""
    from sfml.jobs.plan import make

    wanted = make.wishes(config, infer=not asking.as_is)
    if config.connection is None:
        from sfml.session import choices

        raise NoConnectionError("no connection was chosen", hint=choices())
    if asking.create_pool:
        out.progress(f"would create:\n  {_pool_text(config, make.offline(config, request, wanted))}")
    plan = _seen(config, request, asking, out) or make.without_account(config, request, wanted)
    out.value(as_json(plan, config), text="\n".join(_dry_lines(plan, config)))


def as_json(plan: Plan, config: Config) -> dict[str, Any]:
    """The plan for a program: what would be submitted, and all that was found."""
    from sfml.jobs.upload import files

    request = plan.request
    return {
        "connection": config.connection,
        "script": str(request.payload.script),
        "args": list(request.args),
        "compute_pool": request.compute_pool,
        "nodes": request.nodes,
        "stage": request.stage,
        "name": request.name,
        "runtime": request.runtime,
        "requirements": list(request.requirements),
        "eai": list(request.eai),
        "artifact_repositories": list(request.artifact_repositories),
        "env": sorted(request.env),
        "max_runtime": request.max_runtime,
        "files": [str(remote) for _, remote in files(request.payload)],
        "plan": {title: [str(item) for item in items] for title, items in plan.sections.items()},
        "refused": [{"message": one.message, "hint": one.hint} for one in plan.refusals],
        **plan.found,
    }


def _seen(config: Config, request: Request, asking: Asking, out: Output) -> Plan | None:
    """The plan with the account in view; None where that cannot be asked, or would have to be started."""
    from sfml.cli import attached
    from sfml.jobs.plan import make

    if config.is_local and not _runs(config):
        return None
    wanted = make.wishes(config, infer=not asking.as_is)
    draft = make.offline(config, request, wanted)
    try:
        with attached.begin(config, light=True) as opening:
            return make.online(config, opening.connection(), draft, wanted)
    except NoConnectionError as error:
        out.progress(f"the account was not asked: {error}")
        return None


def _runs(config: Config) -> bool:
    from sfml import project
    from sfml.session import backend

    return backend.find(project.local_state(config.state)) is not None


def _create_pool(
    config: Config, draft: Draft, connection: SnowflakeConnection, asking: Asking, out: Output
) -> Config:
    """Create a pool for the draft's hardware; the configuration with it."""
    from sfml.analysis import Gpu
    from sfml.jobs.plan import decide
    from sfml.session.rows import over

    gpu = draft.gpu is not Gpu.NEVER
    statement = decide.create_sql(config.user, gpu=gpu)
    out.progress(_pool_text(config, draft))
    _confirm("Create this pool?", asking)
    over(connection)(statement)
    name = decide.pool_name(config.user, gpu=gpu)
    return replace(config, compute_pool=name, origins={**config.origins, "compute_pool": "--create-pool"})


def _pool_text(config: Config, draft: Draft) -> str:
    from sfml.analysis import Gpu
    from sfml.jobs.plan import decide

    gpu = draft.gpu is not Gpu.NEVER
    price = decide.pool_price(gpu=gpu)
    return (
        f"{decide.create_sql(config.user, gpu=gpu)};\n  {price} while it runs; it stops after 5 idle minutes"
    )


def _show(plan: Plan, out: Output) -> None:
    from sfml.jobs.plan import show

    out.progress(show.text(plan))


def _refuse(plan: Plan, *, force: bool) -> None:
    if plan.refusals and not force:
        messages = "; ".join(one.message for one in plan.refusals)
        hints = "\n".join(dict.fromkeys(one.hint for one in plan.refusals))
        raise plan.refusals[0].error(messages, hint=hints)


def _confirm(question: str, asking: Asking) -> None:
    """Ask where somebody can answer; Enter is yes."""
    if asking.yes or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    if not click.confirm(question, default=True, err=True):
        raise NotConfirmedError("nothing was submitted")


def _dry_lines(plan: Plan, config: Config) -> Iterator[str]:
    from sfml.jobs.plan import show

    request = plan.request
    yield show.text(plan)
    for refusal in plan.refusals:
        yield refusal.hint
    yield "would submit:"
    shown = {
        "connection": config.connection,
        "name": request.name,
        "stage": request.stage,
        "nodes": request.nodes,
        "requirements": ", ".join(request.requirements),
        "eai": ", ".join(request.eai),
        "env": ", ".join(sorted(request.env)),
        "max_runtime": request.max_runtime,
    }
    for key, value in shown.items():
        if value:
            yield f"  {key:13} {value}"
