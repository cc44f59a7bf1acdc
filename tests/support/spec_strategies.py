"""Hypothesis strategies for specs: near the grammar, with something wrong anywhere."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from mutants import BAD_VALUES, SERVICE
from sfml.specs.grammar import Field, Table, table_of
from sfml.specs.model import Specification

GOOD = (
    *(
        "main",
        "/db/schema/repo/app:1.0",
        "local",
        "block",
        "stage",
        "memory",
        "@db.schema.stage",
        "10Gi",
        "500m",
    ),
    *(
        "TCP",
        "1-2",
        "/data",
        "/data/deep",
        "https://example.com",
        "INFO",
        "avg",
        "5m",
        "7d",
        "password",
        "0600",
    ),
    *("{{ x }}", "{{secret.a.secret_string}}", "<name>", "all_endpoints_usage", "FirstInstance"),
)
WORDS = sorted({*GOOD, *(value for values in BAD_VALUES.values() for value in values)})
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(WORDS) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
    max_leaves=5,
)


def _of_field(field: Field, depth: int) -> st.SearchStrategy[Any]:
    kinds: list[st.SearchStrategy[Any]] = []
    if field.scalar:
        kinds.append(st.sampled_from(WORDS) | st.integers(-1, 70000) | st.booleans())
    if field.table and depth:
        kinds.append(_of_table(field.table, depth - 1))
    one = st.one_of(kinds) if kinds else JUNK
    whole = st.lists(one, max_size=4) if field.many else one
    whole = st.dictionaries(st.sampled_from(WORDS), one, max_size=3) if field.free else whole
    return st.one_of(whole, whole, whole, JUNK)


def _of_table(table: Table, depth: int) -> st.SearchStrategy[dict[str, Any]]:
    known = {key: _of_field(field, depth) for key, field in table.fields.items()}
    legacy = {field.legacy: known[key] for key, field in table.fields.items() if field.legacy}
    return st.fixed_dictionaries({}, optional={**known, **legacy, "unknown": JUNK})


def near_specs() -> st.SearchStrategy[dict[str, Any]]:
    """Data of the grammar's shape, each part of it possibly wrong, missing or of another kind."""
    return _of_table(table_of(Specification), 8)


LINES = SERVICE.splitlines(keepends=True)
PIECES = (
    *(
        "\t",
        "- ",
        "? ",
        "{{ x }}",
        "&a ",
        "*a",
        "<<: ",
        "@",
        "%",
        "`",
        '"',
        "'",
        "|",
        ">",
        "[",
        "{",
        "}",
        "\x00",
    ),
    *(
        "\ue000",
        "# sfml: ignore[SPCS042]\n",
        "# sfml: kind=job family=GPU_NV_S\n",
        "---\n",
        "$$",
        "é",
        "!!int ",
    ),
)


@st.composite
def damaged_texts(draw: st.DrawFn) -> str:
    """A good spec with lines moved, lost and doubled, and pieces of YAML's syntax put anywhere."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(lines) - 1))
        other = draw(st.integers(0, len(lines) - 1))
        action = draw(st.sampled_from(("drop", "double", "swap", "insert")))
        if action == "drop" and len(lines) > 1:
            del lines[at]
        elif action == "double":
            lines.insert(other, lines[at])
        elif action == "swap":
            lines[at], lines[other] = lines[other], lines[at]
        else:
            column = draw(st.integers(0, len(lines[at])))
            piece = draw(st.sampled_from(PIECES) | st.text(max_size=4))
            lines[at] = lines[at][:column] + piece + lines[at][column:]
    return "".join(lines)
