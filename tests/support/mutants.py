"""Specs that hold every row of the grammar, and what may be done to a row that a checker must notice.

The values come from the documentation of the grammar, not from the checker; lines are counted in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

SERVICE = """\
spec:
  containers:
  - name: main
    image: /db/schema/repo/app:1.0
    command:
    - python
    args:
    - main.py
    env:
      MODE: serve
    readinessProbe:
      port: 8080
      path: /ready
      periodSeconds: 10
      failureThreshold: 3
    livenessProbe:
      port: 8080
      path: /alive
    volumeMounts:
    - name: models
      mountPath: /models
    - name: state
      mountPath: /state
    - name: shm
      mountPath: /dev/shm
    resources:
      requests:
        memory: 2Gi
        cpu: 0.5
        nvidia.com/gpu: 1
      limits:
        memory: 4Gi
        cpu: 2
        nvidia.com/gpu: 1
    mountSessionToken: true
    sessionTokenConfig:
      path: /app/session
      permission: "0600"
      mountConnectionConfig: true
    secrets:
    - snowflakeSecret:
        objectName: db.schema.login
      envVarName: LOGIN
      secretKeyRef: password
    - snowflakeSecret:
        objectReference: login
      directoryPath: /secrets/login
  endpoints:
  - name: web
    port: 8080
    public: true
    protocol: HTTP
    corsSettings:
      Access-Control-Allow-Origin:
      - https://app.example.com
      Access-Control-Allow-Methods:
      - GET
      Access-Control-Allow-Headers:
      - Authorization
      Access-Control-Expose-Headers:
      - X-Request-Id
  - name: workers
    portRange: 10002-19999
    protocol: TCP
  volumes:
  - name: models
    source: stage
    uid: 1000
    gid: 1000
    stageConfig:
      name: "@db.schema.stage/models"
      metadataCache: 5m
      resources:
        requests:
          memory: 0.5Gi
          cpu: 0
        limits:
          memory: 1Gi
          cpu: 500m
  - name: state
    source: block
    size: 10Gi
    blockConfig:
      initialContents:
        fromSnapshot: db.schema.snapshot
      iops: 4000
      throughput: 500
      encryption: SNOWFLAKE_SSE
      snapshotOnDelete: true
      snapshotDeleteAfter: 7d
  - name: shm
    source: memory
    size: 1Gi
  logExporters:
    eventTableConfig:
      logLevel: INFO
  platformMonitor:
    metricConfig:
      groups:
      - system
  resourceManagement:
    autoScalingPolicies:
      scaleUp:
        anyConditions:
        - metricCondition:
            metricName: container.cpu.usage
            labels:
              snow.service.container.name: main
            aggregationType: avg
            stabilizationPeriodSecs: 60
            stepScaling:
              adjustmentType: changeInstanceCount
              scalingSteps:
              - lowerBound: 0.6
                upperBound: 0.8
                targetAdjustment: 1
      scaleDown:
        allConditions:
        - metricCondition:
            metricName: container.cpu.usage
            aggregationType: max
            stabilizationPeriodSecs: 300
            targetScaling:
              targetValue: 0.2
      suspend:
        allConditions:
        - metricCondition:
            metricName: network.ingress.cps
            labels:
              snow.endpoint.name: web
            aggregationType: max
            stabilizationPeriodSecs: 300
            targetScaling:
              targetValue: 0.0
capabilities:
  securityContext:
    executeAsCaller: true
    enableCustomCredentials: false
serviceRoles:
- name: app_user
  endpoints:
  - web
"""

# Rows that no current documentation has; each is a warning by itself.
UNDOCUMENTED = """\
spec:
  containers:
  - name: main
    image: /db/schema/repo/app:1.0
  resourceManagement:
    controlPolicy:
      startupOrder:
        type: FirstInstance
    autoScalingPolicies:
      scaleDown:
        allConditions:
        - metricCondition:
            metricName: container.cpu.usage
            aggregationType: max
            stabilizationPeriodSecs: 300
            containerName: main
            targetScaling:
              targetValue: 0.2
  networkPolicyConfig:
    allowInternetEgress: true
