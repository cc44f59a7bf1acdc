"""The SPCS specification as types: the one source of the checker's tables, the JSON Schema and the docs.

Each field's annotation holds the kinds of value that it takes and one line that an editor shows. The YAML key
is the field's name in camelCase unless ``Key`` says otherwise. Source of the grammar, unless noted beside a
field: docs.snowflake.com, developer-guide/snowpark-container-services/specification-reference.
"""

# No `from __future__ import annotations` here: grammar.py reads the annotations as objects.
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from sfml.specs import scalars as s


@dataclass(frozen=True, kw_only=True)
class Key:
    """The field's key in YAML, where it is not the camelCase of its name; ``legacy`` is an older spelling."""

    name: str = ""
    legacy: str = ""


@dataclass(frozen=True, kw_only=True)
class Items:
    """How many items a list may hold."""

    low: int = 0
    high: int | None = None


@dataclass(frozen=True, kw_only=True)
class Warned:
    """In no current documentation, yet accepted at some time: the rule that warns of it."""

    rule: str


@dataclass(frozen=True, kw_only=True)
class Probe:
    """An HTTP GET that the container must answer with 200."""

    port: Annotated[int, s.PORT, "Port that is asked; it need not be an endpoint."]
    path: Annotated[str, s.PROBE_PATH, "Path that is asked."]
    period_seconds: Annotated[int | None, s.SECONDS, "Seconds between two probes."] = None
    failure_threshold: Annotated[int | None, s.COUNT, "Failures in a row that count; 3 unless given."] = None


@dataclass(frozen=True, kw_only=True)
class VolumeMount:
    """Where a container sees a volume."""

    name: Annotated[str, s.NAME, "Name of a volume of spec.volumes."]
    mount_path: Annotated[str, s.ABSOLUTE_PATH, "Absolute path in the container."]


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """Amounts of memory, cores and GPUs."""

    memory: Annotated[str | None, s.MEMORY, "Memory with its unit: M, Mi, G or Gi."] = None
    cpu: Annotated[float | str | None, s.CPU, "Virtual cores: 2, 0.5 or 500m."] = None
    gpu: Annotated[
        int | None, s.GPU_COUNT, Key(name="nvidia.com/gpu"), "GPUs; the same in requests and in limits."
    ] = None


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What a container is promised and what it may use at most."""

    requests: Annotated[Amounts | None, "Reserved on the node."] = None
    limits: Annotated[Amounts | None, "Upper bound; the node's capacity unless given."] = None


@dataclass(frozen=True, kw_only=True)
class SessionTokenConfig:
    """Where and how the service user's session token is mounted."""

    path: Annotated[str | None, s.TOKEN_PATH, "Directory of the file `token`."] = None
    permission: Annotated[str | None, s.TOKEN_PERMISSION, 'File mode in quotes; "0644" unless given.'] = None
    mount_connection_config: Annotated[bool | None, s.BOOLEAN, "Mount a connections.toml too."] = None


@dataclass(frozen=True, kw_only=True)
class SecretObject:
    """A Snowflake secret: its name, or a Native App's reference to it."""

    object_name: Annotated[str | None, s.TEXT, "Name of the secret, [db.][schema.]name."] = None
    object_reference: Annotated[str | None, s.TEXT, "Reference of a Native App."] = None


@dataclass(frozen=True, kw_only=True)
class Secret:
    """A Snowflake secret and where the container finds it."""

    snowflake_secret: Annotated[str | SecretObject, s.TEXT, "The secret: its name, or a map."]
    env_var_name: Annotated[str | None, s.TEXT, "Environment variable that holds it."] = None
    directory_path: Annotated[str | None, s.ABSOLUTE_PATH, "Directory that holds it as files."] = None
    secret_key_ref: Annotated[str | None, s.SECRET_KEY, "Part of the secret; only with envVarName."] = None


EnvValue = str | int | float | bool | None


