"""``sfml up``, ``down``, ``stop``, ``status``: the dev box's life."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
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
from sfml.remote.box import DEFAULT_PROJECT, Box
from sfml.remote.entry import Entry, SshFolder, folder, hosts, load
from sfml.remote.up import Wanted, Who
from sfml.session import in_containers, require_containers
from sfml.session.rows import Query

_CONNECTION = ("connection", "role")

project_option = click.option(
    "--project", "project_name", default=DEFAULT_PROJECT, show_default=True, help="What the box is for."
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
@click.option("--stage", help="Stage for the project's files.  [default: DEV_STAGE]")
@click.option(
    "--family", help="Instance family: sfml spec families.  [default: the pool's, CPU_X64_M for a new one]"
)
@click.option("--gpu", is_flag=True, help="A box with a GPU: family GPU_NV_S and image dev-gpu.")
@click.option(
    "--image", help="Image: a path, or NAME[:TAG] in the repository; no tag: the newest.  [default: dev]"
)
@click.option("--repository", default="IMAGES", show_default=True, help="Image repository of the schema.")
@click.option(
    "--egress",
    help="What the box may reach: editors (and PyPI), packages, all, none, or host[:port],…  "
    "[default: editors]",
)
@click.option("--eai", help="An external access integration of your own in the place of the box's.")
@click.option("--home-size", help="The home's volume; another size needs a new box.  [default: 50Gi]")
@click.option(
    "--idle-minutes",
    type=click.FloatRange(min=0),
    help="Stop after this long without use; 0: never.  [default: 20]",
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
    family: str | None,
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

    Afterwards ssh knows it: ssh sfml-PROJECT. Running it again changes nothing: what is not named stays as
    the box has it, and the defaults are for a new one.
    """
    options["family"] = family or ("GPU_NV_S" if gpu else None)
    options["image"] = image or ("dev-gpu" if gpu else None)
    named = boxes.resolve(user="ANYBODY", project=project_name, **options)  # a bad name: before any login
    if admin_sql:
        _print_script(boxes.resolve(user=config.user.upper(), project=project_name, **options), out)
        return
    config = as_made(config, named.host)
    tokens.way(config.connection or "", os.environ)  # a key that may not be used is told before anything
    require_containers(config)
    ask = query(in_containers(config))
    who = ups.who(ask)
    box = box_of(who, ask, project=project_name, **options)
    run = _Run(config=config, ask=ask, who=who, box=box, home=folder(Path.home()), out=out, yes=yes)
    wanted = run.look()
    if dry_run:
        out.value(wanted.described, text="")
    elif only_prepare:
        run.prepare(wanted, change=change)
    else:
        wanted, change = run.agree(wanted, change=change, recreate=recreate)
        run.make(wanted, change=change, seconds=timeout or READY_WITHIN)


@dataclass(frozen=True, kw_only=True)
class _Run:
    """One run of `sfml up`, once it has logged in."""

    config: Config
    ask: Query
    who: Who
    box: Box
    home: SshFolder
    out: Output
    yes: bool

    def look(self) -> Wanted:
        """The plan, shown."""
        library = ups.library(project.root(Path.cwd()))
        found = ups.look(self.box, self.who, self.ask, place=self.home, library=library)
        self.out.progress("Plan  (nothing has been changed yet)")
        for line in found.text:
            self.out.progress(f"  {line}")
        return found

    def prepare(self, wanted: Wanted, *, change: bool) -> None:
        if steps.missing(wanted.around):
            _confirm(yes=self.yes)
        ups.prepare(wanted, self.ask, change=change, report=_timed(self.out))
        self.out.value(names(wanted.box), text="sfml up makes the box")

    def agree(self, wanted: Wanted, *, change: bool, recreate: bool) -> tuple[Wanted, bool]:
        """What is to be done, and whether what differs is to be altered; drops a box for a new one."""
        ups.require_ours(wanted)
        if wanted.is_new:
            ups.require_image(wanted)
        if wanted.needs_new_box and self._wants(_ANEW, "--recreate", given=recreate):
            ups.require_image(wanted)
            ups.make_room(wanted, self.who, self.ask, report=_timed(self.out))
            return self.look(), change
        if _changes(wanted):
            _confirm(yes=self.yes)
        return wanted, _can_change(wanted) and self._wants(_IN_PLACE, "--change", given=change)

    def make(self, wanted: Wanted, *, change: bool, seconds: float) -> None:
        """Do it, and say how to enter."""
        report = _timed(self.out)
        ups.carry_out(wanted, self.who, self.ask, change=change, report=report)
        entry = ups.enter(
            self.config,
            self.box,
            self.ask,
            place=self.home,
            environ=os.environ,
            seconds=seconds,
            report=report,
        )
        box = wanted.box
        data: dict[str, Any] = {**names(box), "host": box.host, "url": entry.url, "code_url": entry.code_url}
        is_as_asked = wanted.is_new or change or not wanted.changes
        if is_as_asked:
            data = {**data, "image": box.image, "idle_minutes": box.idle_minutes}
        self.out.value(data, text="\n".join([*_ways(box, entry), *([_idle(box)] if is_as_asked else [])]))

    def _wants(self, question: str, flag: str, *, given: bool) -> bool:
        """Whether the user wants what is more than making and starting: --yes alone does not say so."""
        if given:
            return True
        if self.yes or not sys.stdin.isatty():
            self.out.progress(f"what differs stays as it is; {flag} changes it")
            return False
        return click.confirm(question, default=False, err=True)


def _timed(out: Output) -> Callable[[str], None]:
    """Reports with the time since now."""
    began = time.monotonic()
    return lambda text: out.progress(f"{time.monotonic() - began:6.1f} s  {text}")


def _ways(box: Box, entry: Entry) -> list[str]:
    browser = [f"browser: {entry.code_url}"] if entry.code_url else []
    project = "" if box.project == DEFAULT_PROJECT else f" --project {box.project}"
    return [f"ssh {box.host}", f"editor: sfml code{project}, sfml cursor{project}", *browser]


def _idle(box: Box) -> str:
    minutes = box.idle_minutes
    return f"stops after {minutes:g} min without use" if minutes else "never stops by itself"


def _print_script(box: Box, out: Output) -> None:
    text = f"USE ROLE ACCOUNTADMIN;\n{steps.script(plans.by_administrator(box))}"
    out.value({"sql": text}, text=text)


def _changes(wanted: Wanted) -> bool:
    return bool(steps.missing(wanted.findings)) or wanted.is_stopped


def _can_change(wanted: Wanted) -> bool:
    """Whether something differs that can be altered in place."""
    return bool(steps.differing(wanted.around)) or bool(wanted.changes and not wanted.needs_new_box)


_IN_PLACE = "Alter what differs in place? A new specification restarts the box"
_ANEW = "The box has to be made anew for that; its home is kept. Drop it and make it anew?"


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


def as_made(config: Config, host: str) -> Config:
    """With the connection that a box was made with, where none is chosen and this machine knows the box."""
    place = folder(Path.home())
    if config.connection is not None or host not in hosts(place):
        return config
    entry = load(place, host)
    return replace(config, connection=entry.connection, state=Path(entry.state))


def _found(config: Config, project_name: str, **options: Any) -> tuple[Query, Box, Who]:
    host = boxes.resolve(user="ANYBODY", project=project_name, **options).host
    ask = query(in_containers(as_made(config, host)))
    who = ups.who(ask)
    return ask, box_of(who, ask, project=project_name, **options), who
