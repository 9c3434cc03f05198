"""How far losses can drive a flow: the dimension of its orbits, in floating point and without a Lie bracket.

By Sussmann's theorem what can be reached from θ by a choice of losses is a manifold, and its tangent space there is
spanned by the velocities at all points that can be reached, each carried back to θ by the derivative of the flow that
led there. Laws are what is constant on orbits, so there are D − dimension of them. Here a random path is followed
together with its derivative, velocities are carried back along it, and singular values are counted.
"""

import itertools
from typing import Any

import numpy as np
import scipy.integrate

import mirrorflow as mf

LEGS, SAMPLES, SPAN = 6, 3, 0.25
RTOL = 1e-12
IMAGINARY = 1e-40  # a step whose derivatives have no rounding of differences
NOISE = 1e-9  # of the largest singular value: the integration's error stays below it, what brackets add above


class Features:
    """φ(θ) = S·∏θ^E: sums S of products of parameters, E a 0/1 matrix with a row for every product."""

    def __init__(self, products: Any, sums: Any = None) -> None:
        self.products = np.asarray(products, bool)
        self.sums = np.eye(len(self.products)) if sums is None else np.asarray(sums, float)

    def gradients(self, theta: np.ndarray) -> np.ndarray:
        """All ∂φ_k(θ), one in each row, for θ along the last axis."""
        values = np.where(self.products, theta[..., None, :], 1.0)
        whole = np.prod(values, axis=-1, keepdims=True)
        return self.sums @ np.where(self.products, whole / values, 0.0)


def network(*widths: int, linear: bool = False, biases: bool = False) -> Features:
    """Products along all paths of a network, summed between equal ends if it is linear; layers W_l, b_l row by row."""
    paths: list[tuple[int, int, list[int]]] = [(unit, unit, []) for unit in range(widths[0])]
    size = 0
    for before, after in itertools.pairwise(widths):
        paths = [(k, begin, [*taken, size + k * before + at]) for at, begin, taken in paths for k in range(after)]
        size += before * after
        if biases:
            paths += [(k, -1, [size + k]) for k in range(after)]
            size += after
    products = np.array([np.isin(np.arange(size), taken) for _, _, taken in paths])
    if not linear:
        return Features(products)
    ends = sorted({path[:2] for path in paths})
    return Features(products, [[path[:2] == end for path in paths] for end in ends])


def side_by_side(*parts: Features) -> Features:
    """The features of several sets of parameters, one after the other."""
    blocks = [(part.products, part.sums) for part in parts]
    return Features(*(_diagonal([block[i] for block in blocks]) for i in (0, 1)))


def gradient_flow(features: Features, metric=None):
    """Fields M(θ)∂φ_k(θ) of a diagonal inverse metric M."""
    if metric is None:
        return features.gradients
    return lambda theta: features.gradients(theta) * metric(theta)[..., None, :]


def momentum_flow(features: Features, damping: float):
    """Fields on (θ, θ̇, t): the drift (θ̇, −τθ̇, 1), and ∂φ_k(θ) that act on θ̇."""

    def fields(state: np.ndarray) -> np.ndarray:
        theta, velocity = np.split(state[..., :-1], 2, axis=-1)
        drift = np.concatenate([velocity, -damping * velocity, np.ones_like(state[..., :1])], axis=-1)
        pushes = features.gradients(theta)
        pushes = np.concatenate([np.zeros_like(pushes), pushes, np.zeros_like(pushes[..., :1])], axis=-1)
        return np.concatenate([drift[..., None, :], pushes], axis=-2)

    return fields


def reached(fields, start: np.ndarray, rng: np.random.Generator) -> int:
    """The dimension of the orbit through `start`."""
    size = start.size
    with mf.accuracy(1.0) as factor:
        rtol = RTOL * factor
    if not np.any(fields(start)):
        return 0
    state = start + 0j + np.concatenate([np.zeros((1, size)), IMAGINARY * 1j * np.eye(size)])
    carried = [_unit(fields(start))]
    for _ in range(LEGS):
        choice = rng.standard_normal(fields(start).shape[0])
        choice *= SPAN / np.linalg.norm(choice @ fields(state[0].real))

        def velocity(_, flat, choice=choice):
            return (choice @ fields(flat.reshape(-1, size))).ravel()

        times = np.linspace(0, 1, SAMPLES + 1)[1:]
        path = scipy.integrate.solve_ivp(velocity, (0, 1), state.ravel(), "DOP853", times, rtol=rtol, atol=0.01 * rtol)
        for flat in path.y.T:
            state = flat.reshape(-1, size)
            derivative = state[1:].imag.T / IMAGINARY
            carried.append(_unit(np.linalg.solve(derivative, fields(state[0].real).T).T))
    values = np.linalg.svd(np.concatenate(carried), compute_uv=False)
    return int(np.sum(values > NOISE * values[0]))


def _unit(rows: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(norms > 0, norms, 1.0)


def _diagonal(blocks: list[np.ndarray]) -> np.ndarray:
    whole = np.zeros(np.sum([block.shape for block in blocks], axis=0), blocks[0].dtype)
    row = column = 0
    for block in blocks:
        whole[row : row + block.shape[0], column : column + block.shape[1]] = block
        row, column = row + block.shape[0], column + block.shape[1]
    return whole
