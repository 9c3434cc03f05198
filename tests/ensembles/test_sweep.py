"""A sweep is many single runs; its lanes do not know of each other, nor of how they are packed."""

import functools
import os
import signal
import threading

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf
from mirrorflow.ensembles import _lanes, sweep

hadamard = mf.reparameterizations.Hadamard(depth=2)
problem = mf.problems.SparseRegression.sample(jax.random.key(0), samples=4, features=6, support=2)
SETTINGS = {"until": mf.until.time(2.0), "rtol": 1e-6, "atol": 1e-9}


def build(alpha, strength):
    flow = mf.Flow(problem, reparameterization=hadamard, decay=mf.decay.Coupled(strength))
    return flow, flow.lift(x=jnp.full(6, 0.01), balance=alpha)


def measure(path):
    return {
        "x": path.x,
        "l1": mf.observe.norm(path, 1)[-1],
        "time": path.time,
        "drift": mf.observe.balance(path).max_drift,
    }


GRID = {"alpha": np.logspace(-4, 1, 5), "strength": [0.3, 0.0, 0.1]}


@functools.cache
def swept(block=64):
    return sweep(build, GRID, measure, block=block, save=4, **SETTINGS)


def test_each_lane_is_the_single_run():
    data = swept()
    for alpha in data.alpha.values[::2]:
        for strength in data.strength.values:
            lane = data.sel(alpha=alpha, strength=strength)
            path = mf.integrate(*build(alpha, strength), save=4, **SETTINGS)
            np.testing.assert_allclose(lane.x, path.x, rtol=1e-12, atol=1e-14)
            np.testing.assert_allclose(lane.time, path.time, rtol=1e-14)
            np.testing.assert_allclose(lane.l1, np.abs(path.x[-1]).sum(), rtol=1e-12)
            np.testing.assert_allclose(lane.drift, mf.observe.balance(path).max_drift, atol=1e-14)
            assert int(lane.steps) == path.stats["steps"] and int(lane.status) == path.status.code


def test_the_result_is_labelled():
    data = swept()
    assert dict(data.sizes) == {"alpha": 5, "strength": 3, "x_axis_0": 4, "x_axis_1": 6, "time_axis_0": 4}
    assert data.x.dims == ("alpha", "strength", "x_axis_0", "x_axis_1") and data.l1.dims == ("alpha", "strength")
    np.testing.assert_array_equal(data.alpha, GRID["alpha"])
    np.testing.assert_array_equal(data.strength, GRID["strength"])
    assert bool(data.status_ok.all()) and data.status_ok.dtype == bool
    assert data.attrs["integrated"] == 15 and data.attrs["mirrorflow_version"] == mf.__version__
    assert data.status.attrs == {"code_1": "reached the end that was asked for"}


@pytest.mark.parametrize("block", [1, 4, 15])
def test_no_result_depends_on_the_block(block):
    for name, values in swept().items():
        np.testing.assert_array_equal(swept(block)[name], values)


def test_no_result_depends_on_the_other_lanes():
    alone = sweep(build, {"alpha": GRID["alpha"][[3]], "strength": [0.1]}, measure, save=4, **SETTINGS)
    np.testing.assert_array_equal(alone.x[0, 0], swept().x[3, 2])


def test_one_program_serves_every_number_of_lanes_tolerance_end_and_accuracy():
    traces = []

    def counted(alpha):
        traces.append(type(alpha))
        return build(alpha, 0.1)

    read = lambda path: {"x": path.x[-1]}  # noqa: E731
    results = []
    for lanes, end, rtol, factor in (
        (1, 1.0, 1e-6, 1.0),
        (5, 2.0, 1e-6, 1.0),
        (70, 2.0, 1e-4, 1.0),
        (5, 2.0, 1e-4, 1e-4),
    ):
        grid = {"alpha": np.linspace(0.5, 1.0, lanes)}
        with mf.accuracy(factor):
            results.append(sweep(counted, grid, read, until=mf.until.time(end), rtol=rtol, atol=1e-9))
    # The extremes are built with numbers; tracers come once.
    assert sum(issubclass(kind, jax.core.Tracer) for kind in traces) == 1
    coarse, fine = abs(results[2].x[[0, -1]] - results[1].x[[0, -1]].values), abs(results[3].x - results[1].x)
    assert coarse.max() > 1e-6 and fine.max() < 1e-6


def test_accuracy_reaches_the_smoothing_of_a_geometry():
    def sliding(target):
        one = mf.problems.LinearRegression(jnp.ones((1, 1)), jnp.ones(1))
        flow = mf.Flow(one, reparameterization=hadamard, geometry=mf.geometries.Sign())
        return flow, flow.lift(x=jnp.full(1, target), balance=0.5)

    read = lambda path: {"smoothing": jnp.asarray(path.flow.geometry.smoothing)}  # noqa: E731
    widths = []
    for factor in (1.0, 0.25):
        with mf.accuracy(factor):
            data = sweep(sliding, {"target": [0.5]}, read, until=mf.until.time(0.01))
        widths.append(float(data.smoothing[0]))
    assert widths == [1e-3, 0.25e-3]


