"""Hyperparameters that are assigned after the optimizer was made."""

import re

import numpy as np
import pytest
from family import OPTIMIZERS, WRAPPERS, parameters

import optim
from autograd import Tensor
from optim.hyperparameters import hyperparameters_of


def tensor():
    return Tensor([1.0, 2.0])


def step(optimizer, w):
    optimizer.zero_grad()
    loss = w.sum()
    loss.backward()
    optimizer.step(loss)


@pytest.mark.parametrize("kind", [*OPTIMIZERS, *WRAPPERS], ids=lambda kind: kind.__name__)
def test_one_out_of_its_range_is_refused_as_by_the_constructor_and_changes_nothing(kind):
    ps = parameters()
    optimizer = kind(optim.SGD(ps)) if issubclass(kind, optim.Wrapper) else kind(ps)
    for name, _ in hyperparameters_of(kind):
        before = getattr(optimizer, name)
        for wrong in ("0.1", np.array([1.0, 2.0]), np.nan):
            with pytest.raises(ValueError, match=re.escape(f"{kind.__name__}: {name} must be ")):
                setattr(optimizer, name, wrong)
            assert getattr(optimizer, name) == before


def test_a_number_takes_the_place_of_a_schedule():
    w = tensor()
    optimizer = optim.SGD([w], lr=optim.CosineDecay(0.5, steps=10))
    step(optimizer, w)
    optimizer.lr = 0.25
    step(optimizer, w)
    step(optimizer, w)
    np.testing.assert_allclose(w.data, [0.0, 1.0], rtol=1e-15)
    assert optimizer.schedules == {}


def test_a_schedule_that_is_assigned_is_asked_with_the_steps_taken_so_far():
    w = tensor()
    optimizer = optim.SGD([w], lr=0.0)
    step(optimizer, w)
    asked = []
    optimizer.lr = lambda steps: asked.append(steps) or 0.5
    assert optimizer.lr == 0.5
    step(optimizer, w)
    assert asked == [1, 1]
    np.testing.assert_array_equal(w.data, [0.5, 1.5])
    with pytest.raises(ValueError, match="SGD: lr must be a number with 0 <= lr < inf, not -1"):
        optimizer.lr = lambda steps: -1
    assert list(optimizer.schedules) == ["lr"]
    assert optimizer.lr == 0.5


def test_a_schedule_that_follows_the_loss_asks_for_it_from_then_on():
    w = tensor()
    optimizer = optim.SGD([w])
    optimizer.lr = optim.Plateau(0.1, factor=0.5, patience=1)
    w.sum().backward()
    with pytest.raises(TypeError, match="Plateau depends on the loss"):
        optimizer.step()
    for _ in range(4):
        optimizer.step(1.0)
    assert optimizer.lr < 0.1


def test_a_group_keeps_what_is_assigned_to_it_and_the_others_follow_the_whole():
    v, w = tensor(), tensor()
    optimizer = optim.SGD([{"parameters": v}, {"parameters": w}], lr=0.1)
    optimizer.groups[0].lr = 1.0
    optimizer.lr = 0.5
    (v.sum() + w.sum()).backward()
    optimizer.step()
    np.testing.assert_array_equal(v.data, [0.0, 1.0])
    np.testing.assert_array_equal(w.data, [0.5, 1.5])


def test_a_group_that_was_loaded_keeps_the_number_it_was_saved_with():
    v, w = tensor(), tensor()
    saved = optim.SGD([{"parameters": v, "lr": 0.5}, {"parameters": w}], lr=0.1).state_dict()
    optimizer = optim.SGD([{"parameters": v}, {"parameters": w}], lr=0.1)
    optimizer.load_state_dict(saved)
    (v.sum() + w.sum()).backward()
    optimizer.step()
    np.testing.assert_array_equal(v.data, [0.5, 1.5])
    np.testing.assert_array_equal(w.data, [0.9, 1.9])
