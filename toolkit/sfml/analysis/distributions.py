"""From the name of an import to the distribution that provides it; the standard library left out."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

# Modules by the Python that first had them, and that no longer has them ("What's new" of 3.11 to 3.14).
_ADDED = {"tomllib": (3, 11), "annotationlib": (3, 14), "compression": (3, 14)}
_REMOVED = {
    **dict.fromkeys(("asynchat", "asyncore", "distutils", "imp", "smtpd"), (3, 12)),
    **dict.fromkeys(
        (
            "aifc",
            "audioop",
            "cgi",
            "cgitb",
            "chunk",
            "crypt",
            "imghdr",
            "lib2to3",
            "mailcap",
            "msilib",
            "nis",
            "nntplib",
            "ossaudiodev",
            "pipes",
            "sndhdr",
            "spwd",
            "sunau",
            "telnetlib",
            "uu",
            "xdrlib",
        ),
        (3, 13),
    ),
}
# Python 2's names, and modules that only one place has: nothing on an index stands behind them.
_NOWHERE = frozenset(
    {
        "cPickle",
        "cStringIO",
        "ConfigParser",
        "Queue",
        "StringIO",
        "Tkinter",
        "__builtin__",
        "commands",
        "dbutils",
        "exceptions",
        "httplib",
        "kaggle_secrets",
        "pyspark_dbutils",
        "urllib2",
        "urlparse",
        "xmlrpclib",
    }
)


@dataclass(frozen=True, slots=True)
class Entry:
    """The usual distribution of an import, and others that provide the same module."""

    usual: str
    others: tuple[str, ...] = ()


def normalized(name: str) -> str:
    """A distribution's name in the form that all spellings share (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def is_standard(module: str, python: tuple[int, int]) -> bool:
    """Whether a top-level module is part of a Python's standard library."""
    if module in _REMOVED:
        return python < _REMOVED[module]
    if module in _ADDED:
        return python >= _ADDED[module]
    return module in sys.stdlib_module_names or module in sys.builtin_module_names


def added_in(module: str) -> tuple[int, int] | None:
    """The Python that first had a standard module, where that is newer than the oldest runtime."""
    return _ADDED.get(module)


def removed_in(module: str) -> tuple[int, int] | None:
    """The Python that no longer has a standard module."""
    return _REMOVED.get(module)


def is_nowhere(module: str) -> bool:
    """Whether no distribution can provide a module."""
    return module in _NOWHERE or module.startswith("_")


def _data_lines(name: str) -> Iterator[str]:
    text = files("sfml.analysis").joinpath("data", name).read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            yield line


@cache
def table() -> dict[str, Entry]:
    """The table of imports, by dotted name."""
    found: dict[str, Entry] = {}
    for line in _data_lines("distributions.txt"):
        name, *distributions = line.split()
        usual, *others = distributions or [normalized(name)]
        found[name] = Entry(usual, tuple(others))
    return found


@cache
def known_modules() -> frozenset[str]:
    """Top-level names that the table knows as packages."""
    return frozenset(name.partition(".")[0] for name in table())


@cache
def runtime_packages() -> frozenset[str]:
    """What a job finds installed, when nothing better is known."""
    return frozenset(_data_lines("runtime.txt"))


@cache
def entry_for(dotted: str) -> Entry | None:
    """The table's entry for an import: that of the longest name it begins with."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        found = table().get(".".join(parts[:length]))
        if found is not None:
            return found
        pattern = table().get(".".join([*parts[: length - 1], "*"]))
        if pattern is not None:
            part = normalized(parts[length - 1])
            return Entry(
                pattern.usual.replace("*", part), tuple(o.replace("*", part) for o in pattern.others)
            )
    return None


def declared_for(names: Iterable[str], declared: Collection[str]) -> str | None:
    """The declared distribution that provides an import, by the table or by its own name."""
    for dotted in names:
        entry = entry_for(dotted)
        for name in (entry.usual, *entry.others) if entry is not None else ():
            if name in declared:
                return name
    for dotted in names:
        parts = dotted.split(".")
        for length in range(len(parts), 0, -1):
            name = normalized("-".join(parts[:length]))
            if name in declared:
                return name
    return _by_resemblance(next(iter(names), ""), declared)


def _by_resemblance(dotted: str, declared: Collection[str]) -> str | None:
    """python-foo, pyfoo, foo-python and py-foo, for an import foo that the table does not know."""
    top = dotted.partition(".")[0]
    if not top or entry_for(dotted) is not None:
        return None
    name = normalized(top)
    for form in (f"python-{name}", f"py{name}", f"py-{name}", f"{name}-python", f"{name}-py", f"{name}py"):
        if form in declared:
            return form
    return None
