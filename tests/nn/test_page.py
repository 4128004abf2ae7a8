"""The page that gathers what the demonstrations wrote: whole, and readable without a network."""

import base64
import re
from html.parser import HTMLParser

import pytest

from nn import page

REPORTS = ["digits/report.txt", "moons/report.txt", "race/bowl/report.txt"]
PICTURES = [
    "digits/graph.svg",
    "digits/learning_curve.png",
    "digits/confusion_matrix.png",
    "digits/misread.png",
    "moons/decision_boundary.png",
    "moons/learning_curve.png",
    "race/bowl/race.png",
]


class Elements(HTMLParser):
    """Every element with its attributes, the text, and which elements were left open."""

    def __init__(self, source):
        super().__init__()
        self.found, self.text, self.open = [], "", []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def folder(tmp_path):
    """What the demonstrations leave behind, in place of their pictures a few characters."""
    for name in REPORTS + PICTURES:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"<{name}> & π", encoding="utf-8")
    return tmp_path


def test_the_page_is_written_to_index_html_and_closes_what_it_opens(folder):
    target = page.write(folder)
    assert target == folder / "index.html"
    elements = Elements(target.read_text(encoding="utf-8"))
    assert elements.open == []
    assert {"html", "head", "title", "body", "h1", "h2"} <= {tag for tag, _ in elements.found}
    assert ("meta", {"charset": "utf-8"}) in elements.found


def test_every_picture_is_embedded_byte_for_byte(folder):
    elements = Elements(page.write(folder).read_text(encoding="utf-8"))
    images = [attributes for tag, attributes in elements.found if tag == "img"]
    names = ["expression.svg", *PICTURES]
    assert len(images) == len(names)
    for image, name in zip(images, names):
        kind, encoded = image["src"].split(";base64,")
        assert kind == {"svg": "data:image/svg+xml", "png": "data:image/png"}[name[-3:]]
        assert base64.b64decode(encoded, validate=True) == (folder / name).read_bytes()


def test_every_picture_says_in_words_what_it_shows(folder):
    elements = Elements(page.write(folder).read_text(encoding="utf-8"))
    for tag, attributes in elements.found:
        if tag == "img":
            assert len(attributes["alt"].split()) >= 5


def test_the_page_refers_to_nothing_outside_itself(folder):
    source = page.write(folder).read_text(encoding="utf-8")
    for _, attributes in Elements(source).found:
        for name in ("src", "href", "srcset", "data", "poster", "action"):
            # The race, which the demonstrations wrote beside it, is a link to follow.
            assert attributes.get(name, "data:").startswith(("data:", "race/bowl/"))
    without_pictures = re.sub(r'src="data:[^"]*"', "", source)
    assert "http" not in without_pictures
    assert "url(" not in without_pictures
    assert "@import" not in without_pictures
    assert "<script" not in without_pictures


def test_the_page_shows_each_report_as_it_was_printed(folder):
    elements = Elements(page.write(folder).read_text(encoding="utf-8"))
    for name in REPORTS:
        assert f"<{name}> & π" in elements.text


def test_the_page_computes_and_draws_its_expression_itself(folder):
    text = Elements(page.write(folder).read_text(encoding="utf-8")).text
    assert '$ python -m autograd "tanh(w*x + b)" w=2 x=0.5 b=-1' in text
    assert "Gradients agree: all 3 derivatives" in text
    assert "<svg" in (folder / "expression.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", REPORTS + PICTURES)
def test_a_missing_file_is_named_and_no_page_is_written(folder, name):
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=rf"{re.escape(name)} is missing: run the demonstration .* make demo"):
        page.write(folder)
    assert not (folder / "index.html").exists()


def test_the_same_files_give_the_same_page(folder):
    first = page.write(folder).read_bytes()
    assert page.write(folder).read_bytes() == first
