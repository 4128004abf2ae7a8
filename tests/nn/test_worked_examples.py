"""Two networks small enough to be done by hand, to ten significant digits.

Each is built twice: op by op from Values, and from layers on Tensors.
"""

import numpy as np
import pytest

import nn
import optim
from autograd import Tensor, Value, sigmoid


def shown(number):
    """A number as it is printed to ten significant digits."""
    return float(f"{number:.10g}")


def slope(node, position=0):
    """The local derivative of a Value with respect to one of its inputs, as the table has it."""
    return node.op.partials[position](*(x.data for x in node.inputs), node.data)


# ---- 2-2-1, sigmoid, no biases, squared error ----------------------------

X1, X2 = 0.5, 0.7


def values_2_2_1():
    return [Value(w, label=f"w{i}") for i, w in enumerate([0.5, 0.3, 0.3, 0.6, 0.5, 0.35], start=1)]


def pass_2_2_1(w):
    w1, w2, w3, w4, w5, w6 = w
    a1, a2 = w1 * X1 + w3 * X2, w2 * X1 + w4 * X2
    h1, h2 = sigmoid(a1), sigmoid(a2)
    a3 = w5 * h1 + w6 * h2
    y = sigmoid(a3)
    return a1, a2, h1, h2, a3, y, (y - 1.0) ** 2


