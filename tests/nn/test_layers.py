"""Linear, Sequential and MLP: numbers, precision, representations and refusals."""

import re

import numpy as np
import pytest

import nn
from autograd import Tensor
from nn.activations import identity


def linear_3_2():
    layer = nn.Linear(3, 2, rng=0)
    layer.weight.data = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    layer.bias.data = [0.5, -0.5]
    return layer


# ---- Linear --------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3,), (1, 3), (4, 3), (2, 4, 3), (2, 1, 4, 3)])
@pytest.mark.parametrize("kind", [np.array, Tensor])
def test_linear_maps_the_last_axis_of_any_number_of_axes(shape, kind):
    layer = linear_3_2()
    x = np.random.default_rng(0).normal(size=shape)
    y = layer(kind(x))
    assert y.shape == (*shape[:-1], 2)
    np.testing.assert_allclose(y.numpy(), x @ layer.weight.numpy() + layer.bias.numpy(), rtol=1e-14)


@pytest.mark.parametrize("shape", [(3,), (4, 3), (2, 4, 3)])
def test_linear_passes_gradients_to_weight_bias_and_input(shape):
    layer = linear_3_2()
    x = Tensor(np.random.default_rng(0).normal(size=shape))
    g = np.random.default_rng(1).normal(size=(*shape[:-1], 2))
    layer(x).backward(g)
    rows, g_rows = x.numpy().reshape(-1, 3), g.reshape(-1, 2)
    np.testing.assert_allclose(layer.weight.grad, rows.T @ g_rows, rtol=1e-13)
    np.testing.assert_allclose(layer.bias.grad, g_rows.sum(axis=0), rtol=1e-13)
    np.testing.assert_allclose(x.grad, g @ layer.weight.numpy().T, rtol=1e-13)


def test_a_linear_layer_on_rows_is_one_node():
    layer = linear_3_2()
    y = layer(np.ones((4, 3)))
    assert y.op.name == "linear"
    assert [id(node) for node in y.inputs[1:]] == [id(layer.weight), id(layer.bias)]


def test_weights_are_drawn_by_the_initializer_from_the_seed_and_biases_are_0():
    layer = nn.Linear(3, 2, rng=5, initializer=nn.he_uniform)
    np.testing.assert_array_equal(layer.weight.numpy(), nn.he_uniform(3, 2, np.random.default_rng(5)))
    np.testing.assert_array_equal(layer.bias.numpy(), [0.0, 0.0])


@pytest.mark.parametrize(
    ("sizes", "text"),
    [
        ((0, 2), "fan_in must be a positive whole number, not 0"),
        ((-3, 2), "fan_in must be a positive whole number, not -3"),
        ((3, 2.0), "fan_out must be a positive whole number, not 2.0"),
        ((3, "2"), "fan_out must be a positive whole number, not '2'"),
        ((None, 2), "fan_in must be a positive whole number, not None"),
    ],
)
def test_a_size_that_is_not_a_positive_whole_number_is_refused(sizes, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        nn.Linear(*sizes)


def test_a_size_may_be_a_numpy_integer():
    assert nn.Linear(np.int64(3), np.int32(2)).weight.shape == (3, 2)


@pytest.mark.parametrize("shape", [(2,), (4, 2), (5, 4, 2)])
def test_an_input_of_the_wrong_width_is_refused_with_the_shapes(shape):
    said = f"shapes {shape} float64 and (3, 2) float64"
    with pytest.raises(ValueError, match=re.escape(said)):
        linear_3_2()(np.zeros(shape))


# ---- Sequential and MLP --------------------------------------------------


def test_sequential_applies_modules_and_functions_in_order():
    layer = linear_3_2()
    model = nn.Sequential(layer, nn.relu, lambda x: x * 10)
    np.testing.assert_array_equal(model(np.array([[1.0, 0.0, -1.0]])).numpy(), [[0.0, 0.0]])
    np.testing.assert_array_equal(model(np.array([[1.0, 0.0, 0.0]])).numpy(), [[15.0, 15.0]])


def test_sequential_of_nothing_is_the_identity():
    x = np.ones(3)
    assert nn.Sequential()(x) is x


def test_sequential_refuses_a_layer_that_cannot_be_called():
    with pytest.raises(TypeError, match="layer 1 is 'relu', which cannot be called on an input"):
        nn.Sequential(nn.Linear(2, 2), "relu")


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("relu", lambda x: np.maximum(x, 0)),
        ("tanh", np.tanh),
        ("sigmoid", lambda x: 1 / (1 + np.exp(-x))),
        ("softplus", lambda x: np.log1p(np.exp(x))),
        ("identity", lambda x: x),
    ],
)
def test_mlp_has_its_activation_between_layers_and_none_after_the_last(name, function):
    model = nn.MLP([3, 5, 4, 2], activation=name, rng=0)
    weights = [p.numpy() for p in model.parameters()]
    assert [w.shape for w in weights] == [(3, 5), (5,), (5, 4), (4,), (4, 2), (2,)]
    x = np.random.default_rng(0).normal(size=(6, 3))
    hidden = function(function(x @ weights[0] + weights[1]) @ weights[2] + weights[3])
    np.testing.assert_allclose(model(x).numpy(), hidden @ weights[4] + weights[5], rtol=1e-13)


