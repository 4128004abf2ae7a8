"""The command ``python -m autograd "tanh(w*x + b)" w=2 x=0.5 b=-1``."""

from __future__ import annotations

import argparse
import keyword
import math
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from autograd.check import check_gradients
from autograd.expression import ExpressionError, parse
from autograd.graph import newest_first
from autograd.node import Constant, Value

EXAMPLE = 'python -m autograd "tanh(w*x + b)" w=2 x=0.5 b=-1'


def main(arguments: Sequence[str]) -> int:
    """Differentiate an expression, check it, draw it.

    Returns:
        The exit status: 0, or 1 if the check fails or the picture cannot be written.
    """
    parser = argparse.ArgumentParser(
        prog="python -m autograd",
        usage="python -m autograd EXPRESSION NAME=VALUE ... [--out PATH]",
        description="An arithmetic expression: its values, its gradients, a check of them, and its graph as a picture.",
        epilog=f"example:  {EXAMPLE}",
        allow_abbrev=False,
    )
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, default="out/expression.svg", help="the picture (default: %(default)s)")
    options = ("-h", "--help", "--out")
    # A space in front, for an expression may begin with a minus and is no option then.
    given = parser.parse_args([f" {a}" if a[:1] == "-" and a.split("=")[0] not in options else a for a in arguments])
    if not given.words:
        parser.print_help()
        return 0
    try:
        return run(given.words[0], read_variables(given.words[1:]), given.out)
    except ExpressionError as error:
        parser.error(str(error))


def read_variables(words: Sequence[str]) -> dict[str, float]:
    """The numbers in ``w=2 x=0.5``, by name."""
    variables: dict[str, float] = {}
    for word in words:
        name, equals, number = word.strip().partition("=")
        name = unicodedata.normalize("NFKC", name)  # as Python reads names
        if not equals:
            raise ExpressionError(f"{word.strip()!r} is not of the form name=value; is the expression in quotes?")
        if not name.isidentifier() or keyword.iskeyword(name):
            raise ExpressionError(f"{word.strip()!r}: {name!r} cannot be the name of a variable")
        if name in variables:
            raise ExpressionError(f"{name} is given twice, as {variables[name]:g} and as {number}")
        if not number.strip():
            raise ExpressionError(f"{name} has no value; write one after the =, as in {name}=2")
        try:
            variables[name] = float(number)
        except ValueError:
            raise ExpressionError(f"{word.strip()!r}: {number!r} is not a number") from None
        if not math.isfinite(variables[name]):
            raise ExpressionError(f"{word.strip()!r}: the value must be finite")
    return variables


def run(text: str, numbers: dict[str, float], picture: Path) -> int:
    """Evaluate, differentiate, check and draw; see ``main`` for the exit status."""
    expression = parse(text, numbers)
    for name in numbers:
        if name not in expression.names:
            raise ExpressionError(f"{name} is given, but is not in the expression {expression.text}")
    if not numbers:
        raise ExpressionError(f"there is no variable in {expression.text} to differentiate with respect to")

    variables = {name: Value(number, label=name) for name, number in numbers.items()}
    output = expression(variables)
    output.backward()
    nodes = [node for node in reversed(newest_first([output])) if type(node) is not Constant]
    print_columns([("node", "value", "gradient"), *((str(n.label), show(n.data), show(n.grad)) for n in nodes)])

    report = check_gradients(lambda *values: expression(dict(zip(variables, values))), *variables.values())
    heading = ("variable", "gradient", "by differences", "apart", "")
    rows = ((d.of, show(d.analytic), show(d.numeric), f"{d.difference:.1e}", d.verdict) for d in report.derivatives)
    print_columns([heading, *rows])
    print(report)

    try:
        picture.parent.mkdir(parents=True, exist_ok=True)
        output.draw().save(picture)
    except (OSError, ValueError) as error:
        print(f"\nThe picture was not written: {error}", file=sys.stderr)
        return 1
    print(f"\nThe graph is drawn in {picture}")
    return 0 if report else 1


def show(number: float) -> str:
    """Ten digits, and no sign on a zero."""
    return f"{number + 0.0:.10g}"


def print_columns(rows: Sequence[tuple[str, ...]]) -> None:
    """Rows of text aligned, the first column at the left and numbers at the right."""
    rows = [(first if len(first) <= 40 else first[:37] + "...", *rest) for first, *rest in rows]
    first, *others = (max(map(len, column)) for column in zip(*rows))
    for row in rows:
        print(f"{row[0]:<{first}}", *(f"{text:>{width}}" for text, width in zip(row[1:], others)), sep="  ")
    print()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
