"""One walk through a document's data: the grammar's tables and every rule, each at its place.

Nothing is looked up for what is right: a path is a chain of (parent, key) pairs that becomes a position only
where there is a problem to report.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from sfml.specs import model, scalars
from sfml.specs.grammar import Field, Table, table_of
from sfml.specs.keys import judge
from sfml.specs.problems import Finding, Path, server_path
from sfml.specs.rules import RULES
from sfml.specs.rules.containers import is_foreign
from sfml.specs.rules.rule import Check
from sfml.specs.scalars import Accept
from sfml.specs.scope import Knowledge, Scope, Target, templated
from sfml.specs.suggest import nearest
from sfml.specs.words import kind_of, placeholder, shown

# The way to a value from the top: its parent's way and its key.
At = tuple[Any, str | int] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A finding at its path from the top of the document, with the rule that it breaks."""

    rule: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class Slot:
    """One key of a map, ready to be checked: ``accept`` alone decides where the field is a single plain "
    "value."""

    field: Field
    accept: Accept | None
    plan: Plan | None
    checks: tuple[tuple[str, Check], ...]
    discouraged: bool
    more: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """One kind of map, ready to be checked."""

    table: Table
    slots: dict[str, Slot]
    required: tuple[str, ...]
    checks: tuple[tuple[str, str, Check], ...]


def _rules_at(record: type, key: str, known: Knowledge) -> tuple[tuple[str, str, Check], ...]:
    """The rules at a place, each with the key that it waits for; without those that need to know more."""
    return tuple(
        (rule.id, rule.given, rule.check)
        for rule in RULES
        if rule.check and (record, key) in rule.on and rule.needs in known
    )


@cache
def plan_of(record: type, known: Knowledge) -> Plan:
    """The plan for one of model.py's types."""
    table = table_of(record)
    slots: dict[str, Slot] = {}
    for key, field in table.fields.items():
        plain = field.scalar and not (field.table or field.many or field.free)
        accept = field.scalar.accept if field.scalar and plain else None
        checks = tuple((rule, run) for rule, _, run in _rules_at(record, key, known))
        below = plan_of(field.table.record, known) if field.table else None
        slots[key] = Slot(field, accept, below, checks, bool(field.warned), bool(checks or field.warned))
        if field.legacy:
            slots[field.legacy] = replace(slots[key], discouraged=True, more=True)
    return Plan(table, slots, table.required, _rules_at(record, "", known))


def check(data: Any, target: Target) -> list[Found]:
    """Everything wrong with one document's data."""
    if type(data) is not dict:
        message = f"a specification is a map that begins with `spec:`; this is {kind_of(data)}"
        return [Found(rule="SPCS022", finding=Finding(message=message))]
    outer, at = _hidden(data)
    data = data[outer] if outer else data
    spec = data.get("spec")
    walk = _Walk(Scope(spec if type(spec) is dict else {}, target))
    if outer:
        message = f"the specification stands below {outer!r}"
        walk.report("SPCS032", at, Finding(message=message, fix="begin the file with `spec:`", at_key=True))
    walk.map(data, plan_of(model.Specification, target.knowledge), at)
    return walk.found


def _hidden(data: dict[str, Any]) -> tuple[str, At]:
    """The one key that the whole specification stands below, if there is one."""
    key, value = next(iter(data.items())) if len(data) == 1 else ("", None)
    return (key, (None, key)) if key != "spec" and type(value) is dict and "spec" in value else ("", None)


