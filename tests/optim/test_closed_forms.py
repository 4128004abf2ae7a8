"""Facts about optimizers that follow from their formulas without running anybody else's."""

import math

import numpy as np
import pytest
from family import loss_of, parameters, set_grads, weights
from hypothesis import given
from hypothesis import strategies as st

import optim
from autograd import Tensor, Value

sizeable = st.floats(1e-3, 1e3) | st.floats(-1e3, -1e-3)
vectors = st.lists(sizeable, min_size=1, max_size=6).map(np.array)
runs = st.integers(1, 5).flatmap(lambda n: st.lists(st.lists(sizeable, min_size=n, max_size=n), min_size=1, max_size=8))


def follow(optimizer, w, gradients):
    """The weights after each step along these gradients."""
    way = []
    for g in gradients:
        w.grad = np.array(g, float)
        optimizer.step()
        way.append(w.numpy())
    return np.array(way)


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


# ---- invariances ---------------------------------------------------------------


def monotone(g):
    """A map that keeps signs and nothing else."""
    return np.sign(g) * np.log1p(np.abs(g)) ** 3


@pytest.mark.parametrize("kind", [optim.SignSGD, optim.Rprop])
@given(runs)
def test_methods_of_signs_see_signs_only(kind, gradients):
    n = len(gradients[0])
    ways = []
    for change in (lambda g: g, monotone):
        w = Tensor(np.linspace(-1, 1, n))
        ways.append(follow(kind([w]), w, [change(np.array(g)) for g in gradients]))
    np.testing.assert_array_equal(*ways)


@pytest.mark.parametrize(
    ("kind", "hyper"),
    [
        (optim.Lion, {}),
        (optim.Signum, {}),
        (optim.AMSGrad, {"eps": 1e-200}),
        (optim.NAdam, {"eps": 1e-200}),
        (optim.RMSprop, {"eps": 1e-200}),
        (optim.Adagrad, {"eps": 1e-200}),
        (optim.ADOPT, {"eps": 1e-200}),
    ],
)
@given(gradients=runs, exponent=st.sampled_from([-20, -4, 6, 40]))
def test_what_divides_by_the_gradients_size_does_not_see_their_scale(kind, hyper, gradients, exponent):
    n = len(gradients[0])
    ways = []
    for scale in (1.0, 2.0**exponent):  # a power of two scales without rounding
        w = Tensor(np.linspace(-1, 1, n))
        ways.append(follow(kind([w], **hyper), w, [scale * np.array(g) for g in gradients]))
    np.testing.assert_array_equal(*ways)


@pytest.mark.parametrize("kind", [optim.SGD, optim.Momentum, optim.HeavyBall, optim.Nesterov, optim.AveragedMomentum])
@given(gradients=runs, a=st.floats(-3, 3), b=st.floats(-3, 3))
def test_linear_methods_are_linear_in_the_gradients(kind, gradients, a, b):
    n = len(gradients[0])
    first, second = np.array(gradients), np.array(gradients)[::-1] ** 2 / 100
    ways = []
    for g in (first, second, a * first + b * second):
        w = Tensor(np.zeros(n))
        ways.append(follow(kind([w]), w, g))
    np.testing.assert_allclose(ways[2], a * ways[0] + b * ways[1], rtol=1e-9, atol=1e-9 * np.abs(ways).max())


@pytest.mark.parametrize("kind", [optim.Shampoo, optim.SOAP, optim.Muon])
def test_matrix_methods_commute_with_rotations(kind):
    U, V = np.linalg.qr(random(4, 4, seed=1))[0], np.linalg.qr(random(3, 3, seed=2))[0]
    w, turned = Tensor(random(4, 3)), Tensor(U @ random(4, 3) @ V.T)
    one, other = kind([w], lr=0.1), kind([turned], lr=0.1)
    for seed in range(12):
        g = random(4, 3, seed=seed + 10)
        w.grad, turned.grad = g, U @ g @ V.T
        one.step()
        other.step()
    np.testing.assert_allclose(turned.data, U @ w.data @ V.T, rtol=1e-7, atol=1e-9)


# ---- first steps -----------------------------------------------------------------


@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (3, 3)])
def test_shampoos_first_step_is_the_polar_factor(shape):
    w, G = Tensor(np.zeros(shape)), random(*shape)
    w.grad = G
    optim.Shampoo([w], lr=1.0, eps=1e-14).step()
    U, _, Vt = np.linalg.svd(G, full_matrices=False)
    np.testing.assert_allclose(w.data, -U @ Vt, atol=1e-6)


