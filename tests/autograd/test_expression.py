"""Expressions in text: what they mean, what they refuse, and the command that works on them."""

from __future__ import annotations

import ast
import math
import operator
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Tensor, Value, catalogue, conventions, elementwise
from autograd.__main__ import main
from autograd.expression import ExpressionError, functions, parse
from autograd.graph import newest_first
from autograd.node import Constant, Node, plain
from autograd.primitive import Elementwise, table

NAMES = {"w": 2.0, "x": 0.5, "b": -1.0}


def evaluate(text: str, **numbers: float) -> Any:
    return parse(text, numbers)({name: Value(number, label=name) for name, number in numbers.items()})


def refusal(text: str, *names: str) -> str:
    with pytest.raises(ExpressionError) as caught:
        parse(text, names or NAMES)
    return str(caught.value)


# ---- what an expression means --------------------------------------------

atoms = st.sampled_from(["w", "x", "b", "2", "0.25", "1e-2"])
arithmetic = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", " / ", "**"]), inner).map("({0[0]}{0[1]}{0[2]})".format),
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map("".join),
        inner.map("-{}".format),
        inner.map("tanh({})".format),
        st.tuples(inner, inner).map("maximum({0[0]}, {0[1]})".format),
    ),
    max_leaves=12,
)


def reference(part: ast.AST) -> Any:
    """The same arithmetic by recursion and Python's own operators on Values."""
    binary = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
    match part:
        case ast.Name(id=name):
            return Value(NAMES[name])
        case ast.Constant(value=number):
            return Value(number)
        case ast.UnaryOp(operand=operand):
            return -reference(operand)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return reference(left) ** reference(right)
        case ast.BinOp(left=left, op=op, right=right):
            return binary[type(op)](reference(left), reference(right))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return table[name](*map(reference, arguments))  # type: ignore[operator]
    raise AssertionError(part)


@given(text=arithmetic)
def test_an_expression_means_what_python_means_by_it(text: str) -> None:
    expected = reference(ast.parse(text, mode="eval").body).item()
    result = parse(text, NAMES)({name: Value(number) for name, number in NAMES.items()})
    found = result.data if isinstance(result, Node) else result
    assert found == expected or (math.isnan(found) and math.isnan(expected))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("-x**2", -9.0), ("2**-x", 0.125), ("x - 1 - 1", 1.0), ("2**x**2", 512.0), ("(x - 1)*-x", -6.0), ("7", 7.0)],
)
def test_precedence_is_that_of_arithmetic(text: str, expected: float) -> None:
    assert float(evaluate(text, x=3.0)) == expected


ELEMENTWISE = [row for row in table.values() if isinstance(row, Elementwise)]


@pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
def test_every_elementwise_row_can_be_called_by_its_name(row: Elementwise) -> None:
    numbers = dict(zip("abc", (0.25, 0.5, 0.75)))
    names = list(numbers)[: len(row.partials)]
    result = evaluate(f"{row.name}({', '.join(names)})", **{name: numbers[name] for name in names})
    assert result.op is row
    np.testing.assert_equal(result.data, row.on_floats(*(numbers[name] for name in names)))


def test_a_row_that_a_user_declares_can_be_called() -> None:
    elementwise("cube", lambda x, y: 3 * x * x, scalar=lambda x: x**3, array=lambda x: x**3)
    assert evaluate("cube(x)", x=2.0).data == 8.0


def test_abs_is_absolute() -> None:
    assert evaluate("abs(x)", x=-2.0).op is table["absolute"]


def test_every_node_is_labelled_with_its_part_of_the_text() -> None:
    nodes = newest_first([evaluate("tanh(w*x + (b - 1))", **NAMES)])[::-1]
    labels = [node.label for node in nodes if type(node) is not Constant]
    assert labels == ["w", "x", "b", "w*x", "b - 1", "w*x + (b - 1)", "tanh(w*x + (b - 1))"]


def test_a_name_that_is_used_twice_is_one_node() -> None:
    x = Value(3.0)
    y = parse("x*x + θ", ["x", "θ"])({"x": x, "θ": Value(1.0)})
    y.backward()
    assert x.grad == 6.0


def test_labels_are_right_behind_letters_that_take_more_than_a_byte() -> None:
    assert evaluate("θ*µ + exp(θ)", **{"θ": 1.0, "μ": 2.0}).inputs[1].label == "exp(θ)"