def test_points_up_to_an_end_that_is_found_are_those_of_a_single_run():
    settings = {"until": mf.until.stationary(1e-6) | mf.until.time(1e4), "save": np.int64(5)}
    data = sweep(lambda alpha: build(alpha, 0.0), {"alpha": [0.01, 1.0]}, measure, **settings)
    for i, alpha in enumerate(data.alpha.values):
        path = mf.integrate(*build(alpha, 0.0), **settings)
        assert int(data.status[i]) == path.status.code == 2
        np.testing.assert_allclose(data.time[i], path.time, rtol=1e-12)
        np.testing.assert_allclose(data.x[i], path.x, rtol=1e-10, atol=1e-12)
    assert len(np.unique(data.time[:, -1])) == 2


def _repelled(push, start):
    """u⁴−v⁴ with a strong signal leaves every bound in finite time; without one it stays."""
    linear = mf.problems.Objective(Push(jnp.asarray(push)), dimension=1)
    flow = mf.Flow(linear, reparameterization=mf.reparameterizations.PowerDifference(power=4))
    return flow, jnp.full((2, 1), 1.0) * start


class Push(eqx.Module):
    """f(x) = −push·x"""

    push: jax.Array

    def __call__(self, x):
        return -self.push * jnp.sum(x)


def test_a_lane_that_blows_up_says_so_and_leaves_its_neighbours_alone():
    grid = {"push": [0.01, 3.0, 0.02], "start": [1.0]}
    settings = {"until": mf.until.time(1.0), "save": 5}
    read = lambda path: {"x": path.x[:, 0], "time": path.time}  # noqa: E731
    data = sweep(_repelled, grid, read, **settings).isel(start=0)
    assert data.status_ok.values.tolist() == [True, False, True]
    assert data.status.values.tolist() == [1, 4, 1] and "blew up" in data.status.attrs["code_4"]
    # u̇ = 4·push·u³ from u=1 ends at t = 1/(8·push): points beyond repeat the last one before.
    np.testing.assert_array_less(data.time[1], 1 / 24 + 1e-6)
    assert np.isfinite(data.x).all() and float(data.x[1, -1]) == float(data.x[1, -2]) > 1e3
    for lane in (0, 2):
        np.testing.assert_allclose(data.time[lane], [0, 0.25, 0.5, 0.75, 1])
        # u⁻² = 1−8·push·t, v⁻² = 1+8·push·t; in between, the solver's interpolant is of lower order than its steps.
        drift = 8 * float(data.push[lane]) * np.linspace(0, 1, 5)
        np.testing.assert_allclose(data.x[lane], (1 - drift) ** -2 - (1 + drift) ** -2, atol=2e-6)


def test_a_number_that_is_bad_in_the_middle_of_an_axis_is_an_invalid_lane():
    def singular(alpha):
        flow, start = build(1.0, 0.0)
        return flow, start / jnp.abs(alpha)

    data = sweep(singular, {"alpha": [-1.0, 0.0, 1.0]}, lambda path: {"x": path.x[-1]}, **SETTINGS)
    assert data.status.values.tolist() == [1, 8, 1] and "invalid" in data.status.attrs["code_8"]
    np.testing.assert_array_equal(data.x[0], data.x[2])


def test_a_step_limit_is_a_status():
    data = sweep(build, GRID, measure, max_steps=7, save=4, **SETTINGS)
    assert (data.status == 3).all() and (data.steps == 7).all() and not data.status_ok.any()
    assert np.isfinite(data.x).all() and (data.time[..., -1] < 2.0).all()


def test_seeds_can_be_swept_under_any_clock_and_solver():
    def seeded(seed, scale):
        sampled = mf.problems.SparseRegression.sample(jax.random.key(seed), samples=3, features=5, support=1)
        return mf.Flow(sampled, potential=mf.potentials.HyperbolicEntropy(scale)), jnp.zeros(5)

    settings = {"until": mf.until.log_time(5.0), "clock": mf.clocks.Log(), "solver": diffrax.Kvaerno5(), "rtol": 1e-7}
    data = sweep(seeded, {"seed": np.arange(3), "scale": [0.1]}, lambda path: {"x": path.x[-1]}, **settings)
    assert data.seed.dtype.kind == "i" and bool(data.status_ok.all())
    for seed in range(3):
        path = mf.integrate(*seeded(seed, 0.1), **settings)
        np.testing.assert_allclose(data.x[seed, 0], path.x[-1], atol=1e-9)


