"""The sizes and parameters that structured rows are tested with, beside those of their examples."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import nn  # noqa: F401  (declares a row)
from autograd.primitive import Example, Structured, table
from autograd.testing.digits import Digits
from autograd.testing.sizes import varied

ROWS = [row for row in table.values() if isinstance(row, Structured)]


def many(row: Structured, example: Example) -> list[Example]:
    rng = np.random.default_rng(0)
    made = (varied(row, example, Digits(int(number))) for number in rng.integers(2**62, size=300))
    return [one for one in made if one is not None]


@pytest.mark.parametrize(
    ("row", "example"),
    [
        pytest.param(row, example, id=f"{row.name}-{k}")
        for row in ROWS
        for k, example in enumerate(row.examples)
        if set(itertools.chain(*example.shapes)) - {1} and {"axis", "keepdims"}.issuperset(example.parameters)
    ],
)
def test_sizes_go_from_one_to_four(row: Structured, example: Example) -> None:
    sizes = {n for one in many(row, example) for n in itertools.chain(*one.shapes)}
    assert sizes == {1, 2, 3, 4}


def test_paddings_go_from_none_to_two_on_either_side() -> None:
    row = table["pad"]
    assert isinstance(row, Structured)
    widths = [width for one in many(row, row.examples[0]) for width in one.parameters["pad_width"]]
    assert {before for before, _ in widths} == {after for _, after in widths} == {0, 1, 2}


def test_shifts_go_in_both_directions_further_than_the_axis_is_long() -> None:
    row = table["roll"]
    assert isinstance(row, Structured)
    shifts = {np.ravel(one.parameters["shift"])[0] for example in row.examples for one in many(row, example)}
    assert (min(shifts), max(shifts)) == (-4, 4)
