"""What holds for every optimizer: the classes are found, so that a new one is tested by being there."""

import copy
import json
import pickle
import re
from dataclasses import fields
from functools import partial

import numpy as np
import pytest
from family import (
    GIVEN,
    GLOBAL,
    LAYERWISE,
    OPTIMIZERS,
    PROBING,
    RANDOM,
    WRAPPERS,
    advance,
    loss_of,
    parameters,
    set_grads,
    step_with_grads,
    weights,
)

import optim
from autograd import Tensor, Value
from optim.hyperparameters import hyperparameters_of

every_optimizer = pytest.mark.parametrize("kind", OPTIMIZERS, ids=lambda kind: kind.__name__)
every_wrapper = pytest.mark.parametrize("kind", WRAPPERS, ids=lambda kind: kind.__name__)
every_one_that_follows = pytest.mark.parametrize("kind", GIVEN, ids=lambda kind: kind.__name__)


def make(kind, ps, **hyper):
    return kind(optim.Momentum(ps, lr=0.05), **hyper) if issubclass(kind, optim.Wrapper) else kind(ps, **hyper)


def everything(optimizer):
    """All arrays and numbers an optimizer has, for comparison."""
    return copy.deepcopy((optimizer.w, optimizer.state_dict()))


def assert_same(one, other):
    assert repr(one) == repr(other)
    for a, b in zip(arrays(one), arrays(other), strict=True):
        np.testing.assert_array_equal(a, b)


def arrays(tree):
    if isinstance(tree, dict):
        tree = tree.values()
    if isinstance(tree, np.ndarray) or not hasattr(tree, "__iter__") or isinstance(tree, str):
        return [tree] if isinstance(tree, np.ndarray) else []
    return [array for item in tree for array in arrays(item)]


def test_the_family_is_complete():
    assert len(OPTIMIZERS) >= 60


# ---- the class says what it is ---------------------------------------------


@pytest.mark.parametrize("kind", [*OPTIMIZERS, *WRAPPERS], ids=lambda kind: kind.__name__)
def test_the_docstring_names_the_source_and_gives_the_rule(kind):
    first, *rest = kind.__doc__.splitlines()
    assert re.search(r"\(.*(\d{4}|folklore).*\)\.?$", first), first
    assert re.search(r"<-|=", "\n".join(rest))


@pytest.mark.parametrize("kind", [*OPTIMIZERS, *WRAPPERS], ids=lambda kind: kind.__name__)
def test_every_hyperparameter_is_checked_and_the_error_names_what_is_allowed(kind):
    for name, allowed in hyperparameters_of(kind):
        wrong = [1, "yes", None] if allowed.kind is bool else [np.nan, np.inf, -np.inf, True, "0.1", None, [0.1], 1j]
        for number in wrong:
            with pytest.raises(
                ValueError, match=re.escape(f"{kind.__name__}: {name} must be {allowed.describe(name)}")
            ):
                make(kind, parameters(), **{name: number})


@every_optimizer
def test_all_fields_are_hyperparameters_or_measured(kind):
    own = {item.name for item in fields(kind) if "allowed" in item.metadata or "measured" in item.metadata}
    assert own == {item.name for item in fields(kind)} - {"transforms", "constraints"}


# ---- it learns -------------------------------------------------------------


@pytest.mark.parametrize("kind", [*OPTIMIZERS, *WRAPPERS], ids=lambda kind: kind.__name__)
def test_with_its_defaults_it_lowers_a_loss(kind):
    ps = parameters()
    optimizer = make(kind, ps)
    before = loss_of(ps).item()
    for _ in range(60):
        advance(optimizer, ps)
    assert loss_of(ps).item() < before


@every_optimizer
def test_float32_parameters_and_state_stay_float32(kind):
    ps = parameters(np.float32)
    optimizer = kind(ps)
    for step in range(3):
        advance(optimizer, ps, step)
    assert {p.data.dtype for p in ps} == {optimizer.w.dtype} == {np.dtype(np.float32)}
    assert {vector.dtype for vector in optimizer.state.values()} <= {np.dtype(np.float32)}