@dataclass(frozen=True, kw_only=True)
class Container:
    """One container of each instance."""

    name: Annotated[str, s.NAME, "Name of the container."]
    image: Annotated[str, s.IMAGE, "/database/schema/repository/name:tag"]
    command: Annotated[tuple[str, ...] | None, s.ARGUMENT, "Replaces the image's ENTRYPOINT."] = None
    args: Annotated[tuple[str, ...] | None, s.ARGUMENT, "Replaces the image's CMD."] = None
    env: Annotated[Mapping[str, EnvValue] | None, s.ENV_VALUE, "Environment variables: NAME: value."] = None
    readiness_probe: Annotated[Probe | None, "Traffic comes once this passes; every 5 s unless given."] = None
    liveness_probe: Annotated[Probe | None, "Restarted when this fails; every 10 s unless given."] = None
    volume_mounts: Annotated[tuple[VolumeMount, ...], "Volumes that this container sees."] = ()
    resources: Annotated[Resources | None, "Memory, cores and GPUs."] = None
    mount_session_token: Annotated[bool | None, s.BOOLEAN, "Mount the token; true unless given."] = None
    session_token_config: Annotated[SessionTokenConfig | None, "Where the session token is mounted."] = None
    # 50 per service: spcs-guidelines-and-limitations.
    secrets: Annotated[tuple[Secret, ...], Items(high=50), "Snowflake secrets for this container."] = ()


@dataclass(frozen=True, kw_only=True)
class CorsSettings:
    """Which other origins a browser may call this public endpoint from."""

    allow_origin: Annotated[
        tuple[str, ...],
        s.ORIGIN,
        Key(name="Access-Control-Allow-Origin"),
        Items(low=1),
        "Origins, no path, no *.",
    ]
    allow_methods: Annotated[
        tuple[str, ...], s.TEXT, Key(name="Access-Control-Allow-Methods"), "HTTP methods."
    ] = ()
    allow_headers: Annotated[
        tuple[str, ...], s.TEXT, Key(name="Access-Control-Allow-Headers"), "HTTP request headers."
    ] = ()
    expose_headers: Annotated[
        tuple[str, ...], s.TEXT, Key(name="Access-Control-Expose-Headers"), "HTTP response headers."
    ] = ()


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A port, or a range of ports, that the service is reached at."""

    name: Annotated[str, s.NAME, "Name of the endpoint."]
    port: Annotated[int | None, s.PORT, "The port; this or portRange."] = None
    port_range: Annotated[str | None, s.PORT_RANGE, "first-last; TCP and not public."] = None
    public: Annotated[bool | None, s.BOOLEAN, "Reached from outside, over HTTP; false unless given."] = None
    protocol: Annotated[str | None, s.PROTOCOL, "TCP or HTTP; HTTP unless given."] = None
    cors_settings: Annotated[CorsSettings | None, "CORS answers of a public endpoint."] = None


@dataclass(frozen=True, kw_only=True)
class StageAmounts:
    """Memory and cores of a stage volume's side container."""

    memory: Annotated[str | None, s.MEMORY, "Memory with its unit: M, Mi, G or Gi."] = None
    cpu: Annotated[float | str | None, s.CPU, "Virtual cores: 2, 0.5 or 500m."] = None


@dataclass(frozen=True, kw_only=True)
class StageResources:
    """What the stage volume's side container is promised and may use; snowflake-stage-volume.md."""

    requests: Annotated[StageAmounts | None, "0 cores and 0.5Gi unless given."] = None
    limits: Annotated[StageAmounts | None, "0.5 cores and 1Gi unless given."] = None


@dataclass(frozen=True, kw_only=True)
class StageConfig:
    """The stage behind a volume; snowflake-stage-volume.md."""

    name: Annotated[str, s.STAGE, 'The stage, or a directory of it, in quotes: "@db.schema.stage/dir".']
    metadata_cache: Annotated[str | None, s.DURATION, "How long listings are kept: 90s, 5m, 1h30m."] = None
    resources: Annotated[StageResources | None, "Of the side container that mounts the stage."] = None


@dataclass(frozen=True, kw_only=True)
class InitialContents:
    """What a new block volume holds."""

    from_snapshot: Annotated[str, s.TEXT, "Name of a snapshot, [db.][schema.]name."]


