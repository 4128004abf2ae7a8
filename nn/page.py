"""One page with everything the demonstrations wrote, which opens without a network."""

from __future__ import annotations

import base64
import contextlib
import html
import io
from pathlib import Path

from autograd.__main__ import main as autograd_command

_EXPRESSION = ["tanh(w*x + b)", "w=2", "x=0.5", "b=-1"]

# title, text in HTML, folder-relative report, and per picture its file and caption
_SECTIONS: list[tuple[str, str, str, list[tuple[str, str]]]] = [
    (
        "One expression, every derivative",
        "Values flow from left to right; the gradient of the result flows back. Each edge carries the local "
        "derivative, so that the chain rule can be followed by eye: multiply along a path, add over paths.",
        "expression.txt",
        [("expression.svg", "The computation graph of tanh(w*x + b), with values, gradients and local derivatives.")],
    ),
    (
        "A network that reads handwriting",
        "A multi-layer perceptron, 64 pixels to 64 ReLU units to 10 digits, trained with Adam on scikit-learn's "
        "1,797 scans of handwritten digits, a fifth of them held out.",
        "digits/report.txt",
        [
            ("digits/graph.svg", "The network's computation graph for eight images, after the backward pass."),
            ("digits/learning_curve.png", "Loss and held-out errors per epoch."),
            ("digits/confusion_matrix.png", "How often each held-out digit was read as which."),
            ("digits/misread.png", "Held-out digits that were misread."),
        ],
    ),
    (
        "A boundary that bends",
        "The same layers on two interleaved half circles, which no straight line can separate.",
        "moons/report.txt",
        [
            ("moons/decision_boundary.png", "The two classes and the network's decision boundary."),
            ("moons/learning_curve.png", "Loss per epoch, and the share of points on the wrong side."),
        ],
    ),
    (
        "Five ways down a valley",
        "Optimizers that start at the same place and see the same slopes. "
        '<a href="race/bowl/race.html">race/bowl/race.html</a>, beside this page, plays their race step by step.',
        "race/bowl/report.txt",
        [("race/bowl/race.png", "The way of each over the surface, and its loss after each step.")],
    ),
]

_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.55 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; color: #1a1a1a; background: #fff;
       max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.9rem; margin: 0 0 .25rem; }
h2 { font-size: 1.3rem; margin: 2.75rem 0 .25rem; border-top: 1px solid #ddd; padding-top: 1.5rem; }
p { max-width: 46rem; }
pre { background: #f5f5f5; border-left: 4px solid #0072B2; padding: .8rem 1rem; overflow-x: auto;
      font: 13px/1.5 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
figure { margin: 1.25rem 0; }
figure img { max-width: 100%; height: auto; }
/* A graph may be as wide as the window, and scrolls if it is wider. */
figure.graph { overflow-x: auto; width: max-content; min-width: 100%; max-width: calc(100vw - 2.5rem);
               position: relative; left: 50%; transform: translateX(-50%); }
figure.graph img { max-width: none; }
figure.graph figcaption { position: sticky; left: 0; width: fit-content; }
figcaption { color: #555; font-size: .9rem; }
"""


def write(folder: Path) -> Path:
    """Gather what the demonstrations wrote in ``folder`` into ``folder/index.html``.

    Raises:
        FileNotFoundError: a demonstration has not been run; says which file is missing.
    """
    _differentiate(folder)
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f"<title>stepgrad: what it learnt</title><style>{_STYLE}</style></head><body>",
        "<h1>What a derivative table can learn</h1>",
        "<p>Everything below was computed on this machine from one table of local derivatives, which are "
        "multiplied along every path through a graph, and added up, backwards.</p>",
    ]
    for title, text, report, pictures in _SECTIONS:
        parts += [f"<h2>{html.escape(title)}</h2>", f"<p>{text}</p>"]
        parts.append(f"<pre>{html.escape(_read(folder / report).decode())}</pre>")
        for file, caption in pictures:
            caption = html.escape(caption)
            look = ' class="graph"' if file.endswith(".svg") else ""  # wide, and scrolled rather than shrunk
            image = f'<img src="{_data_uri(folder / file)}" alt="{caption}">'
            parts.append(f"<figure{look}>{image}<figcaption>{caption}</figcaption></figure>")
    parts.append("</body></html>\n")
    target = folder / "index.html"
    target.write_text("\n".join(parts), encoding="utf-8")
    return target


def _differentiate(folder: Path) -> None:
    """The first section's picture and report, from the command that makes them."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        print(f'$ python -m autograd "{_EXPRESSION[0]}" {" ".join(_EXPRESSION[1:])}\n')
        autograd_command([*_EXPRESSION, "--out", str(folder / "expression.svg")])
    (folder / "expression.txt").write_text(text.getvalue(), encoding="utf-8")


def _data_uri(path: Path) -> str:
    kind = {".svg": "image/svg+xml", ".png": "image/png"}[path.suffix]
    return f"data:{kind};base64,{base64.b64encode(_read(path)).decode()}"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{path} is missing: run the demonstration that writes it first, or all: make demo"
        ) from None
