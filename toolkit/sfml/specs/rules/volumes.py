"""Rules about volumes and where they are mounted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from typing import Any

from sfml.specs import model
from sfml.specs.problems import Finding, Severity
from sfml.specs.quantities import gib, gib_text
from sfml.specs.rules.cases import SHM, container, mounted, spec
from sfml.specs.rules.rule import Rule
from sfml.specs.scope import Scope, texts_of, unknown
from sfml.specs.suggest import did_you_mean

# block-storage-volume.md and snowflake-stage-volume.md, "Guidelines and limitations".
_MOST_BLOCK, _MOST_STAGE, _MOST_OLD_STAGE = 3, 20, 5
# Directories whose programs write in the middle of files, which a stage volume cannot.
_WRITTEN_INSIDE = (
    r"postgres|/pgdata|mysql|mariadb|mongo|redis|sqlite|clickhouse|elasticsearch|opensearch|weaviate|qdrant|milvus"
    r"|neo4j|prometheus|grafana|/etcd|rabbitmq|kafka|/var/lib/docker|minio"
    r"|/site-packages|/node_modules|/conda|/\.venv|/\.git(/|$)|/\.cache"
)


# block-storage-volume.md, "About IOPS and throughput".
_LEAST_IOPS, _IOPS_PER_GIB, _IOPS_PER_MIB, _GPU_IOPS = 3000, 500, 4, 16


@dataclass(frozen=True, kw_only=True)
class BlockLimits:
    """What a block volume may have on one cloud; block-storage-volume.md."""

    size: tuple[int, int]
    iops: tuple[int, int]
    throughput: tuple[int, int]


_BLOCK = {
    "aws": BlockLimits(size=(1, 65536), iops=(3000, 80000), throughput=(125, 2000)),
    "azure": BlockLimits(size=(1, 16384), iops=(3000, 80000), throughput=(125, 1200)),
    # Nodes with GPUs have other limits than those without; this spans both.
    "gcp": BlockLimits(size=(4, 16384), iops=(2000, 19_200_000), throughput=(140, 1_200_000)),
}


def declared(mounts: Any, scope: Scope) -> Iterator[Finding]:
    """A mount of a volume that is not declared."""
    for index, name in texts_of(mounts, "name"):
        if name not in scope.volume_names and not (unknown(name) or scope.volumes_are_open()):
            fix = did_you_mean(name, scope.volume_names) or f"declare it below spec.volumes: - name: {name}"
            yield Finding(path=(index, "name"), message=f"there is no volume {name!r}", fix=fix)


def mounted_somewhere(volumes: Any, scope: Scope) -> Iterator[Finding]:
    """A volume that no container mounts."""
    if scope.volume_names <= scope.mounts.keys() or scope.mounts_are_open():
        return
    for index, name in texts_of(volumes, "name"):
        if name not in scope.mounts and not unknown(name):
            message = f"no container mounts the volume {name!r}"
            yield Finding(path=(index, "name"), message=message, fix="mount it, or remove it")


def overlapping(owner: Any, _: Scope) -> Iterator[Finding]:
    """A mount inside another one of the same container."""
    points = _mount_points(owner)
    if len(points) < 2:
        return
    # Sorted, whatever lies below a path follows it at once.
    points.sort(key=itemgetter(0))
    for (outer, _at), (inner, where) in pairwise(points):
        if inner.startswith(outer):
            shown = f"{inner.rstrip('/') or '/'} and {outer.rstrip('/') or '/'}"
            message = f"{shown} overlap; one container mounts one thing at a path"
            yield Finding(path=where, message=message, fix="mount them side by side")


def _mount_points(owner: Any) -> list[tuple[str, tuple[str | int, ...]]]:
    """Every path of a container that something is mounted at, with a / at its end, and where that is said."""
    points: list[tuple[str, tuple[str | int, ...]]] = []
    for holder, key in (("volumeMounts", "mountPath"), ("secrets", "directoryPath")):
        if holder in owner:
            points += [(path, (holder, index, key)) for index, path in texts_of(owner[holder], key)]
    token = owner.get("sessionTokenConfig")
    if type(token) is dict and type(token.get("path")) is str:
        points.append((token["path"], ("sessionTokenConfig", "path")))
    return [(path.rstrip("/") + "/", at) for path, at in points if path[:1] == "/" and not unknown(path)]


def old_stage(volume: Any, scope: Scope) -> Iterator[Finding]:
    """A stage as the source itself."""
    source = volume.get("source")
    if type(source) is str and source.startswith("@"):
        where = ", and Google Cloud does not have it" if scope.target.clouds == {"gcp"} else ""
        message = f'source: "@stage" is deprecated{where}'
        fix = f'write source: stage and below it stageConfig: with name: "{source}"'
        yield Finding(path=("source",), message=message, fix=fix)


_NEEDS = {"memory": "size", "block": "size", "stage": "stageConfig"}
_BELONGS = {
    "size": ("memory", "block"),
    "stageConfig": ("stage",),
    "blockConfig": ("block",),
    "uid": ("stage", "block"),
    "gid": ("stage", "block"),
}


def needs(volume: Any, _: Scope) -> Iterator[Finding]:
    """A volume without what its source needs."""
    source = volume.get("source")
    key = _NEEDS.get(source) if type(source) is str else None
    if key and key not in volume:
        hint = 'stageConfig: with name: "@db.schema.stage"' if key == "stageConfig" else "size: 10Gi"
        yield Finding(message=f"a {source} volume needs {key!r}", fix=f"add {hint}")


def belongs(volume: Any, _: Scope) -> Iterator[Finding]:
    """An option that the volume's source does not have."""
    source = volume.get("source")
    if type(source) is not str or unknown(source):
        return
    kind = "stage" if source.startswith("@") else source
    for key, kinds in _BELONGS.items():
        if key in volume and kind in _SOURCES and kind not in kinds:
            message = f"{key} means nothing for a {kind} volume; it belongs to {' and '.join(kinds)} volumes"
            yield Finding(path=(key,), message=message, fix="remove it", at_key=True)
        elif key == "stageConfig" and key in volume and source.startswith("@"):
            yield Finding(
                path=(key,), message="stageConfig goes with source: stage", fix=_OLD_FIX, at_key=True
            )


