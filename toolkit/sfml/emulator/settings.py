"""What the server was started with; every duration can be shortened by tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One server's options. Durations are in seconds."""

    state: Path
    host: str = "127.0.0.1"
    port: int = 0
    account: str = "LOCAL"
    user: str = "LOCAL"
    # Lifetimes: Snowflake's defaults are one hour for the session token and four for the master token.
    session_lifetime: float = 3600
    master_lifetime: float = 4 * 3600
    service_token_lifetime: float = 3600
    # After this long a statement that still runs is answered 333333 and the client asks again.
    answer_after: float = 45
    # A signed file URL is good for this long; one hour at the cloud stores.
    url_lifetime: float = 3600
    # A token of the image registry; clients get a new one by themselves (docker: not within a minute).
    registry_token_lifetime: float = 300
    # The ingress: Snowflake's idle limit; how long an endpoint has no address after CREATE (minutes there);
    # its own tokens; whether a connection ends with the token that it was opened with.
    ingress_idle: float = 90
    ingress_provisioning: float = 0
    ingress_token_lifetime: float = 3600
    ingress_cut_expired: bool = False
    # What the ingress does at worst: a new endpoint is not found for a while after it has an address; each
    # n-th request fails with 500, 503 or 504; a WebSocket's pings do not count as activity.
    ingress_spreading: float = 0
    ingress_fail_every: int = 0
    ingress_ignore_pings: bool = False
    # Public endpoints speak TLS, with a certificate of the state directory's own authority.
    ingress_tls: bool = False
    # The server ends after this long without a request and without a running job; None: never.
    idle_exit: float | None = None
    # "auto", "namespace" or "rewrite": how a job's fixed paths (/mnt/job_stage, ...) are provided.
    paths: str = "auto"
    # "process", "docker" (containers on this machine's engine), or "auto", which is "process".
    executor: str = "auto"
    # Containers that ask for a GPU get none and run, where they would wait for one that this machine lacks.
    fake_gpu: bool = False
