"""Docstrings of functions that are made in loops: what a def could say, by name.

ROWS: the elementwise functions of the op table: what they compute, arguments -> what is printed
(lists become tensors, `;` separates arguments). The files _examples_*.py have the examples of
other families, whose texts stand at their loops. `python -m tests.doc_examples`
compares them with PyTorch.
"""

from __future__ import annotations

import re

from . import _examples_looped, _examples_nn, _examples_tensor

IMPORT = ">>> import numtorch as torch"


def described(name: str, doc: str) -> str:
    """The docstring of a function from a loop: its own text, or its row's, and the example."""
    if name in _rows:
        summary, example = _rows[name]
        call, printed = _call(name, example)
        return f"{summary}\n\n{IMPORT}\n>>> {call}\n{printed}\n"
    if name in _looped and ">>>" not in doc:
        return f"{doc.rstrip()}\n\n{IMPORT}\n{_looped[name]}"
    return doc


def described_in_place(name: str) -> str:
    """The docstring of `name_`; a row's example where the result has the operand's dtype."""
    doc = f"In-place version of :meth:`{name}`."
    if name in _rows:
        call, printed = _call(name, _rows[name][1])
        operand, _, rest = call.removeprefix(f"torch.{name}(").removesuffix(")").partition("), ")
        if _kind(operand.partition("[")[2]) == _kind(printed):
            operand = operand.removesuffix(")")
            return f"{doc}\n\n{IMPORT}\n>>> {operand}).{name}_({rest})\n{printed}\n"
    return doc


def _kind(text: str) -> str:
    """The kind of dtype of printed numbers."""
    return next((k for k in ("j", "True", "False", ".", "inf") if k in text), "int")


def _call(name: str, example: str) -> tuple[str, str]:
    """The call of a row's example and its output."""
    given, _, printed = example.partition(" -> ")
    given = re.sub(r"(?<![\w.])(nan|inf)\b", r"torch.\1", given)
    args = (f"torch.tensor({a})" if a.startswith("[") else a for a in given.split("; "))
    return f"torch.{name}({', '.join(args)})", f"tensor({printed})"


def _parsed_rows(text: str) -> dict[str, tuple[str, str]]:
    lines = text.strip().splitlines()
    heads = (head.split(": ", 1) for head in lines[::2])
    return {name: (summary, e.strip()) for (name, summary), e in zip(heads, lines[1::2])}