_SOURCES = frozenset({"local", "memory", "block", "stage"})
_OLD_FIX = "write source: stage, and the stage as stageConfig.name"


def block_size(volume: Any, _: Scope) -> Iterator[Finding]:
    """A block volume whose size is not whole Gi."""
    size = volume.get("size")
    if volume.get("source") == "block" and gib(size) is not None and not re.fullmatch(r"[0-9]+Gi", str(size)):
        message = f"the size of a block volume is whole Gi, and {size} is not"
        yield Finding(path=("size",), message=message, fix="write it as 10Gi")


def block_limits(volume: Any, scope: Scope) -> Iterator[Finding]:
    """A block volume beyond what its cloud, or any cloud, has."""
    if volume.get("source") != "block":
        return
    clouds = sorted(scope.target.clouds) or list(_BLOCK)
    limits = [_BLOCK[cloud] for cloud in clouds]
    config = volume.get("blockConfig")
    config = config if type(config) is dict else {}
    values = (
        (gib(volume.get("size")), ("size",), "Gi", [limit.size for limit in limits]),
        (config.get("iops"), ("blockConfig", "iops"), " iops", [limit.iops for limit in limits]),
        (config.get("throughput"), ("blockConfig", "throughput"), " MiB/s", [m.throughput for m in limits]),
    )
    for value, path, unit, bounds in values:
        low, high = min(low for low, _ in bounds), max(high for _, high in bounds)
        if isinstance(value, int | float) and not low <= value <= high:
            message = f"{value:g}{unit} is outside of {low} to {high} ({', '.join(clouds)})"
            yield Finding(path=path, message=message, fix=f"choose {low} to {high}")


def random_writes(volumes: Any, scope: Scope) -> Iterator[Finding]:
    """A stage volume below a program that writes in the middle of files."""
    for index, source in texts_of(volumes, "source"):
        if source != "stage" and not source.startswith("@"):
            continue
        name = volumes[index].get("name")
        paths = scope.mounts.get(name, ()) if type(name) is str else ()
        written = next((path for path in paths if re.search(_WRITTEN_INSIDE, path)), None)
        if written:
            message = f"{written} is written in the middle of files; a stage volume cannot append or rename"
            yield Finding(path=(index, "source"), message=message, fix="use source: block with size: 10Gi")


def too_many(volumes: Any, _: Scope) -> Iterator[Finding]:
    """More volumes of a source than a service may have."""
    sources = ["@" if source.startswith("@") else source for _, source in texts_of(volumes, "source")]
    for kind, most in (("block", _MOST_BLOCK), ("@", _MOST_OLD_STAGE), ("stage", _MOST_STAGE)):
        if sources.count(kind) > most:
            message = f"{sources.count(kind)} {kind} volumes; a service may have {most}"
            yield Finding(message=message, fix="join some of them", at_key=True)


