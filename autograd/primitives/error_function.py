"""The error function and its complement, which NumPy does not have."""

from __future__ import annotations

import math

import numpy as np

from autograd.primitive import Array, elementwise
from autograd.primitives.exponential import exp

# Coefficients by rising powers. erf(x) / x up to x = 1/2, in x**2; and for all x >= 0 what
# (1 + 2x) exp(x**2) erfc(x), which hardly varies, is in (x - 3.75) / (x + 3.75): M. M. Shepherd,
# J. G. Laframboise, Chebyshev approximation of (1 + 2x) exp(x**2) erfc x (1981). Both come from the
# Chebyshev series, cut off below 3e-17.
SMALL = (
    1.1283791670955126,
    -0.37612638903183476,
    0.11283791670925457,
    -0.026866170632921085,
    0.005223977373542183,
    -0.0008548297798086192,
    0.00012053337222877719,
    -1.4845900896375835e-05,
    1.4726381680017032e-06,
)
LARGE = (
    1.2375126308378275,
    -0.14024059858554697,
    0.0035854154854644293,
    0.0822767384901452,
    -0.10880393014174886,
    0.09230432116037748,
    -0.05869339858963677,
    0.028362277418956406,
    -0.009746579558029276,
    0.0017556258528952954,
    0.0002937136655913448,
    -0.0002901540805408417,
    5.164909889268241e-05,
    2.238423915508223e-05,
    -1.1444146237700524e-05,
    -9.73559896736775e-07,
    1.751637648849062e-06,
    -5.7218230603224086e-08,
    -2.5866850716155884e-07,
    2.3263508708859124e-08,
    3.8675334242222354e-08,
    -3.744210080962018e-09,
    -5.1739902140113095e-09,
    3.1114333809799254e-10,
    4.2514714447963895e-10,
)


def _polynomial(x: Array, coefficients: tuple[float, ...]) -> Array:
    total = np.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total *= x
        total += coefficient
    return total


def _erf_of_small(x: Array) -> Array:
    return x * _polynomial(np.square(x), SMALL)


def _erfc_of_positive(x: Array) -> Array:
    x = np.minimum(x, 30.0)  # where erfc has long been 0, and x**2 does not overflow yet
    # exp(-x**2) would magnify what rounding does to x**2: it is split into a square that is exact,
    # of half the digits, 5 of them before the point, and a factor close to 1.
    scale = 2.0 ** (np.finfo(x.dtype).nmant // 2 - 5)
    near = np.rint(x * scale) / scale
    rough = np.exp(-near * near) * _polynomial((x - 3.75) / (x + 3.75), LARGE) / (1 + 2 * x)
    return rough + rough * np.expm1((near - x) * (near + x))


def _erf_array(x: Array) -> Array:
    size = np.abs(x)
    small = np.minimum(size, 0.5)
    return np.copysign(np.where(size < 0.5, _erf_of_small(small), 1 - _erfc_of_positive(size)), x)


def _erfc_array(x: Array) -> Array:
    size = np.abs(x)
    small = np.clip(x, -0.5, 0.5)
    tail = _erfc_of_positive(size)
    return np.where(size < 0.5, 1 - _erf_of_small(small), np.where(x < 0, 2 - tail, tail))


_SLOPE_AT_0 = 2 / math.sqrt(math.pi)

erf = elementwise(
    "erf", lambda x, y: _SLOPE_AT_0 * exp(-x * x), array=_erf_array, scalar=math.erf, shown="2 / sqrt(pi) * exp(-x**2)"
)
erfc = elementwise(
    "erfc",
    lambda x, y: -_SLOPE_AT_0 * exp(-x * x),
    array=_erfc_array,
    scalar=math.erfc,
    shown="-2 / sqrt(pi) * exp(-x**2)",
)