@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize("dead", ["all", "a row and a column"])
@pytest.mark.parametrize("kind", [*OPTIMIZERS, *WRAPPERS], ids=lambda kind: kind.__name__)
def test_where_the_gradient_is_zero_float32_weights_stay_finite(kind, dead, start):
    random = np.random.default_rng()
    g = random.normal(size=(4, 3)).astype(np.float32)
    if dead == "all":
        g[:] = 0
    else:
        g[1], g[:, 2] = 0, 0
    ps = [Tensor(start * random.normal(size=shape), dtype=np.float32) for shape in ((4, 3), (3,), ())]
    optimizer = make(kind, ps)
    for step in range(2):
        advance(optimizer, ps, step, lambda ps, step: (ps[0] * g).sum() + (ps[1] * g[0]).sum() + ps[2] * g[1, 1])
    assert np.isfinite(weights(ps)).all()


@pytest.mark.parametrize("kind", [k for k in OPTIMIZERS if k not in LAYERWISE + RANDOM], ids=lambda kind: kind.__name__)
def test_values_and_tensors_go_the_same_way(kind):
    start = [0.3, -0.8, 1.1]

    def bowl(ps, step):
        numbers = [*ps[0]] if len(ps) == 1 else ps
        return sum((i + 1) * (x - step) * (x - step) for i, x in enumerate(numbers))

    ways = []
    for ps in ([Tensor(start)], [Value(x) for x in start]):
        optimizer = kind(ps)
        for step in range(4):
            if kind is optim.Sophia:
                optimizer.zero_grad()
                bowl(ps, step).backward()
                optimizer.step(hessian=[np.full(p.shape, 2.0) for p in ps])
            else:
                advance(optimizer, ps, step, bowl)
        ways.append(weights(ps))
        assert all(type(p.data) is float for p in ps if isinstance(p, Value))
    np.testing.assert_allclose(ways[0], ways[1], rtol=1e-12)


@pytest.mark.parametrize(
    "kind", [k for k in (*OPTIMIZERS, *WRAPPERS) if k is not optim.DPSGD], ids=lambda kind: kind.__name__
)
def test_a_function_that_calls_backward_itself_leads_the_same_way(kind):
    ps, others = parameters(), parameters()
    optimizer, other = make(kind, ps), make(kind, others)

    def differentiated(step):
        optimizer.zero_grad()
        loss = loss_of(ps, step)
        loss.backward()
        return loss

    for step in range(4):
        optimizer.step(partial(differentiated, step))
        other.step(partial(loss_of, others, step))
    np.testing.assert_array_equal(weights(ps), weights(others))
    assert_same(optimizer.state_dict(), other.state_dict())


# ---- stopping and resuming ---------------------------------------------------


def is_plain(tree):
    if isinstance(tree, dict):
        return all(isinstance(key, str) and is_plain(item) for key, item in tree.items())
    if isinstance(tree, (list, tuple)):
        return all(map(is_plain, tree))
    return isinstance(tree, (int, float, str, np.ndarray)) or tree is None


