"""Statements about stages' files: PUT, GET, LIST, REMOVE, COPY FILES; and ALTER STAGE."""

from __future__ import annotations

from sfml.emulator.faults import unsupported
from sfml.emulator.statements import commands as c
from sfml.emulator.statements.creation import alters
from sfml.emulator.statements.names import StagePath
from sfml.emulator.statements.reader import Reader


def put(reader: Reader) -> c.Command:
    source = reader.local_file()
    target = reader.stage_path()
    options = reader.options()
    reader.end()
    return c.Put(source=source, target=target, options=options)


def get(reader: Reader) -> c.Command:
    source = reader.stage_path()
    target = reader.local_file()
    options = reader.options()
    reader.end()
    return c.Get(source=source, target=target, options=options)


def list_files(reader: Reader) -> c.Command:
    location, pattern = _files(reader)
    return c.ListFiles(location=location, pattern=pattern)


def remove_files(reader: Reader) -> c.Command:
    location, pattern = _files(reader)
    return c.RemoveFiles(location=location, pattern=pattern)


def _files(reader: Reader) -> tuple[StagePath, str | None]:
    location = reader.stage_path()
    pattern = None
    if reader.accept("PATTERN"):
        reader.expect("=")
        pattern = reader.string()
    reader.end()
    return location, pattern


def copy_files(reader: Reader) -> c.Command:
    """COPY FILES INTO @target FROM @source [FILES = (…)] [PATTERN = '…'] [DETAILED_OUTPUT = …]."""
    reader.expect("INTO")
    target = reader.stage_path()
    reader.expect("FROM")
    if reader.sees("("):
        raise unsupported("COPY FILES from a query")
    source = reader.stage_path()
    options = reader.options()
    reader.end()
    for name in options.keys() - {"FILES", "PATTERN", "DETAILED_OUTPUT"}:
        raise unsupported(name)
    files, pattern = options.get("FILES") or (), options.get("PATTERN")
    return c.CopyFiles(
        source=source,
        target=target,
        files=tuple(str(name) for name in files) if isinstance(files, tuple) else (str(files),),
        pattern=None if pattern is None else str(pattern),
        detailed=options.get("DETAILED_OUTPUT") is not False,
    )


_alter = alters(c.AlterStage, Reader.object_name, "REFRESH", renames=True)


def alter_stage(reader: Reader) -> c.Command:
    if reader.tokens and reader.tokens[-1].word() == "REFRESH":
        return _alter(reader)
    if any(token.word() == "SUBPATH" for token in reader.tokens):
        raise unsupported("ALTER STAGE … REFRESH SUBPATH")
    return _alter(reader)
