"""The rules and the grammar for a reader: `sfml spec explain`, and docs/reference/spec-rules.md."""

from __future__ import annotations

from collections.abc import Iterator

from sfml.specs import model
from sfml.specs.grammar import Field, Table, table_of
from sfml.specs.rules import RULES
from sfml.specs.rules.rule import Rule

# Longer examples say nothing to a reader.
_LONGEST = 2000


def rules_page() -> str:
    """The reference page of all rules."""
    sections = "\n".join(rule_section(rule) for rule in RULES)
    return f"{_HEAD}\n{_contents()}\n\n{sections}"


_HEAD = """\
# Rules of `sfml spec validate`

Generated from the rules themselves; a test holds the two together. An id is never given to another rule.

- An error fails the check (exit code 1). A warning fails it under `--strict` only.
- `# sfml: ignore[SPCS042]` at the end of a line, or on a line of its own above it, silences a rule there.
- `# sfml: family=GPU_NV_S kind=job` says what a spec is to run on; `--family` and `--kind` say it for all.
- A file that could not be read is reported as that. It is not called invalid.
"""


def _contents() -> str:
    rows = [f"| [{r.id}](#{r.id.lower()}) | {r.severity} | {r.title} |" for r in RULES]
    return "\n".join(["| Rule | | |", "| --- | --- | --- |", *rows])


def rule_section(rule: Rule) -> str:
    """One rule: what, why, a file that breaks it, a file that does not."""
    parts = [f"## {rule.id}", f"**{rule.title}** ({rule.severity})", rule.why]
    if len(rule.wrong) <= _LONGEST:
        parts += ["Breaks the rule:", _fenced(rule.wrong), "Does not:", _fenced(rule.right)]
    return "\n\n".join(parts) + "\n"


def _fenced(text: str) -> str:
    language = "sql" if "CREATE SERVICE" in text else "yaml"
    visible = text.rstrip("\n").replace("\x00", "\\0").replace("\t", "→")
    return f"```{language}\n{visible}\n```"


def find(path: str) -> tuple[Field | None, Table | None]:
    """The row of the grammar at a path such as ``containers.readinessProbe.port``, and the table below it.

    Indexes and a leading ``spec.`` may be left out. (None, None) if there is no such row.
    """
    outer = table_of(model.Specification)
    parts = _parts(path)
    if parts and parts[0] not in outer.fields and parts[0] in table_of(model.Spec).fields:
        parts = ["spec", *parts]
    field: Field | None = None
    table: Table | None = outer
    while parts and table is not None:
        key = next((key for key in _keys(parts) if key in table.fields), None)
        if key is None:
            return None, None
        field, table = table.fields[key], table.fields[key].table
        parts = parts[key.count(".") + 1 :]
    return (None, None) if parts else (field, table)


def _parts(path: str) -> list[str]:
    import re

    return [part for part in re.sub(r"\[[^\]]*\]", "", path).split(".") if part]


def _keys(parts: list[str]) -> Iterator[str]:
    """The first part, and the first two as one: nvidia.com/gpu has a dot of its own."""
    yield parts[0]
    if len(parts) > 1:
        yield f"{parts[0]}.{parts[1]}"


def field_page(path: str, field: Field | None, table: Table | None) -> str:
    """What a key of the grammar takes, in words."""
    lines = [f"{path}{' (required)' if field and field.required else ''}"]
    if field:
        lines += [f"  {field.about}", *(f"  takes {text}" for text in _takes(field))]
    if table:
        lines += [f"  {table.about}", "", *(f"  {row}" for row in _rows(table))]
    return "\n".join(lines)


def _takes(field: Field) -> Iterator[str]:
    plural = "a list of: " if field.many else "a map of names to: " if field.free else ""
    if field.scalar:
        yield f"{plural}{field.scalar.wanted}"
    if field.legacy:
        yield f"the old spelling {field.legacy} too"


def _rows(table: Table) -> Iterator[str]:
    width = max(len(key) for key in table.fields)
    for key, field in table.fields.items():
        yield f"{key:{width}}  {'required  ' if field.required else '          '}{field.about}"