def test_bad_extremes_of_a_grid_fail_in_words_before_anything_runs():
    with pytest.raises(
        ValueError, match=r"cannot be built at alpha=-1\.0, strength=0\.3: balance must be non-negative"
    ):
        sweep(build, {"alpha": [1.0, -1.0, 2.0], "strength": [0.3]}, measure, **SETTINGS)
    with pytest.raises(ValueError, match=r"at alpha=1\.0, strength=-2\.0: strength must be non-negative"):
        sweep(build, {"alpha": [1.0], "strength": [0.0, -2.0]}, measure, **SETTINGS)


@pytest.mark.parametrize(
    ("grid", "words"),
    [
        ({}, "at least one name"),
        (
            {"alpha": [], "strength": [0.1]},
            r"grid\['alpha'\] must be one axis of at least one number, got shape \(0,\)",
        ),
        ({"alpha": 1.0, "strength": [0.1]}, r"grid\['alpha'\] must be one axis"),
        ({"alpha": [[1.0]], "strength": [0.1]}, r"grid\['alpha'\] must be one axis"),
        ({"alpha": [1.0, np.nan], "strength": [0.1]}, r"grid\['alpha'\] must be finite, got at index 1: nan"),
        ({"alpha": ["one"], "strength": [0.1]}, r"grid\['alpha'\] must be a real number"),
        ({"alpha": [1.0]}, r"build must take the axes of the grid \(alpha\) by name: missing"),
        ({"alpha": [1.0], "strength": [0.1], "other": [1.0]}, "build must take the axes .* 'other'"),
        ({"status": [1.0], "strength": [0.1]}, "needs a name"),
        ({"no name": [1.0], "strength": [0.1]}, "needs a name"),
    ],
)
def test_bad_grids_are_refused(grid, words):
    with pytest.raises(ValueError, match=words):
        sweep(build, grid, measure, **SETTINGS)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"store": "sweep.zarr"}, "store is not available yet"),
        ({"devices": []}, "devices is not available yet"),
        ({"block": 0}, "block must be at least 1"),
        ({"max_steps": 0}, "max_steps must be at least 1"),
        ({"save": 1}, "save must be at least 2"),
        ({"save": [0.0, 3.0]}, "after the end of the run"),
        ({"rtol": 1e-20}, "below what float64 can reach"),
    ],
)
def test_bad_settings_are_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        sweep(build, {"alpha": [1.0], "strength": [0.1]}, measure, **(SETTINGS | settings))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda alpha: build(alpha, 0.1)[0], "build must return a flow and its start, got Flow"),
        (lambda alpha: build(alpha, 0.1)[::-1], "build must return a flow and its start, got tuple of 2"),
        (lambda alpha: build(alpha if alpha > 0 else 1.0, 0.1), "must not decide a Python branch"),
        (lambda alpha: build(float(alpha), 0.1), "must not decide a Python branch"),
        (
            lambda alpha: (build(1.0, 0.1)[0], jnp.ones((2, 5))),
            r"start must have shape .* \(2, 6\), got shape \(2, 5\)",
        ),
    ],
)
def test_bad_builds_are_refused(made, words):
    with pytest.raises(ValueError, match=words):
        sweep(made, {"alpha": [1.0]}, measure, **SETTINGS)


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (lambda path: path.x[-1], "measure must return a dictionary of named numbers or arrays"),
        (lambda path: {}, "measure must return a dictionary"),
        (lambda path: {"steps": path.x[-1]}, "measure must not name a measurement 'steps'"),
        (lambda path: {"alpha": path.x[-1]}, "measure must not name a measurement 'alpha'"),
        (lambda path: {"status words": str(path.status)}, "measure must return numbers or arrays, got str"),
        (lambda path: {"x": np.asarray(path.x)}, "nor be turned into Python or NumPy numbers"),
    ],
)
def test_bad_measurements_are_refused(read, words):
    with pytest.raises(ValueError, match=words):
        sweep(build, {"alpha": [1.0], "strength": [0.1]}, read, **SETTINGS)


def test_progress_is_shown_where_it_is_wanted(capsys, monkeypatch):
    monkeypatch.setattr("mirrorflow.flows._watch.PATIENCE", -1.0)
    sweep(build, GRID, measure, save=4, progress=True, **SETTINGS)
    assert "sweeping  15 of 15 flows" in capsys.readouterr().err
    sweep(build, GRID, measure, save=4, progress=False, **SETTINGS)
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(threading.current_thread() is not threading.main_thread(), reason="signals reach the main thread")
def test_ctrl_c_ends_a_sweep_between_blocks(monkeypatch):
    calls = []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return _lanes.run_lanes(*arguments)

    monkeypatch.setattr("mirrorflow.ensembles._sweep.run_lanes", interrupted)
    previous = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt, match=r"sweep was interrupted after \d+ of 15 flows"):
        sweep(build, GRID, measure, save=4, block=2, **SETTINGS)
    assert len(calls) == 2 and signal.getsignal(signal.SIGINT) is previous
