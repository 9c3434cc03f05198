"""Page 02, matrices: what becomes of ‖X‖_*/‖X‖_F once the decay is off."""

import numpy as np

import mirrorflow as mf

from .regularized_attention import SWITCH as ATTENTION_SWITCH
from .regularized_attention import attention
from .regularized_matrices import SWITCH, matrices

STRONG = 0.8
SOURCE = "arXiv:2504.12883, matrix sensing and attention; theory page 02 (the ratio keeps falling)"


def ratio(path, switch=SWITCH):
    """‖X‖_*/‖X‖_F when the decay ends, and at the end."""
    return np.asarray(mf.observe.nuclear_frobenius_ratio(path))[[switch, -1]]


@mf.claim(
    "matrices/keeps-falling",
    on=matrices,
    across=True,
    statement=r"X=UV^T:\quad \frac{\|X\|_*}{\|X\|_F} \text{ keeps falling once a strong decay is switched off}",
    source="theory page 02 (low-rank adaptation), read for matrix sensing",
    status="derived here",
    new=False,
    expects="refuted",
    tolerance=mf.tolerance(1e-5, because="the path is known to 1e-9, its small singular values to less"),
    erratum="In sensing by UVᵀ the ratio rises again after decay 0.8 until t=2, by 0.08 to 0.25: X was shrunk below "
    "what fits, and the smaller singular values come back. What lasts is that it stays below the ratio without decay.",
    figure="nuclear-over-frobenius",
)
def keeps_falling(runs, order=1):
    """The ratio at t=20 less that at t=2."""
    switched, ended = ratio(runs.only(product="UVᵀ", strength=STRONG))
    return mf.Comparison(predicted=0.0, measured=order * (ended - switched), relation="at most")


keeps_falling.control("it rises", order=-1)


@mf.claim(
    "matrices/lasting-share",
    on=matrices,
    across=True,
    statement=r"\text{of what decay } 0.8 \text{ has taken off } \|X\|_*/\|X\|_F \text{ at its end, "
    r"at least a third lasts}",
    source=SOURCE,
    status="heuristic",
    tolerance=mf.tolerance(1e-4, because="the ratios are known to 1e-5, and differ by tenths"),
    figure="nuclear-over-frobenius",
    notes="Measured over seeds 0 to 3: 0.5 to 0.9 of it.",
)
def lasting_share(runs, least=1 / 3):
    """(ratio without − with decay) at t=20 over that at t=2, for UUᵀ and UVᵀ."""
    shares = []
    for product in ("UUᵀ", "UVᵀ"):
        without, strong = (ratio(runs.only(product=product, strength=value)) for value in (0.0, STRONG))
        shares.append((without - strong)[1] / (without - strong)[0])
    return mf.Comparison(predicted=least, measured=np.array(shares), relation="at least")


lasting_share.control("all of it and more", least=1.5)


@mf.claim(
    "matrices/attention-keeps-falling",
    on=attention,
    across=True,
    statement=r"X=K^TQ:\quad \frac{\|X\|_*}{\|X\|_F} \text{ keeps falling once the decay } 0.2 \text{ is switched off}",
    source=SOURCE,
    status="published",
    expects="measured",
    tolerance=mf.tolerance(1e-5, because="the path is known to 1e-9, its small singular values to less"),
    figure="nuclear-over-frobenius",
    notes="The general case is outside the theorem: over seeds 0 to 3 it holds in seven of eight draws.",
)
def attention_keeps_falling(runs, order=1):
    """The ratio at t=20 less that at t=2, two draws."""
    changes = [float(np.diff(ratio(path, ATTENTION_SWITCH))[0]) for _, path in runs.where(strength=0.2)]
    return mf.Comparison(predicted=0.0, measured=order * np.array(changes), relation="at most")


attention_keeps_falling.control("it rises", order=-1)
