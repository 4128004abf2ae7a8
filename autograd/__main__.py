"""The command ``python -m autograd``: an expression differentiated, or the table of derivatives in print."""

from __future__ import annotations

import argparse
import importlib
import inspect
import itertools
import keyword
import math
import sys
import unicodedata
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from autograd import catalogue, conventions
from autograd.checking import check_gradients
from autograd.columns import columns
from autograd.expression import ExpressionError, parse
from autograd.graph import newest_first
from autograd.node import Constant, Value
from autograd.primitive import Primitive, table
from autograd.terminal import printing

DIFFERENTIABLE = ("autograd.primitives.", "nn.activations", "nn.losses")  # where the functions are that are composed
EXAMPLE = 'python -m autograd "tanh(w*x + b)" w=2 x=0.5 b=-1'


def main(arguments: Sequence[str]) -> int:
    """Differentiate an expression, check it, draw it.

    Returns:
        The exit status: 0, or 1 if the check fails or the picture cannot be written.
    """
    parser = argparse.ArgumentParser(
        prog="python -m autograd",
        usage="""python -m autograd EXPRESSION NAME=VALUE ... [--out PATH]
       python -m autograd --primitives [NAME]
       python -m autograd --conventions""",
        description="An arithmetic expression: its values, its gradients, a check of them, and its graph as a picture.",
        epilog=f"example:  {EXAMPLE}",
        allow_abbrev=False,
    )
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, default="out/expression.svg", help="the picture (default: %(default)s)")
    parser.add_argument(
        "--primitives", nargs="?", const="", metavar="NAME", help="the table of derivatives, or one row of it in full"
    )
    parser.add_argument("--conventions", action="store_true", help="what the derivative is where there is a choice")
    options = ("-h", "--help", "--out", "--primitives", "--conventions")
    # A space in front, for an expression may begin with a minus and is no option then.
    given = parser.parse_args([f" {a}" if a[:1] == "-" and a.split("=")[0] not in options else a for a in arguments])
    if given.conventions and given.words:
        name = given.words[0].strip()
        parser.error(f"--conventions shows all of them; --primitives {name} shows those of one primitive")
    try:
        if given.words:
            return run(given.words[0], read_variables(given.words[1:]), given.out)
        if given.conventions:
            print(conventions.report(), flush=True)
        elif given.primitives is not None:
            text = catalogue.describe(find(given.primitives)) if given.primitives else catalogue.report()
            print(text, flush=True)
        else:
            parser.print_help()
    except ExpressionError as error:
        parser.error(str(error))
    return 0


def find(name: str) -> Primitive:
    """The row of this name."""
    if name not in table:
        for module in ("autograd", "nn"):
            function = getattr(importlib.import_module(module), name, None)
            if isinstance(function, Primitive):  # as acos is arccos
                return function
            if inspect.isfunction(function) and function.__module__.startswith(DIFFERENTIABLE):
                raise ExpressionError(
                    f"{name} is not a primitive: {module}.{name} is composed of others, and so are its derivatives, "
                    f"where it has any; --primitives without a name shows all primitives"
                )
        similar = " or ".join(get_close_matches(name, table))
        raise ExpressionError(
            f"there is no primitive {name!r}; {f'did you mean {similar}? ' if similar else ''}"
            f"--primitives without a name shows all of them"
        )
    return table[name]


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
    if not isinstance(output, Value):
        raise ExpressionError(f"{expression.text} is made of comparisons, which have no derivative to take")
    output.backward()
    nodes = [node for node in reversed(newest_first([output])) if type(node) is not Constant]
    print_columns([("node", "value", "gradient"), *((str(n.label), show(n.data), show(n.grad)) for n in nodes)])
    computed = [node for node in nodes if node.op is not None]
    result = next(name for i in itertools.count() if (name := f"y{i or ''}") not in numbers)
    local = [(result, "by", "local derivative", "value")]
    for node in computed:
        for i, (by, formula, value) in enumerate(catalogue.local_derivatives(node, result)):
            local.append(("" if i else str(node.label), by, formula, show(value)))
    print_columns(local, numbers=[3])

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


def print_columns(rows: Sequence[tuple[str, ...]], numbers: Sequence[int] = range(1, 5)) -> None:
    """Rows of text aligned, those columns at the right; long text is cut."""
    print(*columns([[t if len(t) <= 40 else t[:37] + "..." for t in row] for row in rows], numbers), sep="\n")
    print()


if __name__ == "__main__":
    with printing():
        sys.exit(main(sys.argv[1:]))
