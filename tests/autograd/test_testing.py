"""The kit for users' own tests: what is drawn is fit for checking, and what fails is shown."""

from __future__ import annotations

import math
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import autograd.testing
import nn  # noqa: F401  (declares rows of its own)
from autograd import Tensor, Value, elementwise, exp, log, relu, sin, structured
from autograd.checking import check
from autograd.primitive import NONZERO, POSITIVE, Elementwise, Interval, Primitive, Structured, example, point, table
from autograd.primitives.arithmetic import multiply
from autograd.testing import (
    Graph,
    arrays,
    assert_gradients,
    assert_same_on_all_readers,
    assertions,
    broadcast_pairs,
    calls,
    failure,
    graphs,
    indices,
    invertible,
    numbers,
    points,
    positive_definite,
    sizes,
)
from autograd.testing.arrays import entries
from autograd.testing.digits import Digits

ROWS = list(table.values())
ELEMENTWISE = [row for row in ROWS if isinstance(row, Elementwise)]
KINKED = [row for row in ELEMENTWISE if row.kink is not None or row.special]
domains = st.sampled_from(
    [
        Interval(),
        POSITIVE,
        NONZERO,
        Interval(-1.0, 2.0, nonzero=True),
        Interval(-1.0, 1.0),
        Interval(high=2.0),
        Interval(1.0),
        Interval(0, 9),
    ]
)


def run(program: str) -> None:
    exec(compile(program, "<pasted>", "exec"), {})


# ---- numbers, arrays, matrices, indices ----------------------------------


@given(domain=domains, data=st.data())
def test_numbers_and_arrays_lie_in_the_domain_clear_of_its_ends(domain: Interval, data: st.DataObject) -> None:
    drawn = [data.draw(numbers(domain)), *data.draw(arrays(domain=domain)).flat]
    drawn += data.draw(arrays((2, 3), domain, distinct=True)).flat
    for x in drawn:
        assert domain.low + 0.0099 <= x <= domain.high - 0.0099
        assert x == 0 or abs(x) > 1e-9
        assert abs(x) > 0.0099 or not domain.nonzero


@given(arrays((4, 5), distinct=True))
def test_distinct_entries_are_a_tenth_apart_and_clear_of_0(x: np.ndarray) -> None:
    assert np.diff(np.sort(x.ravel())).min() > 0.07
    assert np.abs(x).min() >= 0.02


@given(broadcast_pairs())
def test_pairs_broadcast(pair: tuple[np.ndarray, np.ndarray]) -> None:
    assert np.broadcast_shapes(*(x.shape for x in pair)) == (pair[0] + pair[1]).shape


@given(n=st.integers(1, 5), data=st.data())
def test_matrices_are_well_conditioned(n: int, data: st.DataObject) -> None:
    singular = np.linalg.svd(data.draw(invertible(n)), compute_uv=False)
    assert 1 - 1e-9 <= singular.min() <= singular.max() <= 3 * n
    matrix = data.draw(positive_definite(n))
    np.testing.assert_array_equal(matrix, matrix.T)
    eigenvalues = np.linalg.eigvalsh(matrix)
    assert 1 - 1e-9 <= eigenvalues.min() <= eigenvalues.max() <= 1 + n**2


@settings(max_examples=300)
@given(shape=st.lists(st.integers(0, 3), max_size=3).map(tuple), data=st.data())
def test_indices_fit_the_shape(shape: tuple[int, ...], data: st.DataObject) -> None:
    x = np.zeros(shape)
    x[data.draw(indices(shape))] += 1.0


def test_indices_are_of_every_kind() -> None:
    kinds: set[type] = set()

    @settings(max_examples=200, database=None)
    @given(indices((3, 4)))
    def collect(index: Any) -> None:
        kinds.update(map(type, index if isinstance(index, tuple) else (index,)))

    collect()
    assert kinds >= {int, slice, np.ndarray, type(None), type(Ellipsis)}


# ---- operands of rows ----------------------------------------------------


@pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
@given(data=st.data())
def test_points_lie_in_the_domain_and_off_the_kinks(row: Elementwise, data: st.DataObject) -> None:
    x = data.draw(points(row))
    assert all(entry in interval for entry, interval in zip(x, row.domain))
    assert row.kink is None or abs(row.kink(*x)) > 0.01


@pytest.mark.parametrize("row", KINKED, ids=lambda row: row.name)
@given(data=st.data())
def test_kinks_are_found_to_the_last_bit(row: Elementwise, data: st.DataObject) -> None:
    x = data.draw(points(row, at_kinks=True))
    special = [point.operands for point in row.special]
    # Exactly where a float is there, and else beside it: no float is a zero of the cosine.
    assert x in special or (row.kink is not None and abs(row.kink(*x)) < 1e-14)


