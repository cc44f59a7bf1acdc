"""Signed URLs: whoever holds one may move this one file, in this direction, for a while."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from enum import Enum
from urllib.parse import quote, urlencode

from sfml.emulator.results import Direction, Target


class Verdict(Enum):
    """What a URL is worth; gcs_storage_client.py asks for a new one on HTTP 400."""

    GOOD = 200
    EXPIRED = 400
    FORGED = 403


class Signer:
    """Makes and checks the URLs of one server; another server's are worth nothing."""

    def __init__(self, *, lifetime: float, clock: Callable[[], float] = time.time) -> None:
        self._key = secrets.token_bytes(32)
        self._lifetime = lifetime
        self._clock = clock

    def path(self, direction: Direction, target: Target, *, overwrite: bool) -> str:
        """Path and query of a URL below the server's address."""
        expires = str(int(self._clock() + self._lifetime))
        fields = {"op": direction.value, "overwrite": str(int(overwrite)), "expires": expires}
        signature = self._signature(target, fields)
        return f"/fs/{target.stage}/{quote(target.path)}?{urlencode({**fields, 'signature': signature})}"

    def check(self, direction: Direction, target: Target, query: Mapping[str, str]) -> Verdict:
        """Whether the URL permits this."""
        fields = {key: query.get(key, "") for key in ("op", "overwrite", "expires")}
        expected = self._signature(target, fields)
        if not hmac.compare_digest(expected, query.get("signature", "")) or fields["op"] != direction.value:
            return Verdict.FORGED
        return Verdict.EXPIRED if float(fields["expires"]) < self._clock() else Verdict.GOOD

    def _signature(self, target: Target, fields: Mapping[str, str]) -> str:
        text = "\n".join((str(target.stage), target.path, *fields.values()))
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()
