"""Rules about jobs as against services, and about scaling."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sfml.specs import model
from sfml.specs.problems import Finding, Severity
from sfml.specs.rules.cases import container, image, mounted, spec, targeted
from sfml.specs.rules.rule import Rule
from sfml.specs.scope import Knowledge, Scope, names

# monitoring-services.md, "Publishing and accessing application metrics".
_SIDECAR = "/snowflake/images/snowflake_images/monitoring-prometheus-sidecar"
# monitoring-services.md: labels that name a part of the service.
_LABELS = {"snow.endpoint.name": "endpoint", "snow.service.container.name": "container"}


def public_job(endpoint: Any, _: Scope) -> Iterator[Finding]:
    """A public endpoint of a job."""
    if endpoint.get("public") is True:
        message = "a job has no public endpoints"
        yield Finding(
            path=("public",), message=message, fix="set public: false, or make it a service", at_key=True
        )


def job_probe(owner: Any, _: Scope) -> Iterator[Finding]:
    """A probe of a job."""
    for key in ("readinessProbe", "livenessProbe"):
        if owner.get(key) is not None:
            message = f"{key} is documented for services; what it does in a job is not said"
            yield Finding(path=(key,), message=message, fix="remove it", at_key=True)


def scaled_job(value: Any, _: Scope) -> Iterator[Finding]:
    """A job with scaling policies."""
    if value is not None:
        message = "autoscaling is for services; a job has the REPLICAS of its statement"
        yield Finding(message=message, fix="remove autoScalingPolicies", at_key=True)


def job_block(volume: Any, _: Scope) -> Iterator[Finding]:
    """A block volume of a job."""
    if volume.get("source") == "block":
        message = "block volumes in jobs are a preview, and no snapshot is taken when the job is dropped"
        yield Finding(path=("source",), message=message, fix="copy what must stay to a stage")


def job_sidecar(value: Any, _: Scope) -> Iterator[Finding]:
    """Snowflake's Prometheus sidecar in a job."""
    if type(value) is str and _SIDECAR in value:
        message = "Snowflake's Prometheus sidecar is for services"
        yield Finding(message=message, fix="remove the container; platformMonitor gives metrics of jobs, too")


def one_scaling(condition: Any, _: Scope) -> Iterator[Finding]:
    """A condition with neither kind of scaling, or with both."""
    if ("targetScaling" in condition) == ("stepScaling" in condition):
        message = "a metric condition has targetScaling or stepScaling, exactly one of the two"
        yield Finding(
            message=message, fix="add targetScaling: {targetValue: 0.8}, or remove one", at_key=True
        )


def step_in_suspend(value: Any, _: Scope) -> Iterator[Finding]:
    """Steps in a suspend policy."""
    conditions = value.get("allConditions") if type(value) is dict else None
    for index, item in enumerate(conditions if type(conditions) is list else ()):
        condition = item.get("metricCondition") if type(item) is dict else None
        if type(condition) is dict and "stepScaling" in condition:
            path = ("allConditions", index, "metricCondition", "stepScaling")
            message = "stepScaling is not for suspend, which knows no steps"
            yield Finding(path=path, message=message, fix="use targetScaling", at_key=True)


def dead_label(labels: Any, scope: Scope) -> Iterator[Finding]:
    """A label that names a part that the service does not have."""
    known = {"endpoint": names(scope.endpoints), "container": names(scope.containers)}
    for label, kind in _LABELS.items():
        value = labels.get(label) if type(labels) is dict else None
        if type(value) is str and value not in known[kind]:
            message = f"there is no {kind} {value!r}: the condition never holds, and no error says so"
            yield Finding(path=(label,), message=message, fix=f"name one of the spec's {kind}s")


