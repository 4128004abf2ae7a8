"""Initial weights: their shapes, their variance, and that a seed decides them."""

import numpy as np
import pytest

import nn
from nn.initializers import generator

NORMAL = [nn.lecun_normal, nn.he_normal, nn.glorot_normal]
UNIFORM = [nn.lecun_uniform, nn.he_uniform, nn.glorot_uniform]
every_initializer = pytest.mark.parametrize("initializer", NORMAL + UNIFORM)


def variance(initializer, fan_in, fan_out):
    """LeCun's, He's and Glorot's."""
    author = initializer.__name__.split("_")[0]
    return {"lecun": 1 / fan_in, "he": 2 / fan_in, "glorot": 2 / (fan_in + fan_out)}[author]


@every_initializer
def test_weights_have_a_row_per_input_and_a_column_per_output(initializer):
    assert initializer(3, 5, np.random.default_rng(0)).shape == (3, 5)


@every_initializer
def test_the_generator_alone_decides_the_weights(initializer):
    first, again = np.random.default_rng(1), np.random.default_rng(1)
    np.random.seed(0)  # noqa: NPY002  (the global state must not matter)
    one = initializer(4, 3, first)
    np.random.seed(5)  # noqa: NPY002
    np.testing.assert_array_equal(one, initializer(4, 3, again))
    assert not np.array_equal(one, initializer(4, 3, first))  # the generator has moved on


@every_initializer
@pytest.mark.parametrize(("fan_in", "fan_out"), [(400, 500), (50, 4000), (2000, 100)])
def test_variance_is_the_papers(initializer, fan_in, fan_out):
    weights = initializer(fan_in, fan_out, np.random.default_rng(0))
    n, expected = weights.size, variance(initializer, fan_in, fan_out)
    # The sample variance scatters by sqrt(2/n) for a normal distribution, less for a uniform one.
    assert weights.var() == pytest.approx(expected, rel=5 * np.sqrt(2 / n))
    assert abs(weights.mean()) < 5 * np.sqrt(expected / n)


@pytest.mark.parametrize("initializer", UNIFORM)
def test_uniform_weights_fill_their_interval_and_stay_inside(initializer):
    bound = np.sqrt(3 * variance(initializer, 300, 400))  # the variance of [-a, a] is a**2 / 3
    weights = initializer(300, 400, np.random.default_rng(0))
    assert -bound <= weights.min() < -0.999 * bound
    assert 0.999 * bound < weights.max() <= bound


@pytest.mark.parametrize("initializer", NORMAL)
def test_normal_weights_have_normal_tails(initializer):
    z = initializer(300, 400, np.random.default_rng(0)) / np.sqrt(variance(initializer, 300, 400))
    assert np.mean(np.abs(z) > 1) == pytest.approx(0.3173, abs=0.01)
    assert np.mean(np.abs(z) > 2) == pytest.approx(0.0455, abs=0.005)


def test_relu_layers_from_he_normal_keep_the_size_of_signals_twenty_layers_deep():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100, 300))
    for _ in range(20):
        x = np.maximum(x @ nn.he_normal(300, 300, rng), 0)
    assert 0.3 < np.mean(x**2) < 3


def test_selu_layers_from_lecun_normal_keep_mean_0_and_variance_1_thirty_layers_deep():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 300))
    for _ in range(30):
        x = nn.selu(x @ nn.lecun_normal(300, 300, rng))
    assert abs(np.mean(x)) < 0.1
    assert np.var(x) == pytest.approx(1, abs=0.1)


def test_a_generator_is_used_as_it_is_and_a_seed_makes_a_new_one():
    rng = np.random.default_rng(3)
    assert generator(rng) is rng
    assert generator(3).random() == np.random.default_rng(3).random()
    assert generator(None).random() != generator(None).random()


@pytest.mark.parametrize(
    ("activation", "initializer"),
    [
        ("relu", nn.he_normal),
        ("softplus", nn.he_normal),
        ("tanh", nn.glorot_uniform),
        ("sigmoid", nn.glorot_uniform),
        ("selu", nn.lecun_normal),
        ("identity", nn.glorot_uniform),
    ],
)
def test_an_mlp_starts_from_the_initializer_that_suits_its_activation(activation, initializer):
    model = nn.MLP([6, 5, 2], activation, rng=4)
    rng = np.random.default_rng(4)
    np.testing.assert_array_equal(model.layers[0].weight.numpy(), initializer(6, 5, rng))
    np.testing.assert_array_equal(model.layers[2].weight.numpy(), initializer(5, 2, rng))
    assert not model.layers[0].bias.numpy().any()
    assert not model.layers[2].bias.numpy().any()