@pytest.mark.parametrize("scheduled", [False, True])
@pytest.mark.parametrize("kind", [*OPTIMIZERS, *WRAPPERS], ids=lambda kind: kind.__name__)
def test_resuming_gives_the_same_weights_bit_for_bit(kind, scheduled):
    lr = {f.name: f.default for f in fields(kind)}.get("lr")
    if scheduled and (lr is None or kind is optim.BoldDriver):
        pytest.skip("it has no learning rate, or sets it itself")
    hyper = {"lr": lambda step: lr * 0.9**step} if scheduled else {}
    ps = parameters()
    whole = make(kind, ps, **hyper)
    for step in range(6):
        advance(whole, ps, step)
    saved, middle = whole.state_dict(), [p.numpy() for p in ps]
    assert is_plain(saved)
    for step in range(6, 13):
        advance(whole, ps, step)

    again = [Tensor(w) for w in middle]
    resumed = make(kind, again, **hyper)
    resumed.load_state_dict(saved)
    for step in range(6, 13):
        advance(resumed, again, step)
    np.testing.assert_array_equal(weights(again), weights(ps))
    assert_same(resumed.state_dict(), whole.state_dict())


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["copy", "pickle"])
@pytest.mark.parametrize("kind", [*OPTIMIZERS, *WRAPPERS], ids=lambda kind: kind.__name__)
def test_a_copy_goes_on_with_its_own_parameters_as_the_original_does_with_its_own(kind, copied):
    ps = parameters()
    optimizer = make(kind, ps)
    advance(optimizer, ps)
    others, other = copied((ps, optimizer))
    before = weights(ps)
    for step in range(1, 4):
        advance(other, others, step)
    np.testing.assert_array_equal(weights(ps), before)
    for step in range(1, 4):
        advance(optimizer, ps, step)
    np.testing.assert_array_equal(weights(others), weights(ps))
    assert_same(other.state_dict(), optimizer.state_dict())


@pytest.mark.parametrize("own", [{}, {"lr": 0.1}, {"momentum": 0.5}, {"lr": 0.1, "momentum": 0.5}])
def test_a_state_brings_back_the_hyperparameters_of_the_whole_whichever_a_group_has_of_its_own(own):
    def made(lr):
        a, b = Tensor([1.0]), Tensor([1.0])
        return [a, b], optim.Momentum([{"parameters": [a], **own}, {"parameters": [b]}], lr=lr)

    ps, whole = made(0.5)
    whole.lr, whole.momentum = 0.01, 0.25
    set_grads(ps, 0)
    whole.step()
    others, resumed = made(0.5)
    for p, other in zip(ps, others):
        other.data = p.data
    resumed.load_state_dict(whole.state_dict())
    for members, one in ((ps, whole), (others, resumed)):
        set_grads(members, 1)
        one.step()
    np.testing.assert_array_equal(weights(others), weights(ps))
    assert_same(resumed.state_dict(), whole.state_dict())


def test_a_state_may_have_been_text_meanwhile():
    ps = [Tensor([1.0, 2.0]), Tensor([[3.0]])]
    optimizer, other = optim.Adam(ps), optim.Adam([Tensor([1.0, 2.0]), Tensor([[3.0]])])
    set_grads(ps, 0)
    optimizer.step()
    state = optimizer.state_dict()
    other.load_state_dict(json.loads(json.dumps(state, default=np.ndarray.tolist)))
    assert_same(other.state_dict(), state)


@every_optimizer
def test_a_saved_state_is_a_copy(kind):
    ps = parameters()
    optimizer = kind(ps)
    advance(optimizer, ps)
    saved = optimizer.state_dict()
    kept = copy.deepcopy(saved)
    advance(optimizer, ps, 1)
    assert_same(saved, kept)


@pytest.mark.parametrize("kind", [*OPTIMIZERS, *WRAPPERS], ids=lambda kind: kind.__name__)
def test_the_state_of_another_optimizer_is_refused(kind):
    other = optim.SGD if kind is optim.Adam else optim.Adam
    optimizer = make(kind, parameters())
    before = everything(optimizer)
    with pytest.raises(ValueError, match=f"{kind.__name__}: this is the state of {other.__name__}, another optimizer"):
        optimizer.load_state_dict(other(parameters()).state_dict())
    for nonsense in ({}, None, [1]):
        with pytest.raises(ValueError, match="this is not the state of an optimizer"):
            optimizer.load_state_dict(nonsense)
    assert_same(everything(optimizer), before)


@every_optimizer
def test_the_state_of_other_parameters_is_refused(kind):
    optimizer = kind(parameters())
    before = everything(optimizer)
    with pytest.raises(ValueError, match="the state is of parameters of shapes"):
        optimizer.load_state_dict(kind([Tensor([1.0, 2.0])]).state_dict())
    with pytest.raises(ValueError, match="the state is of parameters of dtype float32"):
        optimizer.load_state_dict(kind(parameters(np.float32)).state_dict())
    assert_same(everything(optimizer), before)


