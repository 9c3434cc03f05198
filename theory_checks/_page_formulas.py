"""The table of potentials of page 01 in NumPy: ∇R, its inverse and the inverse's slope, for fixed numbers."""

import numpy as np

SCALE = 0.3  # of hyperbolic entropy
_ROOT = np.sqrt(0.5)  # of the balance of ∏₃w_i


def _negative(z):
    return np.where(z < 0, z, np.nan)


def _factor(x):
    """The w with w³+w/2=x, by Newton's method on a convex function of |w|."""
    size = np.abs(x)
    w = np.cbrt(size) + 0.1
    for _ in range(60):
        w = w - (w**3 + w / 2 - size) / (3 * w**2 + 0.5)
    return np.sign(x) * w


def _tangent(z):
    return np.where(np.abs(z) < np.pi / (2 * _ROOT), _ROOT * np.tan(_ROOT * z), np.nan)


def _brackets(z):
    """P=u₀⁻¹−3z and N=v₀⁻¹+3z of u³−v³ from u₀=0.5, v₀=0.4."""
    p, n = 2 - 3 * z, 2.5 + 3 * z
    inside = (p > 0) & (n > 0)
    return np.where(inside, p, np.nan), np.where(inside, n, np.nan)


def _cubes(z):
    p, n = _brackets(z)
    return p**-3 - n**-3


def _dual_of_cubes(x):
    low, high = np.full_like(x, -2.5 / 3), np.full_like(x, 2 / 3)
    for _ in range(80):
        middle = (low + high) / 2
        above = _cubes(middle) > x
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return (low + high) / 2


FORMULAS = {
    "quadratic": (lambda x: x, lambda z: z, np.ones_like),
    "power 3": (lambda x: x * np.abs(x), lambda z: np.sign(z) * np.sqrt(np.abs(z)), lambda z: 0.5 / np.sqrt(np.abs(z))),
    "power 3/2": (lambda x: np.sign(x) * np.sqrt(np.abs(x)), lambda z: z * np.abs(z), lambda z: 2 * np.abs(z)),
    "hyperbolic entropy": (
        lambda x: np.arcsinh(x / SCALE),
        lambda z: SCALE * np.sinh(z),
        lambda z: SCALE * np.cosh(z),
    ),
    "cosh": (np.sinh, np.arcsinh, lambda z: 1 / np.hypot(1, z)),
    "hyperbolic-aware": (
        lambda x: np.sign(x) * np.log1p(2 * np.abs(x)) / 2,
        lambda z: np.sign(z) * np.expm1(2 * np.abs(z)) / 2,
        lambda z: np.exp(2 * np.abs(z)),
    ),
    "tilted entropy": (
        lambda x: 0.5 * (np.arcsinh(x / 0.25) - 0.4),
        lambda z: 0.25 * np.sinh(2 * z + 0.4),
        lambda z: 0.5 * np.cosh(2 * z + 0.4),
    ),
    "steepest family": (  # L=3, q=2, balance ½: dz = dw/(w²+½)
        lambda x: np.arctan(_factor(x) / _ROOT) / _ROOT,
        lambda z: _tangent(z) * (_tangent(z) ** 2 + 0.5),
        lambda z: (_tangent(z) ** 2 + 0.5) * (3 * _tangent(z) ** 2 + 0.5),
    ),
    "u³−v³": (_dual_of_cubes, _cubes, lambda z: 9 * (_brackets(z)[0] ** -4 + _brackets(z)[1] ** -4)),
    "log u − log v": (  # u₀=1, v₀=0.8
        lambda x: 0.5 * (1.64 / (1 + np.exp(-2 * x)) - 1.0),
        lambda z: 0.5 * np.log((1.0 + 2 * z) / (0.64 - 2 * z)),
        lambda z: 1 / (1.0 + 2 * z) + 1 / (0.64 - 2 * z),
    ),
    "negative entropy": (np.log, np.exp, np.exp),
    "log barrier": (lambda x: -1 / x, lambda z: -1 / _negative(z), lambda z: 1 / _negative(z) ** 2),
}
FORMULAS["numeric"] = FORMULAS["hyperbolic entropy"]
