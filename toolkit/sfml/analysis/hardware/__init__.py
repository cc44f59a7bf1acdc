"""Whether a program needs a GPU, uses one where present, or never looks for one."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import replace

from sfml.analysis.facts import Fact
from sfml.analysis.findings import Evidence, Gpu, Hardware
from sfml.analysis.hardware.context import Context
from sfml.analysis.hardware.devices import KEYWORDS, device_class, switch
from sfml.analysis.hardware.libraries import AUTOMATIC_ROOTS, GPU_ONLY, RAISING, is_automatic
from sfml.analysis.hardware.rules import BOOSTER_KEYS, BOOSTERS, BY_ROOT, BY_TAIL, is_off, is_on
from sfml.analysis.hardware.signs import Sign, sign
from sfml.analysis.program import Program
from sfml.analysis.seen import evidence
from sfml.analysis.tree import Branch, Guard
from sfml.analysis.values import truths

TAILS = frozenset({*BY_TAIL, *RAISING, "set_visible_devices", "autocast", "GradScaler", "DataParallel"})
ROOTS = (BY_ROOT.keys() | AUTOMATIC_ROOTS) - {"torch"}  # of torch, only what is named above


def hardware(program: Program, facts: Iterable[Fact], *, declared: frozenset[str] = frozenset()) -> Hardware:
    """What the program wants of a GPU. ``declared`` are the distributions that the project names."""
    if program.evaluator.no_gpu:
        return Hardware(gpu=Gpu.NEVER)
    facts = list(facts)
    context = Context(program, facts, declared)
    signs = [*_imports(program), *_refusals(program), *_decorators(program), *_stores(context)]
    for fact in facts:
        signs += _calls(context, fact)
    order = {module.source.name: number for number, module in enumerate(program.modules)}
    signs.sort(key=lambda s: (s.gpu is not Gpu.NEEDS, order.get(s.evidence.file, 0), s.evidence.line))
    found = tuple(dict.fromkeys(one.evidence for one in signs))
    return Hardware(gpu=signs[0].gpu if signs else Gpu.NEVER, evidence=found)


# --- signs that are no calls ---


def _imports(program: Program) -> Iterator[Sign]:
    """Packages that do nothing without a GPU."""
    for one in program.foreign:
        names = {name.partition(".")[0] for name in one.dotted} | set(one.dotted)
        if not names & GPU_ONLY:
            continue
        scope = one.found.scope
        condition = one.condition | program.reached(scope)
        if (scope.kind is not None and condition.uncertain) or _is_fallback(one.found.guard):
            condition = replace(condition, unknown=True)  # one of several things that may be done
        where = Evidence(file=scope.module.source.name, line=one.found.line, seen=f"import {one.dotted[0]}")
        yield from sign(Gpu.NEEDS, condition, where)


def _is_fallback(guard: Guard | None) -> bool:
    while guard is not None:
        if guard.branch is Branch.EXCEPT:
            return True
        guard = guard.outer
    return False


def _refusals(program: Program) -> Iterator[Sign]:
    """`if not torch.cuda.is_available(): raise` and `assert torch.cuda.is_available()`."""
    for module in program.modules:
        for test in module.tests:
            if test.refuses_when is None:
                continue
            value = program.evaluator.value(test.node, test.scope)
            outcomes = truths(value)
            if value.gpu and len(outcomes) > 1 and outcomes[0] is not test.refuses_when:
                condition = program.condition(test.guard, test.scope)
                yield from sign(Gpu.NEEDS, condition, evidence(module, test.node))


def _decorators(program: Program) -> Iterator[Sign]:
    """@cuda.jit and @triton.jit."""
    for module in program.modules:
        for scope in module.scopes:
            for decorator in getattr(scope.node, "decorator_list", []):
                func = decorator.func if isinstance(decorator, ast.Call) else decorator
                dotted = program.names.dotted(func, scope.parent or scope)
                if dotted.startswith(("numba.cuda.", "triton.jit", "triton.autotune")):
                    condition = program.condition(scope.guard, scope.parent or scope)
                    yield from sign(Gpu.NEEDS, condition, evidence(module, decorator))


def _stores(context: Context) -> Iterator[Sign]:
    """`params["device"] = "cuda"` for one of the boosting libraries."""
    program = context.program
    if not context.roots & BOOSTERS:
        return
    for module in program.modules:
        for store in module.item_stores:
            binding = store.binding
            if not isinstance(store.key, ast.expr) or binding.node is None:
                continue
            if program.evaluator.value(store.key, binding.scope).default in BOOSTER_KEYS:
                found = device_class(program.evaluator.value(binding.node, binding.scope))
                condition = program.condition(binding.guard, binding.scope)
                yield from sign(found, condition, evidence(module, store.base))


# --- signs of calls ---


def _calls(context: Context, fact: Fact) -> Iterator[Sign]:
    root = fact.root
    for rule in (BY_TAIL.get(fact.tail), BY_ROOT.get(root)):
        if rule is not None:
            yield from _sign_at(fact, rule(context, fact))
    if fact.node.keywords and not fact.is_local:
        yield from _keywords(fact)
    if fact.trains:
        yield from _training_arguments(fact)
    if root and root not in context.hidden and is_automatic(fact.dotted) and not _is_told_off(fact):
        yield from sign(Gpu.USES, fact.condition, fact.evidence())


def _sign_at(fact: Fact, found: Gpu | None) -> Iterator[Sign]:
    return sign(found, fact.condition, fact.evidence()) if found is not None else iter(())


def _is_told_off(fact: Fact) -> bool:
    """Whether a call that would take a GPU by itself is told to take none."""
    devices = ("device", "device_map", "accelerator", "device_type")
    named = any(device_class(fact.value(name)) is Gpu.NEVER for name in devices)
    return named or is_off(fact, "gpu", "use_gpu") or is_on(fact, "cpu")


def _keywords(fact: Fact) -> Iterator[Sign]:
    for name in fact.names:
        if name in KEYWORDS:
            yield from _keyword(fact, name, KEYWORDS[name](fact.value(name)))


def _training_arguments(fact: Fact) -> Iterator[Sign]:
    for name in ("fp16", "bf16", "tf32"):
        yield from _keyword(fact, name, switch(fact.value(name)))
    optimizer = str(fact.value("optim").default)
    if "bnb" in optimizer or "8bit" in optimizer or "paged" in optimizer:
        yield from _keyword(fact, "optim", Gpu.NEEDS)
    if fact.value("deepspeed").default:
        yield from _keyword(fact, "deepspeed", Gpu.NEEDS)


def _keyword(fact: Fact, name: str, found: Gpu | None) -> Iterator[Sign]:
    """A sign at one of the call's arguments."""
    if found is None:
        return
    node = fact.argument(name)
    where = fact.evidence(at=node) if node is not None else fact.evidence()
    shown = where.seen if node is not None else repr(fact.value(name).default)
    yield from sign(found, fact.condition, replace(where, seen=f"{name}={shown}"))