@dataclass(frozen=True, kw_only=True)
class BlockConfig:
    """Speed, encryption and snapshots of a block volume; block-storage-volume.md."""

    initial_contents: Annotated[InitialContents | None, "Filled from this snapshot."] = None
    iops: Annotated[int | None, s.COUNT, "Operations per second at the peak."] = None
    throughput: Annotated[int | None, s.COUNT, "MiB per second at the peak."] = None
    encryption: Annotated[str | None, s.ENCRYPTION, "SNOWFLAKE_SSE or SNOWFLAKE_FULL."] = None
    snapshot_on_delete: Annotated[
        bool | None, s.BOOLEAN, "Snapshot before deletion; true for services, false for jobs."
    ] = None
    snapshot_delete_after: Annotated[str | None, s.HOURS_OR_DAYS, "12h, 7d; 7d unless given."] = None


@dataclass(frozen=True, kw_only=True)
class Volume:
    """A file system that containers mount."""

    name: Annotated[str, s.NAME, "Name of the volume."]
    source: Annotated[str, s.VOLUME_SOURCE, "local, stage, memory or block."]
    size: Annotated[int | str | None, s.VOLUME_SIZE, "Of memory and block volumes."] = None
    uid: Annotated[int | None, s.USER_ID, "Owner of the files; stage and block volumes."] = None
    gid: Annotated[int | None, s.USER_ID, "Group of the files; stage and block volumes."] = None
    stage_config: Annotated[StageConfig | None, "The stage, where the source is stage."] = None
    block_config: Annotated[BlockConfig | None, "Where the source is block."] = None


@dataclass(frozen=True, kw_only=True)
class EventTableConfig:
    """Which output goes to the event table."""

    log_level: Annotated[str | None, s.LOG_LEVEL, "INFO (all), ERROR (stderr) or NONE."] = None


@dataclass(frozen=True, kw_only=True)
class LogExporters:
    """Where the containers' output goes."""

    event_table_config: Annotated[EventTableConfig | None, "The account's event table."] = None


@dataclass(frozen=True, kw_only=True)
class MetricConfig:
    """Which metrics go to the event table."""

    groups: Annotated[tuple[str, ...], s.METRIC_GROUP, "system, status, network, storage, …"] = ()


@dataclass(frozen=True, kw_only=True)
class PlatformMonitor:
    """Metrics that Snowflake takes of the service."""

    metric_config: Annotated[MetricConfig | None, "Groups of metrics."] = None


@dataclass(frozen=True, kw_only=True)
class TargetScaling:
    """Scale in proportion to a target."""

    target_value: Annotated[float, s.NUMBER, "Value of the metric to keep to."]


@dataclass(frozen=True, kw_only=True)
class ScalingStep:
    """How much to scale while the metric is in this range."""

    lower_bound: Annotated[float | None, s.NUMBER, "From this value of the metric."] = None
    upper_bound: Annotated[float | None, s.NUMBER, "To this value of the metric."] = None
    target_adjustment: Annotated[float, s.NUMBER, "Instances, or per cent, as adjustmentType says."]


@dataclass(frozen=True, kw_only=True)
class StepScaling:
    """Scale by steps."""

    adjustment_type: Annotated[str, s.ADJUSTMENT, "What targetAdjustment means."]
    scaling_steps: Annotated[tuple[ScalingStep, ...], Items(low=1), "One or more ranges."]


