"""Mutation operators: small mistakes that students make, as rewrites of one syntax node.

Each takes a node and yields replacements. There are the usual ones of mutation testing (drop a statement, change a
constant, swap arguments) and some for deep learning: drop a factor or a transpose, change a dim, mean for sum, ignore
``grad_output``, skip ``zero_grad``, no shuffle, first batch only, step uphill.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Final

Operator = Callable[[ast.AST], Iterator[ast.AST]]

#: Usual names of the cotangent in a backward pass.
_COTANGENTS: Final = frozenset({"grad_output", "delta", "grad", "g", "upstream"})
_REDUCTIONS: Final = {"sum": "mean", "mean": "sum"}


def _call_name(node: ast.AST) -> str:
    """Return the last part of the called name, or empty."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _binary(node: ast.AST, *kinds: type[ast.operator]) -> ast.BinOp | None:
    return node if isinstance(node, ast.BinOp) and isinstance(node.op, kinds) else None


def _with(node: ast.AST, **fields: object) -> ast.AST:
    changed = deepcopy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


# --- arithmetic -----------------------------------------------------------------------------------------------------


def drop_factor(node: ast.AST) -> Iterator[ast.AST]:
    """``2 * x`` becomes ``x``, ``x / q`` becomes ``x``, ``x * y`` becomes ``x`` and ``y``."""
    if product := _binary(node, ast.Mult, ast.Div):
        yield product.left
        if isinstance(product.op, ast.Mult):
            yield product.right


def change_power(node: ast.AST) -> Iterator[ast.AST]:
    """``x ** 2`` becomes ``x`` and ``x ** 3``."""
    if (power := _binary(node, ast.Pow)) and isinstance(power.right, ast.Constant):
        yield power.left
        yield _with(power, right=ast.BinOp(power.right, ast.Add(), ast.Constant(1)))


def flip_sign(node: ast.AST) -> Iterator[ast.AST]:
    """``a - b`` becomes ``a + b`` and ``b - a``, ``a + b`` becomes ``a - b``, ``-a`` becomes ``a``."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand
    elif difference := _binary(node, ast.Sub):
        yield _with(difference, op=ast.Add())
        yield _with(difference, left=difference.right, right=difference.left)
    elif total := _binary(node, ast.Add):
        yield _with(total, op=ast.Sub())


def drop_term(node: ast.AST) -> Iterator[ast.AST]:
    """``a + b`` and ``a - b`` become ``a``, and ``a + b`` becomes ``b``."""
    if total := _binary(node, ast.Add, ast.Sub):
        yield total.left
        if isinstance(total.op, ast.Add):
            yield total.right


def step_uphill(node: ast.AST) -> Iterator[ast.AST]:
    """``w -= d`` becomes ``w += d``, ``+=`` becomes ``-=``, and both become ``=``."""
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Sub | ast.Add):
        yield _with(node, op=ast.Sub() if isinstance(node.op, ast.Add) else ast.Add())
        yield ast.copy_location(ast.Assign([node.target], node.value), node)


# --- tensors --------------------------------------------------------------------------------------------------------


def transpose(node: ast.AST) -> Iterator[ast.AST]:
    """``x.T @ y`` loses its transpose; ``x @ y`` gains one on either side, or is swapped."""
    if isinstance(node, ast.Attribute) and node.attr in ("T", "mT"):
        yield node.value
    elif product := _binary(node, ast.MatMult):
        yield _with(product, left=product.right, right=product.left)
        for side in ("left", "right"):
            value = getattr(product, side)
            if not (isinstance(value, ast.Attribute) and value.attr in ("T", "mT")):
                yield _with(product, **{side: ast.Attribute(value, "T", ast.Load())})


def change_dim(node: ast.AST) -> Iterator[ast.AST]:
    """``x.sum(0)`` becomes ``x.sum(1)`` and ``x.sum()``, by position or by name."""
    if _call_name(node) not in {*_REDUCTIONS, "argmax", "softmax", "log_softmax", "logsumexp", "cat", "stack", "std"}:
        return
    assert isinstance(node, ast.Call)
    start = 0 if isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") != "torch" else 1
    for place, argument in enumerate(node.args[start:], start):
        if isinstance(argument, ast.Constant) and type(argument.value) is int:
            yield _with(node, args=[*node.args[:place], ast.Constant(1 - argument.value), *node.args[place + 1 :]])
            yield _with(node, args=node.args[:place])
    for place, keyword in enumerate(node.keywords):
        if keyword.arg in ("dim", "axis") and isinstance(keyword.value, ast.Constant):
            other = ast.BinOp(ast.Constant(1), ast.Sub(), keyword.value)
            changed = ast.keyword(keyword.arg, other)
            yield _with(node, keywords=[*node.keywords[:place], changed, *node.keywords[place + 1 :]])


def mean_for_sum(node: ast.AST) -> Iterator[ast.AST]:
    """``x.sum(0)`` becomes ``x.mean(0)`` and vice versa."""
    if (name := _call_name(node)) in _REDUCTIONS:
        assert isinstance(node, ast.Call)
        if isinstance(node.func, ast.Attribute):
            yield _with(node, func=_with(node.func, attr=_REDUCTIONS[name]))


def drop_call(node: ast.AST) -> Iterator[ast.AST]:
    """``x.sum(0)`` becomes ``x``: not summed, not reshaped, not clamped, not exponentiated."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if getattr(node.func.value, "id", "") != "torch":
            yield node.func.value
        elif node.args:
            yield node.args[0]


