"""Find the arguments that a program declares, one collector per library that parses them."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from sfml.analysis import declared
from sfml.analysis.arguments import Argument, Arguments
from sfml.analysis.evaluate import Evaluator
from sfml.analysis.findings import Evidence, OutputKind
from sfml.analysis.functions import decorator_names, is_dataclass, keyword, parameter_default, tail
from sfml.analysis.names import Symbol
from sfml.analysis.seen import evidence
from sfml.analysis.tree import Call, Kind, Module, Scope
from sfml.analysis.values import FALSE, HOLE, TRUE, UNKNOWN, Row, Value, known, union

# Parsers whose arguments are the fields of the dataclasses handed to them.
_DATACLASS_PARSERS = frozenset(
    {"HfArgumentParser", "TrlParser", "H4ArgumentParser", "DataclassArgumentParser", "add_arguments"}
)
# Functions that make options of the parameters of what they are given, and how they spell the options.
_COMMANDS = {
    "fire.Fire": "_",
    "typer.run": "-",
    "tyro.cli": "-",
    "jsonargparse.CLI": "_",
    "jsonargparse.auto_cli": "_",
    "defopt.run": "-",
    "cyclopts.run": "-",
    "simple_parsing.parse": "_",
    "pyrallis.parse": "_",
    "draccus.parse": "_",
    "chz.entrypoint": "_",
    "chz.nested_entrypoint": "_",
}
_COMMAND_DECORATORS = {"hydra.main": "", "pyrallis.wrap": "_", "draccus.wrap": "_"}

# The trainers' own argument classes; each has output_dir, required or with a default.
TRAINING_ARGUMENTS = frozenset(
    {"TrainingArguments", "Seq2SeqTrainingArguments", "SentenceTransformerTrainingArguments"}
)
# Of the classes of trl whose names end in Config, those that are no trainer's arguments.
_TRL_OTHERS = frozenset(
    {"ModelConfig", "DatasetMixtureConfig", "DatasetConfig", "DDPOConfig", "AlignPropConfig"}
)


def collect(arguments: Arguments, evaluator: Evaluator, modules: Iterable[Module]) -> None:
    """Declare every argument of the program in ``arguments``."""
    for module in modules:
        for call in module.calls_of(_COLLECTORS):
            for argument in _COLLECTORS[tail(call.node.func)](arguments, evaluator, call):
                arguments.add(argument)
        for scope in module.scopes:
            _decorated(arguments, evaluator, scope)
            declared.settings(arguments, evaluator, scope)


@functools.lru_cache(maxsize=4096)  # the same few names come in every module
def is_training_arguments(dotted: str) -> bool:
    """Whether a dotted name is a trainer's argument class, as subclasses of one are, too."""
    if not dotted.endswith(("Arguments", "Config", ")")):
        return False
    root, _, name = dotted.partition("(")[0].rpartition(".")
    if name in TRAINING_ARGUMENTS:
        return True
    is_trl = root.partition(".")[0] in {"trl", "unsloth"}
    return is_trl and name.endswith("Config") and name not in _TRL_OTHERS


# --- argparse and what looks like it ---


def _add_argument(_: Arguments, evaluator: Evaluator, call: Call) -> Iterator[Argument]:
    flags = [evaluator.value(argument, call.scope).default for argument in call.node.args]
    names = [flag for flag in flags if isinstance(flag, str) and flag and HOLE not in flag]
    if not names:
        return
    dashed = [name for name in names if name.startswith("-")]
    shown = next((name for name in dashed if name.startswith("--")), names[0])
    given = keyword(call.node, "dest")
    dest = evaluator.value(given, call.scope).default if given is not None else None
    yield Argument(
        name=shown,
        dest=dest if isinstance(dest, str) else shown.lstrip("-").replace("-", "_"),
        kind=OutputKind.OPTION if dashed else OutputKind.POSITIONAL,
        evidence=evidence(call.scope.module, call.node),
        default=_argparse_default(evaluator, call, positional=not dashed),
        module=call.scope.module,
        aliases=tuple(dashed),
        stored=evaluator.value(keyword(call.node, "action"), call.scope).default != "store_false",
    )


def _add_option(arguments: Arguments, evaluator: Evaluator, call: Call) -> Iterator[Argument]:
    """configargparse's own name for add_argument; a set has an add of its own."""
    first = call.node.args[0] if call.node.args else None
    if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value.startswith("-"):
        yield from _add_argument(arguments, evaluator, call)