@pytest.mark.parametrize(
    ("make", "few", "many"),
    [
        (optim.LBFGS, {"memory": 5}, {"memory": 10}),
        (optim.LBFGS, {"memory": 1}, {"memory": 10}),
        (optim.GaLore, {"rank": 1}, {"rank": 2}),
        (lambda ps, **n: optim.Mechanic(optim.SGD(ps), **n), {"n": 1}, {"n": 6}),
        (lambda ps, **n: optim.EMA(optim.Mechanic(optim.SGD(ps), **n)), {"n": 5}, {"n": 6}),
        (lambda ps, **n: optim.Together(optim.SGD(ps[:2]), optim.LBFGS(ps[2:], **n)), {"memory": 5}, {"memory": 9}),
    ],
    ids=["L-BFGS", "L-BFGS of one pair", "GaLore", "Mechanic", "within a wrapper", "the second of two"],
)
def test_the_state_of_arrays_of_other_shapes_is_refused_and_changes_nothing(make, few, many):
    for saved, own in ((few, many), (many, few)):
        ps, others = parameters(), parameters()
        optimizer, other = make(ps, **saved), make(others, **own)
        for step in range(3):
            optimizer.step(partial(loss_of, ps, step))
        other.step(partial(loss_of, others))
        before = copy.deepcopy(other.state_dict())
        (name,) = own
        with pytest.raises(
            ValueError, match=f"the state is of {name}={saved[name]}, and this optimizer has {name}={own[name]}, so"
        ):
            other.load_state_dict(optimizer.state_dict())
        assert_same(other.state_dict(), before)


@pytest.mark.parametrize("kind", [*OPTIMIZERS, *WRAPPERS], ids=lambda kind: kind.__name__)
def test_a_state_that_lacks_something_or_holds_what_is_no_hyperparameter_is_refused_and_changes_nothing(kind):
    optimizer = make(kind, parameters())
    saved, before = optimizer.state_dict(), everything(optimizer)
    part = saved["groups"][0] if "groups" in saved else saved
    for whole in (saved, part):
        for name in [*whole]:
            if name != "optimizer":
                kept = whole.pop(name)
                with pytest.raises(ValueError, match=f"{kind.__name__}: the state has no '{name}'; pass what state_"):
                    optimizer.load_state_dict(saved)
                whole[name] = kept
    for name in part["hyperparameters"]:
        kept, part["hyperparameters"][name] = part["hyperparameters"][name], "abc"
        with pytest.raises(ValueError, match=f"{kind.__name__}: {name} must be .*, not 'abc'"):
            optimizer.load_state_dict(saved)
        part["hyperparameters"][name] = kept
    optimizer.load_state_dict(saved)
    assert_same(everything(optimizer), before)


# ---- what is refused ---------------------------------------------------------


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@every_one_that_follows
def test_a_gradient_that_is_not_finite_changes_nothing_and_is_named(kind, bad):
    ps = parameters()
    ps[2].label = "C"
    optimizer = kind(ps)
    set_grads(ps, 0)
    step_with_grads(optimizer)
    before = everything(optimizer)
    set_grads(ps, 1)
    ps[2].grad[1, 1] = bad
    with pytest.raises(
        FloatingPointError, match=re.escape(f"parameter 2 'C' of shape (4, 2) holds {bad}; nothing was")
    ):
        step_with_grads(optimizer)
    ps[0].grad = None  # now only some are stepped
    with pytest.raises(FloatingPointError, match="holds"):
        step_with_grads(optimizer)
    assert_same(everything(optimizer), before)


