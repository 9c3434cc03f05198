"""Separable data: the margin of the flow at a late time, and the largest margin of the potential's horizon."""

import numpy as np

from ... import clocks, observe, until
from ...claims import Comparison
from ...flows import Trajectory, integrate
from ...problems import Classification
from ._coordinates import Coordinates
from ._data import Data
from ._margin import best_margin, name, notes_on, other_margin, slowest_exponent, support
from ._outcome import Found, Part, at_each_accuracy, verdict

LATE = 1e3
ALLOWED = 1e-2
BECAUSE = "the margin is approached like a power of 1/log t, so that its limit is extrapolated from four times"
_SETTLED = 1.02  # how much more the first of two halvings of log t must change than the second
_HALVINGS, _EACH = 10, 4


def classification(data: Data, coordinates: Coordinates, loss: str, late: float | None) -> Found:
    """The flow of an exponential or logistic loss to log t=`late`, against max_x min_i y_i⟨x,z_i⟩/φ(x).

    **Raises:** `ValueError` if the data are not separable, or the potential has no horizon.
    """
    late = LATE if late is None else late
    problem = Classification(data.inputs, data.target, loss=loss)
    flow = coordinates.flow(problem)
    potential = coordinates.potential_of(flow)
    horizon = potential.horizon
    if horizon is None:
        raise ValueError(f"{coordinates.words} has no horizon, so that no max-margin problem belongs to its flow.")
    best = best_margin(data, problem, horizon)
    times = late * 2.0 ** (-np.arange(_HALVINGS * _EACH + 1)[::-1] / _EACH)

    def followed(_: float) -> Trajectory:
        rule, save = until.log_time(late), clocks.LogTimes(times)
        return integrate(flow, coordinates.begin(flow), until=rule, clock=clocks.Log(), save=save, max_steps=100_000)

    paths = at_each_accuracy(followed)
    bad = next((path for path in paths if not path.status.ok), None)
    if bad is not None and len(bad.time) < 3 * _EACH + 1:
        raise ValueError(f"The flow ended before there was anything to see: {bad.status}.")
    margins = [np.asarray(observe.margin(path, horizon)) / best.margin for path in paths]
    reason = f"the flow did not reach log t={late:g}: {bad.status}" if bad else ""
    slowest = slowest_exponent(best)
    limits = [extrapolated(margin[::-_EACH][:4][::-1], slowest) for margin in margins]
    if not reason and limits[-1] is None:
        reason = f"the margin does not settle yet at log t={late:g}; --until sets a later end"
    compared = [(0.0, 0.0) if limit is None else limit for limit in limits]

    def part(against: float) -> Part:
        made = [Comparison(against, value, scale=1.0, uncertainty=doubt) for value, doubt in compared]
        return Part("limit of the margin, as a share of the largest", ALLOWED, BECAUSE, made, reason)

    words, wrong = other_margin(problem, horizon)
    x = np.asarray(paths[-1].x[-1])
    split = observe.margin_certificate(x, best)
    return Found(
        measured=np.asarray(observe.direction(paths[-1], horizon))[-1],
        predicted=best.direction,
        verdict=verdict("classification", [part(1.0)], [(words, part(wrong / best.margin))]),
        statement=r"\gamma(x_t) = \min_i y_i\langle x_t,z_i\rangle/\phi(x_t) \to \gamma^* = \max_x \gamma(x)",
        prediction=f"the direction of the largest margin in {name(horizon)}",
        quantity=f"direction (size 1 in {name(horizon)})",
        clock=np.asarray(paths[-1].log_time),
        curve=1 - margins[-1],
        curve_label=r"margin gap $1-\gamma(x_t)/\gamma^*$",
        status=str(paths[-1].status),
        facts={
            "horizon": name(horizon),
            "largest_margin": best.margin,
            "margin": float(margins[-1][-1] * best.margin),
            "gap": float(split.gap),
            "gap_of_samples": float(split.samples),
            "gap_of_features": float(split.features),
            "margin_in_the_limit": compared[-1][0] * best.margin if limits[-1] else None,
            "log_time": float(paths[-1].log_time[-1]),
            "slowest_exponent": -slowest,
            "several_solutions": best.degenerate,
        },
        notes=[*notes_on(data, best), *_slow(slowest, margins[-1][-1], late)],
        samples=support(data, best, np.exp(np.asarray(problem.log_weights(x))), np.asarray(problem.margins(x))),
    )


def extrapolated(margins: np.ndarray, slowest: float) -> tuple[float, float] | None:
    """The limit of shares of the largest margin at log t, each time doubled, and the doubt; None if they do not settle.

    A gap like (log t)^{−δ} shrinks by 2^δ at each doubling, so three margins give its limit (Aitken). The doubt is what
    a fourth one changes of it. Where the limit is not 1, to the tolerance, the doubt is also what terms as slow as
    (log t)^{−`slowest`} may still add, up to 1: they hide behind faster ones, and a theorem is not refuted by them.
    """
    made = [_aitken(*margins[i : i + 3]) for i in (0, 1)]
    if made[0] is None or made[1] is None:
        return None
    limit, doubt = made[1], abs(made[1] - made[0])
    if limit < 1 - ALLOWED:
        more = (margins[3] - margins[2]) / np.expm1(slowest * np.log(2)) if slowest > 0 else np.inf
        doubt = max(doubt, min(margins[3] + more, 1.0) - limit)
    return limit, doubt


def _aitken(first: float, second: float, third: float) -> float | None:
    before, after = second - first, third - second
    if abs(after) <= 1e-12 * abs(third):
        return float(third)
    ratio = before / after
    return float(third + after / (ratio - 1)) if ratio > _SETTLED else None


def _slow(slowest: float, share: float, late: float) -> list[str]:
    if share > 1 - ALLOWED or slowest >= 1:
        return []
    return [
        f"theory expects some features to approach the limit only like (log t)^−{slowest:.2g}, and at log t={late:g} "
        f"the margin is {100 * share:.3g} % of the largest; --until sets a later end"
    ]