def test_shampoo_takes_short_steps_where_the_gradients_leave_directions_out():
    p = Tensor(random(20, 5), dtype=np.float32)  # its gradients span 5 of 20 directions, the rest is rounding
    optimizer = optim.Shampoo([p], lr=1.0)
    before = p.numpy()
    p.grad = 100 * random(20, 5, seed=1).astype(np.float32)
    optimizer.step()
    assert np.linalg.norm(p.data - before) < 1.1 * math.sqrt(5)  # the polar factor has length sqrt(5)


def test_muons_first_step_has_all_singular_values_near_one():
    w = Tensor(np.zeros((5, 3)))
    w.grad = random(5, 3)
    optim.Muon([w], lr=1.0).step()
    singular = np.linalg.svd(w.data)[1]
    assert (singular > 0.6).all()
    assert (singular < 1.3).all()


@given(vectors, st.floats(1e-3, 0.1))
def test_adamw_decays_beside_the_gradient(gradient, decay):
    steps = []
    for weight_decay in (0.0, decay):
        w = Tensor(np.ones(len(gradient)))
        w.grad = gradient
        optim.AdamW([w], lr=0.1, weight_decay=weight_decay).step()
        steps.append(w.numpy())
    np.testing.assert_allclose(steps[0] - steps[1], 0.1 * decay, rtol=1e-9)


@pytest.mark.parametrize(
    ("kind", "hyper", "part"), [(optim.LARS, {"trust": 0.01}, 0.1 * 0.01), (optim.LAMB, {"lr": 0.1}, 0.1)]
)
def test_layerwise_steps_are_a_fixed_part_of_the_weights_length(kind, hyper, part):
    ps = parameters()
    before = [p.numpy() for p in ps]
    set_grads(ps, 0)
    kind(ps, **hyper).step()
    for p, w in zip(ps, before):
        assert np.linalg.norm(p.data - w) == pytest.approx(part * np.linalg.norm(w))


def test_soap_in_the_standard_basis_is_adam():
    class Plain(optim.SOAP):
        def basis(self, matrix):
            return np.eye(len(matrix))

    a, b = Tensor(random(4, 3)), Tensor(random(4, 3))
    soap, adam = Plain([a], lr=0.01), optim.Adam([b], lr=0.01, beta1=0.95, beta2=0.95)
    for seed in range(15):
        a.grad = b.grad = random(4, 3, seed=seed)
        soap.step()
        adam.step()
    np.testing.assert_allclose(a.data, b.data, rtol=1e-12)


def test_galore_of_full_rank_is_adam_in_another_basis():
    w = Tensor(np.zeros((3, 3)))
    w.grad = np.diag([3.0, 2.0, 1.0])
    optim.GaLore([w], lr=0.1).step()
    np.testing.assert_allclose(w.data, -0.1 * np.eye(3), atol=1e-8)


# ---- minima ------------------------------------------------------------------------


def rosenbrock(p):
    x, y = p
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


@pytest.mark.parametrize("start", [(-1.2, 1.0), (0.0, 0.0), (3.0, -2.0)])
def test_lbfgs_finds_rosenbrocks_minimum(start):
    p = Tensor(start)
    optimizer = optim.LBFGS([p])
    for _ in range(60):
        optimizer.step(lambda: rosenbrock(p))
    assert rosenbrock(p).item() < 1e-10
    np.testing.assert_allclose(p.data, [1, 1], atol=1e-5)


@pytest.mark.parametrize("n", [1, 2, 3, 6, 10])
def test_lbfgs_with_an_exact_line_search_solves_a_quadratic_of_n_weights_in_n_steps_and_not_before(n):
    # Its directions are then those of conjugate gradients. A small c2 makes the line search exact.
    A = random(n, n)
    A = A @ A.T + np.eye(n)
    p, solution = Tensor(random(n, seed=1)), np.linalg.solve(A, np.ones(n))

    def loss():
        return (p * (A @ p)).sum() / 2 - p.sum()

    optimizer = optim.LBFGS([p], memory=n, c2=1e-6)
    for _ in range(n - 1):
        optimizer.step(loss)
    assert np.abs(p.data - solution).max() > 1e-5 * np.abs(solution).max()
    optimizer.step(loss)
    np.testing.assert_allclose(p.data, solution, rtol=0, atol=1e-9 * np.abs(solution).max())
    assert loss().item() == pytest.approx(-solution.sum() / 2, rel=1e-14)