_POLICY = """\
resourceManagement:
  autoScalingPolicies:
    {policy}:
      allConditions:
      - metricCondition:
          metricName: container.cpu.usage
          aggregationType: max
          stabilizationPeriodSecs: 300
"""
_TARGET = "          targetScaling:\n            targetValue: 0.1\n"
_STEPS = """\
          stepScaling:
            adjustmentType: changeInstanceCount
            scalingSteps:
            - lowerBound: 0
              upperBound: 0.3
              targetAdjustment: 1
"""
_LABELLED = "          labels:\n            snow.service.container.name: {0}\n"
_DOWN = _POLICY.format(policy="scaleDown")
_SUSPEND = _POLICY.format(policy="suspend")
RULES: tuple[Rule, ...] = (
    Rule(
        id="SPCS150",
        title="A public endpoint of a job",
        severity=Severity.ERROR,
        why="Jobs may have endpoints for each other's instances; ingress from outside is for services.",
        on=((model.Endpoint, ""),),
        check=public_job,
        needs=Knowledge.JOB,
        wrong=targeted("kind=job", spec("endpoints:\n- name: web\n  port: 8080\n  public: true")),
        right=targeted("kind=job", spec("endpoints:\n- name: ray\n  port: 6379\n  protocol: TCP")),
    ),
    Rule(
        id="SPCS151",
        title="A probe of a job",
        severity=Severity.WARNING,
        why="Probes are documented for services only.",
        on=((model.Container, ""),),
        check=job_probe,
        needs=Knowledge.JOB,
        wrong=targeted("kind=job", container("readinessProbe:\n  port: 8080\n  path: /health")),
        right=targeted("kind=service", container("readinessProbe:\n  port: 8080\n  path: /health")),
    ),
    Rule(
        id="SPCS152",
        title="Scaling of a job",
        severity=Severity.ERROR,
        why="Autoscaling applies to services and not to jobs.",
        on=((model.ResourceManagement, "autoScalingPolicies"),),
        check=scaled_job,
        needs=Knowledge.JOB,
        wrong=targeted("kind=job", spec(_DOWN + _TARGET)),
        right=targeted("kind=service", spec(_DOWN + _TARGET)),
    ),
    Rule(
        id="SPCS153",
        title="A block volume of a job",
        severity=Severity.WARNING,
        why="Block volumes are a preview in jobs; snapshotOnDelete is false there unless given.",
        on=((model.Volume, ""),),
        check=job_block,
        needs=Knowledge.JOB,
        wrong=targeted("kind=job", mounted("source: block\nsize: 10Gi")),
        right=targeted("kind=service", mounted("source: block\nsize: 10Gi")),
    ),
    Rule(
        id="SPCS154",
        title="The Prometheus sidecar in a job",
        severity=Severity.ERROR,
        why="Snowflake's sidecar image that collects a service's own metrics is not supported in jobs.",
        on=((model.Container, "image"),),
        check=job_sidecar,
        needs=Knowledge.JOB,
        wrong=targeted("kind=job", image(f"{_SIDECAR}:0.0.1")),
        right=targeted("kind=service", image(f"{_SIDECAR}:0.0.1")),
    ),
    Rule(
        id="SPCS160",
        title="A metric condition needs one kind of scaling",
        severity=Severity.ERROR,
        why="targetScaling and stepScaling exclude each other, and one of them is required.",
        on=((model.MetricCondition, ""),),
        check=one_scaling,
        wrong=spec(_DOWN),
        right=spec(_DOWN + _STEPS),
    ),
    Rule(
        id="SPCS161",
        title="Steps in a suspend policy",
        severity=Severity.ERROR,
        why="A suspended service has no instances; there is no more or less of that.",
        on=((model.AutoScalingPolicies, "suspend"),),
        check=step_in_suspend,
        wrong=spec(_SUSPEND + _STEPS),
        right=spec(_SUSPEND + _TARGET),
    ),
    Rule(
        id="SPCS162",
        title="A label that matches nothing",
        severity=Severity.WARNING,
        why="The server accepts any label; a condition whose label matches no metric never holds.",
        on=((model.MetricCondition, "labels"),),
        check=dead_label,
        wrong=spec(_SUSPEND + _TARGET + _LABELLED.format("mian")),
        right=spec(_SUSPEND + _TARGET + _LABELLED.format("main")),
    ),
)
