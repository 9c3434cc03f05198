"""Flows with noise: exact laws, orders of convergence on one Brownian path, and what is refused."""

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf
from mirrorflow.flows._status import Code

RANDOM = np.random.default_rng(0)
DESIGN = 0.6 * RANDOM.standard_normal((3, 4))
PROBLEM = mf.problems.LinearRegression(DESIGN, DESIGN @ np.array([1.0, -0.5, 0.3, 0.0]))
PRODUCT = mf.Flow(PROBLEM, reparameterization=mf.reparameterizations.Hadamard(2))
BALANCE = np.array([0.5, 1.0, 0.7, 0.9])
START = PRODUCT.lift(x=np.array([0.2, -0.1, 0.05, 0.3]), balance=BALANCE)
ENTROPY = mf.Flow(PROBLEM, potential=mf.potentials.HyperbolicEntropy(0.5))
QUADRATIC = mf.Flow(PROBLEM, potential=mf.potentials.Quadratic())
KEY = jax.random.key(3)
LABEL = mf.noise.Label(0.5)
ONE = mf.until.time(1.0)
SQUARES = (DESIGN**2).sum(axis=0)


def run(flow=PRODUCT, start=START, **more):
    return mf.simulate(flow, start, **{"noise": LABEL, "key": KEY, "until": ONE, "step_size": 0.01, **more})


