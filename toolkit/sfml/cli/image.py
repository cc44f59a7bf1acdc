"""``sfml image``: the images to develop and to run jobs in."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sfml import project
from sfml.cli.options import CONNECTION_KEYS, config_options
from sfml.cli.output import Output, dry_run_option, output_option
from sfml.config import Config
from sfml.errors import InputError, NotFoundError
from sfml.images import catalog as catalogs
from sfml.images import context as contexts
from sfml.images import engine
from sfml.images import plan as plans
from sfml.images.build import Built, Manner, Secrets, revision
from sfml.images.build import build as build_images
from sfml.images.catalog import Catalog
from sfml.images.definition import PLATFORMS
from sfml.images.plan import NAMESPACE, Plan
from sfml.images.repository import DEFAULT
from sfml.images.sizes import text as size_text

if TYPE_CHECKING:
    from sfml.images.push import Pushed


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a command line asks for: images, their settings, and what is added to them."""

    catalog: Catalog
    names: tuple[str, ...]
    plans: Mapping[str, Plan]
    secrets: Secrets


@click.group()
def image() -> None:
    """Images to develop and to run jobs in: built, checked and pushed.

    An image is built when anything that it is made of has changed, and never otherwise.
    """


def _absolute(_context: Any, _parameter: Any, path: Path | None) -> Path | None:
    return None if path is None else path.resolve()


_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_OPTIONS = (
    click.argument("names", nargs=-1, metavar="[IMAGE]…"),
    click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="NAME=VALUE",
        help="A setting, as python=3.12. Repeatable.",
    ),
    click.option(
        "--requirements",
        "requirement_files",
        multiple=True,
        type=_FILE,
        help="Install what this requirements.txt lists into the named images. Repeatable.",
    ),
    click.option("--apt", multiple=True, metavar="PACKAGE", help="Install this Debian package. Repeatable."),
    click.option("--apt-file", "apt_files", multiple=True, type=_FILE, help="Install what this file lists."),
    click.option(
        "--platform",
        type=click.Choice(PLATFORMS),
        default=PLATFORMS[0],
        show_default=True,
        help="linux/arm64 is for GEN_ARM instance families.",
    ),
    click.option(
        "--ca-bundle",
        type=_FILE,
        envvar="SSL_CERT_FILE",
        callback=_absolute,
        help="Certificates that the build trusts. [default: SSL_CERT_FILE]",
    ),
    click.option(
        "--build-env",
        type=_FILE,
        callback=_absolute,
        help="A file of `export NAME=VALUE` lines for the build: package indexes, proxies.",
    ),
    click.option("--images", "folder", type=click.Path(path_type=Path), help="Folder of image definitions."),
)


def image_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say which images, of what; it receives them as ``wanted``."""

    @functools.wraps(command)
    def resolved(
        *,
        names: tuple[str, ...],
        settings: tuple[str, ...],
        requirement_files: tuple[Path, ...],
        apt: tuple[str, ...],
        apt_files: tuple[Path, ...],
        platform: str,
        ca_bundle: Path | None,
        build_env: Path | None,
        folder: Path | None,
        **rest: Any,
    ) -> Any:
        root = project.root(Path.cwd())
        images = project.images(folder, root)
        catalog = catalogs.load(images)
        selected = catalogs.select(catalog, names)
        made = plans.make(
            catalog,
            selected,
            settings=catalogs.settings(catalog, settings),
            extras=contexts.extras(apt, apt_files, requirement_files),
            platform=platform,
            data={"images": project.images(None, root), "specs": project.specs(None, root)},
        )
        secrets = Secrets(ca_bundle=ca_bundle, build_env=build_env)
        return command(wanted=Wanted(catalog=catalog, names=selected, plans=made, secrets=secrets), **rest)

    decorated: Callable[..., Any] = resolved
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


@image.command("list")
@image_options
@output_option
def list_(wanted: Wanted, *, out: Output) -> None:
    """List the images: the tag of their content as it is now, and whether the engine has it."""
    held = engine.held([plan.reference for plan in wanted.plans.values()])
    rows = [_row(plan, wanted.catalog, held.get(plan.reference)) for plan in wanted.plans.values()]
    out.table(rows, ("image", "reference", "state", "size", "parent", "summary"))


def _row(plan: Plan, catalog: Catalog, held: engine.Held | None) -> Mapping[str, Any]:
    return {
        "image": plan.name,
        "reference": plan.reference,
        "state": "built" if held else "not built",
        "size": size_text(held.size) if held else "",
        "bytes": held.size if held else None,
        "parent": catalog[plan.name].parent,
        "tags": list(plan.human_tags),
        "settings": dict(plan.arguments),
        "summary": plan.image.summary,
    }


def _push_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Take the options of push and leave them alone: `nox -s build push -- …` gives both the same line."""
    ignored = (*CONNECTION_KEYS, "repository", "private_link")

    @functools.wraps(command)
    def without(**values: Any) -> Any:
        return command(**{name: value for name, value in values.items() if name not in ignored})

    decorated: Callable[..., Any] = click.option("--private-link", is_flag=True, hidden=True)(without)
    for name in ignored[:-1]:
        short = ["-c"] if name == "connection" else []
        decorated = click.option(*short, f"--{name}", name, hidden=True)(decorated)
    return decorated


