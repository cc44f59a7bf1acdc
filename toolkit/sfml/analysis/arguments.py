"""The options, positions, variables and keys by which a script is told things, and their defaults."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sfml.analysis.findings import Evidence, OutputKind
from sfml.analysis.names import HYDRA
from sfml.analysis.tree import Kind, Module, Scope
from sfml.analysis.values import UNKNOWN, Row, Table, Value, known, union

# Objects whose attributes are options, whoever made them.
_NAMESPACES = (
    ".parse_args()",
    ".parse_known_args()[0]",
    ".parse_intermixed_args()",
    ".parse_args_into_dataclasses()",
    ".parse_args_and_config()",
    ".parse_dict()",
    ".parse_json_file()",
    ".parse_yaml_file()",
    "argparse.Namespace()",
    "easydict.EasyDict()",
    "types.SimpleNamespace()",
    "vars()",
    "docopt.docopt()",
)
_FLAGS = re.compile(r"^(?:absl\.flags|tensorflow(?:\.compat\.v1)?(?:\.app)?\.flags)\.FLAGS\.(\w+)$")
_OPTION_OBJECTS = re.compile(
    r"(?:^|_)(?:args?|opts?|options?|arguments|cfg|config|conf|hparams?|params?|hps?|flags|settings|"
    r"namespace)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Argument:
    """One way to tell the script something; ``name`` as it is typed, ``dest`` as the code reads it."""

    name: str
    dest: str
    kind: OutputKind
    evidence: Evidence
    default: Value = UNKNOWN
    module: Module | None = None
    aliases: tuple[str, ...] = ()  # all its spellings
    stored: bool = True  # what the bare flag means
    trains: bool = False  # a trainer writes to it, whether the script says so or not

    @property
    def value(self) -> Value:
        """Its default, marked as something that the user may change."""
        origins = frozenset({self.name})
        return Value(
            self.default.options, complete=False, origins=origins, head=origins, gpu=self.default.gpu
        )


@dataclass(slots=True)
class Arguments:
    """All arguments of a program. ``given`` are values that the user has already chosen, by name or dest."""

    given: Mapping[str, str | bool] = field(default_factory=dict)
    by_dest: dict[str, list[Argument]] = field(default_factory=dict)
    by_origin: dict[str, Argument] = field(default_factory=dict)
    by_parameter: dict[tuple[int, str], Argument] = field(default_factory=dict)
    fields: dict[tuple[int, str], Argument] = field(default_factory=dict)
    settable: set[int] = field(default_factory=set)  # modules whose names `--name=value` replaces
    program_environment: list[tuple[str, ast.expr, Scope]] = field(default_factory=list)
    hydra: Table | None = None
    hydra_file: Evidence | None = None
    hydra_files: list[Path] = field(default_factory=list)  # those that it was composed from

    def add(self, argument: Argument) -> None:
        """Declare an argument that the code reads as an attribute of its options object."""
        self.by_dest.setdefault(argument.dest, []).append(argument)
        self.by_origin.setdefault(argument.name, argument)

    def read(self, argument: Argument) -> Value:
        """What an argument is worth: what the user gave, or else its default."""
        found = self._given(argument)
        if found is None:
            return argument.value
        # Settled, so nothing that depends on it is open any more; it still says where a path begins.
        return Value((found,), complete=True, head=frozenset({argument.name}))

    def _given(self, argument: Argument) -> str | bool | None:
        for name in (argument.name, *argument.aliases, argument.dest):
            if name in self.given:
                found = self.given[name]
                return argument.stored if found is True else found
        bare = argument.name.lstrip("-")
        # Flags that come in pairs: argparse and click --no-x, HfArgumentParser --no_x, absl --nox.
        off = (f"--no-{bare}", f"--no_{bare}", f"--no{bare}")
        return (
            False if any(self.given.get(name) is True for name in off if name not in self.by_origin) else None
        )

    def attribute(self, dotted: str, module: Module | None = None) -> Value | None:
        """The argument that a dotted name outside the project reads: FLAGS.x, parse_args().x, a hydra key."""
        if dotted.startswith(HYDRA):
            return self._hydra(dotted[len(HYDRA) :])
        flag = _FLAGS.match(dotted)
        if flag:
            return self.named(flag[1], module)
        base, _, name = dotted.rpartition(".")
        if base.endswith("]"):
            base = re.sub(r"(_dataclasses|_and_config|_dict|_file)\(\)\[\d*\]$", r"\1()", base)
        return self.named(name, module) if base.endswith(_NAMESPACES) else None

    def named(self, dest: str, module: Module | None) -> Value | None:
        """The argument of that name, the module's own before those of other modules."""
        found = self.by_dest.get(dest)
        if not found:
            return None
        own = [argument for argument in found if argument.module is module]
        return self.read((own or found)[0])

    def by_name(self, node: ast.Attribute, scope: Scope) -> Value | None:
        """``args.x`` where nothing says what ``args`` is, but its name does and there is an argument x."""
        base = node.value
        name = base.attr if isinstance(base, ast.Attribute) else base.id if isinstance(base, ast.Name) else ""
        return self.named(node.attr, scope.module) if _OPTION_OBJECTS.search(name) else None

    def parameter(self, function: Scope, name: str) -> Value | None:
        """The option that a command's parameter stands for."""
        argument = self.by_parameter.get((id(function), name))
        return self.read(argument) if argument is not None else None

    def field(self, cls: Scope, name: str) -> Value | None:
        """The option that a field of a dataclass stands for."""
        argument = self.fields.get((id(cls), name))
        return self.read(argument) if argument is not None else None

    def setting(self, name: str, module: Module) -> Value | None:
        """A module's own name where a configurator lets `--name=value` replace it."""
        if id(module) not in self.settable:
            return None
        bindings = module.scope.names.get(name, [])
        constants = [b for b in bindings if b.kind is Kind.VALUE and isinstance(b.node, ast.Constant)]
        if not constants:
            return None
        option = f"--{name}"
        evidence = Evidence(file=module.source.name, line=constants[0].line, seen=f"{name} = …")
        self.by_origin.setdefault(
            option, Argument(name=option, dest=name, kind=OutputKind.OPTION, evidence=evidence)
        )
        origins = frozenset({option})
        return Value((), complete=True, origins=origins, head=origins)

    def argv(self, index: Value) -> Value:
        """``sys.argv[index]``."""
        number = index.default
        if type(number) is not int or number == 0:
            return UNKNOWN
        name = f"argv[{number}]"
        return Value((), complete=False, origins=frozenset({name}), head=frozenset({name}))

    def _hydra(self, path: str) -> Value:
        keys = [key for key in re.split(r"[.\[\]]+", path) if key]
        value = known(self.hydra) if self.hydra is not None else UNKNOWN
        for key in keys:
            value = _item(value, key)
        if any("${hydra:runtime.output_dir}" in text for text in value.texts):
            keys = ["hydra", "run", "dir"]
        name = ".".join(keys)
        origins = frozenset({name}) if name else frozenset()
        if name and self.hydra_file is not None:
            argument = Argument(
                name=name, dest=name, kind=OutputKind.KEY, evidence=self.hydra_file, default=value
            )
            self.by_origin.setdefault(name, argument)
        if name in self.given:
            return Value((self.given[name],), complete=True, head=origins)
        options = value.options
        return Value(options, complete=False, origins=origins, head=origins)


def _item(value: Value, key: str) -> Value:
    found: Value | None = None
    for option in value.options:
        item = option.items.get(key) if isinstance(option, Table) else None
        if isinstance(option, Row) and key.isdecimal() and int(key) < len(option.items):
            item = option.items[int(key)]
        if item is not None:
            found = item if found is None else union(found, item)
    return found or UNKNOWN