def block_ratios(volume: Any, _: Scope) -> Iterator[Finding]:
    """Operations beyond the volume's size, or throughput beyond its operations."""
    config = volume.get("blockConfig")
    if volume.get("source") != "block" or type(config) is not dict:
        return
    size, iops, throughput = gib(volume.get("size")), config.get("iops"), config.get("throughput")
    if type(iops) is not int or (type(throughput) is int and iops == _GPU_IOPS * throughput):
        return  # not given, or a node with GPUs on Google Cloud, which goes by throughput alone
    most = max(_LEAST_IOPS, int(_IOPS_PER_GIB * size)) if size is not None else None
    if most is not None and iops > most:
        message = f"{iops} iops are more than a volume of {gib_text(size or 0)} can have ({most})"
        yield Finding(
            path=("blockConfig", "iops"), message=message, fix="make the volume larger: 500 iops per GiB"
        )
    if type(throughput) is int and throughput > iops / _IOPS_PER_MIB:
        message = f"{throughput} MiB/s are more than {iops} iops carry ({iops // _IOPS_PER_MIB})"
        yield Finding(path=("blockConfig", "throughput"), message=message, fix="give 4 iops for each MiB/s")


def fractional_size(volume: Any, _: Scope) -> Iterator[Finding]:
    """A fraction of Gi."""
    size = volume.get("size")
    if (
        volume.get("source") == "memory"
        and type(size) is str
        and re.fullmatch(r"[0-9]+\.[0-9]+[A-Za-z]+", size)
    ):
        message = f"{size} is a fraction, and the documentation has whole numbers only"
        yield Finding(path=("size",), message=message, fix="use a smaller unit, such as Mi")