class _Walk:
    """Collects what is wrong on one way through a document."""

    __slots__ = ("found", "scope")

    def __init__(self, scope: Scope) -> None:
        self.found: list[Found] = []
        self.scope = scope

    def map(self, value: dict[str, Any], plan: Plan, at: At) -> None:  # noqa: C901 - a call less per map
        slots = plan.slots
        scope = self.scope
        for key, item in value.items():
            slot = slots.get(key)
            if slot is None:
                self.unknown_key(plan.table, key, at)
                continue
            if slot.accept is None:
                self.nested(slot, item, (at, key))
            elif not slot.accept(item):
                self.wrong(slot.field, item, (at, key))
            if slot.more:
                self.more(slot, key, value, at)
        for key in plan.required:
            if key not in value and plan.slots[key].field.legacy not in value:
                self.missing(key, at)
        for rule, given, run in plan.checks:
            if not given or given in value:
                for finding in run(value, scope):
                    self.report(rule, at, finding)

    def more(self, slot: Slot, key: str, value: dict[str, Any], at: At) -> None:
        if slot.discouraged:
            self.discouraged(slot, key, value, at)
        for rule, run in slot.checks:
            for finding in run(value[key], self.scope):
                self.report(rule, (at, key), finding)

    def nested(self, slot: Slot, value: Any, at: At) -> None:
        field = slot.field
        if field.many:
            self.items(slot, value, at)
        elif field.free:
            self.free(field, value, at)
        elif type(value) is dict:
            if slot.plan:
                self.map(value, slot.plan, at)
        elif not (field.scalar and field.scalar.accept(value)):
            self.wrong(field, value, at)

    def items(self, slot: Slot, value: Any, at: At) -> None:
        field = slot.field
        if type(value) is not list:
            self.wrong(field, value, at)
            return
        most = field.items.high
        if len(value) < field.items.low or (most is not None and len(value) > most):
            self.count(field, len(value), at)
        if slot.plan:
            plan = slot.plan
            for index, item in enumerate(value):
                if type(item) is dict:
                    self.map(item, plan, (at, index))
                elif not templated(item):
                    self.wrong_kind(item, "a map", (at, index))
        elif field.scalar:
            for index, item in enumerate(value):
                if not field.scalar.accept(item):
                    self.wrong(field, item, (at, index))

    def free(self, field: Field, value: Any, at: At) -> None:
        if type(value) is not dict:
            self.wrong(field, value, at)
        elif field.scalar:
            accept = field.scalar.accept
            for key, item in value.items():
                if not accept(item):
                    self.wrong(field, item, (at, key))

    def unknown_key(self, table: Table, key: str, at: At) -> None:
        if templated(key):
            return
        rule, fix = judge(table, key)
        where = server_path(_path(at))
        message = f"unknown option {key!r} " + (f"for {where!r}" if where else "at the top")
        self.report(rule, at, Finding(path=(key,), message=message, fix=fix, at_key=True))

    def missing(self, key: str, at: At) -> None:
        where = server_path(_path(at))
        message = f"missing {key!r}" + (f" for {where!r}" if where else "")
        self.report("SPCS021", at, Finding(message=message, fix=f"add {key}", at_key=True))

    def discouraged(self, slot: Slot, key: str, value: dict[str, Any], at: At) -> None:
        field = slot.field
        if field.warned:
            message = f"{key} is in no current documentation"
            self.report(field.warned, at, Finding(path=(key,), message=message, fix=field.about, at_key=True))
        elif field.key in value:
            message = f"{key} and {field.key} stand side by side; one of them is lost"
            fix = f"move everything below {field.key}"
            self.report("SPCS035", at, Finding(path=(key,), message=message, fix=fix, at_key=True))
        else:
            message = f"{key} is an old spelling of {field.key}"
            fix = f"write {field.key}"
            self.report("SPCS029", at, Finding(path=(key,), message=message, fix=fix, at_key=True))

    def count(self, field: Field, count: int, at: At) -> None:
        bounds = field.items
        range_ = f"{bounds.low} or more" if bounds.high is None else f"{bounds.low} to {bounds.high}"
        message = f"{field.key} has {count} items; it takes {range_}"
        self.report("SPCS025", at, Finding(message=message, at_key=True))

    def wrong(self, field: Field, value: Any, at: At) -> None:
        """A value that the field does not accept; nothing, if a template expression stands for it."""
        if templated(value):
            return
        if value is None and not field.required:
            message = f"{field.key} has no value"
            self.report(
                "SPCS026", at, Finding(message=message, fix="give it one, or leave it out", at_key=True)
            )
        elif field.key == "env" and type(value) is list and not _is_item(field, at):
            message = "env is a map of names to values, not a list"
            self.report(
                "SPCS047", at, Finding(message=message, fix="write NAME: value below env", at_key=True)
            )
        elif field.scalar and _is_item(field, at) and type(value) not in (list, dict):
            self.wrong_value(field.scalar, value, at)
        else:
            self.wrong_kind(value, _wanted(field, at), at, rule=_kind_rule(field, at))

    def wrong_kind(self, value: Any, wanted: str, at: At, *, rule: str = "SPCS022") -> None:
        key = server_path(_path(at))
        message = f"{key} takes {wanted}; this is {kind_of(value)}"
        fix = ""
        if wanted.startswith("a list of") and type(value) is str:
            fix = f"write [{', '.join(value.split())}]"
        elif type(value) is dict and None in value.values():
            fix = "a value that begins with { needs quotes"
        self.report(rule, at, Finding(message=message, fix=fix))

    def wrong_value(self, scalar: scalars.Scalar, value: Any, at: At) -> None:
        if type(value) is str:
            if placeholder(value):
                message = f"{shown(value)} still has a placeholder in it"
                self.report("SPCS013", at, Finding(message=message, fix="fill it in"))
                return
            if scalar is scalars.IMAGE and is_foreign(value):
                return  # SPCS041 says what to do
        message = f"{shown(value)} is not {scalar.wanted}"
        self.report(scalar.rule, at, Finding(message=message, fix=_better(scalar, value)))

    def report(self, rule: str, at: At, finding: Finding) -> None:
        path = (*_path(at), *finding.path)
        whole = Finding(path=path, message=finding.message, fix=finding.fix, at_key=finding.at_key)
        self.found.append(Found(rule=rule, finding=whole))


