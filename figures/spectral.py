r"""From Frobenius to nuclear norm: the spectral lift of hyperbolic entropy.

Sensing of a $4\times5$ matrix of rank one by nine measurements, mirror flow of $R=\sum_iR_\rho(\sigma_i(X))$ from 0.
(a) Nuclear and Frobenius norm of the limit against the scale $\rho$ of the entropy, in units of the least ones of all
solutions (dashes at 1; a semidefinite program and the pseudo-inverse). (b) Singular values of the limit: the last one
vanishes with the scale.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.mirror_flow_spectral import (
    SCALES,
    of_least_frobenius_norm,
    of_least_nuclear_norm,
    sensing,
)

EXPERIMENTS = [sensing]
CLAIMS = ["mirror-flow/spectral-limit", "mirror-flow/spectral-bias"]


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=2.7)
    paths = [data[sensing].only(scale=scale)["path"] for scale in SCALES]
    limits = [np.asarray(path.x)[-1] for path in paths]
    least = (np.linalg.norm(of_least_nuclear_norm(paths[0]), "nuc"), np.linalg.norm(of_least_frobenius_norm(paths[0])))
    names = ((r"nuclear, $\|X\|_*$", "nuc"), (r"Frobenius, $\|X\|_F$", "fro"))
    for (label, order), unit, look in zip(names, least, plotting.looks(2), strict=True):
        left.semilogx(SCALES, [np.linalg.norm(x, order) / unit for x in limits], **look, label=label)
    plotting.predicted(left, [SCALES[0], SCALES[-1]], [1.0, 1.0], label="least of all solutions")
    left.set(xlabel=r"scale $\rho$ (units of $X$)", ylabel="norm of the limit over the least")
    left.legend()
    values = np.array([np.linalg.svd(x, compute_uv=False) for x in limits])
    for k, look in enumerate(plotting.looks(values.shape[1])):
        right.loglog(SCALES, values[:, k], **look, label=rf"$\sigma_{k + 1}$")
    right.set(xlabel=r"scale $\rho$ (units of $X$)", ylabel="singular values of the limit", ylim=(1e-4, 10))
    right.legend()
    plotting.letters((left, right))
    return figure


if __name__ == "__main__":
    plotting.main()
