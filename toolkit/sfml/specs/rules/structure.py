"""Rules about keys, kinds of values and names; the walk through the grammar reports most of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sfml.specs import model
from sfml.specs.problems import Finding, Severity
from sfml.specs.rules.cases import container, spec, top
from sfml.specs.rules.rule import Rule
from sfml.specs.scope import Scope, unknown

_PROBE = "readinessProbe:\n  port: 8080\n  path: /health"
_ENDPOINT = "endpoints:\n- name: web\n  port: 8080"


def unique_names(items: Any, _: Scope) -> Iterator[Finding]:
    """Two items of a list have the same name."""
    if type(items) is not list or len(items) < 2:
        return
    seen: dict[str, int] = {}
    for index, item in enumerate(items):
        name = item.get("name") if type(item) is dict else None
        if type(name) is not str or unknown(name):
            continue
        if name in seen:
            message = f"the name {name!r} is already that of item {seen[name]}"
            yield Finding(path=(index, "name"), message=message, fix="give each its own name")
        seen.setdefault(name, index)


RULES: tuple[Rule, ...] = (
    Rule(
        id="SPCS020",
        title="Unknown option",
        severity=Severity.ERROR,
        why="The server refuses every key that it does not know (395018: Invalid spec: unknown option …).",
        wrong=spec(_ENDPOINT + "\n  authenticationPolicy: none"),
        right=spec(_ENDPOINT + "\n  protocol: HTTP"),
    ),
    Rule(
        id="SPCS021",
        title="A required option is missing",
        severity=Severity.ERROR,
        why="The server refuses the spec (Invalid spec: missing 'port' for 'readinessProbe').",
        wrong=container("readinessProbe:\n  path: /health"),
        right=container(_PROBE),
    ),
    Rule(
        id="SPCS022",
        title="A value of the wrong kind",
        severity=Severity.ERROR,
        why="A list, a map, text, a number or a boolean stands where another of them belongs.",
        wrong=container("command: python train.py"),
        right=container("command: [python, train.py]"),
    ),
    Rule(
        id="SPCS023",
        title="A value out of range or of the wrong form",
        severity=Severity.ERROR,
        why="The value is of the right kind but not one that this option takes.",
        wrong=spec("endpoints:\n- name: web\n  port: 80800"),
        right=spec("endpoints:\n- name: web\n  port: 8080"),
    ),
    Rule(
        id="SPCS024",
        title="Not one of the values that this option takes",
        severity=Severity.ERROR,
        why="The option takes one of a few words.",
        wrong=spec("logExporters:\n  eventTableConfig:\n    logLevel: DEBUG"),
        right=spec("logExporters:\n  eventTableConfig:\n    logLevel: INFO"),
    ),
    Rule(
        id="SPCS025",
        title="Too few or too many items",
        severity=Severity.ERROR,
        why="A service has 1 to 20 containers, at most 100 endpoints, 20 volumes and 50 secrets.",
        wrong="spec:\n  containers: []\n",
        right=top(""),
    ),
    Rule(
        id="SPCS026",
        title="An option without a value",
        severity=Severity.WARNING,
        why="A key with nothing behind it is null; whether that means `not given` is not documented.",
        wrong=container("readinessProbe:"),
        right=container(_PROBE),
    ),
    Rule(
        id="SPCS027",
        title="networkPolicyConfig is gone",
        severity=Severity.WARNING,
        why="It belonged to a preview and is in no current documentation. External access integrations "
        "took its "
        "place: EXTERNAL_ACCESS_INTEGRATIONS = (…) in CREATE SERVICE or EXECUTE JOB SERVICE.",
        wrong=spec("networkPolicyConfig:\n  allowInternetEgress: true"),
        right=top(""),
    ),
    Rule(
        id="SPCS028",
        title="An undocumented option",
        severity=Severity.WARNING,
        why="Snowflake's own programs or samples use it, its reference does not name it: it may go any day.",
        wrong=spec("resourceManagement:\n  controlPolicy:\n    startupOrder:\n      type: FirstInstance"),
        right=top(""),
    ),
    Rule(
        id="SPCS029",
        title="An old spelling",
        severity=Severity.WARNING,
        why="container, endpoint and volume are the preview's names of containers, endpoints and volumes. "
        "They are "
        "still accepted.",
        wrong=top("").replace("containers:", "container:"),
        right=top(""),
    ),
    Rule(
        id="SPCS030",
        title="A name of the wrong form",
        severity=Severity.ERROR,
        why="Names of containers, endpoints and volumes have at most 63 lower-case letters, digits and "
        "'-'. Names "
        "of service roles have letters, digits and '_'.",
        wrong=spec("endpoints:\n- name: web_ui\n  port: 8080"),
        right=spec("endpoints:\n- name: web-ui\n  port: 8080"),
    ),
    Rule(
        id="SPCS031",
        title="The same name twice",
        severity=Severity.ERROR,
        why="Each container, endpoint, volume and service role has a name of its own.",
        on=(
            (model.Spec, "containers"),
            (model.Spec, "endpoints"),
            (model.Spec, "volumes"),
            (model.Specification, "serviceRoles"),
        ),
        check=unique_names,
        wrong=spec("endpoints:\n- name: web\n  port: 8080\n- name: web\n  port: 8081"),
        right=spec("endpoints:\n- name: web\n  port: 8080\n- name: api\n  port: 8081"),
    ),
    Rule(
        id="SPCS032",
        title="An option at the wrong place",
        severity=Severity.ERROR,
        why="The option exists, one level up or down. serviceRoles and capabilities stand beside `spec`, "
        "not below.",
        wrong=spec(_ENDPOINT + "\nserviceRoles:\n- name: app\n  endpoints: [web]"),
        right=spec(_ENDPOINT) + "serviceRoles:\n- name: app\n  endpoints: [web]\n",
    ),
    Rule(
        id="SPCS033",
        title="An option of Kubernetes",
        severity=Severity.ERROR,
        why="A service spec looks like a pod's, and has only a few of its options.",
        wrong=container("imagePullPolicy: Always"),
        right=top(""),
    ),
    Rule(
        id="SPCS034",
        title="A property of the SQL statement",
        severity=Severity.ERROR,
        why="Instances, compute pool, warehouse and external access are set by CREATE SERVICE and EXECUTE "
        "JOB "
        "SERVICE, not by the spec.",
        wrong=spec("minInstances: 2"),
        right=top(""),
    ),
    Rule(
        id="SPCS035",
        title="Old and new spelling side by side",
        severity=Severity.ERROR,
        why="The spec has `containers` and `container`, or the like: one of them would be lost.",
        wrong=top("") + "  container:\n  - name: other\n    image: /db/schema/repo/app:1.0\n",
        right=top("") + "  - name: other\n    image: /db/schema/repo/app:1.0\n",
    ),
)