def test_a_kink_that_bisection_has_to_find_is_found() -> None:
    row = elementwise(
        "hinge", lambda x, y: 1.0 * (x > 0.3), array=lambda x: np.maximum(x, 0.3), scalar=abs, kink=lambda x: x - 0.3
    )

    @given(points(row, at_kinks=True))
    def seek(x: tuple[float, ...]) -> None:
        assert x == (0.3,)

    seek()


def test_a_smooth_row_has_no_kinks_to_seek() -> None:
    row = elementwise("smooth", lambda x, y: y, array=np.exp, scalar=math.exp)
    with pytest.raises(ValueError, match=r"^smooth declares neither a kink nor a special point"):
        run_once(points(row, at_kinks=True))


def run_once(strategy: st.SearchStrategy[Any]) -> None:
    @settings(max_examples=1, database=None)
    @given(strategy)
    def draw(x: Any) -> None:
        pass

    draw()


def test_special_points_of_a_row_are_sought_too() -> None:
    row = elementwise("root", lambda x, y: 0.5 / y, array=np.sqrt, scalar=math.sqrt, special=[point(0.0)])

    @given(points(row, at_kinks=True))
    def seek(x: tuple[float, ...]) -> None:
        assert x == (0.0,)

    seek()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@given(data=st.data())
def test_calls_of_every_row_give_numbers(row: Primitive, data: st.DataObject) -> None:
    graph = data.draw(calls(row))
    y = graph(*graph.leaves)
    assert np.size(y)
    assert np.isfinite(y).all()


@pytest.mark.parametrize("name", sizes._OF_ROWS)
@given(number=st.integers(0, 2**60))
def test_sizes_that_are_made_for_a_row_fit_it(name: str, number: int) -> None:
    row: Any = table[name]
    for of in row.examples:
        made = sizes.varied(row, of, Digits(number))
        if made is not None:
            row(*map(np.ones, made.shapes), **made.parameters)


@pytest.mark.parametrize(
    "row",
    [row for row in ROWS if isinstance(row, Structured) and any(any(example.shapes) for example in row.examples)],
    ids=lambda row: row.name,
)
def test_calls_have_other_sizes_and_parameters_than_the_examples(row: Structured) -> None:
    kinds = set()

    @settings(max_examples=60, database=None)
    @given(calls(row))
    def look(graph: Graph) -> None:
        kinds.add(repr(([np.shape(x) for x in graph.leaves], graph.steps[0].parameters)))

    look()
    assert len(kinds) > len(row.examples), kinds


# ---- random graphs -------------------------------------------------------


@settings(max_examples=60)
@given(graphs())
def test_a_graph_computes_one_moderate_number_whatever_it_runs_on(graph: Graph) -> None:
    plain = graph(*graph.leaves)
    nodes = graph(*(Value(x) if type(x) is float else Tensor(x) for x in graph.leaves))
    assert np.shape(plain) == nodes.shape == ()
    assert np.isfinite(plain)
    np.testing.assert_allclose(nodes.item(), plain, rtol=1e-9, atol=1e-9)


@settings(max_examples=60)
@given(graph=graphs())
def test_a_graph_reads_as_the_program_that_it_is(graph: Graph) -> None:
    names: dict[str, Any] = {}
    exec(repr(graph), names)
    assert names["f"](*names["leaves"]) == graph(*graph.leaves)


@settings(max_examples=40)
@given(st.data())
def test_graphs_of_one_kind_have_leaves_of_that_kind(data: st.DataObject) -> None:
    assert {type(x) for x in data.draw(graphs(of=Value)).leaves} == {float}
    assert {type(x) for x in data.draw(graphs(of=Tensor)).leaves} == {np.ndarray}


def test_graphs_are_long_share_their_nodes_and_use_every_row() -> None:
    lengths: list[int] = []
    shared: list[int] = []
    used: set[str] = set()

    @settings(max_examples=200, database=None)
    @given(graphs(min_steps=30, max_steps=30))
    def collect(graph: Graph) -> None:
        lengths.append(len(graph.steps))
        places = [x for step in graph.steps for x in step.inputs if type(x) is int]
        shared.append(len(places) - len(set(places)))
        used.update(step.row.name for step in graph.steps)

    collect()
    assert min(lengths) >= 30
    assert np.median(shared) >= 3
    kinked = {row.name for row in ROWS if isinstance(row, Elementwise) and row.kink is not None}
    for names in (kinked, {row.name for row in ROWS} - kinked):
        assert len(used & names) > 0.8 * len(names)


