"""Finding a model's parameters, and calling it with others in their place."""

import pickle
import re

import numpy as np
import pytest

import nn
from autograd import Tensor, Value, gradients


def named(module):
    return list(dict(module.named_parameters()))


class Branches(nn.Module):
    """Parameters and modules in every place where a module may keep them."""

    def __init__(self):
        self.scale = Value(2.0)
        self.name = "branches"
        self.sizes = [1, 2]
        self.branches = [nn.Linear(2, 2, rng=0), [nn.Linear(2, 2, rng=1)]]
        self.pair = (nn.Linear(2, 2, rng=2), nn.tanh)
        self.offsets = [Tensor([1.0, 2.0]), Tensor([3.0, 4.0])]

    def __call__(self, x):
        first, (second,) = self.branches
        return self.scale * (first(x) + second(x) + self.pair[0](x)) + self.offsets[0] - self.offsets[1]


class Shared(nn.Module):
    """One weight in two places, and one layer in two places."""

    def __init__(self):
        self.encoder = nn.Linear(2, 2, rng=0)
        self.decoder = nn.Linear(2, 2, rng=1)
        self.decoder.weight = self.encoder.weight
        self.again = [self.encoder]

    def __call__(self, x):
        return self.again[0](self.decoder(self.encoder(x)))


# ---- parameters ----------------------------------------------------------


def test_paths_lead_from_attribute_to_attribute_and_number_lists():
    assert named(nn.MLP([3, 4, 2])) == ["layers.0.weight", "layers.0.bias", "layers.2.weight", "layers.2.bias"]
    assert named(Branches()) == [
        "scale",
        "branches.0.weight",
        "branches.0.bias",
        "branches.1.0.weight",
        "branches.1.0.bias",
        "pair.0.weight",
        "pair.0.bias",
        "offsets.0",
        "offsets.1",
    ]
    assert named(nn.scalar.MLP(1, [2]))[:3] == [
        "layers.0.neurons.0.w.0",
        "layers.0.neurons.0.b",
        "layers.0.neurons.1.w.0",
    ]


def test_each_path_names_its_parameter():
    model = nn.MLP([3, 2])
    assert dict(model.named_parameters())["layers.0.bias"] is model.layers[0].bias
    assert [id(p) for p in model.parameters()] == [id(p) for _, p in model.named_parameters()]


def test_a_shared_parameter_comes_once_under_its_first_path():
    model = Shared()
    assert named(model) == ["encoder.weight", "encoder.bias", "decoder.bias"]
    assert len(model.parameters()) == 3


def test_a_module_may_know_the_whole_that_it_is_a_part_of():
    whole = nn.Sequential(nn.Linear(2, 1, rng=0))
    whole.layers[0].parent = whole
    assert named(whole) == ["layers.0.weight", "layers.0.bias"]


def test_parameters_in_dictionaries_are_found_and_substituted():
    class Branches(nn.Module):
        def __init__(self):
            self.sizes = {"hidden": 2}
            self.branches = {"a": nn.Linear(2, 1, rng=0), "scale": Tensor([2.0])}

        def __call__(self, x):
            return self.branches["a"](x) * self.branches["scale"]

    model = Branches()
    assert [path for path, _ in model.named_parameters()] == ["branches.a.weight", "branches.a.bias", "branches.scale"]
    ones = [np.ones(p.shape) for p in model.parameters()]
    assert nn.functional_call(model, ones, np.array([[1.0, 2.0]])).item() == 4.0
    assert model.branches["scale"].item() == 2.0


def test_a_module_without_parameters_has_none():
    assert nn.Sequential(nn.relu).parameters() == []


@pytest.mark.parametrize("name", [*nn.activations.ACTIVATIONS])
def test_a_model_survives_a_pickle(name):
    model = nn.MLP([2, 3, 1], activation=name, rng=0)
    twin = pickle.loads(pickle.dumps(model))
    x = np.array([[1.0, -2.0]])
    np.testing.assert_array_equal(twin(x).data, model(x).data)
    assert repr(twin) == repr(model)
    assert {*twin.parameters()}.isdisjoint(model.parameters())