def test_lbfgs_with_a_rough_line_search_solves_a_quadratic_a_few_steps_later():
    A = random(6, 6)
    A = A @ A.T + np.eye(6)
    p = Tensor(random(6))
    optimizer = optim.LBFGS([p], memory=20)
    for _ in range(20):
        optimizer.step(lambda: (p * (A @ p)).sum() / 2 - p.sum())
    np.testing.assert_allclose(p.data, np.linalg.solve(A, np.ones(6)), atol=1e-7)


def test_lbfgs_never_lets_the_loss_rise():
    ps = parameters()
    optimizer = optim.LBFGS(ps)
    losses = []
    for _ in range(30):
        losses.append(loss_of(ps).item())
        optimizer.step(lambda: loss_of(ps))
    assert losses == sorted(losses, reverse=True)


def test_sophia_with_the_exact_diagonal_is_newtons_method():
    curvature, target = np.array([1.0, 10.0, 100.0]), np.array([0.3, -0.2, 0.5])
    for estimate in (False, True):  # of a diagonal Hessian, Hutchinson's estimate is exact
        p = Tensor(np.zeros(3))
        optimizer = optim.Sophia([p], lr=1.0, beta1=0.0, beta2=0.0, gamma=1.0)
        loss = lambda p=p: (curvature * (p - target) ** 2).sum() / 2  # noqa: E731
        if estimate:
            optimizer.step(loss)
        else:
            loss().backward()
            optimizer.step(hessian=[curvature])
        np.testing.assert_allclose(p.data, target, atol=1e-12)


@given(st.floats(0.5, 10), st.floats(0.5, 3))
def test_quickprop_jumps_to_the_minimum_of_a_parabola_it_has_overshot(a, x0):
    p = Tensor([x0])
    optimizer = optim.Quickprop([p], lr=1.5 / a)  # beyond the minimum, and back
    for _ in range(2):
        p.grad = a * p.numpy()
        optimizer.step()
    assert abs(p.data[0]) < 1e-9


@given(st.floats(0.5, 5), st.floats(0.1, 3), st.booleans())
def test_polyaks_step_solves_a_loss_with_a_straight_slope(slope, x0, clip):
    p = Tensor([x0])
    p.grad = np.array([slope])
    optim.PolyakSGD([p], max_lr=1e9, clip=clip).step(slope * x0)
    assert abs(p.data[0]) < 1e-12


# ---- the bold driver ------------------------------------------------------------------


@given(st.floats(0.1, 10), st.floats(0.01, 10), st.floats(0.5, 2))
def test_the_bold_driver_rejects_exactly_the_steps_that_climb(a, lr, x0):
    # On a/2 x**2 gradient descent climbs if lr * a > 2. At 2 itself the sides are equal up to rounding.
    p = Tensor([x0])
    optimizer = optim.BoldDriver([p], lr=lr)
    if abs(lr * a - 2) < 1e-9:
        return
    optimizer.step(lambda: a / 2 * (p * p).sum())
    if lr * a > 2:
        assert p.data[0] == x0
        assert optimizer.lr == lr * 0.5
    else:
        assert p.data[0] == pytest.approx(x0 * (1 - lr * a), abs=1e-12)
        assert optimizer.lr == lr * 1.05


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_the_bold_drivers_losses_never_rise_and_a_rejection_puts_the_weights_back(momentum):
    ps = parameters()
    optimizer = optim.BoldDriver(ps, lr=0.5, momentum=momentum)
    rejected = 0
    for _ in range(60):
        loss, before, lr = loss_of(ps).item(), weights(ps), optimizer.lr
        optimizer.step(lambda: loss_of(ps))
        assert loss_of(ps).item() <= loss
        if optimizer.lr < lr:
            rejected += 1
            np.testing.assert_array_equal(weights(ps), before)
            assert not optimizer.state["v"].any()
    assert 0 < rejected < 60


# ---- rules of single weights ------------------------------------------------------------


def test_irprop_steps_back_only_where_the_loss_rose():
    for loss, expected in ((0.5, 0.99), (2.0, 1.0)):
        p = Tensor([1.0])
        optimizer = optim.IRpropPlus([p], lr=0.01)
        p.grad = np.array([1.0])
        optimizer.step(1.0)
        assert p.data[0] == pytest.approx(0.99)
        p.grad = np.array([-1.0])
        optimizer.step(loss)
        assert p.data[0] == pytest.approx(expected)
        assert optimizer.state["d"][0] == 0.005


