"""Text in aligned columns, for tables that are read in a terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest

WIDTH = 112
GAP = "  "


def columns(rows: Sequence[Sequence[str]], numbers: Sequence[int] = (), indent: str = "") -> list[str]:
    """Rows of text, aligned: each column as wide as it needs, the widest wrapped at spaces to fit ``WIDTH``.

    Args:
        rows: of as many texts each.
        numbers: the columns that are aligned at the right.
        indent: what stands before each line.

    Returns:
        One text per row, of several lines if the row was wrapped.
    """
    widths = [max(map(len, column)) for column in zip(*rows)]
    while sum(widths) + len(GAP) * (len(widths) - 1) + len(indent) > WIDTH:
        widths[widths.index(max(widths))] -= 1
    aligned = []
    for row in rows:
        wrapped = [_wrapped(text, size) for text, size in zip(row, widths)]
        lines = []
        for parts in zip_longest(*wrapped, fillvalue=""):
            cells = [f"{t:>{w}}" if i in numbers else f"{t:<{w}}" for i, (t, w) in enumerate(zip(parts, widths))]
            lines.append((indent + GAP.join(cells)).rstrip())
        aligned.append("\n".join(lines))
    return aligned


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of at most so many characters; broken at spaces, or else behind what a formula can be broken behind."""
    lines = [""]
    for word in re.findall(r"\S+\s*", text):
        pieces = [word] if len(word.rstrip()) <= width else re.findall(r"[^*/(,]+[*/(,]*|[*/(,]+\s*", word)
        for piece in pieces:
            if lines[-1] and len(lines[-1]) + len(piece.rstrip()) > width:
                lines.append("")
            lines[-1] += piece
    return [line.rstrip() for line in lines]