def _parsed_loops(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    name = ""
    for line in text.strip().splitlines():
        if line.startswith("    "):
            found[name] += line[4:] + "\n"
        else:
            name = line.rstrip(":")
            found[name] = ""
    return found


ROWS = """
bitwise_not: -x - 1 of integers (all bits flipped), logical not of bools.
    [0, 1, -3] -> [-1, -2,  2]
logical_not: True where an element is 0, as bool.
    [0.0, 1.0, 2.0] -> [ True, False, False]
isnan: True where an element is NaN.
    [1.0, nan, inf] -> [False,  True, False]
isinf: True where an element is inf or -inf.
    [1.0, nan, -inf] -> [False, False,  True]
isfinite: True where an element is neither infinite nor NaN.
    [1.0, nan, inf] -> [ True, False, False]
isposinf: True where an element is inf; complex tensors are refused.
    [1.0, -inf, inf] -> [False, False,  True]
isneginf: True where an element is -inf; complex tensors are refused.
    [1.0, -inf, inf] -> [False,  True, False]
signbit: True where the sign bit is set: of negative numbers and of -0.0.
    [-0.0, 0.0, -2.0] -> [ True, False,  True]
neg: -x; RuntimeError for bool tensors.
    [1, -2, 3] -> [-1,  2, -3]
abs: Absolute value; of complex numbers the modulus, in the real dtype.
    [-1.5, 0.0, 2.0] -> [1.5000, 0.0000, 2.0000]
sign: -1, 0 or 1 by the sign; complex tensors are refused (see sgn).
    [-1.5, 0.0, 2.0] -> [-1.,  0.,  1.]
sgn: The sign of real numbers; of complex ones x / abs(x), and 0 for 0.
    [3 + 4j, 0j, -2j] -> [0.6000+0.8000j, 0.0000+0.0000j, -0.0000-1.0000j]
angle: The argument of complex numbers in radians; 0 or pi of real ones.
    [1j, -1 + 0j, 1 - 1j] -> [ 1.5708,  3.1416, -0.7854]
square: x * x.
    [-1, 2, 3] -> [1, 4, 9]
relu: max(x, 0); RuntimeError for bool tensors.
    [-1.5, 0.0, 2.0] -> [0., 0., 2.]
floor: The largest integer that is not above x.
    [-1.5, 0.5, 2.0] -> [-2.,  0.,  2.]
ceil: The smallest integer that is not below x.
    [-1.5, 0.5, 2.0] -> [-1.,  1.,  2.]
trunc: x without its fraction (rounded towards 0).
    [-1.5, 0.5, 2.0] -> [-1.,  0.,  2.]
frac: x - trunc(x): the fraction, with the sign of x.
    [-1.5, 0.5, 2.25] -> [-0.5000,  0.5000,  0.2500]
exp: e to the power of x.
    [0.0, 1.0, -inf] -> [1.0000, 2.7183, 0.0000]
exp2: 2 to the power of x.
    [0.0, 3.0, -1.0] -> [1.0000, 8.0000, 0.5000]
expm1: exp(x) - 1, exact for small x too.
    [0.0, 1.0, 1e-9] -> [0.0000e+00, 1.7183e+00, 1.0000e-09]
log: Natural logarithm; -inf for 0, NaN below.
    [1.0, 10.0, 0.0] -> [0.0000, 2.3026,   -inf]
log2: Logarithm to base 2.
    [1.0, 8.0, 0.5] -> [ 0.,  3., -1.]
log10: Logarithm to base 10.
    [1.0, 100.0, 0.1] -> [ 0.,  2., -1.]
log1p: log(1 + x), exact for small x too.
    [0.0, 1.0, 1e-9] -> [0.0000e+00, 6.9315e-01, 1.0000e-09]
sqrt: Square root; NaN for negative real numbers.
    [4.0, 2.0, -1.0] -> [2.0000, 1.4142,    nan]
rsqrt: 1 / sqrt(x).
    [4.0, 2.0, 0.0] -> [0.5000, 0.7071,    inf]
reciprocal: 1 / x, of integers as floats.
    [4, 2, 0] -> [0.2500, 0.5000,    inf]
sin: Sine of radians.
    [0.0, 1.0, 2.0] -> [0.0000, 0.8415, 0.9093]
cos: Cosine of radians.
    [0.0, 1.0, 2.0] -> [ 1.0000,  0.5403, -0.4161]
tan: Tangent of radians.
    [0.0, 1.0, 2.0] -> [ 0.0000,  1.5574, -2.1850]
asin: Arc sine in [-pi/2, pi/2]; NaN outside of [-1, 1].
    [0.0, 0.5, 2.0] -> [0.0000, 0.5236,    nan]
acos: Arc cosine in [0, pi]; NaN outside of [-1, 1].
    [1.0, 0.5, -1.0] -> [0.0000, 1.0472, 3.1416]
atan: Arc tangent in [-pi/2, pi/2].
    [0.0, 1.0, inf] -> [0.0000, 0.7854, 1.5708]
sinh: Hyperbolic sine.
    [0.0, 1.0, 2.0] -> [0.0000, 1.1752, 3.6269]
cosh: Hyperbolic cosine.
    [0.0, 1.0, 2.0] -> [1.0000, 1.5431, 3.7622]
tanh: Hyperbolic tangent.
    [0.0, 1.0, -inf] -> [ 0.0000,  0.7616, -1.0000]
asinh: Inverse hyperbolic sine.
    [0.0, 1.0, 2.0] -> [0.0000, 0.8814, 1.4436]
acosh: Inverse hyperbolic cosine; NaN below 1.
    [1.0, 2.0, 0.5] -> [0.0000, 1.3170,    nan]
atanh: Inverse hyperbolic tangent; NaN outside of [-1, 1].
    [0.0, 0.5, 1.0] -> [0.0000, 0.5493,    inf]
erf: Error function: 2 / sqrt(pi) times the integral of exp(-t * t) over 0..x.
    [0.0, 1.0, -2.0] -> [ 0.0000,  0.8427, -0.9953]
erfc: 1 - erf(x), exact for large x too.
    [0.0, 1.0, 2.0] -> [1.0000, 0.1573, 0.0047]
erfinv: Inverse of erf; NaN outside of [-1, 1].
    [0.0, 0.5, 1.0] -> [0.0000, 0.4769,    inf]
sigmoid: 1 / (1 + exp(-x)).
    [0.0, 1.0, -inf] -> [0.5000, 0.7311, 0.0000]
deg2rad: Degrees in radians.
    [0.0, 90.0, 180.0] -> [0.0000, 1.5708, 3.1416]
rad2deg: Radians in degrees.
    [0.0, 1.0, 3.0] -> [  0.0000,  57.2958, 171.8873]
sinc: sin(pi x) / (pi x), and 1 at 0.
    [0.0, 0.5, 1.5] -> [ 1.0000,  0.6366, -0.2122]
lgamma: Logarithm of the absolute value of the gamma function.
    [1.0, 4.0, 0.5] -> [0.0000, 1.7918, 0.5724]
digamma: Derivative of lgamma.
    [1.0, 2.0, 0.5] -> [-0.5772,  0.4228, -1.9635]
i0: Modified Bessel function of the first kind, order 0.
    [0.0, 1.0, 2.0] -> [1.0000, 1.2661, 2.2796]
special.entr: Entropy -x log(x); 0 at 0, -inf below.
    [0.0, 0.5, -1.0] -> [0.0000, 0.3466,   -inf]
special.erfcx: exp(x * x) * erfc(x), without underflow.
    [0.0, 1.0, 10.0] -> [1.0000, 0.4276, 0.0561]
special.ndtr: Distribution function of the standard normal distribution.
    [0.0, 1.0, -2.0] -> [0.5000, 0.8413, 0.0228]
special.ndtri: Inverse of ndtr: the quantile of a probability.
    [0.5, 0.25, 1.0] -> [ 0.0000, -0.6745,     inf]
special.log_ndtr: Logarithm of ndtr, without underflow.
    [0.0, 1.0, -20.0] -> [-6.9315e-01, -1.7275e-01, -2.0392e+02]
special.i0e: exp(-abs(x)) * i0(x), without overflow.
    [0.0, 1.0, 100.0] -> [1.0000, 0.4658, 0.0399]
special.i1: Modified Bessel function of the first kind, order 1.
    [0.0, 1.0, 2.0] -> [0.0000, 0.5652, 1.5906]
special.i1e: exp(-abs(x)) * i1(x), without overflow.
    [0.0, 1.0, 100.0] -> [0.0000, 0.2079, 0.0397]
special.bessel_j0: Bessel function of the first kind, order 0.
    [0.0, 1.0, 5.0] -> [ 1.0000,  0.7652, -0.1776]
special.bessel_j1: Bessel function of the first kind, order 1.
    [0.0, 1.0, 5.0] -> [ 0.0000,  0.4401, -0.3276]
special.bessel_y0: Bessel function of the second kind, order 0; -inf at 0.
    [0.0, 1.0, 5.0] -> [   -inf,  0.0883, -0.3085]
special.bessel_y1: Bessel function of the second kind, order 1; -inf at 0.
    [0.0, 1.0, 5.0] -> [   -inf, -0.7812,  0.1479]
special.modified_bessel_i0: Modified Bessel function of the first kind, order 0.
    [0.0, 1.0, 2.0] -> [1.0000, 1.2661, 2.2796]
special.modified_bessel_i1: Modified Bessel function of the first kind, order 1.
    [0.0, 1.0, 2.0] -> [0.0000, 0.5652, 1.5906]
special.modified_bessel_k0: Modified Bessel function of the second kind, order 0; inf at 0.
    [0.0, 1.0, 2.0] -> [   inf, 0.4210, 0.1139]
special.modified_bessel_k1: Modified Bessel function of the second kind, order 1; inf at 0.
    [0.0, 1.0, 2.0] -> [   inf, 0.6019, 0.1399]
special.scaled_modified_bessel_k0: exp(x) * modified_bessel_k0(x), without underflow.
    [1.0, 2.0, 100.0] -> [1.1445, 0.8416, 0.1252]
special.scaled_modified_bessel_k1: exp(x) * modified_bessel_k1(x), without underflow.
    [1.0, 2.0, 100.0] -> [1.6362, 1.0335, 0.1258]
special.spherical_bessel_j0: Spherical Bessel function of the first kind, order 0: sin(x) / x.
    [0.0, 1.0, 4.0] -> [ 1.0000,  0.8415, -0.1892]
special.airy_ai: Airy function Ai.
    [0.0, 1.0, -2.0] -> [0.3550, 0.1353, 0.2274]
special.xlog1py: input * log1p(other); 0 where input is 0.
    [0.0, 1.0, 2.0]; [-1.0, 1.0, 2.0] -> [0.0000, 0.6931, 2.1972]
special.zeta: Hurwitz zeta function: the sum of (k + other) ** -input over k >= 0.
    [2.0, 4.0]; 1.0 -> [1.6449, 1.0823]
special.chebyshev_polynomial_t: Chebyshev polynomials of the first kind: T_n(x) for x, n.
    [0.0, 0.5, 2.0]; [2, 2, 3] -> [-1.0000, -0.5000, 26.0000]
special.chebyshev_polynomial_u: Chebyshev polynomials of the second kind: U_n(x) for x, n.
    [0.0, 0.5, 2.0]; [2, 2, 3] -> [-1.,  0., 56.]
special.chebyshev_polynomial_v: Chebyshev polynomials of the third kind: V_n(x) for x, n.
    [0.0, 0.5, 2.0]; [2, 2, 3] -> [-1., -1., 41.]
special.chebyshev_polynomial_w: Chebyshev polynomials of the fourth kind: W_n(x) for x, n.
    [0.0, 0.5, 2.0]; [2, 2, 3] -> [-1.,  1., 71.]
special.shifted_chebyshev_polynomial_t: T_n(2 x - 1) for x, n: Chebyshev's first kind on [0, 1].
    [0.0, 0.25, 1.0]; [1, 2, 3] -> [-1.0000, -0.5000,  1.0000]
special.shifted_chebyshev_polynomial_u: U_n(2 x - 1) for x, n: Chebyshev's second kind on [0, 1].
    [0.0, 0.25, 1.0]; [1, 2, 3] -> [-2.,  0.,  4.]
special.shifted_chebyshev_polynomial_v: V_n(2 x - 1) for x, n: Chebyshev's third kind on [0, 1].
    [0.0, 0.25, 1.0]; [1, 2, 3] -> [-3.,  1.,  1.]
special.shifted_chebyshev_polynomial_w: W_n(2 x - 1) for x, n: Chebyshev's fourth kind on [0, 1].
    [0.0, 0.25, 1.0]; [1, 2, 3] -> [-1., -1.,  7.]
special.hermite_polynomial_h: Hermite polynomials of the physicists: H_n(x) for x, n.
    [0.0, 1.0, 2.0]; [2, 2, 3] -> [-2.,  2., 40.]
special.hermite_polynomial_he: Hermite polynomials of probability theory: He_n(x) for x, n.
    [0.0, 1.0, 2.0]; [2, 2, 3] -> [-1.,  0.,  2.]
special.laguerre_polynomial_l: Laguerre polynomials: L_n(x) for x, n.
    [0.0, 1.0, 2.0]; [2, 2, 3] -> [ 1.0000, -0.5000, -0.3333]
special.legendre_polynomial_p: Legendre polynomials: P_n(x) for x, n.
    [0.0, 1.0, 2.0]; [2, 2, 3] -> [-0.5000,  1.0000, 17.0000]
mul: input * other; operands broadcast and are promoted.
    [1, 2, 3]; 0.5 -> [0.5000, 1.0000, 1.5000]
floor_divide: input // other, rounded down; ZeroDivisionError for integers divided by 0.
    [7, -7, 8]; 2 -> [ 3, -4,  4]
remainder: input % other with the sign of other, as in Python.
    [7, -7, 8]; 3 -> [1, 2, 2]
fmod: The remainder with the sign of input, as in C.
    [7, -7, 8]; 3 -> [ 1, -1,  2]
bitwise_and: Bits that both have, of integers and bools; floats are refused.
    [1, 2, 3]; 2 -> [0, 2, 2]
bitwise_or: Bits that one or both have, of integers and bools; floats are refused.
    [1, 2, 3]; 2 -> [3, 2, 3]
bitwise_xor: Bits that one of both has, of integers and bools; floats are refused.
    [1, 2, 3]; 2 -> [3, 0, 1]
bitwise_left_shift: input * 2 ** other, of integers.
    [1, 2, 3]; 2 -> [ 4,  8, 12]
bitwise_right_shift: input / 2 ** other rounded down, of integers (the sign stays).
    [1, -2, 9]; 1 -> [ 0, -1,  4]
xlogy: input * log(other); 0 where input is 0, unless other is NaN.
    [0.0, 1.0, 2.0]; [0.0, 1.0, 2.0] -> [0.0000, 0.0000, 1.3863]
maximum: The greater of two elements; NaN if one is NaN. No complex tensors.
    [1.0, 5.0, nan]; [3.0, 2.0, 1.0] -> [3., 5., nan]
minimum: The lesser of two elements; NaN if one is NaN. No complex tensors.
    [1.0, 5.0, nan]; [3.0, 2.0, 1.0] -> [1., 2., nan]
fmax: The greater of two elements; of NaN and a number the number.
    [1.0, 5.0, nan]; [3.0, 2.0, 1.0] -> [3., 5., 1.]
fmin: The lesser of two elements; of NaN and a number the number.
    [1.0, 5.0, nan]; [3.0, 2.0, 1.0] -> [1., 2., 1.]
atan2: Angle of the points (other, input) in (-pi, pi].
    [1.0, 1.0, -1.0]; [1.0, -1.0, -1.0] -> [ 0.7854,  2.3562, -2.3562]
eq: True where both are equal; NaN equals nothing.
    [1, 2, 3]; [3, 2, 1] -> [False,  True, False]
ne: True where both differ.
    [1, 2, 3]; [3, 2, 1] -> [ True, False,  True]
lt: True where input < other; no complex tensors.
    [1, 2, 3]; [3, 2, 1] -> [ True, False, False]
le: True where input <= other; no complex tensors.
    [1, 2, 3]; [3, 2, 1] -> [ True,  True, False]
gt: True where input > other; no complex tensors.
    [1, 2, 3]; [3, 2, 1] -> [False, False,  True]
ge: True where input >= other; no complex tensors.
    [1, 2, 3]; 2.5 -> [False, False,  True]
logical_and: True where both are nonzero.
    [0, 1, 2]; [0.0, 0.0, 5.0] -> [False, False,  True]
logical_or: True where one or both are nonzero.
    [0, 1, 2]; [0.0, 0.0, 5.0] -> [False,  True,  True]
logical_xor: True where one of both is nonzero.
    [0, 1, 2]; [0.0, 0.0, 5.0] -> [False,  True, False]
gcd: Greatest common divisor of integers, never negative.
    [12, 18, -8]; [8, 27, 12] -> [4, 9, 4]
lcm: Least common multiple of integers, never negative.
    [4, 6, 0]; [6, 9, 5] -> [12, 18,  0]
copysign: input with the sign of other.
    [1.0, -2.0, 3.0]; [-1.0, 1.0, -0.0] -> [-1.,  2., -3.]
heaviside: 0 below 0, 1 above, and other where input is 0.
    [-1.5, 0.0, 2.0]; [0.5, 0.5, 0.5] -> [0.0000, 0.5000, 1.0000]
hypot: sqrt(input * input + other * other).
    [3.0, 5.0, 1.0]; [4.0, 12.0, 1.0] -> [ 5.0000, 13.0000,  1.4142]
nextafter: The next floating point number after input in the direction of other.
    [1.0, 0.0]; [2.0, 1.0] -> [1.0000e+00, 1.4013e-45]
logaddexp: log(exp(input) + exp(other)), without underflow.
    [-1.0, -1000.0]; [-1.0, -1000.0] -> [-3.0685e-01, -9.9931e+02]
logaddexp2: log2(2 ** input + 2 ** other), without underflow.
    [3.0, -2000.0]; [3.0, -2000.0] -> [    4., -1999.]
igamma: Regularized lower incomplete gamma function P(input, other).
    [4.0, 4.0]; [3.0, 5.0] -> [0.3528, 0.7350]
igammac: Regularized upper incomplete gamma function: 1 - igamma.
    [4.0, 4.0]; [3.0, 5.0] -> [0.6472, 0.2650]
add: input + alpha * other; operands broadcast and are promoted.
    [1, 2, 3]; [10.0, 20.0, 30.0] -> [11., 22., 33.]
sub: input - alpha * other; operands broadcast and are promoted. No bool tensors.
    [1, 2, 3]; 1 -> [0, 1, 2]
"""

_rows = _parsed_rows(ROWS)
_looped = _parsed_loops(
    _examples_looped.LOOPED + _examples_tensor.LOOPED + _examples_nn.LOOPED
)
