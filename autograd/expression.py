"""Arithmetic expressions as text: ``tanh(w*x + b)`` on nodes, with the functions of the table of derivatives.

A comparison stands in brackets, ``[x > 0]*x``, and counts as 1 where it holds and as 0 elsewhere
(Iverson's notation); as the condition of ``where`` it needs none.

Python's parser reads the text, and of what it finds only what is listed here is
taken; nothing is ever compiled or run.
"""

from __future__ import annotations

import ast
import functools
import math
import operator
import textwrap
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NoReturn

import numpy as np

from autograd.node import Node
from autograd.primitive import Elementwise, table

OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.Pow: "power",
    ast.USub: "negative",
}
COMPARISONS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
LOGIC: dict[type[ast.AST], Callable[..., Any]] = {
    ast.And: lambda *truths: functools.reduce(operator.and_, truths),
    ast.Or: lambda *truths: functools.reduce(operator.or_, truths),
}
CONSTANTS = {"pi": math.pi, "inf": math.inf, "nan": math.nan}


class ExpressionError(ValueError):
    """The text is not an expression; the message shows where."""


@dataclass(frozen=True)
class Step:
    """Push a number or the variable of a name; or, given a function, apply it to the values pushed last."""

    text: str
    operand: float | str = ""
    function: Callable[..., Any] | None = None
    count: int = 0


@dataclass(frozen=True)
class Expression:
    """A parsed expression, as the steps that evaluate it: lists do not overflow as recursion would."""

    text: str
    steps: tuple[Step, ...]

    @property
    def names(self) -> set[str]:
        return {step.operand for step in self.steps if step.function is None and isinstance(step.operand, str)}

    def __call__(self, variables: Mapping[str, Any]) -> Any:
        """The value at these variables; the nodes on the way are labelled with their part of the text."""
        stack: list[Any] = []
        for step in self.steps:
            if step.function is None:
                stack.append(variables[step.operand] if isinstance(step.operand, str) else step.operand)
                continue
            stack[-step.count :] = [step.function(*stack[-step.count :])]
            if isinstance(stack[-1], Node):
                stack[-1].label = step.text
        return stack[0]


def functions() -> dict[str, Elementwise]:
    """What an expression can call: the elementwise rows of the table, by name and by what is drawn for them."""
    rows = {name: row for name, row in table.items() if isinstance(row, Elementwise)}
    return rows | {row.symbol: row for row in rows.values() if row.symbol.isidentifier()}


def parse(text: str, names: Iterable[str]) -> Expression:
    """Read an arithmetic expression in variables of the given names.

    Raises:
        ExpressionError: there is anything else in it, it is nested too deeply, or a
            variable has the name of a function.
    """
    return _Parser(" ".join(text.split()), sorted(names)).parse()


def _is_truth(part: ast.AST) -> bool:
    return isinstance(part, (ast.Compare, ast.BoolOp)) or (isinstance(part, ast.UnaryOp) and type(part.op) is ast.Not)


def _in_brackets(part: ast.expr) -> ast.List:
    return ast.copy_location(ast.List([part], ast.Load()), part)


