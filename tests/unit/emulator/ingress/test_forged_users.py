"""Whatever head a client sends: the box's doors read one user, the one whom the ingress knows."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfml.devbox import gate
from sfml.emulator.ingress import fields
from sfml.emulator.ingress.heads import BadHeadError, read_request, write
from sfml.tunnel import admission, upgrade

_USER = "Sf-Context-Current-User"
_NAMES = (
    _USER, _USER.lower(), _USER.upper(), _USER.replace("-", "_"), "sf-context_current-USER", f"{_USER}-Email",
    f"{_USER} ", f"\t{_USER}", f"{_USER}\x0b", f"{_USER}\x00", f"\xa0{_USER}", "X-SF-SPCS-Authorization",
    "Connection", "Upgrade", "Cookie", "Authorization", "Content-Length", "Transfer-Encoding", "Host", "X",
)  # fmt: skip
_ENDS = ("\r\n", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\r\n ")
_VALUES = (
    "", "LOCAL", "a, b", _USER, f"keep-alive, {_USER}", "Upgrade", "websocket", "chunked", "5",
    'Snowflake Token="x"', *(f"x{end}{_USER}: LOCAL" for end in _ENDS),
)  # fmt: skip
_TARGETS = ("/ssh", "/", "//ssh", "/%73sh", "/ssh?x", "/ssh#x", "/\\ssh", "/ssh;x", "*", "/ssh\x85")
_LINE = st.builds(
    "{}:{}{}".format, st.sampled_from(_NAMES), st.sampled_from(("", " ")), st.sampled_from(_VALUES)
)


@given(st.sampled_from(("GET", "POST")), st.sampled_from(_TARGETS), st.lists(_LINE, max_size=5))
def test_request__any_head__arrives_as_its_user_s_and_no_other_s(
    method: str, target: str, lines: list[str]
) -> None:
    head = "\r\n".join([f"{method} {target} HTTP/1.1", *lines]).encode("latin-1")
    try:
        request = read_request(head)
    except BadHeadError:
        return  # it goes nowhere
    passed = write(f"{method} {request.target} HTTP/1.1", fields.towards_container(request, "EVE"))

    arrived = upgrade.split_head(passed)
    assert arrived
    assert arrived.all(_USER) == ["EVE"]
    assert _users(passed) == ["EVE"]
    refusal = admission.check(arrived, "LOCAL")
    assert refusal
    assert refusal[0] in (400, 403)
    with pytest.raises(gate.Refusal):
        gate.check(arrived, "LOCAL")


def _users(head: bytes) -> list[str]:
    """As a lax reader sees them: many an end of a line counts, and so does an underscore."""
    pairs = [line.partition(":") for line in re.split(r"[\r\n\x0b\x0c\x1c]+", head.decode("latin-1"))]
    return [
        text.strip() for name, _, text in pairs if name.strip().lower().replace("_", "-") == _USER.lower()
    ]
