"""What the claims on PILoT and Sign-In share: letters, the balance, and flows of θ by SciPy."""

import numpy as np
import scipy.integrate

BALANCE = 0.5
FEWEST = 100
LETTERS = {
    r"\theta": "weights m⊙w, all that the model sees",
    r"\eta": "step size",
    r"\alpha": "strength of the penalty α(m²+w²)",
    r"\beta": "balance m²−w²",
}


def flow_of(problem, start, velocity, end):
    """θ at 101 times of θ̇=velocity(t, θ, ∇f(θ)), by SciPy; short steps, so that no jump of the decay is missed."""
    design, target = np.asarray(problem.design), np.asarray(problem.target)

    def field(t, theta):
        return velocity(t, theta, design.T @ (design @ theta - target))

    times, tight = np.linspace(0, end, FEWEST + 1), {"rtol": 1e-9, "atol": 1e-12, "max_step": 0.02}
    return scipy.integrate.solve_ivp(field, (0, end), start, t_eval=times, **tight).y.T
