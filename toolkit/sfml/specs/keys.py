"""Keys that the grammar does not have: where they belong, or what to write instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sfml.specs import model
from sfml.specs.grammar import Table
from sfml.specs.suggest import did_you_mean


class Verdict(NamedTuple):
    """Which rule an unknown key breaks and what to do about it."""

    rule: str
    fix: str


_STATEMENT: Mapping[str, str] = {
    "replicas": "set MIN_INSTANCES and MAX_INSTANCES in CREATE SERVICE, or REPLICAS in EXECUTE JOB SERVICE",
    "mininstances": "set MIN_INSTANCES in CREATE SERVICE",
    "maxinstances": "set MAX_INSTANCES in CREATE SERVICE",
    "minreadyinstances": "set MIN_READY_INSTANCES in CREATE SERVICE",
    "instances": "set MIN_INSTANCES and MAX_INSTANCES in CREATE SERVICE",
    "computepool": "name it in the statement: IN COMPUTE POOL …",
    "externalaccess": "set EXTERNAL_ACCESS_INTEGRATIONS = (…) in the statement",
    "externalaccessintegrations": "set EXTERNAL_ACCESS_INTEGRATIONS = (…) in the statement",
    "networkpolicy": "set EXTERNAL_ACCESS_INTEGRATIONS = (…) in the statement",
    "querywarehouse": "set QUERY_WAREHOUSE in the statement",
    "warehouse": "set QUERY_WAREHOUSE in the statement",
    "autosuspendsecs": "set AUTO_SUSPEND_SECS in CREATE SERVICE",
    "autoresume": "set AUTO_RESUME in CREATE SERVICE",
    "comment": "set COMMENT in the statement",
}

_ENDPOINTS = "declare the port below spec.endpoints: - name: web, port: 8080"
_KUBERNETES: Mapping[type, Mapping[str, str]] = {
    model.Specification: {
        "apiVersion": "leave it out: a service spec begins with `spec:`",
        "kind": "leave it out: CREATE SERVICE or EXECUTE JOB SERVICE says which it is",
        "metadata": "leave it out: the statement names the service",
        "status": "leave it out",
    },
    model.Spec: {
        "template": "a spec has no pod template: its containers stand below `spec`",
        "selector": "leave it out",
        "initContainers": "start what must come first in the container's own command",
        "restartPolicy": "leave it out: services restart always, jobs never",
        "serviceAccountName": "leave it out: the service acts as its owner role",
        "nodeSelector": "leave it out: the statement names the compute pool",
        "tolerations": "leave it out: the statement names the compute pool",
        "affinity": "leave it out: the statement names the compute pool",
        "imagePullSecrets": "leave it out: the owner role needs READ on the image repository",
        "hostNetwork": "leave it out",
        "securityContext": "leave it out; see capabilities, beside `spec`",
        "terminationGracePeriodSeconds": "leave it out",
    },
    model.Container: {
        "ports": _ENDPOINTS,
        "envFrom": "list the variables below `env`, or secrets below `secrets`",
        "imagePullPolicy": "leave it out: the image is fixed when the service is created or altered",
        "workingDir": "set WORKDIR in the image, or `cd` in the command",
        "securityContext": "leave it out; a volume's uid and gid say who owns its files",
        "lifecycle": "leave it out: handle SIGTERM in the program",
        "startupProbe": "leave it out: traffic waits for readinessProbe",
        "stdin": "leave it out",
        "tty": "leave it out",
        "restartPolicy": "leave it out: services restart always, jobs never",
        "terminationMessagePath": "leave it out",
    },
    model.Probe: {
        "httpGet": "write port and path directly below the probe",
        "exec": "a probe is an HTTP GET: give port and path",
        "tcpSocket": "a probe is an HTTP GET: give port and path",
        "grpc": "a probe is an HTTP GET: give port and path",
        "initialDelaySeconds": "leave it out; failureThreshold and periodSeconds give the container time",
        "timeoutSeconds": "leave it out",
        "successThreshold": "leave it out: one success is enough",
        "scheme": "leave it out: probes speak HTTP",
        "host": "leave it out: the container itself is asked",
    },
    model.Volume: {
        "emptyDir": "write source: local, or source: memory with a size",
        "hostPath": "write source: local",
        "persistentVolumeClaim": "write source: block with a size",
        "configMap": "put the files on a stage: source: stage",
        "secret": "name it below the container's secrets, with directoryPath",
    },
    model.VolumeMount: {
        "readOnly": "leave it out: what the owner role may write on the stage decides",
        "subPath": 'name the directory in the stage: "@stage/directory"',
    },
    model.Endpoint: {
        "targetPort": "leave it out: port is where the program listens",
        "containerPort": "write port",
        "nodePort": "leave it out",
    },
    model.Amounts: {
        "ephemeral-storage": "leave it out: containers share the node's disk",
        "storage": "mount a block volume of the size",
    },
    model.Secret: {
        "valueFrom": "write snowflakeSecret, envVarName and secretKeyRef side by side",
    },
}  # fmt: skip

_BESIDE_SPEC = "move it out, to the left: it stands beside `spec`"
_IN_SPEC = "move it below `spec`"
_IN_CONTAINER = "move it into a container"
_IN_BLOCK = "move it below blockConfig"
_BESIDE_IT = "move it one level up, beside snowflakeSecret"
_SPEC_KEYS = (
    "containers", "container", "endpoints", "endpoint", "volumes", "volume",
    "logExporters", "platformMonitor", "resourceManagement",
)  # fmt: skip
_CONTAINER_KEYS = (
    "image", "command", "args", "env", "readinessProbe", "livenessProbe", "volumeMounts", "resources",
)  # fmt: skip
_AMOUNTS = ("memory", "cpu", "nvidia.com/gpu")
_MISPLACED: Mapping[type, Mapping[str, str]] = {
    model.Specification: {
        **dict.fromkeys(_SPEC_KEYS, _IN_SPEC),
        "securityContext": "move it below `capabilities`",
    },
    model.Spec: {
        "serviceRoles": _BESIDE_SPEC,
        "capabilities": _BESIDE_SPEC,
        "spec": "one `spec` is enough",
        **dict.fromkeys((*_CONTAINER_KEYS, "secrets"), _IN_CONTAINER),
    },
    model.Container: {
        **dict.fromkeys(("endpoints", "endpoint", "volumes", "volume"), "move it one level up, below `spec`"),
        **dict.fromkeys(("requests", "limits"), "move it below `resources`"),
        **dict.fromkeys(_AMOUNTS, "move it below `resources`, into requests and limits"),
        "serviceRoles": _BESIDE_SPEC,
        "capabilities": _BESIDE_SPEC,
    },
    model.Resources: dict.fromkeys(_AMOUNTS, "move it into requests and limits"),
    model.SecretObject: dict.fromkeys(("secretKeyRef", "envVarName", "directoryPath"), _BESIDE_IT),
    model.Secret: dict.fromkeys(("objectName", "objectReference"), "move it below snowflakeSecret"),
    model.Volume: {
        **dict.fromkeys(("iops", "throughput", "encryption", "initialContents"), _IN_BLOCK),
        **dict.fromkeys(("snapshotOnDelete", "snapshotDeleteAfter"), _IN_BLOCK),
        "fromSnapshot": "move it below blockConfig.initialContents",
        "metadataCache": "move it below stageConfig",
        "mountPath": "move it into a container's volumeMounts",
    },
    model.StageConfig: dict.fromkeys(("uid", "gid"), "move it one level up, beside `source`"),
    model.Endpoint: dict.fromkeys(("readinessProbe", "livenessProbe"), _IN_CONTAINER),
    model.Capabilities: dict.fromkeys(
        ("executeAsCaller", "enableCustomCredentials"), "move it below capabilities.securityContext"
    ),
}


def judge(table: Table, key: str) -> Verdict:
    """What a key that the table does not have should have been."""
    record = table.record
    if key in _MISPLACED.get(record, {}):
        return Verdict("SPCS032", _MISPLACED[record][key])
    bare = key.lower().replace("_", "").replace("-", "")
    if record in (model.Specification, model.Spec, model.Container) and bare in _STATEMENT:
        return Verdict("SPCS034", _STATEMENT[bare])
    if key in _KUBERNETES.get(record, {}):
        return Verdict("SPCS033", _KUBERNETES[record][key])
    known = ", ".join(table.fields)
    return Verdict("SPCS020", did_you_mean(key, table.fields) or f"remove it; known here: {known}")