@image.command()
@_push_options
@image_options
@click.option("--fresh", is_flag=True, help="Build anew, from what the package indexes serve now.")
@dry_run_option
@output_option
def build(wanted: Wanted, *, fresh: bool, dry_run: bool, out: Output) -> None:
    """Build the named images, or all of them, where anything that they are made of has changed."""
    if dry_run:
        _show(wanted, fresh, out)
        return
    done = build_images(wanted.plans, wanted.names, _manner(wanted, fresh=fresh), report=out.progress)
    out.value([_built(built) for built in done], text="\n".join(_lines(done)))


def _show(wanted: Wanted, fresh: bool, out: Output) -> None:
    held = () if fresh else engine.held([plan.reference for plan in wanted.plans.values()])
    missing = plans.to_build(wanted.plans, wanted.names, held)
    rows = [{"image": name, "reference": wanted.plans[name].reference} for name in missing]
    lines = [f"would build {row['image']}: {row['reference']}" for row in rows]
    out.value(rows, text="\n".join(lines or [_NOTHING]))


@image.command()
@image_options
@click.option("--skip", multiple=True, metavar="CHECK", help="Leave a suite of checks out. Repeatable.")
@output_option
def check(wanted: Wanted, *, skip: tuple[str, ...], out: Output) -> None:
    """Try in containers what the named images, or all of them, promise, with what they stand on."""
    from sfml.images import check as checks

    rows: list[Mapping[str, Any]] = []
    for name in wanted.names:

        def report(finding: checks.Finding, name: str = name) -> None:
            rows.append({"image": name, "check": finding.check, "problem": finding.problem})
            indented = "".join(f"\n    {line}" for line in (finding.problem or "").splitlines())
            out.progress(
                f"{name}: {'ok     ' if finding.problem is None else 'FAILED '}{finding.check}{indented}"
            )

        checks.check(wanted.plans[name], wanted.catalog, skip=skip, report=report)
    failed = [row for row in rows if row["problem"] is not None]
    out.value(rows, text=f"{len(rows) - len(failed)} of {len(rows)} checks passed")
    if failed:
        names = ", ".join(dict.fromkeys(str(row["image"]) for row in failed))
        raise InputError(f"{names} does not keep what it promises: {len(failed)} checks failed, see above")


@image.command()
@image_options
@click.option(
    "--repository",
    default=DEFAULT,
    show_default=True,
    metavar="[DB.SCHEMA.]NAME",
    help="Image repository; created where it is not there.",
)
@click.option("--private-link", is_flag=True, help="Push to the account's private address.")
@config_options(*CONNECTION_KEYS, "state")
@dry_run_option
@output_option
def push(
    config: Config, *, wanted: Wanted, repository: str, private_link: bool, dry_run: bool, out: Output
) -> None:
    """Push the named images, or all of them, to the account's repository; builds what is missing.

    Templates then name them with {{ image('dev') }}.
    """
    from sfml.cli import attached
    from sfml.images.publish import Survey, publish, survey
    from sfml.session import in_containers
    from sfml.session.look import Place, look, over

    config = in_containers(config)  # nothing else takes an image
    where: dict[str, Any] = {"repository": repository, "private_link": private_link}

    def surveyed(place: Place) -> Survey:
        return survey(place, wanted.plans, wanted.names, **where)

    seen = look(config, surveyed)
    if dry_run:
        if seen is None:
            with attached.begin(config, light=True) as opening:
                seen = surveyed(over(opening.connection()))
        _show_push(seen.lacking, out)
        return
    if seen is not None and not seen.lacking:
        _pushed(seen.there, config, out)
        return
    with attached.begin(config, light=True) as opening:
        done = publish(
            opening.connection(),
            wanted.plans,
            wanted.names,
            _manner(wanted, fresh=False),
            **where,
            report=out.progress,
        )
    _pushed(done, config, out)


