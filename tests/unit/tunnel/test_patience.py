"""What the tunnel's first connection waits for, and what it gives up at once."""

from __future__ import annotations

import pytest

from sfml.tunnel import patience
from sfml.tunnel.dial import AnsweredError
from sfml.tunnel.patience import Patience, TunnelError, connect_first


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_BACK_OFF", (0.0,))


def attempts(*answers: tuple[int, str]) -> int:
    """How often it was tried, where these are the first answers, and then it opens."""
    tried: list[int] = []

    def open_one(_: int) -> None:
        tried.append(1)
        if len(tried) <= len(answers):
            raise AnsweredError(*answers[len(tried) - 1])

    connect_first(open_one, Patience())
    return len(tried)


def test_connect_first__what_passes__is_tried_again() -> None:
    spreading = (403, '{"detail": "could not find service BOX"}')
    assert attempts(spreading, spreading, (503, ""), (500, ""), (504, ""), (429, "")) == 7


@pytest.mark.parametrize(
    "answer", [(403, "this box belongs to another user"), (404, "could not find service")]
)
def test_connect_first__refusal__is_final(answer: tuple[int, str]) -> None:
    with pytest.raises(TunnelError, match=f"HTTP {answer[0]}"):
        attempts(answer, answer)  # some are tried once more, with another token