class _Parser:
    def __init__(self, text: str, names: list[str]) -> None:
        self.text = text
        self.names = names
        self.functions = functions()

    def parse(self) -> Expression:
        if not self.text:
            raise ExpressionError("the expression is empty")
        for name in self.names:
            if name in self.functions:
                raise ExpressionError(f"{name!r} is a function here; give the variable another name")
        steps: list[Step] = []
        pending: list[ast.AST | Step] = [self.syntax()]
        while pending:
            part = pending.pop()
            if isinstance(part, Step):  # its operands have been stepped through
                steps.append(part)
            elif isinstance(part, ast.Name):
                steps.append(Step(part.id, self.variable(part)))
            elif isinstance(part, ast.Constant):
                steps.append(Step(self.source(part), self.number(part)))
            else:
                function, operands = self.operation(part)
                pending.append(Step(self.source(part), function=function, count=len(operands)))
                pending.extend(reversed(operands))
        return Expression(self.text, tuple(steps))

    def syntax(self) -> ast.expr:
        try:
            with warnings.catch_warnings(action="ignore"):  # of oddities that end in an error here
                return ast.parse(self.text, mode="eval").body
        except SyntaxError as error:
            column = error.offset - 1 if error.offset else len(self.text)
            self.fail(column, f"the expression cannot be read: {error.msg}")
        except (RecursionError, MemoryError):
            raise ExpressionError("the expression is nested too deeply; split it into smaller ones") from None
        except ValueError:
            raise ExpressionError(f"the expression is not readable text: {self.text!a:.60}") from None

    def variable(self, name: ast.Name) -> float | str:
        if name.id in self.functions:
            self.fail(name, f"{name.id!r} is a function: call it, as in {name.id}(...)")
        if name.id in CONSTANTS and name.id not in self.names:
            return CONSTANTS[name.id]
        if name.id not in self.names:
            similar = self.similar(name.id, self.names)
            self.fail(name, f"unknown name {name.id!r}{similar}; give it a value, as in {name.id}=2")
        return name.id

    def number(self, constant: ast.Constant) -> float:
        if type(constant.value) not in (int, float):
            self.fail(constant, f"{self.source(constant)} is not a number")
        try:
            number = float(constant.value)  # type: ignore[arg-type]
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            self.fail(constant, "this number is too large for a float")
        return number

    def operation(self, part: ast.AST) -> tuple[Callable[..., Any], Sequence[ast.AST]]:
        """The row, or comparison, that this part of the expression applies, and what to."""
        if isinstance(part, ast.BinOp):
            if type(part.op) in OPERATORS:
                return self.functions[OPERATORS[type(part.op)]], [part.left, part.right]
            between = self.text[self.column(part.left.end_col_offset) : self.column(part.right.col_offset)]
            hint = "; a power is written **" if isinstance(part.op, ast.BitXor) else ""
            column = self.column(part.right.col_offset) - len(between.lstrip(") "))
            self.fail(column, f"the operator {between.strip('() ')} is not available{hint}")
        if isinstance(part, ast.UnaryOp) and type(part.op) in OPERATORS:
            return self.functions[OPERATORS[type(part.op)]], [part.operand]
        if isinstance(part, ast.Call):
            return self.call(part)
        if isinstance(part, ast.List) and len(part.elts) == 1 and _is_truth(part.elts[0]):
            return self.truth(part.elts[0])
        self.fail(part, f"{self.source(part)!r:.60} is not arithmetic")

    def truth(self, part: ast.expr) -> tuple[Callable[..., Any], Sequence[ast.AST]]:
        """What tells whether a comparison holds, or several that are joined by ``and`` and ``or``."""
        if isinstance(part, ast.BoolOp):
            return LOGIC[type(part.op)], [*map(_in_brackets, part.values)]
        if isinstance(part, ast.UnaryOp):
            return np.logical_not, [_in_brackets(part.operand)]
        assert isinstance(part, ast.Compare)
        if len(part.ops) > 1:
            self.fail(part.comparators[1], "only two numbers are compared at a time, as in [0 < x and x < 1]")
        if type(part.ops[0]) not in COMPARISONS:
            self.fail(part, f"{self.source(part)!r:.60} is not arithmetic")
        return COMPARISONS[type(part.ops[0])], [part.left, part.comparators[0]]

    def call(self, call: ast.Call) -> tuple[Callable[..., Any], Sequence[ast.AST]]:
        if not isinstance(call.func, ast.Name) or call.func.id in self.names:
            self.fail(call.func, f"{self.source(call.func)!r} is not a function; a product is written with *")
        name = call.func.id
        if name not in self.functions:
            self.fail(call.func, f"unknown function {name!r}{self.similar(name, self.functions)}")
        if call.keywords:
            self.fail(call.keywords[0], f"{name} takes its arguments by position")
        row = self.functions[name]
        expected, given = len(row.partials), len(call.args)
        if given != expected:
            self.fail(call.func, f"{name} takes {expected} argument{'s' * (expected > 1)}, and {given} are given")
        if name == "where" and _is_truth(call.args[0]):
            return row, [_in_brackets(call.args[0]), *call.args[1:]]
        return row, call.args

    def source(self, part: Any) -> str:
        return self.text[self.column(part.col_offset) : self.column(part.end_col_offset)]

    def column(self, offset: int | None) -> int:
        return len(self.text.encode()[:offset].decode())  # the parser counts bytes

    def similar(self, name: str, known: Iterable[str]) -> str:
        matches = get_close_matches(name, known)
        return f" (did you mean {' or '.join(matches)}?)" if matches else ""

    def fail(self, where: Any, problem: str) -> NoReturn:
        column = where if isinstance(where, int) else self.column(where.col_offset)
        start = max(0, column - 40)  # a long expression is shown around the place
        callable_names = ", ".join(sorted(self.functions.keys() - OPERATORS.values()))
        variables = f"the variables {', '.join(self.names)}; " if self.names else ""
        allowed = (
            f"Allowed are {variables}numbers; + - * / ** and parentheses; comparisons in brackets, as in [x > 0]; "
            f"and the functions {callable_names}."
        )
        raise ExpressionError(
            f"{problem}\n  {self.text[start : start + 80]}\n  {' ' * (column - start)}^\n{textwrap.fill(allowed, 88)}"
        )
