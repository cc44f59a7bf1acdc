"""Frames are read back whatever the pieces are in which they come, and what is wrong is refused."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfml.tunnel.frames import MAX_MESSAGE, FrameError, FrameReader, Opcode, close_frame, encode, unmasked

KEY = b"\x37\xfa\x21\x3d"  # RFC 6455, section 5.7
MASKED_HELLO = bytes((0x81, 0x85)) + KEY + bytes((0x7F, 0x9F, 0x4D, 0x51, 0x58))

payloads = st.lists(st.binary(max_size=70_000) | st.binary(min_size=120, max_size=130), max_size=5)


def read(reader: FrameReader, *pieces: bytes) -> list[tuple[Opcode, bytes]]:
    return [message for piece in pieces for message in reader.feed(piece)]


@given(payloads=payloads, cuts=st.lists(st.integers(1, 5000), min_size=1), masked=st.booleans())
def test_reader__any_pieces__gives_the_messages(payloads: list[bytes], cuts: list[int], masked: bool) -> None:
    data = b"".join(encode(Opcode.BINARY, payload, masked=masked) for payload in payloads)
    pieces = []
    turn = 0
    while data:
        size = cuts[turn % len(cuts)]
        pieces.append(data[:size])
        data, turn = data[size:], turn + 1
    assert read(FrameReader(masked=masked), *pieces) == [(Opcode.BINARY, payload) for payload in payloads]


def test_reader__masked_example_of_the_rfc__gives_hello() -> None:
    assert read(FrameReader(masked=True), MASKED_HELLO) == [(Opcode.TEXT, b"Hello")]


@given(payload=st.binary(max_size=300), key=st.binary(min_size=4, max_size=4))
def test_unmasked__any_key__is_its_own_inverse(payload: bytes, key: bytes) -> None:
    expected = bytes(byte ^ key[index % 4] for index, byte in enumerate(payload))
    assert unmasked(payload, key) == expected


def test_reader__ping_between_fragments__comes_at_once() -> None:
    data = b"\x02\x02ab" + encode(Opcode.PING, b"p", masked=False) + b"\x80\x01c"
    assert read(FrameReader(masked=False), data) == [(Opcode.PING, b"p"), (Opcode.BINARY, b"abc")]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x82\x81\0\0\0\0a", "masks"),
        (b"\xc2\x01a", "reserved"),
        (b"\x83\x01a", "opcode"),
        (b"\x80\x01a", "continuation"),
        (b"\x02\x01a\x82\x01b", "continuation"),
        (b"\x09\x01a", "control"),
        (b"\x89\x7e\x00\x80", "control"),
        (b"\x82\x7f" + struct.pack("!Q", MAX_MESSAGE + 1), "more than"),
    ],
)
def test_reader__broken_frame__is_refused(data: bytes, words: str) -> None:
    with pytest.raises(FrameError, match=words):
        read(FrameReader(masked=False), data)


def test_reader__unmasked_frame_from_a_client__is_refused() -> None:
    with pytest.raises(FrameError, match="masks"):
        read(FrameReader(masked=True), encode(Opcode.BINARY, b"a", masked=False))


def test_reader__fragments_beyond_the_limit__are_refused() -> None:
    reader = FrameReader(masked=False)
    part = b"\x7f" + struct.pack("!Q", MAX_MESSAGE // 2 + 1) + bytes(MAX_MESSAGE // 2 + 1)
    read(reader, b"\x02" + part)
    with pytest.raises(FrameError, match="more than"):
        read(reader, b"\x00" + part)


def test_close_frame__code__is_its_payload() -> None:
    assert read(FrameReader(masked=False), close_frame(1011, masked=False)) == [(Opcode.CLOSE, b"\x03\xf3")]