def test_graphs_can_be_made_of_chosen_rows() -> None:
    used: set[str] = set()

    @given(graphs(rows=[sin, multiply], min_steps=3))
    def collect(graph: Graph) -> None:
        used.update(step.row.name for step in graph.steps)

    collect()
    assert {"sin", "multiply"} <= used <= {"sin", "multiply", "tanh", "sum", "add"}  # which bring it to an end


# ---- assertions ----------------------------------------------------------


def wrong_exp() -> Elementwise:
    return elementwise("wrong_exp", lambda x, y: 1.001 * y, array=np.exp, scalar=math.exp)


def test_what_is_right_passes() -> None:
    assert_gradients(lambda x, y: log(exp(x) + y), 0.5, np.array([1.0, 2.0]))
    assert_same_on_all_readers(lambda x, y: log(exp(x) + y), 0.5, np.array([1.0, 2.0]))
    assert_gradients(relu, Tensor([1.0, -2.0]))
    assert_same_on_all_readers(relu, Value(3.0))


def test_a_failure_names_a_picture_and_gives_a_program_that_fails_alike() -> None:
    row = wrong_exp()
    with pytest.raises(AssertionError) as caught:
        assert_gradients(lambda x, t: (row(x) * t).sum() + 1.0, 0.5, np.array([1.0, 2.0]))
    message = str(caught.value)
    assert message.startswith("Gradients differ")
    picture = Path(re.findall(r"The graph is drawn in (\S+\.svg)", message)[0])
    assert "wrong_exp" in picture.read_text()
    picture.unlink()
    program = message.split("This program repeats it:\n\n")[1].split("\n\nThe graph")[0]
    assert 'y0 = table["wrong_exp"](x0)' in program
    with pytest.raises(AssertionError, match=r"^Gradients differ"):
        run(program.replace("import test_testing  # declares a row\n", ""))


def test_under_hypothesis_the_smallest_graph_that_fails_is_shown_and_drawn() -> None:
    row = wrong_exp()

    @settings(database=None, max_examples=100)
    @given(graphs(rows=[row, sin, multiply], max_steps=5))
    def check(graph: Graph) -> None:
        assert_gradients(graph)

    with pytest.raises(AssertionError) as caught:
        check()
    said = "\n".join([str(caught.value), *caught.value.__notes__])
    assert str(caught.value).startswith("Gradients differ in ")
    assert "the fault is in the derivative of wrong_exp" in " ".join(said.split())
    _, program = said.split("This program repeats it:")
    steps = re.findall(r"^    y\d+ = ", program, re.MULTILINE)
    assert 0 < len(steps) <= 3
    pictures = {Path(path) for path in re.findall(r"The graph is drawn in (\S+\.svg)", said)}
    assert len(pictures) == 1
    for picture in pictures:
        assert "wrong_exp" in picture.read_text()
        picture.unlink()


def test_under_hypothesis_a_graph_is_shown_as_the_program_that_it_is() -> None:
    @settings(database=None, max_examples=5)
    @given(graph=graphs(rows=[sin]))
    def fails(graph: Graph) -> None:
        raise AssertionError

    with pytest.raises(AssertionError) as caught:
        fails()
    said = "\n".join(caught.value.__notes__)
    assert re.search(r"^def f\(x0\):\n    y0 = .*sin", said, re.MULTILINE)
    assert "leaves = [" in said


@pytest.mark.parametrize(
    "taken",
    [lambda x: x.detach(), lambda x: Tensor(x.data), lambda x: x.numpy(), lambda x: float(x[0])],
    ids=["detach", "data", "numpy", "float"],
)
def test_a_program_in_which_what_f_took_past_the_graph_stands_fixed_is_not_said_to_repeat_the_failure(
    taken: Any,
) -> None:
    with pytest.raises(AssertionError) as caught:
        assert_gradients(lambda x: (x * taken(x)).sum(), np.array([1.0, 2.0]))
    message = str(caught.value)
    assert "This program repeats it" not in message
    assert "This program repeats what was recorded, and passes where f fails: what f took from elsewhere" in message
    program = message.split("stands in it as fixed numbers:\n\n")[1].split("\n\nThe graph")[0]
    run(program)


