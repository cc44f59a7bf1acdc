"""``parse``: one statement's text to its typed command. The tables below are the whole grammar's outline."""

from __future__ import annotations

from collections.abc import Mapping

from sfml.emulator.faults import Fault, unsupported
from sfml.emulator.statements import (
    access,
    calls,
    copying,
    files,
    network,
    queries,
    services,
    sessions,
    snapshots,
    tags,
    users,
)
from sfml.emulator.statements import commands as c
from sfml.emulator.statements.choices import ELSEWHERE, choose
from sfml.emulator.statements.creation import (
    Creator,
    Modifiers,
    Parser,
    alters,
    creates,
    describes,
    drops,
    shows,
)
from sfml.emulator.statements.reader import Inputs, Reader

_account, _schema, _object = Reader.account_name, Reader.schema_name, Reader.object_name
_pool_actions = ("SUSPEND", "RESUME", "STOP ALL")
_warehouse_actions = ("SUSPEND", "RESUME IF SUSPENDED", "RESUME", "ABORT ALL QUERIES")

# Words between CREATE and the kind, by kind; whatever is not here is none of its modifiers.
_MODIFIERS = (
    "LOCAL",
    "GLOBAL",
    "SCOPED",
    "TEMPORARY",
    "TEMP",
    "VOLATILE",
    "TRANSIENT",
    "SECURE",
    "RECURSIVE",
)
_ALLOWED: Mapping[str, frozenset[str]] = {
    "DATABASE": frozenset({"TRANSIENT"}),
    "SCHEMA": frozenset({"TRANSIENT"}),
    "STAGE": frozenset({"TEMPORARY", "TEMP", "SCOPED"}),
    "TABLE": frozenset(_MODIFIERS) - {"SECURE", "RECURSIVE"},
    "VIEW": frozenset(_MODIFIERS) - {"TRANSIENT"},
    "SEQUENCE": frozenset(),
    "FILE FORMAT": frozenset({"TEMPORARY", "TEMP", "VOLATILE", "SCOPED"}),
}


def _stage(reader: Reader, modifiers: Modifiers) -> c.Command:
    temporary = bool(modifiers.words & {"TEMP", "TEMPORARY"})
    words = modifiers.words | ({"TEMPORARY"} if temporary else frozenset())
    plain = Modifiers(or_replace=modifiers.or_replace, words=frozenset(words))
    return creates(c.CreateStage, _object, temporary="TEMPORARY")(reader, plain)


def _engine_create(kind: str) -> Creator:
    def parse(reader: Reader, modifiers: Modifiers) -> c.Command:
        if "SCOPED" in modifiers.words:  # what Snowpark adds; it ends with the session as TEMPORARY does
            reader.remove("SCOPED")
        return queries.query(reader, "CREATE", kind)

    return parse


_CREATE: Mapping[str, Creator] = {
    "COMPUTE POOL": creates(c.CreateComputePool, _account),
    "DATABASE": creates(c.CreateDatabase, _account, transient="TRANSIENT"),
    "SCHEMA": creates(c.CreateSchema, _schema, transient="TRANSIENT"),
    "WAREHOUSE": creates(c.CreateWarehouse, _account),
    "ROLE": creates(c.CreateRole, _account),
    "USER": creates(c.CreateUser, _account),
    "STAGE": _stage,
    "SERVICE": services.create_service,
    "TABLE": _engine_create("TABLE"),
    "VIEW": _engine_create("VIEW"),
    "SEQUENCE": _engine_create("SEQUENCE"),
    "FILE FORMAT": _engine_create("FILE FORMAT"),
    **network.CREATE,
    **snapshots.CREATE,
    **tags.CREATE,
}


def _engine(verb: str, kind: str) -> Parser:
    return lambda reader: queries.query(reader, verb, kind)


_ALTER: Mapping[str, Parser] = {
    "SESSION": sessions.alter_session,
    "COMPUTE POOL": alters(c.AlterComputePool, _account, *_pool_actions),
    "DATABASE": alters(c.AlterDatabase, _account, renames=True),
    "SCHEMA": alters(c.AlterSchema, _schema, renames=True),
    "WAREHOUSE": alters(c.AlterWarehouse, _account, *_warehouse_actions),
    "USER": users.alter_user,
    "STAGE": files.alter_stage,
    "SERVICE": services.alter_service,
    "TABLE": _engine("ALTER", "TABLE"),
    "VIEW": _engine("ALTER", "VIEW"),
    **network.ALTER,
    **snapshots.ALTER,
    **tags.ALTER,
}


def _container(command: type[c.DropDatabase] | type[c.DropSchema], named: object) -> Parser:
    def parse(reader: Reader) -> c.Command:
        if_exists = reader.accept("IF", "EXISTS")
        name = named(reader)  # type: ignore[operator]  # one of Reader's two methods for names
        restrict = reader.accept("RESTRICT")
        if not restrict:
            reader.accept("CASCADE")
        reader.end()
        return command(name=name, if_exists=if_exists, restrict=restrict)

    return parse


