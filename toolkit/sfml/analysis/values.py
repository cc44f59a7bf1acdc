"""What an expression may be worth: the constants that it can come out as, and who can change them."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

HOLE = "\0"  # stands in a string for a part that is known only when the script runs
_MOST_OPTIONS = 24


@dataclass(frozen=True, slots=True)
class Value:
    """Candidates for the worth of an expression, the one that holds by default first.

    ``origins`` are the options and variables that it depends on; ``head`` those that give a path its
    beginning, and so decide where a file goes. ``gpu``: which candidate it is depends on whether there is
    a GPU, the first one being that with a GPU. ``complete``: there are no other candidates.
    """

    options: tuple[Any, ...] = ()
    complete: bool = False
    origins: frozenset[str] = frozenset()
    head: frozenset[str] = frozenset()
    gpu: bool = False
    path: bool = False  # it was put together as a path
    unsure: bool = False  # something that only the run knows chooses between the candidates

    @property
    def default(self) -> Any:
        """The first candidate, or None."""
        return self.options[0] if self.options else None

    @property
    def texts(self) -> list[str]:
        """The candidates that are strings."""
        return [option for option in self.options if isinstance(option, str)]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A mapping whose values are known one by one. ``origin``: the configuration key it stands under."""

    items: dict[Any, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A list or tuple whose elements are known one by one."""

    items: tuple[Value, ...] = ()


UNKNOWN = Value()
TRUE = Value((True,), complete=True)
FALSE = Value((False,), complete=True)
HAS_GPU = Value((True, False), complete=True, gpu=True)  # yes where there is one


def known(*options: Any) -> Value:
    """A value that is one of these constants."""
    return Value(options, complete=True)


def depends(*options: Any, gpu: bool = False, origins: Iterable[str] = ()) -> Value:
    """A value that options, variables or the presence of a GPU decide."""
    names = frozenset(origins)
    return Value(options, complete=gpu, origins=names, head=names, gpu=gpu)


def union(first: Value, second: Value, *, gpu: bool = False) -> Value:
    """Either of two values, the first by default."""
    options = list(first.options)
    options += [option for option in second.options if not _has(options, option)]
    return Value(
        tuple(options[:_MOST_OPTIONS]),
        complete=first.complete and second.complete,
        origins=first.origins | second.origins,
        head=first.head | second.head,
        gpu=gpu or first.gpu or second.gpu,
        path=first.path or second.path,
        unsure=first.unsure or second.unsure,
    )


def _has(options: list[Any], option: Any) -> bool:
    return any(option is other or (type(option) is type(other) and option == other) for other in options)


def mapped(value: Value, change: Callable[[Any], Any]) -> Value:
    """The value with each candidate changed; candidates for which ``change`` fails are dropped."""
    options: list[Any] = []
    complete = value.complete
    for option in value.options:
        try:
            options.append(change(option))
        except (TypeError, ValueError, AttributeError, IndexError, KeyError, OverflowError):
            complete = False
    return replace(value, options=tuple(options), complete=complete)


def joined(parts: list[Value], glue: Callable[[list[str]], str], *, path: bool = False) -> Value:
    """Strings put together from parts; what is unknown becomes a hole.

    Takes the default of each part, and the alternatives of one part at a time. A path's beginning is the
    first part that is not empty ("" is where the script runs).
    """
    if not parts:
        return known("")
    defaults = [_text(part.default) if part.options else HOLE for part in parts]
    options = [glue(defaults)]
    for position, part in enumerate(parts):
        others = defaults[:position], defaults[position + 1 :]
        options += [glue([*others[0], _text(o), *others[1]]) for o in part.options[1:_MOST_OPTIONS]]
    return Value(
        tuple(dict.fromkeys(options))[:_MOST_OPTIONS],
        complete=all(part.complete for part in parts),
        origins=frozenset().union(*(part.origins for part in parts)),
        head=_head(parts, path=path),
        gpu=any(part.gpu for part in parts),
        path=path or parts[0].path,
    )


def _head(parts: list[Value], *, path: bool) -> frozenset[str]:
    for part in parts:
        if part.head:
            return part.head
        if part.options and (not path or part.default not in {"", ".", "./"}) and part.default != "":
            return frozenset()
        if not part.options:
            return frozenset()
    return frozenset()


def _text(option: Any) -> str:
    if isinstance(option, str):
        return option
    return str(option) if isinstance(option, (int, float, bool)) else HOLE


def path_join(parts: list[str]) -> str:
    """os.path.join as it works where the job runs."""
    try:
        return posixpath.join(*parts) if parts else ""
    except (TypeError, ValueError):
        return HOLE


def truths(value: Value) -> list[bool]:
    """What the candidates are worth in a condition, without repeats."""
    return list(dict.fromkeys(_truth(option) for option in value.options))


def _truth(option: Any) -> bool:
    if isinstance(option, (Table, Row)):
        return bool(option.items)
    return bool(option)


def leaves(value: Value) -> Iterator[Value]:
    """The value itself, or the values within the lists and mappings that it is."""
    nested = [option for option in value.options if isinstance(option, (Table, Row))]
    if not nested:
        yield value
    for option in nested:
        for item in option.items.values() if isinstance(option, Table) else option.items:
            yield from leaves(item)