def fails_under_hypothesis(row: Any) -> AssertionError:
    @settings(database=None, max_examples=100)
    @given(st.floats(0.25, 1))
    def check(x: float) -> None:
        assert_gradients(lambda x: sin(row(x)) * 2.0, x)

    with pytest.raises(AssertionError) as caught:
        check()
    return caught.value


def test_under_hypothesis_nothing_is_diagnosed_or_recorded_but_the_smallest_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts = {"diagnose": 0, "recorded": 0, "compare": 0}

    def counted(name: str, function: Any) -> Any:
        def count(*arguments: Any, **named: Any) -> Any:
            counts[name] += 1
            return function(*arguments, **named)

        return count

    monkeypatch.setattr(check, "diagnose", counted("diagnose", check.diagnose))
    monkeypatch.setattr(failure, "recorded", counted("recorded", failure.recorded))
    monkeypatch.setattr(assertions, "compare_gradients", counted("compare", assertions.compare_gradients))
    error = fails_under_hypothesis(wrong_exp())
    assert counts["compare"] > 3
    assert counts["diagnose"] == counts["recorded"] == 1
    assert any("the fault is in the derivative of wrong_exp" in " ".join(note.split()) for note in error.__notes__)


def test_a_graph_too_large_to_draw_is_still_reported() -> None:
    row = wrong_exp()

    def long(x: Any) -> Any:
        for _ in range(600):
            x = x + 0.001
        return row(x)

    with pytest.raises(AssertionError, match=r"The graph is not drawn: this graph has 1,\d+ nodes"):
        assert_gradients(long, 0.5)


@pytest.mark.parametrize(
    ("finding", "row"),
    [
        (
            "the value: .* from Values and Tensors, but .* from Tensors",
            lambda: elementwise("f", lambda x, y: y, array=np.exp, scalar=lambda x: math.exp(x) * (1 + 1e-12)),
        ),
        (
            r"the slope: .* from gradients\(\) on Values and Tensors, but .* from backward\(\)",
            lambda: elementwise("f", lambda x, y: y if type(x) is Value else 1.001 * y, array=np.exp, scalar=math.exp),
        ),
        (
            "the slope of the slope: .* on Tensors",
            lambda: elementwise("f", lambda x, y: float(y) if type(x) is Tensor else y, array=np.exp, scalar=math.exp),
        ),
    ],
)
def test_readers_that_differ_are_named(finding: str, row: Any) -> None:
    with pytest.raises(AssertionError, match=finding):
        assert_same_on_all_readers(row(), 0.5)


def test_a_rule_that_is_not_linear_in_its_cotangent_differs_in_forward_mode() -> None:
    @structured(lambda g, y, x: g * abs(g), examples=[example((2,))])
    def bent(x: np.ndarray, /) -> np.ndarray:
        return 1.0 * x

    with pytest.raises(AssertionError, match=r"the slope: .* from jvp\(\)"):
        assert_same_on_all_readers(bent, np.array([1.0, 2.0]))


# ---- the module ----------------------------------------------------------


def test_the_example_of_the_module_s_documentation_runs() -> None:
    assert autograd.testing.__doc__ is not None
    block = re.findall(r"(?:^    .*\n)+", autograd.testing.__doc__, re.MULTILINE)[0]
    code = textwrap.dedent(block)
    assert len(code.splitlines()) == 5
    names: dict[str, Any] = {"my_loss": lambda x: x.max(0).sum()}
    exec(code, names)
    names["test_my_loss_has_the_right_gradient"]()
    row = wrong_exp()
    names["my_loss"] = lambda x: row(x).sum()
    without_shrinking = settings(phases=[Phase.generate])(names["test_my_loss_has_the_right_gradient"])
    with pytest.raises(AssertionError, match="Gradients differ"):
        without_shrinking()


def test_autograd_is_imported_without_hypothesis_and_its_testing_says_what_is_missing() -> None:
    program = (
        "import sys; sys.modules['hypothesis'] = None; import autograd; print('imported'); import autograd.testing"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "imported\n"
    assert "ImportError: autograd.testing draws its examples with Hypothesis" in done.stderr
    assert "pip install hypothesis" in done.stderr


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_numbers_of_a_bounded_domain_come_from_all_of_it(seed: int) -> None:
    low, high = -3.0, 1.0
    drawn = entries(np.random.default_rng(seed), (1000,), Interval(low, high))
    assert np.all((low < drawn) & (drawn < high))
    for part in np.split(np.sort(drawn), [250, 750])[::2]:  # a quarter at each side
        assert np.ptp(part) > 0.2 * (high - low)
    assert abs(np.median(drawn) - (low + high) / 2) < 0.1
