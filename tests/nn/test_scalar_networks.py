"""Networks of single Values: micrograd's signatures, and the same numbers as tensors give."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import nn
from autograd import Tensor, Value, exp, log, tanh
from nn.scalar import MLP, Layer, Neuron

moderate = st.floats(-3, 3)
# Sums of products of these are exact in float64, in whatever order they are added.
dyadic = st.integers(-64, 64).map(lambda n: n / 32)


def numbers(nodes):
    return [node.data for node in nodes]


def grads(nodes):
    return [node.grad for node in nodes]


# ---- signatures ----------------------------------------------------------


def test_mlp_of_2_16_16_1_has_micrograds_337_parameters():
    model = MLP(2, [16, 16, 1])
    assert [len(layer.neurons) for layer in model.layers] == [16, 16, 1]
    assert len(model.parameters()) == 3 * 16 + 17 * 16 + 17


def test_parameters_come_neuron_by_neuron_each_neurons_bias_last():
    model = MLP(2, [2, 1], rng=0)
    neurons = [neuron for layer in model.layers for neuron in layer.neurons]
    expected = [p for neuron in neurons for p in [*neuron.w, neuron.b]]
    assert [id(p) for p in model.parameters()] == [id(p) for p in expected]


def test_repr_says_what_each_neuron_is():
    assert repr(Neuron(3)) == "ReLUNeuron(3)"
    assert repr(Neuron(3, nonlin=False)) == "LinearNeuron(3)"
    assert repr(MLP(2, [2, 1])) == "MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2)], Layer of [LinearNeuron(2)]]"


def test_weights_start_between_minus_1_and_1_and_biases_at_0():
    neuron = Neuron(1000, rng=0)
    weights = numbers(neuron.w)
    assert -1 <= min(weights) < -0.99
    assert 0.99 < max(weights) <= 1
    assert neuron.b.data == 0.0


def test_a_neurons_parameters_are_labelled_so_that_a_picture_tells_them_apart():
    neuron = Neuron(3, rng=0)
    assert [p.label for p in neuron.parameters()] == ["w0", "w1", "w2", "b"]
    drawn = neuron([1.0, 2.0, 3.0]).draw().source
    assert all(f'label="{label}\\n' in drawn for label in ("w0", "w1", "w2", "b"))


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    assert numbers(MLP(2, [3, 1], rng=7).parameters()) == numbers(MLP(2, [3, 1], rng=7).parameters())
    assert numbers(MLP(2, [3, 1], rng=7).parameters()) != numbers(MLP(2, [3, 1], rng=8).parameters())


def test_neurons_of_one_layer_start_with_different_weights():
    first, second = Layer(4, 2, rng=0).neurons
    assert numbers(first.w) != numbers(second.w)


def test_a_layer_of_one_neuron_gives_the_neuron_and_one_of_several_a_list():
    assert type(MLP(2, [3, 1], rng=0)([1.0, 2.0])) is Value
    outputs = MLP(2, [3, 2], rng=0)([1.0, 2.0])
    assert type(outputs) is list
    assert [type(y) for y in outputs] == [Value, Value]


def test_a_layer_of_one_neuron_can_stand_between_others():
    model = MLP(2, [3, 1, 2], rng=0)
    first, second, third = model.layers
    bottleneck = second(first([1.0, 2.0]))
    assert numbers(model([1.0, 2.0])) == numbers(neuron([bottleneck]) for neuron in third.neurons)


@pytest.mark.parametrize(
    "x", [[1, -2], (1.0, -2.0), [Value(1), Value(-2)], [Value(1), -2], np.array([1.0, -2.0])], ids=str
)
def test_inputs_may_be_numbers_or_values_in_any_sequence(x):
    model = MLP(2, [4, 1], rng=0)
    assert model(x).data == model([1.0, -2.0]).data


@pytest.mark.parametrize(
    "x", [np.ones((2, 2)), Tensor(np.ones((2, 2))), [[1.0, 2.0], [3.0, 4.0]], [np.ones(2), np.ones(2)], np.ones((2, 1))]
)
def test_several_rows_at_once_are_refused(x):
    with pytest.raises(
        ValueError, match=r"was given several rows; call it on each, as in \[model\(row\) for row in x\]"
    ):
        nn.scalar.MLP(2, [3, 1], rng=0)(x)


def test_one_input_needs_no_list():
    model = MLP(1, [4, 1], rng=0)
    assert model(0.5).data == model(Value(0.5)).data == model([0.5]).data


def test_layer_sizes_that_are_no_list_are_refused():
    with pytest.raises(TypeError, match=r"nn.scalar.MLP: fan_outs is a list, as in MLP\(2, \[16, 16, 1\]\), not 1"):
        MLP(2, 1)


def test_gradients_reach_inputs_that_are_values():
    x = [Value(1.0), Value(-2.0)]
    neuron = Neuron(2, nonlin=False, rng=0)
    neuron(x).backward()
    assert grads(x) == numbers(neuron.w)


def test_hidden_layers_are_relu_and_the_last_is_linear():
    model = MLP(2, [3, 1], rng=0)
    assert [neuron.nonlin for layer in model.layers for neuron in layer.neurons] == [True, True, True, False]
    (neuron,) = Layer(1, 1, rng=0).neurons
    neuron.w[0].data = 2.0
    assert neuron([3.0]).data == 6.0
    assert neuron([-3.0]).data == 0.0


def test_zero_grad_forgets_every_gradient():
    model = MLP(2, [3, 1], rng=0)
    model([1.0, 2.0]).backward()
    assert None not in grads(model.parameters())
    model.zero_grad()
    assert grads(model.parameters()) == [None] * 13


def test_the_wrong_number_of_inputs_is_refused():
    with pytest.raises(ValueError, match="2 weights cannot weigh 3 inputs; give one input per weight"):
        MLP(2, [4, 1])([1.0, 2.0, 3.0])


# ---- a neuron is one node ------------------------------------------------


def test_a_neurons_weighted_sum_is_one_node_over_weights_inputs_and_bias():
    neuron = Neuron(3, rng=0)
    x = [Value(1.0), Value(2.0), Value(3.0)]
    activation = neuron(x)
    assert activation.op.name == "relu"
    (total,) = activation.inputs
    assert total.op.name == "weighted_sum"
    assert [id(node) for node in total.inputs] == [id(node) for node in (*neuron.w, *x, neuron.b)]


@given(st.lists(st.tuples(moderate, moderate), min_size=1, max_size=6), moderate, st.booleans())
def test_a_neuron_equals_its_operations_one_by_one_bit_for_bit(pairs, bias, nonlin):
    neuron = Neuron(len(pairs), nonlin)
    for weight, (number, _) in zip(neuron.w, pairs):
        weight.data = number
    neuron.b.data = bias
    x = [Value(number) for _, number in pairs]

    weights, inputs, b = ([Value(w) for w, _ in pairs], [Value(number) for _, number in pairs], Value(bias))
    total = sum((w * z for w, z in zip(weights, inputs)), b)
    composed = tanh(total.relu() if nonlin else total) * 3.0
    fused = tanh(neuron(x)) * 3.0

    assert fused.data == composed.data
    fused.backward()
    composed.backward()
    assert grads([*neuron.w, *x, neuron.b]) == grads([*weights, *inputs, b])


# ---- the same network as tensors -----------------------------------------


@st.composite
def networks(draw):
    """A scalar and a tensor MLP with the same weights, and some inputs."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=2, max_size=4))
    scalar, tensor = MLP(sizes[0], sizes[1:]), nn.MLP(sizes, activation="relu")
    for layer, linear in zip(scalar.layers, tensor.layers[::2]):
        fan_in, fan_out = linear.weight.shape
        weights = draw(st.lists(dyadic, min_size=fan_in * fan_out, max_size=fan_in * fan_out))
        linear.weight.data = np.reshape(weights, (fan_in, fan_out))
        linear.bias.data = draw(st.lists(dyadic, min_size=fan_out, max_size=fan_out))
        for j, neuron in enumerate(layer.neurons):
            for weight, number in zip(neuron.w, linear.weight.data[:, j]):
                weight.data = number
            neuron.b.data = linear.bias.data[j]
    rows = draw(st.integers(1, 3))
    x = draw(st.lists(dyadic, min_size=rows * sizes[0], max_size=rows * sizes[0]))
    return scalar, tensor, np.reshape(x, (rows, sizes[0]))


