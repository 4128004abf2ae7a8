"""What is done to gradients before the rule and to weights after it: by its formula, and what holds for all."""

import copy
import math

import numpy as np
import pytest
from family import GIVEN, PROBING, advance, loss_of, parameters, set_grads, step_with_grads, weights
from hypothesis import given
from hypothesis import strategies as st

import optim
from autograd import Tensor, Value
from optim import (
    L1,
    L2,
    SGD,
    AdaptiveClipping,
    AnnealedNoise,
    Box,
    ClipByGlobalNorm,
    ClipByNorm,
    ClipByValue,
    DecoupledDecay,
    Elastic,
    GradientCentralization,
    MaxNorm,
    NonNegative,
    SkipNotFinite,
    UnitNorm,
)
from optim.transforms import lengths, unit_axes

TRANSFORMS = {
    "clip by value": lambda **to: ClipByValue(0.5),
    "clip by norm": lambda **to: ClipByNorm(0.5),
    "clip by global norm": lambda **to: ClipByGlobalNorm(0.5),
    "adaptive clipping": lambda **to: AdaptiveClipping(0.1, **to),
    "centralization": lambda **to: GradientCentralization(**to),
    "noise": lambda **to: AnnealedNoise(0.1, seed=3),
    "L1": lambda **to: L1(0.1, **to),
    "L2": lambda **to: L2(0.1, **to),
    "elastic": lambda **to: Elastic(0.1, 0.2, **to),
    "decay": lambda **to: DecoupledDecay(0.1, **to),
    "skip": lambda **to: SkipNotFinite(),
}
CONSTRAINTS = {
    "max-norm": lambda **to: MaxNorm(0.5, **to),
    "unit norm": lambda **to: UnitNorm(**to),
    "non-negative": lambda **to: NonNegative(**to),
    "box": lambda **to: Box(-0.25, 0.5, **to),
}

sizes = st.integers(-20, 20)
entries = st.floats(-1, 1).map(lambda x: round(x, 3))


@st.composite
def arrays(draw):
    """A few arrays of one length scale, which may be far from 1."""
    shapes = draw(st.lists(st.sampled_from([(), (3,), (2, 3), (4, 1), (2, 2, 3), (1, 0)]), min_size=1, max_size=4))
    scale = 10.0 ** draw(sizes)
    return [
        np.array(draw(st.lists(entries, min_size=n, max_size=n))).reshape(s) * scale
        for s in shapes
        if [n := math.prod(s)]
    ]


def refined(transform, grads, at=None, dtype=np.float64):
    """What a transform makes of these gradients."""
    ps = [Tensor(np.zeros(np.shape(g)) if at is None else w, dtype=dtype) for g, w in zip(grads, at or grads)]
    for p, g in zip(ps, grads):
        p.grad = np.array(g, dtype)
    optimizer = SGD(ps)
    vector = np.concatenate([p.grad for p in ps], axis=None)
    transform(vector, optimizer)
    return optimizer.blocks(vector)


def constrained(constraint, ws):
    """What a constraint makes of these weights."""
    optimizer = SGD([Tensor(w) for w in ws])
    constraint(optimizer.w, optimizer)
    return optimizer.blocks(optimizer.w)


# ---- clipping ---------------------------------------------------------------------


def test_clip_by_value():
    (g,) = refined(ClipByValue(2), [[-3.0, 1.0, 5.0, np.inf]])
    assert g.tolist() == [-2, 1, 2, 2]


def test_clip_by_norm_is_for_each_parameter_and_by_global_norm_for_all():
    grads = [np.array([3.0, 4.0]), np.array([[0.0, 0.3]]), np.array(12.0)]
    a, b, c = refined(ClipByNorm(1), grads)
    np.testing.assert_allclose(a, [0.6, 0.8])
    np.testing.assert_allclose(b, [[0, 0.3]])
    np.testing.assert_allclose(c, 1)
    shorter = refined(ClipByGlobalNorm(1.3), [np.array([3.0, 4.0]), np.array(12.0)])
    np.testing.assert_allclose(np.concatenate(shorter, axis=None), [0.3, 0.4, 1.2])