def strong_errors(flow, start, steps, finest, **more):
    """Root mean square distance at t=1 to the path of `finest` steps that the same Brownian motion drives."""
    more = {"paths": 200, "noise": LABEL, "key": KEY, "until": ONE, **more}
    fine = mf.simulate_paths(flow, start, step_size=1 / finest, **more).x[:, -1]
    errors = []
    for n in steps:
        coarse = mf.simulate_paths(flow, start, step_size=1 / n, increments=finest // n, **more).x[:, -1]
        errors.append(float(jnp.sqrt(jnp.mean(jnp.sum((coarse - fine) ** 2, axis=1)))))
    return errors


# flow, start, noise, sense, solver, strong order
ORDERS = {
    "Euler–Maruyama, Itô": (PRODUCT, START, LABEL, "ito", None, 0.5),
    "Euler–Heun, commuting": (PRODUCT, START, LABEL, "stratonovich", None, 1.0),
    "Euler in the dual, the same noise everywhere": (ENTROPY, np.zeros(4), LABEL, "ito", diffrax.Euler(), 1.0),
    "ShARK in the dual": (ENTROPY, np.zeros(4), mf.noise.Label(1.0), "ito", None, 1.5),
    "ShARK on parameters": (PRODUCT, START, mf.noise.Isotropic(1.5), "ito", None, 1.5),
}


@pytest.mark.optimized
@pytest.mark.parametrize("name", ORDERS)
def test_strong_order_is_the_stated_one(name):
    flow, start, noise, sense, solver, order = ORDERS[name]
    # Order ½ and 1.5 show once the errors of order 1 and 2 that come with them are small.
    steps = {0.5: (32, 64, 128, 256), 1.0: (8, 16, 32, 64), 1.5: (128, 256, 512)}[order]
    errors = strong_errors(flow, start, steps, 4096, noise=noise, sense=sense, solver=solver)
    slope = -np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert slope == pytest.approx(order, abs=0.2)


def test_weak_order_of_euler_maruyama_is_one():
    """Differences of E m²w² between steps h and h/2 on common paths: their variance is small, and they are O(h)."""
    steps, means = (8, 16, 32), []
    more = {"paths": 20000, "noise": LABEL, "key": KEY, "until": ONE}
    for n in steps:
        fine = mf.simulate_paths(PRODUCT, START, step_size=0.5 / n, **more).x[:, -1]
        coarse = mf.simulate_paths(PRODUCT, START, step_size=1 / n, increments=2, **more).x[:, -1]
        difference = np.asarray(jnp.sum(coarse**2 - fine**2, axis=1))
        means.append(difference.mean())
        assert abs(means[-1]) > 5 * difference.std() / len(difference) ** 0.5
    assert len(set(np.sign(means))) == 1
    slope = -np.polyfit(np.log(steps), np.log(np.abs(means)), 1)[0]
    assert slope == pytest.approx(1.0, abs=0.2)


@pytest.mark.parametrize("noise", [LABEL, mf.noise.Isotropic(0.5)], ids=["label", "isotropic"])
def test_quadratic_potential_is_an_ornstein_uhlenbeck_process(noise):
    """dx = −Aᵀ(Ax−b)dt + σB dW: mean e^{−Ht}x₀+…, covariance ∫e^{−Hs}σ²BBᵀe^{−Hs}ds with H=AᵀA, exactly."""
    count, start = 20000, np.array([0.5, -1.0, 0.2, 0.8])
    many = mf.simulate_paths(
        QUADRATIC, start, paths=count, noise=noise, key=KEY, until=mf.until.time(2.0), step_size=0.1
    )
    assert bool(many.finished.all())
    values, basis = np.linalg.eigh(DESIGN.T @ DESIGN)
    values = np.maximum(values, 1e-14)
    shrunk = np.exp(-2.0 * values)
    solution = np.linalg.pinv(DESIGN) @ PROBLEM.target
    mean = solution + basis @ (shrunk * (basis.T @ (start - solution)))
    spread = -np.expm1(-4.0 * values) / (2 * values) * 0.25 * (values if noise is LABEL else 1.0)
    covariance = basis @ np.diag(spread) @ basis.T
    found = np.asarray(many.x[:, -1])
    error = np.sqrt(np.diag(covariance) / count)
    assert (np.abs(found.mean(axis=0) - mean) < 5 * error + 1e-3 * np.abs(mean).max()).all()
    scale = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    assert (np.abs(np.cov(found.T) - covariance) < (5 * (2 / count) ** 0.5 + 3e-3) * scale).all()


def test_label_noise_shrinks_the_balance_on_every_path_in_itos_sense_and_keeps_it_in_stratonovichs():
    """d(m²−w²) = −σ²‖a_i‖²(m²−w²) dt without a martingale part."""
    ratios = {}
    for sense in ("ito", "stratonovich"):
        for step in (1e-2, 1e-4):
            path = run(sense=sense, step_size=step)
            ratios[sense, step] = (path.parameters[-1, 0] ** 2 - path.parameters[-1, 1] ** 2) / BALANCE
    # The quadratic variation of a path of n steps is known to √(2/n) of itself.
    np.testing.assert_allclose(ratios["ito", 1e-4], np.exp(-0.25 * SQUARES), rtol=5 * 0.014 * 0.25 * SQUARES.max())
    np.testing.assert_allclose(ratios["stratonovich", 1e-4], 1.0, atol=3e-4)
    for step in (1e-2, 1e-4):
        assert (ratios["ito", step] < 0.96).all()


def test_itos_label_noise_is_the_decayed_mirror_flow_with_noise_in_the_dual():
    """With unit atoms the decay is one number, σ²/4; without it the law is off."""
    dictionary = np.array([[1.0, 0.6, 0.0], [0.0, 0.8, 1.0]])
    problem = mf.problems.SparseCoding(dictionary, np.array([0.7, -0.4]))
    plain = mf.Flow(problem, reparameterization=mf.reparameterizations.Hadamard(2))
    decayed = mf.Flow(problem, reparameterization=plain.reparameterization, decay=mf.decay.Coupled(0.8**2 / 4))
    start = plain.lift(x=np.zeros(3), balance=1.0)
    noise, more = mf.noise.Label(0.8), {"until": mf.until.time(2.0)}
    factors = run(plain, start, noise=noise, step_size=1e-4, increments=1, **more).x[-1]
    mirror = run(decayed.as_mirror_flow(start), np.zeros(3), noise=noise, step_size=1e-2, increments=100, **more).x[-1]
    conserved = run(plain.as_mirror_flow(start), np.zeros(3), noise=noise, step_size=1e-2, increments=100, **more).x[-1]
    assert float(jnp.abs(factors - mirror).max()) < 0.02 < 0.05 < float(jnp.abs(factors - conserved).max())


def test_minibatch_noise_has_the_covariance_of_stochastic_gradients():
    """One Euler step from x₀: (N²)σ²h·Cov_i(r_i a_i); and none where every sample is fitted."""
    x0, count = np.array([0.5, -1.0, 0.2, 0.8]), 20000
    noise = mf.noise.Minibatch(0.3)
    more = {"noise": noise, "key": KEY, "until": mf.until.time(0.01), "step_size": 0.01}
    found = np.asarray(mf.simulate_paths(QUADRATIC, x0, paths=count, **more).x[:, -1])
    single = (DESIGN @ x0 - PROBLEM.target)[:, None] * DESIGN
    covariance = 9 * 0.09 * 0.01 * np.cov(single.T, bias=True)
    np.testing.assert_allclose(found.mean(axis=0), x0 - 0.01 * single.sum(axis=0), atol=5 * found.std() / count**0.5)
    assert np.abs(np.cov(found.T) - covariance).max() < 0.05 * np.abs(covariance).max()
    fitted = mf.simulate(QUADRATIC, np.array([1.0, -0.5, 0.3, 0.0]), **more)
    np.testing.assert_allclose(fitted.x[-1], fitted.x[0], atol=1e-14)


def test_without_noise_it_is_the_flow():
    path = run(noise=mf.noise.Label(0.0), sense="stratonovich", step_size=1e-3, save=5)
    flow = mf.integrate(PRODUCT, START, until=ONE, save=5)
    # Euler–Heun is of order 1 without noise.
    np.testing.assert_allclose(path.x, flow.x, atol=2e-3)
    np.testing.assert_allclose(path.time, flow.time, rtol=1e-12)


def test_a_path_is_a_function_of_its_key_and_one_of_many():
    path, other = run(step_size=0.1), run(step_size=0.1, key=jax.random.key(4))
    assert bool((path.x[-1] != other.x[-1]).all())
    many = mf.simulate_paths(PRODUCT, START, paths=3, noise=LABEL, key=KEY, until=ONE, step_size=0.1)
    second = run(step_size=0.1, key=jax.random.split(KEY, 3)[1])
    np.testing.assert_allclose(many.x[1], second.x, rtol=1e-12)
    assert bool(many.finished.all())


def test_saved_points_do_not_change_the_path():
    few, times = run(), run(save=[0.0, 0.25, 1.0])
    np.testing.assert_allclose(few.x[-1], times.x[-1], rtol=1e-12)
    np.testing.assert_allclose(times.time, [0.0, 0.25, 1.0], rtol=1e-12)
    assert run(save=11).x.shape == (11, 4) and run(save=11).status.ok


def test_a_path_that_leaves_every_bound_says_so_and_keeps_the_rest():
    flow = mf.Flow(PROBLEM, reparameterization=mf.reparameterizations.Hadamard(5))
    path = run(flow, 3 * np.ones((5, 4)), step_size=0.1, save=11)
    assert path.status.code == Code.BLOW_UP and "t=" in str(path.status)
    assert np.isfinite(np.asarray(path.parameters)).all() and 1 <= len(path.time) < 11


def test_a_path_that_leaves_the_domain_says_so():
    flow = mf.Flow(PROBLEM, reparameterization=mf.reparameterizations.LogDifference())
    path = run(flow, 0.05 * np.ones((2, 4)), step_size=0.1, save=11)
    assert not path.status.ok and np.isfinite(np.asarray(path.loss)).all()


def test_a_strength_may_be_switched_off_on_a_step():
    noise = mf.noise.Label(mf.schedules.switch_off(0.5, at=0.3))
    path = run(noise=noise, step_size=1e-3, save=[0.3, 1.0])
    balance = path.parameters[:, 0] ** 2 - path.parameters[:, 1] ** 2
    # Without noise Euler's steps keep the balance to O(h).
    np.testing.assert_allclose(balance[1], balance[0], rtol=2e-3)
    assert bool((balance[0] < 0.995 * BALANCE).all())


OBJECTIVE = mf.Flow(mf.problems.Objective(lambda x: jnp.sum(x**2), dimension=4), potential=mf.potentials.Quadratic())
SIGN = mf.Flow(PROBLEM, potential=mf.potentials.Quadratic(), geometry=mf.geometries.Sign())
JUMPING = mf.Flow(
    PROBLEM,
    reparameterization=mf.reparameterizations.Hadamard(2),
    decay=mf.decay.Coupled(mf.schedules.switch_off(0.1, at=0.255)),
)
REFUSED = {
    "negative strength": (lambda: mf.noise.Label(-0.1), "strength must be non-negative, got -0.1"),
    "negative isotropic": (lambda: mf.noise.Isotropic(-1.0), "strength must be non-negative"),
    "negative minibatch": (lambda: mf.noise.Minibatch(-1.0), "strength must be non-negative"),
    "no targets": (lambda: run(OBJECTIVE, np.ones(4)), "noise Label acts on the targets.*Objective has none"),
    "sign geometry": (lambda: run(SIGN, np.ones(4)), "gradient geometry.*Sign"),
    "jump between steps": (lambda: run(JUMPING), "step_size must have the jump of the decay at t=0.255"),
    "noise jumps between steps": (
        lambda: run(noise=mf.noise.Label(mf.schedules.switch_off(0.5, at=0.255))),
        "jump of the noise at t=0.255",
    ),
    "step of zero": (lambda: run(step_size=0.0), "step_size must be positive, got 0.0"),
    "negative step": (lambda: run(step_size=-0.1), "step_size must be positive, got -0.1"),
    "step beyond the end": (lambda: run(step_size=2.0), "step_size must be at most the end 1, got 2"),
    "too many steps": (lambda: run(step_size=1e-10), "step_size makes .* steps of 1 increments, more than 2147483647"),
    "no increments": (lambda: run(increments=0), "increments must be at least 1, got 0"),
    "no such sense": (lambda: run(sense="backward"), "sense must be one of 'ito', 'stratonovich', got 'backward'"),
    "solver of the other sense": (lambda: run(solver=diffrax.EulerHeun()), "sense 'ito', which diffrax.EulerHeun"),
    "solver for other noise": (
        lambda: run(sense="stratonovich", solver=diffrax.ShARK()),
        "ShARK is for noise that does not depend on the state",
    ),
    "Milstein": (lambda: run(solver=diffrax.ItoMilstein()), "ItoMilstein wants the diffusion as a matrix"),
    "more points than steps": (lambda: run(save=500), "save must be at most the 101 points"),
    "times between steps": (lambda: run(save=[0.0, 0.123]), "save must hold times on steps.*0.123"),
    "times beyond the end": (lambda: run(save=[0.0, 2.0]), "save must hold times on steps up to the end; 2"),
    "no paths": (
        lambda: mf.simulate_paths(PRODUCT, START, paths=0, noise=LABEL, key=KEY, until=ONE, step_size=0.1),
        "paths must be at least 1",
    ),
    "several keys": (lambda: run(key=jax.random.split(KEY, 2)), "key must be one key of jax.random"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_makes_no_sense_is_refused_in_words(name):
    make, words = REFUSED[name]
    with pytest.raises(ValueError, match=words):
        make()


def test_a_missing_key_is_an_error_of_python():
    with pytest.raises(TypeError, match="key"):
        mf.simulate(PRODUCT, START, noise=LABEL, until=ONE, step_size=0.1)
