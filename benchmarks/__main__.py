"""Run every contest, print the table and write it to ``RESULTS.md`` beside this file."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import autograd
from benchmarks import chain, convolution, demo_step, optimizers, selection, training_step
from benchmarks.contest import Comparison, in_fresh_process

CONTESTS = (
    demo_step.compare,
    training_step.compare,
    optimizers.compare,
    convolution.compare,
    selection.compare,
    chain.compare,
)
HEADINGS = ["job", "ours", "peer", "the peer's", "ours / the peer's", "goal", "verdict"]
RESULTS = Path(__file__).with_name("RESULTS.md")

EXPLANATION = """\
# Benchmarks

Made by `make bench` (`python -m benchmarks`), which runs everything below side by side and overwrites this file.

{table}

{setting}

- One thread each. A time is that of one step, the least of interleaved rounds of steps in a row, as in training.
- Before it is timed, each job is checked: all contestants compute the same loss and the same gradients.
- The garbage collector is as Python has it. What it costs is part of the time: micrograd's graphs are cyclic, and
  wait for it.
- micrograd's demo hands NumPy's numbers to `Value`. micrograd keeps them and computes with them, which is slower than
  with Python's floats, so the table has both.
- The step of the networks of arrays is zero_grad, forward, softmax cross-entropy, backward and SGD, in float32.
  `numpy_network.py` is the NumPy by hand.
- `allow_stale()` is the same step without looking for inputs that were changed after they were used.
- The chain is `y = y * w; y = y + b; ...` in float64, recorded, differentiated and freed, each time in a new process.
  `w` and `b` are variables, or plain numbers where the table says so. The `Tensor`s are 0-d, as PyTorch's are. The
  memory is what the chain adds to the peak.
"""


def setting() -> str:
    """The versions of everything that was compared."""
    versions = [f"stepgrad {autograd.__version__}", f"Python {platform.python_version()}"]
    for distribution in ("numpy", "torch", "micrograd"):
        try:
            versions.append(f"{distribution} {metadata.version(distribution)}")
        except metadata.PackageNotFoundError:
            versions.append(f"{distribution} not installed, skipped")
    return f"{', '.join(versions)}; {platform.system()} {platform.machine()}, {os.cpu_count()} cores."


def markdown(comparisons: Sequence[Comparison]) -> str:
    """The comparisons as a table whose columns line up."""
    rows = [HEADINGS, *(comparison.cells() for comparison in comparisons)]
    widths = [max(map(len, column)) for column in zip(*rows)]
    rows.insert(1, ["-" * width for width in widths])
    return "\n".join(f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths))} |" for row in rows)


def main() -> None:
    """Run, print, write."""
    comparisons: list[Comparison] = []
    for contest in CONTESTS:
        print(f"{contest.__module__} ...", flush=True)
        comparisons += in_fresh_process(contest)
    print(f"\n{markdown(comparisons)}\n\n{setting()}")
    RESULTS.write_text(EXPLANATION.format(table=markdown(comparisons), setting=setting()), encoding="utf-8")
    print(f"\nWritten to {RESULTS}")


if __name__ == "__main__":
    main()
