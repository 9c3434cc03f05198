"""Laws along a path: as they were derived, as they should move, and with a term of the other sign."""

from typing import Any

import numpy as np
import sympy

import mirrorflow as mf

_found: dict[Any, mf.derive.ConservationLaws] = {}


def derived(model: mf.derive.Model, **flow: Any) -> mf.derive.ConservationLaws:
    """The laws of a model, derived once in a process."""
    name = model.name, repr(sorted(flow.items()))
    if name not in _found:
        _found[name] = mf.derive.conservation_laws(model, degree=2, **flow)
    return _found[name]


def sampled(model: mf.derive.Model, rng: np.random.Generator, *, positive: tuple[str, ...] = ()) -> dict[str, Any]:
    """A random θ of the model, with arrays of positive numbers where named."""
    shapes = {name: array.shape for name, array in model.arrays.items()}
    drawn = {name: rng.uniform(0.5, 1.1, shape) for name, shape in shapes.items()}
    return {name: x if name in positive else x * rng.choice([-1.0, 1.0], x.shape) for name, x in drawn.items()}


def flat(model: mf.derive.Model, theta: dict[str, Any]) -> np.ndarray:
    """θ at all points as (points, D), in the order of the model's variables."""
    return np.concatenate([_rows(theta[name], array.size) for name, array in model.arrays.items()], axis=1)


def _rows(array: Any, size: int) -> np.ndarray:
    return np.asarray(array).reshape(-1, size)


def drift(laws: mf.derive.ConservationLaws, states: Any, decayed: Any = 0.0, degree=None, altered: bool = False):
    """h(θ_t)−h(θ_0)e^{−c∫rate} over the largest Σ|terms of h| on the path, shape (laws, points).

    `states`: θ, or θ and θ̇, each (points, D); `decayed`: ∫rate at the points, c the law's own multiple of the rate
    unless a `degree` is given; `altered`: one term of each law has the other sign.
    """
    parts = [np.asarray(part).T for part in (states if isinstance(states, tuple) else (states,))]
    values = _altered(laws, parts) if altered else np.asarray(laws.residual(*parts))
    degrees = np.array([multiple(law) if degree is None else degree for law in laws])
    expected = values[:, :1] * np.exp(-degrees[:, None] * np.asarray(decayed))
    return (values - expected) / _sizes(laws, parts)


def multiple(law: mf.derive.Law) -> float:
    """c of a law that moves as e^{−c∫rate}."""
    return float(law.rate.subs(dict.fromkeys(law.rate.free_symbols, 1)))


def _altered(laws: mf.derive.ConservationLaws, parts: list[np.ndarray]) -> np.ndarray:
    wrong = []
    for law in laws:
        terms = sympy.Add.make_args(law.expression)
        wrong.append(law.expression - 2 * max(terms, key=str))
    return _evaluated(laws, wrong, parts)


def _sizes(laws: mf.derive.ConservationLaws, parts: list[np.ndarray]) -> np.ndarray:
    terms = [sympy.Add.make_args(law.expression) for law in laws]
    values = _evaluated(laws, [term for each in terms for term in each], parts)
    ends = np.cumsum([len(each) for each in terms])[:-1]
    return np.array([np.max(np.sum(np.abs(part), axis=0)) for part in np.split(values, ends)])[:, None]


def _evaluated(laws: mf.derive.ConservationLaws, expressions: list[sympy.Expr], parts: list[np.ndarray]) -> np.ndarray:
    function = sympy.lambdify(laws[0].variables, expressions, modules="numpy")
    values = np.concatenate(parts)
    return np.array([np.broadcast_to(value, values.shape[1:]) for value in function(*values)])