def test_delta_bar_deltas_rates_rise_by_adding_and_fall_by_a_factor():
    p = Tensor([0.0, 0.0])
    optimizer = optim.DeltaBarDelta([p], lr=0.1, kappa=0.01, phi=0.5)
    follow(optimizer, p, [[1, 1], [1, -1]])
    np.testing.assert_allclose(optimizer.state["rate"], [0.11, 0.05])


def test_the_naive_learner_moves_one_weight_at_a_time_and_only_downhill():
    p = Tensor([0.5, -0.5])
    optimizer = optim.NaiveLearner([p], lr=0.1)
    way = [p.numpy()]
    for _ in range(12):
        optimizer.step(lambda: (p * p).sum())
        way.append(p.numpy())
    assert (np.count_nonzero(np.diff(way, axis=0), axis=1) <= 1).all()
    np.testing.assert_allclose(way[-1], 0, atol=1e-12)


@pytest.mark.parametrize("kind", [optim.Adagrad, optim.Ftrl])
def test_without_eps_or_beta_the_first_step_is_lr_and_a_weight_without_a_gradient_is_not_divided_by_zero(kind):
    p = Tensor([0.3, 0.3, 0.3])
    hyper = {"eps": 0.0} if kind is optim.Adagrad else {"beta": 0.0}
    optimizer = kind([p], lr=0.1, **hyper)
    way = follow(optimizer, p, [[0.0, 3.0, -1e-3], [0.0, 4.0, 0.0]])
    np.testing.assert_allclose(way[0, 1:], [0.2, 0.4])  # lr times the sign
    np.testing.assert_allclose(way[1, 1:], [0.2 - 0.1 * 4 / 5, 0.4])
    assert (way[:, 0] == (0.3 if kind is optim.Adagrad else 0.0)).all()


def test_ftrl_is_adagrad_until_it_regularizes():
    # McMahan et al. 2013, section 3: without l1, l2 and beta it is gradient descent with a rate for each weight.
    p, q = Tensor(random(4)), Tensor(random(4))
    gradients = [random(4, seed=s) for s in range(8)]
    ftrl, adagrad = optim.Ftrl([p], lr=0.1, beta=0.0), optim.Adagrad([q], lr=0.1, eps=0.0)
    np.testing.assert_allclose(follow(ftrl, p, gradients), follow(adagrad, q, gradients), rtol=1e-9)


@pytest.mark.parametrize(("eps_inside", "size"), [(False, 0.5 + 0.25), (True, math.sqrt(0.25 + 0.25))])
@pytest.mark.parametrize("kind", [optim.Adam, optim.Adagrad, optim.RMSprop])
def test_eps_is_beside_the_root_or_inside(kind, eps_inside, size):
    p = Tensor([0.0])
    hyper = {"rho": 0.0} if kind is optim.RMSprop else {}
    way = follow(kind([p], lr=1.0, eps=0.25, eps_inside=eps_inside, **hyper), p, [[0.5]])
    np.testing.assert_allclose(way, [[-0.5 / size]], rtol=1e-15)


@pytest.mark.parametrize("eps_hat", [False, True])
@pytest.mark.parametrize("eps_inside", [False, True])
@pytest.mark.parametrize("kind", [optim.Adam, optim.AdamW])
def test_every_form_of_adams_eps_has_a_kernel_that_does_what_its_rule_says(kind, eps_hat, eps_inside):
    class Readable(kind):
        kernel = None

    p, q = Tensor(random(4)), Tensor(random(4))
    gradients = [random(4, seed=s) for s in range(20)]
    hyper = {"lr": 0.05, "eps": 0.1, "eps_hat": eps_hat, "eps_inside": eps_inside}
    np.testing.assert_allclose(
        follow(kind([p], **hyper), p, gradients), follow(Readable([q], **hyper), q, gradients), rtol=1e-12, atol=1e-14
    )


def test_ftrl_sets_weights_without_evidence_to_exactly_zero():
    p = Tensor([0.3, 0.3])
    optimizer = optim.Ftrl([p], lr=0.5, l1=1.0)
    follow(optimizer, p, [[0.01, -1.0]] * 30)
    assert p.data[0] == 0
    assert p.data[1] > 0


