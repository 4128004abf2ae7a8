"""SGD, Momentum and Adam against their papers' formulas, number by number."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import optim
from autograd import Tensor, Value

STEPS = 60


# ---- the formulas, one parameter at a time, in floats --------------------


def sgd(w, gradients, lr):
    for g in gradients:
        w = w - lr * g
        yield w


def momentum(w, gradients, lr, momentum):
    v = 0.0
    for g in gradients:
        v = momentum * v - lr * g  # Sutskever et al. 2013, eq. 1
        w = w + v  # eq. 2
        yield w


def adam(w, gradients, lr, beta1, beta2, eps):
    m = v = 0.0  # Kingma & Ba 2014, algorithm 1
    for t, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        w = w - lr * m_hat / (math.sqrt(v_hat) + eps)
        yield w


RULES = [
    (optim.SGD, sgd, {"lr": 0.1}),
    (optim.Momentum, momentum, {"lr": 0.05, "momentum": 0.9}),
    (optim.Momentum, momentum, {"lr": 0.05, "momentum": 0.0}),
    (optim.Adam, adam, {"lr": 0.01, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}),
    (optim.Adam, adam, {"lr": 0.3, "beta1": 0.5, "beta2": 0.7, "eps": 0.1}),
    (optim.Adam, adam, {"lr": 0.01, "beta1": 0.0, "beta2": 0.0, "eps": 1e-8}),
]
every_rule = pytest.mark.parametrize(("optimizer", "formula", "hyper"), RULES)

TENSORS = [(2, 3), (4,), (), (1, 1, 2)]
MIXED = [(3,), None, (2, 2), None]  # None: a Value
every_kind = pytest.mark.parametrize("kinds", [TENSORS, [None] * 5, MIXED], ids=["tensors", "values", "mixed"])


def make(kinds, seed=0):
    """Parameters of the given shapes; None makes a Value."""
    rng = np.random.default_rng(seed)
    return [Value(rng.normal()) if kind is None else Tensor(rng.normal(size=kind)) for kind in kinds]


def random_gradients(parameters, steps, seed=1):
    """Per step one gradient per parameter, of very different sizes."""
    rng = np.random.default_rng(seed)
    scales = [10.0 ** rng.integers(-4, 5) for _ in parameters]
    return [
        [
            float(scale * rng.normal()) if isinstance(p, Value) else scale * rng.normal(size=p.shape)
            for p, scale in zip(parameters, scales)
        ]
        for _ in range(steps)
    ]


def flat(parts):
    return np.concatenate([np.ravel(part) for part in parts]).tolist()


def data(parameters):
    return flat(p.data for p in parameters)


def take(optimizer, parameters, grads):
    """One step along these gradients."""
    for p, g in zip(parameters, grads):
        p.grad = g
    optimizer.step()


# ---- trajectories --------------------------------------------------------


@every_rule
@every_kind
def test_sixty_steps_are_those_of_the_formula(optimizer, formula, hyper, kinds):
    parameters = make(kinds)
    gradients = random_gradients(parameters, STEPS)
    columns = np.array([flat(grads) for grads in gradients]).T.tolist()
    expected = np.array([list(formula(w, column, **hyper)) for w, column in zip(data(parameters), columns)]).T
    stepping = optimizer(parameters, **hyper)
    for step, grads in enumerate(gradients):
        take(stepping, parameters, grads)
        np.testing.assert_allclose(data(parameters), expected[step], rtol=1e-11, atol=1e-13)
    assert stepping.steps == STEPS


# f = x**2/20 + y**2 from (-7, 2): (x, y) after 1, 2, 3 and 30 steps, to ten digits.
BOWL = [
    (optim.SGD, {"lr": 0.1}, [(-6.93, 1.6), (-6.8607, 1.28), (-6.792093, 1.024), (-5.177902614, 0.002475880079)]),
    (
        optim.SGD,
        {"lr": 0.95},
        [(-6.335, -1.8), (-5.733175, 1.62), (-5.188523375, -1.458), (-0.3503929958, 0.08478231655)],
    ),
    (
        optim.Momentum,
        {"lr": 0.1},
        [(-6.93, 1.6), (-6.7977, 0.92), (-6.610653, 0.124), (0.8964138585, 0.08808560172)],
    ),
    (
        optim.Adam,
        {"lr": 0.1},
        [(-6.900000001, 1.9), (-6.800040094, 1.800166486), (-6.70014771, 1.700623392), (-4.132653698, -0.2053808532)],
    ),
    (
        optim.Adam,
        {"lr": 0.3},
        [
            (-6.700000004, 1.700000001),
            (-6.400414302, 1.402245329),
            (-6.10154588, 1.10891148),
            (0.1360146173, 0.3182453889),
        ],
    ),
]


@pytest.mark.parametrize(("optimizer", "hyper", "expected"), BOWL)
@pytest.mark.parametrize("kind", ["tensor", "values"])
def test_the_way_down_a_bowl_has_the_exact_numbers(optimizer, hyper, expected, kind):
    parameters = [Tensor([-7.0, 2.0])] if kind == "tensor" else [Value(-7.0), Value(2.0)]
    stepping = optimizer(parameters, **hyper)
    way = []
    for _ in range(30):
        x, y = parameters[0] if kind == "tensor" else parameters
        stepping.zero_grad()
        (x**2 / 20 + y**2).backward()
        stepping.step()
        way.append(tuple(float(f"{number:.10g}") for number in data(parameters)))
    assert [way[0], way[1], way[2], way[29]] == expected


@pytest.mark.parametrize(
    ("optimizer", "defaults"),
    [
        (optim.SGD, {"lr": 0.01}),
        (optim.Momentum, {"lr": 0.01, "momentum": 0.9}),
        (optim.Adam, {"lr": 0.001, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "eps_hat": False, "eps_inside": False}),
    ],
)
def test_defaults_are_the_papers_and_are_shown(optimizer, defaults):
    stepping = optimizer([Value(1.0)])
    assert {name: getattr(stepping, name) for name in defaults} == defaults
    assert repr(stepping) == f"{optimizer.__name__}({', '.join(f'{name}={value}' for name, value in defaults.items())})"


def test_hyperparameters_may_change_between_steps():
    w = Value(1.0)
    optimizer = optim.SGD([w], lr=0.5)
    take(optimizer, [w], [1.0])
    optimizer.lr = 0.25
    take(optimizer, [w], [1.0])
    assert w.data == 1 - 0.5 - 0.25


# ---- precision -----------------------------------------------------------


@every_rule
def test_float32_parameters_stay_float32_and_follow_the_float64_ones(optimizer, formula, hyper):
    wide = make(TENSORS)
    narrow = [Tensor(p.data, dtype=np.float32) for p in wide]
    stepping, stepping_narrow = optimizer(wide, **hyper), optimizer(narrow, **hyper)
    for _, grads in zip(range(20), random_gradients(wide, 20)):
        grads = [np.clip(g, -1, 1) for g in grads]
        take(stepping, wide, grads)
        take(stepping_narrow, narrow, [np.asarray(g, np.float32) for g in grads])
    assert {p.data.dtype for p in narrow} == {np.dtype(np.float32)}
    assert {stepping_narrow.w.dtype, stepping_narrow.g.dtype} == {np.dtype(np.float32)}
    assert all(vector.dtype == np.float32 for vector in stepping_narrow.state.values())
    np.testing.assert_allclose(data(narrow), data(wide), rtol=1e-4, atol=1e-4)


@every_rule
def test_a_float64_hyperparameter_does_not_widen_float32(optimizer, formula, hyper):
    w = Tensor([1.0, 2.0], dtype=np.float32)
    stepping = optimizer([w], **{name: np.float64(value) for name, value in hyper.items()})
    take(stepping, [w], [np.ones(2, np.float32)])
    assert w.data.dtype == np.float32


# ---- invariances ---------------------------------------------------------

sizeable = st.floats(1e-3, 1e3) | st.floats(-1e3, -1e-3)
vectors = st.lists(sizeable, min_size=1, max_size=6)
runs = st.integers(1, 6).flatmap(lambda n: st.lists(st.lists(sizeable, min_size=n, max_size=n), min_size=1, max_size=8))


def follow(optimizer, hyper, parameters, split_gradients):
    """The flat parameters after each step."""
    stepping = optimizer(parameters, **hyper)
    way = []
    for grads in split_gradients:
        take(stepping, parameters, grads)
        way.append(data(parameters))
    return way


@given(vectors, st.floats(1e-4, 10))
def test_the_first_step_of_adam_has_size_lr_against_each_gradients_sign(gradient, lr):
    w = Tensor(np.zeros(len(gradient)))
    take(optim.Adam([w], lr=lr), [w], [np.array(gradient)])
    np.testing.assert_allclose(w.data, -lr * np.sign(gradient), rtol=2e-5)  # eps is a 1e-5th of the smallest gradient


@given(vectors, st.floats(1e-3, 1), st.floats(0, 0.9))
def test_momentum_under_a_constant_gradient_reaches_lr_over_1_minus_momentum(gradient, lr, momentum):
    w, g = Tensor(np.zeros(len(gradient))), np.array(gradient)
    optimizer = optim.Momentum([w], lr=lr, momentum=momentum)
    for _ in range(400):  # 0.9**400 is 5e-19
        take(optimizer, [w], [g])
    before = w.numpy()
    take(optimizer, [w], [g])
    np.testing.assert_allclose(w.data - before, -lr * g / (1 - momentum), rtol=1e-9)


@given(runs, st.integers(-60, 60))
def test_adam_does_not_see_the_scale_of_the_gradients(gradients, exponent):
    # Powers of two scale without rounding, and this eps vanishes beside every square root.
    scaled = [[np.array(g) * 2.0**exponent] for g in gradients]
    ways = [
        follow(optim.Adam, {"lr": 0.1, "eps": 1e-200}, [Tensor(np.zeros(len(gradients[0])))], grads)
        for grads in ([[np.array(g)] for g in gradients], scaled)
    ]
    assert ways[0] == ways[1]


@every_rule
@given(runs, st.data())
def test_a_tensor_in_pieces_goes_the_same_way(optimizer, formula, hyper, gradients, draw):
    n = len(gradients[0])
    start = np.linspace(-1, 1, n)
    cuts = sorted(draw.draw(st.sets(st.integers(1, n - 1)) if n > 1 else st.just(set())))
    whole = follow(optimizer, hyper, [Tensor(start)], [[np.array(g)] for g in gradients])
    pieces = follow(
        optimizer, hyper, [Tensor(part) for part in np.split(start, cuts)], [np.split(g, cuts) for g in gradients]
    )
    values = follow(optimizer, hyper, [Value(number) for number in start], gradients)
    assert whole == pieces
    assert whole == values


@every_rule
@given(runs, st.randoms(use_true_random=False))
def test_the_order_of_the_parameters_does_not_matter(optimizer, formula, hyper, gradients, random):
    n = len(gradients[0])
    order = random.sample(range(n), n)
    parameters = [Tensor([number]) for number in np.linspace(-1, 1, n)]
    shuffled = [Tensor([number]) for number in np.linspace(-1, 1, n)]
    straight = follow(optimizer, hyper, parameters, [[np.array([g]) for g in grads] for grads in gradients])
    follow(
        optimizer,
        hyper,
        [shuffled[i] for i in order],
        [[np.array([grads[i]]) for i in order] for grads in gradients],
    )
    assert data(shuffled) == straight[-1]


@every_rule
@given(runs)
def test_gradients_of_the_opposite_sign_lead_the_opposite_way(optimizer, formula, hyper, gradients):
    zeros = np.zeros(len(gradients[0]))
    there = follow(optimizer, hyper, [Tensor(zeros)], [[np.array(g)] for g in gradients])
    back = follow(optimizer, hyper, [Tensor(zeros)], [[-np.array(g)] for g in gradients])
    np.testing.assert_array_equal(np.array(there), -np.array(back))
