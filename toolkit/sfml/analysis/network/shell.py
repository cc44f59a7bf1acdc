"""Hosts that programs contact which the script starts: git, wget, curl, pip and the clouds' own commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from sfml.analysis.commands import Command, pip_install
from sfml.analysis.conditions import Condition
from sfml.analysis.findings import Category, Evidence
from sfml.analysis.network.finder import Need
from sfml.analysis.network.services import GITHUB, GOOGLE_STORAGE, HUGGING_FACE, KAGGLE, PYPI, S3, WANDB
from sfml.analysis.network.urls import category_of, host_of, is_home, is_url

_SSH = re.compile(r"^[\w.-]+@([\w.-]+):")  # git@github.com:owner/name.git


def started(command: Command) -> Iterator[Need]:
    """What one program contacts."""
    install = pip_install(command)
    if install is not None:
        yield _need(command, Category.PYPI, PYPI)
        yield from direct_urls(install.requirements, command.condition, command.evidence)
        yield from _indexes(command, install.indexes)
        return
    rule = _PROGRAMS.get("python" if command.program.startswith("python") else command.program)
    if rule is not None:
        yield from rule(command)


def _need(command: Command, category: Category, hosts: tuple[str, ...]) -> Need:
    return Need(category, hosts, command.condition, command.evidence)


def _indexes(command: Command, urls: Iterable[str]) -> Iterator[Need]:
    for host in (host_of(url) for url in urls):
        if host and host not in PYPI:
            yield _need(command, Category.PYPI, (host,))


def direct_urls(requirements: Iterable[str], condition: Condition, where: Evidence) -> Iterator[Need]:
    """Hosts of requirements that are URLs: `git+https://…`, `name @ https://…`."""
    for line in requirements:
        url = line.partition("@ ")[2].strip() or line
        url = url.partition(" ;")[0].strip()
        if is_url(url):
            host = host_of(url)
            category = Category.GIT if url.startswith("git+") else category_of(host or "")
            yield Need(category, (host,) if host else (), condition, where)


def _git(command: Command) -> Iterator[Need]:
    if "clone" not in command.words[1:4]:
        return
    for word in command.words[2:]:
        ssh = _SSH.match(word)
        host = f"{ssh[1]}:22" if ssh else host_of(word) if is_url(word) else None
        if host:
            yield _need(command, Category.GIT, (host,))


def _download(command: Command) -> Iterator[Need]:
    for word in command.words[1:]:
        host = host_of(word) if is_url(word) and not is_home(word) else None
        if host:
            yield _need(command, category_of(host), (host,))


def _python(command: Command) -> Iterator[Need]:
    if command.words[1:4] == ("-m", "spacy", "download"):
        yield _need(command, Category.GIT, GITHUB)
    elif command.words[1:3] == ("-m", "nltk.downloader"):
        yield _need(command, Category.NLTK, ("raw.githubusercontent.com",))


def _wandb(command: Command) -> Iterator[Need]:
    if {"login", "sync", "online"} & set(command.words[1:2]):
        yield _need(command, Category.WANDB, WANDB)


def _fixed(category: Category, hosts: tuple[str, ...]) -> Callable[[Command], Iterator[Need]]:
    return lambda command: iter([_need(command, category, hosts)])


_PROGRAMS: dict[str, Callable[[Command], Iterator[Need]]] = {
    "git": _git,
    "python": _python,
    "wandb": _wandb,
    "kaggle": _fixed(Category.DATASET, KAGGLE),
    "hf": _fixed(Category.HUGGING_FACE, HUGGING_FACE),
    "huggingface-cli": _fixed(Category.HUGGING_FACE, HUGGING_FACE),
    **dict.fromkeys(("wget", "curl", "aria2c", "axel"), _download),
    **dict.fromkeys(("aws", "s5cmd"), _fixed(Category.CLOUD_STORAGE, S3)),
    **dict.fromkeys(("gsutil", "gcloud"), _fixed(Category.CLOUD_STORAGE, GOOGLE_STORAGE)),
    **dict.fromkeys(("az", "azcopy"), _fixed(Category.CLOUD_STORAGE, ("*.blob.core.windows.net",))),
}