def rows_of(model, x):
    """The scalar network's outputs, always as a list per row."""
    outputs = [model(row.tolist()) for row in x]
    return [row if isinstance(row, list) else [row] for row in outputs]


def same_gradients(scalar, tensor):
    """Layer by layer, within rounding of the largest gradient there."""
    for layer, linear in zip(scalar.layers, tensor.layers[::2]):
        weight = np.array([[w.grad for w in neuron.w] for neuron in layer.neurons]).T
        bias = np.array([neuron.b.grad for neuron in layer.neurons])
        for ours, theirs in ((linear.weight.grad, weight), (linear.bias.grad, bias)):
            np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12 * (1 + np.abs(theirs).max()))


@given(networks())
def test_scalar_and_tensor_mlp_give_the_same_outputs_bit_for_bit(pair):
    scalar, tensor, x = pair
    assert [numbers(row) for row in rows_of(scalar, x)] == tensor(x).numpy().tolist()


@given(networks(), dyadic)
def test_scalar_and_tensor_mlp_give_the_same_squared_error_and_gradients(pair, target):
    scalar, tensor, x = pair
    outputs = [y for row in rows_of(scalar, x) for y in row]
    loss = sum((y - target) ** 2 for y in outputs) / len(outputs)
    prediction = tensor(x)
    tensor_loss = nn.mean_squared_error(prediction, np.full(prediction.shape, target))
    assert tensor_loss.item() == pytest.approx(loss.data, rel=1e-12)
    loss.backward()
    tensor_loss.backward()
    same_gradients(scalar, tensor)


@given(networks(), st.integers(0, 3))
def test_scalar_and_tensor_mlp_give_the_same_cross_entropy_and_gradients(pair, label):
    scalar, tensor, x = pair
    scores = rows_of(scalar, x)
    assume(len(scores[0]) > 1)
    label %= len(scores[0])
    losses = []
    for row in scores:
        top = max(numbers(row))
        losses.append(log(sum(exp(z - top) for z in row)) + top - row[label])
    loss = sum(losses) / len(losses)
    tensor_loss = nn.cross_entropy(tensor(x), np.full(len(x), label))
    assert math.isclose(tensor_loss.item(), loss.data, rel_tol=1e-12, abs_tol=1e-12)
    loss.backward()
    tensor_loss.backward()
    same_gradients(scalar, tensor)


def test_a_scalar_network_accepts_a_tensor_row_and_passes_gradients_back():
    model = MLP(2, [3, 1], rng=0)
    x = Tensor([1.0, -2.0])
    y = model(x)
    assert y.item() == model([1.0, -2.0]).data
    y.backward()
    values = [Value(1.0), Value(-2.0)]
    model(values).backward()
    assert x.grad.tolist() == pytest.approx(grads(values))
