"""Which hosts a program contacts: by what it calls, and with which names and URLs."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator

from sfml.analysis.facts import Fact
from sfml.analysis.findings import Category, Network, Note
from sfml.analysis.network import hub, models, requests, trackers, weights
from sfml.analysis.network.finder import Finder, Need, is_offline
from sfml.analysis.network.services import BY_NAME, QUIET, Service
from sfml.analysis.network.shell import direct_urls, started
from sfml.analysis.program import Program
from sfml.analysis.tree import Scope

_ERROR_OR_TYPE = re.compile(r"(?:Error|Exception|Warning|Timeout|Params?|types\.\w+)$")


def network(program: Program, facts: Iterable[Fact]) -> tuple[tuple[Network, ...], tuple[Note, ...]]:
    """The hosts that a program contacts, by category, without those that installing its packages needs."""
    finder = Finder(program, list(facts))
    needs = [need for need in _needs(finder) if not need.condition.never]
    if finder.hub_is_off:
        needs = [need for need in needs if need.category is not Category.HUGGING_FACE]
    if finder.wandb_is_off:
        needs = [need for need in needs if need.category is not Category.WANDB]
    return grouped(needs), tuple(finder.notes)


def _needs(finder: Finder) -> Iterator[Need]:
    for fact in finder.facts:
        by_tail = _BY_TAIL.get(fact.tail)
        if by_tail is not None:
            yield from by_tail(finder, fact)
        # A class of the project that extends a library's contacts what that does.
        if fact.dotted and (not fact.is_local or isinstance(fact.symbol, Scope)):
            yield from _by_name(finder, fact, fact.dotted)
    for command in finder.program.commands:
        yield from started(command)
    yield from models.assigned(finder)


def _by_name(finder: Finder, fact: Fact, dotted: str) -> Iterator[Need]:
    if fact.root not in _ROOTS or _ERROR_OR_TYPE.search(dotted):
        return
    by_root = _BY_ROOT.get(fact.root)
    if by_root is not None:
        yield from by_root(finder, fact, dotted)
    service = service_of(dotted)
    if service is not None and not is_offline(fact):
        yield finder.service(fact, service)
    yield from requests.asked(finder, fact, dotted)


@functools.lru_cache(maxsize=4096)  # the same few names come in every module
def service_of(dotted: str) -> Service | None:
    """The service that a call of this name contacts, by the longest name in the table.

    Methods are not looked up: what they belong to was counted where it was made.
    """
    if "()." in dotted or dotted in QUIET:
        return None
    if dotted in BY_NAME:
        return BY_NAME[dotted]
    name = dotted.rpartition(".")[0]
    while name:
        key = f"{name}."
        if key in QUIET or key in BY_NAME:
            return None if key in QUIET else BY_NAME[key]
        name = name.rpartition(".")[0]
    return None


def grouped(needs: Iterable[Need]) -> tuple[Network, ...]:
    """One record for each category; needed ones before those that only an option brings."""
    found: dict[Category, list[Need]] = {}
    for need in needs:
        found.setdefault(need.category, []).append(need)
    records = []
    for category in sorted(found):
        sure = [need for need in found[category] if not need.condition.option]
        used = sure or found[category]
        hosts = sorted({host for need in used for host in need.hosts})
        lines = tuple(dict.fromkeys(need.evidence for need in used))
        records.append(Network(category=category, hosts=tuple(hosts), evidence=lines, optional=not sure))
    return tuple(sorted(records, key=lambda record: record.optional))


# Rules by the last part of what is called, whoever it belongs to.
_BY_TAIL: dict[str, Callable[[Finder, Fact], Iterator[Need]]] = {
    "from_pretrained": hub.from_pretrained,
    "load_dataset": hub.load_dataset,
    "push_to_hub": hub.push_to_hub,
    **dict.fromkeys(requests.WRITERS, requests.writes),
}
# Rules by the library that is called.
_BY_ROOT: dict[str, Callable[[Finder, Fact, str], Iterator[Need]]] = {
    **dict.fromkeys(hub.LOADER_ROOTS, hub.loaders),
    "accelerate": trackers.accelerate,
    "aiohttp": requests.sessions,
    "azure": weights.stores,
    "boto3": weights.aws,
    "dspy": models.routed,
    "git": requests.git,
    "httpx": requests.sessions,
    "keras": weights.keras,
    "langchain": models.openai,
    "langchain_openai": models.openai,
    "lightning": trackers.loggers,
    "litellm": models.routed,
    "llama_index": models.openai,
    "medmnist": weights.torchvision,
    "minio": weights.stores,
    "mlflow": trackers.mlflow,
    "openai": models.openai,
    "pytorch_lightning": trackers.loggers,
    "segmentation_models_pytorch": weights.segmentation_models,
    "tensorflow": weights.keras,
    "tensorflow_hub": weights.tf_hub,
    "timm": weights.timm,
    "torch": weights.torch,
    "torchaudio": weights.torchvision,
    "torchtext": weights.torchvision,
    "torchvision": weights.torchvision,
    "transformers": hub.transformers,
    "trl": hub.transformers,
    "ultralytics": weights.ultralytics,
    "wandb": trackers.wandb,
}

_ROOTS = requests.ROOTS | _BY_ROOT.keys() | {name.partition(".")[0] for name in BY_NAME}
# Of the libraries that every line of a training script calls, only what is named.
_BUSY = frozenset({"torch", "numpy", "matplotlib"})
TAILS = frozenset({*_BY_TAIL, *requests.TORCH_TAILS, "list", "help", "download"})
ROOTS = frozenset(_ROOTS - _BUSY)
METHODS = {
    **dict.fromkeys(("requests", "httpx", "aiohttp", "urllib3", "curl_cffi"), requests.VERBS),
    "boto3": frozenset({"client", "resource"}),
    "pyspark": frozenset({"csv", "json", "load", "orc", "parquet", "save", "text", "textFile"}),
}

__all__ = ["METHODS", "ROOTS", "TAILS", "Need", "direct_urls", "grouped", "network", "service_of"]