def test_sparse_adam_leaves_other_rows_and_their_state_alone():
    p = Tensor(np.ones((3, 2)))
    optimizer = optim.SparseAdam([p])
    p.grad = np.array([[1.0, 2.0], [0.0, 0.0], [0.0, 0.0]])
    optimizer.step()
    assert (p.data[1:] == 1).all()
    assert (p.data[0] < 1).all()
    before = optimizer.state["m.0"].copy()
    p.grad = np.ones((3, 2))
    optimizer.step(rows=[[1]])
    np.testing.assert_array_equal(optimizer.state["m.0"][[0, 2]], before[[0, 2]])
    assert (p.data[1] < 1).all()
    with pytest.raises(ValueError, match="rows of each of 1 parameters, not 2"):
        optimizer.step(rows=[[1], [2]])


def test_centered_rmsprop_survives_constant_gradients_in_float32():
    # s - a**2 is a difference of equals; rounded below 0, its root is nan (PyTorch, first at step 1209).
    p = Tensor(np.zeros(50), dtype=np.float32)
    g = np.random.default_rng(0).normal(size=50).astype(np.float32)
    optimizer = optim.RMSprop([p], lr=1e-3, rho=0.99, centered=True)
    for _ in range(3000):
        p.grad = g
        optimizer.step()
    assert np.isfinite(p.data).all()


@given(st.lists(vectors.filter(lambda v: len(v) == 3), min_size=1, max_size=5), st.floats(0.01, 10))
def test_dp_sgd_moves_no_further_than_its_clip_allows(examples, clip):
    p = Tensor(np.zeros(3))
    optim.DPSGD([p], lr=1.0, clip=clip, noise=0.0).step(per_example=[np.array(examples)])
    lengths = [np.linalg.norm(g) for g in examples]
    expected = -sum(g * min(1, clip / n) for g, n in zip(examples, lengths)) / len(examples)
    np.testing.assert_allclose(p.data, expected, rtol=1e-9, atol=1e-12)
    assert np.linalg.norm(p.data) <= clip * (1 + 1e-9)


def test_dp_sgd_leaves_examples_alone_whose_gradient_is_zero_in_float32():
    p = Tensor([1.0, 1.0], dtype=np.float32)
    per_example = [np.array([[0, 0], [3, 4]], np.float32)]
    optim.DPSGD([p], lr=1.0, clip=1.0, noise=0.0).step(per_example=per_example)
    np.testing.assert_allclose(p.data, [0.7, 0.6], rtol=1e-6)


def test_dp_sgd_asks_for_the_gradient_of_each_example():
    p = Tensor(np.zeros(3))
    p.grad = np.ones(3)
    with pytest.raises(TypeError, match="per_example"):
        optim.DPSGD([p]).step()
    with pytest.raises(ValueError, match="must be"):
        optim.DPSGD([p]).step(per_example=[np.ones((2, 4))])


def test_noisy_sgds_noise_has_the_size_of_the_formula():
    p = Tensor(np.zeros(40_000))
    optimizer = optim.NoisySGD([p], lr=1.0, noise=0.01, gamma=0.55)
    way = follow(optimizer, p, [np.zeros(40_000)] * 10)
    assert np.std(way[9] - way[8]) == pytest.approx(math.sqrt(0.01 / 10**0.55), rel=0.03)  # 6 standard errors are 0.02


# ---- averages and wrappers -----------------------------------------------------------------


def test_swa_is_the_mean_of_the_weights_it_has_seen():
    p = Tensor(random(4))
    optimizer = optim.SWA(optim.SGD([p], lr=0.1), start=3, every=2)
    way = follow(optimizer, p, [random(4, seed=s) for s in range(8)])
    with optimizer.averaged():
        np.testing.assert_allclose(p.data, way[[2, 4, 6]].mean(0), rtol=1e-12)
    np.testing.assert_array_equal(p.data, way[-1])


def test_ema_decays():
    p = Tensor(random(4))
    optimizer = optim.EMA(optim.SGD([p], lr=0.1), decay=0.9)
    way = follow(optimizer, p, [random(4, seed=s) for s in range(5)])
    expected = way[0]
    for w in way[1:]:
        expected = 0.9 * expected + 0.1 * w
    np.testing.assert_allclose(optimizer.average(), expected, rtol=1e-12)