"""

_NAMES = ("Main", "my_app", "1app", "-app", "app-", "a" * 64, "a b", '"ä"')
_MEMORY = ("2", "2g", "2GB", "2T", "2Ki", "-2Gi", "2 Gi", "plenty")
_CPU = ("half", "-1", "0.5m", "1 core", "2Gi")
_BOOLEAN = ("perhaps", "1", '"true"')
_SECONDS = ("0", "-1", "10s", "1.5", '"10"')
_PORTS = ("0", "65536", "-1", "http", '"8080"', "80.5")
_WORD = ("sum", "AVG")
# Per row: values that the documentation rules out (or that no reader takes for what they are).
BAD_VALUES: dict[str, tuple[str, ...]] = {
    "Container.name": _NAMES,
    "Container.image": (
        "app:1.0", "docker.io/library/redis:7", "repo/app", "/db/schema/app:1", "/db/schema/repo/app:",
        "/db/schema/repo/app", "/db/schema/repo/app:latest", "/db/schema/repo/APP:1", "/db/schema/repo/a b:1",
        "ghcr.io/owner/a/b/c:1", "<repository>/app:1",
    ),
    "Container.command": ("python main.py",),
    "Container.args": ("--verbose",),
    "Container.env": ("MODE=serve",),
    "Container.mountSessionToken": (*_BOOLEAN, "false"),
    "Probe.port": _PORTS,
    "Probe.path": ("8080", '""'),
    "Probe.periodSeconds": _SECONDS,
    "Probe.failureThreshold": _SECONDS,
    "VolumeMount.name": (*_NAMES, "modles"),
    "VolumeMount.mountPath": ("models", "./models", "/app", "C:/models"),
    "Amounts.memory": (*_MEMORY, "2Ti"),
    "Amounts.cpu": _CPU,
    "Amounts.nvidia.com/gpu": ("0", "-1", "0.5", "one", "2", '"1"'),
    "SessionTokenConfig.path": ("app", "/a/../b", "/a/./b", "/a//b", "/a/", "/a b", "/models/token"),
    "SessionTokenConfig.permission": ("0600", '"0777"', '"600"', '"0200"', '"0646"', "rw"),
    "SessionTokenConfig.mountConnectionConfig": _BOOLEAN,
    "SecretObject.objectName": ("5", '""'),
    "SecretObject.objectReference": ("5", '""'),
    "Secret.snowflakeSecret": ("5", '""'),
    "Secret.envVarName": ("5", '""', "MODE"),
    "Secret.directoryPath": ("secrets", "/models", "/models/secrets"),
    "Secret.secretKeyRef": ("user", "SECRET_STRING", "key"),
    "Endpoint.name": _NAMES,
    "Endpoint.port": _PORTS,
    "Endpoint.portRange": ("10002", "19999-10002", "0-10", "1-70000", "a-b", "1-2-3"),
    "Endpoint.public": _BOOLEAN,
    "Endpoint.protocol": ("UDP", "tcp", "HTTPS", "GRPC"),
    "CorsSettings.Access-Control-Allow-Origin": ("https://app.example.com",),
    "CorsSettings.Access-Control-Allow-Methods": ("GET",),
    "CorsSettings.Access-Control-Allow-Headers": ("Authorization",),
    "CorsSettings.Access-Control-Expose-Headers": ("X-Request-Id",),
    "Volume.name": (*_NAMES, "other"),
    "Volume.source": ("disk", "Stage", "emptyDir", "nfs", "5"),
    "Volume.size": ("ten", "10GB", "-1Gi", "10Ti", "10 Gi"),
    "Volume.uid": ("-1", "root", "1.5"),
    "Volume.gid": ("-1", "root", "1.5"),
    "StageConfig.name": ("db.schema.stage", '"@"', '"@a.b.c.d"', '"@@stage"', "@db.schema.stage"),
    "StageConfig.metadataCache": ("5", "5 minutes", "1d", '""'),
    "StageAmounts.memory": _MEMORY,
    "StageAmounts.cpu": _CPU,
    "InitialContents.fromSnapshot": ("5", '""'),
    "BlockConfig.iops": ("100", "90000000", "6000", "fast", "-1"),
    "BlockConfig.throughput": ("1", "9000000", "1001", "fast", "-1"),
    "BlockConfig.encryption": ("AES", "snowflake_sse"),
    "BlockConfig.snapshotOnDelete": _BOOLEAN,
    "BlockConfig.snapshotDeleteAfter": ("7", "1w", "7 days"),
    "EventTableConfig.logLevel": ("DEBUG", "info", "WARN"),
    "MetricConfig.groups": ("system",),
    "StartupOrder.type": ("LastInstance",),
    "MetricCondition.metricName": ("5", '""'),
    "MetricCondition.aggregationType": _WORD,
    "MetricCondition.stabilizationPeriodSecs": _SECONDS,
    "MetricCondition.containerName": ("5",),
    "TargetScaling.targetValue": ("high", '"0.2"'),
    "StepScaling.adjustmentType": ("percent", "ChangeInstanceCount"),
    "ScalingStep.lowerBound": ("low",),
    "ScalingStep.upperBound": ("high",),
    "ScalingStep.targetAdjustment": ("one",),
    "NetworkPolicyConfig.allowInternetEgress": _BOOLEAN,
    "SecurityContext.executeAsCaller": _BOOLEAN,
    "SecurityContext.enableCustomCredentials": _BOOLEAN,
    "ServiceRole.name": ("app-user", "1app", "app_", "all_endpoints_usage"),
    "ServiceRole.endpoints": ("web",),
}  # fmt: skip

# Per row: (line of the service above, what to write there), for what spans lines or lies inside a list.
EDITS: dict[str, tuple[tuple[str, str], ...]] = {
    "Container.command": (("    - python", "    - {run: python}"), ("    - python", "    - 3.10")),
    "Container.args": (("    - main.py", "    - [main.py]"), ("    - main.py", "    - 8081")),
    "Container.env": (
        ("      MODE: serve", "      MODE: [serve]"),
        ("      MODE: serve", "      MODE: {a: b}"),
        ("      MODE: serve", "      MODE: yes"),
        ("      MODE: serve", "      MODE: 1.10"),
        ("      MODE: serve", "      MODE: 0644"),
        ("      MODE: serve", "      MODE:"),
        ("      MODE: serve", "      SNOWFLAKE_HOST: here"),
        ("      MODE: serve", "      DB_PASSWORD: hunter2"),
    ),
    "CorsSettings.Access-Control-Allow-Origin": (
        ("      - https://app.example.com", '      - "*"'),
        ("      - https://app.example.com", "      - app.example.com"),
        ("      - https://app.example.com", "      - https://app.example.com/path"),
    ),
    "CorsSettings.Access-Control-Allow-Methods": (("      - GET", "      - 5"),),
    "CorsSettings.Access-Control-Allow-Headers": (("      - Authorization", "      - []"),),
    "CorsSettings.Access-Control-Expose-Headers": (("      - X-Request-Id", "      - {}"),),
    "MetricConfig.groups": (("      - system", "      - container"),),
    "ServiceRole.endpoints": (("  - web", "  - wep"),),
    "MetricCondition.labels": (
        ("              snow.endpoint.name: web", "              snow.endpoint.name: wep"),
    ),
    "Volume.size": (("    size: 10Gi", "    size: 10.5Gi"), ("    size: 10Gi", "    size: 70000Gi")),
    "Endpoint.protocol": (("    protocol: HTTP", "    protocol: TCP"),),
    "Amounts.memory": (("        memory: 2Gi", "        memory: 8Gi"),),
    "Amounts.cpu": (("        cpu: 0.5", "        cpu: 4"),),
    "Spec.endpoints": (("  endpoints:", "  endpoint: "),),
    "Spec.volumes": (("  volumes:", "  volume: "),),
    "Spec.containers": (("  containers:", "  container: "),),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A text with one thing wrong, the row that it is about, and the line that must be named."""

    row: str
    what: str
    text: str
    line: int


