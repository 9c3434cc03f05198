"""Squared loss of signals in a dictionary of atoms."""

import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Held, Numeric, Real
from ._least_squares import AbstractLeastSquares

# Relative to 1: how far the norm of an atom may be from it, so that single precision passes.
UNIT = 1e-5


class SparseCoding(AbstractLeastSquares):
    """f(x) = ½‖Dx−y‖² for a dictionary D of unit atoms and signals y that are sparse in it.

    Regression with two differences: the columns of D, not its rows, are normalized, so that every entry of a code x
    means the same amount of signal; and one dictionary may code several signals, x then being a matrix whose columns
    are the codes.

    **Arguments:**

    - `dictionary`: D, shape (length, atoms), with columns of norm 1.
    - `signals`: y, shape (length,) for one signal, (length, signals) for several.
    - `truth`: the sparse codes that the signals were made of, if they are known, of the shape of x.

    **Raises:** `ValueError` on wrong shapes, entries that are not finite, or atoms whose norm is not 1.

    **Source:** theory page 02 (problems to run it on: sparse coding with u^{2k}−v^{2k}).

    >>> problem = mf.problems.SparseCoding(jnp.array([[1.0, 0.6], [0.0, 0.8]]), jnp.array([[2.0, 0.0], [0.0, 0.8]]))
    >>> problem.shape, problem.gradient(jnp.array([[2.0, 0.0], [0.0, 1.0]])).round(12).tolist()
    ((2, 2), [[0.0, 0.6], [0.0, 0.36]])
    """

    dictionary: Held
    signals: Held
    truth: Held | None

    def __init__(self, dictionary: Numeric, signals: Numeric, truth: Numeric | None = None):
        dictionary = _checks.number("dictionary", dictionary, shape=None)
        if dictionary.ndim != 2 or 0 in dictionary.shape:
            raise ValueError(
                f"dictionary must have shape (length, atoms), neither of them 0, got shape {dictionary.shape}."
            )
        signals = _checks.number("signals", signals, shape=None)
        if signals.ndim not in (1, 2) or signals.shape[0] != dictionary.shape[0] or 0 in signals.shape:
            raise ValueError(
                f"signals must have shape (length,) or (length, signals) with length {dictionary.shape[0]} to go with "
                f"a dictionary of shape {dictionary.shape}, got shape {signals.shape}."
            )
        if not _checks.is_traced(dictionary):
            norms = np.linalg.norm(np.asarray(dictionary, float), axis=0)
            worst = int(np.abs(norms - 1).argmax())
            if abs(norms[worst] - 1) > UNIT:
                raise ValueError(
                    f"dictionary must have atoms (columns) of norm 1; the norm of atom {worst} is {norms[worst]:g}."
                )
        self.dictionary, self.signals = dictionary, signals
        self.truth = None if truth is None else _checks.number("truth", truth, shape=self.shape)

    @classmethod
    def sample(
        cls,
        key: jax.Array,
        *,
        length: int,
        atoms: int,
        support: int,
        signals: int | None = None,
        noise: Numeric = 0.0,
    ) -> "SparseCoding":
        """A random instance: atoms uniform on the sphere, codes ±1 on a random support of their own each.

        signals = dictionary@truth + noise·N(0,I)

        **Arguments:** `length`, `atoms`: at least 1; `support`: how many entries of a code are not zero, from 0 to
        `atoms`; `signals`: how many, at least 1, or nothing for a single one without an axis; `noise`: its standard
        deviation, 0 unless asked for.

        **Raises:** `ValueError` where an argument is out of range.

        >>> problem = mf.problems.SparseCoding.sample(jax.random.key(0), length=6, atoms=9, support=2, signals=3)
        >>> problem.shape, (problem.truth != 0).sum(axis=0).tolist()
        ((9, 3), [2, 2, 2])
        """
        key = _checks.key("key", key)
        length = _checks.integer("length", length, at_least=1)
        atoms = _checks.integer("atoms", atoms, at_least=1)
        support = _checks.integer("support", support, at_least=0)
        if support > atoms:
            raise ValueError(f"support must be at most atoms, got support={support} and atoms={atoms}.")
        count = None if signals is None else _checks.integer("signals", signals, at_least=1)
        return cls(*_sample(key, _checks.nonnegative("noise", noise), length, atoms, support, count))

    @property
    def shape(self) -> tuple[int, ...]:
        """(atoms,), or (atoms, signals)"""
        return (self.dictionary.shape[1], *self.signals.shape[1:])

    @property
    def design(self) -> Held:
        """D, as a regression has it; for one signal only (`AttributeError` otherwise)."""
        self._single("design")
        return self.dictionary

    @property
    def target(self) -> Held:
        """y, as a regression has it; for one signal only (`AttributeError` otherwise)."""
        self._single("target")
        return self.signals

    def _single(self, name: str) -> None:
        if self.signals.ndim != 1:
            raise AttributeError(f"{name} belongs to one signal; this problem has {self.signals.shape[1]}.")

    @property
    def axis_names(self) -> tuple[str, ...]:
        """Names for the axes of x in labelled results."""
        return ("atom", "signal")[: self.signals.ndim]

    @property
    def coherence(self) -> Real:
        """μ = max |⟨d_i,d_j⟩| over pairs of atoms: a code of support < ½(1+1/μ) is the only one of least ℓ1 norm."""
        gram = jnp.abs(jnp.matmul(self.dictionary.T, self.dictionary))
        return jnp.max(jnp.where(jnp.eye(gram.shape[0], dtype=bool), 0.0, gram))

    def residual(self, x: Real) -> Real:
        """Dx−y, of the shape of the signals."""
        return jnp.asarray(self.dictionary) @ x - self.signals

    def adjoint(self, residual: Real) -> Real:
        """Dᵀr"""
        return jnp.asarray(self.dictionary).T @ residual


def _sample_arrays(key, noise, length: int, atoms: int, support: int, count: int | None):
    keys = jax.random.split(key, 3)
    directions = jax.random.normal(keys[0], (length, atoms))
    dictionary = directions / jnp.linalg.norm(directions, axis=0, keepdims=True)

    def code(key):
        signs, places = jax.random.split(key)
        values = jax.random.rademacher(signs, (support,), dictionary.dtype)
        chosen = jax.random.choice(places, atoms, (support,), replace=False)
        return jnp.zeros(atoms, dictionary.dtype).at[chosen].set(values)

    truth = code(keys[1]) if count is None else jax.vmap(code, out_axes=1)(jax.random.split(keys[1], count))
    signals = dictionary @ truth
    return dictionary, signals + noise * jax.random.normal(keys[2], signals.shape), truth


_sample = jax.jit(_sample_arrays, static_argnums=(2, 3, 4, 5))
