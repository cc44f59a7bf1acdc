"""The resumable stream: whatever is cut, and whenever, both sides get each other's bytes, each once."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfml.tunnel import messages
from sfml.tunnel.messages import Closed, ProtocolError
from sfml.tunnel.stream import Data, End, PlainStream, Stream

WINDOW = 64


@dataclass
class Side:
    """A stream, what it shall say, what it has passed on, and what waits here to be passed on."""

    to_say: bytes
    stream: Stream = field(default_factory=lambda: Stream(window=WINDOW))
    heard: bytes = b""
    waiting: list[bytes | None] = field(default_factory=list)
    ended: bool = False

    def say(self, size: int) -> None:
        size = min(size, self.stream.room)
        if size > 0 and self.to_say:
            self.stream.take(self.to_say[:size])
            self.to_say = self.to_say[size:]
        if not self.to_say:
            self.stream.end()

    def pass_on(self) -> None:
        if not self.waiting:
            return
        first = self.waiting.pop(0)
        if first is None:
            self.ended = True
        else:
            assert not self.ended
            self.heard += first
        self.stream.passed_on(1 if first is None else len(first))

    def receive(self, message: bytes) -> None:
        event = self.stream.receive(message)
        if isinstance(event, Data):
            self.waiting.append(bytes(event.payload))
        elif isinstance(event, End):
            self.waiting.append(None)


class Link:
    """Two sides and the messages under way; a cut loses those that the draw says."""

    def __init__(self, left: Side, right: Side) -> None:
        self.sides = (left, right)
        self.under_way: tuple[list[bytes], list[bytes]] = ([], [])
        self.connect()

    def connect(self) -> None:
        left, right = (side.stream for side in self.sides)
        at_left, at_right = left.received, right.received
        left.attach(at_right)
        right.attach(at_left)

    def send(self, index: int, most: int) -> None:
        for count, (head, payload) in enumerate(self.sides[index].stream.outgoing(), 1):
            self.under_way[index].append(head + payload)
            if count >= most:  # the connection is full: the rest stays with the stream
                return

    def arrive(self, index: int) -> None:
        if self.under_way[index]:
            self.sides[1 - index].receive(self.under_way[index].pop(0))

    def cut(self) -> None:
        for index, side in enumerate(self.sides):
            self.under_way[index].clear()
            side.stream.detach()
        self.connect()


ACTIONS = st.tuples(
    st.sampled_from(["say", "send", "arrive", "pass", "cut", "beat"]), st.integers(0, 1), st.integers(1, 40)
)


def act(link: Link, action: str, index: int, size: int) -> None:
    side = link.sides[index]
    if action == "say":
        side.say(size)
    elif action == "send":
        link.send(index, size)
    elif action == "arrive":
        link.arrive(index)
    elif action == "pass":
        side.pass_on()
    elif action == "beat":
        link.under_way[index].append(side.stream.acknowledgement())
    else:
        link.cut()
    assert side.stream.room <= WINDOW


@settings(max_examples=400)
@given(up=st.binary(max_size=400), down=st.binary(max_size=400), actions=st.lists(ACTIONS, max_size=120))
def test_stream__any_cuts_and_any_pieces__both_sides_get_all_bytes_once(
    up: bytes, down: bytes, actions: list[tuple[str, int, int]]
) -> None:
    link = Link(Side(up), Side(down))
    for action in actions:
        act(link, *action)
    for _ in range(400):  # and then the network is well again
        for index in (0, 1):
            for action in ("say", "send", "arrive", "pass"):
                act(link, action, index, 40)
        if all(side.stream.finished for side in link.sides):
            break
    left, right = link.sides
    assert (left.heard, right.heard) == (down, up)
    assert left.stream.finished
    assert right.stream.finished


def attached(window: int = WINDOW) -> Stream:
    stream = Stream(window=window)
    stream.attach(0)
    return stream


def test_room__nothing_acknowledged__ends_at_the_window() -> None:
    stream = attached()
    stream.take(bytes(WINDOW))
    assert stream.room == 0
    assert len(list(stream.outgoing())) == 1
    stream.receive(messages.positioned(messages.ACK, 10))
    assert stream.room == 10


def test_outgoing__not_attached__is_silent() -> None:
    stream = Stream()
    stream.take(b"a")
    assert list(stream.outgoing()) == []


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x10",
        b"\x55" + bytes(8),
        messages.positioned(messages.DATA, 1) + b"gap",
        messages.positioned(messages.END, 1),
        messages.positioned(messages.ACK, 1),
        messages.positioned(messages.ACK, 0) + b"more",
        messages.positioned(messages.DATA, 0) + bytes(WINDOW + messages.MAX_DATA + 1),
        bytes((messages.CLOSE,)),
    ],
)
def test_receive__broken_message__is_refused(message: bytes) -> None:
    with pytest.raises(ProtocolError):
        attached().receive(message)


def test_receive__bytes_after_the_end__are_refused() -> None:
    stream = attached()
    stream.receive(messages.positioned(messages.END, 0))
    with pytest.raises(ProtocolError, match="after the end"):
        stream.receive(messages.positioned(messages.DATA, 1) + b"late")


@pytest.mark.parametrize("position", [2, 5])
def test_attach__position_that_cannot_be__is_refused(position: int) -> None:
    stream = attached()
    stream.take(b"abc")
    list(stream.outgoing())
    stream.receive(messages.positioned(messages.ACK, 3))
    with pytest.raises(ProtocolError):
        stream.attach(position)


@given(st.binary(max_size=40))
def test_receive__any_bytes__an_event_or_refused(message: bytes) -> None:
    stream = attached()
    try:
        event = stream.receive(message)
    except ProtocolError:
        return
    assert event is None or isinstance(event, Data | End | Closed)


def test_receive__close__says_code_and_text() -> None:
    assert attached().receive(messages.closed(messages.TARGET, "no sshd")) == Closed(
        messages.TARGET, "no sshd"
    )


def test_plain_stream__bytes__go_as_they_are() -> None:
    stream = PlainStream()
    stream.take(b"SSH-2.0")
    assert list(stream.outgoing()) == [(b"", b"SSH-2.0")]
    event = stream.receive(b"raw")
    assert isinstance(event, Data)
    assert bytes(event.payload) == b"raw"
