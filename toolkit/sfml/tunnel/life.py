"""Signs of life on one connection: when one of ours is due, and when the other side's have stayed away."""

from __future__ import annotations


class Signs:
    """Moments in seconds of any clock that only goes forward."""

    def __init__(self, now: float, *, heartbeat: float, silence: float) -> None:
        self._heartbeat, self._silence = heartbeat, silence
        self._heard = self._said = self._asked = now

    def heard(self, now: float) -> None:
        """Something came."""
        self._heard = now

    def said(self, now: float) -> None:
        """Something left."""
        self._said = now

    def asked(self, now: float) -> None:
        """A ping left, which the other side answers."""
        self._said = self._asked = now

    @property
    def due_at(self) -> float:
        """When a ping is due: also where bytes go one way only, to a side that says nothing by itself."""
        return min(self._said, max(self._heard, self._asked)) + self._heartbeat

    @property
    def lost_at(self) -> float:
        """When nothing has been heard for so long that the connection counts as lost."""
        return self._heard + self._silence
