"""Telling a WebSocket's messages from its pings."""

from __future__ import annotations

import pytest

from sfml.emulator.ingress.frames import Frames

PING, PONG, TEXT, MORE = 0x89, 0x8A, 0x81, 0x00


def frame(first: int, size: int, *, masked: bool) -> bytes:
    mask = 0x80 if masked else 0
    length = (
        bytes([mask | size]) if size < 126
        else bytes([mask | 126]) + size.to_bytes(2) if size < 1 << 16
        else bytes([mask | 127]) + size.to_bytes(8)
    )  # fmt: skip
    return bytes([first]) + length + (b"mask" if masked else b"") + b"\x89" * size


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("step", [1, 7, 1 << 20])
@pytest.mark.parametrize("size", [0, 1, 125, 126, 70_000])
def test_frames__message_in_pieces__is_seen_in_each(size: int, step: int, masked: bool) -> None:
    followed = Frames()
    data = frame(TEXT, size, masked=masked) + frame(MORE, 3, masked=masked)
    pieces = [data[at : at + step] for at in range(0, len(data), step)]
    assert [followed.carry(piece) for piece in pieces] == [True] * len(pieces)


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("step", [1, 5, 1000])
def test_frames__pings_alone__carry_nothing_until_a_message(step: int, masked: bool) -> None:
    followed = Frames()
    data = frame(PING, 125, masked=masked) + frame(PONG, 0, masked=masked) + frame(PING, 4, masked=masked)
    pieces = [data[at : at + step] for at in range(0, len(data), step)]
    assert [followed.carry(piece) for piece in pieces] == [False] * len(pieces)
    assert followed.carry(frame(TEXT, 1, masked=masked))
    assert not followed.carry(frame(PING, 0, masked=masked))