@every_one_that_follows
def test_a_bad_gradient_is_named_by_its_place_among_all_parameters(kind):
    for grouped in (False, True):
        ps = parameters()
        optimizer = kind([ps[0], {"parameters": ps[1:3]}, {"parameters": ps[3]}] if grouped else ps)
        for _ in range(2):
            set_grads(ps, 0)
            ps[0].grad = ps[1].grad = None
            ps[2].grad[0, 0] = np.nan
            with pytest.raises(FloatingPointError, match=re.escape("parameter 2 of shape (4, 2) holds nan")):
                step_with_grads(optimizer)
            set_grads(ps, 1)
            ps[1].grad = None
            step_with_grads(optimizer)


@pytest.mark.parametrize("kind", PROBING, ids=lambda kind: kind.__name__)
def test_a_loss_that_is_nan_changes_nothing(kind):
    ps = parameters()
    optimizer = kind(ps)
    advance(optimizer, ps)
    before = everything(optimizer)
    with pytest.raises(FloatingPointError, match="nothing was updated"):
        optimizer.step(lambda: loss_of(ps) * np.nan)
    assert_same(everything(optimizer), before)


@pytest.mark.parametrize("kind", PROBING, ids=lambda kind: kind.__name__)
def test_an_exception_in_the_loss_changes_nothing(kind):
    ps = parameters()
    optimizer = kind(ps)
    advance(optimizer, ps)
    before, calls = everything(optimizer), []

    def breaks():
        calls.append(1)
        if len(calls) == (1 if kind is optim.NesterovLookAhead else 2):
            raise KeyboardInterrupt
        return loss_of(ps)

    with pytest.raises(KeyboardInterrupt):
        optimizer.step(breaks)
    assert_same(everything(optimizer), before)


@pytest.mark.parametrize("kind", [*PROBING, optim.SAM], ids=lambda kind: kind.__name__)
def test_a_missing_closure_is_asked_for(kind):
    ps = parameters()
    loss_of(ps).backward()
    for argument in ([], [loss_of(ps)]):
        with pytest.raises(
            TypeError, match=rf"{kind.__name__}: .*optimizer\.step\(lambda: loss_function\(model\(x\), y\)\)"
        ):
            make(kind, ps).step(*argument)


@pytest.mark.parametrize("kind", [k for k in GIVEN if k.needs_loss], ids=lambda kind: kind.__name__)
def test_a_missing_loss_is_asked_for(kind):
    ps = parameters()
    loss_of(ps).backward()
    with pytest.raises(TypeError, match=rf"{kind.__name__}: .*optimizer\.step\(loss\)"):
        kind(ps).step()


@every_one_that_follows
def test_a_step_before_any_gradient_is_refused(kind):
    optimizer = kind(parameters())
    with pytest.raises(ValueError, match=f"{kind.__name__}: no parameter has a gradient; call loss.backward"):
        step_with_grads(optimizer)
    assert optimizer.steps == 0


@pytest.mark.parametrize("kind", [k for k in GIVEN if k is not optim.DPSGD], ids=lambda kind: kind.__name__)
def test_a_gradient_of_another_shape_is_refused(kind):
    ps = parameters()
    optimizer = kind(ps)
    set_grads(ps, 0)
    ps[1].grad = np.ones(5)
    with pytest.raises(ValueError, match=re.escape("the gradient of parameter 1 of shape (4,) has shape (5,)")):
        step_with_grads(optimizer)


@pytest.mark.parametrize("grad", [np.array([1 + 2j, 3.0]), np.array(["1.0", "2.0"])], ids=["complex", "text"])
def test_gradients_that_are_no_real_numbers_are_refused(grad):
    weight = Tensor([1.0, 2.0])
    optimizer = optim.SGD([weight], lr=0.1)
    weight.grad = grad
    with pytest.raises(TypeError):
        optimizer.step()
    np.testing.assert_array_equal(weight.data, [1.0, 2.0])


