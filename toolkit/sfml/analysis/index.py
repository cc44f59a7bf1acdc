"""One pass over a module's tree: what is bound, called, imported and tested, and under which condition."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TypeAlias

from sfml.analysis.tree import (
    Binding,
    Branch,
    Call,
    Guard,
    Import,
    Kind,
    Module,
    Scope,
    Store,
    Test,
    Text,
)

_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_ENDS = frozenset({"exit", "quit", "_exit", "abort"})

# A node still to be looked at, its condition, and the call (and keyword) that it is an argument of.
_Pending: TypeAlias = tuple[ast.AST, Guard | None, ast.Call | None, str | None]
_Loop: TypeAlias = ast.For | ast.AsyncFor | ast.While


def index(module: Module) -> Module:
    """The same module with its scopes, calls, imports and tests filled in."""
    _Indexer(module).block(module.tree.body, module.scope, None)
    return module


def refuses(statements: list[ast.stmt]) -> bool:
    """Whether a block ends the script: its last statement raises or calls an exit function."""
    last = statements[-1] if statements else None
    if isinstance(last, ast.Raise):
        return True
    call = last.value if isinstance(last, ast.Expr) else None
    return isinstance(call, ast.Call) and _tail(call.func) in _ENDS


def _leaves(statements: list[ast.stmt]) -> bool:
    return bool(statements) and (isinstance(statements[-1], _LEAVES) or refuses(statements))


def _tail(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _when(test: ast.AST, scope: Scope, outer: Guard | None, *, holds: bool) -> Guard:
    return Guard(branch=Branch.IF, node=test, holds=holds, scope=scope, outer=outer)


def _part(branch: Branch, node: ast.Try, scope: Scope, outer: Guard | None) -> Guard:
    return Guard(branch=branch, node=node, holds=True, scope=scope, outer=outer)


class _Indexer:
    def __init__(self, module: Module) -> None:
        self.module = module

    # --- statements: each returns the condition that holds for the statements after it, if it sets one ---

    def block(self, statements: list[ast.stmt], scope: Scope, guard: Guard | None) -> None:
        for statement in statements:
            handler = _STATEMENTS.get(type(statement))
            if handler is None:
                self._children(statement, scope, guard)
            else:
                guard = handler(self, statement, scope, guard) or guard

    def _children(self, node: ast.AST, scope: Scope, guard: Guard | None) -> None:
        for child in ast.iter_child_nodes(node):
            self.expression(child, scope, guard)

    def _bind(
        self,
        name: str,
        node: ast.AST,
        scope: Scope,
        guard: Guard | None,
        *,
        kind: Kind = Kind.VALUE,
        path: tuple[int, ...] = (),
        value: ast.AST | None = None,
        target: str = "",
        level: int = 0,
        inner: Scope | None = None,
    ) -> None:
        line: int = getattr(node, "lineno", 0)
        binding = Binding(kind, name, line, scope, guard, value, path, target, level, inner)
        scope.names.setdefault(name, []).append(binding)

    def _import(self, node: ast.Import, scope: Scope, guard: Guard | None) -> None:
        for alias in node.names:
            self.module.imports.append(Import(alias.name, (), 0, node.lineno, scope, guard))
            bound, target = alias.asname, alias.name
            if bound is None:
                bound = target = alias.name.partition(".")[0]
            self.module.roots[bound] = target.partition(".")[0]
            self._bind(bound, node, scope, guard, kind=Kind.IMPORT, target=target)

    def _import_from(self, node: ast.ImportFrom, scope: Scope, guard: Guard | None) -> None:
        target = node.module or ""
        names = tuple(alias.name for alias in node.names)
        found = Import(target, names, node.level, node.lineno, scope, guard)
        self.module.imports.append(found)
        if names == ("*",):
            self.module.stars.append(found)
            return
        for alias in node.names:
            full = f"{target}.{alias.name}" if target else alias.name
            bound = alias.asname or alias.name
            self.module.roots[bound] = "" if node.level else target.partition(".")[0]
            self._bind(bound, node, scope, guard, kind=Kind.FROM, target=full, level=node.level)

    def _function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope, guard: Guard | None
    ) -> None:
        for part in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults):
            if part is not None:
                self.expression(part, scope, guard)
        inner = Scope(
            module=self.module, kind=Kind.FUNCTION, name=node.name, node=node, parent=scope, guard=guard
        )
        self.module.scopes.append(inner)
        self._bind(node.name, node, scope, guard, kind=Kind.FUNCTION, inner=inner)
        self._parameters(node.args, inner)
        self.block(node.body, inner, None)

    def _parameters(self, args: ast.arguments, inner: Scope) -> None:
        for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg):
            if arg is not None:
                self._bind(arg.arg, arg, inner, None, kind=Kind.PARAMETER, value=arg)

    def _class(self, node: ast.ClassDef, scope: Scope, guard: Guard | None) -> None:
        for part in (*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)):
            self.expression(part, scope, guard)
        inner = Scope(
            module=self.module, kind=Kind.CLASS, name=node.name, node=node, parent=scope, guard=guard
        )
        self.module.scopes.append(inner)
        self._bind(node.name, node, scope, guard, kind=Kind.CLASS, inner=inner)
        self.block(node.body, inner, None)

    def _if(self, node: ast.If, scope: Scope, guard: Guard | None) -> Guard | None:
        # elif is an `if` in the else block: followed in a loop, as generated code has chains of thousands.
        after: Guard | None = None
        while True:
            self.expression(node.test, scope, guard)
            leaves = _leaves(node.body)
            refuses_when = True if refuses(node.body) else False if refuses(node.orelse) else None
            self.module.tests.append(Test(node.test, scope, guard, refuses_when))
            self.block(node.body, scope, _when(node.test, scope, guard, holds=True))
            negated = _when(node.test, scope, guard, holds=False)
            if leaves and not node.orelse:
                after = negated
            if len(node.orelse) != 1 or not isinstance(node.orelse[0], ast.If):
                self.block(node.orelse, scope, negated)
                if node.orelse and _leaves(node.orelse):
                    after = _when(node.test, scope, guard, holds=True)
                return after
            node, guard = node.orelse[0], negated

    def _try(self, node: ast.Try, scope: Scope, guard: Guard | None) -> None:
        body = _part(Branch.TRY, node, scope, guard) if node.handlers else guard
        self.block(node.body, scope, body)
        self.block(node.orelse, scope, body)
        for handler in node.handlers:
            if handler.type is not None:
                self.expression(handler.type, scope, guard)
            self.block(handler.body, scope, _part(Branch.EXCEPT, node, scope, guard))
        self.block(node.finalbody, scope, guard)

    def _for(self, node: ast.For | ast.AsyncFor, scope: Scope, guard: Guard | None) -> None:
        self.expression(node.iter, scope, guard)
        self._target(node.target, node.iter, scope, guard, kind=Kind.ITEM)
        self._loop_body(node, scope, guard)

    def _while(self, node: ast.While, scope: Scope, guard: Guard | None) -> None:
        self.expression(node.test, scope, guard)
        self._loop_body(node, scope, guard)

    def _loop_body(self, node: _Loop, scope: Scope, guard: Guard | None) -> None:
        self.block(node.body, scope, guard)
        self.block(node.orelse, scope, guard)

    def _with(self, node: ast.With | ast.AsyncWith, scope: Scope, guard: Guard | None) -> None:
        for item in node.items:
            self.expression(item.context_expr, scope, guard)
            if item.optional_vars is not None:
                self._target(item.optional_vars, item.context_expr, scope, guard, kind=Kind.ENTER)
        self.block(node.body, scope, guard)

    def _assign(self, node: ast.Assign, scope: Scope, guard: Guard | None) -> None:
        self.expression(node.value, scope, guard)
        for target in node.targets:
            self._target(target, node.value, scope, guard)

    def _annotated(self, node: ast.AnnAssign, scope: Scope, guard: Guard | None) -> None:
        if node.value is not None:
            self.expression(node.value, scope, guard)
            self._target(node.target, node.value, scope, guard)
        elif isinstance(node.target, ast.Name):
            self._bind(node.target.id, node, scope, guard, kind=Kind.FIELD, value=node.annotation)

    def _augmented(self, node: ast.AugAssign, scope: Scope, guard: Guard | None) -> None:
        self.expression(node.value, scope, guard)
        if isinstance(node.target, ast.Name):
            # Read as the sum of what it was and what is added; its own earlier value stands in the same name.
            left = ast.copy_location(ast.Name(id=node.target.id, ctx=ast.Load()), node)
            total = ast.copy_location(ast.BinOp(left=left, op=node.op, right=node.value), node)
            self._bind(node.target.id, node, scope, guard, value=total)

    def _return(self, node: ast.Return, scope: Scope, guard: Guard | None) -> None:
        if node.value is not None:
            self.expression(node.value, scope, guard)
            scope.returns.append((node.value, guard))

    def _assert(self, node: ast.Assert, scope: Scope, guard: Guard | None) -> None:
        self.expression(node.test, scope, guard)
        self.module.tests.append(Test(node.test, scope, guard, refuses_when=False))

    def _expr(self, node: ast.Expr, scope: Scope, guard: Guard | None) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring, or a string that stands for a comment
            self.expression(node.value, scope, guard)

    def _match(self, node: ast.Match, scope: Scope, guard: Guard | None) -> None:
        self.expression(node.subject, scope, guard)
        for case in node.cases:
            self.block(case.body, scope, guard)

    # --- targets of an assignment ---

    def _target(
        self,
        target: ast.AST,
        value: ast.AST,
        scope: Scope,
        guard: Guard | None,
        *,
        kind: Kind = Kind.VALUE,
        path: tuple[int, ...] = (),
    ) -> None:
        if isinstance(target, ast.Name):
            self._bind(target.id, target, scope, guard, kind=kind, path=path, value=value)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for position, element in enumerate(target.elts):
                self._target(element, value, scope, guard, kind=kind, path=(*path, position))
        elif isinstance(target, ast.Starred):
            self._target(target.value, ast.Constant(None), scope, guard)
        elif isinstance(target, (ast.Attribute, ast.Subscript)):
            self._store(target, value, scope, guard, kind, path)

    def _store(
        self,
        target: ast.Attribute | ast.Subscript,
        value: ast.AST,
        scope: Scope,
        guard: Guard | None,
        kind: Kind,
        path: tuple[int, ...],
    ) -> None:
        binding = Binding(
            kind=kind, name="", line=target.lineno, scope=scope, guard=guard, node=value, path=path
        )
        self.expression(target.value, scope, guard)
        if isinstance(target, ast.Subscript):
            self.expression(target.slice, scope, guard)
            self.module.item_stores.append(Store(target.value, target.slice, binding))
            return
        owner = _self_class(target.value, scope)
        if owner is not None:
            owner.attributes.setdefault(target.attr, []).append(binding)
        else:
            self.module.attribute_stores.append(Store(target.value, target.attr, binding))

    # --- expressions, without recursion: generated code nests them by the thousand ---

    def expression(self, root: ast.AST, scope: Scope, guard: Guard | None) -> None:
        pending: list[_Pending] = [(root, guard, None, None)]
        used = self.module.used
        while pending:
            node, guard, call, keyword = pending.pop()
            kind = type(node)
            if kind is ast.Name:
                used.add(node.id)  # type: ignore[attr-defined]
            elif kind is ast.Constant:
                self._text(node, scope, guard, call, keyword)  # type: ignore[arg-type]
            elif kind is ast.Attribute:
                used.add(node.attr)  # type: ignore[attr-defined]
                pending.append((node.value, guard, call, keyword))  # type: ignore[attr-defined]
            elif kind is ast.Call:
                self._call(node, scope, guard, pending)  # type: ignore[arg-type]
            elif kind in _RARE:
                _RARE[kind](self, node, scope, guard, pending)
            else:
                pending.extend((child, guard, call, keyword) for child in _parts(node))

    def _text(
        self,
        node: ast.Constant,
        scope: Scope,
        guard: Guard | None,
        call: ast.Call | None,
        keyword: str | None,
    ) -> None:
        value = node.value
        if type(value) is str and (value[:1] in {"/", "~"} or value[1:3] in {":\\", ":/"}):
            self.module.texts.append(Text(node, scope, guard, call, keyword))

    def _call(self, node: ast.Call, scope: Scope, guard: Guard | None, pending: list[_Pending]) -> None:
        call = Call(node, scope, guard)
        module = self.module
        module.calls.append(call)
        module.called.setdefault(_tail(node.func), []).append(call)
        pending.append((node.func, guard, None, None))
        for argument in node.args:
            pending.append((argument, guard, node, None))
            if type(argument) is ast.Name:
                module.handed.setdefault(argument.id, []).append(call)
        for item in node.keywords:
            pending.append((item.value, guard, node, item.arg))
            if type(item.value) is ast.Name:
                module.handed.setdefault(item.value.id, []).append(call)

    def _if_expression(
        self, node: ast.IfExp, scope: Scope, guard: Guard | None, pending: list[_Pending]
    ) -> None:
        pending.append((node.test, guard, None, None))
        pending.append((node.body, _when(node.test, scope, guard, holds=True), None, None))
        pending.append((node.orelse, _when(node.test, scope, guard, holds=False), None, None))

    def _bool_operation(
        self, node: ast.BoolOp, scope: Scope, guard: Guard | None, pending: list[_Pending]
    ) -> None:
        holds = isinstance(node.op, ast.And)
        for value in node.values:
            pending.append((value, guard, None, None))
            guard = _when(value, scope, guard, holds=holds)

    def _named(self, node: ast.NamedExpr, scope: Scope, guard: Guard | None, pending: list[_Pending]) -> None:
        self._target(node.target, node.value, scope, guard)
        pending.append((node.value, guard, None, None))

    def _comprehension(
        self, node: ast.comprehension, scope: Scope, guard: Guard | None, pending: list[_Pending]
    ) -> None:
        self._target(node.target, node.iter, scope, guard, kind=Kind.ITEM)
        pending.extend((child, guard, None, None) for child in (node.iter, *node.ifs))

    def _lambda(self, node: ast.Lambda, _: Scope, guard: Guard | None, pending: list[_Pending]) -> None:
        pending.append((node.body, guard, None, None))
        pending.extend((part, guard, None, None) for part in node.args.defaults)


# Fields that hold no expressions: loads and stores, operators, names.
_BARE = frozenset({"ctx", "op", "ops", "id", "attr", "arg", "kind", "type_comment", "conversion"})


_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {
    kind: tuple(name for name in kind._fields if name not in _BARE)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}


def _parts(node: ast.AST) -> list[ast.AST]:
    found: list[ast.AST] = []
    for name in _FIELDS[type(node)]:
        part = getattr(node, name, None)
        if type(part) is list:
            found += [item for item in part if isinstance(item, ast.AST)]
        elif isinstance(part, ast.AST):
            found.append(part)
    return found


def _self_class(base: ast.expr, scope: Scope) -> Scope | None:
    """The class whose instance ``base`` is: the first parameter of a method, seen from within."""
    while isinstance(base, ast.Name) and scope.kind is Kind.FUNCTION and scope.parent is not None:
        node = scope.node
        if scope.parent.kind is Kind.CLASS and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = (*node.args.posonlyargs, *node.args.args)[:1]
            return scope.parent if first and first[0].arg == base.id else None
        scope = scope.parent
    return None


_STATEMENTS: dict[type[ast.AST], Callable[..., Guard | None]] = {
    ast.Import: _Indexer._import,
    ast.ImportFrom: _Indexer._import_from,
    ast.FunctionDef: _Indexer._function,
    ast.AsyncFunctionDef: _Indexer._function,
    ast.ClassDef: _Indexer._class,
    ast.If: _Indexer._if,
    ast.Try: _Indexer._try,
    ast.For: _Indexer._for,
    ast.AsyncFor: _Indexer._for,
    ast.While: _Indexer._while,
    ast.With: _Indexer._with,
    ast.AsyncWith: _Indexer._with,
    ast.Assign: _Indexer._assign,
    ast.AnnAssign: _Indexer._annotated,
    ast.AugAssign: _Indexer._augmented,
    ast.Return: _Indexer._return,
    ast.Assert: _Indexer._assert,
    ast.Expr: _Indexer._expr,
    ast.Match: _Indexer._match,
    ast.TryStar: _Indexer._try,
}
_RARE: dict[type[ast.AST], Callable[..., None]] = {
    ast.IfExp: _Indexer._if_expression,
    ast.BoolOp: _Indexer._bool_operation,
    ast.NamedExpr: _Indexer._named,
    ast.comprehension: _Indexer._comprehension,
    ast.Lambda: _Indexer._lambda,
}
