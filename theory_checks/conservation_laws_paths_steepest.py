"""Page 07: every derived law holds along steepest flow on random losses, and no altered one does."""

import diffrax
import numpy as np

import mirrorflow as mf

from . import _law_counts as counts
from ._law_networks import (
    LETTERS,
    PRODUCT_OF_FOUR,
    Network,
    Networks,
    drifts,
    factored,
    flattened,
    laws_of,
    misfit,
    outputs,
    started,
)

models = mf.derive.models
NETWORKS = {
    "product of four": PRODUCT_OF_FOUR,
    "1×1, rank 2": Network(models.matrix_factorization(1, 1, 2), factored),
    "2×1, rank 3": Network(models.matrix_factorization(2, 1, 3), factored),
}
TIMES = np.linspace(0.0, 0.4, 31)


@mf.experiment(cases=mf.cases.grid(q=(1.0, 1.37)))
def steepest(case, key):
    """A product of four numbers and two factorizations under steepest flow, until before an entry vanishes."""
    rng = counts.generator(key, 4)
    theta = started(NETWORKS, rng)
    networks = Networks(dict.fromkeys(NETWORKS, np.ones((1, 1))), outputs(NETWORKS))
    flow = mf.Flow(
        misfit(rng, networks, theta),
        reparameterization=mf.reparameterizations.Custom(networks),
        geometry=mf.geometries.Steepest(case.q, smoothing=1e-4),
    )
    until, solver = mf.until.time(TIMES[-1]), diffrax.Tsit5()
    path = mf.integrate(flow, theta, until=until, save=TIMES, rtol=1e-8, atol=1e-12, solver=solver)
    return {"status": path.status, "states": flattened(NETWORKS, path.parameters)}


@mf.claim(
    "conservation-laws/along-steepest-flow",
    on=steepest,
    statement=r"\dot\theta=-\mathrm{sgn}(\nabla)|\nabla|^{q-1}:\quad |x_i|^q-|x_j|^q;\quad q=1,\ UV^\top:\ "
    r"u_{ik}\,\mathrm{sgn}\,v_{jk}-u_{il}\,\mathrm{sgn}\,v_{jl},\ |u_k|-|v_k|",
    source=f"{counts.PAGE} (q-steepest; sign flow), page 03 (balance)",
    status="derived here",
    tolerance=mf.tolerance(1e-3, because="the sign map is smoothed, and forces pass through zero"),
    figure="laws-along-trajectories",
    variables=LETTERS | {"q": "the exponent"},
)
def along_steepest_flow(case, run, altered=False):
    """The product for both q; the factorizations for sign flow, where no entry vanishes."""
    found = {name: laws for name, laws in laws_of(NETWORKS, geometry=case.q).items() if len(laws)}
    return drifts(found, run["states"], altered=altered)


along_steepest_flow.control("a term of each law with the other sign", altered=True)