def test_asgds_average_is_that_of_its_iterates():
    p = Tensor(random(4))
    optimizer = optim.ASGD([p], lr=0.1, t_0=0)
    way = follow(optimizer, p, [random(4, seed=s) for s in range(6)])
    np.testing.assert_allclose(optimizer.average(), way[1:].mean(0), rtol=1e-12)


def test_schedule_free_sgd_averages_plain_gradient_descent():
    p, q = Tensor(random(4)), Tensor(random(4))
    free, plain = optim.ScheduleFreeSGD([p], lr=0.1), optim.SGD([q], lr=0.1)
    gradients = [random(4, seed=s) for s in range(6)]
    follow(free, p, gradients)
    np.testing.assert_allclose(free.average(), follow(plain, q, gradients).mean(0), rtol=1e-9)


def test_the_weights_come_back_when_an_averaged_block_fails():
    p = Tensor(random(4))
    optimizer = optim.EMA(optim.SGD([p], lr=0.1))
    last = follow(optimizer, p, [random(4, seed=s) for s in range(3)])[-1]
    with pytest.raises(ZeroDivisionError), optimizer.averaged():
        1 / 0  # noqa: B018
    np.testing.assert_array_equal(p.data, last)


def test_lookahead_returns_part_of_the_way():
    p = Tensor(np.zeros(2))
    optimizer = optim.Lookahead(optim.SGD([p], lr=1.0), every=2, alpha=0.5)
    way = follow(optimizer, p, [[-1, -2]] * 4)
    np.testing.assert_allclose(way, [[1, 2], [1, 2], [2, 4], [2, 4]])


def test_accumulated_gradients_take_the_step_of_their_mean():
    p, q = Tensor(random(3)), Tensor(random(3))
    several, one = optim.GradientAccumulation(optim.Adam([p]), every=3), optim.Adam([q])
    gradients = [random(3, seed=s) for s in range(6)]
    follow(several, p, gradients)
    follow(one, q, [np.mean(gradients[:3], 0), np.mean(gradients[3:], 0)])
    np.testing.assert_allclose(p.data, q.data, rtol=1e-12)


def test_accumulation_hands_on_the_mean_of_the_losses():
    p, q = Tensor([1.0]), Tensor([1.0])
    several, one = (
        optim.GradientAccumulation(optim.PolyakSGD([p], max_lr=1e9), every=2),
        optim.PolyakSGD([q], max_lr=1e9),
    )
    several.step(lambda: ((p - 3) ** 2).sum())
    several.step(lambda: 0.01 * ((p - 5) ** 2).sum())
    one.step(lambda: (((q - 3) ** 2).sum() + 0.01 * ((q - 5) ** 2).sum()) / 2)
    assert several.loss == pytest.approx(one.loss, rel=1e-15)
    np.testing.assert_allclose(p.data, q.data, rtol=1e-14)


def test_accumulation_begins_afresh_after_a_gradient_that_was_refused():
    p = Tensor([1.0])
    optimizer = optim.GradientAccumulation(optim.SGD([p], lr=0.5), every=2)
    p.grad = np.array([np.nan])
    optimizer.step()
    p.grad = np.array([1.0])
    with pytest.raises(FloatingPointError, match="nothing was updated"):
        optimizer.step()
    assert (p.item(), p.grad) == (1.0, None)
    follow(optimizer, p, [[2.0], [4.0]])
    assert p.item() == 1.0 - 0.5 * 3.0


@pytest.mark.parametrize("spoil", ["shape", "loss"])
def test_a_call_that_accumulation_refuses_adds_nothing(spoil):
    p, q = Tensor([0.0]), Tensor([0.0])
    optimizer = optim.GradientAccumulation(optim.SGD([p, q], lr=1.0), every=1)
    p.grad, q.grad = np.ones(1), np.ones(2 if spoil == "shape" else 1)
    with pytest.raises((ValueError, TypeError)):
        optimizer.step(Tensor([1.0, 2.0]) if spoil == "loss" else None)
    q.grad = np.ones(1)
    optimizer.step()
    assert (p.item(), q.item()) == (-1.0, -1.0)


