"""URLs: which host they name, and which category it belongs to."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from sfml.analysis.findings import Category
from sfml.analysis.network import services
from sfml.analysis.values import HOLE

_URL = re.compile(r"^(?:git\+)?(https?|ftp|wss?|ssh|git)://", re.IGNORECASE)
_HOME = re.compile(r"^(?:localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|::1|host\.docker\.internal)$|\.localhost$")
_USUAL_PORTS = {"https": 443, "wss": 443, "ssh": 443}


def is_url(text: str) -> bool:
    """Whether a text is a URL that some host answers."""
    return bool(_URL.match(text))


def host_of(text: str) -> str | None:
    """The host of a URL as network rules write it (443 where no port is given), None where it is unknown."""
    try:
        parts = urlsplit(text.strip().removeprefix("git+"))
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or HOLE in host or "." not in host:
        return None
    port = port or (None if parts.scheme in _USUAL_PORTS else 80 if parts.scheme in {"http", "ws"} else None)
    return host if port in {None, 443} else f"{host}:{port}"


def is_home(text: str) -> bool:
    """Whether a URL names the machine that the script runs on."""
    try:
        host = urlsplit(text.strip()).hostname or ""
    except ValueError:
        return False
    return bool(_HOME.search(host))


def bucket_hosts(text: str) -> tuple[str, ...] | None:
    """The hosts behind ``s3://bucket/key`` and its like, None for other texts."""
    scheme, found, rest = text.partition("://")
    hosts = services.SCHEMES.get(scheme.lower()) if found else None
    if hosts is None:
        return None
    bucket = rest.split("/")[0].split("@")[-1]
    known = bool(bucket) and HOLE not in bucket
    return tuple(host.format(bucket if known else "*") for host in hosts)


def category_of(host: str, default: Category = Category.HTTP) -> Category:
    """The category that a host belongs to."""
    name = host.partition(":")[0]
    if name in services.BY_HOST:
        return services.BY_HOST[name]
    return next((c for domain, c in services.BY_DOMAIN.items() if name.endswith(domain)), default)


def is_local_path(text: str) -> bool:
    """Whether a text is plainly a path of the file system."""
    starts = ("./", "../", "/", "~", ".\\", "file:")
    return text.startswith(starts) or text in {"", ".", ".."} or "\\" in text
