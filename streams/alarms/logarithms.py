"""A natural logarithm of our own, of additions, multiplications and one division.

Each of these rounds one way on every machine, alone or many at a time, which the logarithms of
mathematical libraries do not promise; and a loop of it is several times as fast. The method is
Sun's `e_log.c` (fdlibm, 1993): less than one unit in the last place off.
"""

# mypy: disable-error-code="untyped-decorator, no-any-return"

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types
from numba.extending import intrinsic

from streams.compiled import unchecked

_LOWEST = 0x3FE6A09E << 32  # √½: mantissas lie from there to √2
_SHIFT = (0x3FF00000 << 32) - _LOWEST
_MANTISSA = (1 << 52) - 1
_EXPONENT = 0x433 << 52  # a float of 2⁵² and of what stands in its last bits
_BIAS = 2.0**52 + 1023
_EVEN = (3.999999999940941908e-01, 2.222219843214978396e-01, 1.531383769920937332e-01)
_ODD = (
    *(6.666666666666735130e-01, 2.857142874366239149e-01),
    *(1.818357216161805012e-01, 1.479819860510658591e-01),
)
_LN2, _LN2_REST = 6.93147180369123816490e-01, 1.90821492927058770002e-10


@intrinsic
def _to_bits(_: Any, number: Any) -> tuple[Any, Callable[..., Any]]:
    return types.int64(number), _cast(types.int64)


@intrinsic
def _from_bits(_: Any, bits: Any) -> tuple[Any, Callable[..., Any]]:
    return types.float64(bits), _cast(types.float64)


def _cast(kind: Any) -> Callable[..., Any]:
    def generate(context: Any, builder: Any, _: Any, given: Any) -> Any:
        return builder.bitcast(given[0], context.get_value_type(kind))

    return generate


@unchecked
def log(number: float) -> float:
    """The natural logarithm of a normal positive number; of others a finite one without meaning."""
    bits = _to_bits(number) + _SHIFT
    power = _from_bits((bits >> 52) | _EXPONENT) - _BIAS
    rest = _from_bits((bits & _MANTISSA) + _LOWEST) - 1.0
    half = 0.5 * rest * rest
    ratio = rest / (2.0 + rest)
    square = ratio * ratio
    fourth = square * square
    even = fourth * (_EVEN[0] + fourth * (_EVEN[1] + fourth * _EVEN[2]))
    odd = square * (_ODD[0] + fourth * (_ODD[1] + fourth * (_ODD[2] + fourth * _ODD[3])))
    small = ratio * (half + (odd + even)) + power * _LN2_REST
    return power * _LN2 - ((half - small) - rest)
