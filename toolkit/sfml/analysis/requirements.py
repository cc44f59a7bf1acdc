"""What a project says it needs: script header, requirements.txt with includes, pyproject and others."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sfml.analysis.distributions import normalized
from sfml.analysis.findings import Evidence, Origin

# https://packaging.python.org/en/latest/specifications/inline-script-metadata/
_HEADER = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")
_COMMENT = re.compile(r"(^|\s)#.*$")
_HASH = re.compile(r"\s--hash[= ]\S+")
_EGG = re.compile(r"[#&]egg=([\w.-]+)")
_DEEPEST = 10
_FALLBACKS = (
    "requirements/base.txt",
    "requirements/main.txt",
    "requirements/requirements.txt",
    "requirements.in",
)


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One requirement that applies to the job's Python and system; ``line`` is what pip would be given."""

    name: str
    line: str
    specifier: str
    origin: Origin
    evidence: Evidence


@dataclass(frozen=True, kw_only=True)
class Statement:
    """All that one source says, and whether a file can be used where it lies."""

    origin: Origin
    requirements: tuple[Declared, ...]
    options: tuple[str, ...] = ()  # --extra-index-url and the like
    file: str | None = None
    has_local: bool = False  # -e . or ./package: only where the folder goes along


@dataclass
class _Reading:
    """A requirements file and its includes while they are read."""

    root: Path
    python: tuple[int, int]
    found: list[Declared] = field(default_factory=list)
    constraints: dict[str, str] = field(default_factory=dict)
    options: list[str] = field(default_factory=list)
    has_local: bool = False
    seen: set[tuple[Path, bool]] = field(default_factory=set)


def statements(root: Path, script: str, script_name: str, python: tuple[int, int]) -> list[Statement]:
    """What the project says, most trusted source first; sources that say nothing are left out."""
    present = set(os.listdir(root))  # noqa: PTH208 - names are all that is wanted
    found = [_script_header(script, script_name, python)]
    found += [read(root, python) for names, read in _SOURCES.items() if present.intersection(names)]
    return [statement for statement in found if statement is not None]


# --- one requirement ---


def _parsed(line: str, origin: Origin, where: Evidence, python: tuple[int, int]) -> Declared | None:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        found = Requirement(line)
    except InvalidRequirement:
        return _from_url(line, origin, where)
    if found.marker is not None and not _applies(found.marker, python):
        return None
    extras = f"[{','.join(sorted(found.extras))}]" if found.extras else ""
    target = f" @ {found.url}" if found.url else ""
    name = line.partition(";")[0].strip() if found.url is None else f"{found.name}{extras}{target}"
    return Declared(
        name=normalized(found.name), line=name, specifier=str(found.specifier), origin=origin, evidence=where
    )


def _applies(marker: Any, python: tuple[int, int]) -> bool:
    environment = {
        "os_name": "posix",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "python_version": f"{python[0]}.{python[1]}",
        "python_full_version": f"{python[0]}.{python[1]}.0",
        "extra": "",
    }
    try:
        return bool(marker.evaluate(environment))
    except (ValueError, KeyError):
        return True


def _from_url(line: str, origin: Origin, where: Evidence) -> Declared | None:
    """`git+https://host/owner/name.git@ref#egg=name` and links to archives."""
    if "://" not in line:
        return None
    egg = _EGG.search(line)
    path = urlsplit(line.removeprefix("git+")).path.rstrip("/")
    last = path.rpartition("/")[2].partition("@")[0]
    # An archive is called name-1.0.tar.gz; a repository, name.git or name@branch/with/slashes.
    name = egg[1] if egg else _repository(path) if line.startswith("git+") else last.partition("-")[0]
    if not re.fullmatch(r"[\w.-]+", name):
        return None
    line = line if egg else f"{name}@ {line}"
    return Declared(name=normalized(name), line=line, specifier="", origin=origin, evidence=where)


def _repository(path: str) -> str:
    return path.partition("@")[0].rpartition("/")[2].removesuffix(".git")


def parse(line: str, origin: Origin, where: Evidence, python: tuple[int, int]) -> Declared | None:
    """A requirement as pip takes it on its command line."""
    return _parsed(line.strip(), origin, where, python)


# --- PEP 723 ---


