"""Arithmetic expressions as text: ``tanh(w*x + b)`` on nodes, with the functions of the table of derivatives.

Python's parser reads the text, and of what it finds only what is listed here is
taken; nothing is ever compiled or run.
"""

from __future__ import annotations

import ast
import math
import textwrap
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NoReturn

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


class ExpressionError(ValueError):
    """The text is not an expression; the message shows where."""


@dataclass(frozen=True)
class Step:
    """Push a number or the variable of a name; or, given a row, apply it to the values pushed last."""

    text: str
    operand: float | str = ""
    row: Elementwise | None = None


@dataclass(frozen=True)
class Expression:
    """A parsed expression, as the steps that evaluate it: lists do not overflow as recursion would."""

    text: str
    steps: tuple[Step, ...]

    @property
    def names(self) -> set[str]:
        return {step.operand for step in self.steps if step.row is None and isinstance(step.operand, str)}

    def __call__(self, variables: Mapping[str, Any]) -> Any:
        """The value at these variables; the nodes on the way are labelled with their part of the text."""
        stack: list[Any] = []
        for step in self.steps:
            if step.row is None:
                stack.append(variables[step.operand] if isinstance(step.operand, str) else step.operand)
                continue
            count = len(step.row.partials)
            stack[-count:] = [step.row(*stack[-count:])]
            if isinstance(stack[-1], Node):
                stack[-1].label = step.text
        return stack[0]


def functions() -> dict[str, Elementwise]:
    """What an expression can call: the elementwise rows of the table by name, and ``abs``."""
    rows = {name: row for name, row in table.items() if isinstance(row, Elementwise)}
    return rows | {"abs": rows["absolute"]}


def parse(text: str, names: Iterable[str]) -> Expression:
    """Read an arithmetic expression in variables of the given names.

    Raises:
        ExpressionError: there is anything else in it, it is nested too deeply, or a
            variable has the name of a function.
    """
    return _Parser(" ".join(text.split()), sorted(names)).parse()


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
        pending: list[tuple[ast.AST, Elementwise | None]] = [(self.syntax(), None)]
        while pending:
            part, row = pending.pop()
            if row is not None:  # its operands have been stepped through
                steps.append(Step(self.source(part), row=row))
            elif isinstance(part, ast.Name):
                steps.append(Step(part.id, self.variable(part)))
            elif isinstance(part, ast.Constant):
                steps.append(Step(self.source(part), self.number(part)))
            else:
                row, operands = self.operation(part)
                pending.append((part, row))
                pending.extend((operand, None) for operand in reversed(operands))
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

    def variable(self, name: ast.Name) -> str:
        if name.id in self.functions:
            self.fail(name, f"{name.id!r} is a function: call it, as in {name.id}(...)")
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

    def operation(self, part: ast.AST) -> tuple[Elementwise, list[ast.expr]]:
        """The row that this part of the expression applies, and what to."""
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
        self.fail(part, f"{self.source(part)!r:.60} is not arithmetic")

    def call(self, call: ast.Call) -> tuple[Elementwise, list[ast.expr]]:
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
        allowed = f"Allowed are {variables}numbers; + - * / ** and parentheses; and the functions {callable_names}."
        raise ExpressionError(
            f"{problem}\n  {self.text[start : start + 80]}\n  {' ' * (column - start)}^\n{textwrap.fill(allowed, 88)}"
        )
