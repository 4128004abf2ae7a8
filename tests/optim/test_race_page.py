"""The page that plays a race: whole, safe, true to the race, and alive in a browser."""

import html
import json
import math
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optim import census, race_page
from optim.race import Race, Run
from optim.surfaces import SURFACES

SURFACE = SURFACES["himmelblau"]
FLAT = replace(SURFACE, function=lambda x, y: 0 * (x + y))  # without contours, which take their time
LEFT, RIGHT, BOTTOM, TOP = SURFACE.box
NASTY = ["</script><script>alert(1)</script>", "<!-- & -->", "{{race}} {{title}}", "a\u2028\"b\\'", "<b>Adam</b> & Eve"]


def run_along(path, name="SGD", failure=""):
    path = np.array(path, float)
    with np.errstate(all="ignore"):
        losses = [float(SURFACE.function(x, y)) for x, y in path]
    return Run(name, "lr=0.1", losses, path, 0.01, failure)


def straight(name, end, steps=20):
    return run_along(np.linspace(SURFACE.start, end, steps + 1), name)


def network(losses, name="Adam", failure=""):
    return Run(name, "lr=0.01", losses, None, 0.5, failure)


def on_surface(*runs, title="A race", target=1e-3):
    return Race(title, list(runs), SURFACE, target)


def data_of(page):
    def reject(word):
        raise AssertionError(f"{word} is not JSON")

    (text,) = re.findall(r'<script type="application/json" id="race">(.*?)</script>', page, re.DOTALL)
    return json.loads(text, parse_constant=reject)


