"""OmegaConf's configurations that the command line sets: ``OmegaConf.merge(base, OmegaConf.from_cli())``."""

from __future__ import annotations

from collections.abc import Iterable

from sfml.analysis.evaluate import Evaluator
from sfml.analysis.mappings import deep
from sfml.analysis.names import HYDRA
from sfml.analysis.seen import evidence
from sfml.analysis.tree import Call, Module
from sfml.analysis.values import Table


def learn(evaluator: Evaluator, modules: Iterable[Module]) -> None:
    """Compose what the merged configurations say, as the defaults of the keys that the command line sets."""
    for module in modules:
        if module.roots.get("OmegaConf") != "omegaconf" and "omegaconf" not in module.roots:
            continue
        for call in module.calls_of(("from_cli", "merge")):
            if evaluator.names.resolve(call.node, call.scope) == HYDRA:
                _merge(evaluator, call)


def _merge(evaluator: Evaluator, call: Call) -> None:
    arguments = evaluator.arguments
    arguments.hydra_file = arguments.hydra_file or evidence(call.scope.module, call.node)
    found = evaluator.value(call.node, call.scope).default
    if isinstance(found, Table):
        arguments.hydra = deep(arguments.hydra or Table(), found)
