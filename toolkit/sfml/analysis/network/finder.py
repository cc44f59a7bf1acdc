"""What the rules share: how a name, a path or a URL in a call becomes a need for hosts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sfml.analysis.conditions import Condition
from sfml.analysis.facts import Fact
from sfml.analysis.findings import Category, Evidence, Note, Rule
from sfml.analysis.functions import tail
from sfml.analysis.network.services import HUGGING_FACE, Service
from sfml.analysis.network.urls import bucket_hosts, category_of, host_of, is_home, is_local_path, is_url
from sfml.analysis.program import Program
from sfml.analysis.values import HOLE, Row, Table, Value

_ID = re.compile(r"^[\w.-]+(?:/[\w.-]+)?(?:@[\w.-]+)?$")
_FILES = re.compile(
    r"\.(?:pt|pth|bin|json|safetensors|txt|model|ckpt|csv|py|onnx|h5|pkl|gguf|tar|gz|zip|yaml|yml|"
    r"jsonl|parquet)$",
    re.IGNORECASE,
)
# What options and variables are called that hold a folder or file, and those that hold a model's name.
_PLACES = re.compile(
    r"dir\b|_dir|path|folder|ckpt|checkpoint|resume|output|_file|file_|save|local|dump|root|load_from|"
    r"weights$",
    re.IGNORECASE,
)
_MODEL_NAMES = re.compile(
    r"name|model_id|repo|hub|base_model|pretrained|backbone|hf_|tokenizer|^model$|model_type|encoder",
    re.IGNORECASE,
)
_SAVERS = frozenset({"save_pretrained", "save_model", "save_to_disk", "save"})
_TRUE = frozenset({"1", "true", "yes", "on"})
_PATH_KEYWORDS = frozenset(
    {
        "filepath_or_buffer",
        "path",
        "path_or_buf",
        "source",
        "fname",
        "io",
        "file",
        "filename",
        "url",
        "filepath",
        "local",
        "remote",
    }
)
OFF = frozenset({"offline", "disabled", "dryrun", "debug"})


@dataclass(frozen=True, slots=True)
class Need:
    """One reason to contact hosts of a category; ``hosts`` is empty where only the run knows them."""

    category: Category
    hosts: tuple[str, ...]
    condition: Condition
    evidence: Evidence


class Finder:
    """Makes needs of calls; ``notes`` are what it has to tell the user."""

    def __init__(self, program: Program, facts: list[Fact]) -> None:
        self.program = program
        self.facts = facts
        self.notes: list[Note] = []
        self.written = _written_names(facts)

    # --- what the program says of itself ---

    @property
    def hub_is_off(self) -> bool:
        """Whether the program tells the Hugging Face libraries to stay offline."""
        return self.is_set("HF_HUB_OFFLINE") or self.is_set("TRANSFORMERS_OFFLINE")

    @property
    def wandb_is_off(self) -> bool:
        """Whether the program tells Weights & Biases to stay offline."""
        return self.program.environment("WANDB_MODE") in OFF or self.is_set("WANDB_DISABLED")

    def is_set(self, variable: str) -> bool:
        """Whether the program switches an environment variable on."""
        return (self.program.environment(variable) or "").lower() in _TRUE

    # --- needs ---

    def need(self, fact: Fact, category: Category, hosts: tuple[str, ...], *, option: bool = False) -> Need:
        """A need that stands at a call."""
        return Need(category, hosts, fact.condition | Condition(option=option), fact.evidence())

    def service(self, fact: Fact, service: Service) -> Need:
        """A need for what a service contacts."""
        return self.need(fact, service.category, service.hosts)

    def urls(self, fact: Fact, texts: Iterable[str], *, default: Category = Category.HTTP) -> Iterator[Need]:
        """Needs for the URLs among some texts; the first is what holds by default."""
        for number, text in enumerate(texts):
            buckets = bucket_hosts(text)
            if text.startswith("hf://"):
                yield self.need(fact, Category.HUGGING_FACE, HUGGING_FACE, option=number > 0)
            elif buckets is not None:
                yield self.need(fact, Category.CLOUD_STORAGE, buckets, option=number > 0)
            elif is_home(text):
                self._note_home(fact, text)
            elif is_url(text):
                yield self._url(fact, text, default)

    def _url(self, fact: Fact, text: str, default: Category) -> Need:
        host = host_of(text)
        category = category_of(host, default) if host else default
        if category is Category.HUGGING_FACE:
            return self.need(fact, category, HUGGING_FACE)
        return self.need(fact, category, (host,) if host else ())

    def _note_home(self, fact: Fact, text: str) -> None:
        shown = text.replace(HOLE, "…")
        message = f"{shown} is the job itself: nothing listens there unless the script starts it"
        self.notes.append(Note(rule=Rule.LOCAL_HOST, message=message, evidence=fact.evidence()))

    # --- names of the Hugging Face hub ---

    def hub(self, fact: Fact, value: Value, node: ast.expr | None) -> Iterator[Need]:
        """A need for the hub, where a value that may be a name or a folder is a name."""
        if fact.value("local_files_only").default is True:
            return
        texts = [text for text in value.texts if text]
        verdicts = [self._is_hub_name(text, value) for text in texts] or [not _looks_local(value, node)]
        if any(verdicts):
            yield self.need(fact, Category.HUGGING_FACE, HUGGING_FACE, option=not verdicts[0])

    def hub_argument(self, fact: Fact, name: str, position: int | None) -> Iterator[Need]:
        """The same for an argument of the call, where it is given."""
        if fact.has(name, position):
            yield from self.hub(fact, fact.value(name, position), fact.argument(name, position))

    def _is_hub_name(self, text: str, value: Value) -> bool:
        if value.path or is_local_path(text) or text in self.written:
            return False
        if text.startswith(HOLE):
            return not any(_PLACES.search(origin) for origin in value.head)
        plain = text.replace(HOLE, "x")
        return bool(_ID.match(plain)) and not _FILES.search(plain) and not self.exists(text)

    def exists(self, text: str) -> bool:
        """Whether a relative path is a file or folder of the project."""
        return self.program.project.place(self.program.project.root, text) is not None


def _looks_local(value: Value, node: ast.expr | None) -> bool:
    """Whether a value that only the run knows is a folder, going by what it is called."""
    if value.path:
        return True
    said = " ".join(value.origins) if value.origins else _words(node) if node is not None else ""
    return bool(_PLACES.search(said)) and not _MODEL_NAMES.search(said)


def _words(node: ast.AST) -> str:
    names = [tail(part) for part in ast.walk(node) if isinstance(part, (ast.Name, ast.Attribute))]
    return names[0] if len(names) == 1 else tail(node) or " ".join(names)


def _written_names(facts: Iterable[Fact]) -> set[str]:
    """Literal folders that the program saves models to, and may load from again."""
    found: set[str] = set()
    for fact in facts:
        if fact.tail in _SAVERS:
            values = path_values(fact)
        elif fact.trains:
            values = [fact.value("output_dir", 0)]
        else:
            continue
        found |= {text for value in values for text in value.texts if text and HOLE not in text}
    return found


def path_values(fact: Fact) -> list[Value]:
    """The arguments of a reader or writer that may be a path or URL."""
    evaluator, scope = fact.program.evaluator, fact.call.scope
    nodes = [*fact.node.args[:1], *(k.value for k in fact.node.keywords if k.arg in _PATH_KEYWORDS)]
    return [evaluator.value(node, scope) for node in nodes]


def is_file(value: Value) -> bool:
    """Whether a value is a path rather than a name."""
    return value.path or any(_FILES.search(text) or is_local_path(text) for text in value.texts)


def all_texts(value: Value) -> Iterator[str]:
    """The strings of a value, those within its lists and mappings too."""
    for option in value.options:
        if isinstance(option, str):
            yield option
        elif isinstance(option, (Row, Table)):
            for item in option.items if isinstance(option, Row) else option.items.values():
                yield from all_texts(item)


def is_offline(fact: Fact) -> bool:
    """Whether a call is told to keep to itself."""
    return fact.value("mode").default in OFF or fact.value("offline").default is True