@pytest.mark.parametrize(
    ("shapes", "given", "position"),
    [
        (((2,), (2,)), ((3,), (1,)), 0),
        (((2, 3), (2,)), ((3, 2), (2,)), 0),
        (((2, 3), (2,)), ((2, 3), (2, 1)), 1),
        (((2,), (4,), (2,)), (None, (3,), (3,)), 1),
        (((), (2,), (2,)), (None, (2,), (1, 2)), 2),
    ],
)
@pytest.mark.parametrize("kind", [k for k in GIVEN if k is not optim.DPSGD], ids=lambda kind: kind.__name__)
def test_gradients_of_other_shapes_but_of_the_right_size_are_refused(kind, shapes, given, position):
    for in_blocks in (False, True):
        ps = [Tensor(np.ones(shape)) if shape else Value(1.0) for shape in shapes]
        optimizer = kind(ps)
        if in_blocks and kind.kernel is not None:
            optimizer.in_blocks = True
        for p, shape in zip(ps, given):
            p.grad = None if shape is None else np.ones(shape)
        expected = f"the gradient of parameter {position} of shape {shapes[position]} has shape {given[position]}"
        with pytest.raises(ValueError, match=re.escape(expected)):
            step_with_grads(optimizer)
        assert optimizer.steps == 0


@pytest.mark.parametrize(
    ("grad", "expected"),
    [
        (Tensor([1.0, 2.0]), "is a Tensor; assign its data, as in p.grad = g.data"),
        (np.array([1j, 2.0]), "holds complex128 instead of real numbers"),
        (np.array(["a", "b"]), "holds <U1 instead of real numbers"),
    ],
)
@pytest.mark.parametrize("kind", [optim.SGD, optim.GradientAccumulation], ids=lambda kind: kind.__name__)
def test_a_gradient_that_is_none_is_refused(kind, grad, expected):
    w = Tensor([1.0, 2.0], label="w")
    optimizer = optim.SGD([w]) if kind is optim.SGD else kind(optim.SGD([w]))
    w.grad = grad
    text = f"{kind.__name__}: the gradient of parameter 0 'w' of shape (2,) {expected}"
    with pytest.raises(TypeError, match=re.escape(text)):
        optimizer.step()
    np.testing.assert_array_equal(w.data, [1.0, 2.0])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", [k for k in GIVEN if k.needs_loss], ids=lambda kind: kind.__name__)
def test_a_loss_that_is_not_finite_is_refused_by_a_method_that_goes_by_it(kind, bad):
    w = Tensor([1.0, 2.0])
    optimizer = kind([w])
    w.grad = np.ones(2)
    with pytest.raises(FloatingPointError, match=f"{kind.__name__}: the loss is {bad}; nothing was updated"):
        optimizer.step(bad)
    np.testing.assert_array_equal(w.data, [1.0, 2.0])
    assert optimizer.steps == 0
    w.grad = np.full(2, bad)
    optimizer = kind([w], transforms=[optim.SkipNotFinite()])
    optimizer.step(bad)
    assert (optimizer.steps, optimizer.skipped) == (0, 1)


@pytest.mark.parametrize("kind", [*OPTIMIZERS, *WRAPPERS], ids=lambda kind: kind.__name__)
def test_an_unknown_hyperparameter_is_refused_with_those_there_are(kind):
    known = ", ".join(name for name, _ in hyperparameters_of(kind)) or "none"
    for name in ("learning_rate", "betas"):
        with pytest.raises(TypeError, match=f"^{kind.__name__}: has no hyperparameter '{name}', but {known}$"):
            make(kind, parameters(), **{name: 0.1})


def test_a_subclass_can_take_what_it_likes():
    class Halved(optim.SGD):
        def __init__(self, parameters, twice, **options):
            super().__init__(parameters, lr=twice / 2, **options)

    assert Halved(parameters(), twice=0.2, constraints=[optim.NonNegative()]).lr == 0.1


