"""YAML to data with positions: every document of a text, and everything about it that is not as it should be.

libyaml's parser composes the nodes where PyYAML was built with it; PyYAML's own does otherwise. No text makes
this module raise: what cannot be read is a fault like any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from sfml.specs.holes import Holes, cut
from sfml.specs.nesting import TOO_DEEP, is_too_deep, size_problem
from sfml.specs.problems import Path
from sfml.specs.resolve import Plain, Quirk, plain

Node = yaml.ScalarNode | yaml.SequenceNode | yaml.MappingNode
# How many values one document may hold once aliases are expanded; the largest real spec has some hundreds.
MAX_VALUES = 100_000
_TAG = "tag:yaml.org,2002:"


class _Untagged:
    """Leaves the meaning of scalars to resolve.py: PyYAML's own resolver costs a third of the parsing."""

    def resolve(self, _kind: object, _value: object, _implicit: object) -> str:
        return ""

    def descend_resolver(self, _node: object, _index: object) -> None:
        return

    def ascend_resolver(self) -> None:
        return


class PureComposer(
    _Untagged, yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser, yaml.composer.Composer
):
    """Composes nodes in Python."""

    def __init__(self, text: str) -> None:
        yaml.reader.Reader.__init__(self, text)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)
        yaml.composer.Composer.__init__(self)


_Libyaml: Any = yaml.CSafeLoader.__mro__[1] if yaml.__with_libyaml__ else object


class LibyamlComposer(_Untagged, _Libyaml):  # type: ignore[misc] # PyYAML's stubs leave its parser out
    """Composes nodes with libyaml, where PyYAML was built with it."""


_COMPOSER: type = LibyamlComposer if yaml.__with_libyaml__ else PureComposer


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """Something that the loader noticed: the rule, the position (from 1), the words, and the node, if any."""

    rule: str
    line: int
    column: int
    message: str
    fix: str
    node: Node | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """One document: plain data, the nodes behind it, and what was noticed while reading it."""

    data: Any
    node: Node
    faults: list[Fault]


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """A text's documents, the fault that ended the reading, if any, and its template expressions."""

    documents: list[Document]
    faults: list[Fault]
    holes: Holes


def load(text: str, *, composer: type = _COMPOSER) -> Loaded:
    """Every document of the text, up to the first place where it is not YAML."""
    holes = cut(text) if "{{" in text or "<%" in text or "&{" in text else Holes(text=text, values={})
    documents: list[Document] = []
    faults: list[Fault] = []
    try:
        if is_too_deep(holes.text):
            raise RecursionError
        for node in _compose(holes.text, composer):
            documents.append(_document(node, holes))  # noqa: PERF401 - those before a fault are kept
    except yaml.YAMLError as error:
        faults.append(_syntax(error, holes))
    except RecursionError:
        faults.append(_fault("SPCS008", None, TOO_DEEP, "a spec nests about ten levels"))
    return Loaded(documents=documents, faults=faults, holes=holes)


def _compose(text: str, composer: type) -> Iterator[Node]:
    parser: Any = composer(text)
    while parser.check_node():
        yield parser.get_node()


def _document(node: Node, holes: Holes) -> Document:
    if "*" in holes.text:
        problem = size_problem(node, limit=MAX_VALUES)
        if problem:
            fix = "write the values out, without anchors and aliases"
            return Document(data=None, node=node, faults=[_fault("SPCS008", node, problem, fix)])
    builder = _Builder(holes)
    data = builder.value(node)
    return Document(data=data, node=node, faults=builder.faults)