@dataclass(frozen=True, kw_only=True)
class Place:
    """One line of a base that holds a key: the row, where its value ends, and the line of what holds it."""

    row: str
    line: int
    end: int
    parent: int
    required: bool


def mutants(base: str, places: list[Place]) -> Iterator[Mutant]:
    """Every mutant of a base."""
    lines = base.splitlines()
    seen_edits: set[tuple[str, str]] = set()
    for place in places:
        yield from _of_key(lines, place)
        yield from _of_value(lines, place)
        for old, new in EDITS.get(place.row, ()):
            if old in lines and (place.row, new) not in seen_edits:
                seen_edits.add((place.row, new))
                at = lines.index(old)
                yield _mutant(
                    place.row, f"{old.strip()} -> {new.strip()}", [*lines[:at], new, *lines[at + 1 :]], at
                )


def _of_key(lines: list[str], place: Place) -> Iterator[Mutant]:
    line = lines[place.line]
    key = place.row.partition(".")[2]
    whole = lines[place.line : place.end]
    for wrong in (key[:-1] + key[-1] * 2, key[0].swapcase() + key[1:], key + "_"):
        text = [*lines[: place.line], line.replace(key, wrong, 1), *lines[place.line + 1 :]]
        yield _mutant(place.row, f"{key} -> {wrong}", text, place.line)
    again = [
        re.sub("- (?=[A-Za-z])", "  ", text) if number == 0 else text for number, text in enumerate(whole)
    ]
    twice = [*lines[: place.end], *again, *lines[place.end :]]
    yield _mutant(place.row, f"{key} twice", twice, place.end)
    if place.required:
        yield from _without(lines, place)


