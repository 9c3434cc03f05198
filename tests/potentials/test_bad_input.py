"""What is refused, in words that name the argument."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

P = mf.potentials
REFUSED = {
    "power one": (lambda: P.Power(1.0), "p must be greater than 1"),
    "power NaN": (lambda: P.Power(np.nan), "p must be finite"),
    "power array": (lambda: P.Power([2.0, 3.0]), r"p must have shape \(\)"),
    "power word": (lambda: P.Power("three"), "p must be a real number"),
    "scale zero": (lambda: P.HyperbolicEntropy(0.0), "scale must be positive"),
    "scale negative somewhere": (lambda: P.HyperbolicEntropy([1.0, -2.0]), "scale must be positive, got at index 1"),
    "alpha": (lambda: P.HyperbolicAware(-1.0), "alpha must be positive"),
    "q above": (lambda: P.SteepestFamily(2, 2.5, 0.1), r"q must be in \[1, 2\]"),
    "q below": (lambda: P.SteepestFamily(2, 0.5, 0.1), r"q must be in \[1, 2\]"),
    "depth one": (lambda: P.SteepestFamily(1, 2.0, 0.1), "depth must be at least 2"),
    "depth fraction": (lambda: P.SteepestFamily(2.5, 2.0, 0.1), "depth must be an integer"),
    "balance zero": (lambda: P.SteepestFamily(2, 2.0, 0.0), "balance must be positive"),
    "side": (lambda: P.BalancedSteepest(3, 2.0, side=0.5), "side must be 1 or -1"),
    "depth of difference": (lambda: P.PowerDifferencePotential(2, 0.5, 0.5), "depth must be at least 3"),
    "start of difference": (lambda: P.PowerDifferencePotential(3, 0.5, -0.5), "v must be positive"),
    "start given twice": (lambda: P.PowerDifferencePotential(3, 0.5, 0.5, log_u=0.1), "exactly one of u and log_u"),
    "scale given twice": (lambda: P.TiltedHyperbolicEntropy(0.5, log_scale=0.1), "exactly one of scale and log_scale"),
    "factor": (lambda: P.TiltedHyperbolicEntropy(0.5, 0.0, factor=0.0), "factor must be positive"),
    "family balance": (lambda: P.RegularizedHyperbolicEntropy(-1.0, 0.0, 0.1), "balance must be positive"),
    "family strength": (lambda: P.RegularizedHyperbolicEntropy(1.0, 0.0, -0.1), "strength must be non-negative"),
    "family starts": (lambda: P.RegularizedPowerDifference(4, 0.0, 1.0, 0.1), "u must be positive"),
    "norm below one": (lambda: P.Lp(0.5), "p must be at least 1"),
    "norm NaN": (lambda: P.Lp(np.nan), "p must be at least 1"),
    "log difference start": (lambda: P.LogDifferencePotential(0.0, 1.0), "u must be positive"),
    "log difference twice": (
        lambda: P.LogDifferencePotential(1.0, 1.0, square_u=1.0),
        "either u and v or square_u and square_v, got u, v, square_u",
    ),
    "log difference half": (lambda: P.LogDifferencePotential(1.0), "got u"),
    "log difference used up": (
        lambda: P.LogDifferencePotential(square_u=-2.0, square_v=1.0),
        r"square_u \+ square_v must be positive, got -1",
    ),
    "shape of x": (
        lambda: P.HyperbolicEntropy([1.0, 2.0]).value(np.ones(3)),
        r"shape \(2,\) of scale, got shape \(3,\)",
    ),
    "shape of z": (lambda: P.HyperbolicEntropy([1.0, 2.0]).conjugate(np.ones(3)), "z must have the shape"),
    "shape of y": (lambda: P.Quadratic().divergence(np.ones(3), np.ones(2)), "x and y must have one shape"),
}


@pytest.mark.parametrize("words", REFUSED)
def test_bad_arguments_are_refused_in_words(words):
    make, message = REFUSED[words]
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    "ask",
    [
        lambda q: P.BalancedSteepest(3, q).domain,
        lambda q: P.BalancedSteepest(3, q).horizon,
        lambda q: P.SteepestFamily(3, q, 0.1).dual_domain,
        lambda q: P.BalancedSteepest(3, 2.0, side=q).domain,
        lambda q: P.Power(q).horizon,
        lambda q: P.PowerDifferencePotential(3, q, q).dual_domain,
        lambda q: P.LogDifferencePotential(q, q).dual_domain,
        P.Lp,
    ],
)
def test_what_depends_on_a_traced_number_is_refused_in_words(ask):
    with pytest.raises(ValueError, match="traced"):
        jax.jit(lambda q: jnp.asarray(ask(q)))(1.5)