class _Builder:
    """Makes plain data of one document's nodes and notes what is odd about them."""

    __slots__ = ("faults", "fill")

    def __init__(self, holes: Holes) -> None:
        self.faults: list[Fault] = []
        self.fill = holes.fill if holes.text and (holes.values or holes.expressions) else None

    def value(self, node: Any) -> Any:
        """The data of a node."""
        kind = node.__class__
        if kind is yaml.ScalarNode:
            return self.scalar(node)
        if kind is yaml.MappingNode:
            return self.mapping(node)
        return [self.value(item) for item in node.value]

    def scalar(self, node: yaml.ScalarNode) -> Plain:
        raw: str = node.value
        if self.fill is not None:
            raw = self.fill(raw)
        if node.style and not node.tag:
            return raw
        if node.tag:
            return self.tagged(node, raw)
        value, quirk = plain(raw)
        if quirk:
            self.note_quirk(node, raw, value, quirk)
        return value

    def tagged(self, node: yaml.ScalarNode, raw: str) -> Plain:
        if node.tag == f"{_TAG}str":
            return raw
        if node.tag not in {f"{_TAG}{name}" for name in ("int", "float", "bool", "null")}:
            self.note("SPCS003", node, f"the tag {node.tag!r} means nothing in a spec", "remove the tag")
        return plain(raw)[0]

    def mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        data: dict[str, Any] = {}
        merged: list[Any] = []
        for key_node, value_node in node.value:
            if key_node.__class__ is not yaml.ScalarNode:
                self.note("SPCS012", key_node, "a key must be text, not a list or a map", _BRACES)
                continue
            key = key_node.value
            if key == "<<" and not key_node.style:
                merged.append(value_node)
                self.note("SPCS007", key_node, "the merge key << is not part of YAML 1.2", _MERGE)
                continue
            if self.fill is not None:
                key = self.fill(key)
            if key in data:
                self.note("SPCS006", key_node, f"the key {key!r} stands twice in this map", _TWICE)
            data[key] = self.value(value_node)
        for value_node in merged:
            self.merge(value_node, data)
        return data

    def merge(self, node: Any, data: dict[str, Any]) -> None:
        for source in node.value if node.__class__ is yaml.SequenceNode else [node]:
            if source.__class__ is not yaml.MappingNode:
                self.note("SPCS012", source, "<< takes a map or a list of maps", "name an anchor of a map")
                continue
            for key, value in self.mapping(source).items():
                data.setdefault(key, value)

    def note(self, rule: str, node: Node, message: str, fix: str) -> None:
        self.faults.append(_fault(rule, node, message, fix))

    def note_quirk(self, node: yaml.ScalarNode, raw: str, value: Plain, quirk: Quirk) -> None:
        rule = "SPCS010" if quirk is Quirk.BOOLEAN else "SPCS011"
        message, fix = _quirk_words(raw, value, quirk)
        # `respelled` matters only where the value becomes text: the checker asks for the place.
        self.faults.append(_fault("" if quirk is Quirk.RESPELLED else rule, node, message, fix))


_BRACES = "put template expressions in quotes"
_MERGE = "write the keys out; not every parser merges"
_TWICE = "keep one of the two; parsers differ in which one they take"


def _quirk_words(raw: str, value: Plain, quirk: Quirk) -> tuple[str, str]:
    quoted = f'put it in quotes to keep it as text: "{raw}"'
    if quirk is Quirk.BOOLEAN:
        word = "true" if value else "false"
        return (
            f"{raw} without quotes is the boolean {word} to some YAML parsers",
            f"{quoted}, or write {word}",
        )
    if quirk is Quirk.DATE:
        return f"{raw} without quotes is a date to some YAML parsers, and JSON has no dates", quoted
    return f"{raw} without quotes is read as the number {value}", quoted


def _fault(rule: str, node: Node | None, message: str, fix: str) -> Fault:
    line, column = (node.start_mark.line, node.start_mark.column) if node else (0, 0)
    return Fault(rule=rule, line=line + 1, column=column + 1, message=message, fix=fix, node=node)


def _syntax(error: yaml.YAMLError, holes: Holes) -> Fault:
    from sfml.specs.syntax import explain

    where = explain(error, holes.text)
    return Fault(rule=where.rule, line=where.line, column=where.column, message=where.message, fix=where.fix)


def position(document: Document, path: Path, *, at_key: bool) -> tuple[int, int]:
    """Line and column, from 1, of the value at the path or of its key; else of the nearest parent."""
    node: Any = document.node
    mark = node.start_mark
    for part in path:
        step = _step(node, part)
        if step is None:
            break
        key_node, node = step
        mark = key_node.start_mark if at_key and key_node is not None else node.start_mark
    return mark.line + 1, mark.column + 1


def _step(node: Any, part: str | int) -> tuple[Any, Any] | None:
    if isinstance(part, int):
        inside = node.__class__ is yaml.SequenceNode and part < len(node.value)
        return (None, node.value[part]) if inside else None
    if node.__class__ is not yaml.MappingNode:
        return None
    found = [pair for pair in node.value if pair[0].value == part]
    if found:
        return found[-1]  # type: ignore[no-any-return] # the stubs of PyYAML leave a node's value untyped
    merges = [value for key, value in node.value if key.value == "<<"]
    sources = [s for m in merges for s in (m.value if m.__class__ is yaml.SequenceNode else [m])]
    return next((step for source in sources if (step := _step(source, part))), None)


def path_of(document: Document, wanted: Node) -> Path:
    """Where in the data a node is; empty if it is the whole document."""
    pending: list[tuple[Any, Path]] = [(document.node, ())]
    while pending:
        node, path = pending.pop()
        if node is wanted:
            return path
        if node.__class__ is yaml.MappingNode:
            for key, value in node.value:
                if key is wanted:
                    return (*path, str(key.value))
                pending.append((value, (*path, str(key.value))))
        elif node.__class__ is yaml.SequenceNode:
            pending.extend((item, (*path, index)) for index, item in enumerate(node.value))
    return ()