def test_constants_alone_are_computed_as_floats_are_and_never_raise() -> None:
    assert evaluate("1/0 + x*0", x=1.0).data == math.inf
    assert math.isnan(evaluate("(0 - 8)**(1/3)"))


def test_white_space_and_lines_do_not_matter() -> None:
    assert parse("  w *\n\tx ", NAMES).text == "w * x"


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("[x > 0]*x", 2.0, 2.0),
        ("[x > 0]*x", -2.0, 0.0),
        ("[x >= 2] + [x <= 2] + [x == 2] + [x != 2]", 2.0, 3.0),
        ("[x < 2] + 1", 1.0, 2.0),
        ("[0 < x and x < 1 and x != 0.5]", 0.75, 1.0),
        ("[0 < x and x < 1 and x != 0.5]", 0.5, 0.0),
        ("[x < 0 or x > 1 or x == 0.5]", 0.5, 1.0),
        ("[not x < 0]", 0.5, 1.0),
        ("[not (x < 0 or x > 1)]", 2.0, 0.0),
        ("where(x > 1, x, -x)", 0.5, -0.5),
        ("where(x > 0 and not x > 1, 7, 8)", 0.5, 7.0),
        ("where([x > 1], x, -x)", 1.5, 1.5),
        ("[[x > 0] == 1]", 1.0, 1.0),
        ("cos(pi*x)", 1.0, -1.0),
        ("[x < inf]", 1.0, 1.0),
        ("[nan == nan]", 1.0, 0.0),
    ],
)
def test_comparisons_count_as_one_and_zero(text: str, at: float, expected: float) -> None:
    assert float(evaluate(text, x=at)) == expected
    assert np.broadcast_to(plain(evaluate_on_tensor(text, at)), 2).tolist() == [expected, expected]


def evaluate_on_tensor(text: str, at: float) -> Any:
    return parse(text, ["x"])({"x": Tensor([at, at])})


def test_the_slope_of_a_piece_is_that_of_the_piece() -> None:
    x = Value(3.0)
    parse("[x > 2]*x**2 + where(x > 2, 5*x, 1/(x - 3))", ["x"])({"x": x}).backward()
    assert x.grad == 11.0


def test_a_variable_may_be_called_pi() -> None:
    assert evaluate("pi*2", pi=3.0).data == 6.0


# ---- what it refuses -----------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problem", "column"),
    [
        ("w*y", "unknown name 'y'; give it a value, as in y=2", 2),
        ("w + tnah(x)", "unknown function 'tnah' (did you mean tanh?)", 4),
        ("w + quit(x)", "unknown function 'quit'", 4),
        ("2*exp", "'exp' is a function: call it, as in exp(...)", 2),
        ("1 + w(x)", "'w' is not a function; a product is written with *", 4),
        ("2(x)", "'2' is not a function; a product is written with *", 0),
        ("exp(w)(x)", "'exp(w)' is not a function; a product is written with *", 0),
        ("maximum(x)", "maximum takes 2 arguments, and 1 are given", 0),
        ("w*exp(x, b)", "exp takes 1 argument, and 2 are given", 2),
        ("exp(x=w)", "exp takes its arguments by position", 4),
        ("exp(*x)", "'*x' is not arithmetic", 4),
        ("w*x.real", "'x.real' is not arithmetic", 2),
        ("w*x[0]", "'x[0]' is not arithmetic", 2),
        ("w + (lambda: x)", "'lambda: x' is not arithmetic", 5),
        ("w < x", "'w < x' is not arithmetic", 0),
        ("w and x", "'w and x' is not arithmetic", 0),
        ("+x", "'+x' is not arithmetic", 0),
        ("not x", "'not x' is not arithmetic", 0),
        ("w*[x]", "'[x]' is not arithmetic", 2),
        ("w*[x > 0, 1]", "'[x > 0, 1]' is not arithmetic", 2),
        ("w*[]", "'[]' is not arithmetic", 2),
        ("w*[x > 0 and b]", "'b' is not arithmetic", 13),
        ("w*[x is b]", "'x is b' is not arithmetic", 3),
        ("w*[x in b]", "'x in b' is not arithmetic", 3),
        ("[0 < x < 1]", "only two numbers are compared at a time, as in [0 < x and x < 1]", 9),
        ("exp(x > 0)", "'x > 0' is not arithmetic", 4),
        ("where(x, x > 0, 1)", "'x > 0' is not arithmetic", 9),
        ("(w := x)", "'w := x' is not arithmetic", 1),
        ("x if w else b", "'x if w else b' is not arithmetic", 0),
        ("w*'x'", "'x' is not a number", 2),
        ("w*True", "True is not a number", 2),
        ("w*2j", "2j is not a number", 2),
        ("w*1e999", "this number is too large for a float", 2),
        ("w*1" + "0" * 400, "this number is too large for a float", 2),
        ("w^2", "the operator ^ is not available; a power is written **", 1),
        ("(w) ^ (x)", "the operator ^ is not available; a power is written **", 4),
        ("w//(2)", "the operator // is not available", 1),
        ("w*θ + (é % x)", "unknown name 'θ'; give it a value, as in θ=2", 2),
        ("w @ x", "the operator @ is not available", 2),
        ("w x", "the expression cannot be read: invalid syntax", 2),
        ("w +", "the expression cannot be read: invalid syntax", 3),
        ("w = 2", "the expression cannot be read: invalid syntax", 2),
        ("2x", "the expression cannot be read: invalid decimal literal", 0),
        ("w*(x", "the expression cannot be read: '(' was never closed", 2),
    ],
)
def test_anything_but_arithmetic_is_refused_at_its_column(text: str, problem: str, column: int) -> None:
    first, shown, caret, *allowed = refusal(text).splitlines()
    assert first == problem
    assert shown == f"  {text[:80]}"
    assert caret == "  " + " " * column + "^"
    listed = " ".join(allowed)
    assert listed.startswith(
        "Allowed are the variables b, w, x; numbers; + - * / ** and parentheses; comparisons in brackets, "
        "as in [x > 0]; and the functions abs,"
    )
    assert "tanh" in listed