_DROP: Mapping[str, Parser] = {
    "COMPUTE POOL": drops(c.DropComputePool, _account),
    "DATABASE": _container(c.DropDatabase, _account),
    "SCHEMA": _container(c.DropSchema, _schema),
    "WAREHOUSE": drops(c.DropWarehouse, _account),
    "ROLE": drops(c.DropRole, _account),
    "USER": drops(c.DropUser, _account),
    "STAGE": drops(c.DropStage, _object),
    "SERVICE": services.drop_service,
    "TABLE": _engine("DROP", "TABLE"),
    "VIEW": _engine("DROP", "VIEW"),
    "SEQUENCE": _engine("DROP", "SEQUENCE"),
    "FILE FORMAT": drops(c.DropFileFormat, _object),
    **network.DROP,
    **snapshots.DROP,
    **tags.DROP,
}
_DESCRIBE: Mapping[str, Parser] = {
    "COMPUTE POOL": describes(c.DescribeComputePool, _account),
    "DATABASE": describes(c.DescribeDatabase, _account),
    "SCHEMA": describes(c.DescribeSchema, _schema),
    "WAREHOUSE": describes(c.DescribeWarehouse, _account),
    "USER": describes(c.DescribeUser, _account),
    "STAGE": describes(c.DescribeStage, _object),
    "SERVICE": describes(c.DescribeService, _object),
    "TABLE": _engine("DESCRIBE", "TABLE"),
    "VIEW": _engine("DESCRIBE", "VIEW"),
    **network.DESCRIBE,
    **snapshots.DESCRIBE,
}


def _container_show(command: type[c.ShowDatabases] | type[c.ShowSchemas]) -> Parser:
    def parse(reader: Reader) -> c.Command:
        history = reader.accept("HISTORY")
        return command(
            filter=reader.show_filter(bare_scope="DATABASE"), history=history, terse=_is_terse(reader)
        )

    return parse


def _show_tables(kind: str) -> Parser:
    def parse(reader: Reader) -> c.Command:
        if reader.accept("HISTORY"):
            raise unsupported(f"SHOW {kind} HISTORY")
        return c.ShowTables(kind=kind, filter=reader.show_filter(), terse=_is_terse(reader))

    return parse


def _user_functions(reader: Reader) -> c.Command:
    reader.remove("USER")  # all functions here are the user's: there are none
    return queries.query(reader, "SHOW", "FUNCTIONS")


def _is_terse(reader: Reader) -> bool:
    return len(reader.tokens) > 1 and reader.tokens[1].word() == "TERSE"


_SHOW: Mapping[str, Parser] = {
    "COMPUTE POOL INSTANCE FAMILIES": shows(c.ShowComputePoolInstanceFamilies),
    "COMPUTE POOLS": shows(c.ShowComputePools),
    "DATABASES": _container_show(c.ShowDatabases),
    "SCHEMAS": _container_show(c.ShowSchemas),
    "WAREHOUSES": shows(c.ShowWarehouses),
    "ROLES": shows(c.ShowRoles),
    "USERS": shows(c.ShowUsers),
    "GRANTS": access.show_grants,
    "STAGES": shows(c.ShowStages),
    "PARAMETERS": sessions.show_parameters,
    "REGIONS": shows(c.ShowRegions),
    "VARIABLES": shows(c.ShowVariables),
    "JOB SERVICES": services.show_job_services,
    "SERVICE INSTANCES": services.shows_in_service(c.ShowServiceInstances),
    "SERVICE CONTAINERS": services.shows_in_service(c.ShowServiceContainers),
    "ENDPOINTS": services.shows_in_service(c.ShowEndpoints),
    "ROLES IN SERVICE": services.show_roles,
    "SERVICES": services.show_services,
    "USER FUNCTIONS": _user_functions,
    "TABLES": _show_tables("TABLES"),
    "VIEWS": _show_tables("VIEWS"),
    "OBJECTS": _show_tables("OBJECTS"),
    **network.SHOW,
    **snapshots.SHOW,
    **tags.SHOW,
    **{
        kind: _engine("SHOW", kind)
        for kind in (
            "COLUMNS", "SEQUENCES", "PRIMARY KEYS", "UNIQUE KEYS",
            "IMPORTED KEYS", "FILE FORMATS", "PROCEDURES", "FUNCTIONS",
        )
    },
}  # fmt: skip