def _script_header(text: str, name: str, python: tuple[int, int]) -> Statement | None:
    if "/// script" not in text:
        return None
    blocks = [match for match in _HEADER.finditer(text) if match["type"] == "script"]
    if len(blocks) != 1:
        return None
    start = text[: blocks[0].start()].count("\n") + 1
    if _inside_string(text, start):
        return None
    content = "\n".join(
        line[2:] if line.startswith("# ") else line[1:] for line in blocks[0]["content"].splitlines()
    )
    data = _toml(content)
    lines = data.get("dependencies", []) if data is not None else []
    found = _all(lines, Origin.PEP723, name, python, text, start)
    return Statement(origin=Origin.PEP723, requirements=tuple(found)) if lines else None


def _inside_string(text: str, line: int) -> bool:
    """Whether a line lies within a string, where a comment is none."""
    import io
    import tokenize

    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT and token.start[0] == line:
                return False
            if token.start[0] > line:
                return True
    except (tokenize.TokenError, SyntaxError, IndentationError):
        return False
    return True


def _all(
    lines: Any, origin: Origin, file: str, python: tuple[int, int], text: str = "", after: int = 1
) -> Iterator[Declared]:
    for line in lines if isinstance(lines, list) else []:
        if isinstance(line, str):
            where = Evidence(file=file, line=_line_of(text, line, after), seen=line)
            found = _parsed(line, origin, where, python)
            if found is not None:
                yield found


def _line_of(text: str, words: str, after: int = 1) -> int:
    for number, line in enumerate(text.splitlines(), 1):
        if number >= after and words in line:
            return number
    return after


def _toml(text: str) -> dict[str, Any] | None:
    import tomllib

    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


# --- requirements.txt ---


def _requirements_file(root: Path, python: tuple[int, int]) -> Statement | None:
    for name in ("requirements.txt", *_FALLBACKS):
        path = root / name
        if path.is_file():
            reading = _Reading(root=root, python=python)
            _read(reading, path, depth=0, as_constraints=False)
            found = tuple(_constrained(one, reading.constraints) for one in reading.found)
            in_place = name if name == "requirements.txt" else None
            return Statement(
                origin=Origin.REQUIREMENTS,
                requirements=found,
                options=tuple(reading.options),
                file=in_place,
                has_local=reading.has_local,
            )
    return None


def _constrained(one: Declared, constraints: dict[str, str]) -> Declared:
    specifier = constraints.get(one.name, "")
    if one.specifier or not specifier or "@" in one.line:
        return one
    return replace(one, line=f"{one.line}{specifier}", specifier=specifier)


def _read(reading: _Reading, path: Path, *, depth: int, as_constraints: bool) -> None:
    if depth > _DEEPEST or not path.is_file() or (path, as_constraints) in reading.seen:
        return
    reading.seen.add((path, as_constraints))
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    for number, line in _logical_lines(text):
        where = Evidence(file=_relative(path, reading.root), line=number, seen=line)
        if line.startswith("-"):
            _option(reading, line, path, depth=depth, as_constraints=as_constraints)
        elif line.startswith((".", "/")):
            reading.has_local = True
        else:
            _requirement(reading, line, where, as_constraints=as_constraints)


def _requirement(reading: _Reading, line: str, where: Evidence, *, as_constraints: bool) -> None:
    found = _parsed(_HASH.sub("", line).strip(), Origin.REQUIREMENTS, where, reading.python)
    if found is None:
        return
    if as_constraints:
        reading.constraints[found.name] = found.specifier
    else:
        reading.found.append(found)


def _option(reading: _Reading, line: str, path: Path, *, depth: int, as_constraints: bool) -> None:
    name, _, value = re.sub(r"^(-[rce])(?=\S)", r"\1 ", line).replace("=", " ", 1).partition(" ")
    value = value.strip()
    if name in {"-r", "--requirement"}:
        _read(reading, path.parent / value, depth=depth + 1, as_constraints=as_constraints)
    elif name in {"-c", "--constraint"}:
        _read(reading, path.parent / value, depth=depth + 1, as_constraints=True)
    elif name in {"-e", "--editable"}:
        if "://" in value:
            where = Evidence(file=_relative(path, reading.root), line=1, seen=line)
            _requirement(reading, value, where, as_constraints=as_constraints)
        else:
            reading.has_local = True
    elif name in {"--index-url", "-i", "--extra-index-url", "--find-links", "-f", "--pre", "--no-binary"}:
        reading.options.append(line)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    kept, start = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        start = start or number
        line = _COMMENT.sub("", raw)
        if line.endswith("\\"):
            kept += line[:-1] + " "
            continue
        line = (kept + line).strip()
        if line:
            yield start, line
        kept, start = "", 0


def _relative(path: Path, root: Path) -> str:
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return path.as_posix()


# --- the others ---


