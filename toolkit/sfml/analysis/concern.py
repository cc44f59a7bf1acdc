"""Which calls can matter to the rules, all of them together."""

from __future__ import annotations

from sfml.analysis import flows, hardware, network
from sfml.analysis.facts import Concern
from sfml.analysis.hardware.devices import KEYWORDS

CONCERN = Concern(
    tails=flows.TAILS | hardware.TAILS | network.TAILS,
    pattern=flows.READERS,
    roots=network.ROOTS | hardware.ROOTS | {"snowflake"},
    keywords=frozenset({*KEYWORDS, *flows.FOLDERS, "weights", "pretrained"}),
    methods=network.METHODS | {"ultralytics": frozenset({"train", "predict", "val", "track", "export"})},
)