def test_what_a_wrapper_makes_of_the_weights_keeps_to_the_constraints_of_its_base():
    w = Tensor(np.eye(2)[:, :1])
    optimizer = optim.Lookahead(optim.SGD([w], lr=1.0, constraints=[optim.UnitNorm()]), every=1)
    w.grad = np.array([[1.0], [-1.0]])
    optimizer.step()
    np.testing.assert_allclose(np.linalg.norm(w.data), 1.0, rtol=1e-15)

    w = Tensor([1e-3])
    optimizer = optim.Mechanic(optim.SGD([w], lr=1.0, constraints=[optim.NonNegative()]), s_0=1.0)
    for _ in range(30):
        w.grad = np.array([1.0])
        optimizer.step()
    assert w.item() == 0.0


@pytest.mark.parametrize("wrapper", [optim.EMA, optim.SWA])
def test_an_average_is_a_copy(wrapper):
    p = Tensor([1.0])
    optimizer = wrapper(optim.SGD([p], lr=0.5))
    for _ in range(2):  # before there is an average, and when there is one
        average = optimizer.average()
        average += 1.0
        assert optimizer.average() == average - 1.0
        optimizer.step(lambda: (p * p).sum())


def test_sam_takes_the_gradient_uphill():
    p = Tensor([3.0, 4.0])
    optimizer = optim.SAM(optim.SGD([p], lr=0.1), rho=0.5)
    seen = []

    def loss():
        seen.append(p.numpy())
        return (p * p).sum() / 2

    optimizer.step(loss)
    np.testing.assert_allclose(seen, [[3, 4], [3.3, 4.4]])
    np.testing.assert_allclose(p.data, [3 - 0.33, 4 - 0.44])


def test_optimizers_together_each_take_their_own_step_and_resume():
    def make():
        matrix, vector = Tensor(random(3, 2)), Tensor(random(4))
        return matrix, vector, optim.Together(optim.Muon([matrix]), optim.AdamW([vector]))

    matrix, vector, both = make()
    matrix.grad, vector.grad = random(3, 2, seed=1), random(4, seed=1)
    both.step()
    saved = both.state_dict()
    other_matrix, other_vector, other = make()
    other_matrix.data, other_vector.data = matrix.numpy(), vector.numpy()
    other.load_state_dict(saved)
    other_matrix.grad, other_vector.grad = random(3, 2, seed=1), random(4, seed=1)
    both.step()
    other.step()
    np.testing.assert_array_equal(matrix.data, other_matrix.data)
    np.testing.assert_array_equal(vector.data, other_vector.data)
    with pytest.raises(ValueError, match="belongs to two"):
        optim.Together(optim.SGD([matrix]), optim.Adam([matrix]))
    with pytest.raises(ValueError, match="other optimizers"):
        both.load_state_dict({"each": []})
    both.zero_grad()
    assert matrix.grad is None
    with pytest.raises(TypeError, match="takes optimizers"):
        optim.Together([matrix])


def test_a_wrapper_goes_around_an_optimizer_or_a_wrapper_and_nothing_else():
    p = Tensor([1.0])
    nested = optim.EMA(optim.Lookahead(optim.SGD([p])))
    p.grad = np.ones(1)
    nested.step()
    assert (nested.steps, nested.w is nested.base.w, nested.parts) == (1, True, [p])
    with pytest.raises(TypeError, match=r"Lookahead: goes around an optimizer"):
        optim.Lookahead([p])


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda p: optim.SAM(optim.LBFGS(p)), "SAM: a step of LBFGS needs the loss at several points, which SAM does"),
        (lambda p: optim.SAM(optim.Sophia(p)), "SAM: a step of Sophia needs the loss as a function, which SAM does"),
        (lambda p: optim.SAM(optim.SAM(optim.SGD(p))), "SAM: a step of SAM needs the loss as a function"),
        (lambda p: optim.SAM(optim.Lookahead(optim.BoldDriver(p))), "SAM: a step of Lookahead needs the loss at sever"),
        (lambda p: optim.GradientAccumulation(optim.LBFGS(p)), "GradientAccumulation: a step of LBFGS needs the loss"),
        (lambda p: optim.GradientAccumulation(optim.DPSGD(p)), "DPSGD needs the gradient of each example, which Grad"),
        (lambda p: optim.EMA(optim.DPSGD(p)), "EMA: a step of DPSGD needs the gradient of each example"),
        (lambda p: optim.Mechanic(optim.LBFGS(p)), "Mechanic: a step of LBFGS needs the loss at several points"),
        (
            lambda p: optim.Mechanic(optim.GradientAccumulation(optim.SGD(p))),
            "go around in the other order, as in Grad",
        ),
        (
            lambda p: optim.Mechanic(optim.EMA(optim.GradientAccumulation(optim.SGD(p)))),
            "go around in the other order, as in Grad",
        ),
        (lambda p: optim.Together(optim.DPSGD(p)), "Together: a step of DPSGD needs the gradient of each example"),
    ],
)
def test_a_wrapper_refuses_what_it_cannot_give_its_steps(make, expected):
    with pytest.raises(TypeError, match=expected):
        make([Tensor([1.0])])


