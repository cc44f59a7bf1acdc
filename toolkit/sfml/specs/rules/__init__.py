"""Every rule, in the order of its id."""

from __future__ import annotations

from collections.abc import Mapping

from sfml.specs.rules import containers, endpoints, files, kinds, resources, secrets, structure, volumes
from sfml.specs.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    *files.RULES,
    *structure.RULES,
    *containers.RULES,
    *secrets.RULES,
    *resources.RULES,
    *volumes.RULES,
    *endpoints.RULES,
    *kinds.RULES,
)
BY_ID: Mapping[str, Rule] = {rule.id: rule for rule in RULES}
