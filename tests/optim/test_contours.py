"""Lines of equal height: on their level, closed, the right way round, and around all that is low."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optim import contours
from optim.surfaces import SURFACES

BOX = (-2.0, 3.0, -1.0, 2.0)
CELL = max(BOX[1] - BOX[0], BOX[3] - BOX[2]) / contours.CELLS


def area(line):
    """Positive if the line goes against the clock."""
    x, y = line.T
    return 0.5 * float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))


def on_edge(points, box):
    left, right, bottom, top = box
    x, y = points.T
    return (x == left) | (x == right) | (y == bottom) | (y == top)


@pytest.mark.parametrize("surface", SURFACES.values(), ids=lambda surface: surface.name)
def test_a_point_of_a_line_is_at_the_level_or_on_the_edge_of_the_box_and_lower(surface):
    for level in contours.levels(surface.function, surface.box, 6):
        lines = contours.below(surface.function, level, surface.box)
        assert lines
        for line in lines:
            z = surface.function(*line.T)
            inside = ~on_edge(line, surface.box)
            np.testing.assert_allclose(z[inside], level, rtol=1e-8)
            assert np.all(z <= level * (1 + 1e-12))


@pytest.mark.parametrize("surface", SURFACES.values(), ids=lambda surface: surface.name)
def test_the_lines_go_around_all_that_is_low_and_leave_out_all_that_is_high(surface):
    left, right, bottom, top = surface.box
    levels = contours.levels(surface.function, surface.box, 6)
    x, y = np.meshgrid(np.linspace(left, right, 901), np.linspace(bottom, top, 901))
    share = [np.mean(surface.function(x, y) <= level) for level in levels]
    found = [sum(map(area, contours.below(surface.function, level, surface.box))) for level in levels]
    # A count of points is as exact as the points are near, along the lines.
    np.testing.assert_allclose(np.array(found) / ((right - left) * (top - bottom)), share, atol=5e-3)


@given(st.floats(0.1, 0.9), st.floats(-0.05, 0.05), st.floats(-0.05, 0.05))
def test_around_a_hollow_is_one_circle_against_the_clock(radius, a, b):
    (line,) = contours.below(lambda x, y: (x - a) ** 2 + (y - b) ** 2, radius**2, BOX)
    np.testing.assert_allclose(np.hypot(line[:, 0] - a, line[:, 1] - b), radius, rtol=1e-9)
    assert area(line) == pytest.approx(np.pi * radius**2, rel=1e-2)


def test_around_a_hill_in_a_plain_is_the_edge_of_the_box_and_a_hole_with_the_clock():
    lines = contours.below(lambda x, y: -(x**2) - y**2, -0.25, BOX)
    assert sorted(map(area, lines)) == pytest.approx([-np.pi / 4, 15.0], rel=1e-2)


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_two_hollows_that_meet_in_a_point_lose_no_part_of_a_line(a, b):
    lines = contours.below(lambda x, y: (x - a) * (y - b), 0.0, (-2.0, 2.0, -2.0, 2.0))
    low = (2 + a) * (2 - b) + (2 - a) * (2 + b)
    assert sum(map(area, lines)) == pytest.approx(low, abs=8 * 4 / contours.CELLS)
    for line in lines:  # no jump: from each point, the next is in the same cell
        assert np.abs(line - np.roll(line, 1, axis=0)).max() <= 1.01 * 4 / contours.CELLS


def test_nothing_is_below_a_level_that_is_too_low_and_the_whole_box_below_one_that_is_high():
    def function(x, y):
        return x + y

    assert contours.below(function, -10.0, BOX) == []
    (line,) = contours.below(function, 10.0, BOX)
    assert area(line) == pytest.approx(15.0)
    assert on_edge(line, BOX).all()


def test_where_a_function_is_not_defined_nothing_is_low():
    (line,) = contours.below(lambda x, y: np.sqrt(x) + 0 * y, 1.0, BOX)
    assert area(line) == pytest.approx(3.0, abs=3 * 1e-9)
    np.testing.assert_allclose(line[:, 0].min(), 0.0, atol=1e-9)


def test_a_number_for_all_places_has_no_lines():
    assert contours.levels(lambda x, y: 3.0, BOX, 5) == []
    assert contours.levels(lambda x, y: float("nan"), BOX, 5) == []


@pytest.mark.parametrize("surface", SURFACES.values(), ids=lambda surface: surface.name)
def test_levels_rise_within_the_heights_of_the_surface(surface):
    levels = contours.levels(surface.function, surface.box, 14)
    left, right, bottom, top = surface.box
    z = surface.function(*np.meshgrid(np.linspace(left, right, 301), np.linspace(bottom, top, 301)))
    assert len(levels) == 14
    assert np.all(np.diff([z.min(), *levels, z.max()]) > 0)


def test_half_of_the_levels_are_below_half_of_the_surface():
    def steep(x, y):
        return (x + 2) ** 3 + 0 * y

    levels = contours.levels(steep, BOX, 99)
    assert np.median(levels) == pytest.approx(2.5**3, rel=1e-6)
