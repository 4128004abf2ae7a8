"""Every row of the table passes ``check_primitive``, which names what is wrong with one that does not."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

import nn  # noqa: F401  (declares rows of its own)
from autograd import sin
from autograd.checking.audit import POINTS, calls, check_primitive
from autograd.node import plain
from autograd.primitive import NONZERO, POSITIVE, Interval, elementwise, example, structured, table

ROWS = list(table.values())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_is_right_from_every_side(row: Any) -> None:
    report = check_primitive(row)
    assert report, report


def test_a_report_of_a_right_row_is_one_line() -> None:
    assert repr(check_primitive(table["exp"])) == (
        "exp: right. Of its first and second derivatives in 1 set of operands 60 match differences, 0 differ, "
        "0 cannot be decided."
    )


def test_a_wrong_partial_is_named_with_its_pattern() -> None:
    row = elementwise("doubled", lambda x, y: 2 * y, array=np.exp, scalar=math.exp)
    report = check_primitive(row)
    assert not report
    assert repr(report).startswith("doubled: WRONG.")
    assert "wrong by a constant factor: it is 2 times what differences give" in repr(report)


def test_a_kernel_that_writes_to_its_operands_is_named() -> None:
    @structured(lambda g, y, x: 2 * g, examples=[example((3,))])
    def doubled(x: Any, /) -> Any:
        x *= 2
        return x

    (fault,) = check_primitive(doubled).faults
    assert fault.startswith("the array kernel writes to its operands, which are the data of leaves")


def test_a_rule_that_cannot_be_differentiated_again_is_wrong() -> None:
    row = elementwise("once", lambda x, y: np.cos(plain(x)), array=np.sin, scalar=math.sin)
    (report,) = check_primitive(row).gradients.values()
    assert [finding.passes for finding in report.findings] == [True, False]


def test_kernels_that_differ_are_named_with_the_point() -> None:
    row = elementwise("two", lambda x, y: y, array=np.exp, scalar=lambda x: math.exp(x) * (1 + 1e-14))
    value, gradient = check_primitive(row).faults
    assert value.startswith("the scalar kernel gives ")
    assert gradient.startswith("the gradient of Values, ")


def test_of_many_points_at_which_kernels_differ_the_worst_is_shown_and_they_are_counted() -> None:
    def off(x: float) -> float:
        return x * (1.5 if x > 100 else 1 + 1e-5)

    row = elementwise("off", lambda x, y: 1.0, array=np.positive, scalar=off, domain=Interval(90.0, 110.0))
    ((column,),) = (call.operands for call in calls(row))
    (fault,) = check_primitive(row).faults
    worst = max(column[column > 100])
    assert fault.startswith("the scalar kernel gives ")
    assert fault.endswith(f", the worst of {POINTS} points, for operands (30,)")
    assert "np.float64" not in fault
    x = float(re.findall(r", at (\S+),", fault)[0])
    assert 100 < x <= worst


def test_a_scalar_kernel_that_gives_nan_is_named() -> None:
    row = elementwise("lost", lambda x, y: 1.0, array=np.positive, scalar=lambda x: math.nan)
    (fault,) = check_primitive(row).faults
    assert fault.startswith("the scalar kernel gives nan where the array kernel gives ")


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (
            lambda: elementwise("f", lambda x, y: math.cos(x), array=np.sin, scalar=math.sin),
            r"the derivative fails: only .*scalar.*, for operands \(30,\)",
        ),
        (
            lambda: elementwise("f", lambda x, y: y, array=math.exp, scalar=math.exp),
            r"the array kernel fails: .*only .*scalar.*, for operands \(30,\)",
        ),
        (
            lambda: elementwise("f", lambda x, y: 1.0, array=lambda x: x.sum(), scalar=lambda x: x),
            r"the array kernel gives shape \(\), not \(30,\), for operands \(30,\)",
        ),
        (
            lambda: elementwise("f", lambda x, y: y, array=np.exp, scalar=lambda x: x.exp()),
            r"on Values, it fails: 'float' object has no attribute 'exp', for operands \(30,\)",
        ),
        (
            lambda: vector(lambda g, y, x: g[:1]),
            r"the derivative fails: vector: .*\(1,\).*\(3,\).*, for operands \(3,\)",
        ),
        (lambda: vector(lambda g, y, x: None), r"the derivative fails: vector: .*None.*, for operands \(3,\)"),
        (
            lambda: vector(lambda g, y, x: {}["key"]),
            r"the derivative fails: 'key', for operands \(3,\)",
        ),
        (
            lambda: vector(lambda g, y, x: 2.0 * g if type(x) is np.ndarray else x.missing),
            r"the second derivative fails: .*missing.*, for operands \(3,\)",
        ),
    ],
)
def test_what_a_rule_or_kernel_raises_is_a_fault_with_its_name(row: Any, fault: str) -> None:
    report = check_primitive(row())
    (found,) = report.faults
    assert re.fullmatch(fault, found), found
    assert not report
    assert found in repr(report)


def vector(vjp: Any) -> Any:
    @structured(vjp, examples=[example((3,))])
    def vector(x: Any, /) -> Any:
        return 2.0 * x

    return vector


def test_a_kernel_that_leaves_float32_is_named() -> None:
    row = elementwise("wide", lambda x, y: y, array=lambda x: np.exp(x.astype(float)), scalar=math.exp)
    assert check_primitive(row).faults == ("of float32 it makes float64, for operands (30,)",)


def test_a_kernel_that_is_wrong_in_float32_is_named() -> None:
    def confused(x: Any) -> Any:
        return np.sin(x) if x.dtype == np.float64 else np.cos(x)

    row = elementwise("confused", lambda x, y: table["cos"](x), array=confused, scalar=math.sin)
    assert check_primitive(row).faults == (
        "what it makes of float32 is not what it makes of float64, for operands (30,)",
    )


def test_a_rule_that_hides_the_cotangent_fails_in_forward_mode() -> None:
    @structured(lambda g, y, x: np.flip(plain(g)), examples=[example((3,))])
    def backwards(x: Any, /) -> Any:
        return np.flip(x)

    (fault, *_) = check_primitive(backwards).faults
    assert fault.startswith("forward mode fails: backwards: ")


@pytest.mark.parametrize("thing", [lambda x: x, sin(1.0), "sin"])
def test_what_is_no_primitive_is_refused(thing: Any) -> None:
    with pytest.raises(TypeError, match=r"check_primitive: takes a primitive, as elementwise\(...\) or structured"):
        check_primitive(thing)


def test_an_example_without_numbers_is_run_and_not_compared() -> None:
    examples = [example((3,)), example((0,))]

    @structured(lambda g, y, x: 2 * g, examples=examples)
    def right(x: Any, /) -> Any:
        return 2 * x

    @structured(lambda g, y, x: 2 * g + 0 * x[0], examples=examples)
    def wrong(x: Any, /) -> Any:
        return 2 * x

    assert check_primitive(right)
    (fault,) = check_primitive(wrong).faults
    assert fault.startswith("the derivative fails: ")
    assert fault.endswith(", for operands (0,)")


@pytest.mark.parametrize("examples", [[], [example((0,)), example((2, 0))]])
def test_a_row_without_a_number_to_be_checked_at_is_refused(examples: Any) -> None:
    @structured(lambda g, y, x: 5 * g, examples=examples)
    def unknown(x: Any, /) -> Any:
        return x

    with pytest.raises(ValueError, match="check_primitive: unknown has no example that holds a number"):
        check_primitive(unknown)


def test_a_row_that_is_nowhere_finite_is_refused() -> None:
    row = elementwise("nowhere", lambda x, y: 0.0, array=lambda x: x * np.nan, scalar=lambda x: math.nan)
    with pytest.raises(ValueError, match="check_primitive: nowhere is inf or nan at nearly all points of its domain"):
        check_primitive(row)


@pytest.mark.parametrize("domain", [POSITIVE, NONZERO, Interval(high=2.0), Interval(-1.0, 3.0), Interval()])
def test_points_lie_inside_the_domain_near_and_far_from_its_ends(domain: Interval) -> None:
    row = elementwise("anywhere", lambda x, y: 1.0, array=np.positive, scalar=lambda x: x, domain=domain)
    (call,) = calls(row)
    (column,) = call.operands
    assert len(set(column)) == POINTS
    assert all(x in domain for x in column)
    for end in (domain.low, domain.high):
        if math.isfinite(end):
            assert np.abs(column - end).min() < 0.1
