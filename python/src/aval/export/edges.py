"""Where a threshold on a transformed value lies on the input itself, to the bit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .additive import Floats

_TOP = 0x7FF0_0000_0000_0000


def lowest(forward: Callable[[Floats], Floats], threshold: float) -> float:
    """The least finite double x with forward(x) >= threshold, for a rising function: by halving over all doubles.

    Rounding makes a scaled edge and a scaled value of the data meet at another double than arithmetic would say, and
    data likes to lie on edges. So the edge is asked from what the fitted object computes.
    """
    low, high = -_TOP + 1, _TOP - 1
    with np.errstate(all="ignore"):
        while low < high:
            middle = (low + high) >> 1
            value = forward(np.array([_double(middle)]))[0]
            if value >= threshold:
                high = middle
            else:
                low = middle + 1
    return _double(low)


def _double(place: int) -> float:
    """The double at a place in the order of all doubles; 0 is 0.0."""
    magnitude = float(np.int64(abs(place)).view(np.float64))
    return magnitude if place >= 0 else -magnitude
