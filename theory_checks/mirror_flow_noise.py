"""Page 01: m⊙w with fresh noise on the targets is a mirror flow whose potential shrinks on every path."""

import jax
import numpy as np

import mirrorflow as mf

SAMPLES, SIZE, STRENGTH, END = 5, 16, 0.6, 1.0
PATHS = 6
PIECES = (64, 16, 4, 1)  # Brownian increments to a step
FINEST = 2.0**-13


@mf.experiment(cases=mf.cases.grid(sense=("ito", "stratonovich")))
def label_noise(case, key):
    """Six Brownian paths of dθ=−∇f dt+σDgᵀAᵀdW with steps of 2⁻⁷ … 2⁻¹³, refined to their tenth at full accuracy."""
    rows, target, start, paths = jax.random.split(key, 4)
    design = np.asarray(jax.random.normal(rows, (SAMPLES, SIZE))) / np.sqrt(SAMPLES)
    problem = mf.problems.LinearRegression(design, np.asarray(jax.random.normal(target, (SAMPLES,))))
    flow = mf.Flow(problem, reparameterization=mf.reparameterizations.Hadamard(depth=2))
    theta = flow.lift(x=0.5 * np.asarray(jax.random.normal(start, (SIZE,))), balance=1.0)
    found = [
        [
            mf.simulate(
                flow,
                theta,
                noise=mf.noise.Label(STRENGTH),
                key=path,
                until=mf.until.time(END),
                step_size=FINEST * pieces,
                sense=case.sense,
                increments=pieces,
            ).parameters[-1]
            for path in jax.random.split(paths, PATHS)
        ]
        for pieces in PIECES
    ]
    m, w = np.moveaxis(np.asarray(found), 2, 0)
    return {"balance": m**2 - w**2, "columns": (design**2).sum(axis=0)}


@mf.claim(
    "mirror-flow/label-noise",
    on=label_noise,
    statement=r"d(m^2-w^2) = -\sigma^2\|a_i\|^2(m^2-w^2)\,dt \text{ (Itô), } 0 \text{ (Stratonovich), on every path}",
    source="theory page 02 (time-dependent potentials); Itô's formula",
    status="derived here",
    tolerance=mf.tolerance(
        0.15, because="six paths, three ratios: the slope of a strong error scatters by a twentieth"
    ),
    variables={"a_i": "columns of A", r"\sigma": "strength of the noise on the targets"},
    notes="No martingale part: the ξ² of a step is its mean up to h^{3/2}, which adds up to an error of order ½ (Itô)."
    " So the potential is R_{ρ_t} with ρ_t=½(m₀²−w₀²)e^{−σ²‖a_i‖²t}: noise draws it to ℓ1 while it lasts.",
)
def noise(case, result, rate=1.0):
    """The size of the deviation at the finest step, and its order in h: ½ for Itô, 1 for Stratonovich."""
    decay = rate * STRENGTH**2 * END if case.sense == "ito" else (rate - 1.0)
    predicted = np.exp(-decay * np.asarray(result["columns"]))
    errors = np.sqrt(np.mean((np.asarray(result["balance"]) - predicted) ** 2, axis=(1, 2)))
    slope = np.polyfit(np.log(FINEST * np.array(PIECES)), np.log(errors), 1)[0]
    return {
        "order": mf.Comparison(predicted=0.5 if case.sense == "ito" else 1.0, measured=slope, scale=1.0),
        "deviation": mf.Comparison(predicted=0.0, measured=errors[-1], scale=0.05),
    }


noise.control("twice the rate, and a decay in Stratonovich's sense", rate=2.0)
