"""Where a program's outputs go, and which option, variable or key can send them elsewhere.

A path counts by what gives it its beginning: in ``os.path.join(args.out, args.name)`` that is ``--out``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sfml.analysis.arguments import Argument
from sfml.analysis.facts import Fact
from sfml.analysis.findings import Evidence, Output, OutputKind
from sfml.analysis.flows import Flow, Use
from sfml.analysis.program import Program
from sfml.analysis.seen import evidence
from sfml.analysis.tree import Kind
from sfml.analysis.values import HOLE, Value

# Names that say output by themselves, for values that go where the code does not show.
_STRONG = re.compile(
    r"^(?:out|outputs?|outdir|save|saved?_?dir|savedir|save_?path|save_?folder|save_?root|save_?to|"
    r"save_?file|save_?model(?:_?(?:dir|path|to|as))?|"
    r"(?:model_?)?out(?:put)?s?_?(?:dir|path|folder|file|prefix|root|name|csv|json|directory|location|"
    r"data_dir|model_dir)\w*|"
    r"(?:output|out)_(?:data_)?(?:dir|path|folder|file)|results?_?(?:dir|path|folder|file|root)|"
    r"(?:ckpt|checkpoints?|chkpt)_?(?:dir|path|save_?(?:dir|path)|folder|root|out)|(?:model|"
    r"weights)_?save_?(?:dir|path)|"
    r"export_?(?:dir|path)|exp(?:eriment)?_?dir|work_?dir|run_?dir|artifacts?_?(?:dir|path)?|"
    r"dest(?:ination)?|"
    r"(?:out|output|save)_\w+_(?:path|dir|file|folder|root)|output_model|\w+_out_?(?:path|dir|file)|"
    r"default_root_dir|model_?dir|sm_model_dir|train_?dir|summary_?dir|snapshot_?(?:dir|path|prefix))$",
    re.IGNORECASE,
)
_OUTPUT_WORD = re.compile(r"(?:^|_)(?:out|output|save|saved|dest|target)(?:_|$)", re.IGNORECASE)
_LOG_NAMES = re.compile(r"log|tensorboard|tb_?|summary|event|runs?_?dir|cache|wandb", re.IGNORECASE)
_INPUT_NAMES = re.compile(
    r"data|input|train_?(?:file|path|dir)|cache|root$|corpus|source|src|image|resume|pretrained|load",
    re.IGNORECASE,
)


def outputs(program: Program, facts: Iterable[Fact], flows: list[Flow]) -> tuple[Output, ...]:
    """What the program writes to: results before logs, what can be redirected before literal paths."""
    facts = list(facts)
    uses = _uses(flows)
    found = [*_by_flow(program, flows, uses), *_by_name(program, uses), *_trainer_option(program, facts)]
    found += [*_returned(program), *_literals(flows)]
    unique: dict[str, Output] = {}
    for output in found:
        unique.setdefault(output.name, output)
    unique = _without_inputs(unique)
    return tuple(sorted(unique.values(), key=lambda o: (o.kind is OutputKind.LITERAL, o.logs)))


# --- what to conclude ---


def _uses(flows: list[Flow]) -> dict[str, set[Use]]:
    found: dict[str, set[Use]] = {}
    for flow in flows:
        for origin in flow.value.origins | flow.value.head:
            found.setdefault(origin, set()).add(flow.use)
    return found


def _by_flow(program: Program, flows: list[Flow], uses: dict[str, set[Use]]) -> Iterator[Output]:
    lines: dict[str, list[Evidence]] = {}
    strength: dict[str, Use] = {}
    for flow in flows:
        if flow.use is Use.READ:
            continue
        for origin in sorted(flow.value.head) or _named_parts(flow.value):
            lines.setdefault(origin, []).append(flow.evidence)
            strength[origin] = max(strength.get(origin, Use.READ), flow.use)
    for origin, use in strength.items():
        if use is Use.MADE and not (_STRONG.match(_plain(origin)) and Use.READ not in uses[origin]):
            continue
        if use is not Use.WRITTEN and _is_cache(origin):
            continue
        yield _output(program, origin, lines[origin], logs=use is Use.LOGGED)


def _named_parts(value: Value) -> list[str]:
    """A folder's name below a literal one counts where the option itself says that it is for output."""
    return sorted(origin for origin in value.origins if _STRONG.match(_plain(origin)))