@pytest.mark.parametrize("result", [1.0, None, np.array(1.0)], ids=["float", "None", "array"])
@pytest.mark.parametrize(
    "kind",
    [k for k in (*OPTIMIZERS, *WRAPPERS) if k is not optim.DPSGD],
    ids=lambda kind: kind.__name__,
)
def test_a_function_that_returns_no_loss_to_differentiate_is_refused_and_changes_nothing(kind, result):
    ps = parameters()
    optimizer = make(kind, ps)
    advance(optimizer, ps)
    before = everything(optimizer)
    set_grads(ps, 0)
    kept = [p.grad for p in ps]
    with pytest.raises(
        TypeError, match=f"the function given to step.. must return the loss as a .*, not {type(result).__name__}"
    ):
        optimizer.step(lambda: result)
    assert_same(everything(optimizer), before)
    assert all(p.grad is grad for p, grad in zip(ps, kept))


# ---- parts: parameters without a gradient, groups -----------------------------


@pytest.mark.parametrize("kind", [k for k in GIVEN if k not in RANDOM], ids=lambda kind: kind.__name__)
def test_a_parameter_without_gradient_stays_and_the_others_step_as_if_alone(kind):
    every = parameters()
    moving = [every[0], every[2]]
    alone = [Tensor(p.data) for p in moving]
    optimizer, only = kind(every), kind(alone)
    resting = weights([every[1], every[3]])
    for seed in range(5):
        optimizer.zero_grad()
        set_grads(moving, seed)
        set_grads(alone, seed)
        step_with_grads(optimizer)
        step_with_grads(only)
    np.testing.assert_array_equal(weights([every[1], every[3]]), resting)
    np.testing.assert_allclose(weights(moving), weights(alone), rtol=1e-12)
    set_grads(every, 9)  # those that waited start like any other
    step_with_grads(optimizer)
    assert np.isfinite(optimizer.w).all()
    assert (weights([every[1], every[3]]) != resting).any() or kind is optim.ADOPT


@pytest.mark.parametrize("kind", [k for k in GIVEN if k not in GLOBAL + RANDOM], ids=lambda kind: kind.__name__)
def test_groups_of_the_same_hyperparameters_go_the_same_way_as_no_groups(kind):
    ps, grouped = parameters(), parameters()
    one = kind(ps)
    several = kind([{"parameters": grouped[:1]}, {"parameters": grouped[1:3]}, {"parameters": grouped[3]}])
    for seed in range(4):
        set_grads(ps, seed)
        set_grads(grouped, seed)
        step_with_grads(one)
        step_with_grads(several)
    np.testing.assert_allclose(weights(grouped), weights(ps), rtol=1e-14)
    assert all(np.shares_memory(p.data, several.w) for p in grouped)
    saved = several.state_dict()
    again = [Tensor(p.data) for p in grouped]
    resumed = kind([{"parameters": again[:1]}, {"parameters": again[1:3]}, {"parameters": again[3]}])
    resumed.load_state_dict(saved)
    set_grads(again, 7)
    set_grads(grouped, 7)
    step_with_grads(resumed)
    step_with_grads(several)
    np.testing.assert_array_equal(weights(again), weights(grouped))


# ---- fast kernels --------------------------------------------------------------

KERNELS = [kind for kind in OPTIMIZERS if kind.kernel is not None]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", KERNELS, ids=lambda kind: kind.__name__)
def test_the_kernel_does_what_the_rule_says(kind, dtype):
    class Readable(kind):
        kernel = None

    ps, oracle = parameters(dtype), parameters(dtype)
    fast, slow = kind(ps, lr=0.05), Readable(oracle, lr=0.05)
    for seed in range(20):
        set_grads(ps, seed)
        set_grads(oracle, seed)
        fast.step()
        slow.step()
    rtol = 1e-12 if dtype == np.float64 else 1e-4  # their roundings add up, the more in float32
    for a, b in zip([fast.w, *fast.state.values()], [slow.w, *slow.state.values()], strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * np.abs(b).max())


@pytest.mark.parametrize("kind", KERNELS, ids=lambda kind: kind.__name__)
def test_a_subclass_with_a_rule_of_its_own_is_stepped_by_that_rule(kind):
    class Mine(kind):
        def rule(self, w, g, *state):
            w -= np.sign(g)

    w = Tensor([0.0, 0.0])
    optimizer = Mine([w])
    w.grad = np.array([5.0, -3.0])
    optimizer.step()
    np.testing.assert_array_equal(w.data, [-1.0, 1.0])


