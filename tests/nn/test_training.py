"""fit: what it learns, records, refuses, and says when a loss goes bad."""

import io
import re
import sys
import threading

import numpy as np
import pytest
import tqdm

import nn
import optim
from autograd import Tensor, log, no_grad
from nn import data


def line():
    """Points on a line, with a little noise."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(10, 1))
    return x, 3 * x + 1 + 0.1 * rng.normal(size=(10, 1))


def fit_line(epochs=5, lr=0.1, **options):
    x, y = line()
    model = nn.MLP([1, 1], rng=0)
    history = nn.fit(model, nn.mean_squared_error, optim.SGD(model.parameters(), lr), (x, y), epochs=epochs, **options)
    return model, history


def weights(model):
    return [p.numpy().tolist() for p in model.parameters()]


# ---- learning ------------------------------------------------------------


def test_fit_finds_the_line_that_least_squares_finds():
    model, history = fit_line(epochs=300, batch_size=10)
    x, y = line()
    slope, offset = np.polyfit(x[:, 0], y[:, 0], 1)
    assert model.layers[0].weight.item() == pytest.approx(slope, rel=1e-6)
    assert model.layers[0].bias.item() == pytest.approx(offset, rel=1e-6)
    assert history.loss[-1] < 0.01 * history.loss[0]


def test_fit_takes_the_steps_of_a_loop_written_by_hand():
    x, y = line()
    model = nn.MLP([1, 1], rng=0)
    optimizer = optim.SGD(model.parameters(), 0.1)
    rng = np.random.default_rng(7)
    for _ in range(3):
        order = rng.permutation(10)
        for rows in (order[:4], order[4:8], order[8:]):
            model.zero_grad()
            nn.mean_squared_error(model(x[rows]), y[rows]).backward()
            optimizer.step()
    assert weights(fit_line(epochs=3, batch_size=4, rng=7)[0]) == weights(model)


def test_fit_learns_to_classify_moons():
    x, y = data.moons(100, noise=0.1, rng=0)
    model = nn.MLP([2, 16, 2], rng=0)
    optimizer = optim.Adam(model.parameters(), lr=0.02)
    history = nn.fit(model, nn.cross_entropy, optimizer, (x, y), epochs=60, validation=(x, y))
    assert history.validation_accuracy[-1] >= 0.97
    assert history.loss[-1] < 0.3 * history.loss[0]


def test_fit_trains_a_network_of_values():
    scalar = nn.scalar.MLP(1, [1], rng=0)
    optimizer = optim.SGD(scalar.parameters(), lr=0.1)

    def squares(outputs, targets):
        return sum((y - t) ** 2 for y, t in zip(outputs, targets[:, 0])) / len(outputs)

    def on_rows(x):
        return [scalar(row) for row in x]

    history = nn.fit(on_rows, squares, optimizer, line(), epochs=50, batch_size=10)
    assert history.loss[-1] < 0.05 * history.loss[0]


@pytest.mark.parametrize(
    "make",
    [
        optim.LBFGS,
        optim.NesterovLookAhead,
        optim.PolyakSGD,
        lambda parameters: optim.SAM(optim.SGD(parameters, lr=0.1), rho=0.01),
        lambda parameters: optim.SGD(parameters, lr=optim.Plateau(0.1, patience=2)),
        lambda parameters: optim.Together(optim.SGD(parameters[:1], lr=0.1), optim.SGD(parameters[1:], lr=0.1)),
    ],
    ids=["line search", "gradient ahead", "loss", "two gradients", "schedule by loss", "several"],
)
def test_fit_gives_each_optimizer_what_its_step_needs(make):
    x, y = line()
    model = nn.MLP([1, 1], rng=0)
    first = nn.mean_squared_error(model(x), y).item()
    history = nn.fit(model, nn.mean_squared_error, make(model.parameters()), (x, y), epochs=30, batch_size=10)
    assert history.loss[0] == pytest.approx(first)
    assert history.loss[-1] < 0.1 * first


def test_gradients_are_forgotten_before_each_step():
    # Left over from before, this gradient would move the weight far away.
    x, y = line()
    model = nn.MLP([1, 1], rng=0)
    model.layers[0].weight.grad = np.full((1, 1), 1e9)
    nn.fit(model, nn.mean_squared_error, optim.SGD(model.parameters(), 0.1), (x, y), epochs=3, batch_size=4, rng=7)
    assert weights(model) == weights(fit_line(epochs=3, batch_size=4, rng=7)[0])


# ---- history -------------------------------------------------------------


def test_the_history_has_one_number_per_epoch():
    _, history = fit_line(epochs=4)
    assert len(history.loss) == 4
    assert all(type(loss) is float for loss in history.loss)
    assert (history.validation_loss, history.validation_accuracy, history.interrupted) == ([], [], False)


@pytest.mark.parametrize("batch_size", [1, 3, 4, 7, 10, 100])
def test_the_loss_of_an_epoch_is_the_mean_over_examples_whatever_the_batches(batch_size):
    # Steps of size 0 leave the weights alone, so that each epoch's mean is that of the whole data.
    model, history = fit_line(epochs=2, lr=0.0, batch_size=batch_size)
    x, y = line()
    whole = nn.mean_squared_error(model(x), y).item()
    assert history.loss == pytest.approx([whole, whole], rel=1e-12)


def test_the_loss_is_measured_before_the_step_it_is_used_for():
    x, y = line()
    before = nn.mean_squared_error(nn.MLP([1, 1], rng=0)(x), y).item()
    assert fit_line(epochs=1, batch_size=10)[1].loss == pytest.approx([before], rel=1e-12)


def test_the_same_seed_gives_the_same_run_and_another_seed_another():
    (model, history), (same, history_again), (other, _) = (fit_line(batch_size=3, rng=seed) for seed in (1, 1, 2))
    assert history == history_again
    assert weights(model) == weights(same)
    assert weights(model) != weights(other)


def test_a_generator_continues_where_it_was():
    rng = np.random.default_rng(1)
    first = weights(fit_line(batch_size=3, rng=rng)[0])
    assert first == weights(fit_line(batch_size=3, rng=1)[0])
    assert first != weights(fit_line(batch_size=3, rng=rng)[0])


def test_a_run_without_rng_can_be_repeated():
    assert weights(fit_line(batch_size=3)[0]) == weights(fit_line(batch_size=3)[0])


def test_validation_is_measured_after_each_epoch_with_the_weights_of_then():
    x, y = data.moons(40, noise=0.2, rng=0)
    x_held_out, y_held_out = data.moons(30, noise=0.2, rng=1)
    model = nn.MLP([2, 4, 2], rng=0)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    losses, accuracies = [], []
    rng = np.random.default_rng(0)
    for _ in range(3):
        history = nn.fit(
            model, nn.cross_entropy, optimizer, (x, y), epochs=1, validation=(x_held_out, y_held_out), rng=rng
        )
        scores = model(x_held_out)
        losses.append(nn.cross_entropy(scores, y_held_out).item())
        accuracies.append(np.mean(scores.numpy().argmax(axis=1) == y_held_out))
        assert (history.validation_loss, history.validation_accuracy) == (losses[-1:], accuracies[-1:])

    model = nn.MLP([2, 4, 2], rng=0)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    history = nn.fit(model, nn.cross_entropy, optimizer, (x, y), epochs=3, validation=(x_held_out, y_held_out), rng=0)
    assert (history.validation_loss, history.validation_accuracy) == (losses, accuracies)


def test_validation_does_not_change_what_is_learnt_and_records_no_graph():
    recorded = []

    def loss(output, target):
        recorded.append(output.op is not None)
        return nn.mean_squared_error(output, target)

    x, y = line()
    model = nn.MLP([1, 1], rng=0)
    optimizer = optim.SGD(model.parameters(), 0.1)
    nn.fit(model, loss, optimizer, (x, y), epochs=2, batch_size=10, validation=(x, y))
    assert recorded == [True, False, True, False]
    assert weights(model) == weights(fit_line(epochs=2, batch_size=10)[0])


@pytest.mark.parametrize("kind", [float, int])
def test_validation_accuracy_is_only_for_class_labels(kind):
    x, y = line()
    y = y.round().astype(kind)  # whole numbers in a column are targets of a regression all the same
    model = nn.MLP([1, 1], rng=0)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    history = nn.fit(model, nn.mean_squared_error, optimizer, (x, y), epochs=2, validation=(x, y))
    assert len(history.validation_loss) == 2
    assert history.validation_accuracy == []


def test_repr_of_a_history_says_what_happened():
    assert repr(nn.History()) == "History: no epoch was finished"
    assert repr(nn.History([2.0, 0.5])) == "History: 2 epochs, loss 2.0000 -> 0.5000"
    assert repr(nn.History([2.0, 0.5], [3.0, 0.75], [0.5, 0.975], interrupted=True)) == (
        "History: 2 epochs, loss 2.0000 -> 0.5000, validation loss 0.7500, validation accuracy 97.5% (interrupted)"
    )


# ---- refusals ------------------------------------------------------------


@pytest.mark.parametrize("name", ["epochs", "batch_size"])
@pytest.mark.parametrize("number", [0, -1, 2.0, "3", None])
def test_epochs_and_batch_size_are_whole_numbers_of_at_least_1(name, number):
    expected = f"{name} must be a whole number of at least 1, not {number!r}"
    with pytest.raises(ValueError, match=re.escape(expected)):
        fit_line(**{name: number})


@pytest.mark.parametrize("part", ["data", "validation"])
@pytest.mark.parametrize(("x", "y"), [((4, 2), (3,)), ((0, 2), (0,)), ((), (3,)), ((3,), ())])
def test_inputs_and_targets_that_are_not_row_by_row_are_refused_before_any_step(part, x, y):
    pairs = {"data": line(), "validation": line(), part: (np.zeros(x), np.zeros(y))}
    model = nn.MLP([1, 1], rng=0)
    before = weights(model)
    expected = f"{part} needs inputs and targets with one row per example, not shapes {x} and {y}"
    with pytest.raises(ValueError, match=re.escape(expected)):
        nn.fit(model, nn.mean_squared_error, optim.SGD(model.parameters()), epochs=1, **pairs)
    assert weights(model) == before


@pytest.mark.parametrize("part", ["data", "validation"])
@pytest.mark.parametrize(
    ("given", "named"),
    [
        (np.zeros((2, 1)), "an array of shape (2, 1)"),
        (np.zeros((4, 3)), "an array of shape (4, 3)"),
        ((np.zeros((4, 1)),), "tuple of 1"),
        ([0.0, 1.0, 2.0], "list of 3"),
        (5, "int"),
    ],
    ids=str,
)
def test_data_that_are_no_pair_are_refused_with_what_is_expected(part, given, named):
    data = {"data": line(), "validation": line(), part: given}
    model = nn.MLP([1, 1], rng=0)
    expected = f"fit: {part} is a pair, (inputs, targets), with one row per example, not {named}"
    with pytest.raises(TypeError, match=re.escape(expected)):
        nn.fit(model, nn.mean_squared_error, optim.SGD(model.parameters()), epochs=1, **data)


@pytest.mark.parametrize("part", ["data", "validation"])
def test_data_with_a_mask_are_refused(part):
    x, y = np.ones((4, 2)), np.array([0, 1, 0, 1])
    model = nn.MLP([2, 2], rng=0)
    masked = {part: (np.ma.array(x, mask=x > 0), y)}
    optimizer = optim.SGD(model.parameters())
    with pytest.raises(TypeError, match=f"fit: {part} has a mask, which no model sees; fill the masked entries, or"):
        nn.fit(model, nn.cross_entropy, optimizer, **{"data": (x, y), **masked}, epochs=1, progress=False)


def test_prediction_and_target_of_different_shapes_are_refused_and_take_no_step():
    x, y = line()
    model = nn.MLP([1, 1], rng=0)
    before = weights(model)
    with pytest.raises(ValueError, match=re.escape("shape (10, 1) but the target (10,)")):
        nn.fit(model, nn.mean_squared_error, optim.SGD(model.parameters()), (x, y[:, 0]), epochs=1)
    assert weights(model) == before


# ---- a loss that goes bad ------------------------------------------------


def test_a_nan_loss_names_epoch_batch_and_the_first_bad_node_and_takes_no_step():
    x, y = line()
    model = nn.MLP([1, 1], rng=0)
    seen = []

    def loss(output, target):
        seen.append(weights(model))
        error = nn.mean_squared_error(output, target)
        return log(error - 1e6).sum() * 2 if len(seen) == 5 else error  # epoch 2, batch 2 of 3

    expected = "the loss became nan in epoch 2, batch 2; the first node that went bad is log, computed from numbers"
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match=re.escape(expected)) as caught:
        nn.fit(model, loss, optim.SGD(model.parameters(), 0.1), (x, y), epochs=4, batch_size=4)
    assert re.search(r"numbers from -1e\+06 to -1e\+06 of shape \(\)", str(caught.value))
    assert "the step of this batch was not taken" in str(caught.value)
    assert weights(model) == seen[-1]
    assert len(seen) == 5


def test_an_infinite_loss_stops_too():
    x, y = line()
    model = nn.MLP([1, 1], rng=0)
    with (
        np.errstate(all="ignore"),
        pytest.raises(FloatingPointError, match=r"became inf in epoch \d+, batch 1; .* smaller learning rate"),
    ):
        nn.fit(model, nn.mean_squared_error, optim.SGD(model.parameters(), 1e3), (x, y), epochs=500, batch_size=10)


def test_data_may_be_tensors():
    histories = []
    for kind in (np.asarray, Tensor):
        model = nn.MLP([1, 1], rng=0)
        parts = [*map(kind, data.split(*map(kind, line()), held_out=0.5, rng=0))]
        sgd = optim.SGD(model.parameters(), 0.1)
        histories.append(nn.fit(model, nn.mean_squared_error, sgd, parts[:2], epochs=2, validation=parts[2:]))
    assert histories[0] == histories[1]


def test_a_loss_that_is_infinite_before_any_step_is_not_the_learning_rate_s_fault():
    x, y = line()
    model = nn.MLP([1, 1], rng=0)
    cure = "It is the first batch: inputs or weights of a smaller scale often cure it."
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match=re.escape(cure)):
        nn.fit(model, nn.mean_squared_error, optim.SGD(model.parameters()), (1e200 * x, y), epochs=1)


def test_a_parameter_that_already_was_nan_is_named():
    x, y = line()
    model = nn.MLP([1, 1], rng=0)
    model.layers[0].weight.data = [[np.nan]]
    model.layers[0].weight.label = "slope"
    with pytest.raises(FloatingPointError, match=re.escape("a parameter 'slope' of shape (1, 1) already held a nan")):
        nn.fit(model, nn.mean_squared_error, optim.SGD(model.parameters()), (x, y), epochs=1)


def test_an_input_that_is_nan_is_named():
    x, y = line()
    x[3] = np.nan
    model = nn.MLP([1, 1], rng=0)
    with pytest.raises(FloatingPointError, match=re.escape("an input of shape (10, 1) already held a nan or inf")):
        nn.fit(model, nn.mean_squared_error, optim.SGD(model.parameters()), (x, y), epochs=1)


# ---- the progress bar ----------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self):
        return True


def stderr_is(file, monkeypatch):
    """To be called in the test itself: pytest puts its own file there between the fixtures and the test."""
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)  # a notebook is watched too
    monkeypatch.setattr(sys, "stderr", file)
    return file


def test_a_terminal_shows_a_bar_that_counts_the_epochs(monkeypatch):
    terminal = stderr_is(Terminal(), monkeypatch)
    x, y = data.moons(40, noise=0.1, rng=0)
    model = nn.MLP([2, 2], rng=0)
    history = nn.fit(model, nn.cross_entropy, optim.SGD(model.parameters()), (x, y), epochs=3, validation=(x, y))
    drawn = terminal.getvalue()
    assert "0/3" in drawn
    assert drawn.endswith("\r")  # the bar is wiped away at the end
    assert len(history.loss) == 3


def test_the_bar_says_the_last_loss_and_accuracy(monkeypatch):
    stderr_is(Terminal(), monkeypatch)
    shown = []

    class Bar(tqdm.tqdm):
        def set_postfix(self, numbers, refresh):
            shown.append(numbers)

    monkeypatch.setattr(tqdm, "tqdm", Bar)
    x, y = data.moons(40, noise=0.1, rng=0)
    model = nn.MLP([2, 2], rng=0)
    history = nn.fit(model, nn.cross_entropy, optim.SGD(model.parameters()), (x, y), epochs=2, validation=(x, y))
    assert shown == [
        {"loss": f"{loss:.4f}", "accuracy": f"{accuracy:.1%}"}
        for loss, accuracy in zip(history.loss, history.validation_accuracy)
    ]


def test_no_bar_is_drawn_if_none_is_wanted(monkeypatch):
    terminal = stderr_is(Terminal(), monkeypatch)
    fit_line(progress=False)
    assert terminal.getvalue() == ""


def test_no_bar_is_drawn_where_nobody_is_watching(monkeypatch):
    file = stderr_is(io.StringIO(), monkeypatch)
    fit_line()
    assert file.getvalue() == ""


def test_without_tqdm_fit_trains_without_a_bar(monkeypatch):
    terminal = stderr_is(Terminal(), monkeypatch)
    monkeypatch.setitem(sys.modules, "tqdm", None)
    _, history = fit_line()
    assert len(history.loss) == 5
    assert terminal.getvalue() == ""


# ---- surroundings --------------------------------------------------------


def test_fit_works_outside_the_main_thread():
    histories = []
    thread = threading.Thread(target=lambda: histories.append(fit_line(rng=1)[1]))
    thread.start()
    thread.join()
    assert histories == [fit_line(rng=1)[1]]


def test_fit_in_no_grad_says_that_nothing_is_recorded():
    with no_grad(), pytest.raises(RuntimeError, match="fit: in no_grad nothing is recorded"):
        fit_line()


def test_arguments_in_the_wrong_place_are_named():
    model = nn.MLP([2, 1], rng=0)
    optimizer = optim.SGD(model.parameters())
    data = np.zeros((4, 2)), np.zeros((4, 1))
    for arguments, expected in (
        ((model, optimizer, nn.mean_squared_error), "loss_function is called on arrays, and SGD(lr=0.01) cannot be"),
        (("model", nn.mean_squared_error, optimizer), "model is called on arrays, and 'model' cannot be called"),
        ((model, nn.mean_squared_error, optim.SGD), "optimizer, the third argument, is one like optim.Adam("),
        ((model, nn.mean_squared_error, nn.mean_squared_error), "optimizer, the third argument, is one like"),
    ):
        with pytest.raises(TypeError, match=re.escape(f"fit: {expected}")):
            nn.fit(*arguments, data, epochs=1)


def test_a_history_shows_huge_losses_briefly():
    assert repr(nn.History(loss=[0.5, 3e80])) == "History: 2 epochs, loss 0.5000 -> 3e+80"


def test_a_loss_of_several_numbers_is_refused():
    model = nn.MLP([1, 1], rng=0)
    with pytest.raises(ValueError, match=r"fit: the loss has shape \(10, 1\); make it one number, as mean does"):
        nn.fit(model, lambda output, y: (output - y) ** 2, optim.SGD(model.parameters()), line(), epochs=1)


def test_fit_leaves_recording_on():
    fit_line(validation=line())
    assert (Tensor([1.0]) * 2).op is not None


@pytest.mark.parametrize("columns", [1, 2])
def test_whole_numbers_are_class_labels_only_beside_two_or_more_outputs(columns):
    model = nn.MLP([1, columns], rng=0)
    x, y = np.arange(6.0)[:, None], np.arange(6) % 2

    def loss(output, target):
        return nn.mean_squared_error(output[:, 0], target)

    history = nn.fit(model, loss, optim.SGD(model.parameters()), (x, y), epochs=1, validation=(x, y))
    assert len(history.validation_loss) == 1
    assert len(history.validation_accuracy) == columns - 1
