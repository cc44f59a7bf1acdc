"""``sfml up``, ``down``, ``stop``, ``status``: the dev box's life."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from sfml import project, steps
from sfml.cli.attached import query
from sfml.cli.options import config_options, duration
from sfml.cli.output import Output, dry_run_option, output_option
from sfml.config import Config
from sfml.errors import UsageError
from sfml.remote import box as boxes
from sfml.remote import plan as plans
from sfml.remote import state, tokens
from sfml.remote import up as ups
from sfml.remote.api import READY_WITHIN, box_of, names
from sfml.remote.box import IDLE_MINUTES, Box
from sfml.remote.entry import folder
from sfml.remote.up import Wanted, Who
from sfml.session import in_containers
from sfml.session.rows import Query

_CONNECTION = ("connection", "role")

project_option = click.option(
    "--project", "project_name", default="ml_dev", show_default=True, help="What the box is for."
)
yes_option = click.option("-y", "--yes", is_flag=True, help="Do not ask.")


def place_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The names of what a box is made of."""
    for option in (
        click.option("--database", help="Database for the box; by default named after the project."),
        click.option("--schema", default="PUBLIC", show_default=True, help="Schema for the box."),
        click.option("--pool", help="Compute pool; by default named after the project."),
        project_option,
    ):
        command = option(command)
    return command


@click.command()
@place_options
@click.option("--stage", default="DEV_STAGE", show_default=True, help="Stage for the project's files.")
@click.option("--family", default="CPU_X64_M", show_default=True, help="Instance family: sfml spec families.")
@click.option("--gpu", is_flag=True, help="A box with a GPU: family GPU_NV_S and image dev-gpu.")
@click.option("--image", help="Image: a path, or NAME[:TAG] in the repository.  [default: dev]")
@click.option("--repository", default="IMAGES", show_default=True, help="Image repository of the schema.")
@click.option(
    "--egress",
    default="editors",
    show_default=True,
    help="What the box may reach: editors (and PyPI), packages, all, none, or host[:port],…",
)
@click.option("--eai", help="An external access integration of your own in the place of the box's.")
@click.option(
    "--home-size", default="50Gi", show_default=True, help="The home's volume; cannot be changed later."
)
@click.option(
    "--idle-minutes",
    type=click.FloatRange(min=0),
    default=IDLE_MINUTES,
    show_default=True,
    help="Stop after this long without use; 0: never.",
)
@click.option("--change", is_flag=True, help="Alter what differs in place; a new specification restarts it.")
@click.option("--recreate", is_flag=True, help="Make a box anew that cannot be altered; its home is kept.")
@click.option("--prepare", "only_prepare", is_flag=True, help="Make what the box needs, and not the box.")
@click.option("--admin-sql", is_flag=True, help="Print the SQL for an administrator; no login.")
@click.option(
    "--timeout", default="15m", callback=duration, show_default=True, help="How long to wait for the box."
)
@yes_option
@dry_run_option
@config_options(*_CONNECTION)
@output_option
def up(
    config: Config,
    *,
    project_name: str,
    gpu: bool,
    family: str,
    image: str | None,
    change: bool,
    recreate: bool,
    only_prepare: bool,
    admin_sql: bool,
    timeout: float,
    yes: bool,
    dry_run: bool,
    out: Output,
    **options: Any,
) -> None:
    """Make your dev box, or start it: a plan first, then what is missing of it.

    Afterwards ssh knows it: ssh sfml-PROJECT. Running it again changes nothing.
    """
    options["family"] = "GPU_NV_S" if gpu and family == "CPU_X64_M" else family
    options["image"] = image or ("dev-gpu" if gpu else "dev")
    boxes.resolve(user="ANYBODY", project=project_name, **options)  # a bad name is told before any login
    if admin_sql:
        _print_script(boxes.resolve(user=config.user.upper(), project=project_name, **options), out)
        return
    tokens.way(config.connection or "", os.environ)  # a key that may not be used is told before anything
    began = time.monotonic()
    ask = query(in_containers(config))
    who = ups.who(ask)
    box = box_of(who, project=project_name, **options)
    home = folder(Path.home())

    def report(text: str) -> None:
        out.progress(f"{time.monotonic() - began:5.1f} s  {text}")

    def look() -> Wanted:
        found = ups.look(box, who, ask, place=home, library=ups.library(project.root(Path.cwd())))
        _show(found, out)
        return found

    wanted = look()
    if dry_run:
        return
    if only_prepare:
        if steps.missing(wanted.around):
            _confirm(yes=yes)
        ups.prepare(wanted, ask, change=change, report=report)
        out.value(names(box), text="sfml up makes the box")
        return
    ups.require_ours(wanted)
    if wanted.needs_new_box and _wants(_ANEW, "--recreate", given=recreate, yes=yes, out=out):
        ups.make_room(wanted, who, ask, report=report)
        wanted = look()
    else:
        if _changes(wanted):
            _confirm(yes=yes)
        can_change = _can_change(wanted)
        change = can_change and _wants(_IN_PLACE, "--change", given=change, yes=yes, out=out)

    ups.carry_out(wanted, who, ask, change=change, report=report)
    entry = ups.enter(
        config, box, ask, place=home, environ=os.environ, seconds=timeout or READY_WITHIN, report=report
    )
    lines = [
        f"ssh {box.host}",
        "editor: sfml code, sfml cursor",
        f"stops after {box.idle_minutes:g} min without use" if box.idle_minutes else "never stops by itself",
    ]
    if entry.code_url:
        lines.insert(2, f"browser: {entry.code_url}")
    out.value(
        {**names(box), "host": box.host, "url": entry.url, "code_url": entry.code_url}, text="\n".join(lines)
    )


