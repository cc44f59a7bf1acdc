"""``sfml analyse``: what a script needs, each finding with the line that it was read from."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from sfml.analysis import Analysis, Evidence, Gpu, Install, Network, OutputKind, Package, analyse
from sfml.cli.output import Output, output_option

_SHOWN = 3  # lines named for one finding; JSON has them all
_WIDTH = 12


@click.command("analyse")
@click.argument("path", type=click.Path(path_type=Path))
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.option("--entrypoint", metavar="FILE", help="The script to start from, when PATH is a folder.")
@click.option("--python", default="3.11", show_default=True, metavar="VERSION", help="The runtime's Python.")
@output_option
def command(
    path: Path, *, arguments: tuple[str, ...], entrypoint: str | None, python: str, out: Output
) -> None:
    """Show what the script, notebook or folder PATH needs to run as a job.

    Its code is read and never run. ARGUMENTS, after --, are those that the script will get:
    `sfml analyse train.py -- --device cpu`.
    """
    found = analyse(
        path, python=python, entrypoint=entrypoint, arguments=arguments, installed=_installed_distributions
    )
    out.value(asdict(found), describe(found))


@functools.cache
def _installed_distributions() -> dict[str, list[str]]:
    from importlib.metadata import packages_distributions

    return dict(packages_distributions())


def describe(found: Analysis) -> str:
    """The analysis for a reader: a heading and one block for each aspect."""
    blocks = {
        "method": [_method(found)],
        "hardware": [_hardware(found)],
        "packages": list(_packages(found)),
        "network": [_network(record) for record in found.network] or ["none"],
        "outputs": list(_outputs(found)) or ["none found"],
        "warnings": [f"{_place(note.evidence)} {note.message}" for note in found.notes],
    }
    lines = [found.entrypoint or found.root]
    for title, texts in blocks.items():
        for number, text in enumerate(texts):
            lines.append(f"  {'' if number else title:{_WIDTH}}{text}")
    return "\n".join(lines)


def _place(evidence: Evidence) -> str:
    return f"{evidence.file}:{evidence.line}"


def _places(evidence: tuple[Evidence, ...]) -> str:
    more = ", …" if len(evidence) > _SHOWN else ""
    return ", ".join(_place(one) for one in evidence[:_SHOWN]) + more


def _method(found: Analysis) -> str:
    others = [*found.modules[1:], *found.data_files]
    shown = ", ".join(others[:_SHOWN]) + (", …" if len(others) > _SHOWN else "")
    return f"{found.method} ({shown})" if others else str(found.method)


def _hardware(found: Analysis) -> str:
    words = {
        Gpu.NEEDS: "GPU",
        Gpu.USES: "CPU, or a GPU, which it uses where there is one",
        Gpu.NEVER: "CPU",
    }
    text = words[found.hardware.gpu]
    return f"{text}   {found.hardware.evidence[0]}" if found.hardware.evidence else text


def _packages(found: Analysis) -> Iterator[str]:
    wanted = found.dependencies
    present = [package.name for package in wanted.packages if package.preinstalled]
    if present:
        yield f"preinstalled: {', '.join(present)}"
    if wanted.missing:
        yield f"to install: {', '.join(_package(package) for package in wanted.missing)}"
    if wanted.install is Install.REQUIREMENTS_FILE:
        yield f"by {wanted.requirements_file}, as it is"
    elif wanted.install is Install.PIP_REQUIREMENTS and wanted.requirements_file:
        yield f"by pip_requirements with the lines of {wanted.requirements_file}"
    if not wanted.packages:
        yield "none"


def _package(package: Package) -> str:
    return (
        f"{package.requirement} ({_place(package.evidence[0])})" if package.evidence else package.requirement
    )


def _network(record: Network) -> str:
    hosts = ", ".join(record.hosts) or "a host known only when it runs"
    when = " (only with an option that is off by default)" if record.optional else ""
    return f"{record.category}: {hosts}{when}   {_places(record.evidence)}"


def _outputs(found: Analysis) -> Iterator[str]:
    for output in found.outputs:
        if output.kind is OutputKind.LITERAL:
            yield f"{output.name} is written in the container and lost   {_places(output.evidence)}"
        else:
            default = f", {output.default} by default" if output.default else ""
            yield f"{output.name}{default}   {_places(output.evidence)}"