def _argparse_default(evaluator: Evaluator, call: Call, *, positional: bool) -> Value:
    given = keyword(call.node, "default")
    if given is not None:
        return _with_choices(evaluator.value(given, call.scope), evaluator, call)
    action = evaluator.value(keyword(call.node, "action"), call.scope).default
    if action == "store_true":
        return FALSE
    if action == "store_false":
        return TRUE
    required = evaluator.value(keyword(call.node, "required"), call.scope).default
    return UNKNOWN if positional or required else known(None)


def _with_choices(default: Value, evaluator: Evaluator, call: Call) -> Value:
    """A default with what may be chosen in its place."""
    choices = evaluator.value(keyword(call.node, "choices"), call.scope).default
    for choice in choices.items if default.options and isinstance(choices, Row) else ():
        default = union(default, choice)
    return default


def _set_defaults(arguments: Arguments, evaluator: Evaluator, call: Call) -> Iterator[Argument]:
    for item in call.node.keywords:
        for argument in arguments.by_dest.get(item.arg or "", ())[:1]:
            yield Argument(
                name=argument.name,
                dest=argument.dest,
                kind=argument.kind,
                evidence=argument.evidence,
                default=evaluator.value(item.value, call.scope),
                module=call.scope.module,
            )


def _lightning(_: Arguments, evaluator: Evaluator, call: Call) -> Iterator[Argument]:
    """Trainer.add_argparse_args(parser) makes options of all that a Lightning trainer takes."""
    if not evaluator.names.dotted(call.node.func, call.scope).endswith("Trainer.add_argparse_args"):
        return
    for name in ("default_root_dir", "accelerator", "gpus", "precision"):
        yield Argument(
            name=f"--{name}",
            dest=name,
            kind=OutputKind.OPTION,
            evidence=evidence(call.scope.module, call.node),
            default=known(None),
            module=call.scope.module,
        )


# --- absl and TensorFlow flags ---


def _define(_: Arguments, evaluator: Evaluator, call: Call) -> Iterator[Argument]:
    name = evaluator.value(keyword(call.node, "name", 0), call.scope).default
    dotted = evaluator.names.dotted(call.node.func, call.scope)
    if not isinstance(name, str) or "flags" not in dotted:
        return
    yield Argument(
        name=f"--{name}",
        dest=name,
        kind=OutputKind.OPTION,
        evidence=evidence(call.scope.module, call.node),
        default=evaluator.value(keyword(call.node, "default", 1), call.scope),
        module=call.scope.module,
    )


# --- functions and classes whose parameters become options ---


def _command(arguments: Arguments, evaluator: Evaluator, call: Call) -> Iterator[Argument]:
    dotted = evaluator.names.dotted(call.node.func, call.scope)
    dash = _COMMANDS.get(dotted)
    if dash is None:
        return
    given = [
        *call.node.args[:1],
        *(k.value for k in call.node.keywords if k.arg in {"component", "config_class"}),
    ]
    if not given and dotted == "fire.Fire":
        found = [scope for scope in call.scope.module.scopes if scope.parent is call.scope.module.scope]
    else:
        found = [scope for node in given for scope in _commands(evaluator, node, call.scope)]
    for scope in found:
        yield from _scope_options(arguments, evaluator, scope, dash=dash)


def _commands(evaluator: Evaluator, node: ast.expr, scope: Scope) -> Iterator[Scope]:
    if isinstance(node, (ast.Dict, ast.List, ast.Tuple)):
        parts = node.values if isinstance(node, ast.Dict) else node.elts
        for part in parts:
            yield from _commands(evaluator, part, scope)
        return
    symbol = evaluator.names.resolve(node, scope)
    if isinstance(symbol, Scope):
        yield symbol
    elif isinstance(node, ast.Name):
        for binding in evaluator.names.bindings(node.id, scope):
            if isinstance(binding.node, (ast.Dict, ast.List, ast.Tuple)):
                yield from _commands(evaluator, binding.node, binding.scope)


def _scope_options(
    arguments: Arguments, evaluator: Evaluator, scope: Scope, *, dash: str
) -> Iterator[Argument]:
    if scope.kind is Kind.CLASS and is_dataclass(scope):
        yield from _fields(arguments, evaluator, scope, dash=dash)
        return
    functions = [scope]
    if scope.kind is Kind.CLASS:
        members = [b.inner for bindings in scope.names.values() for b in bindings if b.inner is not None]
        functions = [m for m in members if m.name == "__init__" or not m.name.startswith("_")]
    for function in functions:
        yield from _parameters(arguments, evaluator, function, dash=dash)


