"""The test surfaces: what each promises of its minima, start and formula."""

import math
import pickle
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import optim
from autograd import Tensor, Value, check_gradients
from optim.surfaces import SURFACES, Surface

every_surface = pytest.mark.parametrize("surface", SURFACES.values(), ids=SURFACES)
fractions = st.floats(0, 1)


def point(surface, across, up):
    left, right, bottom, top = surface.box
    return left + across * (right - left), bottom + up * (top - bottom)


def test_the_surfaces_of_the_literature_and_of_the_course_are_there():
    assert set(SURFACES) == {
        "bowl", "rosenbrock", "beale", "himmelblau", "rastrigin", "saddle", "ravine", "plateau",
    }  # fmt: skip
    assert SURFACES["bowl"].start == (-7, 2)


@every_surface
def test_it_is_0_and_level_at_each_of_its_minima(surface):
    for minimum in surface.minima:
        x, y = map(Value, minimum)
        f = surface.function(x, y)
        f.backward()
        assert f.item() == pytest.approx(0, abs=1e-12)
        assert (x.grad, y.grad) == pytest.approx((0, 0), abs=1e-12)


@every_surface
@given(fractions, fractions)
def test_it_is_nowhere_below_0(surface, across, up):
    # Rounding: Rastrigin's terms of up to 40 cancel at the minimum.
    assert surface.function(*point(surface, across, up)) >= -1e-13


@every_surface
@given(fractions, fractions)
def test_wherever_a_descent_ends_at_0_is_one_of_its_minima(surface, across, up):
    x, y = map(Value, point(surface, across, up))
    optimizer = optim.LBFGS([x, y])
    for _ in range(12):
        optimizer.step(lambda: surface.function(x, y))
    if surface.function(x.data, y.data) < 1e-18:
        nearest = min(math.dist((x.data, y.data), minimum) for minimum in surface.minima)
        assert nearest < 1e-6


@every_surface
@given(fractions, fractions)
def test_numbers_arrays_and_nodes_agree_and_its_gradient_is_right(surface, across, up):
    x, y = point(surface, across, up)
    number = surface.function(x, y)
    assert isinstance(number, float)
    assert surface.function(Value(x), Value(y)).item() == pytest.approx(number, rel=1e-12, abs=1e-13)
    for array in (surface.function(np.full(3, x), np.full(3, y)), surface.function(*Tensor([x, y])).numpy()):
        np.testing.assert_allclose(array, number, rtol=1e-12, atol=1e-13)
    assert check_gradients(surface.function, Value(x), Value(y))


@every_surface
@given(fractions, fractions)
def test_the_formula_is_that_of_the_function(surface, across, up):
    code = surface.formula.replace("2π", "2*pi*").replace("²", "**2").replace("³", "**3")
    code = re.sub(r"(\d|\)|x)(?=[xyce(])", r"\1*", code.replace("exp(", "E("))
    x, y = point(surface, across, up)
    there = eval(code, {"x": x, "y": y, "pi": math.pi, "cos": math.cos, "E": math.exp})
    assert there == pytest.approx(surface.function(x, y), rel=1e-9, abs=1e-9)


@every_surface
def test_start_and_minima_are_inside_the_box_and_apart(surface):
    left, right, bottom, top = surface.box
    for x, y in (surface.start, *surface.minima):
        assert left < x < right
        assert bottom < y < top
    assert surface.function(*surface.start) > 0.5
    assert surface.lesson.endswith(".")


@every_surface
def test_it_can_be_sent_to_another_process(surface):
    assert pickle.loads(pickle.dumps(surface)) == surface


def test_a_surface_of_ones_own_needs_no_more_than_its_fields():
    own = Surface("cone", "√(x² + y²)", lambda x, y: (x * x + y * y) ** 0.5, (1, 1), ((0, 0),), (-2, 2, -2, 2))
    assert own.lesson == ""
