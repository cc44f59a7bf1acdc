"""Which image is to be built from what: content, arguments, names. Pure but for reading the images' files."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sfml import __version__
from sfml.errors import InputError
from sfml.images import catalog as catalogs
from sfml.images import context as contexts
from sfml.images import wheel
from sfml.images.catalog import Catalog
from sfml.images.context import Context, Extras
from sfml.images.definition import Image

NAMESPACE = "sfml"
"""Images are called sfml/<name> in the engine."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One image with all that its build is made from."""

    image: Image
    context: Context
    arguments: Mapping[str, str]
    platform: str
    content: str
    parent: Plan | None

    @property
    def name(self) -> str:
        return self.image.name

    @property
    def user(self) -> str:
        return self.image.user

    @property
    def tag(self) -> str:
        """The tag that names the content."""
        return f"c{self.content}"

    @property
    def reference(self) -> str:
        return f"{NAMESPACE}/{self.name}:{self.tag}"

    @property
    def all_arguments(self) -> Mapping[str, str]:
        """Its own arguments and those of all that it stands on."""
        return {**(self.parent.all_arguments if self.parent else {}), **self.arguments}

    @property
    def human_tags(self) -> tuple[str, ...]:
        """Names for people; they move from one content to the next."""
        values = {**self.all_arguments, "version": __version__}
        try:
            return tuple(tag.format_map(values) for tag in self.image.tags)
        except (KeyError, ValueError) as error:
            raise InputError(f"image '{self.name}' has a tag that cannot be filled in: {error}") from None


def make(
    catalog: Catalog,
    names: Sequence[str],
    *,
    settings: Mapping[str, str],
    extras: Extras,
    platform: str,
    data: Mapping[str, Path],
) -> Mapping[str, Plan]:
    """The plans of the named images and of all that they stand on, parents first.

    ``data``: the folders that the wheel of sfml carries. The extras go into the named images alone.
    """
    own = (wheel.FILE_NAME, wheel.build(data))
    plans: dict[str, Plan] = {}
    wanted = {image.name for name in names for image in catalogs.lineage(catalog, name)}
    for name, image in catalog.items():
        if name in wanted:
            _require_platform(image, platform)
            plans[name] = _plan(image, plans, settings, extras if name in names else Extras(), platform, own)
    return plans


def _plan(
    image: Image,
    plans: Mapping[str, Plan],
    settings: Mapping[str, str],
    extras: Extras,
    platform: str,
    own: tuple[str, bytes],
) -> Plan:
    parent = plans[image.parent] if image.parent else None
    arguments = catalogs.arguments(image, settings)
    # Only an image whose Dockerfile takes sfml's wheel changes with it.
    takes_wheel = b"wheel/" in (image.folder / "Dockerfile").read_bytes()
    shared = image.folder.parent / contexts.SHARED
    context = contexts.collect(image, shared=shared, extras=extras, wheel=own if takes_wheel else None)
    content = contexts.content_id(
        context, arguments=arguments, parent=parent.content if parent else None, platform=platform
    )
    return Plan(
        image=image, context=context, arguments=arguments, platform=platform, content=content, parent=parent
    )


def _require_platform(image: Image, platform: str) -> None:
    if platform not in image.platforms:
        raise InputError(
            f"image '{image.name}' is not made for {platform}",
            hint=f"it is made for {', '.join(image.platforms)}; linux/arm64 is for GEN_ARM families alone",
        )


def to_build(plans: Mapping[str, Plan], names: Collection[str], present: Collection[str]) -> tuple[str, ...]:
    """Which images must be built, parents first: what is missing, and the missing ones that it stands on."""
    missing: set[str] = set()
    for name in names:
        plan: Plan | None = plans[name]
        while plan is not None and plan.reference not in present:
            missing.add(plan.name)
            plan = plan.parent
    return tuple(name for name in plans if name in missing)