def test_an_unknown_name_lists_what_it_may_have_been() -> None:
    first = refusal("wieght*x", "weight", "height", "x").splitlines()[0]
    assert first == "unknown name 'wieght' (did you mean weight or height?); give it a value, as in wieght=2"


def test_the_place_is_shown_in_a_long_expression_too() -> None:
    _, shown, caret, *_ = refusal("x + " * 100 + "oops" + " + x" * 100).splitlines()
    assert shown[caret.index("^") :].startswith("oops")
    assert len(shown) <= 82


def test_nothing_in_an_expression_is_run(tmp_path: Path) -> None:
    target = tmp_path / "written"
    refusal(f"__import__('pathlib').Path({str(target)!r}).write_text('x')")
    refusal(f"open({str(target)!r}, 'w')")
    assert not target.exists()


@pytest.mark.parametrize("text", ["", "   \n"])
def test_an_empty_expression_is_refused(text: str) -> None:
    assert refusal(text) == "the expression is empty"


@pytest.mark.parametrize("text", ["x\ud800", "x*\udcff"])
def test_text_that_is_not_text_is_refused(text: str) -> None:
    assert refusal(text).startswith("the expression is not readable text: 'x")


@pytest.mark.parametrize("name", ["exp", "abs", "where", "add"])
def test_a_variable_does_not_shadow_a_function(name: str) -> None:
    assert refusal(f"{name}*2", name) == f"'{name}' is a function here; give the variable another name"


DEEP: dict[str, Callable[[int], str]] = {
    "sum": lambda n: "+".join(["x"] * n),
    "minus": lambda n: "-" * n + "x",
    "power": lambda n: "**".join(["x"] * n),
    "parentheses": lambda n: "(" * n + "x" + ")" * n,
    "calls": lambda n: "exp(" * n + "x" + ")" * n,
}


@pytest.mark.parametrize("shape", DEEP)
def test_a_nested_expression_is_evaluated(shape: str) -> None:
    nodes = newest_first([evaluate(DEEP[shape](150), x=1.0)])
    assert len(nodes) == {"sum": 150, "power": 150, "parentheses": 1}.get(shape, 151)


@pytest.mark.parametrize("shape", DEEP)
def test_an_expression_that_is_nested_too_deeply_is_refused(shape: str) -> None:
    message = refusal(DEEP[shape](50_000), "x")
    assert re.match("the expression is nested too deeply|.*too many nested parentheses", message)


