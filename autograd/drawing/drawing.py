"""A picture of a graph: an object that shows itself and saves itself."""

from __future__ import annotations

import base64
import html
import os
import secrets
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from autograd.drawing import render
from autograd.drawing.dot import dot
from autograd.drawing.outline import outline, sentence
from autograd.graph import newest_first
from autograd.node import Node

LARGEST = 500


def draw(node: Node) -> Drawing:
    """A picture of the graph behind a node, as it is now.

    Raises:
        ValueError: the graph has more than 500 nodes.
    """
    order = newest_first([node])[::-1]
    if len(order) > LARGEST:
        raise ValueError(
            f"this graph has {len(order):,} nodes, and a picture of more than {LARGEST} cannot be read: draw a smaller "
            f"piece, such as the graph of one sample, of one neuron, or of an intermediate node, "
            f"as in node.inputs[0].draw()"
        )
    return Drawing(dot(order), sentence(order), outline(order))


@dataclass(frozen=True, repr=False)
class Drawing:
    """A picture, which a notebook shows; elsewhere it prints as an outline of the graph.

    Attributes:
        source: the picture in the DOT language.
        sentence: what it shows, in words.
        outline: the graph as a table in plain text.
    """

    source: str
    sentence: str
    outline: str

    @cached_property
    def svg(self) -> str:
        """The picture as SVG."""
        return render.svg(self.source, self.sentence)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file: .svg, .png or .pdf, or its source: .dot or .gv.

        Raises:
            ValueError: the file name ends otherwise.
            FileNotFoundError: .png and .pdf need Graphviz's program ``dot``, and it is not installed.
            OSError: the file cannot be written; then nothing is.
        """
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix == ".svg":
            content = self.svg.encode()
        elif suffix in (".dot", ".gv"):
            content = self.source.encode()
        elif suffix in (".png", ".pdf"):
            content = render.png_or_pdf(self.source, suffix[1:])
        else:
            raise ValueError(
                f"cannot save a drawing as {path.name!r}: its name must end in .svg, .png, .pdf, .dot or .gv"
            )
        _write(path, content)

    def _repr_html_(self) -> str:
        # An image, since notebooks that are not trusted show no inline SVG; it scrolls rather than shrinks.
        data = base64.b64encode(self.svg.encode()).decode()
        image = (
            f'<img src="data:image/svg+xml;base64,{data}" alt="{html.escape(self.sentence)}" style="max-width: none">'
        )
        return f'<div style="overflow-x: auto">{image}</div>'

    def __repr__(self) -> str:
        return self.outline


def _write(path: Path, content: bytes) -> None:
    """All of it or nothing: written beside its place, then put there in one step."""
    beside = path.with_name(f".{secrets.token_hex(8)}{path.suffix}")
    try:
        try:
            beside.write_bytes(content)
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise OSError(
            error.errno, f"the drawing was not saved ({error.strerror}); check the folder", str(path)
        ) from None
