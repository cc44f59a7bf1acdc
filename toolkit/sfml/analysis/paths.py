"""Absolute paths in the code that will not exist in the job."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from sfml.analysis.findings import Note, Rule
from sfml.analysis.functions import tail
from sfml.analysis.program import Program
from sfml.analysis.seen import evidence
from sfml.analysis.tree import Text

# A path of somebody's machine: folders by name below the root, a home, a drive. One part alone ("/predict")
# is as likely a route.
_FOREIGN = re.compile(
    r"^(?:/(?:home|Users|mnt|media|data\d?|datasets?|scratch\w*|work|workspace|content|kaggle|opt|srv|"
    r"nfs|gpfs|lustre|"
    r"storage|projects?|dbfs|Volumes|root|share[d]?|disk\d*|ssd\w*|hdd\w*|raid\w*|cephfs|vol\w*|"
    r"exports?|export|"
    r"gdrive|drive|net|shared|models?|input|output|results|checkpoints?)(?:/[^\s]*)?|~/[^\s]+|"
    r"[A-Za-z]:[\\/].*)$"
)
# Folders that are in every Linux image, or that the job makes for itself.
_THERE = re.compile(
    r"^~/\.(?:cache|config)|^/(?:tmp|dev|proc|sys|etc|usr|bin|lib\w*|sbin|var/(?:tmp|log|run)|run)(?:/|$)|^/$"
)
# Calls whose strings are no paths to open.
_OTHER = frozenset(
    {
        "route", "get", "post", "put", "delete", "patch", "head", "startswith", "endswith", "sub",
        "match", "search", "compile", "fullmatch", "findall", "split", "rsplit", "strip", "lstrip",
        "rstrip", "replace", "print", "info", "debug", "warning", "error", "exception", "critical",
        "log", "write", "format", "add_url_rule", "mount", "include_router", "APIRouter",
        "add_api_route", "websocket", "count", "find", "index", "join", "removeprefix", "partition",
        "rpartition", "echo", "markdown", "add_route", "urljoin", "register", "RuntimeError",
        "ValueError", "FileNotFoundError", "click_echo", "device", "Blueprint", "Mount", "Route",
    }
)  # fmt: skip
_HELP = frozenset(
    {"help", "description", "epilog", "usage", "metavar", "title", "label", "prefix", "url_prefix"}
)


def hard_coded_paths(program: Program) -> Iterator[Note]:
    """A note for each line with a path that only its author's machine has."""
    seen: set[tuple[str, int]] = set()
    for module in program.modules:
        for text in module.texts:
            where = (module.source.name, text.node.lineno)
            if where in seen or not _is_foreign(program, text):
                continue
            seen.add(where)
            path = str(text.node.value)
            yield Note(
                rule=Rule.HARD_CODED_PATH,
                message=f"{path[:120]} does not exist in the job: take it from an argument or a stage",
                evidence=evidence(module, text.node),
            )


def _is_foreign(program: Program, text: Text) -> bool:
    path = str(text.node.value)
    if "\n" in path or len(path) > 300 or not _FOREIGN.match(path) or _THERE.match(path):
        return False
    if (
        path.startswith("/")
        and path.count("/") == 1
        and text.call is not None
        and not _takes_paths(text.call)
    ):
        return False
    if text.keyword in _HELP or (text.call is not None and _is_other(program, text)):
        return False
    return not program.condition(text.guard, text.scope).never


def _takes_paths(call: ast.Call) -> bool:
    return tail(call.func) in {
        "open",
        "Path",
        "join",
        "read_csv",
        "read_parquet",
        "listdir",
        "exists",
        "makedirs",
    }


def _is_other(program: Program, text: Text) -> bool:
    call = text.call
    assert call is not None
    name = tail(call.func)
    if name == "join":
        return not program.names.dotted(call.func, text.scope).startswith(("os.path", "posixpath"))
    if name == "get":
        return not program.names.dotted(call.func, text.scope).startswith("os.environ")
    return name in _OTHER
