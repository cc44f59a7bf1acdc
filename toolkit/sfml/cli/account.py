"""``sfml account``: the account's one-time set-up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from sfml import account as accounts
from sfml import sql, steps
from sfml.cli.options import config_options
from sfml.cli.output import Output, output_option
from sfml.config import FILE_NAME, Config
from sfml.steps import Finding

_NAMES = ("connection", "role")


@click.group()
def account() -> None:
    """The account that you work in."""


@account.command()
@click.option(
    "--dry-run", "mode", flag_value="dry-run", default=True, help="Look, and show the plan (default)."
)
@click.option("--apply", "mode", flag_value="apply", help="Look, and do what is missing.")
@click.option(
    "--admin-sql", "mode", flag_value="admin-sql", help="Print the SQL for an administrator; no login."
)
@click.option("--for-user", help="Who gets the role; by default the user of the connection.")
@click.option(
    "--owner-role", default="ML_DEV_ROLE", show_default=True, help="Role that will own jobs and services."
)
@click.option("--database", default="ML_DEV", show_default=True, help="Database for stage and images.")
@click.option(
    "--schema", default="PUBLIC", show_default=True, help="Schema for stage, images, jobs and services."
)
@click.option("--stage", default="DEV_STAGE", show_default=True, help="Stage for files and outputs.")
@click.option("--repository", default="IMAGES", show_default=True, help="Image repository.")
@click.option("--no-images", is_flag=True, help="No image repository: for ML Jobs on Snowflake's own images.")
@click.option("--pool", default="ML_DEV_POOL", show_default=True, help="Compute pool.")
@click.option(
    "--family", default="CPU_X64_XS", show_default=True, help="Instance family: sfml spec families."
)
@click.option(
    "--max-nodes", type=int, default=1, show_default=True, help="The most nodes that the pool may have."
)
@click.option("--public-endpoints", is_flag=True, help="Also let the role open public endpoints (dev boxes).")
@config_options(*_NAMES)
@output_option
def setup(
    config: Config, *, mode: str, for_user: str | None, no_images: bool, out: Output, **names: Any
) -> None:
    """Create role, database, stage, image repository and compute pool, with the grants that jobs need.

    Run it with a role that may create them, such as ACCOUNTADMIN (--role); running it again changes nothing.
    """
    if no_images:
        names["repository"] = None
    if mode == "admin-sql":
        _print_script(accounts.resolve(user=_user(for_user or config.user), **names), out)
        return
    accounts.resolve(user="ANYBODY", **names)  # a bad name is told before any login
    from sfml.session.rows import query as log_in

    query = log_in(config)
    user = _user(for_user) if for_user else sql.Name((str(query(sql.current_user())[0]["NAME"]),))
    wanted = accounts.resolve(user=user, **names)
    findings = steps.survey(accounts.plan(wanted), query)
    if mode == "dry-run":
        _print_plan(findings, out)
        return
    done = steps.carry_out(findings, query, report=lambda step: out.progress(f"+ {step.title}"))
    _print_done(wanted, [step.title for step in done], out)


def _user(text: str) -> sql.Name:
    """A user as typed; a login such as ana@corp.com is taken as the name that it usually is."""
    return sql.Name((text.upper(),)) if "@" in text and '"' not in text else sql.name(text, parts=1)


def _print_script(setup: accounts.Setup, out: Output) -> None:
    text = f"USE ROLE ACCOUNTADMIN;\n{steps.script(accounts.plan(setup))}"
    out.value({"sql": text}, text=text)


def _print_plan(findings: Sequence[Finding], out: Output) -> None:
    rows = [
        {
            "title": finding.step.title,
            "state": finding.verdict.state.name.lower(),
            "detail": finding.step.detail,
            "note": finding.verdict.note,
            "sql": list(finding.step.effect),
        }
        for finding in findings
    ]
    lines = "\n".join(f"  {finding.text}" for finding in findings)
    out.value(rows, text=f"Plan   (nothing has been changed)\n{lines}")
    if steps.missing(findings):
        out.progress(
            "sfml account setup --apply does what is marked +; --admin-sql prints it for an administrator"
        )


def _print_done(setup: accounts.Setup, done: Sequence[str], out: Output) -> None:
    settings = {
        "role": setup.role,
        "database": setup.database,
        "schema": setup.schema.last,
        "stage": setup.stage.last,
        "compute_pool": setup.pool,
    }
    lines = "\n".join(f"  {key}: {value}" for key, value in settings.items())
    head = f"{len(done)} steps done" if done else "nothing to do: all is there"
    text = f"{head}\nput this into {FILE_NAME} to work with it:\n{lines}"
    out.value(
        {"done": list(done), "settings": {key: str(value) for key, value in settings.items()}}, text=text
    )
