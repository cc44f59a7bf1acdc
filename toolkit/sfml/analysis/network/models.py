"""Hosted models: the OpenAI API at its own host or another, and libraries that route by a model's name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sfml.analysis.facts import Fact
from sfml.analysis.findings import Category
from sfml.analysis.network.finder import Finder, Need
from sfml.analysis.network.services import OPENAI, PROVIDERS
from sfml.analysis.network.urls import category_of, host_of, is_home
from sfml.analysis.seen import evidence
from sfml.analysis.tree import Store

_CLIENTS = re.compile(r"OpenAI$|OpenAIEmbeddings$|\.create$|\.acreate$|\.generate$")
_BASES = ("base_url", "api_base", "openai_api_base")
_ROUTERS = frozenset({"completion", "acompletion", "embedding", "LM", "init_chat_model"})


def openai(finder: Finder, fact: Fact, dotted: str) -> Iterator[Need]:
    """Clients of the OpenAI API; methods of a client were counted where it was made."""
    if "()" in dotted:
        return
    if "Azure" in dotted:
        texts = [t for name in ("azure_endpoint", *_BASES) for t in fact.value(name).texts]
        hosts = tuple(host for host in map(host_of, texts) if host)
        yield finder.need(fact, Category.LLM_API, hosts or ("*.openai.azure.com",))
    elif _CLIENTS.search(dotted):
        yield from _client(finder, fact)


def _client(finder: Finder, fact: Fact) -> Iterator[Need]:
    environment = finder.program.environment
    bases = [text for name in _BASES for text in fact.value(name).texts]
    bases += [base for name in ("OPENAI_BASE_URL", "OPENAI_API_BASE") if (base := environment(name))]
    if bases:
        yield from finder.urls(fact, bases[:1], default=Category.LLM_API)
    elif not any(True for _ in _assigned_bases(finder)):
        yield finder.service(fact, OPENAI)


def assigned(finder: Finder) -> Iterator[Need]:
    """`openai.api_base = "https://…"`."""
    for store, text in _assigned_bases(finder):
        host = host_of(text) if not is_home(text) else None
        if host:
            binding = store.binding
            where = evidence(binding.scope.module, store.base, f"openai.{store.key} = …")
            condition = finder.program.condition(binding.guard, binding.scope)
            yield Need(category_of(host, Category.LLM_API), (host,), condition, where)


def _assigned_bases(finder: Finder) -> Iterator[tuple[Store, str]]:
    names, evaluator = finder.program.names, finder.program.evaluator
    for name in ("api_base", "base_url"):
        for store in names.stores.get(name, ()):
            if names.dotted(store.base, store.binding.scope) == "openai":
                for text in evaluator.value(store.binding.node, store.binding.scope).texts[:1]:
                    yield store, text


def routed(finder: Finder, fact: Fact, dotted: str) -> Iterator[Need]:
    """litellm.completion(model="openai/…") and dspy.LM("…"): the model's name says whom to ask."""
    if dotted.rpartition(".")[2] not in _ROUTERS:
        return
    for text in fact.value("model", 0).texts[:1]:
        found = next((service for prefix, service in PROVIDERS.items() if text.startswith(prefix)), None)
        if found is not None:
            yield finder.service(fact, found)
