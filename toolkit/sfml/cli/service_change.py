"""The verbs of ``sfml service`` that change something: create, upgrade, suspend, resume, drop."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from sfml.cli import attached
from sfml.cli.job_view import JobView, agree, command, show_plan
from sfml.cli.options import CONNECTION_KEYS, config_options, timeout_option
from sfml.cli.output import Output, dry_run_option, output_option
from sfml.cli.run_spec import yes_option
from sfml.cli.spec_source import known_families, ready_for, source_of, spec_options, variables_of
from sfml.config import Config
from sfml.errors import InputError

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

    from sfml.services.plan import Plan
    from sfml.services.source import Source
    from sfml.session import Opening
    from sfml.specs.families import Family

_WAIT = click.option("--wait/--detach", default=True, help="Wait until it is ready (default), or not.")


@click.command()
@click.argument("name")
@click.argument("spec", required=False)
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@spec_options
@click.option("--min-instances", type=click.IntRange(min=1), default=1, show_default=True, help="At least.")
@click.option("--max-instances", type=click.IntRange(min=1), help="At most. [default: as at least]")
@click.option("--auto-suspend", type=int, metavar="SECONDS", help="Suspend after so long without a request.")
@click.option("--auto-resume/--no-auto-resume", default=None, help="Start again with a request.")
@click.option("--comment", help="A note that SHOW SERVICES prints.")
@_WAIT
@timeout_option
@config_options(*CONNECTION_KEYS, "compute_pool", "eai")
@dry_run_option
@yes_option
@output_option
def create(
    config: Config,
    *,
    name: str,
    spec: str | None,
    args: tuple[str, ...],
    given: Mapping[str, Any],
    min_instances: int,
    max_instances: int | None,
    auto_suspend: int | None,
    auto_resume: bool | None,
    comment: str | None,
    out: Output,
    **carrying: Any,
) -> None:
    """Create the service NAME of SPEC, a file or a template, and wait until it is ready."""
    from sfml.account import refuse_system_pool

    found = _asked(name, spec, args, given, config)
    refuse_system_pool(config.compute_pool)
    properties: dict[str, Any] = {
        "instances": (min_instances, max_instances or min_instances),
        "auto_suspend_secs": auto_suspend,
        "auto_resume": auto_resume,
        "comment": comment,
    }
    with attached.begin(config, light=True) as opening:
        _change(config, opening, found, _create, out, **properties, **carrying)


def _create(connection: SnowflakeConnection, plan: Plan) -> str:
    from sfml.services import manage

    _refuse_existing(connection, plan)
    return manage.create(connection, plan.wish, plan.pool)


def _upgrade(connection: SnowflakeConnection, plan: Plan) -> str:
    from sfml.services import manage

    return manage.upgrade(connection, plan.wish, plan.pool)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A service's name, its spec's text, and what that may depend on."""

    name: str
    source: Source
    given: Mapping[str, Any]
    families: Mapping[str, Family]


def _asked(
    name: str, spec: str | None, args: tuple[str, ...], given: Mapping[str, Any], config: Config
) -> Asked:
    """What was asked for; the spec is checked as far as that goes without a pool."""
    families = known_families(config)
    source = source_of(spec, args, given, config, families)
    ready_for(source, given, "service", families, None)
    return Asked(name=name, source=source, given=given, families=families)


def _change(
    config: Config,
    opening: Opening,
    asked: Asked,
    act: Callable[[SnowflakeConnection, Plan], str],
    out: Output,
    *,
    dry_run: bool,
    yes: bool,
    wait: bool,
    timeout: float | None,
    **properties: Any,
) -> None:
    """Show the plan, then carry it out and stay until the service is ready."""
    from sfml.services.prepare import prepare

    connection = opening.connection()
    plan = prepare(
        connection, config, asked.source, "service", asked.name,
        families=asked.families, env=variables_of(asked.given), **properties,
    )  # fmt: skip
    show_plan(plan, out)
    if dry_run:
        out.value(plan.described, text="")
        return
    agree(plan, out, yes=yes)
    out.progress(act(connection, plan))
    _stay(config, connection, plan, out, wait=wait, timeout=timeout)