def test_zero_grad_forgets_every_gradient():
    model = nn.MLP([3, 4, 2], rng=0)
    model(np.ones((1, 3))).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_a_module_without_call_says_so():
    class Half(nn.Module):
        pass

    with pytest.raises(NotImplementedError, match=re.escape("Half does not define __call__(self, x)")):
        Half()(1.0)


def test_a_module_that_defines_forward_instead_of_a_call_is_told_so():
    class Torch(nn.Module):
        def forward(self, x):
            return x

    expected = "Torch does not define __call__(self, x); rename forward to __call__"
    with pytest.raises(NotImplementedError, match=re.escape(expected)):
        Torch()(1.0)


# ---- functional_call -----------------------------------------------------


@pytest.mark.parametrize("make", [Branches, Shared, lambda: nn.MLP([2, 3, 2], rng=0)])
def test_functional_call_gives_what_the_model_with_these_parameters_would(make):
    model, other = make(), make()
    for p in other.parameters():
        p.data = np.asarray(p.data) * 0.5 + 0.25
    x = np.array([[1.0, -2.0]])
    before = [np.array(p.data) for p in model.parameters()]
    own = [id(p) for p in model.parameters()]

    substituted = nn.functional_call(model, other.parameters(), x)

    np.testing.assert_array_equal(substituted.numpy(), other(x).numpy())
    assert [id(p) for p in model.parameters()] == own
    for p, data in zip(model.parameters(), before):
        np.testing.assert_array_equal(p.data, data)


def test_functional_call_passes_gradients_to_what_was_substituted_and_not_to_the_model():
    model = nn.MLP([2, 3, 1], rng=0)
    copies = [Tensor(p.numpy()) for p in model.parameters()]
    x = np.array([[1.0, -2.0]])
    nn.functional_call(model, copies, x).sum().backward()
    assert all(p.grad is None for p in model.parameters())
    model(x).sum().backward()
    for p, copy in zip(model.parameters(), copies):
        np.testing.assert_array_equal(p.grad, copy.grad)


def test_functional_call_takes_results_of_operations_as_parameters():
    model = nn.Linear(1, 1)
    theta = Tensor([[3.0]])
    y = nn.functional_call(model, [theta**2, Tensor([0.0])], np.array([[1.0]]))
    (slope,) = gradients(y.sum(), [theta])
    assert slope.item() == 6.0


def test_functional_call_takes_plain_arrays():
    y = nn.functional_call(nn.Linear(2, 1), [np.array([[1.0], [2.0]]), np.array([0.5])], np.array([[3.0, 4.0]]))
    assert float(y[0, 0]) == 11.5


def test_functional_call_restores_the_model_when_the_call_raises():
    model = nn.MLP([2, 3, 1], rng=0)
    own = [id(p) for p in model.parameters()]
    with pytest.raises(ValueError, match="linear"):
        nn.functional_call(model, [Tensor(p.numpy()) for p in model.parameters()], np.zeros((1, 5)))
    assert [id(p) for p in model.parameters()] == own


@pytest.mark.parametrize(
    "given", [[], [np.zeros((2, 1))], [np.zeros((1, 2)), np.zeros(1)], [np.zeros((2, 1)), np.zeros(1), np.zeros(1)]]
)
def test_functional_call_refuses_parameters_that_do_not_fit_and_changes_nothing(given):
    model = nn.Linear(2, 1)
    own = [id(p) for p in model.parameters()]
    expected = f"has parameters of shapes [(2, 1), (1,)], but was given {[p.shape for p in given]}"
    with pytest.raises(ValueError, match=re.escape(expected)):
        nn.functional_call(model, given, np.zeros((1, 2)))
    assert [id(p) for p in model.parameters()] == own
