"""Page 07: every derived law holds along mirror flow of networks on random data, and no altered one does."""

import diffrax
import equinox as eqx
import numpy as np

import mirrorflow as mf

from . import _law_counts as counts
from ._law_networks import (
    KEPT,
    LETTERS,
    SAMPLES,
    Misfit,
    Network,
    Networks,
    drifts,
    gates,
    misfit,
    outputs,
    relu,
)
from ._law_paths import derived
from ._side_by_side import SideBySide

models = mf.derive.models
P, ENTROPY = mf.potentials, mf.potentials.NegativeEntropy()
RELU = Network(models.relu_network(2, 3, 2), lambda theta, x: relu(theta, x[:2]))
NETWORKS = {  # of two arrays of six entries each
    "non-negative factorization": Network(
        models.nonnegative_factorization(3, 3, 2), lambda theta, x: theta["left"] @ theta["right"].T @ x[:3]
    ),
    "convex-input network": Network(
        models.input_convex_network(2, 3, 2),
        lambda theta, x: theta["outer"] @ (gates(x, 3) * (theta["inner"].T @ x[:2])),
    ),
    "power and cosh": RELU,
    "two entropies": RELU,
}
POTENTIALS = dict(
    zip(
        NETWORKS,
        (
            (ENTROPY, ENTROPY),
            (ENTROPY, P.Quadratic()),
            (P.Power(3.0), P.Cosh()),
            (P.HyperbolicEntropy(0.5), P.HyperbolicAware(2.0)),
        ),
        strict=True,
    )
)
TIMES = np.linspace(0.0, 0.5, 31)


class Together(eqx.Module):
    """The loss as a function of all parameters in one vector."""

    misfit: Misfit
    networks: Networks

    def __call__(self, x):
        """f(θ)"""
        return self.misfit(self.networks(unpacked(x)))


def unpacked(x):
    """The arrays of all networks."""
    found = {}
    for pair, (name, network) in zip(x.reshape(-1, 2, 6), NETWORKS.items(), strict=True):
        arrays = network.model.arrays.items()
        found[name] = {a: row.reshape(array.shape) for row, (a, array) in zip(pair, arrays, strict=True)}
    return found


@mf.experiment(cases=mf.cases.single())
def mirror(case, key):
    """Four networks on random data, each array of six entries with the mirror flow of its own potential."""
    rng = counts.generator(key, 2)
    x = rng.uniform(0.5, 1.1, 12 * len(NETWORKS))
    networks = Networks(dict.fromkeys(NETWORKS, rng.standard_normal((3, SAMPLES))), outputs(NETWORKS))
    loss = misfit(rng, networks, unpacked(x)).function
    problem = mf.problems.Objective(Together(loss, networks), x.size)
    potential = SideBySide(sum(POTENTIALS.values(), ()))
    flow = mf.Flow(problem, potential=potential)
    until, solver = mf.until.time(TIMES[-1]), diffrax.Tsit5()
    path = mf.integrate(flow, x, until=until, save=TIMES, rtol=1e-9, atol=1e-12, solver=solver)
    states = np.split(np.asarray(path.x), len(NETWORKS), axis=1)
    return {"status": path.status, "states": dict(zip(NETWORKS, states, strict=True))}


@mf.claim(
    "conservation-laws/along-mirror-flow",
    on=mirror,
    statement=r"d\nabla R_i(W_i)=-\nabla_{W_i}\mathcal L\,dt:\quad h(\theta_t)=h(\theta_0) \text{ for every law:}"
    r"\ \mathbf 1^\top u_k-\mathbf 1^\top v_k,\ \mathbf 1^\top u_k-\tfrac12\|v_k\|^2,\ Q_1-Q_2",
    source=f"{counts.MIRROR}; {counts.PAGE} (general mirror flow), page 04 (balance)",
    status="proved",
    tolerance=KEPT,
    figure="laws-along-trajectories",
    variables=LETTERS | {"R_i": "the potential of an array"},
)
def along_mirror_flow(case, run, altered=False):
    """All laws of four networks at 31 times."""
    laws = {}
    for name, (model, *_) in NETWORKS.items():
        laws[name] = derived(model, metric=dict(zip(model.arrays, POTENTIALS[name], strict=True)))
    return drifts(laws, run["states"], altered=altered)


along_mirror_flow.control("a term of each law with the other sign", altered=True)