@dataclass(frozen=True, kw_only=True)
class MetricCondition:
    """A metric and what it must reach for how long; scaling-services.md."""

    metric_name: Annotated[str, s.TEXT, "Such as container.cpu.usage or network.ingress.cps."]
    labels: Annotated[Mapping[str, EnvValue] | None, s.TEXT, "Labels that the metric must carry."] = None
    aggregation_type: Annotated[str, s.AGGREGATION, "min, max or avg over the instances."]
    stabilization_period_secs: Annotated[int, s.SECONDS, "Seconds that the condition must hold."]
    target_scaling: Annotated[TargetScaling | None, "This or stepScaling."] = None
    step_scaling: Annotated[StepScaling | None, "This or targetScaling; not for suspend."] = None
    # In two samples of scaling-services.md, in no syntax block.
    container_name: Annotated[str | None, s.TEXT, Warned(rule="SPCS028"), "Undocumented; use labels."] = None


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One condition of a policy."""

    metric_condition: Annotated[MetricCondition, "The metric and its bounds."]


@dataclass(frozen=True, kw_only=True)
class ScaleUp:
    """More instances as soon as one condition holds."""

    any_conditions: Annotated[tuple[Condition, ...], Items(low=1), "Any of these."]


@dataclass(frozen=True, kw_only=True)
class ScaleDown:
    """Fewer instances, or none, once every condition holds."""

    all_conditions: Annotated[tuple[Condition, ...], Items(low=1), "All of these."]


@dataclass(frozen=True, kw_only=True)
class Suspend:
    """No instances once every condition holds."""

    all_conditions: Annotated[tuple[Condition, ...], Items(low=1), "All of these."]


@dataclass(frozen=True, kw_only=True)
class AutoScalingPolicies:
    """When a service gets more or fewer instances; services only."""

    scale_up: Annotated[ScaleUp | None, "More instances."] = None
    scale_down: Annotated[ScaleDown | None, "Fewer instances, down to MIN_INSTANCES."] = None
    suspend: Annotated[Suspend | None, "None, until the next request."] = None


@dataclass(frozen=True, kw_only=True)
class StartupOrder:
    """In which order instances start."""

    type: Annotated[str, s.STARTUP_ORDER, "FirstInstance: instance 0 before the others."]


@dataclass(frozen=True, kw_only=True)
class ControlPolicy:
    """How instances are started."""

    startup_order: Annotated[StartupOrder | None, "Order of the instances' start."] = None


@dataclass(frozen=True, kw_only=True)
class ResourceManagement:
    """Scaling of the service."""

    auto_scaling_policies: Annotated[AutoScalingPolicies | None, "More, fewer or no instances."] = None
    # Sent by snowflake-ml-python 1.x for jobs of several nodes (spec_utils.py), in no documentation.
    control_policy: Annotated[ControlPolicy | None, Warned(rule="SPCS028"), "Undocumented."] = None


@dataclass(frozen=True, kw_only=True)
class NetworkPolicyConfig:
    """A preview's way out of the network; external access integrations took its place."""

    allow_internet_egress: Annotated[bool | None, s.BOOLEAN, "See EXTERNAL_ACCESS_INTEGRATIONS."] = None


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What runs: containers, what they are reached at, and what they mount."""

    # The three limits: spcs-guidelines-and-limitations.
    containers: Annotated[
        tuple[Container, ...], Key(legacy="container"), Items(low=1, high=20), "Containers of each instance."
    ]
    endpoints: Annotated[
        tuple[Endpoint, ...], Key(legacy="endpoint"), Items(high=100), "Ports that the service is reached at."
    ] = ()
    volumes: Annotated[
        tuple[Volume, ...], Key(legacy="volume"), Items(high=20), "File systems that containers mount."
    ] = ()
    log_exporters: Annotated[LogExporters | None, "Where the containers' output goes."] = None
    platform_monitor: Annotated[PlatformMonitor | None, "Metrics that Snowflake takes."] = None
    resource_management: Annotated[ResourceManagement | None, "Scaling; services only."] = None
    network_policy_config: Annotated[
        NetworkPolicyConfig | None, Warned(rule="SPCS027"), "Gone; EXTERNAL_ACCESS_INTEGRATIONS in SQL."
    ] = None


@dataclass(frozen=True, kw_only=True)
class SecurityContext:
    """In whose name the service acts."""

    execute_as_caller: Annotated[bool | None, s.BOOLEAN, "Hand on the caller's token; else false."] = None
    enable_custom_credentials: Annotated[
        bool | None, s.BOOLEAN, "Allow credentials of your own; false unless given."
    ] = None


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What the service may do beyond the ordinary."""

    security_context: Annotated[SecurityContext | None, "In whose name the service acts."] = None


@dataclass(frozen=True, kw_only=True)
class ServiceRole:
    """A role that may use some of the endpoints."""

    name: Annotated[str, s.ROLE_NAME, "Name of the role."]
    endpoints: Annotated[tuple[str, ...], s.TEXT, "Names of endpoints of spec.endpoints."]


@dataclass(frozen=True, kw_only=True)
class Specification:
    """A whole specification: `spec`, and beside it `capabilities` and `serviceRoles`."""

    spec: Annotated[Spec, "What runs."]
    capabilities: Annotated[Capabilities | None, "What the service may do beyond the ordinary."] = None
    service_roles: Annotated[tuple[ServiceRole, ...], "Roles that may use endpoints."] = ()
