"""USE, ALTER SESSION, SET, transactions, and what SHOW tells about the session."""

from __future__ import annotations

from sfml.emulator.faults import unsupported
from sfml.emulator.statements import commands as c
from sfml.emulator.statements.reader import Reader

# docs.snowflake.com/en/sql-reference/sql/show-parameters; SERVICE is what snowflake-ml-python reads.
_PARAMETER_SCOPES = ("SESSION", "USER", "WAREHOUSE", "TASK", "TABLE", "SERVICE", "COMPUTE POOL", "STAGE")


def use(reader: Reader) -> c.Command:
    kind = reader.accept_any("DATABASE", "SCHEMA", "WAREHOUSE", "SECONDARY ROLES", "ROLE")
    command: c.Command
    if kind == "SECONDARY ROLES":
        mode = reader.accept_any("ALL", "NONE")
        if mode is None:
            raise unsupported("USE SECONDARY ROLES with a list of roles")
        command = c.UseSecondaryRoles(mode=mode)
    elif kind == "SCHEMA":
        command = c.UseSchema(name=reader.schema_name())
    elif kind == "WAREHOUSE":
        command = c.UseWarehouse(name=reader.account_name())
    elif kind == "ROLE":
        command = c.UseRole(name=reader.account_name())
    else:
        command = _use_database(reader)
    reader.end()
    return command


def _use_database(reader: Reader) -> c.Command:
    name = reader.schema_name()
    return c.UseSchema(name=name) if name.database else c.UseDatabase(name=name.name)


def alter_session(reader: Reader) -> c.Command:
    if reader.accept("UNSET"):
        names = reader.option_names()
        reader.end()
        return c.AlterSession(unset=names)
    reader.expect("SET")
    if reader.done():
        raise reader.wrong()
    options = reader.options()
    reader.end()
    return c.AlterSession(options=options)


def set_variables(reader: Reader) -> c.Command:
    """``SET x = expression`` or ``SET (x, y) = (a, b)``."""
    if reader.accept("("):
        names = _variable_names(reader)
        reader.expect("=", "(")
        expressions = [reader.expression(",", ")")]
        while reader.accept(","):
            expressions.append(reader.expression(",", ")"))
        reader.expect(")")
    else:
        names = [reader.identifier()]
        reader.expect("=")
        expressions = [reader.expression()]
    reader.end()
    if len(names) != len(expressions):
        raise unsupported("SET with a different number of names and values")
    return c.SetVariables(names=tuple(names), expressions=tuple(expressions))


def unset_variables(reader: Reader) -> c.Command:
    names = _variable_names(reader) if reader.accept("(") else [reader.identifier()]
    reader.end()
    return c.UnsetVariables(names=tuple(names))


def _variable_names(reader: Reader) -> list[str]:
    names = [reader.identifier()]
    while reader.accept(","):
        names.append(reader.identifier())
    reader.expect(")")
    return names


def begin(reader: Reader) -> c.Command:
    """BEGIN [WORK | TRANSACTION] [NAME n]; a scripting block is refused."""
    if not reader.accept("WORK"):
        reader.accept("TRANSACTION")
    if reader.accept("NAME"):
        reader.identifier()
    if not reader.done():
        raise unsupported("Snowflake Scripting block")
    return c.Transaction(action="BEGIN")


def start(reader: Reader) -> c.Command:
    reader.expect("TRANSACTION")
    return begin(reader)


def commit(reader: Reader) -> c.Command:
    reader.accept("WORK")
    reader.end()
    return c.Transaction(action="COMMIT")


def rollback(reader: Reader) -> c.Command:
    reader.accept("WORK")
    reader.end()
    return c.Transaction(action="ROLLBACK")


def show_parameters(reader: Reader) -> c.Command:
    # FOR is a synonym of IN in this statement alone.
    return c.ShowParameters(filter=reader.show_filter(scopes=_PARAMETER_SCOPES, preposition="FOR"))