@pytest.mark.parametrize("wrapper", [optim.Lookahead, optim.EMA, optim.SWA])
@pytest.mark.parametrize("kind", [optim.LBFGS, optim.Sophia, optim.BoldDriver])
def test_a_wrapper_hands_the_function_on_to_methods_that_need_it(wrapper, kind):
    p = Tensor([3.0, 4.0])
    optimizer = wrapper(kind([p]))
    for _ in range(3):
        optimizer.step(lambda: (p * p).sum())
    assert (p * p).sum().item() < 25


@pytest.mark.parametrize("first", [True, False])
def test_methods_that_need_the_function_are_given_it_among_others(first):
    def loss(a, b):
        return (a * a).sum() + (a.sum() - b.sum()) ** 2

    a, b, c, d = (Tensor(random(3, seed=s)) for s in (1, 2, 1, 2))
    probing, given = optim.LBFGS([a]), optim.Momentum([b], lr=0.1)
    both = optim.Together(*((probing, given) if first else (given, probing)))
    alone, other = optim.LBFGS([c]), optim.Momentum([d], lr=0.1)
    for _ in range(4):
        both.step(lambda: loss(a, b))
        other.step(lambda: loss(c, d))
        alone.step(lambda: loss(c, d))
        np.testing.assert_array_equal([*a.data, *b.data], [*c.data, *d.data])
    before = b.numpy()
    with pytest.raises(TypeError, match=r"Together: a step of LBFGS needs the loss at several points: .*lambda"):
        both.step(loss(a, b))
    np.testing.assert_array_equal(b.data, before)


@pytest.mark.parametrize("kind", [lambda x: Tensor([x, 2 * x]), Value], ids=["Tensor", "Value"])
def test_optimizers_together_step_all_or_none(kind):
    def step(a, b, optimizer, bad=None):
        optimizer.zero_grad()
        (a * a + b * b * b).sum().backward() if isinstance(a, Tensor) else (a * a + b * b * b).backward()
        if bad is not None:
            b.grad = b.grad * bad
        optimizer.step()

    (a, b), (c, d) = ([kind(3.0), kind(4.0)] for _ in range(2))
    ours = optim.Together(optim.Adam([a]), optim.Lookahead(optim.Momentum([b], lr=0.01)))
    theirs = optim.Together(optim.Adam([c]), optim.Lookahead(optim.Momentum([d], lr=0.01)))
    for _ in range(8):
        step(a, b, ours)
        step(c, d, theirs)
        with pytest.raises(FloatingPointError, match=r"Momentum: .* nothing was updated"):
            step(a, b, ours, bad=np.nan)
        np.testing.assert_array_equal(a.numpy(), c.numpy())
        np.testing.assert_array_equal(b.numpy(), d.numpy())
    assert ours.optimizers[0].steps == 8


def test_optimizers_together_differentiate_a_function_that_calls_backward_itself_once():
    a, b = Tensor([3.0]), Tensor([4.0])
    both = optim.Together(optim.SGD([a], lr=0.1), optim.SGD([b], lr=0.1))

    def differentiated():
        both.zero_grad()
        loss = (a * a + b * b).sum()
        loss.backward()
        return loss

    both.step(differentiated)
    np.testing.assert_allclose([a.item(), b.item()], [3 - 0.6, 4 - 0.8])


@given(low=st.integers(-8, -4), high=st.integers(0, 8), size=st.integers(-168, -150), data=st.data())
def test_lbfgs_goes_on_where_products_of_its_steps_underflow(low, high, size, data):
    numbers = st.floats(1, 10)
    curvatures = np.array([data.draw(numbers) * 10.0**low, data.draw(numbers) * 10.0**high])
    x = Tensor(10.0**size * np.array([data.draw(numbers), data.draw(numbers)]))
    optimizer = optim.LBFGS([x])
    for _ in range(8):
        optimizer.step(lambda: (x * x * curvatures).sum())
    assert np.all(np.isfinite(x.data))