def _is_cache(origin: str) -> bool:
    return bool(re.search(r"cache|data_?(?:dir|path|root)", origin, re.IGNORECASE))


def _output(program: Program, origin: str, lines: list[Evidence], *, logs: bool) -> Output:
    argument = program.arguments.by_origin.get(origin)
    default = argument.default.default if argument is not None else None
    declared = (argument.evidence,) if argument is not None else ()
    return Output(
        name=origin,
        kind=_kind(origin, argument),
        evidence=tuple(dict.fromkeys((*declared, *lines))),
        default=default if isinstance(default, str) else None,
        logs=logs,
        aliases=tuple(name for name in argument.aliases if name != origin) if argument is not None else (),
    )


def _kind(origin: str, argument: Argument | None) -> OutputKind:
    if argument is not None:
        return argument.kind
    if origin.startswith("$"):
        return OutputKind.VARIABLE
    return OutputKind.POSITIONAL if origin.startswith("argv[") else OutputKind.KEY


def _by_name(program: Program, uses: dict[str, set[Use]]) -> Iterator[Output]:
    """Options whose name says output and whose value goes where the code does not show."""
    for name, argument in program.arguments.by_origin.items():
        if name in uses or not _STRONG.match(_plain(name)) or argument.kind is OutputKind.KEY:
            continue
        default = argument.default.default
        if isinstance(default, (bool, int, float)) or argument.dest not in program.reach.used:
            continue
        yield _output(program, name, [], logs=bool(_LOG_NAMES.search(name)))


def _plain(origin: str) -> str:
    return origin.lstrip("-$").replace("-", "_").rpartition(".")[2]


def _trainer_option(program: Program, facts: list[Fact]) -> Iterator[Output]:
    """--output_dir of a parser over the trainers' own arguments, which write there by themselves."""
    for fact in facts:
        if fact.dotted.endswith(".LightningCLI"):
            name = "--trainer.default_root_dir"
            yield Output(name=name, kind=OutputKind.OPTION, evidence=(fact.evidence(),))
    argument = program.arguments.by_origin.get("--output_dir")
    if argument is None or not argument.trains:
        return
    if any(fact.tail.endswith("Trainer") for fact in facts):
        yield _output(program, "--output_dir", [], logs=False)


def _without_inputs(found: dict[str, Output]) -> dict[str, Output]:
    """Without the folders for data that the script also fills, where there is a better place."""
    better = [
        name
        for name, output in found.items()
        if output.kind is not OutputKind.LITERAL and not _is_input(name)
    ]
    return {name: output for name, output in found.items() if not (better and _is_input(name))}


def _is_input(name: str) -> bool:
    plain = _plain(name)
    says_output = bool(_STRONG.match(plain) or _OUTPUT_WORD.search(plain))
    return name.startswith(("-", "$")) and bool(_INPUT_NAMES.search(name)) and not says_output


def _returned(program: Program) -> Iterator[Output]:
    for module in program.modules:
        if not module.is_main:
            continue
        for binding in module.scope.names.get("__return__", ()):
            if binding.kind is Kind.VALUE and binding.node is not None:
                where = evidence(module, binding.node, "__return__ = …")
                yield Output(name="__return__", kind=OutputKind.RETURN, evidence=(where,))
                return


def _literals(flows: list[Flow]) -> Iterator[Output]:
    """Paths in the code: what is written there stays in the container."""
    made = [flow for flow in flows if flow.use in {Use.WRITTEN, Use.LOGGED} and not flow.value.head]
    for flow in made:
        for text in flow.value.texts[:1]:
            if (
                text.strip(f"{HOLE}/.")
                and not text.startswith(HOLE)
                and "://" not in text
                and "\n" not in text
            ):
                yield Output(
                    name=text.replace(HOLE, "*"),
                    kind=OutputKind.LITERAL,
                    evidence=(flow.evidence,),
                    logs=flow.use is Use.LOGGED,
                )
