"""Networks at work: ``python -m nn digits``, ``python -m nn moons``, ``python -m nn page``."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import nn
import optim
from autograd import check_gradients, no_grad
from autograd.primitive import Array
from autograd.terminal import printing
from nn import data, page, plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEEDS = range(5)


def digits(folder: Path) -> None:
    """Learn to read handwritten digits, five times from different initial weights."""
    report = Report(folder)
    x, y, x_held_out, y_held_out = data.split(*data.digits(), held_out=0.2, rng=0)
    report.say(f"{len(x)} images of handwritten digits to learn from, {len(x_held_out)} held out")
    started = time.perf_counter()
    runs = []
    for seed in SEEDS:
        model = nn.MLP([64, 64, 10], activation="relu", rng=seed)
        optimizer = optim.Adam(model.parameters(), lr=3e-3)
        history = nn.fit(
            model, nn.cross_entropy, optimizer, (x, y), epochs=30, validation=(x_held_out, y_held_out), rng=seed
        )
        if history.interrupted:
            raise KeyboardInterrupt
        report.say(f"  seed {seed}: {history.validation_accuracy[-1]:.1%} of the held-out images read right")
        runs.append((history.validation_accuracy[-1], seed, model, history))
    runs.sort(key=lambda run: run[:2])
    score, seed, model, history = runs[len(runs) // 2]
    seconds = time.perf_counter() - started
    report.say(f"median {score:.1%}, after {seconds:.1f} s of training; the pictures show seed {seed}")

    with no_grad():
        predictions = np.argmax(model(x_held_out).numpy(), axis=1)
    few = slice(0, 8)
    report.say("along 4 random directions for each weight matrix and bias:")
    report.say(str(check_network(model, x[few], y[few])))
    report.write()
    for name, parameter in model.named_parameters():
        parameter.label = name
    loss = nn.cross_entropy(model(x[few]), y[few])
    loss.label = "loss"
    images = loss
    while images.inputs:  # back to what the first layer was given
        images = images.inputs[0]
    images.label = "images"
    model.zero_grad()
    loss.backward()
    loss.draw().save(folder / "graph.svg")
    report.draw("learning_curve.png", plots.learning_curve(history))
    report.draw("confusion_matrix.png", plots.confusion_matrix(y_held_out, predictions))
    report.draw("misread.png", plots.misread(x_held_out, y_held_out, predictions))


def moons(folder: Path) -> None:
    """Learn to tell two interleaved half circles apart."""
    report = Report(folder)
    points, labels = data.moons(400, noise=0.15, rng=0)
    x, y, x_held_out, y_held_out = data.split(points, labels, held_out=0.25, rng=0)
    model = nn.MLP([2, 16, 16, 2], activation="relu", rng=0)
    optimizer = optim.Adam(model.parameters(), lr=1e-2)
    history = nn.fit(model, nn.cross_entropy, optimizer, (x, y), epochs=60, validation=(x_held_out, y_held_out))
    if history.interrupted:
        raise KeyboardInterrupt
    right = f"{history.validation_accuracy[-1]:.1%} of the {len(x_held_out)} held-out points"
    report.say(f"{right} on the right side, after {len(history.loss)} epochs on {len(x)} others")
    report.write()
    report.draw("decision_boundary.png", plots.decision_boundary(model, points, labels))
    report.draw("learning_curve.png", plots.learning_curve(history))


def check_network(model: nn.Module, x: Array, y: Array) -> Any:
    """Check a network's gradient by moving each parameter along four directions of random signs."""
    directions = 4
    rng = np.random.default_rng(0)
    signs = [rng.choice([-1.0, 1.0], (directions, p.size)) for p in model.parameters()]

    def loss(*steps: Any) -> Any:
        moved = [p.numpy() + (step @ sign).reshape(p.shape) for p, step, sign in zip(model.parameters(), steps, signs)]
        return nn.cross_entropy(nn.functional_call(model, moved, x), y)

    return check_gradients(loss, *(np.zeros(directions) for _ in signs))


class Report:
    """What a demonstration says and draws, printed and kept in its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)

    def say(self, line: str) -> None:
        print(line, flush=True)
        self.lines.append(line)

    def draw(self, name: str, figure: Figure) -> None:
        figure.savefig(self.folder / name)

    def write(self) -> None:
        (self.folder / "report.txt").write_text("\n".join(self.lines) + "\n", encoding="utf-8")


def main() -> int:
    """Run the job the command line names; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m nn", description="Networks at work.")
    parser.add_argument(
        "job", choices=["digits", "moons", "page"], help="what to train; page: put all results on one page"
    )
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the pictures (default: out)")
    arguments = parser.parse_args()
    folder: Path = arguments.out
    try:
        if arguments.job == "page":
            print(f"open {page.write(folder)}")
        else:
            {"digits": digits, "moons": moons}[arguments.job](folder / arguments.job)
            print(f"pictures are in {folder / arguments.job}")
    except BrokenPipeError:
        raise  # it is no file that cannot be written
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except (ImportError, OSError) as error:
        print(f"python -m nn {arguments.job}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    with printing():
        sys.exit(main())
