"""The command ``python -m optim``: optimizers listed, and raced on a surface, on digits and on two moons."""

from __future__ import annotations

import argparse
import math
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

import nn
from autograd.terminal import printing
from nn import data
from optim import census, moons, race_page
from optim.problems import Problem, on_data, on_surface
from optim.race import race
from optim.surfaces import SURFACES

STEPS = 150
SEEDS = 3


def main(arguments: Sequence[str]) -> int:
    """List optimizers, or race them.

    Returns:
        The exit status: 0; 1 if something is missing or a file cannot be written; 130 after Ctrl-C.
    """
    problems = {
        **{surface.name: surface.formula for surface in SURFACES.values()},
        "digits": "a network of 64-32-10 units that reads handwritten digits",
        "moons": "a network of 2-12-13-13-2 units; without options, how many epochs each optimizer of the course needs",
    }
    parser = argparse.ArgumentParser(
        prog="python -m optim",
        usage="""python -m optim PROBLEM [--optimizers A,B] [--steps N] [--lr X] [--out DIR]
       python -m optim moons [--seeds N] [--out DIR]
       python -m optim --list [NAME]""",
        description="Many optimizers on one problem: a table, a picture, and a page on which they run again.",
        epilog="problems:\n" + "\n".join(f"  {name:12}{what}" for name, what in problems.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("problem", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("--list", nargs="?", const="", metavar="NAME", help="all optimizers, or one of them in full")
    parser.add_argument("--optimizers", metavar="A,B", help="who takes part (default: all there are)")
    parser.add_argument("--steps", type=_count, metavar="N", help=f"of each (default: {STEPS})")
    parser.add_argument(
        "--lr", type=_rate, metavar="X", help="one learning rate for all (default: for each the best that is found)"
    )
    parser.add_argument("--seeds", type=_count, metavar="N", help=f"of the comparison on moons (default: {SEEDS})")
    parser.add_argument("--out", type=Path, default="out", metavar="DIR", help="folder to write to (default: out)")
    given = parser.parse_args(arguments)
    try:
        if given.list is not None:
            print(census.describe(census.find(given.list)) if given.list else census.report(), flush=True)
            return 0
        if given.problem is None:
            parser.print_help()
            return 0
        if given.problem not in problems:
            near = get_close_matches(given.problem, problems)
            hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(problems)}"
            raise ValueError(f"there is no problem {given.problem!r}; {hint}")
        comparing = given.problem == "moons" and (given.optimizers, given.steps, given.lr) == (None, None, None)
        if given.seeds is not None and not comparing:
            raise ValueError("--seeds is for the comparison on moons, which takes none of the other options")
        names = given.optimizers.split(",") if given.optimizers else []
        kinds = [*dict.fromkeys(census.find(name.strip()) for name in names)] or everyone()
    except ValueError as error:
        parser.error(str(error))
    folder = given.out / "race" / given.problem
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if comparing:
            compare(given.seeds or SEEDS, folder)
        else:
            problem = NETWORKS[given.problem]() if given.problem in NETWORKS else on_surface(SURFACES[given.problem])
            run(problem, kinds, given.steps or STEPS, given.lr, folder)
    except BrokenPipeError:
        raise  # it is no file that cannot be written
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except (ImportError, OSError) as error:
        print(f"python -m optim {given.problem}: {error}", file=sys.stderr)
        return 1
    return 0


def everyone() -> list[type[Any]]:
    """All optimizers and wrappers."""
    return [*census.optimizers(), *census.wrappers()]


def run(problem: Problem, kinds: Sequence[type[Any]], steps: int, lr: float | None, folder: Path) -> None:
    """Race, and write down what came out."""
    with jobs(len(kinds)) as each:
        result = race(problem, kinds, steps, lr, each)
    lesson = f"\n{problem.surface.lesson}" if problem.surface else ""
    rates = "" if lr is not None else "; each at the best learning rate that a search found"
    report = f"{result.title}{lesson}\n{steps} steps{rates}.\n\n{result.table()}"
    print(f"{report}\n", flush=True)
    (folder / "report.txt").write_text(report + "\n", encoding="utf-8")
    (folder / "race.html").write_text(race_page.page(result), encoding="utf-8")
    print(f"The race itself is {folder / 'race.html'}", flush=True)
    result.plot(folder / "race.png")  # last, as it takes matplotlib
    print(f"The picture is {folder / 'race.png'}", flush=True)


def digits() -> Problem:
    """The problem of reading handwritten digits."""
    x, y, x_held_out, y_held_out = data.split(*data.digits(), held_out=0.2, rng=0)
    return on_data(
        f"digits: cross-entropy on {len(x_held_out)} images held out, {len(x)} to learn from in batches of 64",
        0.2,
        partial(nn.MLP, [64, 32, 10]),
        nn.cross_entropy,
        (x, y),
        (x_held_out, y_held_out),
    )


def two_moons() -> Problem:
    """The problem of telling two moons apart, with the network of the course."""
    return on_data(
        f"moons: cross-entropy on {moons.POINTS} points held out, {moons.POINTS} to learn from in batches of 32",
        0.02,
        partial(nn.MLP, moons.SIZES),
        nn.cross_entropy,
        data.moons(moons.POINTS, moons.NOISE, rng=0),
        data.moons(moons.POINTS, moons.NOISE, rng=1),
        batch_size=32,
    )


NETWORKS = {"digits": digits, "moons": two_moons}


def compare(seeds: int, folder: Path) -> None:
    """Reproduce the course's comparison on two moons."""
    started = time.perf_counter()
    runs = [(contender, seed) for contender in moons.CONTENDERS for seed in range(seeds)]
    train = partial(moons.train, model=nn.MLP, loss=nn.cross_entropy, points=data.moons)
    with jobs(len(runs)) as each:
        comparison = moons.Comparison([*each(train, runs)])
    report = comparison.report()
    seconds = time.perf_counter() - started
    print(f"{report}\n\nAll of it took {seconds:.0f} s", flush=True)
    (folder / "report.txt").write_text(report + "\n", encoding="utf-8")
    comparison.plot(folder / "moons.png")
    print(f"The picture is {folder / 'moons.png'}", flush=True)


@contextmanager
def jobs(count: int) -> Iterator[Callable[..., Iterable[Any]]]:
    """A ``map`` for this many jobs that shows how far it has come; on several cores, if there are many."""
    processes = min(8, os.cpu_count() or 1)
    if processes == 1 or count <= 8:  # starting processes takes a second
        yield lambda function, items: progress(map(function, items), count)
        return
    # New processes and no forked ones, which would inherit locks from the threads of this one.
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes, signal.signal, (signal.SIGINT, signal.SIG_IGN)) as pool:
        yield lambda function, items: progress(pool.imap(function, items), count)


def progress(results: Iterable[Any], count: int) -> Iterator[Any]:
    """Pass on results, and draw a bar of how many there are, if somebody is watching."""
    watched = sys.stderr.isatty()
    started = time.perf_counter()
    for done, result in enumerate(results, start=1):
        if watched:
            bar = "#" * (40 * done // count)
            print(
                f"\r[{bar:40}] {done} of {count}, {time.perf_counter() - started:.0f} s",
                end="",
                file=sys.stderr,
                flush=True,
            )
        yield result
    if watched:
        print("\r" + " " * 72 + "\r", end="", file=sys.stderr, flush=True)


def _count(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, not {text!r}")
    return int(text)


def _rate(text: str) -> float:
    """A positive number."""
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not 0 < rate < math.inf:
        raise argparse.ArgumentTypeError(f"must be a number above 0, not {text!r}")
    return rate


if __name__ == "__main__":
    with printing():
        sys.exit(main(sys.argv[1:]))
