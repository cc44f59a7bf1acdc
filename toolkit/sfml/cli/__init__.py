"""The command line: which verbs there are, and the one edge where errors become exit codes.

A verb's module is imported when the verb is called, so that ``sfml --help`` and a mistyped verb cost nothing.
"""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple, NoReturn

import click

from sfml import __version__
from sfml.cli import output
from sfml.errors import InternalError, SfmlError

# What a shell reports for a program that SIGINT or SIGPIPE ended: 128 + the signal's number.
INTERRUPTED = 130
BROKEN_PIPE = 141


class Verb(NamedTuple):
    """Where a verb's command is (``module:attribute``), and its line in ``sfml --help``."""

    target: str
    summary: str


VERBS: Mapping[str, Verb] = {
    "submit": Verb("sfml.cli.submit:submit", "Run a script or a folder as an ML Job."),
    "run": Verb("sfml.cli.run_spec:run", "Run a container spec, or an image, as a job."),
    "service": Verb("sfml.cli.service:service", "Services: create, look at, follow, change, drop."),
    "ps": Verb("sfml.cli.ps:ps", "What runs now, on which pool, and what that costs."),
    "pool": Verb("sfml.cli.pool:pool", "Compute pools: list, create, suspend, resume, drop."),
    "jobs": Verb("sfml.cli.jobs:jobs", "ML Jobs: list, look at, follow, wait for, fetch, cancel, delete."),
    "local": Verb("sfml.cli.local:local", "The local backend: ML Jobs on this machine, with no account."),
    "up": Verb("sfml.cli.box:up", "Make your dev box, or start it."),
    "stop": Verb("sfml.cli.box:stop", "Stop your dev box; its home stays."),
    "down": Verb("sfml.cli.box:down", "Remove your dev box and what was made for it."),
    "status": Verb("sfml.cli.box:status", "What there is of your dev box."),
    "ssh": Verb("sfml.cli.box_use:ssh", "Open a shell in the box, or run a command there."),
    "code": Verb("sfml.cli.box_use:code", "Open the box in VS Code."),
    "cursor": Verb("sfml.cli.box_use:cursor", "Open the box in Cursor."),
    "browser": Verb("sfml.cli.box_use:browser", "Open the box's editor, or JupyterLab, in the browser."),
    "sync": Verb("sfml.cli.box_use:sync", "Send a project's files to the box, or bring changes back."),
    "cp": Verb("sfml.cli.box_use:cp", "Copy files to and from the box."),
    "forward": Verb("sfml.cli.box_use:forward", "Make ports of the box reachable here."),
    "doctor": Verb("sfml.cli.doctor:doctor", "Find out why a dev box cannot be made or entered."),
    "speedtest": Verb("sfml.cli.box_use:speedtest", "Measure the way to the box."),
    "init": Verb("sfml.cli.config:init", "Write a commented sfml.yaml."),
    "config": Verb("sfml.cli.config:config", "Show the configuration that is in force."),
    "account": Verb("sfml.cli.account:account", "Set an account up: role, stage, images, pool, grants."),
    "analyse": Verb("sfml.cli.analyse:command", "Show what a script needs: GPU, packages, hosts, outputs."),
    "image": Verb("sfml.cli.image:image", "Images to develop and to run jobs in: build, check, push."),
    "runtime": Verb("sfml.cli.runtime:runtime", "Measure which packages a job's runtime has."),
    "spec": Verb("sfml.cli.spec:spec", "Check and render specs of services and jobs."),
    "completion": Verb("sfml.cli.completion:completion", "Print a completion script for your shell."),
}


class VerbGroup(click.Group):
    """A group whose commands come from a table and are imported on first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        verb = VERBS.get(cmd_name)
        if verb is None:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = verb.target.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, verb.summary) for name, verb in VERBS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], VERBS, n=1)
            suggestion = f" Did you mean '{near[0]}'?" if near else ""
            raise click.UsageError(f"There is no command '{args[0]}'.{suggestion}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=VerbGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="sfml %(version)s")
def cli() -> None:
    """Dev images, container specs and ML Jobs on Snowflake, one command each."""


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code.

    Everything a command opened is closed by then: the process ends here and now, without taking thousands of
    imported modules apart one by one.
    """
    code = run(args)
    sys.stderr.flush()
    os._exit(code)


def run(args: Sequence[str] | None = None) -> int:
    """Run one command line; the exit code, after every error was reported on stderr."""
    try:
        code = cli.main(args, prog_name="sfml", standalone_mode=False)
    except output.ReaderGoneError:
        output.discard_stdout()
        return BROKEN_PIPE
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as error:
        output.standard().progress(error.format_message())
        return error.exit_code
    except click.ClickException as error:
        return _usage(error)
    except SfmlError as error:
        output.report(str(error), error.hint)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the edge: whatever arrives here is a bug and is logged as one
        return _bug(error)
    return code if isinstance(code, int) else 0


def _usage(error: click.ClickException) -> int:
    context = error.ctx if isinstance(error, click.UsageError) else None
    hint = f"{context.get_usage()}\nHelp: {context.command_path} --help" if context else None
    output.report(error.format_message(), hint)
    return error.exit_code


def _bug(error: Exception) -> int:
    from sfml.cli import crash

    log = crash.write_log(error)
    output.report(f"this is a bug in sfml: {type(error).__name__}", f"the details are in {log}")
    return InternalError.exit_code