def create(reader: Reader) -> c.Command:
    if reader.accept("OR", "ALTER"):
        raise unsupported("CREATE OR ALTER")
    or_replace = reader.accept("OR", "REPLACE")
    words = []
    while (word := reader.accept_any(*_MODIFIERS)) is not None:
        words.append(word)
    kind, parser = choose(reader, _CREATE, "CREATE")
    if extra := next((word for word in words if word not in _ALLOWED.get(kind, ())), None):
        raise unsupported(f"CREATE {extra} {kind}")
    return parser(reader, Modifiers(or_replace=or_replace, words=frozenset(words)))


def alter(reader: Reader) -> c.Command:
    return choose(reader, _ALTER, "ALTER")[1](reader)


def drop(reader: Reader) -> c.Command:
    return choose(reader, _DROP, "DROP")[1](reader)


def describe(reader: Reader) -> c.Command:
    if reader.sees("RESULT"):
        raise unsupported("DESCRIBE RESULT")
    kind = next((kind for kind in (*_DESCRIBE, *ELSEWHERE) if reader.sees(*kind.split())), None)
    if kind is None and not reader.done():
        return _describe_bare(reader)
    return choose(reader, _DESCRIBE, "DESCRIBE")[1](reader)


def _describe_bare(reader: Reader) -> c.Command:
    """DESCRIBE t is DESCRIBE TABLE t."""
    reader.parts()
    reader.end()
    return queries.query(reader, "DESCRIBE", "TABLE")


def show(reader: Reader) -> c.Command:
    reader.accept("TERSE")
    return choose(reader, _SHOW, "SHOW")[1](reader)


def _execute(reader: Reader) -> c.Command:
    """EXECUTE JOB SERVICE; IMMEDIATE, TASK … are refused under the name that they have."""
    if reader.accept("JOB", "SERVICE"):
        return services.execute_job(reader)
    kind = reader.accept_any("IMMEDIATE", "TASK", "NOTEBOOK", "ALERT", "CODE BUNDLE")
    if kind is None:
        raise reader.wrong()
    raise unsupported(f"EXECUTE {kind}")


def comment(reader: Reader) -> c.Command:
    reader.accept("IF", "EXISTS")
    reader.expect("ON")
    if not any(reader.sees(kind) for kind in ("TABLE", "COLUMN", "VIEW")):
        raise unsupported("COMMENT ON this kind of object")
    return queries.query(reader, "COMMENT", "TABLE")


def copy(reader: Reader) -> c.Command:
    if reader.accept("FILES"):
        return files.copy_files(reader)
    if not reader.sees("INTO"):
        raise reader.wrong()
    return copying.copy_into(reader)


_VERBS: Mapping[str, Parser] = {
    "ALTER": alter,
    "BEGIN": sessions.begin,
    "CALL": calls.call,
    "COMMENT": comment,
    "COMMIT": sessions.commit,
    "COPY": copy,
    "CREATE": create,
    "DELETE": queries.for_engine("DELETE"),
    "DESC": describe,
    "DESCRIBE": describe,
    "DROP": drop,
    "EXECUTE": _execute,
    "GET": files.get,
    "GRANT": access.grant,
    "INSERT": queries.for_engine("INSERT"),
    "LIST": files.list_files,
    "LS": files.list_files,
    "MERGE": queries.for_engine("MERGE"),
    "PUT": files.put,
    "REMOVE": files.remove_files,
    "REVOKE": access.revoke,
    "RM": files.remove_files,
    "ROLLBACK": sessions.rollback,
    "SELECT": queries.select,
    "SET": sessions.set_variables,
    "SHOW": show,
    "START": sessions.start,
    "TRUNCATE": queries.for_engine("TRUNCATE"),
    "UNSET": sessions.unset_variables,
    "UPDATE": queries.for_engine("UPDATE"),
    "USE": sessions.use,
    "VALUES": queries.for_engine("SELECT"),
    "WITH": queries.for_engine("SELECT"),
    **{
        verb: queries.unsupported_verb(verb)
        for verb in ("DECLARE", "EXPLAIN", "UNDROP", "LET", "RETURN", "ANALYZE")
    },
}


def parse(text: str, inputs: Inputs | None = None) -> c.Command:
    """The typed command of one statement; raises nothing but :class:`Fault`."""
    reader = Reader(text, inputs)
    if reader.done():
        raise empty_statement()
    _check_single(reader)
    if reader.sees("("):
        return queries.query(reader, "SELECT")
    verb = reader.next().word()
    if verb not in _VERBS:
        reader.at = 0
        raise reader.wrong()
    return _VERBS[verb](reader)


def empty_statement() -> Fault:
    return Fault("000900", "42601", "SQL compilation error:\nEmpty SQL statement.")


def _check_single(reader: Reader) -> None:
    """A second statement in the text is refused as Snowflake does without MULTI_STATEMENT_COUNT."""
    found = 1 + sum(token.text == ";" for token in reader.tokens)
    if found > 1:
        text = f"Actual statement count {found} did not match the desired statement count 1."
        raise Fault("000008", "0A000", text)
