"""What the benchmark times is right; how long it takes is for ``make bench`` to say."""

import numpy as np
import pytest

from benchmarks import selection, training_step


@pytest.mark.parametrize("job", selection.jobs())
def test_a_selection_or_sum_of_products_is_that_of_numpy(job):
    selection.check(*selection.jobs()[job])


def test_a_training_step_is_that_of_numpy_by_hand(rng):
    sizes, rows = (5, 4, 3), 7
    weights = [rng.normal(size=shape).astype(np.float32) for shape in zip(sizes, sizes[1:])]
    x, labels = rng.normal(size=(rows, sizes[0])).astype(np.float32), rng.integers(0, sizes[-1], rows)
    answers = [
        training_step.answer(kind(weights, x, labels))
        for kind in (training_step.Ours, training_step.Unwatched, training_step.NumPy)
    ]
    for found in answers[:2]:
        np.testing.assert_allclose(found, answers[2], rtol=1e-3, atol=1e-4)