def _pyproject(root: Path, python: tuple[int, int]) -> Statement | None:
    path = root / "pyproject.toml"
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8", errors="replace")
    data = _toml(text) or {}
    lines = _table(data, "project").get("dependencies", [])
    poetry = _table(_table(data, "tool"), "poetry")
    if isinstance(poetry.get("dependencies"), dict):
        lines = [*lines, *_poetry(poetry["dependencies"])]
    found = tuple(_all(lines, Origin.PYPROJECT, "pyproject.toml", python, text))
    return Statement(origin=Origin.PYPROJECT, requirements=found) if found else None


def _table(data: dict[str, Any], key: str) -> dict[str, Any]:
    found = data.get(key, {})
    return found if isinstance(found, dict) else {}


def _poetry(dependencies: dict[str, Any]) -> Iterator[str]:
    for name, wanted in dependencies.items():
        if name.lower() == "python":
            continue
        options = wanted if isinstance(wanted, dict) else {}
        if options.get("optional"):
            continue
        version = options.get("version", "") if options else wanted
        extras = f"[{','.join(options['extras'])}]" if options.get("extras") else ""
        if "git" in options:
            yield f"{name}{extras} @ git+{options['git']}"
        else:
            yield f"{name}{extras}{_poetry_version(str(version))}"


def _poetry_version(version: str) -> str:
    """Poetry's own operators as pip writes them: ^1.2 allows up to the next 2, ~1.2 up to the next 1.3."""
    if version in {"", "*"}:
        return ""
    found = re.match(r"^([\^~])\s*(\d+(?:\.\d+)*)$", version)
    if not found:
        return f"=={version}" if version[:1].isdigit() else version.replace(" ", "")
    parts = [int(part) for part in found[2].split(".")]
    keep = 0 if found[1] == "^" else min(1, len(parts) - 1)
    if found[1] == "^":
        keep = next((i for i, part in enumerate(parts) if part), len(parts) - 1)
    upper = [*parts[:keep], parts[keep] + 1]
    return f">={found[2]},<{'.'.join(map(str, upper))}"


def _setup_cfg(root: Path, python: tuple[int, int]) -> Statement | None:
    path = root / "setup.cfg"
    if not path.is_file():
        return None
    import configparser

    parser = configparser.ConfigParser(interpolation=None)
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        parser.read_string(text)
        lines = parser.get("options", "install_requires", fallback="").splitlines()
    except configparser.Error:
        return None
    found = tuple(_all([line for line in lines if line.strip()], Origin.PYPROJECT, "setup.cfg", python, text))
    return Statement(origin=Origin.PYPROJECT, requirements=found) if found else None


def _setup_py(root: Path, python: tuple[int, int]) -> Statement | None:
    path = root / "setup.py"
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    lists = [
        item.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for item in node.keywords
        if item.arg == "install_requires" and isinstance(item.value, ast.List)
    ]
    lines = [e.value for found in lists for e in found.elts if isinstance(e, ast.Constant)]
    found = tuple(_all(lines, Origin.PYPROJECT, "setup.py", python, text))
    return Statement(origin=Origin.PYPROJECT, requirements=found) if found else None


def _environment_yml(root: Path, python: tuple[int, int]) -> Statement | None:
    """The pip section of a conda environment; conda's own names are no distributions of an index."""
    path = next((root / n for n in ("environment.yml", "environment.yaml") if (root / n).is_file()), None)
    if path is None:
        return None
    from sfml.analysis import configs
    from sfml.analysis.values import Row, Table

    content = configs.load(path)
    table = content.default if content is not None else None
    entries = table.items.get("dependencies") if isinstance(table, Table) else None
    lines: list[str] = []
    for entry in entries.default.items if entries is not None and isinstance(entries.default, Row) else ():
        pip = entry.default.items.get("pip") if isinstance(entry.default, Table) else None
        if pip is not None and isinstance(pip.default, Row):
            lines += [
                str(item.default) for item in pip.default.items if not str(item.default).startswith("-")
            ]
    text = path.read_text(encoding="utf-8", errors="replace")
    found = tuple(_all(lines, Origin.PYPROJECT, path.name, python, text))
    return Statement(origin=Origin.PYPROJECT, requirements=found) if found else None


# The names that show that a source may be there, and its reader; most trusted first.
_SOURCES: dict[tuple[str, ...], Callable[[Path, tuple[int, int]], Statement | None]] = {
    ("requirements.txt", "requirements", "requirements.in"): _requirements_file,
    ("pyproject.toml",): _pyproject,
    ("setup.cfg",): _setup_cfg,
    ("setup.py",): _setup_py,
    ("environment.yml", "environment.yaml"): _environment_yml,
}