_STAGE = 'source: stage\nstageConfig:\n  name: "@db.schema.stage"'
_ONE = ((model.Volume, ""),)
_ALL = ((model.Spec, "volumes"),)
RULES: tuple[Rule, ...] = (
    Rule(
        id="SPCS100",
        title="A mount of a volume that does not exist",
        severity=Severity.ERROR,
        why="Each mount names a volume of spec.volumes.",
        on=((model.Container, "volumeMounts"),),
        check=declared,
        wrong=mounted("source: local")
        .replace("- name: data\n      mountPath", "- name: date\n      mountPath")
        .replace("  volumes:\n", "    - name: data\n      mountPath: /other\n  volumes:\n"),
        right=mounted("source: local"),
    ),
    Rule(
        id="SPCS101",
        title="A volume that no container mounts",
        severity=Severity.WARNING,
        why="It costs and serves nobody; often the mount is missing.",
        on=_ALL,
        check=mounted_somewhere,
        wrong=spec("volumes:\n- name: data\n  source: local"),
        right=mounted("source: local"),
    ),
    Rule(
        id="SPCS102",
        title="A path that is not absolute",
        severity=Severity.ERROR,
        why="Paths in the container begin with /.",
        wrong=mounted("source: local", path="data"),
        right=mounted("source: local", path="/data"),
    ),
    Rule(
        id="SPCS103",
        title="Mounts that overlap",
        severity=Severity.ERROR,
        why="Volumes, secrets and the session token each have a path of their own in a container; /a and "
        "/a/b are "
        "refused.",
        on=((model.Container, ""),),
        check=overlapping,
        wrong=mounted("source: local").replace(
            "  volumes:\n", "    - name: data\n      mountPath: /data/logs\n  volumes:\n"
        ),
        right=mounted("source: local").replace(
            "  volumes:\n", "    - name: data\n      mountPath: /data-logs\n  volumes:\n"
        ),
    ),
    Rule(
        id="SPCS104",
        title="Not the name of a stage",
        severity=Severity.ERROR,
        why="The server says: stage name must start with @. A whole name, database and schema included, "
        "does not "
        "depend on where the service is created.",
        wrong=mounted(_STAGE.replace("@db", "db")),
        right=mounted(_STAGE),
    ),
    Rule(
        id="SPCS105",
        title='source: "@stage" is deprecated',
        severity=Severity.WARNING,
        why="Stages are mounted by source: stage and stageConfig now. The old kind is limited to 5 per "
        "service, is "
        "not on Google Cloud, and needs SNOWFLAKE_SSE on Azure.",
        on=_ONE,
        check=old_stage,
        wrong=mounted('source: "@db.schema.stage"'),
        right=mounted(_STAGE),
    ),
    Rule(
        id="SPCS106",
        title="Not a size",
        severity=Severity.ERROR,
        why="A size is in bytes or has one of the units Ki, Mi, Gi, k, M, G.",
        wrong=mounted("source: memory\nsize: 10GB"),
        right=mounted("source: memory\nsize: 10G"),
    ),
    Rule(
        id="SPCS107",
        title="A volume without what its source needs",
        severity=Severity.ERROR,
        why="Memory and block volumes need a size, stage volumes a stageConfig.",
        on=_ONE,
        check=needs,
        wrong=mounted("source: memory"),
        right=mounted("source: memory\nsize: 1Gi"),
    ),
    Rule(
        id="SPCS108",
        title="An option that the volume's source does not have",
        severity=Severity.WARNING,
        why="size belongs to memory and block volumes, uid and gid to stage and block volumes, stageConfig "
        "and "
        "blockConfig to the source of their name.",
        on=_ONE,
        check=belongs,
        wrong=mounted("source: local\nsize: 10Gi"),
        right=mounted("source: local"),
    ),
    Rule(
        id="SPCS109",
        title="A stage volume where files are rewritten",
        severity=Severity.WARNING,
        why="A stage volume takes whole files: no append, no write in the middle, no rename. Databases and "
        "package "
        "directories need a block or local volume.",
        on=_ALL,
        check=random_writes,
        wrong=mounted(_STAGE, path="/var/lib/postgresql/data"),
        right=mounted("source: block\nsize: 10Gi", path="/var/lib/postgresql/data"),
    ),
    Rule(
        id="SPCS110",
        title="Too many volumes of one source",
        severity=Severity.ERROR,
        why="A service has at most 3 block volumes, 20 stage volumes, and 5 of the old stage volumes.",
        on=_ALL,
        check=too_many,
        wrong=container("volumeMounts:\n" + "".join(f"- name: v{i}\n  mountPath: /v{i}\n" for i in range(4)))
        + "  volumes:\n"
        + "".join(f"  - name: v{i}\n    source: block\n    size: 1Gi\n" for i in range(4)),
        right=container("volumeMounts:\n" + "".join(f"- name: v{i}\n  mountPath: /v{i}\n" for i in range(3)))
        + "  volumes:\n"
        + "".join(f"  - name: v{i}\n    source: block\n    size: 1Gi\n" for i in range(3)),
    ),
    Rule(
        id="SPCS111",
        title="A block volume beyond its cloud's limits",
        severity=Severity.ERROR,
        why="Sizes: 1-65536Gi on AWS, 1-16384Gi on Azure, 4-16384Gi on Google Cloud. Operations and "
        "throughput have "
        "their ranges, too.",
        on=_ONE,
        check=block_limits,
        given="size",
        wrong=mounted("source: block\nsize: 10Gi\nblockConfig:\n  iops: 1000"),
        right=mounted("source: block\nsize: 10Gi\nblockConfig:\n  iops: 4000"),
    ),
    Rule(
        id="SPCS112",
        title="A fraction as the size of a memory volume",
        severity=Severity.WARNING,
        why="Public specs have it; the documentation does not.",
        on=_ONE,
        check=fractional_size,
        given="size",
        wrong=mounted("source: memory\nsize: 1.5Gi", path=SHM),
        right=mounted("source: memory\nsize: 1536Mi", path=SHM),
    ),
    Rule(
        id="SPCS113",
        title="The size of a block volume is not whole Gi",
        severity=Severity.ERROR,
        why="Block volumes are sized in whole Gi; bytes and the other units are for memory volumes.",
        on=_ONE,
        check=block_size,
        given="size",
        wrong=mounted("source: block\nsize: 10G"),
        right=mounted("source: block\nsize: 10Gi"),
    ),
    Rule(
        id="SPCS114",
        title="Operations, throughput and size of a block volume do not go together",
        severity=Severity.ERROR,
        why="A volume has at most 500 iops per GiB (and 3000 in any case), and 1 MiB/s of throughput per 4 "
        "iops.",
        on=_ONE,
        check=block_ratios,
        given="blockConfig",
        wrong=mounted("source: block\nsize: 10Gi\nblockConfig:\n  iops: 8000"),
        right=mounted("source: block\nsize: 16Gi\nblockConfig:\n  iops: 8000"),
    ),
)
