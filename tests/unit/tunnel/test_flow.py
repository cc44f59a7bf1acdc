"""Bytes leave in their order, whatever the other side takes at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from sfml.tunnel.flow import Outlet


@dataclass
class Narrow:
    """Takes so many bytes with each call, as long as there are numbers; then nothing."""

    sizes: list[int]
    taken: bytes = b""
    calls: list[int] = field(default_factory=list)

    def write(self, pieces: Sequence[bytes | memoryview]) -> int:
        data = b"".join(pieces)
        self.calls.append(len(pieces))
        size = min(self.sizes.pop(0), len(data)) if self.sizes else 0
        self.taken += data[:size]
        return size


@given(pieces=st.lists(st.binary(max_size=50), max_size=40), sizes=st.lists(st.integers(0, 60), max_size=40))
def test_flush__any_sizes_taken__order_is_kept_and_the_rest_waits(
    pieces: list[bytes], sizes: list[int]
) -> None:
    sink = Narrow(sizes)
    outlet = Outlet(sink.write)
    outlet.add(*pieces)
    gone = outlet.flush()
    assert gone == len(sink.taken)
    assert outlet.size == len(b"".join(pieces)) - gone
    sink.sizes = [1000] * 50
    outlet.flush()
    assert sink.taken == b"".join(pieces)
    assert outlet.size == 0


@given(lent=st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=5), taken=st.integers(0, 100))
def test_flush_lent__memory_used_again_afterwards__what_waits_is_as_it_was(
    lent: list[bytes], taken: int
) -> None:
    sink = Narrow([taken])
    outlet = Outlet(sink.write)
    outlet.add(b"before")
    memory = [bytearray(piece) for piece in lent]
    for piece in memory:
        outlet.lend(memoryview(piece))
    outlet.flush_lent()
    for piece in memory:
        piece[:] = bytes(len(piece))
    sink.sizes = [1000] * 20
    outlet.flush()
    assert sink.taken == b"before" + b"".join(lent)


def test_clear__bytes_wait__are_forgotten() -> None:
    outlet = Outlet(Narrow([]).write)
    outlet.add(b"old")
    outlet.flush()
    outlet.clear()
    assert outlet.size == 0
    assert outlet.flush() == 0
