"""Least squares: where the flow comes to rest, and the Bregman projection it should be."""

from typing import Any

import numpy as np

from ... import clocks, potentials, predict, until
from ...claims import Comparison
from ...flows import Trajectory, integrate
from ...problems import LinearRegression
from ._coordinates import Coordinates
from ._data import Data
from ._outcome import Found, Part, at_each_accuracy, explained, verdict

REST = 1e-9
POINTS = 120
ALLOWED = 1e-4
BECAUSE = "the flow is stopped before it is at rest, which weighs most in the directions that the data hardly determine"
MOST_STEPS = 400_000  # half a minute or so for hundreds of features
_INTERPOLATES = 1e-10  # misfit, relative to the target, that rounding explains


def regression(data: Data, coordinates: Coordinates, rest: float | None) -> Found:
    """The limit of the flow of ½‖Ax−b‖² on these data.

    Where nothing interpolates, b is replaced in the prediction by its projection on the range of A: the gradient is the
    same, so the flow is. The limit of least squares in full rank is one point, for every potential.

    **Raises:** `ValueError` if the potential's domain has no point to end at.
    """
    rest = REST if rest is None else rest
    problem = LinearRegression(data.inputs, data.target)
    solution, _, rank, _ = np.linalg.lstsq(data.inputs, data.target)
    reachable = data.inputs @ solution
    misfit = float(np.linalg.norm(data.target - reachable))
    interpolates = misfit <= _INTERPOLATES * float(np.linalg.norm(data.target))
    unique = int(rank) == data.inputs.shape[1]
    consistent = problem if interpolates else LinearRegression(data.inputs, reachable)
    flow, mirrored = coordinates.flow(problem), coordinates.flow(consistent)
    with explained("The flow has no limit to predict: ", "" if interpolates else f" {_nothing_fits(misfit)}"):
        limit = predict.limit(mirrored, coordinates.begin(mirrored))
    start = coordinates.begin(flow)
    x0 = np.full(data.inputs.shape[1], coordinates.start)
    slope = float(np.abs(data.inputs.T @ (data.inputs @ x0 - reachable)).max())
    if slope == 0:
        raise ValueError(
            "The flow is at rest where it starts: the gradient there is 0, so that there is nothing to see."
        )

    def followed(factor: float) -> Trajectory:
        rule, clock = until.stationary(rest * factor * slope), clocks.Log()
        return integrate(flow, start, until=rule, clock=clock, save=POINTS, max_steps=MOST_STEPS)

    paths = at_each_accuracy(followed)
    bad = next((path for path in paths if not path.status.ok), None)
    reason = f"the flow did not come to rest ({bad.status}); --until sets where it stops" if bad else ""
    ends = [np.asarray(path.x[-1]) for path in paths]
    left = [_left(data, end, reachable) for end in ends]

    def part(name: str, against: np.ndarray) -> Part:
        made = [Comparison(against, end, uncertainty=rest) for end, rest in zip(ends, left, strict=True)]
        return Part(name, ALLOWED, BECAUSE, made, reason)

    parts, controls = [part("limit", limit.x)], []
    if unique:
        parts.append(part("least squares", solution))
    else:
        words, wrong = _other(coordinates, consistent, float(np.abs(limit.x).max()))
        controls.append((words, part("limit", wrong)))
    excess = 0.5 * ((np.asarray(paths[-1].x) @ data.inputs.T - reachable) ** 2).sum(axis=1)
    shift, scale = data.target_units
    table = ends[-1] * scale / data.scale
    return Found(
        measured=ends[-1],
        predicted=limit.x,
        verdict=verdict("regression", parts, controls),
        statement=r"x_\infty = \operatorname{argmin}\{D_R(x,x_0) : "
        + (r"Ax=b\}" if interpolates else r"A^{\top}Ax=A^{\top}b\}"),
        prediction="the least-squares solution, which is unique" if unique else "the Bregman projection of the start",
        quantity="coefficient",
        clock=np.asarray(paths[-1].log_time),
        curve=excess,
        curve_label=r"loss $\frac{1}{2}\|Ax_t-b\|^2$" + ("" if interpolates else " above its least value"),
        status=str(paths[-1].status),
        facts={
            "rank": int(rank),
            "interpolates": interpolates,
            "unique": unique,
            "least_loss": 0.5 * misfit**2 if not interpolates else 0.0,
            "rest": rest,
            "left": left[-1],
            "kkt": limit.kkt,
            "coefficients_in_units_of_the_table": table.tolist(),
            "constant_in_units_of_the_table": float(shift - table @ data.shift),
        },
        notes=[_fit(data, int(rank), interpolates, misfit), *_unfinished(left[-1], limit.x, rest)],
    )


def _left(data: Data, x: np.ndarray, reachable: np.ndarray) -> float:
    """How far the nearest point of least loss is: where some direction is hardly determined, a flow whose gradient has
    almost vanished may still have a way to go.
    """
    step, *_ = np.linalg.lstsq(data.inputs, reachable - data.inputs @ x)
    return float(np.abs(step).max())


def _unfinished(left: float, x: np.ndarray, rest: float) -> list[str]:
    if left <= ALLOWED * np.abs(x).max():
        return []
    return [
        f"some features are almost combinations of others: the gradient is {rest:g} of the first, and x still "
        f"{left:.2g} from where the loss is least; --until {rest / 1e3:g} goes on for longer"
    ]


def _fit(data: Data, rank: int, interpolates: bool, misfit: float) -> str:
    shape = f"{data.inputs.shape[0]} samples, {data.inputs.shape[1]} features, rank {rank}"
    if interpolates and rank < data.inputs.shape[1]:
        return f"{shape}: infinitely many x fit every sample, and the potential decides which the flow ends at"
    if interpolates:
        return f"{shape}: exactly one x fits every sample, so every potential ends there"
    if rank == data.inputs.shape[1]:
        return f"{shape}: no x fits every sample; the limit is the least-squares solution (misfit {misfit:.3g})"
    return f"{shape}: no x fits every sample; of the x of least misfit {misfit:.3g}, the potential decides which"


def _nothing_fits(misfit: float) -> str:
    return f"(No x fits every sample, so that this is said of the least-squares fit, misfit {misfit:.3g}.)"


def _other(coordinates: Coordinates, problem: Any, size: float) -> tuple[str, np.ndarray]:
    """The limit under another potential, which the flow must not end at."""
    if isinstance(coordinates.potential, potentials.Quadratic):
        scale = float(f"{size / 100:.1g}")
        other, words = potentials.HyperbolicEntropy(scale), f"the limit of hyperbolic-entropy:{scale:g} instead"
    else:
        other, words = potentials.Quadratic(), "the limit of the quadratic potential instead"
    x0 = np.full(problem.shape, coordinates.start)
    with explained("The limit of another potential, to compare with, cannot be computed: "):
        return words, predict.bregman_projection(problem, other, x0).x