def in_blocks(kind, ps, monkeypatch, **hyper):
    with monkeypatch.context() as patch:
        patch.setattr("optim.optimizer.WHOLE", 0)
        patch.setattr("optim.optimizer.BLOCK", 8 * 33)
        optimizer = kind(ps, **hyper)
    assert optimizer.in_blocks
    return optimizer


@pytest.mark.parametrize("kind", KERNELS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize(
    "g", [np.float16(1e-4), np.int8(100), np.int32(60000), np.int64(4_000_000_000), np.float32(1e25)]
)
def test_in_blocks_a_gradient_of_another_precision_is_as_good_as_in_one_go(kind, g, monkeypatch):
    v, w = Tensor(np.zeros(50)), Tensor(np.zeros(50))
    for p, optimizer in ((v, kind([v], lr=0.1)), (w, in_blocks(kind, [w], monkeypatch, lr=0.1))):
        p.grad = np.full(50, g)
        optimizer.step()
        optimizer.step()
    np.testing.assert_array_equal(w.data, v.data)


@pytest.mark.parametrize("kind", KERNELS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("blocks", [False, True])
def test_a_gradient_that_overflows_in_the_precision_of_its_parameter_is_refused(kind, blocks, monkeypatch):
    w = Tensor(np.zeros(50), dtype=np.float32)
    optimizer = in_blocks(kind, [w], monkeypatch) if blocks else kind([w])
    w.grad = np.full(50, 1e300)
    expected = "the gradient of parameter 0 of shape (50,) holds inf; nothing was updated"
    with np.errstate(over="ignore"), pytest.raises(FloatingPointError, match=re.escape(expected)):
        optimizer.step()
    assert not w.data.any()


def test_in_blocks_a_transform_or_a_state_that_comes_later_counts(monkeypatch):
    w = Tensor(np.zeros(50))
    optimizer = in_blocks(optim.Momentum, [w], monkeypatch, lr=1.0, momentum=0.5)
    w.grad = np.full(50, 9.0)
    optimizer.transforms.append(optim.ClipByValue(0.5))
    optimizer.step()
    np.testing.assert_array_equal(w.data, np.full(50, -0.5))
    optimizer.transforms.clear()
    optimizer.state["v"] = np.full(50, 2.0)
    optimizer.step()
    np.testing.assert_array_equal(w.data, np.full(50, -8.5))


@pytest.mark.parametrize("kind", KERNELS, ids=lambda kind: kind.__name__)
def test_a_vector_in_blocks_goes_the_same_way_as_in_one_go(kind, monkeypatch):
    shapes = [(50, 7), (3,), (40,), ()]
    rng = np.random.default_rng(0)
    ps = [Tensor(rng.normal(size=shape)) for shape in shapes]
    others = [Tensor(p.data) for p in ps]
    whole = kind(ps, lr=0.05)
    monkeypatch.setattr("optim.optimizer.WHOLE", 0)
    monkeypatch.setattr("optim.optimizer.BLOCK", 8 * 33)
    blocks = kind(others, lr=0.05)
    grouped = kind([{"parameters": (third := [Tensor(p.data) for p in ps])[:2]}, {"parameters": third[2:]}], lr=0.05)
    assert blocks.in_blocks
    assert not whole.in_blocks
    for seed in range(4):
        for parts in (ps, others, third):
            set_grads(parts, seed)
            if seed == 2:
                parts[1].grad = None
        whole.step()
        blocks.step()
        grouped.step()
    np.testing.assert_array_equal(blocks.w, whole.w)
    np.testing.assert_array_equal(grouped.w, whole.w)
    set_grads(others, 9)
    others[2].grad[3] = np.nan
    before = blocks.w.copy()
    with pytest.raises(FloatingPointError, match="parameter 2"):
        blocks.step()
    np.testing.assert_array_equal(blocks.w, before)
