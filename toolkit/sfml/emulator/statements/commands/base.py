"""What commands of several kinds share."""

from __future__ import annotations

from collections.abc import Mapping

from sfml.emulator.statements.names import ShowFilter

Options = Mapping[str, object]
ALL = ShowFilter()