def _print_script(box: Box, out: Output) -> None:
    text = f"USE ROLE ACCOUNTADMIN;\n{steps.script(plans.by_administrator(box))}"
    out.value({"sql": text}, text=text)


def _show(wanted: Wanted, out: Output) -> None:
    out.progress("Plan  (nothing has been changed yet)")
    for finding in wanted.findings:
        out.progress(f"  {finding.text}")
    for change in wanted.changes:
        out.progress(f"      {change.text}")


def _changes(wanted: Wanted) -> bool:
    return bool(steps.missing(wanted.findings)) or wanted.is_stopped


def _can_change(wanted: Wanted) -> bool:
    """Whether something differs that can be altered in place."""
    return bool(steps.differing(wanted.around)) or bool(wanted.changes and not wanted.needs_new_box)


_IN_PLACE = "Alter what differs in place? A new specification restarts the box"
_ANEW = "The box has to be made anew for that; its home is kept. Drop it and make it anew?"


def _wants(question: str, flag: str, *, given: bool, yes: bool, out: Output) -> bool:
    """Whether the user wants what is more than making and starting: --yes alone does not say so."""
    if given:
        return True
    if yes or not sys.stdin.isatty():
        out.progress(f"what differs stays as it is; {flag} changes it")
        return False
    return click.confirm(question, default=False, err=True)


def _confirm(*, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("there is nobody to ask whether to go ahead", hint="say it beforehand: --yes")
    click.confirm("Go ahead?", default=True, abort=True, err=True)


@click.command()
@place_options
@click.option("--data", is_flag=True, help="Stage, database and role too, where nobody else uses them.")
@click.option("--delete-home", is_flag=True, help="Keep no snapshot of the home, nor an earlier one.")
@yes_option
@dry_run_option
@config_options(*_CONNECTION)
@output_option
def down(
    config: Config,
    *,
    project_name: str,
    data: bool,
    delete_home: bool,
    yes: bool,
    dry_run: bool,
    out: Output,
    **options: Any,
) -> None:
    """Remove your dev box and what was made for it: a plan first, and nothing that is not ours."""
    ask, box, who = _found(config, project_name, **options)
    found = ups.look_back(box, who, ask, data=data, home=delete_home)
    out.progress("Plan  (nothing has been changed yet)")
    for one in found:
        out.progress(f"  {one.text}")
    gone = [one.title for one in found if one.statement]
    if not dry_run:
        if gone:
            _confirm(yes=yes)
        home = ups.remove(box, found, who, ask, home=delete_home)
        ups.forget(box, folder(Path.home()))
        text = f"{len(gone)} removed" if gone else "nothing to remove"
        text += f"\nthe home is in {home.text}; sfml up restores it" if home else ""
        kept = {"snapshot": str(home.name), "expires": str(home.expires)} if home else None
        out.value({"removed": gone, "home": kept}, text=text)


@click.command()
@place_options
@config_options(*_CONNECTION)
@output_option
def stop(config: Config, *, project_name: str, out: Output, **options: Any) -> None:
    """Stop your dev box; its home stays, and `sfml up` starts it again."""
    ask, box, who = _found(config, project_name, **options)
    ups.act_as_owner(who, ask)
    ups.stop(ask, box)
    out.value({"service": str(box.service), "status": "SUSPENDING"}, text=f"{box.service} is being stopped")


@click.command()
@place_options
@config_options(*_CONNECTION)
@output_option
def status(config: Config, *, project_name: str, out: Output, **options: Any) -> None:
    """What there is of your dev box."""
    ask, box, who = _found(config, project_name, **options)
    ups.act_as_owner(who, ask)
    found = state.read(ask, box.service)
    data = {
        "service": str(box.service),
        "status": found.status,
        "ready": found.is_ready,
        **dict(found.endpoints),
    }
    out.value(data, text=f"{box.service}  {found.status}\n{state.story(ask, box.service)}")


def _found(config: Config, project_name: str, **options: Any) -> tuple[Query, Box, Who]:
    boxes.resolve(user="ANYBODY", project=project_name, **options)
    ask = query(in_containers(config))
    who = ups.who(ask)
    return ask, box_of(who, project=project_name, **options), who