def _show_push(lacking: Sequence[Plan], out: Output) -> None:
    lines = [f"would push {plan.name}: {plan.tag}" for plan in lacking]
    rows = [{"image": plan.name, "reference": plan.reference} for plan in lacking]
    out.value(rows, text="\n".join(lines or [_PUSHED_ALL]))


def _pushed(done: Sequence[Pushed], config: Config, out: Output) -> None:
    """Tell what the repository has now, and remember it for templates."""
    from sfml.images import pushed

    entries = {
        item.plan.name: {"path": item.path, "digest": item.digest, "connection": str(config.connection)}
        for item in done
    }
    pushed.note(config.state, entries)
    rows = [
        {"image": item.plan.name, "path": item.path, "digest": item.digest, "bytes": item.sent}
        for item in done
    ]
    lines = [f"{item.path}  {item.digest}{_sent(item.seconds, item.sent)}" for item in done]
    unchanged = all(item.seconds is None for item in done)
    out.value(rows, text="\n".join([*lines, *([_PUSHED_ALL] if unchanged else [])]))


@image.command()
@image_options
@output_option
def inspect(wanted: Wanted, *, out: Output) -> None:
    """Show what the named images, or all of them, hold: layers by size, labels, names."""
    found = engine.held([plan.reference for plan in wanted.plans.values()])
    rows = []
    for name in wanted.names:
        held = found.get(wanted.plans[name].reference)
        if held is None:
            hint = f"sfml image build {name}"
            raise NotFoundError(f"image {wanted.plans[name].reference} is not built", hint=hint)
        layers = sorted(engine.layers(held.id), key=lambda layer: layer.size, reverse=True)
        rows.append({**_row(wanted.plans[name], wanted.catalog, held), **_described(held, layers)})
    out.value(rows, text="\n".join(_inspected(row) for row in rows))


def _described(held: engine.Held, layers: Sequence[engine.Layer]) -> Mapping[str, Any]:
    return {
        "id": held.id,
        "platform": held.platform,
        "tags": list(held.tags),
        "labels": dict(held.labels),
        "layers": [{"bytes": layer.size, "made_by": layer.made_by} for layer in layers if layer.size],
    }


def _inspected(row: Mapping[str, Any]) -> str:
    layers = [f"  {size_text(item['bytes']):>8}  {_short(item['made_by'])}" for item in row["layers"][:8]]
    head = f"{row['reference']}  {row['size']}  {row['platform']}"
    return "\n".join([head, f"  also named {', '.join(row['tags'])}", *layers])


def _short(command: str) -> str:
    """A layer's command without what every one of them has."""
    text = " ".join(command.replace("/bin/bash -euo pipefail -c ", "").split())
    return text if len(text) <= 90 else f"{text[:89]}…"


@image.command()
@image_options
@dry_run_option
@output_option
def prune(wanted: Wanted, *, dry_run: bool, out: Output) -> None:
    """Remove the images of these names that have another content than now; their layers stay cached."""
    kept = {plan.reference for plan in wanted.plans.values()}
    kept |= {f"{NAMESPACE}/{plan.name}:{tag}" for plan in wanted.plans.values() for tag in plan.human_tags}
    names = wanted.plans
    old = [tag for name in names for tag in engine.listed(f"{NAMESPACE}/{name}") if tag not in kept]
    for tag in old if not dry_run else ():
        engine.remove(tag)
        out.progress(f"removed {tag}")
    word = "would remove" if dry_run else "removed"
    out.value(old, text=f"{word} {len(old)} old images" if old else "no old images")


def _sent(seconds: float | None, size: int) -> str:
    return "  unchanged" if seconds is None else f"  {size_text(size)} sent in {seconds:.0f} s"


def _manner(wanted: Wanted, *, fresh: bool) -> Manner:
    folder = wanted.plans[wanted.names[0]].image.folder
    return Manner(secrets=wanted.secrets, fresh=fresh, revision=revision(folder))


_NOTHING = "nothing changed: the engine has every image"
_PUSHED_ALL = "nothing changed: the repository has every image, no byte was sent"


def _built(built: Built) -> Mapping[str, Any]:
    return {
        "image": built.plan.name,
        "reference": built.plan.reference,
        "tags": list(built.plan.human_tags),
        "id": built.held.id,
        "bytes": built.held.size,
        "built": built.seconds is not None,
        "seconds": built.seconds,
    }


def _lines(done: Sequence[Built]) -> Sequence[str]:
    changed = any(built.seconds is not None for built in done)
    lines = [
        f"{built.plan.reference}  {size_text(built.held.size)}"
        + (f"  built in {built.seconds:.0f} s" if built.seconds is not None else "  unchanged")
        for built in done
    ]
    return lines if changed else [*lines, _NOTHING]
