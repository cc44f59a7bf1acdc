"""Services and jobs: CREATE, EXECUTE, ALTER, DROP, SHOW."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sfml.emulator.faults import Fault, unsupported
from sfml.emulator.statements import commands as c
from sfml.emulator.statements import tags
from sfml.emulator.statements.creation import Modifiers, Parser
from sfml.emulator.statements.names import ObjectName
from sfml.emulator.statements.reader import Reader
from sfml.emulator.statements.tokens import Kind

# Words of a specification in a file; docs.snowflake.com names the first two, SPEC is an older one.
_FILES = ("SPECIFICATION_TEMPLATE_FILE", "SPECIFICATION_FILE", "SPEC")


def create_service(reader: Reader, modifiers: Modifiers) -> c.Command:
    if modifiers.or_replace:
        raise unsupported("CREATE OR REPLACE SERVICE")
    if_not_exists = reader.accept("IF", "NOT", "EXISTS")
    name = reader.object_name()
    pool, source, options = _clauses(reader)
    return c.CreateService(name=name, pool=pool, source=source, options=options, if_not_exists=if_not_exists)


def execute_job(reader: Reader) -> c.Command:
    pool, source, options = _clauses(reader)
    return c.ExecuteJob(pool=pool, source=source, options=options)


def _clauses(reader: Reader) -> tuple[str, c.SpecSource, c.Options]:
    """Pool, specification and options, whichever comes first: the documentation has several orders."""
    pool, source, options = None, None, dict[str, object]()
    while not reader.done():
        if pool is None and reader.accept("IN", "COMPUTE", "POOL"):
            pool = reader.account_name()
        elif source is None and reader.accept("FROM"):
            source = _source(reader)
        else:
            _option(reader, options)
    if pool is None or source is None:
        raise reader.wrong()
    return pool, source, options


def _source(reader: Reader) -> c.SpecSource:
    """What stands after FROM."""
    kind = reader.accept_any("SPECIFICATION_TEMPLATE", "SPECIFICATION")
    if kind is not None:
        text, template = reader.string(), kind.endswith("TEMPLATE")
        return c.SpecSource(text=text, template=template, using=_using(reader) if template else {})
    stage = None if reader.sees("SPECIFICATION_FILE") or reader.sees("SPEC") else reader.stage_path()
    word = reader.accept_any(*_FILES)
    if word is None or stage is None:
        if word is not None:
            raise unsupported("a specification file without a stage (it is for native apps)")
        raise reader.wrong()
    reader.expect("=")
    file, template = reader.string(), word == _FILES[0]
    return c.SpecSource(stage=stage, file=file, template=template, using=_using(reader) if template else {})


def _using(reader: Reader) -> Mapping[str, object]:
    """``USING (name => value, …)``; names keep the case in which they are written."""
    found: dict[str, object] = {}
    if not reader.accept("USING"):
        return found
    reader.expect("(")
    while not reader.accept(")"):
        if found:
            reader.expect(",")
        name = reader.next().text.strip('"')
        reader.expect("=>")
        found[name] = _variable(reader)
    return found


def _variable(reader: Reader) -> object:
    """A literal; anything else as the text that it is."""
    begin, binds = reader.at, reader.binds_used
    try:
        value = reader.literal()
    except Fault as fault:
        if fault.code != "001003":
            raise
    else:
        if reader.sees(",") or reader.sees(")"):
            return value
    reader.rewind(begin, binds)
    return reader.expression(",", ")")


def _option(reader: Reader, options: dict[str, object]) -> None:
    """One ``KEY = value`` pair."""
    reader.accept(",")
    reader.accept("WITH")
    key = reader.option_name()
    if key == "TAG":
        options[key] = _tags(reader)
        return
    reader.expect("=")
    options[key] = _VALUES.get(key, Reader.value)(reader)


def _tags(reader: Reader) -> Mapping[ObjectName, str]:
    """Of CREATE in parentheses, of ALTER … SET without."""
    bracketed = reader.accept("(")
    found = tags.values(reader)
    if bracketed:
        reader.expect(")")
    return found


def _integrations(reader: Reader) -> tuple[str, ...]:
    reader.expect("(")
    found: list[str] = []
    while not reader.accept(")"):
        if found:
            reader.expect(",")
        found.append(_account_name(reader))
    return tuple(found)


def _account_name(reader: Reader) -> str:
    """The name of an account's object: an identifier, or a string that holds the name itself."""
    token = reader.peek()
    if token is not None and token.kind is Kind.STRING:
        return reader.string()
    return reader.account_name()


_VALUES: Mapping[str, Callable[[Reader], object]] = {
    "NAME": Reader.object_name,
    "EXTERNAL_ACCESS_INTEGRATIONS": _integrations,
    "QUERY_WAREHOUSE": _account_name,
}


def alter_service(reader: Reader) -> c.Command:
    if_exists = reader.accept("IF", "EXISTS")
    name = reader.object_name()
    action = reader.accept_any("SUSPEND", "RESUME", "FROM", "SET", "UNSET", "RESTORE VOLUME")
    if action is None:
        raise reader.wrong()
    details = _ALTERATIONS[action](reader)
    reader.end()
    return c.AlterService(name=name, action=action, if_exists=if_exists, **details)


def _set(reader: Reader) -> dict[str, Any]:
    options: dict[str, object] = {}
    while not options or not reader.done():
        _option(reader, options)
    return {"options": options}


def _unset(reader: Reader) -> dict[str, Any]:
    if reader.accept("TAG"):
        return {"options": {"TAG": tags.names(reader)}}
    return {"options": dict.fromkeys(reader.option_names())}


def _restore(reader: Reader) -> dict[str, Any]:
    volume = reader.identifier()
    reader.expect("INSTANCES")
    bracketed = reader.accept("(")
    instances = [reader.integer()]
    while reader.accept(","):
        instances.append(reader.integer())
    if bracketed:
        reader.expect(")")
    reader.expect("FROM", "SNAPSHOT")
    return {"volume": volume, "instances": tuple(instances), "snapshot": reader.object_name()}


_ALTERATIONS: Mapping[str, Callable[[Reader], dict[str, Any]]] = {
    "SUSPEND": lambda _: {},
    "RESUME": lambda _: {},
    "FROM": lambda reader: {"source": _source(reader)},
    "SET": _set,
    "UNSET": _unset,
    "RESTORE VOLUME": _restore,
}


def drop_service(reader: Reader) -> c.Command:
    if_exists = reader.accept("IF", "EXISTS")
    name = reader.object_name()
    force = reader.accept("FORCE")
    reader.end()
    return c.DropService(name=name, if_exists=if_exists, force=force)


def show_services(reader: Reader) -> c.Command:
    jobs = "EXCLUDE" if reader.accept("EXCLUDE", "JOBS") else "BOTH"
    return c.ShowServices(filter=reader.show_filter(scopes=("COMPUTE POOL",)), jobs=jobs)


def show_job_services(reader: Reader) -> c.Command:
    return c.ShowServices(filter=reader.show_filter(scopes=("COMPUTE POOL",)), jobs="ONLY")


def shows_in_service(command: Callable[..., c.Command]) -> Parser:
    """A parser of ``IN SERVICE name``."""

    def parse(reader: Reader) -> c.Command:
        reader.expect("IN", "SERVICE")
        name: ObjectName = reader.object_name()
        reader.end()
        return command(name=name)

    return parse


def show_roles(reader: Reader) -> c.Command:
    """The name after ROLES IN SERVICE."""
    name = reader.object_name()
    reader.end()
    return c.ShowServiceRoles(name=name)
