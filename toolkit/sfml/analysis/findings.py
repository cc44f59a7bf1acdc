"""What the analysis finds: frozen records, each with the lines that it was inferred from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Gpu(StrEnum):
    """What a script wants of a GPU."""

    NEEDS = "needs"  # it fails, or refuses to start, on a machine without one
    USES = "uses"  # it takes one where present, or where an option says so, and runs without
    NEVER = "never"


class Category(StrEnum):
    """What hosts are for; one external access integration usually covers one category."""

    PYPI = "pypi"
    HUGGING_FACE = "huggingface"
    WANDB = "wandb"
    MLFLOW = "mlflow"
    COMET = "comet"
    TRACKING = "tracking"  # the other experiment trackers
    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    LLM_API = "llm-api"  # the other hosted models
    NLTK = "nltk"
    TORCH_HUB = "torch-hub"
    TF_HUB = "tf-hub"
    CLOUD_STORAGE = "cloud-storage"
    DATASET = "dataset"  # well-known data sets that a library fetches
    GIT = "git"
    HTTP = "http"


class Origin(StrEnum):
    """Who says that a package is needed under this name, most trusted first."""

    PEP723 = "script header"
    REQUIREMENTS = "requirements.txt"
    PYPROJECT = "pyproject.toml"
    COMMAND = "pip install"  # in a notebook's magic line, or run by the script
    INSTALLED = "installed metadata"
    TABLE = "import"  # the table of imports and distributions
    NAME = "import name"  # nothing better was known
    IMPLIED = "implied"  # no import: an option of another library needs it


class Install(StrEnum):
    """How the job gets its packages: never by both ways, as `pip_requirements` replaces the file."""

    NOTHING = "nothing"
    REQUIREMENTS_FILE = "requirements.txt"
    PIP_REQUIREMENTS = "pip_requirements"


class OutputKind(StrEnum):
    """How an output can be pointed elsewhere."""

    OPTION = "option"  # --output-dir
    POSITIONAL = "positional"  # the name of a positional argument, or argv[2]
    KEY = "key"  # a configuration key: paths.out=…
    VARIABLE = "variable"  # $OUTPUT_DIR
    RETURN = "return"  # __return__
    LITERAL = "literal"  # a path in the code: nothing can


class Method(StrEnum):
    """Which of the clients' submit functions fits (the table of the ML Jobs workflow)."""

    FILE = "file"
    DIRECTORY = "directory"
    FUNCTION = "function"
    NOTEBOOK = "notebook"


class Rule(StrEnum):
    """What a warning is about."""

    HARD_CODED_PATH = "hard-coded-path"
    PYTHON_VERSION = "python-version"
    VERSION_CONFLICT = "version-conflict"
    UNREADABLE = "unreadable"
    NO_ENTRY_POINT = "no-entry-point"
    LOCAL_HOST = "local-host"
    MISSING_MODULE = "missing-module"


@dataclass(frozen=True, kw_only=True, order=True)
class Evidence:
    """A line of a file and what was seen there; a notebook's lines count over its code cells."""

    file: str
    line: int
    seen: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.seen}"


@dataclass(frozen=True, kw_only=True)
class Hardware:
    """Whether a GPU is needed, and the lines that say so, the deciding one first."""

    gpu: Gpu
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Package:
    """A distribution that the job needs; ``requirement`` is the line for pip."""

    name: str
    requirement: str
    origin: Origin
    modules: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    preinstalled: bool = False


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """The packages, sorted by name, and how the job gets those that its runtime lacks."""

    packages: tuple[Package, ...] = ()
    install: Install = Install.NOTHING
    pip_requirements: tuple[str, ...] = ()
    requirements_file: str | None = None

    @property
    def missing(self) -> tuple[Package, ...]:
        """Packages that pip has to fetch."""
        return tuple(package for package in self.packages if not package.preinstalled)


@dataclass(frozen=True, kw_only=True)
class Network:
    """Hosts of one category. ``optional``: contacted only when an option that is off by default is given.

    ``hosts`` is empty where the code asks for a URL that is known only when it runs.
    """

    category: Category
    hosts: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    optional: bool = False


@dataclass(frozen=True, kw_only=True)
class Output:
    """Something written to; ``name`` as it is typed: `--output-dir`, `$OUT`, `paths.out`, `argv[2]`."""

    name: str
    kind: OutputKind
    evidence: tuple[Evidence, ...]
    default: str | None = None
    logs: bool = False
    aliases: tuple[str, ...] = ()  # other spellings, as -o


@dataclass(frozen=True, kw_only=True)
class Note:
    """A warning for the user; never a reason to stop."""

    rule: Rule
    message: str
    evidence: Evidence


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """All that was found. Paths are relative to ``root`` and in POSIX form."""

    root: str
    entrypoint: str | None
    python: str
    method: Method
    hardware: Hardware
    dependencies: Dependencies
    network: tuple[Network, ...]
    outputs: tuple[Output, ...]
    notes: tuple[Note, ...]
    modules: tuple[str, ...]  # Python files that run, the entry point first
    data_files: tuple[str, ...]  # files of the project that the code opens
