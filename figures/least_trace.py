r"""Least trace: where entropy leads from a vanishing start, and factors only if all commutes.

The trace of the limit above the least of all positive semidefinite solutions (a semidefinite program), against the
size $s$ of the start $X_0=sI$: six symmetric measurements of a $4\times4$ matrix (general), or two diagonal ones
(commuting). Gradient flow on $UU^T$ in general learns rank greedily and stays above.
"""

from mirrorflow import plotting
from mirrorflow.content.checks.matrices_entropy import FLOWS, MEASURED, entropies, excess

EXPERIMENTS = [entropies]
CLAIMS = ["matrices/entropy-least-trace", "matrices/least-trace-of-factors"]
NAMES = {"general": "general", "shared": "commuting", "entropy": "entropy", "UUᵀ": "$UU^T$"}


def draw(data):
    figure, axis = plotting.canvas(width=plotting.SINGLE * 1.3, height=2.8)
    looks = iter(plotting.looks(4))
    for flow, decades in FLOWS.items():
        for measurements in MEASURED:
            above = [excess(data[entropies], flow, measurements, d) for d in decades]
            scales = [10.0**-d for d in decades]
            axis.loglog(scales, above, **next(looks), label=f"{NAMES[flow]}, {NAMES[measurements]}")
    axis.set(xlabel="size $s$ of the start", ylabel=r"$\mathrm{tr}\,X_\infty/\mathrm{least}-1$", ylim=(1e-6, 10))
    axis.legend(fontsize=7, loc="lower center", ncols=2)
    return figure


if __name__ == "__main__":
    plotting.main()