def train_values_2_2_1(steps):
    w = values_2_2_1()
    optimizer = optim.SGD(w, lr=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        pass_2_2_1(w)[-1].backward()
        optimizer.step()
    return [shown(p.data) for p in w], [shown(node.data) for node in pass_2_2_1(w)]


def layers_2_2_1():
    model = nn.Sequential(nn.Linear(2, 2), nn.sigmoid, nn.Linear(2, 1), nn.sigmoid)
    hidden, _, output, _ = model.layers
    hidden.weight.data = [[0.5, 0.3], [0.3, 0.6]]
    output.weight.data = [[0.5], [0.35]]
    return model


def train_layers_2_2_1(steps):
    model = layers_2_2_1()
    hidden, _, output, _ = model.layers
    optimizer = optim.SGD([hidden.weight, output.weight], lr=0.1)  # the biases stay 0
    for _ in range(steps):
        optimizer.zero_grad()
        nn.mean_squared_error(model(np.array([[X1, X2]])), [[1.0]]).backward()
        optimizer.step()
    a = np.array([[X1, X2]]) @ hidden.weight
    h = sigmoid(a)
    scores = h @ output.weight
    y = sigmoid(scores)
    numbers = [*a.numpy()[0], *h.numpy()[0], scores.item(), y.item(), nn.mean_squared_error(y, [[1.0]]).item()]
    return [shown(w) for w in [*hidden.weight.numpy().ravel(), *output.weight.numpy().ravel()]], [
        shown(number) for number in numbers
    ]


AFTER_2_2_1 = {  # steps: weights w1..w6 where known, then a1, a2, h1, h2, a3, y, E where known
    0: (
        [0.5, 0.3, 0.3, 0.6, 0.5, 0.35],
        [0.46, 0.57, 0.6130141761, 0.6387631751, 0.5300741994, 0.6295004176, 0.1372699405],
    ),
    1: (
        [0.5010249603, 0.3006978650, 0.3014349444, 0.6009770110, 0.5105942930, 0.3610392949],
        [0.4615169413, 0.5710328402, 0.6133739750, 0.6390014635, 0.5438898889, 0.6327168402, 0.1348969195],
    ),
    2: (None, [0.6358881621, 0.1325774305]),
    10: (None, [0.6597003358, 0.1158038615]),
    100: (None, [0.8063345296, 0.03750631443]),
    1000: (None, [0.9490721167, 0.002593649299]),
}


@pytest.mark.parametrize("train", [train_values_2_2_1, train_layers_2_2_1])
@pytest.mark.parametrize("steps", AFTER_2_2_1)
def test_2_2_1_network_has_the_exact_numbers_after_steps_of_gradient_descent(train, steps):
    expected_weights, expected = AFTER_2_2_1[steps]
    weights, numbers = train(steps)
    if expected_weights:
        assert weights == expected_weights
    assert numbers[-len(expected) :] == expected


def test_2_2_1_network_of_values_has_every_exact_derivative():
    w = values_2_2_1()
    _, _, h1, h2, a3, y, error = pass_2_2_1(w)
    error.backward()
    assert shown(y.grad) == -0.7409991647
    assert shown(slope(y)) == 0.2332296418
    assert shown(a3.grad) == -0.1728229698
    assert shown(slope(h1)) == 0.2372277960
    assert shown(slope(h2)) == 0.2307447812
    assert [shown(p.grad) for p in w] == GRADIENTS_2_2_1


def test_2_2_1_network_of_layers_has_every_exact_derivative():
    model = layers_2_2_1()
    hidden, _, output, _ = model.layers
    nn.mean_squared_error(model(np.array([[X1, X2]])), [[1.0]]).backward()
    grads = [*hidden.weight.grad.ravel(), *output.weight.grad.ravel()]
    assert [shown(g) for g in grads] == GRADIENTS_2_2_1
    assert shown(output.bias.grad.item()) == -0.1728229698


GRADIENTS_2_2_1 = [
    -0.01024960306,
    -0.006978649712,
    -0.01434944428,
    -0.009770109597,
    -0.1059429304,
    -0.1103929489,
]


# ---- 2-2-2, sigmoid, a bias shared by each layer, half squared errors -----

I1, I2 = 0.05, 0.10
TARGETS = 0.01, 0.99


def values_2_2_2():
    w = [Value(number) for number in (0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55)]
    return w, [Value(0.35), Value(0.60)]


def pass_2_2_2(w, b):
    w1, w2, w3, w4, w5, w6, w7, w8 = w
    b1, b2 = b
    net_h = w1 * I1 + w2 * I2 + b1, w3 * I1 + w4 * I2 + b1
    h1, h2 = map(sigmoid, net_h)
    net_o = w5 * h1 + w6 * h2 + b2, w7 * h1 + w8 * h2 + b2
    o = tuple(map(sigmoid, net_o))
    errors = tuple(0.5 * (target - output) ** 2 for target, output in zip(TARGETS, o))
    return {"net_h": net_h, "h": (h1, h2), "net_o": net_o, "o": o, "errors": errors, "error": errors[0] + errors[1]}


def train_values_2_2_2(steps, with_biases):
    w, b = values_2_2_2()
    optimizer = optim.SGD([*w, *b] if with_biases else w, lr=0.5)
    for _ in range(steps):
        optimizer.zero_grad()
        pass_2_2_2(w, b)["error"].backward()
        optimizer.step()
    result = pass_2_2_2(w, b)
    numbers = result["error"].data, [output.data for output in result["o"]], [p.data for p in w], [p.data for p in b]
    return [np.vectorize(shown)(part).tolist() for part in numbers]


def tensors_2_2_2():
    return [Tensor([[0.15, 0.25], [0.20, 0.30]]), Tensor([[0.40, 0.50], [0.45, 0.55]]), Tensor(0.35), Tensor(0.60)]


def outputs_2_2_2(tensors):
    w_h, w_o, b1, b2 = tensors
    return sigmoid(sigmoid(np.array([[I1, I2]]) @ w_h + b1) @ w_o + b2)


def train_tensors_2_2_2(steps, with_biases):
    tensors = tensors_2_2_2()
    optimizer = optim.SGD(tensors if with_biases else tensors[:2], lr=0.5)
    for _ in range(steps):
        optimizer.zero_grad()
        nn.mean_squared_error(outputs_2_2_2(tensors), [TARGETS]).backward()  # the mean of two is half their sum
        optimizer.step()
    outputs = outputs_2_2_2(tensors)
    w_h, w_o, b1, b2 = (t.numpy() for t in tensors)
    numbers = (
        nn.mean_squared_error(outputs, [TARGETS]).item(),
        outputs.numpy()[0],
        np.concatenate([w_h.T.ravel(), w_o.T.ravel()]),
        [b1, b2],
    )
    return [np.vectorize(shown)(part).tolist() for part in numbers]


def test_2_2_2_network_of_values_has_every_exact_number():
    w, b = values_2_2_2()
    result = pass_2_2_2(w, b)
    numbers = {name: [shown(x.data) for x in nodes] for name, nodes in result.items() if name != "error"}
    assert numbers == {
        "net_h": [0.3775, 0.3925],
        "h": [0.5932699921, 0.5968843783],
        "net_o": [1.105905967, 1.224921404],
        "o": [0.7513650696, 0.7729284653],
        "errors": [0.2748110832, 0.02356002558],
    }
    assert shown(result["error"].data) == 0.2983711088

    result["error"].backward()
    assert [shown(x.grad) for x in result["o"]] == [0.7413650696, -0.2170715347]
    assert [shown(slope(x)) for x in result["o"]] == [0.1868156018, 0.1755100528]
    assert [shown(x.grad) for x in result["net_o"]] == [0.1384985616, -0.03809823652]
    assert [shown(x.grad) for x in result["h"]] == [0.03635030639, 0.04137032265]
    assert [shown(slope(x)) for x in result["h"]] == [0.2413007086, 0.2406134172]
    assert [shown(x.grad) for x in result["net_h"]] == [0.008771354689, 0.009954254705]
    assert [shown(p.grad) for p in w] == GRADIENTS_2_2_2
    assert [shown(p.grad) for p in b] == [0.01872560939, 0.1004003251]


def test_2_2_2_network_of_values_shares_the_hidden_gradient_between_its_two_errors():
    w, b = values_2_2_2()
    result = pass_2_2_2(w, b)
    shares = []
    for error in result["errors"]:
        error.backward()
        shares.append(shown(result["h"][0].grad))
    assert shares == [0.05539942465, -0.01904911826]
    # Two backward passes add up in the leaves to what one pass from the total gives.
    assert [shown(p.grad) for p in w] == GRADIENTS_2_2_2


def test_2_2_2_network_of_tensors_has_every_exact_gradient():
    w_h, w_o, b1, b2 = tensors = tensors_2_2_2()
    nn.mean_squared_error(outputs_2_2_2(tensors), [TARGETS]).backward()
    assert [shown(g) for g in [*w_h.grad.T.ravel(), *w_o.grad.T.ravel()]] == GRADIENTS_2_2_2
    assert [shown(b1.grad.item()), shown(b2.grad.item())] == [0.01872560939, 0.1004003251]


GRADIENTS_2_2_2 = [
    0.0004385677345,
    0.0008771354689,
    0.0004977127353,
    0.0009954254705,
    0.08216704056,
    0.08266762785,
    -0.02260254048,
    -0.02274024222,
]

WEIGHTS_2_2_2 = [
    0.1497807161,
    0.1995614323,
    0.2497511436,
    0.2995022873,
    0.3589164797,
    0.4086661861,
    0.5113012702,
    0.5613701211,
]


@pytest.mark.parametrize("train", [train_values_2_2_2, train_tensors_2_2_2])
def test_2_2_2_network_has_the_exact_weights_after_one_step(train):
    error, outputs, weights, biases = train(1, with_biases=False)
    assert (error, outputs) == (0.2910277737, [0.7420881112, 0.7752849683])
    assert (weights, biases) == (WEIGHTS_2_2_2, [0.35, 0.6])

    error, outputs, weights, biases = train(1, with_biases=True)
    assert (error, outputs) == (0.2857508867, [0.7320241671, 0.7659846534])
    assert (weights, biases) == (WEIGHTS_2_2_2, [0.3406371953, 0.5497998374])


@pytest.mark.parametrize("train", [train_values_2_2_2, train_tensors_2_2_2])
@pytest.mark.parametrize(
    ("steps", "without_biases", "with_biases"),
    [(10, 0.2209185921, 0.1752380108), (100, 0.02004682825, 0.009997164794), (1000, 0.001114349454, 0.0003460750103)],
)
def test_2_2_2_network_has_the_exact_error_after_many_steps(train, steps, without_biases, with_biases):
    assert train(steps, with_biases=False)[0] == without_biases
    assert train(steps, with_biases=True)[0] == with_biases


def test_2_2_2_network_has_the_exact_outputs_after_ten_thousand_steps():
    error, outputs, _, _ = train_values_2_2_2(10_000, with_biases=False)
    assert (error, outputs) == (3.510187783e-05, [0.01591362044, 0.9840642735])
