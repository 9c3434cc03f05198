"""Page 07: the laws of three linear layers between two numbers that are no polynomials."""

import itertools

import diffrax
import jax
import jax.numpy as jnp
import numpy as np

import mirrorflow as mf

from . import _law_counts as counts
from ._law_networks import Misfit
from ._law_paths import sampled

SIZES = [(2, 2), (3, 3)]
DECAYS = {"none": 0.0, "decoupled": 0.5}
POINTS, END = 41, 0.6
RTOL = 1e-10


def product(theta):
    """W₃W₂W₁, one number for every network"""
    return jnp.stack([(each["W3"] @ each["W2"] @ each["W1"])[0, 0] for each in theta])


def turns(theta):
    """The signs of (u_iᵀb)(v_iᵀa): where one changes, λ_i turns around."""
    left, _, right = np.linalg.svd(theta["W2"], full_matrices=False)
    along = np.einsum("tji,tkj->tki", left, theta["W3"])[:, 0] * np.einsum("tij,tjk->tik", right, theta["W1"])[..., 0]
    return np.sign(along)


def longest(signs):
    """The longest stretch of points with the same signs."""
    breaks = [0, *(np.flatnonzero((signs[1:] != signs[:-1]).any(axis=1)) + 1), len(signs)]
    return max((slice(a, b) for a, b in itertools.pairwise(breaks)), key=lambda s: s.stop - s.start)


@mf.experiment(cases=mf.cases.single())
def between_numbers(case, key):
    """Networks 1-n-m-1 of two sizes under gradient flow of a random loss, with decay and without."""
    rng = counts.generator(key)
    models = [mf.derive.models.linear_network(1, n, m, 1) for n, m in SIZES]
    theta = [sampled(model, rng) for model in models]
    loss = Misfit(rng.uniform(0.5, 1.5, len(SIZES)), rng.standard_normal(len(SIZES)))
    laws = [[law for law in mf.derive.conservation_laws(model) if law.integral is not None] for model in models]

    @jax.jit
    def integrals(states):
        return jax.lax.map(
            lambda at: [jnp.stack([law.residual(each) for law in own]) for own, each in zip(laws, at, strict=True)],
            states,
        )

    values = {}
    for name, strength in DECAYS.items():
        flow = mf.Flow(
            mf.problems.Objective(loss, len(SIZES)),
            reparameterization=mf.reparameterizations.Custom(product),
            decay=mf.decay.Decoupled(strength),
        )
        path = mf.integrate(
            flow, theta, until=mf.until.time(END), save=POINTS, rtol=RTOL, atol=1e-12, solver=diffrax.Tsit5()
        )
        kept = [longest(turns(jax.tree.map(np.asarray, states))) for states in path.parameters]
        found = [np.asarray(value)[part] for value, part in zip(integrals(path.parameters), kept, strict=True)]
        values[name] = {f"1-{n}-{m}-1": value for (n, m), value in zip(SIZES, found, strict=True)}
    return values


@mf.claim(
    "conservation-laws/abelian-integrals",
    on=between_numbers,
    statement=r"f=bW a,\ \lambda_i \text{ the eigenvalues of } W^\top W\neq0:\quad"
    r"h_l=\sum_i\varepsilon_i\int_0^{\lambda_i}\frac{s^l\,ds}{\sqrt{|P(s)|}},\ l\le\min(n,m)-2,\quad"
    r"P(s)=s^{1-|n-m|}\det(s-W^\top W+aa^\top)\det(s-WW^\top+b^\top b)",
    source=f"derived here; {counts.PAGE} (linear, deep: one more between scalars)",
    status="derived here",
    new=True,
    tolerance=mf.tolerance(1e-7, because="the solver's tolerance is 1e-10 per step; integrals lose digits near roots"),
    variables={
        "a, W, b": "the three layers, n×1, m×n and 1×m",
        r"\varepsilon_i": "the sign of the change of λ_i along ∇f, constant on the stretch that is looked at",
    },
)
def abelian(case, run, decay="none"):
    """Two networks, each on its longest stretch without a turning point: h relative to its first value."""
    return {name: mf.Comparison(np.ones_like(values), values / values[:1]) for name, values in run[decay].items()}


abelian.control("kept under decay as well", decay="decoupled")