def _parameters(
    arguments: Arguments, evaluator: Evaluator, function: Scope, *, dash: str
) -> Iterator[Argument]:
    for name, bindings in function.names.items():
        if bindings[0].kind is not Kind.PARAMETER or name in {"self", "cls", "ctx"}:
            continue
        default = evaluator.default(function, name)
        option = default is not None or dash == "_"
        argument = Argument(
            name=f"--{name.replace('_', dash)}" if option else name,
            dest=name,
            kind=OutputKind.OPTION if option else OutputKind.POSITIONAL,
            evidence=Evidence(
                file=function.module.source.name, line=bindings[0].line, seen=f"{function.name}({name})"
            ),
            default=default if default is not None else UNKNOWN,
            module=function.module,
        )
        spelled = _spelled(evaluator, function, name, argument)
        arguments.by_parameter[(id(function), name)] = spelled
        arguments.by_origin.setdefault(spelled.name, spelled)
        yield from _nested_fields(arguments, evaluator, function, name, dash=dash)


def _nested_fields(
    arguments: Arguments, evaluator: Evaluator, function: Scope, name: str, *, dash: str
) -> Iterator[Argument]:
    """A parameter whose annotation is a dataclass brings that class's fields as options."""
    arg = function.names[name][0].node
    annotation = arg.annotation if isinstance(arg, ast.arg) else None
    symbol = evaluator.names.resolve(annotation, function) if annotation is not None else None
    if isinstance(symbol, Scope) and is_dataclass(symbol):
        del arguments.by_parameter[(id(function), name)]
        yield from _fields(arguments, evaluator, symbol, dash=dash)


def _spelled(evaluator: Evaluator, function: Scope, name: str, argument: Argument) -> Argument:
    """typer.Option("default", "--spelling"), as a default or within Annotated[…]."""
    call = parameter_default(function.node, name)
    arg = function.names[name][0].node
    if isinstance(arg, ast.arg) and isinstance(arg.annotation, ast.Subscript):
        inner = arg.annotation.slice
        call = inner.elts[1] if isinstance(inner, ast.Tuple) and len(inner.elts) > 1 else call
    if not isinstance(call, ast.Call) or tail(call.func) not in {"Option", "Argument"}:
        return argument
    texts = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    flags = [text.split("/")[0] for text in texts if text.startswith("--")]
    plain = parameter_default(function.node, name)
    default = argument.default
    if plain is call:
        default = evaluator.value(keyword(call, "default", 0), function)
        default = UNKNOWN if default.default is Ellipsis else default
    is_option = tail(call.func) == "Option"
    usual = f"--{name.replace('_', '-')}" if is_option else name
    return Argument(
        name=flags[0] if flags else usual,
        dest=argument.dest,
        kind=OutputKind.OPTION if is_option else OutputKind.POSITIONAL,
        evidence=argument.evidence,
        default=default,
        module=argument.module,
    )


def _decorated(arguments: Arguments, evaluator: Evaluator, function: Scope) -> None:
    """click's and typer's commands: options declared by decorators of the function that gets them."""
    if function.kind is not Kind.FUNCTION or not decorator_names(function):
        return
    outer = function.parent or function
    for decorator in getattr(function.node, "decorator_list", []):
        call = decorator if isinstance(decorator, ast.Call) else None
        dotted = evaluator.names.dotted(call.func if call is not None else decorator, outer)
        if call is not None and dotted.rpartition(".")[2] in {"option", "argument"}:
            _click(arguments, evaluator, function, call)
        elif dotted.startswith(("typer.Typer()", "cyclopts.App()")):
            for argument in _parameters(arguments, evaluator, function, dash="-"):
                arguments.add(argument)
        elif dotted in _COMMAND_DECORATORS and dotted != "hydra.main":
            for argument in _parameters(arguments, evaluator, function, dash="_"):
                arguments.add(argument)


def _click(arguments: Arguments, evaluator: Evaluator, function: Scope, call: ast.Call) -> None:
    outer = function.parent or function
    texts = [
        value for value in (evaluator.value(a, outer).default for a in call.args) if isinstance(value, str)
    ]
    flags = [text.split("/")[0] for text in texts if text.startswith("-")]
    names = [text for text in texts if not text.startswith("-")]
    if not flags and not names:
        return
    shown = next((flag for flag in flags if flag.startswith("--")), (flags or names)[0])
    name = names[0] if names else shown.lstrip("-").replace("-", "_").lower()
    default = evaluator.value(keyword(call, "default"), outer)
    if evaluator.value(keyword(call, "is_flag"), outer).default is True and not default.options:
        default = FALSE
    argument = Argument(
        name=shown,
        dest=name,
        kind=OutputKind.OPTION if flags else OutputKind.POSITIONAL,
        evidence=evidence(function.module, call),
        default=default if default.options or not flags else known(None),
        module=function.module,
        aliases=tuple(flags),
    )
    arguments.by_parameter[(id(function), name)] = argument
    arguments.by_origin.setdefault(shown, argument)


# --- dataclasses whose fields become options ---