def _without(lines: list[str], place: Place) -> Iterator[Mutant]:
    """The base without a required key; the problem is that of what held it."""
    line, rest = lines[place.line], lines[place.end :]
    indent = len(line) - len(line.lstrip())
    parent = place.parent
    if line.lstrip().startswith("- "):
        if not rest or not rest[0].startswith(" " * (indent + 2)):
            return  # the only key of its item
        rest = [f"{line[:indent]}- {rest[0][indent + 2 :]}", *rest[1:]]
        parent = place.line
    yield _mutant(place.row, f"without {place.row}", [*lines[: place.line], *rest], parent)


def _of_value(lines: list[str], place: Place) -> Iterator[Mutant]:
    head = lines[place.line].partition(": ")[0].rstrip(":") + ":"
    scalar = place.end == place.line + 1 and not lines[place.line].endswith(":")
    wrong = BAD_VALUES.get(place.row, ())
    kinds = (
        ("[[x]]", "{x: {y: 1}}") if scalar else ("text", "5", "[[x]]" if _is_map(lines, place) else "{x: 1}")
    )
    for value in (*kinds, "", *wrong):
        text = [*lines[: place.line], f"{head} {value}".rstrip(), *lines[place.end :]]
        yield _mutant(place.row, f"{place.row}: {value or 'nothing'}", text, place.line)


def _is_map(lines: list[str], place: Place) -> bool:
    return place.end > place.line + 1 and not lines[place.line + 1].lstrip().startswith("- ")


def _mutant(row: str, what: str, lines: list[str], line: int) -> Mutant:
    return Mutant(row=row, what=what, text="\n".join(lines) + "\n", line=line + 1)


def end_of(node: yaml.Node, lines: list[str], line: int) -> int:
    """The line behind a value, from 0."""
    if isinstance(node, yaml.ScalarNode):
        return line + 1
    last = node.end_mark.line
    while last > line and not lines[last - 1].strip():
        last -= 1
    return max(last, line + 1)