class Elements(HTMLParser):
    """Every element with its attributes, the text outside scripts, and which elements were left open."""

    def __init__(self, source):
        super().__init__()
        self.found, self.text, self.open = [], "", []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in ("meta", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("script", "style"):
            self.text += data


# ---- the file --------------------------------------------------------------------


def test_the_page_refers_to_nothing_outside_itself():
    page = race_page.page(on_surface(straight("SGD", (3, 2))))
    elements = Elements(page)
    assert elements.open == []
    assert not {"link", "img", "iframe", "object", "base"} & {tag for tag, _ in elements.found}
    for _, attributes in elements.found:
        assert not {"src", "href", "srcset", "action", "data"} & set(attributes)
    assert re.findall(r"https?://[^\"]*", page) == ["http://www.w3.org/2000/svg"]  # a name, not an address
    assert re.findall(r"url\([^)]*\)", page) == ["url(#past)"]
    for word in ("@import", "fetch(", "XMLHttpRequest", "import(", "sendBeacon", "innerHTML", "eval("):
        assert word not in page


def test_every_control_says_what_it_is():
    elements = Elements(race_page.page(on_surface(straight("SGD", (3, 2)))))
    for tag, attributes in elements.found:
        if tag in ("input", "select") or (tag == "button" and attributes["id"] not in ("all", "none")):
            assert attributes["aria-label"]


@pytest.mark.parametrize("name", NASTY)
def test_a_name_is_text_whatever_it_contains(name):
    page = race_page.page(on_surface(straight(name, (3, 2)), title=name))
    elements = Elements(page)
    assert elements.open == []
    assert [tag for tag, _ in elements.found].count("script") == 2
    assert "b" not in {tag for tag, _ in elements.found}
    assert data_of(page)["runs"][0]["name"] == name
    assert elements.text.count(name) >= 3  # the title, the heading, and the table for those without JavaScript


@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_any_name_comes_back_from_the_page(name):
    page = race_page.page(Race("A race", [network([1.0, 0.5], name)], None, None))
    assert data_of(page)["runs"][0]["name"] == name


LOSSES = st.lists(st.floats(-1e308, 1e308) | st.sampled_from([math.inf, -math.inf, math.nan]), min_size=1, max_size=20)


@given(LOSSES, LOSSES)
def test_losses_come_back_to_four_digits_and_those_that_are_not_finite_by_name(first, second):
    runs = [network(first), network(second, "SGD", "diverged at step 3")]
    data = data_of(race_page.page(Race("A race", runs, None, None)))
    for run, shown in zip(runs, data["runs"]):
        assert len(shown["losses"]) == len(run.losses)
        for loss, back in zip(run.losses, shown["losses"]):
            assert isinstance(back, float) == math.isfinite(loss)
            np.testing.assert_allclose(float(back), loss, rtol=6e-4)
        assert (shown["failure"], shown["path"]) == (run.failure, None)


def test_a_loss_that_is_infinite_in_four_digits_is_infinite():
    (run,) = data_of(race_page.page(Race("A race", [network([1.79769e308, -1.79769e308])], None, None)))["runs"]
    assert run["losses"] == ["inf", "-inf"]


@given(st.lists(st.tuples(st.floats(-20, 20), st.floats(-20, 20)), min_size=1, max_size=20))
def test_points_come_back_to_a_ten_thousandth_of_the_box(path):
    (run,) = data_of(race_page.page(Race("A race", [run_along(path)], FLAT, None)))["runs"]
    places = np.array(run["path"]) / race_page.WIDE
    x, y = LEFT + places[:, 0] * (RIGHT - LEFT), TOP - places[:, 1] * (TOP - BOTTOM)
    np.testing.assert_allclose(np.stack([x, y], 1), path, atol=0.51e-4 * (RIGHT - LEFT))


@given(st.floats(0, 2 * math.pi), st.floats(1e4, 1e300))
def test_a_point_far_away_is_drawn_nearer_in_the_same_direction(angle, distance):
    far = [distance * math.cos(angle), distance * math.sin(angle)]
    (run,) = data_of(race_page.page(Race("A race", [run_along([SURFACE.start, far])], FLAT, None)))["runs"]
    x, y = run["path"][1]
    assert max(abs(x), abs(y)) <= race_page.FARTHEST
    # The directions are seen from the corner, which is half a box beside the middle.
    turned = math.remainder(math.atan2(-y, x) - angle, 2 * math.pi)
    assert abs(turned) < 0.01


def test_a_point_that_is_no_number_is_missing():
    path = [SURFACE.start, (math.nan, 0.0), (0.0, math.inf), (1.0, 1.0)]
    (run,) = data_of(race_page.page(on_surface(run_along(path))))["runs"]
    assert [place is None for place in run["path"]] == [False, True, True, False]


@pytest.mark.parametrize("surface", SURFACES.values(), ids=lambda surface: surface.name)
def test_contours_are_drawn_at_their_heights_and_minima_and_start_where_they_are(surface):
    data = data_of(race_page.page(Race("A race", [], surface, None)))["surface"]
    left, right, bottom, top = surface.box

    def height(places):
        x, y = np.transpose(places) / race_page.WIDE
        return surface.function(left + x * (right - left), top - y * (top - bottom))

    assert np.all(height(data["minima"]) < 1e-3)
    assert len(data["minima"]) == len(surface.minima)
    assert height([data["start"]])[0] == pytest.approx(surface.function(*surface.start), rel=1e-2)
    assert len(data["contours"]) == race_page.LINES
    levels = []
    for outline in data["contours"]:
        heights = []
        for begin, onwards in re.findall(r"M([-\d ]+)l([-\d ]*)z", outline):
            corners = np.array([*begin.split(), *onwards.split()], int).reshape(-1, 2).cumsum(axis=0)
            inside = np.all((corners > 0) & (corners < race_page.WIDE), axis=1)
            heights += height(corners[inside]).tolist() if inside.any() else []
        levels.append(np.median(heights))
        # Where a surface is steep, the rounding of a point to the grid of the picture is seen in its height.
        assert np.percentile(np.abs(np.array(heights) - levels[-1]), 95) < 0.01 * levels[-1] + 1e-2
    assert np.all(np.diff(levels) > 0)


def test_a_race_of_a_network_has_no_surface():
    data = data_of(race_page.page(Race("digits", [network([2.3, 0.1])], None, 0.2)))
    assert data["surface"] is None
    assert data["runs"][0]["reached"] == 1


def test_a_run_that_comes_to_the_target_says_when_and_others_do_not():
    runs = [straight("SGD", SURFACE.minima[0]), straight("Adam", (0, 0))]
    data = data_of(race_page.page(on_surface(*runs)))
    assert [run["reached"] for run in data["runs"]] == [20, None]
    data = data_of(race_page.page(on_surface(*runs, target=None)))
    assert [run["reached"] for run in data["runs"]] == [None, None]


@pytest.mark.parametrize("count", [0, 1, race_page.STYLES])
def test_all_of_a_few_runs_begin_in_colour(count):
    runs = [straight(f"number {i}", (3, i / 10)) for i in range(count)]
    assert all(run["shown"] for run in data_of(race_page.page(on_surface(*runs)))["runs"])


def test_of_many_runs_a_choice_begins_in_colour():
    names = [kind.__name__ for kind in census.optimizers()]
    runs = [straight(name, (3 - i / 100, 2)) for i, name in enumerate(names)]
    shown = [run["shown"] for run in data_of(race_page.page(on_surface(*runs)))["runs"]]
    assert len(shown) >= 50
    assert shown[0]
    assert 5 <= sum(shown) <= race_page.STYLES


def test_the_same_race_gives_the_same_page():
    race = on_surface(straight("SGD", (3, 2)), straight("Adam", (-3, 3)))
    assert race_page.page(race) == race_page.page(race)


# ---- in a browser -------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser():
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if found := shutil.which(name):
            return found
    pytest.skip("no Chromium here to open the page in")


@pytest.fixture
def play(browser, tmp_path):
    """What a script finds on a page that a browser has opened, and what the browser had to complain of."""

    def result(race, script, width=1280, *flags):
        file = tmp_path / "race.html"
        # The page's own names are in sight of a script that comes after it.
        ending = (
            "<script>const wait = (ms) => new Promise((done) => setTimeout(done, ms));"
            "const row = (i) => find('runs').rows[i];"
            f"(async () => {{ {script} }})()"
            ".then((found) => document.body.dataset.found = JSON.stringify(found),"
            " (error) => console.error(error));</script></body>"
        )
        # Without a screen there are no frames to ask for; here they come by the clock.
        frames = (
            "<script>requestAnimationFrame = (f) => setTimeout(() => f(performance.now()), 16);"
            "cancelAnimationFrame = clearTimeout;</script>"
        )
        page = race_page.page(race).replace("<head>", "<head>" + frames).replace("</body>", ending)
        file.write_text(page, encoding="utf-8")
        command = [
            browser,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={tmp_path / 'profile'}",
        ]
        command += ["--enable-logging=stderr", "--virtual-time-budget=20000", f"--window-size={width},900", *flags]
        done = subprocess.run(
            [*command, "--dump-dom", file.as_uri()], capture_output=True, text=True, timeout=120, check=False
        )
        assert "CONSOLE" not in done.stderr, done.stderr
        (found,) = re.findall(r'<body[^>]*data-found="([^"]*)"', done.stdout)
        return json.loads(html.unescape(found))

    return result


def three():
    """One that arrives, one that leaves and returns, and one that breaks."""
    a = np.array(SURFACE.start)
    around = [(a[0] + 12 * math.sin(t / 5), a[1] + t / 5) for t in range(31)]
    broken = [a, a + 1, a + 2, [math.nan, math.nan]]
    return on_surface(
        straight("arrives", SURFACE.minima[0]),
        run_along(around, "returns"),
        run_along(broken, "breaks", "diverged at step 3"),
    )


def test_buttons_and_keys_step_through_the_race(play):
    found = play(
        three(),
        """
        const seen = [];
        const note = () => seen.push([find("step").textContent, find("scrubber").value]);
        const key = (name) => document.body.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
        note();
        for (const id of ["on", "on", "back", "last", "on", "first", "back"]) { find(id).click(); note(); }
        for (const name of ["ArrowRight", "ArrowRight", "ArrowLeft", "End", "Home"]) { key(name); note(); }
        find("scrubber").value = 17;
        find("scrubber").dispatchEvent(new Event("input"));
        const steps = seen.map((one) => Number(one[1])), words = seen.slice(0, 2).map((one) => one[0]);
        return [steps, words, now, row(0).cells[2].textContent];
        """,
    )
    steps, words, now, loss = found
    assert steps == [0, 1, 2, 1, 30, 30, 0, 0, 1, 2, 1, 30, 0]
    assert words == ["Step 0 of 30", "Step 1 of 30"]
    assert now == 17
    assert float(loss) == pytest.approx(three().runs[0].losses[17], rel=1e-3)


def test_it_plays_to_the_end_and_can_be_paused(play):
    found = play(
        three(),
        """
        find("speed").value = "10";
        find("play").click();
        const label = find("play").getAttribute("aria-label");
        await wait(1000);
        find("play").click();
        const paused = now, trail = runs[0].line.getAttribute("d").length;
        await wait(500);
        const later = now;
        find("play").click();
        await wait(6000);
        const end = [now, playing, find("play").getAttribute("aria-label")];
        find("play").click();
        await wait(100);
        return { label, paused, later, end, again: now, grew: runs[0].line.getAttribute("d").length < trail };
        """,
    )
    assert found["label"] == "Pause"
    assert 0 < found["paused"] < 30
    assert found["paused"] == found["later"] == round(found["paused"])
    assert found["end"] == [30, False, "Play"]
    assert found["again"] < 10  # from the start
    assert found["grew"]


def test_who_left_the_picture_broke_or_arrived_is_said_when_it_happens(play):
    told = play(
        three(),
        """
        const told = {};
        for (const k of [0, 2, 3, 8, 15, 20, 30]) { go(k); told[k] = runs.map((run) => run.stateCell.textContent); }
        return told;
        """,
    )
    assert told["0"] == ["", "", ""]
    assert told["2"][2] == ""
    assert told["3"][2] == "diverged at step 3"
    assert told["8"][1] == "left the picture"
    assert told["15"][1] == ""
    assert told["20"][0] == told["30"][0] == "at the target since step 20"


def test_runs_are_chosen_and_highlighted(play):
    found = play(
        three(),
        """
        const grey = () => runs.map((run) => run.parts.every((part) => part.classList.contains("grey")));
        const styles = () => runs.map((run) => row(runs.indexOf(run)).style.getPropertyValue("--colour"));
        const before = styles();
        runs[1].toggle.click();
        const one = grey();
        runs[0].toggle.click();
        runs[1].toggle.click();
        const swapped = styles();
        find("none").click();
        const none = grey();
        find("all").click();
        const all = grey();
        row(2).dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
        const over = runs.map((run) => run.parts.every((part) => part.classList.contains("highlit")));
        const named = runs.map((run) => run.label.style.display !== "none");
        document.body.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
        const after = document.querySelectorAll(".highlit, .highlighting").length;
        return { before, one, swapped, none, all, over, named, after,
                 pressed: runs.map((run) => run.toggle.getAttribute("aria-pressed")) };
        """,
    )
    assert found["before"] == ["var(--c0)", "var(--c1)", "var(--c2)"]
    assert found["one"] == [False, True, False]
    assert found["swapped"] == ["", "var(--c0)", "var(--c2)"]  # the first that is free
    assert found["none"] == [True, True, True]
    assert found["all"] == [False, False, False]
    assert found["pressed"] == ["true", "true", "true"]
    assert found["over"] == found["named"] == [False, False, True]
    assert found["after"] == 0


@pytest.mark.parametrize("width", [1280, 700])
def test_nothing_is_wider_than_the_window_and_no_name_covers_another(play, width):
    names = [kind.__name__ for kind in census.optimizers()]
    crowd = on_surface(*(straight(name, (3 - i / 30, 2)) for i, name in enumerate(names)))
    found = play(
        crowd,
        """
        const overlaps = [];
        for (const k of [0, 10, 20]) {
          go(k);
          const boxes = runs.map((run) => run.label).filter((label) => label.style.display !== "none")
            .map((label) => label.getBoundingClientRect());
          const cover = (a, b) =>
            a !== b && a.left < b.right && b.left < a.right && a.top + 2 < b.bottom && b.top + 2 < a.bottom;
          overlaps.push([boxes.length, boxes.filter((a) => boxes.some((b) => cover(a, b))).length]);
        }
        find("all").click();
        const { scrollWidth, clientWidth } = document.documentElement;
        return { scrollWidth, clientWidth, overlaps, rows: find("runs").rows.length };
        """,
        width,
    )
    assert found["scrollWidth"] <= found["clientWidth"] <= width
    assert found["rows"] == len(names)
    for shown, covered in found["overlaps"]:
        assert shown >= 5
        assert covered == 0


@pytest.mark.parametrize(
    "race",
    [
        Race("nobody", [], SURFACE, None),
        Race("nowhere", [run_along([[math.nan, math.nan]]), run_along([SURFACE.start], "stays")], SURFACE, 0.0),
        Race("far", [run_along(np.outer((-4.0) ** np.arange(400), SURFACE.start), name) for name in NASTY], SURFACE, 1),
        Race("network", [network([2.3, math.inf, math.nan, -math.inf, -1.0, 0.0], "odd"), network([1.0])], None, None),
        Race("no loss to draw", [network([0.0, 0.0]), network([math.nan]), network([math.inf])], None, -1.0),
    ],
    ids=lambda race: race.title,
)
def test_no_race_is_too_odd_to_be_played(play, race):
    found = play(
        race,
        """
        for (let k = 0; k <= steps; k++) { go(k); go(k + 0.5); }
        go(steps / 2);
        play(true);
        await wait(300);
        const numbers = [...document.querySelectorAll("svg *")].flatMap((e) => [...e.attributes].map((a) => a.value));
        const wrong = numbers.filter((value) => /NaN|Infinity|undefined/.test(value));
        return [wrong, [...find("runs").rows].map((row) => row.cells[0].textContent)];
        """,
    )
    assert found == [[], [run.name for run in race.runs]]


def test_those_who_asked_for_less_motion_see_few_pictures_and_whole_steps(play):
    found = play(
        three(),
        """
        find("speed").value = "10";
        const seen = new Set();
        find("play").click();
        while (playing) { seen.add(now); await wait(20); }
        return [...seen, now];
        """,
        1280,
        "--force-prefers-reduced-motion",
    )
    assert found == [0, 5, 10, 15, 20, 25, 30]