def _dataclass_parser(arguments: Arguments, evaluator: Evaluator, call: Call) -> Iterator[Argument]:
    first = keyword(call.node, "dataclass_types", 0)
    if first is None:
        return
    for node, scope in _classes(evaluator, first, call.scope):
        yield from _dataclass(arguments, evaluator, evaluator.names.resolve(node, scope), call)


def _classes(evaluator: Evaluator, node: ast.AST, scope: Scope) -> Iterator[tuple[ast.expr, Scope]]:
    """The classes of a tuple, a sum of tuples, or a name for either."""
    if isinstance(node, ast.Tuple | ast.List):
        yield from ((element, scope) for element in node.elts)
    elif isinstance(node, ast.BinOp):
        yield from _classes(evaluator, node.left, scope)
        yield from _classes(evaluator, node.right, scope)
    elif isinstance(node, ast.expr):
        bound = evaluator.names.bindings(node.id, scope) if isinstance(node, ast.Name) else []
        lists = [one for one in bound if isinstance(one.node, ast.Tuple | ast.List | ast.BinOp)]
        for one in lists:
            yield from _classes(evaluator, one.node, one.scope)  # type: ignore[arg-type]  # seen above
        if not lists:
            yield node, scope


def _dataclass(arguments: Arguments, evaluator: Evaluator, symbol: Symbol, call: Call) -> Iterator[Argument]:
    if isinstance(symbol, Scope) and symbol.kind is Kind.CLASS:
        ancestors = list(evaluator.names.ancestors(symbol))
        trains = any(isinstance(one, str) and is_training_arguments(one) for one in ancestors)
        for ancestor in ancestors:
            if isinstance(ancestor, Scope):
                own = _fields(arguments, evaluator, ancestor, dash="_")
                yield from (replace(one, trains=trains and one.dest == "output_dir") for one in own)
            elif is_training_arguments(ancestor):
                yield _output_dir(call)
    elif isinstance(symbol, str) and is_training_arguments(symbol):
        yield _output_dir(call)
    elif isinstance(symbol, str) and symbol.startswith("trl."):
        yield from _trl_fields(call)


def _fields(arguments: Arguments, evaluator: Evaluator, cls: Scope, *, dash: str) -> Iterator[Argument]:
    for name, bindings in cls.names.items():
        last = bindings[-1]
        if last.kind not in {Kind.VALUE, Kind.FIELD} or name.startswith("_"):
            continue
        value = evaluator.bound(bindings, None, 0)
        argument = Argument(
            name=f"--{name.replace('_', dash)}",
            dest=name,
            kind=OutputKind.OPTION,
            evidence=Evidence(file=cls.module.source.name, line=last.line, seen=f"{cls.name}.{name}"),
            default=_field_default(evaluator, cls, last.node, value),
            module=cls.module,
        )
        arguments.fields[(id(cls), name)] = argument
        yield argument


def _field_default(evaluator: Evaluator, cls: Scope, node: ast.AST | None, value: Value) -> Value:
    if isinstance(node, ast.Call) and tail(node.func) in {"field", "Field"}:
        return evaluator.value(keyword(node, "default", 0), cls)
    return value


def _output_dir(call: Call) -> Argument:
    return Argument(
        name="--output_dir",
        dest="output_dir",
        kind=OutputKind.OPTION,
        evidence=evidence(call.scope.module, call.node),
        default=UNKNOWN,
        module=call.scope.module,
        trains=True,
    )


def _trl_fields(call: Call) -> Iterator[Argument]:
    """ScriptArguments and ModelConfig: what is fetched from the hub is said on the command line."""
    for name in ("dataset_name", "model_name_or_path"):
        yield Argument(
            name=f"--{name}",
            dest=name,
            kind=OutputKind.OPTION,
            evidence=evidence(call.scope.module, call.node),
            module=call.scope.module,
        )


def rows(value: Value) -> list[Value]:
    """The elements of a list, or the value itself as the only one."""
    return list(value.default.items) if isinstance(value.default, Row) else [value]


_COLLECTORS: dict[str, Callable[[Arguments, Evaluator, Call], Iterator[Argument]]] = {
    "add_argument": _add_argument,
    "add_arg": _add_argument,
    "add": _add_option,
    "set_defaults": _set_defaults,
    "docopt": declared.docopt,
    "add_argparse_args": _lightning,
    **{
        f"DEFINE_{kind}": _define
        for kind in ("string", "bool", "boolean", "integer", "float", "enum", "list")
    },
    **dict.fromkeys({name.rpartition(".")[2] for name in _COMMANDS}, _command),
    **dict.fromkeys(_DATACLASS_PARSERS, _dataclass_parser),
}