def test_as_deep_as_python_parses_it_is_evaluated() -> None:
    assert evaluate(DEEP["sum"](1500), x=2.0).data == 3000.0


def test_functions_are_those_of_the_table() -> None:
    assert functions()["tanh"] is table["tanh"]
    assert "sum" not in functions()  # it has parameters, and works on arrays


# ---- the command ---------------------------------------------------------


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return tmp_path / "deeper" / "graph.svg"


def test_the_command_prints_values_gradients_and_the_check_and_draws(
    picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("autograd.drawing")
    assert main(["tanh(w*x + b)", "w=2", "x=0.5", "b=-0.5", "--out", str(picture)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[:7]] == [
        ["node", "value", "gradient"],
        ["w", "2", "0.3932238665"],
        ["x", "0.5", "1.572895466"],
        ["b", "-0.5", "0.786447733"],
        ["w*x", "1", "0.786447733"],
        ["w*x", "+", "b", "0.5", "0.786447733"],
        ["tanh(w*x", "+", "b)", "0.4621171573", "1"],
    ]
    assert len({len(line) for line in lines[:7]}) == 1  # aligned
    assert [line.split() for line in lines[8:14]] == [
        ["y", "by", "local", "derivative", "value"],
        ["w*x", "w", "x", "0.5"],
        ["x", "w", "2"],
        ["w*x", "+", "b", "w*x", "1", "1"],
        ["b", "1", "1"],
        ["tanh(w*x", "+", "b)", "w*x", "+", "b", "1", "-", "y**2", "0.786447733"],
    ]
    assert lines[15].split() == ["variable", "gradient", "by", "differences", "apart"]
    for line, name in zip(lines[16:19], "wxb"):
        variable, gradient, numeric, apart, verdict = line.split()
        assert (variable, verdict) == (name, "agrees")
        assert float(gradient) == pytest.approx(float(numeric), rel=1e-9)
        assert float(apart) < 1e-9
    assert lines[20] == "Gradients agree: all 3 derivatives match finite differences in float64."
    assert lines[-1] == f"The graph is drawn in {picture}"
    svg = picture.read_text(encoding="utf-8")
    assert "<svg" in svg
    assert "w*x + b" in svg


def test_the_result_is_not_called_y_where_a_variable_is(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exp(y)*y1", "y=1", "y1=2", "--out", str(picture)]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["y2", "by", "local", "derivative", "value"] in lines
    assert ["exp(y)", "y", "y2", "2.718281828"] in lines


def test_the_slope_of_a_quotient_by_a_constant_0_is_infinite(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["x/0", "x=2", "--out", str(picture)]) == 1
    assert ["x/0", "x", "inf", "inf"] in [line.split() for line in capsys.readouterr().out.splitlines()]


def test_the_picture_goes_to_out_unless_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["x*x", "x=3"]) == 0
    assert "The graph is drawn in out" in capsys.readouterr().out
    assert (tmp_path / "out" / "expression.svg").exists()


def test_an_expression_may_begin_with_a_minus(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-x**2", "x=3", "--out", str(picture)]) == 0
    assert "-x**2     -9         1" in capsys.readouterr().out.splitlines()


def test_a_subgradient_at_a_kink_is_named_and_passes(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["relu(x)", "x=0", "--out", str(picture)]) == 0
    assert "subgradient" in capsys.readouterr().out
    assert picture.exists()


def test_a_value_outside_the_domain_is_shown_as_nan(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log(x)", "x=-1", "--out", str(picture)]) == 1
    out = capsys.readouterr().out
    assert "log(x)    nan         1" in out.splitlines()
    assert "f itself is inf or nan at these inputs" in out


def test_long_names_of_nodes_are_cut_and_zeros_have_no_sign(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["-x" + " + 0*x" * 10, "x=0", "--out", str(picture)])
    lines = capsys.readouterr().out.partition("\n\n")[0].splitlines()
    cut = [line for line in lines if "..." in line]
    assert cut[-1].split() == ["-x", *["+", "0*x"] * 5, "+", "0*...", "0", "1"]
    assert ["-x", "0", "1"] in [line.split() for line in lines]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["w*y", "w=1"], "unknown name 'y'; give it a value, as in y=2\n  w*y\n    ^\nAllowed are the variables w; "),
        (["w*x", "w=1", "w=2", "x=1"], "w is given twice, as 1 and as 2"),
        (["w*x", "w=", "x=1"], "w has no value; write one after the =, as in w=2"),
        (["w*x", "w=abc", "x=1"], "'w=abc': 'abc' is not a number"),
        (["w*x", "w=1=2", "x=1"], "'w=1=2': '1=2' is not a number"),
        (["w*x", "w=nan", "x=1"], "'w=nan': the value must be finite"),
        (["w*x", "w=1e999", "x=1"], "'w=1e999': the value must be finite"),
        (["w*x", "w=1", "x=1", "q=2", "b=1"], "q is given, but is not in the expression w*x"),
        (["w*x", "2=1"], "'2=1': '2' cannot be the name of a variable"),
        (["w*x", "lambda=1"], "'lambda=1': 'lambda' cannot be the name of a variable"),
        (["w*x", "=1"], "'=1': '' cannot be the name of a variable"),
        (["w", "*", "x", "w=1"], "'*' is not of the form name=value; is the expression in quotes?"),
        (["x", "x=1", "--outt=y.svg"], "'--outt=y.svg': '--outt' cannot be the name of a variable"),
        (["exp*2", "exp=1"], "'exp' is a function here; give the variable another name"),
        (["--primitives", "tahn"], "there is no primitive 'tahn'; did you mean tan"),
        (["--primitives", "nothing_like_it"], "there is no primitive 'nothing_like_it'; --primitives without a name"),
        (["--conventions", "relu"], "--conventions shows all of them; --primitives relu shows those of one primitive"),
        (["[x < 2]*3", "x=1"], "[x < 2]*3 is made of comparisons, which have no derivative to take"),
        (["1 + 2"], "there is no variable in 1 + 2 to differentiate with respect to"),
        (["+".join(["x"] * 50_000), "x=1"], "the expression is nested too deeply; split it into smaller ones"),
    ],
)
def test_a_wrong_command_line_is_explained_and_leaves_nothing(
    words: list[str], message: str, picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*words, "--out", str(picture)])
    assert caught.value.code == 2
    printed = capsys.readouterr()
    assert printed.err.startswith(
        f"usage: python -m autograd EXPRESSION NAME=VALUE ... [--out PATH]\n"
        f"       python -m autograd --primitives [NAME]\n"
        f"       python -m autograd --conventions\n"
        f"python -m autograd: error: {message}"
    )
    assert printed.out == ""
    assert not picture.exists()


