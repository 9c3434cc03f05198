"""Page 04, networks: neurons held on data points, followed as differential inclusions."""

import numpy as np

import mirrorflow as mf

from ._networks import PUBLISHED, VARIABLES
from .homogeneous import two_layers

AT = (10, 30, 60, 99)
WEIGHTS = 1e-10  # samples below this share of the gradient move nothing


def gates(path, at, near):
    """The g_ij that keep all z_ij with |z_ij| ≤ near·max|z_j| where they are: ż_ij=0, a linear system for each neuron.

    ẇ_j=(∇²R)⁻¹a_jΣ_iλ_iy_ig_ijz_i with λ_i ∝ e^{−q_i}, computed here from the weights alone.
    """
    problem, potential = path.flow.problem, path.flow.layer_potentials[0]
    theta = tuple(np.asarray(w)[at] for w in path.x)
    inputs, labels = np.asarray(problem.inputs), np.asarray(problem.labels)
    margins = np.asarray(problem.margins(theta))
    pull = np.exp(margins.min() - margins) * labels
    found = []
    for weights in theta[0]:
        z = inputs @ weights
        held = np.flatnonzero((np.abs(z) <= near * np.abs(z).max()) & (np.abs(pull) > WEIGHTS))
        if held.size:
            metric = np.asarray(potential.metric(weights))
            products = inputs / metric @ inputs.T  # ⟨z_i,(∇²R)⁻¹z_k⟩
            on = np.setdiff1d(np.flatnonzero(z > 0), held)
            kept = np.linalg.lstsq(products[np.ix_(held, held)], -products[np.ix_(held, on)] @ pull[on], rcond=None)[0]
            found.extend(kept / pull[held])
    return np.array(found)


@mf.claim(
    "homogeneous/sliding",
    on=two_layers,
    statement=r"\text{where } z_{ij}=\langle w_j,z_i\rangle=0 \text{ for a while, the } g_{ij} \text{ with } "
    r"\dot z_{ij}=0 \text{ lie in } [0,1]: \text{ both sides push back (Filippov)}",
    source=PUBLISHED + " (networks slide along kinks); Filippov 1988",
    status="published",
    tolerance=mf.tolerance(1e-4, because="the weights are 1e-10 away from the kink, relative to small shares"),
    variables={"g_{ij}": "slope of neuron j's activation at sample i", **VARIABLES},
    notes="Most paths slide for most of the loss clock: of eight (four seeds, two powers) seven for 95 % or more.",
)
def sliding(case, path, near=1e-8):
    """At four points; nothing to compare, and no deviation, where a path does not slide there."""
    found = np.concatenate([np.array([0.5]), *[gates(path, at, near) for at in AT]])
    slid = path.stats.get("slid", np.nan)
    return mf.Comparison(
        predicted=0.5,
        measured=np.abs(found - 0.5),
        relation="at most",
        scale=1.0,
        note=f"{found.size - 1} gates; {slid:.0%} of the path slid",
    )


sliding.control("pairs that only come near count as held", near=0.5)
