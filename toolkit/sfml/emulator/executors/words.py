"""The platform's messages about containers (Snowflake's "Monitoring services", container status changes)."""

PULL_FAILED = "Failed to pull image"
NOT_READY = "Readiness probe is failing at path: {path}, port: {port}"
OUT_OF_MEMORY = "Container was OOMKilled due to resource usage"
CANNOT_START = "Encountered fatal error while starting container"
RETRYING = "Encountered fatal error, retrying"
UNSCHEDULABLE = "Unschedulable due to insufficient {} resources"
# Snowflake has no public text for these.
ENGINE_LOST = "the container engine does not answer any more"
NOT_ALIVE = "Liveness probe is failing at path: {path}, port: {port}"