@pytest.mark.parametrize("shape", [(3,), (4, 3), (2, 4, 3)])
def test_mlp_takes_rows_in_any_number_of_axes(shape):
    model = nn.MLP([3, 5, 2], rng=0)
    x = np.random.default_rng(0).normal(size=shape)
    y = model(x)
    assert y.shape == (*shape[:-1], 2)
    np.testing.assert_allclose(y.numpy().reshape(-1, 2), model(x.reshape(-1, 3)).numpy(), rtol=1e-13)


def test_the_same_seed_gives_the_same_mlp_and_another_seed_another():
    first, same, other = (nn.MLP([3, 4, 2], rng=seed) for seed in (1, 1, 2))
    for p, q, r in zip(first.parameters()[::2], same.parameters()[::2], other.parameters()[::2]):
        np.testing.assert_array_equal(p.numpy(), q.numpy())
        assert not np.array_equal(p.numpy(), r.numpy())


def test_layers_of_one_mlp_start_with_different_weights():
    first, second = nn.MLP([3, 3, 3], rng=0).parameters()[::2]
    assert not np.array_equal(first.numpy(), second.numpy())


@pytest.mark.parametrize("sizes", [[], [3]])
def test_mlp_needs_an_input_and_an_output_size(sizes):
    with pytest.raises(ValueError, match=re.escape(f"at least an input and an output size, not {sizes}")):
        nn.MLP(sizes)


@pytest.mark.parametrize("arguments", [(2, [16, 1]), (2,), ("ab",)])
def test_mlp_refuses_micrograds_arguments_and_names_the_class_that_takes_them(arguments):
    expected = (
        f"MLP: sizes is one list, the input's first, as in nn.MLP([2, 16, 1]), not {arguments[0]!r}; "
        f"nn.scalar.MLP(2, [16, 1]) takes micrograd's arguments"
    )
    with pytest.raises(TypeError, match=re.escape(expected)):
        nn.MLP(*arguments)


def test_the_sizes_of_an_mlp_may_be_any_sequence():
    assert repr(nn.MLP((2, 3))) == repr(nn.MLP(np.array([2, 3]))) == repr(nn.MLP([2, 3]))


def test_mlp_refuses_a_size_that_is_not_a_positive_whole_number():
    with pytest.raises(ValueError, match=re.escape("fan_out must be a positive whole number, not 0")):
        nn.MLP([3, 0, 2])


def test_an_unknown_activation_is_refused_with_the_known_ones():
    expected = f"no activation is called 'rleu'; there are {', '.join(nn.activations.ACTIVATIONS)}"
    with pytest.raises(ValueError, match=re.escape(expected)):
        nn.MLP([3, 2], activation="rleu")


@pytest.mark.parametrize("name", [name for name in nn.activations.ACTIVATIONS if name != "identity"])
def test_activations_of_small_whole_numbers_do_not_wrap_around(name):
    function = getattr(nn.activations, name)
    for dtype in (np.uint8, np.int8):
        x = np.array([np.iinfo(dtype).min, 1, 5, np.iinfo(dtype).max], dtype)
        np.testing.assert_array_equal(function(x), function(x.astype(np.float64)))


def test_identity_gives_back_what_it_is_given():
    x = Tensor([1.0])
    assert identity(x) is x


# ---- precision -----------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "softplus", "identity"])
@pytest.mark.parametrize("shape", [(3,), (4, 3), (2, 4, 3)])
def test_the_parameters_precision_flows_through_outputs_and_gradients(dtype, activation, shape):
    model = nn.MLP([3, 5, 2], activation, rng=0, dtype=dtype)
    y = model(np.ones(shape))  # float64 inputs do not raise it
    y.sum().backward()
    assert y.dtype == dtype
    assert {p.dtype for p in model.parameters()} == {np.dtype(dtype)}
    assert {p.grad.dtype for p in model.parameters()} == {np.dtype(dtype)}


def test_float32_weights_are_the_float64_ones_rounded():
    for p, q in zip(nn.MLP([3, 4, 2], rng=0, dtype=np.float32).parameters(), nn.MLP([3, 4, 2], rng=0).parameters()):
        np.testing.assert_array_equal(p.numpy(), q.numpy().astype(np.float32))


def test_a_precision_other_than_float32_or_float64_is_refused():
    with pytest.raises(TypeError, match="float32 or float64, not float16"):
        nn.Linear(3, 2, dtype=np.float16)


# ---- representations -----------------------------------------------------


def test_repr_shows_the_sizes_and_activations():
    assert repr(nn.Linear(3, 2)) == "Linear(3, 2)"
    assert repr(nn.MLP([3, 5, 2])) == "Sequential(Linear(3, 5), relu, Linear(5, 2))"
    assert repr(nn.MLP([3, 5, 2], "identity")) == "Sequential(Linear(3, 5), identity, Linear(5, 2))"
    assert repr(nn.Sequential(nn.Sequential(nn.tanh), abs)) == "Sequential(Sequential(tanh), abs)"
