"""Changes to the parsed statement where fakesnow's translation would differ from Snowflake."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import Expr, exp

BATCH = "_sfml_binds"
"""The name under which the rows of an array bind are registered."""


def adapt(expression: Expr) -> Expr:
    """The statement as fakesnow should translate it; NotImplementedError for what it would get wrong."""
    if isinstance(expression, exp.Copy):
        return expression  # fakesnow reads $1 there itself
    for change in _CHANGES:
        expression = expression.transform(change)
    return expression


def _positional(node: Expr) -> Expr:
    """``$1`` is the first column of what FROM gives; DuckDB writes that ``#1``."""
    if isinstance(node, exp.Parameter) and isinstance(node.this, exp.Literal) and not node.this.is_string:
        return exp.Var(this=f"#{node.this.name}")
    return node


def _division(node: Expr) -> Expr:
    """Division by zero is an error (100051); DuckDB would answer infinity or NULL."""
    if not isinstance(node, (exp.Div, exp.Mod)) or _nonzero(node.expression):
        return node
    divisor = node.expression.copy()
    is_zero = exp.EQ(this=exp.Paren(this=divisor), expression=exp.Literal.number(0))
    failure = exp.Anonymous(this="error", expressions=[exp.Literal.string("Division by zero")])
    node.set("expression", exp.Paren(this=exp.case().when(is_zero, failure).else_(divisor.copy())))
    return node


def _nonzero(divisor: Expr) -> bool:
    return isinstance(divisor, exp.Literal) and not divisor.is_string and float(divisor.name) != 0


def _sum(node: Expr) -> Expr:
    """SUM of whole numbers is a whole number; fakesnow would cast its argument to DOUBLE."""
    if isinstance(node, exp.Sum):
        return exp.Anonymous(this="SUM", expressions=[node.this])
    return node


def _array(node: Expr) -> Expr:
    """An ARRAY holds values of any types, a DuckDB list those of one; the result is JSON all the same."""
    if isinstance(node, exp.Array):
        return exp.Anonymous(this="json_array", expressions=list(node.expressions))
    return node


_INT64_DIGITS = 18
_WHOLE = (exp.DataType.Type.DECIMAL, exp.DataType.Type.INT, exp.DataType.Type.BIGINT)


def _wide(node: Expr) -> Expr:
    """A literal of up to 38 digits as NUMBER; fakesnow would make it a BIGINT, which has 18."""
    if isinstance(node, (exp.Cast, exp.TryCast)) and isinstance(node.this, exp.Literal):
        whole = node.to.this in _WHOLE and not any(item.name != "0" for item in node.to.expressions[1:])
        if whole and node.this.name.isdigit() and len(node.this.name) > _INT64_DIGITS:
            node.set("to", exp.DataType(this=exp.DataType.Type.INT128, nested=False))
    return node


# docs.snowflake.com/en/sql-reference/functions/to_binary: the formats, and DuckDB's function for each.
_DECODERS = {"HEX": "unhex", "BASE64": "from_base64", "UTF-8": "encode", "UTF8": "encode"}


def _binary(node: Expr) -> Expr:
    if not isinstance(node, exp.ToBinary):
        return node
    form = node.args.get("format")
    name = form.name.upper() if isinstance(form, exp.Literal) else "HEX"
    if name not in _DECODERS:
        raise NotImplementedError(f"TO_BINARY format {name}")
    return exp.Anonymous(this=_DECODERS[name], expressions=[node.this])


_GENERATED = (exp.Seq1, exp.Seq2, exp.Seq4, exp.Seq8)


def _generated(node: Expr) -> Expr:
    """``OVER (ORDER BY SEQ8())`` is the order in which rows are made (Snowpark's range).

    DuckDB keeps that order without being told, and has SEQ8 as a window function, which cannot stand there.
    """
    order = node.args.get("order") if isinstance(node, exp.Window) else None
    if order and all(
        isinstance(part.this, _GENERATED) and not part.args.get("desc") for part in order.expressions
    ):
        node.set("order", None)
    return node


def _trim(node: Expr) -> Expr:
    """LTRIM(text, characters); fakesnow would drop the characters."""
    if not isinstance(node, exp.Trim) or node.expression is None:
        return node
    name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(str(node.args.get("position")), "trim")
    text = exp.Cast(this=node.this, to=exp.DataType(this=exp.DataType.Type.TEXT, nested=False))
    return exp.Anonymous(this=name, expressions=[text, node.expression])


def _struct(node: Expr) -> Expr:
    """The keys of ``{'a': 1}`` are texts, not identifiers to be upper-cased."""
    if isinstance(node, exp.Struct):
        for pair in node.expressions:
            if isinstance(pair, exp.PropertyEQ) and isinstance(pair.this, exp.Identifier):
                pair.this.args["quoted"] = True
    return node


def _variant(node: Expr) -> Expr:
    """``v:name = 'text'`` compares texts; DuckDB would read the text as JSON."""
    if not isinstance(node, (exp.EQ, exp.NEQ)):
        return node
    sides = (("this", node.this, node.expression), ("expression", node.expression, node.this))
    for name, side, other in sides:
        text = isinstance(other, exp.Literal) and other.is_string
        if text and isinstance(side, (exp.JSONExtract, exp.Bracket)):
            kind = exp.DataType(this=exp.DataType.Type.TEXT, nested=False)
            node.set(name, exp.Cast(this=side.copy(), to=kind))
    return node


def _packages(node: Expr) -> Expr:
    """INFORMATION_SCHEMA.PACKAGES lies where fakesnow has its other views of that schema."""
    if isinstance(node, exp.Table) and (node.db.upper(), node.name.upper()) == (
        "INFORMATION_SCHEMA",
        "PACKAGES",
    ):
        node.set("db", exp.to_identifier("_fs_information_schema", quoted=True))
    return node


def _source(node: Expr) -> Expr:
    """Tables only: the engine would also read files and its own catalog."""
    if isinstance(node, exp.Table) and isinstance(node.this, (exp.Func, exp.Literal)):
        raise NotImplementedError(f"FROM {node.this.sql(dialect='snowflake')}")
    if isinstance(node, exp.Tags):
        raise NotImplementedError("TAG")
    return node


def _truncate(node: Expr) -> Expr:
    """TRUNCATE … IF EXISTS, once the table is known to be there."""
    if isinstance(node, exp.TruncateTable):
        node.args["exists"] = False
    return node


_CHANGES = (
    _packages,
    _truncate,
    _source,
    _positional,
    _division,
    _sum,
    _binary,
    _wide,
    _array,
    _generated,
    _trim,
    _struct,
    _variant,
)


def batched(expression: Expr, names: Sequence[str]) -> Expr | None:
    """An INSERT of one row of placeholders as an INSERT of the registered rows; None for anything else."""
    if not isinstance(expression, exp.Insert):
        return None
    source = expression.expression
    if isinstance(source, exp.Values) and len(source.expressions) == 1:
        projections = source.expressions[0].expressions
    elif isinstance(source, exp.Select) and source.args.get("from_") is None:
        projections = source.expressions
    else:
        return None
    rows = exp.Table(
        this=exp.to_identifier(BATCH, quoted=True),
        db=exp.to_identifier("main", quoted=True),
        catalog=exp.to_identifier("temp", quoted=True),
    )
    expression.set("expression", exp.Select(expressions=list(projections)).from_(rows))
    left = iter(names)
    for placeholder in list(expression.find_all(exp.Placeholder, bfs=False)):
        placeholder.replace(exp.column(next(left), quoted=True))
    return expression