def test_a_name_is_the_same_in_both_of_its_unicode_forms(picture: Path) -> None:
    assert main(["µ*µ", "µ=2", "--out", str(picture)]) == 0


@pytest.mark.parametrize("name", ["no_such.folder", "graph.svg/inside.svg"])
def test_a_picture_that_cannot_be_written_is_reported_after_the_results(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "graph.svg").write_text("not a folder")
    assert main(["x*x", "x=3", "--out", str(tmp_path / name)]) == 1
    printed = capsys.readouterr()
    assert "Gradients agree" in printed.out
    assert printed.err.startswith("\nThe picture was not written: ")


def test_a_graph_too_large_to_draw_is_still_evaluated_and_checked(
    picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["+".join(["x"] * 600), "x=1", "--out", str(picture)]) == 1
    printed = capsys.readouterr()
    assert "Gradients agree" in printed.out
    assert "The picture was not written: this graph has 600 nodes" in printed.err


def test_without_arguments_the_command_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert 'example: python -m autograd "tanh(w*x + b)" w=2 x=0.5 b=-1' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--primitives"], catalogue.report),
        (["--primitives", "tanh"], lambda: catalogue.describe(table["tanh"])),
        (["--conventions"], conventions.report),
    ],
)
def test_the_command_prints_the_table_and_the_conventions(
    words: list[str], expected: Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 0
    assert capsys.readouterr().out == expected() + "\n"


def test_python_runs_the_command() -> None:
    command = [sys.executable, "-m", "autograd", "w*x +", "w=1", "x=2"]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "  w*x +\n       ^" in done.stderr


@pytest.mark.parametrize("option", ["--primitives", "--conventions"])
def test_a_reader_who_has_seen_enough_of_a_table_is_no_error(option: str) -> None:
    command = [sys.executable, "-m", "autograd", option]
    folder = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as printing:
        printing.stdout.readline()
        printing.stdout.close()
        assert printing.stderr.read() == ""
    assert printing.returncode == 0
