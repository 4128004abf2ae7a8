"""Strategies and assertions for property-based tests of derivatives, with Hypothesis.

Numbers drawn without thought land on kinks and ties, where there is no derivative to
compare with; those drawn here do not, unless asked to. A test of a function of one's own:

    from hypothesis import given
    from autograd.testing import arrays, assert_gradients
    @given(arrays((3, 2), distinct=True))
    def test_my_loss_has_the_right_gradient(x):
        assert_gradients(my_loss, x)

What fails is shown as a program to paste and a picture of the smallest graph that fails.
A check runs the function many times: where that takes longer than Hypothesis allows a
test by default, a fifth of a second, add ``@settings(deadline=None)``.
"""

from importlib.util import find_spec

if find_spec("hypothesis") is None:
    raise ImportError(
        "autograd.testing draws its examples with Hypothesis, which is not installed: pip install hypothesis"
    )

from autograd.testing.arrays import arrays, broadcast_pairs, numbers
from autograd.testing.assertions import assert_gradients, assert_same_on_all_readers
from autograd.testing.calls import calls, points
from autograd.testing.graph import Graph, Step
from autograd.testing.graphs import graphs
from autograd.testing.indices import indices
from autograd.testing.matrices import invertible, positive_definite

__all__ = [
    "Graph",
    "Step",
    "arrays",
    "assert_gradients",
    "assert_same_on_all_readers",
    "broadcast_pairs",
    "calls",
    "graphs",
    "indices",
    "invertible",
    "numbers",
    "points",
    "positive_definite",
]
