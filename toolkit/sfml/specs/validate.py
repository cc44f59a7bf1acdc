"""The checker: text or files in, problems out, every one of a file at once."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from sfml.errors import InputError
from sfml.specs.check import check
from sfml.specs.comments import Comments, read_comments
from sfml.specs.loader import Document, Fault, load, path_of, position
from sfml.specs.problems import Problem, server_path
from sfml.specs.rules import BY_ID
from sfml.specs.scope import Target
from sfml.specs.suggest import did_you_mean

if TYPE_CHECKING:  # read only where there is SQL
    from sfml.specs.sqlfile import Embedded

# "The maximum size for a SQL statement's text is 1 MB": what a spec travels in. Files of SQL may hold many.
MAX_BYTES = 1_000_000
MAX_SQL_BYTES = 16_000_000
SQL_SUFFIXES = frozenset({".sql"})


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One file's result. A file that could not be read is neither valid nor invalid."""

    file: str
    problems: tuple[Problem, ...]
    specs: int
    readable: bool = True


def check_file(path: FilePath, *, target: Target | None = None, name: str = "") -> Checked:
    """Every problem of one file, sorted by line and rule."""
    shown = name or str(path)
    most = MAX_SQL_BYTES if path.suffix.lower() in SQL_SUFFIXES else MAX_BYTES
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        return unreadable(shown, f"cannot read it: {error.strerror or error}")
    return check_bytes(content, file=shown, target=target)


def check_bytes(content: bytes, *, file: str, target: Target | None = None) -> Checked:
    """Every problem of a file's content; ``file`` decides by its suffix whether it is SQL."""
    is_sql = FilePath(file).suffix.lower() in SQL_SUFFIXES
    if len(content) > (MAX_SQL_BYTES if is_sql else MAX_BYTES):
        fix = "Snowflake takes at most 1 MB as the text of a statement"
        return unreadable(file, "the file is too large to be a spec; it was not checked", fix=fix)
    try:
        text = _decode(content)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"this is not UTF-8 text: byte {error.start} is 0x{content[error.start]:02x}"
        return unreadable(file, message, fix="save the file as UTF-8", rule="SPCS002", line=line)
    return check_sql(text, file=file, target=target) if is_sql else check_text(text, file=file, target=target)


def check_text(text: str, *, file: str = "<text>", target: Target | None = None) -> Checked:
    """Every problem of a text of one or more YAML documents."""
    specs, problems = _check_documents(text, file, target or Target(), plain=False)
    readable = not any(problem.rule == "SPCS002" for problem in problems)
    return Checked(file=file, problems=_sorted(problems), specs=specs, readable=readable)


def check_sql(text: str, *, file: str = "<text>", target: Target | None = None) -> Checked:
    """Every problem of the specs that stand between $$ and $$ in a SQL text."""
    from sfml.specs.sqlfile import embedded

    found = embedded(text)
    problems = [problem for spec in found for problem in _check_embedded(spec, file, target or Target())]
    if not found:
        fix = "a spec in SQL stands between $$ and $$ behind FROM SPECIFICATION"
        problems = [_problem(file, "SPCS009", 1, 1, "", "there is no specification in this SQL", fix)]
    return Checked(file=file, problems=_sorted(problems), specs=len(found))


def _check_embedded(spec: Embedded, file: str, target: Target) -> list[Problem]:
    told = replace(target, kind=target.kind or spec.kind)
    if spec.family and told.family is None:
        told = _with_settings(told, {"family": spec.family})
    _, problems = _check_documents(spec.text, file, told, plain=not spec.template)
    return [
        replace(
            problem,
            line=problem.line + spec.line,
            column=problem.column + (spec.column if problem.line == 1 else 0),
        )
        for problem in problems
    ]


def _check_documents(text: str, file: str, target: Target, *, plain: bool) -> tuple[int, list[Problem]]:
    """How many documents the text has, and their problems; ``plain`` if nobody will fill in a template."""
    loaded = load(text)
    comments = read_comments(text)
    told, problems = _obey(comments, target, file)
    documents = [document for document in loaded.documents if document.data is not None or document.faults]
    for document in documents:
        problems += _check_document(document, file, told)
    if loaded.faults:
        problems += [_of_fault(fault, file, "") for fault in loaded.faults]
    elif not documents:
        message = "there is no specification here"
        problems.append(_problem(file, "SPCS009", 1, 1, "", message, "begin with `spec:`"))
    elif plain and loaded.holes.expressions:
        line, column = loaded.holes.first()
        message = "FROM SPECIFICATION does not fill in {{ … }}"
        fix = "use FROM SPECIFICATION_TEMPLATE … USING"
        problems.append(_problem(file, "SPCS014", line, column, "", message, fix))
    return len(documents), _suppress(problems, comments, file)