def _refuse_existing(connection: SnowflakeConnection, plan: Plan) -> None:
    """There is no CREATE OR REPLACE SERVICE: a service of that name takes a new spec by an upgrade."""
    from sfml.services import manage
    from sfml.session.rows import over

    name = plan.wish.name
    there = [one.name for one in manage.services(over(connection), inside=name.parent)]
    if str(name) in there:
        raise InputError(
            f"there is a service {name} already, and services cannot be replaced",
            hint=f"give it the new spec: sfml service upgrade {name} …, or drop it first",
        )


def _stay(
    config: Config,
    connection: SnowflakeConnection,
    plan: Plan,
    out: Output,
    *,
    wait: bool,
    timeout: float | None,
) -> None:
    name = str(plan.wish.name)
    if wait:
        view = JobView(config=config, out=out, connection=connection, families={})
        view.report(view.see_through(plan.subject, timeout=timeout), script_code=False)
        out.progress(f"what it is reached at: {command('endpoints', name, config)}")
        return
    out.value({"name": name, "status": "PENDING"}, text=name)
    out.progress(f"wait until it is ready: {command('wait', name, config)}")


@click.command()
@click.argument("name")
@click.argument("spec", required=False)
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@spec_options
@_WAIT
@timeout_option
@config_options(*CONNECTION_KEYS)
@dry_run_option
@yes_option
@output_option
def upgrade(
    config: Config,
    *,
    name: str,
    spec: str | None,
    args: tuple[str, ...],
    given: Mapping[str, Any],
    out: Output,
    **carrying: Any,
) -> None:
    """Give the service NAME another spec: its instances are replaced one after the other."""
    from sfml.services import manage
    from sfml.services.status import full_id
    from sfml.session.rows import over

    asked = _asked(name, spec, args, given, config)
    with attached.begin(config, light=True) as opening:
        connection = opening.connection()
        found = manage.describe(over(connection), full_id(connection, name))
        on_its_pool = replace(config, compute_pool=found.compute_pool, eai=found.integrations)
        fewest = max(1, found.target_instances)
        _change(
            on_its_pool, opening, replace(asked, name=found.name), _upgrade, out,
            instances=(fewest, fewest), **carrying,
        )  # fmt: skip


def _changed(config: Config, name: str, verb: str, out: Output) -> None:
    from sfml.services import manage
    from sfml.services.status import full_id
    from sfml.session.rows import over

    with attached.begin(config, light=True) as opening:
        connection = opening.connection()
        query = over(connection)
        found = manage.describe(query, full_id(connection, name))
        manage.change(query, found, verb)
        after = manage.describe(query, found.name)
    out.value({"name": after.name, "status": after.status}, text=f"{after.name} {after.status}")


@click.command()
@click.argument("name")
@config_options(*CONNECTION_KEYS)
@output_option
def suspend(config: Config, *, name: str, out: Output) -> None:
    """Stop a service's containers; block volumes and addresses stay."""
    _changed(config, name, "SUSPEND", out)


@click.command()
@click.argument("name")
@config_options(*CONNECTION_KEYS)
@output_option
def resume(config: Config, *, name: str, out: Output) -> None:
    """Start a suspended service again, with the images that it was created with."""
    _changed(config, name, "RESUME", out)


@click.command()
@click.argument("name")
@click.option("--force", is_flag=True, help="Delete its block volumes, too.")
@config_options(*CONNECTION_KEYS)
@dry_run_option
@yes_option
@output_option
def drop(config: Config, *, name: str, force: bool, dry_run: bool, yes: bool, out: Output) -> None:
    """Drop a service, or a job with its logs."""
    from sfml.services import manage
    from sfml.services.status import full_id
    from sfml.session.rows import over

    with attached.begin(config, light=True) as opening:
        connection = opening.connection()
        query = over(connection)
        found = manage.describe(query, full_id(connection, name))
        what = f"the {found.kind} {found.name}, which is {found.status}"
        if dry_run:
            out.value({"name": found.name, "status": found.status}, text=f"would drop {what}")
            return
        if not yes and sys.stdin.isatty():
            click.confirm(f"drop {what}?", abort=True, err=True)
        manage.drop(query, found.name, force=force)
    out.value({"name": found.name, "status": "DELETED"}, text=f"dropped {found.name}")


COMMANDS = (create, upgrade, suspend, resume, drop)
