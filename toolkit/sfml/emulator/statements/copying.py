"""COPY INTO a table: what the engine reads, and which files of the stage that is."""

from __future__ import annotations

from sfml.emulator.faults import unsupported
from sfml.emulator.statements import commands as c
from sfml.emulator.statements.names import StagePath
from sfml.emulator.statements.queries import Rewrite
from sfml.emulator.statements.reader import Reader
from sfml.emulator.statements.tokens import Kind, Token, string_value

PLACEHOLDER = "@_SFML_STAGE"


def copy_into(reader: Reader) -> c.CopyInto:
    """COPY INTO t FROM @stage or FROM (SELECT … FROM @stage)."""
    rewrite = Rewrite(reader)
    copy = _Copy(reader, rewrite)
    reader.at = 0
    while (token := reader.peek()) is not None:
        if not copy.takes(token):
            rewrite.step(token)
    if copy.source is None:
        raise unsupported("COPY INTO from or to anything but a stage")
    query = c.Query(text=rewrite.text(), verb="COPY", binds=tuple(rewrite.binds), values=rewrite.values)
    return c.CopyInto(
        query=query, source=copy.source, placeholder=PLACEHOLDER, files=copy.files, pattern=copy.pattern,
        purge=copy.purge,
    )  # fmt: skip


class _Copy:
    """Takes the phrases that the handler answers out of the statement."""

    def __init__(self, reader: Reader, rewrite: Rewrite) -> None:
        self._reader = reader
        self._rewrite = rewrite
        self._after_from = False
        self.source: StagePath | None = None
        self.files: tuple[str, ...] = ()
        self.pattern: str | None = None
        self.purge = False

    def takes(self, token: Token) -> bool:
        """Whether one of our phrases begins here; it is taken then."""
        begin = self._reader.at
        if _is_location(token):
            if not self._after_from or self.source is not None:
                raise unsupported("COPY INTO a stage")
            self.source = self._reader.stage_path()
            self._rewrite.replace(begin, PLACEHOLDER)
            return True
        self._after_from = self._after_from or token.word() == "FROM"
        return self._takes_option(token.word(), begin)

    def _takes_option(self, name: str, begin: int) -> bool:
        reader = self._reader
        if name not in ("FILES", "PATTERN", "PURGE") or self.source is None:
            return False
        reader.at += 1
        reader.expect("=")
        value = reader.value()
        if name == "FILES":
            self.files = tuple(str(file) for file in value) if isinstance(value, tuple) else (str(value),)
        elif name == "PATTERN":
            self.pattern = str(value)
        else:
            self.purge = value is True
        self._rewrite.replace(begin, "")
        return True


def _is_location(token: Token) -> bool:
    if token.kind is Kind.STRING:
        return string_value(token.text).startswith("@")
    return token.kind is Kind.STAGE