def _obey(comments: Comments, target: Target, file: str) -> tuple[Target, list[Problem]]:
    """The target with what comments say added, and what of them is not understood."""
    fix = "write family=…, kind=service or job, cloud=aws, azure or gcp, or ignore[SPCS…]"
    odd = [
        _problem(file, "SPCS016", line, column, "", f"{word!r} is not understood", fix)
        for line, column, word in comments.odd
    ]
    try:
        return _with_settings(target, comments.settings), odd
    except InputError as error:
        return target, [*odd, _problem(file, "SPCS016", 1, 1, "", str(error), error.hint or "")]


def _check_document(document: Document, file: str, target: Target) -> list[Problem]:
    problems = [
        _of_fault(fault, file, _place(document, fault))
        for fault in document.faults
        if _matters(document, fault)
    ]
    if document.data is None:
        return problems
    for found in check(document.data, target):
        finding = found.finding
        line, column = position(document, finding.path, at_key=finding.at_key)
        where = server_path(finding.path)
        problems.append(_problem(file, found.rule, line, column, where, finding.message, finding.fix))
    return problems


# Below these keys a number becomes text, so that its spelling matters.
_TEXTUAL = frozenset({"env", "args", "command", "labels"})


def _matters(document: Document, fault: Fault) -> bool:
    if fault.rule or fault.node is None:
        return True
    return any(part in _TEXTUAL for part in path_of(document, fault.node)[:-1])


def _place(document: Document, fault: Fault) -> str:
    return server_path(path_of(document, fault.node)) if fault.node is not None else ""


def _of_fault(fault: Fault, file: str, where: str) -> Problem:
    return _problem(file, fault.rule or "SPCS011", fault.line, fault.column, where, fault.message, fault.fix)


def _problem(file: str, rule: str, line: int, column: int, path: str, message: str, fix: str) -> Problem:
    severity = BY_ID[rule].severity
    return Problem(
        file=file, line=line, column=column, path=path, rule=rule, severity=severity, message=message, fix=fix
    )


def unreadable(file: str, message: str, *, fix: str = "", rule: str = "SPCS001", line: int = 1) -> Checked:
    """The result of a file that could not be read, and was not checked."""
    problem = _problem(file, rule, line, 1, "", message, fix)
    return Checked(file=file, problems=(problem,), specs=0, readable=False)


def _sorted(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: problem.order))


_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def _decode(content: bytes) -> str:
    encoding = next((name for bom, name in _BOMS if content.startswith(bom)), "utf-8")
    return content.decode(encoding)


def _with_settings(target: Target, settings: dict[str, str]) -> Target:
    """The target with what a comment says added; :class:`InputError` for a family that is not known."""
    if "kind" in settings:
        target = replace(target, kind=settings["kind"])
    if "family" in settings:
        target = on_family(settings["family"], target)
    if "cloud" in settings:
        target = replace(target, clouds=frozenset({settings["cloud"]}))
    return target


def on_family(name: str, target: Target | None = None) -> Target:
    """The target on the family of this name; :class:`InputError` if there is none."""
    target = target or Target()
    known = target.families()
    family = known.get(name.upper())
    if family is None:
        hint = did_you_mean(name.upper(), known) or "the known ones: sfml spec families"
        raise InputError(f"there is no instance family {name!r}", hint=hint)
    return replace(target, family=family, clouds=frozenset(cloud.value for cloud in family.clouds))


def _suppress(problems: list[Problem], comments: Comments, file: str) -> list[Problem]:
    """The problems that no comment suppresses, and those of suppressions that do nothing."""
    if not comments.ignores:
        return problems
    kept = []
    for problem in problems:
        ignores = [i for i in comments.ignores if i.holds_for == problem.line and problem.rule in i.rules]
        for ignore in ignores:
            ignore.used.add(problem.rule)
        if not ignores:
            kept.append(problem)
    for ignore in comments.ignores:
        for rule in sorted(ignore.rules - ignore.used):
            what = "is not broken on the line" if rule in BY_ID else "does not exist"
            message = f"the rule {rule} {what}"
            kept.append(
                _problem(file, "SPCS015", ignore.line, ignore.column, "", message, "remove the comment")
            )
    return kept