def _path(at: At) -> Path:
    parts: list[str | int] = []
    while at is not None:
        at, part = at
        parts.append(part)
    return tuple(reversed(parts))


def _is_item(field: Field, at: At) -> bool:
    """Whether the place is that of a single value: the field itself, or one item of its list or map."""
    return (at is not None and at[1] != field.key) if field.many or field.free else True


def _wanted(field: Field, at: At) -> str:
    if field.many and not _is_item(field, at):
        return f"a list of {'maps' if field.table else 'text'}"
    if field.free and not _is_item(field, at):
        return "a map of names to values"
    if field.scalar and field.table:
        return "text or a map"
    return field.scalar.wanted if field.scalar else "a map"


def _kind_rule(field: Field, at: At) -> str:
    own = field.scalar is scalars.ENV_VALUE and _is_item(field, at)
    return scalars.ENV_VALUE.rule if own else "SPCS022"


def _better(scalar: scalars.Scalar, value: Any) -> str:
    """What the author probably meant."""
    for candidate in _candidates(scalar, value):
        if scalar.accept(candidate):
            return f"write {candidate if type(candidate) is not bool else str(candidate).lower()}"
    return scalar.advice


def _candidates(scalar: scalars.Scalar, value: Any) -> Iterator[Any]:
    if type(value) is str:
        yield from (int(value) for _ in (0,) if value.isdecimal() and len(value) < 10)
        yield from (value.lower() == "true" for _ in (0,) if value.lower() in ("true", "false"))
        yield nearest(value, scalar.words)
        yield from (value.lower().replace("_", "-"), value.rstrip("Bb"), f"@{value}", f"/{value}")
    elif type(value) in (int, float):
        yield f"{value}Gi" if scalar is scalars.MEMORY else f'"{value}"'
