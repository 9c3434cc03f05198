"""Page 01 in two dimensions: one sample, two features, and the solution that each potential picks."""

import numpy as np

import mirrorflow as mf

DESIGN, TARGET = np.array([[1.0, 2.0]]), np.array([8.0])
PLANE = {
    "quadratic": mf.potentials.Quadratic,
    "entropy": lambda: mf.potentials.HyperbolicEntropy(1e-2),
    "cosh": mf.potentials.Cosh,
}


@mf.experiment(cases=mf.cases.grid(potential=tuple(PLANE)))
def plane(case, key):
    """½(x₁+2x₂−8)² from 0 to rest."""
    flow = mf.Flow(mf.problems.LinearRegression(DESIGN, TARGET), potential=PLANE[case.potential]())
    return mf.integrate(flow, np.zeros(2), until=mf.until.stationary(1e-10), save=120)


def multiplier(name, root=1.0):
    """The solution ∇R*(νAᵀ) of Ax=8, by bisection for ν, with inverse mirror maps as the page has them."""
    inverse = {"quadratic": lambda z: z, "entropy": lambda z: 1e-2 * np.sinh(z), "cosh": np.arcsinh}[name]
    low, high = 0.0, 1e3 if name != "entropy" else 20.0
    for _ in range(200):
        middle = (low + high) / 2
        fits = inverse(middle * DESIGN[0]) @ DESIGN[0] < root * TARGET[0]
        low, high = (middle, high) if fits else (low, middle)
    return inverse(low * DESIGN[0])


@mf.claim(
    "mirror-flow/limit-in-the-plane",
    on=plane,
    statement=r"x_\infty = \nabla R^*(\nu A^T) \text{ with } \nu \text{ such that } Ax_\infty = b",
    source="theory page 01 (implicit bias in underdetermined regression)",
    status="published",
    tolerance=mf.tolerance(1e-7, because="the flow stops at a gradient of 1e-10"),
    figure="level-lines",
    variables={"A, b": "(1 2) and 8", r"\nu": "the multiplier of the one equation"},
)
def limit_in_the_plane(case, path, root=1.0):
    """The end of the flow against bisection for ν."""
    return mf.Comparison(predicted=multiplier(case.potential, root), measured=np.asarray(path.x)[-1])


limit_in_the_plane.control("a target one percent larger", root=1.01)