def other_dtype(node: ast.AST) -> Iterator[ast.AST]:
    """``return x`` becomes ``return x.float()``."""
    if isinstance(node, ast.Return) and isinstance(node.value, ast.BinOp | ast.Name | ast.Call):
        yield _with(node, value=ast.Call(ast.Attribute(node.value, "float", ast.Load()), [], []))


def detach(node: ast.AST) -> Iterator[ast.AST]:
    """``y = f(x)`` becomes ``y = f(x).detach()``."""
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call | ast.BinOp):
        yield _with(node, value=ast.Call(ast.Attribute(node.value, "detach", ast.Load()), [], []))


# --- passes and training --------------------------------------------------------------------------------------------


def ignore_cotangent(node: ast.AST) -> Iterator[ast.AST]:
    """``grad_output`` becomes ones."""
    if isinstance(node, ast.Name) and node.id in _COTANGENTS and isinstance(node.ctx, ast.Load):
        yield _parsed(f"torch.ones_like({node.id})")


def swap_returned(node: ast.AST) -> Iterator[ast.AST]:
    """``return a, b, c`` has two neighbours swapped, or None for one."""
    if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
        values = node.value.elts
        for place in range(len(values) - 1):
            changed = [*values[:place], values[place + 1], values[place], *values[place + 2 :]]
            yield _with(node, value=ast.Tuple(changed, ast.Load()))
        for place in range(len(values)):
            changed = [*values[:place], ast.Constant(None), *values[place + 1 :]]
            yield _with(node, value=ast.Tuple(changed, ast.Load()))


def no_shuffle(node: ast.AST) -> Iterator[ast.AST]:
    """``torch.randperm(n, generator=g)`` becomes ``torch.arange(n)``."""
    if _call_name(node) == "randperm":
        assert isinstance(node, ast.Call)
        yield _with(_parsed("torch.arange(0)"), args=node.args[:1])


def stop_early(node: ast.AST) -> Iterator[ast.AST]:
    """A loop ends after its first iteration: the first batch, epoch or node only."""
    if isinstance(node, ast.For) and not isinstance(node.body[-1], ast.Break | ast.Return):
        yield _with(node, body=[*node.body, ast.Break()])


def off_by_one(node: ast.AST) -> Iterator[ast.AST]:
    """``range(n)``, ``arange(n)`` and ``split(n)`` get ``n - 1``, and ``split`` also ``n + 1``."""
    name = _call_name(node)
    if name in ("range", "split", "arange") and isinstance(node, ast.Call) and node.args:
        last = node.args[-1]
        for sign in (ast.Sub(), *((ast.Add(),) if name == "split" else ())):
            yield _with(node, args=[*node.args[:-1], ast.BinOp(last, sign, ast.Constant(1))])


# --- any program ----------------------------------------------------------------------------------------------------


def drop_statement(node: ast.AST) -> Iterator[ast.AST]:
    """A statement is left out: ``zero_grad()``, ``save_for_backward``, an update, a branch."""
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr | ast.If) and not _is_text(node):
        yield ast.copy_location(ast.Pass(), node)


def change_constant(node: ast.AST) -> Iterator[ast.AST]:
    """A number changes, and a boolean flips."""
    if not isinstance(node, ast.Constant):
        return
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
        if value:
            yield ast.Constant(value - 1)
    elif isinstance(value, float):
        yield ast.Constant(value * 2 if value else 1.0)


def change_comparison(node: ast.AST) -> Iterator[ast.AST]:
    """``<`` becomes ``<=`` and ``>``, and so on."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARISONS:
        for other in _COMPARISONS[type(node.ops[0])]:
            yield _with(node, ops=[other()])


_COMPARISONS: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}


def swap_arguments(node: ast.AST) -> Iterator[ast.AST]:
    """``f(a, b)`` becomes ``f(b, a)``."""
    if isinstance(node, ast.Call) and len(node.args) >= 2 and not any(isinstance(a, ast.Starred) for a in node.args):
        for place in range(len(node.args) - 1):
            first, second = node.args[place], node.args[place + 1]
            if isinstance(first, ast.Name | ast.Attribute) and isinstance(second, ast.Name | ast.Attribute):
                yield _with(node, args=[*node.args[:place], second, first, *node.args[place + 2 :]])


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


ORDINARY: Final[dict[str, Operator]] = {
    operator.__name__: operator
    for operator in (
        *(drop_factor, change_power, flip_sign, drop_term, step_uphill),
        *(transpose, change_dim, mean_for_sum, drop_call, other_dtype, detach),
        *(ignore_cotangent, swap_returned, no_shuffle, stop_early, off_by_one),
        *(drop_statement, change_constant, change_comparison, swap_arguments),
    )
}
