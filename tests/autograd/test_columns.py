"""Tables in a terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from autograd.columns import WIDTH, columns


def test_columns_are_aligned_and_numbers_at_the_right() -> None:
    assert columns([("node", "value"), ("w", "2.5"), ("w*x + b", "-1")], numbers=[1]) == [
        "node     value",
        "w          2.5",
        "w*x + b     -1",
    ]


def test_the_widest_column_is_wrapped_at_spaces_or_behind_operators() -> None:
    (row,) = columns(
        [
            ("name", "word " * 30),
        ]
    )
    assert row.splitlines()[1].startswith("      word word")
    (row,) = columns([("name", "f(x)*" * 30 + "x")])
    assert all(line.endswith(("(", "*", "x")) for line in row.splitlines())


cells = st.text("ab*( ,", max_size=90)


@given(rows=st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=5))
def test_nothing_is_lost_and_no_line_is_wider_than_a_page(rows: list[tuple[str, ...]]) -> None:
    found = columns(rows, indent="  ")
    assert len(found) == len(rows)
    for row, lines in zip(rows, found):
        assert sorted("".join(lines.split())) == sorted("".join("".join(row).split()))
    words = max((len(piece) for row in rows for cell in row for piece in cell.replace("*", " ").split()), default=0)
    if words < 20:
        assert all(len(line) <= WIDTH for lines in found for line in lines.splitlines())