@given(arrays(), sizes)
def test_global_norm_clipping_never_lengthens_and_keeps_the_direction(grads, power):
    limit = 10.0**power
    before = np.concatenate(grads, axis=None)
    after = np.concatenate(refined(ClipByGlobalNorm(limit), grads), axis=None)
    length = np.linalg.norm(before)
    assert np.linalg.norm(after) <= min(length, limit) * (1 + 1e-14)
    if length <= limit:
        np.testing.assert_array_equal(after, before)
    else:
        np.testing.assert_allclose(np.linalg.norm(after), limit, rtol=1e-14)
        np.testing.assert_allclose(after, before * (limit / length), rtol=1e-14)


@given(arrays(), sizes)
def test_clipping_twice_is_clipping_once(grads, power):
    limit = 10.0**power
    for transform in (ClipByValue(limit), ClipByNorm(limit), ClipByGlobalNorm(limit)):
        once = refined(transform, grads)
        for one, two in zip(once, refined(transform, once)):
            np.testing.assert_allclose(two, one, rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("end", [-0.9, 0.9])
def test_a_gradient_whose_square_over_or_underflows_is_clipped_all_the_same(dtype, end):
    size = float(np.finfo(dtype).max) ** end
    (g,) = refined(ClipByGlobalNorm(size), [[3 * size, 4 * size]], dtype=dtype)
    np.testing.assert_allclose(g / dtype(size), [0.6, 0.8], rtol=4 * np.finfo(dtype).eps)
    (g,) = refined(ClipByNorm(size), [[[3 * size, 4 * size]]], dtype=dtype)
    np.testing.assert_allclose(g / dtype(size), [[0.6, 0.8]], rtol=4 * np.finfo(dtype).eps)
    assert g.dtype == dtype


def test_a_length_beyond_the_largest_float32_is_one_that_clipping_and_norms_go_by():
    for transform in (ClipByGlobalNorm(1.0), ClipByNorm(1.0)):
        (g,) = refined(transform, [np.full(100, 5e37)], dtype=np.float32)
        np.testing.assert_allclose(g, np.full(100, 0.1), rtol=1e-6)
    for constraint, length in ((UnitNorm(), 1.0), (MaxNorm(2.0), 2.0)):
        w = Tensor(np.full((2, 1), 3e38), dtype=np.float32)
        optimizer = SGD([w])
        constraint(optimizer.w, optimizer)
        np.testing.assert_allclose(w.data, np.full((2, 1), length * math.sqrt(0.5)), rtol=1e-6)


@pytest.mark.parametrize("name", ["clip by norm", "clip by global norm", "adaptive clipping", "centralization", "L2"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_is_still_noticed_and_named(name, bad):
    ps = [Tensor(np.ones((2, 2))), Tensor(np.ones(2), label="b")]
    optimizer = SGD(ps, transforms=[TRANSFORMS[name]()])
    ps[0].grad, ps[1].grad = np.ones((2, 2)), np.array([1e200, bad])
    with pytest.raises(FloatingPointError, match=f"parameter 1 'b' of shape .* holds {bad}; nothing was updated"):
        optimizer.step()


def test_adaptive_clipping_limits_each_unit_by_its_weights():
    W, G = np.array([[3.0, 0.0], [4.0, 0.0]]), np.array([[6.0, 0.3], [8.0, 0.4]])
    (g,) = refined(AdaptiveClipping(0.1, eps=0.01), [G], at=[W])
    np.testing.assert_allclose(g, [[0.3, 0.0006], [0.4, 0.0008]])  # columns of length 0.1 * 5 and 0.1 * 0.01
    kernel, slope = np.full((2, 1, 2, 2), 0.5), np.ones((2, 1, 2, 2))
    slope[1] *= 0.01
    (g,) = refined(AdaptiveClipping(0.1), [slope], at=[kernel])
    np.testing.assert_allclose(g[0], 0.05)
    np.testing.assert_allclose(g[1], 0.01)


@given(arrays(), st.floats(0.01, 1))
def test_adaptive_clipping_does_nothing_to_small_gradients_and_keeps_signs(grads, limit):
    at = [np.ones_like(g) for g in grads]
    for before, after, w in zip(grads, refined(AdaptiveClipping(limit), grads, at), at):
        most = limit * lengths(w)
        assert (lengths(after) <= most * (1 + 1e-14)).all()
        assert (np.sign(after) == np.sign(before)).all()
        unclipped = np.broadcast_to(lengths(before) <= most, before.shape)
        np.testing.assert_array_equal(after[unclipped], before[unclipped])


# ---- direction ----------------------------------------------------------------------


@given(arrays())
def test_centralized_gradients_have_mean_zero_over_the_weights_of_each_unit(grads):
    for before, after in zip(grads, refined(GradientCentralization(), grads)):
        if before.ndim < 2:
            np.testing.assert_array_equal(after, before)
        elif before.size:
            scale = np.abs(before).max()
            np.testing.assert_allclose(after.mean(unit_axes(after)), 0, atol=1e-15 * scale)
            np.testing.assert_allclose(
                before - after,
                np.broadcast_to(before.mean(unit_axes(before), keepdims=True), before.shape),
                atol=1e-15 * scale,
            )


def test_a_unit_is_a_column_of_a_layer_and_a_kernel_of_a_convolution():
    assert [unit_axes(np.ones(shape)) for shape in [(), (3,), (3, 2), (4, 3, 5), (4, 3, 5, 5)]] == [
        (), (0,), (0,), (1, 2), (1, 2, 3)
    ]  # fmt: skip


def test_noise_has_the_variance_of_the_paper_and_is_new_in_every_step():
    optimizer = SGD([Tensor(np.zeros(20000))])
    for steps in (0, 1, 9):
        optimizer.steps = steps
        g = np.zeros(20000)
        AnnealedNoise(0.3, gamma=0.55)(g, optimizer)
        assert np.var(g) == pytest.approx(0.3 / (1 + steps) ** 0.55, rel=0.05)  # five standard errors
        again = np.zeros(20000)
        AnnealedNoise(0.3, gamma=0.55)(again, optimizer)
        np.testing.assert_array_equal(again, g)
        other = np.zeros(20000)
        AnnealedNoise(0.3, gamma=0.55, seed=1)(other, optimizer)
        assert abs(np.corrcoef(g, other)[0, 1]) < 0.05


def test_gradient_descent_with_noise_is_noisy_gradient_descent():
    one, other = parameters(), parameters()
    a, b = SGD(one, lr=0.1, transforms=[AnnealedNoise(0.3, seed=5)]), optim.NoisySGD(other, lr=0.1, noise=0.3, seed=5)
    for step in range(5):
        advance(a, one, step)
        advance(b, other, step)
    np.testing.assert_array_equal(weights(one), weights(other))


# ---- penalties and decay ----------------------------------------------------------------


@pytest.mark.parametrize("penalty", [L1(0.3), L2(0.3), Elastic(0.2, 0.4)], ids=repr)
def test_a_penalty_adds_the_gradient_of_its_value(penalty):
    ps, same = parameters(), parameters()
    optimizer = SGD(ps, transforms=[penalty])
    strengths = {
        "l1": getattr(penalty, "l1", 0.3 * isinstance(penalty, L1)),
        "l2": getattr(penalty, "l2", 0.3 * isinstance(penalty, L2)),
    }
    loss = loss_of(same)
    for p in same:
        loss = loss + strengths["l1"] * abs(p).sum() + strengths["l2"] / 2 * (p * p).sum()
    loss.backward()
    loss_of(ps).backward()
    g = np.concatenate([p.grad for p in ps], axis=None)
    penalty(g, optimizer)
    np.testing.assert_allclose(g, np.concatenate([p.grad for p in same], axis=None), rtol=1e-12)
    assert loss_of(ps).item() + penalty.total(optimizer) == pytest.approx(loss.item(), rel=1e-14)


def test_elastic_is_both():
    at, grads = [np.array([[1.0, -2.0]])], [np.array([[0.5, 0.5]])]
    (together,) = refined(Elastic(0.1, 0.2), grads, at)
    np.testing.assert_allclose(together, [[0.8, 0.0]])
    np.testing.assert_allclose(together, refined(L2(0.2), refined(L1(0.1), grads, at), at)[0])


def test_our_l2_has_the_factor_of_weight_decay_and_half_that_of_keras():
    w = Tensor([3.0])
    optimizer = SGD([w], transforms=[L2(0.1)])
    assert L2(0.1).total(optimizer) == pytest.approx(0.45)  # 0.1 / 2 * 3**2; keras.regularizers.L2(0.1) has 0.9
    w.grad = np.zeros(1)
    optimizer.step()
    assert w.item() == pytest.approx(3 - 0.01 * 0.1 * 3)


def test_the_penalties_of_the_course_from_5_in_halves():
    ways = []
    for penalty in (L1(1), L2(1)):
        w = Tensor([5.0])
        optimizer = SGD([w], lr=0.5, transforms=[penalty])
        way = []
        for _ in range(11):
            w.grad = np.zeros(1)
            optimizer.step()
            way.append(w.item())
        ways.append(way)
    assert ways[0] == [4.5, 4, 3.5, 3, 2.5, 2, 1.5, 1, 0.5, 0, 0]  # 0 exactly, and there it stays
    assert ways[1][:5] == [2.5, 1.25, 0.625, 0.3125, 0.15625]
    assert ways[1][9] == 0.0048828125  # never 0


def test_l1_steps_over_zero_and_back_from_where_it_cannot_hit_it():
    w = Tensor([5.2])
    optimizer = SGD([w], lr=0.5, transforms=[L1(1)])
    way = []
    for _ in range(13):
        w.grad = np.zeros(1)
        optimizer.step()
        way.append(w.item())
    np.testing.assert_allclose(way[-4:], [0.2, -0.3, 0.2, -0.3], atol=1e-12)


@pytest.mark.parametrize("in_groups", [False, True])
def test_adam_with_decoupled_decay_is_adamw(in_groups):
    one, other = parameters(), parameters()

    def lr(step):
        return 0.1 / (step + 1)

    def split(ps):
        return [{"parameters": ps[:2]}, {"parameters": ps[2:], "lr": 0.01}] if in_groups else ps

    a = optim.Adam(split(one), lr=lr, transforms=[DecoupledDecay(0.3)])
    b = optim.AdamW(split(other), lr=lr, weight_decay=0.3)
    for step in range(6):
        advance(a, one, step)
        advance(b, other, step)
        set_grads(one, step)
        set_grads(other, step)
        one[0].grad = other[0].grad = None  # such a parameter does not decay
        a.step()
        b.step()
    np.testing.assert_allclose(weights(one), weights(other), rtol=1e-13)


@pytest.mark.parametrize("transform", [L2(0.1), DecoupledDecay(0.1), L1(0.1), Elastic(0.1, 0.1)], ids=repr)
def test_decay_off_for_biases_is_one_line(transform):
    W, b = Tensor(np.ones((2, 2))), Tensor(np.ones(2))
    optimizer = SGD([W, b], lr=1.0, transforms=[type(transform)(*vars_of(transform), to=[W])])
    W.grad, b.grad = np.zeros((2, 2)), np.zeros(2)
    optimizer.step()
    assert (W.data < 1).all()
    assert (b.data == 1).all()


def vars_of(transform):
    return [number for name, number in vars(transform).items() if name != "to"]


@pytest.mark.parametrize("kind", [kind for kind in GIVEN if hasattr(kind, "lr")], ids=lambda kind: kind.__name__)
def test_decoupled_decay_is_a_step_from_weights_that_are_smaller(kind):
    ps, lr = parameters(), 0.1
    shrunk = [Tensor(p.data * (1 - lr * 0.5)) for p in ps]
    one, other = kind(ps, lr=lr, transforms=[DecoupledDecay(0.5)]), kind(shrunk, lr=lr)
    set_grads(ps, 0)
    set_grads(shrunk, 0)
    step_with_grads(one)
    step_with_grads(other)
    np.testing.assert_allclose(weights(ps), weights(shrunk), rtol=1e-13)


def test_decoupled_decay_needs_a_learning_rate():
    ps = parameters()
    optimizer = optim.COCOB(ps, transforms=[DecoupledDecay(0.1)])
    set_grads(ps, 0)
    with pytest.raises(TypeError, match="in proportion to the learning rate, and COCOB has none; use L2"):
        optimizer.step()


@pytest.mark.parametrize("kind", PROBING, ids=lambda kind: kind.__name__)
def test_decoupled_decay_beside_a_method_that_compares_losses_is_refused(kind):
    with pytest.raises(TypeError, match=f"{kind.__name__}: .*DecoupledDecay moves the weights beside it; use L2"):
        kind(parameters(), transforms=[DecoupledDecay(0.1)])


def test_a_method_that_compares_losses_minimizes_the_penalized_loss():
    w = Tensor([3.0, -1.0])
    optimizer = optim.LBFGS([w], transforms=[L2(2.0)])
    for _ in range(5):
        optimizer.step(lambda: ((w - 1) * (w - 1)).sum())
    np.testing.assert_allclose(w.data, [0.5, 0.5], rtol=1e-9)  # of (w - 1)**2 + w**2
    assert optimizer.loss == pytest.approx(1.0)


# ---- whether there is a step ---------------------------------------------------------------


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("kind", GIVEN, ids=lambda kind: kind.__name__)
def test_a_step_along_a_bad_gradient_is_skipped_and_counted_and_changes_nothing_else(kind, bad):
    ps = parameters()
    optimizer = kind(ps, transforms=[SkipNotFinite()])
    set_grads(ps, 0)
    step_with_grads(optimizer)
    before = copy.deepcopy((optimizer.w, optimizer.state_dict()))
    set_grads(ps, 1)
    ps[2].grad[1, 1] = bad
    step_with_grads(optimizer)
    ps[0].grad = None  # now only some would be stepped
    step_with_grads(optimizer)
    assert optimizer.skipped == 2
    after = copy.deepcopy((optimizer.w, {**optimizer.state_dict(), "skipped": 0}))
    assert repr(after) == repr(before)


@pytest.mark.parametrize("kind", PROBING, ids=lambda kind: kind.__name__)
def test_a_method_that_probes_skips_a_step_that_begins_badly(kind):
    ps = parameters()
    optimizer = kind(ps, transforms=[SkipNotFinite()])
    advance(optimizer, ps)
    before = copy.deepcopy((optimizer.w, optimizer.loss, optimizer.state_dict()))
    optimizer.step(lambda: loss_of(ps) * np.nan)
    assert optimizer.skipped == 1
    after = copy.deepcopy((optimizer.w, optimizer.loss, {**optimizer.state_dict(), "skipped": 0}))
    assert repr(after) == repr(before)
    np.testing.assert_array_equal(weights(ps), optimizer.w)


def test_a_bad_gradient_further_along_is_for_the_line_search_to_deal_with():
    w = Tensor([0.1])
    optimizer = optim.BoldDriver([w], lr=100.0, transforms=[SkipNotFinite()])
    optimizer.step(lambda: (w * (1.0 if abs(w.item()) < 1 else np.nan)).sum())
    assert (optimizer.skipped, w.item(), optimizer.lr) == (0, 0.1, 50.0)


@pytest.mark.parametrize("grouped", [False, True])
def test_constraints_and_schedules_wait_for_a_step_that_is_taken(grouped):
    W, b = Tensor(np.full((2, 2), 3.0)), Tensor(np.ones(2))
    parts = [W, {"parameters": b, "lr": lambda step: 1.0 + step}] if grouped else [W, b]
    optimizer = SGD(parts, lr=lambda step: 10.0 + step, transforms=[SkipNotFinite()], constraints=[Box(0, 1)])
    W.grad, b.grad = np.zeros((2, 2)), np.full(2, np.nan)
    optimizer.step()
    assert (W.data == 3).all()
    assert (optimizer.steps, optimizer.lr) == (0, 10.0)
    b.grad = np.zeros(2)
    optimizer.step()
    assert (W.data == 1).all()
    optimizer.step()
    assert (optimizer.steps, optimizer.skipped, optimizer.lr) == (2, 1, 11.0)


def test_a_transform_of_ones_own_can_skip_a_step():
    def only_small(g, optimizer):
        if np.abs(g).max() > 1:
            raise optim.SkipStep

    w = Value(1.0)
    optimizer = SGD([w], lr=0.5, transforms=[only_small])
    for w.grad in (1.0, 5.0):
        optimizer.step()
    assert (w.data, optimizer.steps, optimizer.skipped) == (0.5, 1, 1)


# ---- constraints -------------------------------------------------------------------------------


@given(arrays(), st.sampled_from([MaxNorm(0.7), UnitNorm(), NonNegative(), Box(-0.5, 0.25)]))
def test_constraints_are_idempotent(ws, constraint):
    ws = [np.ones((1, 1)), *ws]
    once = constrained(constraint, ws)
    for one, two in zip(once, constrained(constraint, once)):
        np.testing.assert_allclose(two, one, rtol=1e-15)


@given(arrays(), st.sampled_from([MaxNorm(0.7), NonNegative(), Box(-0.5, 0.25)]), st.integers(0, 2**32))
def test_constraints_go_to_the_nearest_allowed_weights(ws, constraint, seed):
    ws = [np.ones((1, 1)), *[w / max(1, np.abs(w).max(initial=0)) for w in ws]]
    projected = constrained(constraint, ws)
    rng = np.random.default_rng(seed)
    for w, near in zip(ws, projected):
        for other in constrained(constraint, [rng.normal(size=(1, 1)), w + rng.normal(size=w.shape)])[1:]:
            assert np.linalg.norm(w - near) <= np.linalg.norm(w - other) * (1 + 1e-12)


def test_max_norm_limits_each_unit_and_leaves_the_others_bit_for_bit():
    W, b = np.array([[3.0, 0.3], [4.0, 0.4]]), np.array([9.0, 9.0])
    projected, bias = constrained(MaxNorm(1), [W, b])
    np.testing.assert_allclose(projected, [[0.6, 0.3], [0.8, 0.4]])
    assert (projected[:, 1] == W[:, 1]).all()  # Keras multiplies these by 0.5 / (0.5 + 1e-7)
    assert (bias == b).all()


def test_unit_norm_leaves_a_unit_without_direction():
    (W,) = constrained(UnitNorm(), [np.array([[3.0, 0.0], [4.0, 0.0]])])
    np.testing.assert_allclose(W, [[0.6, 0.0], [0.8, 0.0]])


def test_non_negative_and_box_are_for_all_parameters_or_those_named():
    W, b = Tensor([[-1.0, 2.0]]), Tensor([-3.0])
    optimizer = SGD([W, b], constraints=[NonNegative(to=W), Box(-2, 1)])
    W.grad, b.grad = np.zeros((1, 2)), np.zeros(1)
    optimizer.step()
    assert (W.numpy().tolist(), b.numpy().tolist()) == ([[0.0, 1.0]], [-2.0])


@pytest.mark.parametrize("kind", [MaxNorm, UnitNorm])
def test_where_no_parameter_has_units_they_must_be_named(kind):
    w = [Value(3.0), Value(-4.0)]
    how = [1.5] if kind is MaxNorm else []
    with pytest.raises(ValueError, match=f"{kind.__name__}: no parameter has two or more axes"):
        SGD(w, lr=0.0, constraints=[kind(*how)])
    optimizer = SGD(w, lr=0.0, constraints=[kind(*how, to=w)])
    assert [x.data for x in w] == [3.0, -4.0]
    w[0].grad = w[1].grad = 0.0
    optimizer.step()
    assert [x.data for x in w] == ([1.5, -1.5] if kind is MaxNorm else [1.0, -1.0])


@pytest.mark.parametrize("kind", [SGD, optim.BoldDriver])
def test_what_a_constraint_changed_before_it_failed_is_known_to_be_changed(kind):
    def fail(w, optimizer):
        w[0] = 7.0
        raise OverflowError("in the constraint")

    value, tensor = Value(1.0), Tensor([2.0])
    optimizer = kind([value, tensor], lr=0.5, constraints=[fail])
    loss = (value * tensor).sum()
    with pytest.raises(OverflowError, match="in the constraint"):
        optimizer.step(lambda: (value * tensor).sum())
    assert value.data == 7.0
    with pytest.raises(RuntimeError, match="were changed after"):
        loss.backward()


def test_a_parameter_without_entries_is_centralized_without_a_warning():
    W = Tensor(np.zeros((0, 3)))
    optimizer = SGD([W, Tensor([1.0])], transforms=[optim.GradientCentralization()])
    W.grad = np.zeros((0, 3))
    optimizer.parts[1].grad = np.ones(1)
    optimizer.step()


# ---- what holds for all -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*TRANSFORMS, *CONSTRAINTS])
def test_values_and_tensors_are_treated_alike(name):
    start, slopes = [0.3, -0.8, 1.1], [5.0, -0.2, 1.0]
    ways = []
    for kind in (Tensor, Value):
        ps = [kind(x) for x in start]
        if name in TRANSFORMS:
            optimizer = SGD(ps, lr=0.1, transforms=[TRANSFORMS[name](to=ps)])
        else:
            optimizer = SGD(ps, lr=0.1, constraints=[CONSTRAINTS[name](to=ps)])
        for _ in range(3):
            for p, slope in zip(ps, slopes):
                p.grad = np.array(slope) if kind is Tensor else slope
            optimizer.step()
        ways.append(weights(ps))
    np.testing.assert_array_equal(ways[0], ways[1])


@pytest.mark.parametrize("name", [*TRANSFORMS, *CONSTRAINTS])
def test_float32_stays_float32(name):
    ps = parameters(np.float32)
    how = {"transforms": [TRANSFORMS[name]()]} if name in TRANSFORMS else {"constraints": [CONSTRAINTS[name]()]}
    optimizer = SGD(ps, **how)
    for step in range(2):
        advance(optimizer, ps, step)
    assert {optimizer.w.dtype, optimizer.g.dtype, *(p.dtype for p in ps)} == {np.dtype(np.float32)}


@pytest.mark.parametrize("name", [name for name in TRANSFORMS if name not in ("noise", "clip by global norm")])
def test_a_parameter_without_gradient_takes_no_part(name):
    every = parameters()
    alone = [Tensor(every[0].data), Tensor(every[2].data)]
    optimizer = optim.Momentum(every, lr=0.1, transforms=[TRANSFORMS[name]()])
    only = optim.Momentum(alone, lr=0.1, transforms=[TRANSFORMS[name]()])
    resting = weights([every[1], every[3]])
    for seed in range(3):
        optimizer.zero_grad()
        set_grads([every[0], every[2]], seed)
        set_grads(alone, seed)
        optimizer.step()
        only.step()
    np.testing.assert_array_equal(weights([every[1], every[3]]), resting)
    np.testing.assert_allclose(weights([every[0], every[2]]), weights(alone), rtol=1e-13)


def everything_at_once(ps):
    return {
        "lr": optim.Plateau(0.02, factor=0.5, patience=2, every=2),
        "transforms": [make(to=ps[:1]) for make in TRANSFORMS.values() if not isinstance(make(), DecoupledDecay)],
        "constraints": [make(to=ps[1:]) for make in CONSTRAINTS.values()],
    }


@pytest.mark.parametrize(
    "kind", [optim.SGD, optim.Adam, optim.Rprop, optim.NesterovLookAhead, optim.LBFGS, optim.AdamW]
)
def test_resuming_with_everything_at_once_is_bit_for_bit(kind):
    ps = parameters()
    whole = kind(ps, **everything_at_once(ps))
    for step in range(7):
        advance(whole, ps, step)
    whole.skipped = 3
    saved, again = whole.state_dict(), [Tensor(p.numpy()) for p in ps]
    resumed = kind(again, **everything_at_once(again))
    resumed.load_state_dict(saved)
    for step in range(7, 14):
        advance(whole, ps, step)
        advance(resumed, again, step)
        np.testing.assert_array_equal(weights(again), weights(ps))
    assert repr(resumed.state_dict()) == repr(whole.state_dict())
    assert whole.lr < 0.02


def test_the_order_is_the_one_that_is_written():
    assert [*map(repr, [SkipNotFinite(), ClipByGlobalNorm(1), L2(1e-4), MaxNorm(3), Box(-1, 1)])] == [
        "SkipNotFinite()",
        "ClipByGlobalNorm(limit=1.0)",
        "L2(strength=0.0001)",
        "MaxNorm(limit=3.0)",
        "Box(low=-1.0, high=1.0)",
    ]
    W = Tensor(np.full((1, 1), 2.0))
    for transforms, expected in ([[L2(1), ClipByValue(1)], 1.0], [[ClipByValue(1), L2(1)], 0.0]):
        optimizer = SGD([W], lr=0.5, transforms=transforms)
        W.grad, W.data = np.full((1, 1), 1.0), np.full((1, 1), 2.0)
        optimizer.step()
        assert W.item() == 2 - 0.5 * (1 if expected else 3)


@pytest.mark.parametrize(
    ("make", "error", "expected"),
    [
        (lambda: ClipByNorm(0), ValueError, "ClipByNorm: limit must be a number with 0 < limit < inf, not 0"),
        (lambda: ClipByValue(math.nan), ValueError, "ClipByValue: limit must be a number"),
        (lambda: L2(-1), ValueError, "L2: strength must be a number with 0 <= strength < inf, not -1"),
        (lambda: AnnealedNoise(seed=0.5), ValueError, "AnnealedNoise: seed must be a whole number"),
        (lambda: Box(1, -1), ValueError, "Box: low must be at most high, not 1 > -1"),
        (lambda: Box(0, math.inf), ValueError, "Box: high must be a number with -inf < high < inf, not inf"),
        (
            lambda: L2(0.1, to=[np.ones(2)]),
            TypeError,
            r"L2: to lists the parameters it is for, as in to=\[layer.weight\]",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(make, error, expected):
    with pytest.raises(error, match=expected):
        make()


@pytest.mark.parametrize("name", [*TRANSFORMS, *CONSTRAINTS])
def test_a_transform_is_no_constraint_and_the_reverse(name):
    one, place = (TRANSFORMS[name](), "transforms") if name in TRANSFORMS else (CONSTRAINTS[name](), "constraints")
    wrong = "constraints" if place == "transforms" else "transforms"
    assert getattr(SGD(parameters(), **{place: [one]}), place) == [one]
    with pytest.raises(TypeError, match=rf"SGD: {wrong} work on the .*{type(one).__name__} works on .*under {place}$"):
        SGD(parameters(), **{wrong: [one]})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (L2(0.1), r"SGD: transforms is a list, as in transforms=\[L2\(...\)\], not L2\(strength=0.1\)"),
        ([SkipNotFinite], r"SGD: transforms lists the class SkipNotFinite; make one of it: SkipNotFinite\(...\)"),
        (SkipNotFinite, r"SGD: transforms is a list, as in transforms=\[SkipNotFinite\(...\)\]"),
        ([0.1], "SGD: transforms lists functions of the gradient and the optimizer, not 0.1"),
        (["L2"], "SGD: transforms lists functions of the gradient and the optimizer, not 'L2'"),
        ("L2", "SGD: transforms is a list"),
        ([optim.CosineDecay(0.1, 5)], "transforms work on the gradient, and CosineDecay works on a hyperparameter$"),
    ],
)
def test_what_is_no_list_of_transforms_is_refused(given, expected):
    with pytest.raises(TypeError, match=expected):
        SGD(parameters(), transforms=given)


def test_transforms_can_come_from_a_generator():
    W = Tensor([2.0])
    optimizer = SGD([W], lr=0.5, transforms=(one for one in [L2(1)]))
    for _ in range(2):
        W.grad = np.zeros(1)
        optimizer.step()
    assert W.item() == 0.5


def test_every_transform_and_constraint_is_tested_here():
    made = {type(make()) for make in (*TRANSFORMS.values(), *CONSTRAINTS.values())}
    modules = (optim.transforms, optim.constraints)
    written = {
        kind
        for module in modules
        for kind in vars(module).values()
        if isinstance(kind, type) and kind.__module__ == module.__name__ and "__call__" in vars(kind)
    }
    assert written - {optim.transforms.Penalty} <= made | {L1, L2, Elastic}
    assert {kind.__name__ for kind in made} <= set(optim.__all__)
