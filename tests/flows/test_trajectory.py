"""What a run returns, its labels, and runs made elsewhere."""

import jax
import numpy as np
import pytest

import mirrorflow as mf

PROBLEM = mf.problems.SparseRegression.sample(jax.random.key(3), samples=4, features=6, support=2)
HADAMARD = mf.reparameterizations.Hadamard(3)
FLOW = mf.Flow(PROBLEM, reparameterization=HADAMARD)
PATH = mf.integrate(FLOW, FLOW.lift(x=np.full(6, 0.05), balance=0.5), until=mf.until.time(2.0), save=5)


def test_every_field_belongs_to_the_same_points():
    np.testing.assert_array_equal(PATH.x, np.prod(np.asarray(PATH.parameters), axis=1))
    residuals = np.asarray(PATH.x) @ np.asarray(PROBLEM.design).T - np.asarray(PROBLEM.target)
    np.testing.assert_allclose(PATH.loss, 0.5 * (residuals**2).sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(PATH.log_loss, np.log(PATH.loss), rtol=1e-12)
    assert PATH.log_time[0] == -np.inf
    np.testing.assert_allclose(PATH.log_time[1:], np.log(PATH.time[1:]), rtol=1e-14)


def test_labels_are_those_of_the_problem_and_the_factors():
    data = PATH.to_xarray()
    assert data.x.dims == ("time", "feature") and data.x.shape == (5, 6)
    assert data.parameters.dims == ("time", "factor", "feature") and data.parameters.shape == (5, 3, 6)
    np.testing.assert_array_equal(data.x.sel(time=2.0), PATH.x[-1])
    np.testing.assert_array_equal(data.loss, PATH.loss)
    assert data.attrs["status_ok"] == 1 and data.attrs["steps"] == PATH.stats["steps"]
    assert data.attrs["mirrorflow_version"] == mf.__version__


def test_labels_survive_a_file(tmp_path):
    xarray = pytest.importorskip("xarray")
    data = PATH.to_xarray()
    data.to_netcdf(tmp_path / "path.nc", engine="scipy")
    with xarray.open_dataset(tmp_path / "path.nc", engine="scipy") as read:
        xarray.testing.assert_identical(read.load().x, data.x)
        assert read.attrs["status"] == data.attrs["status"]


def test_a_pytree_of_parameters_has_an_array_for_each_leaf():
    sensing = mf.problems.MatrixSensing.sample(jax.random.key(0), shape=(2, 3), rank=1, measurements=4)
    flow = mf.Flow(sensing, reparameterization=mf.reparameterizations.MatrixProduct(2, 3, 2))
    path = mf.integrate(flow, flow.lift(x=np.full((2, 3), 0.1), balance=0.1), until=mf.until.time(0.5), save=3)
    data = path.to_xarray()
    assert data.x.dims == ("time", "row", "column")
    assert data["parameters.left"].shape == (3, 2, 2) and data["parameters.right"].shape == (3, 3, 2)


def test_a_run_made_elsewhere_is_read_like_one_made_here():
    read = mf.Trajectory.from_arrays(
        time=np.asarray(PATH.time),
        parameters=np.asarray(PATH.parameters),
        problem=PROBLEM,
        reparameterization=HADAMARD,
        geometry=FLOW.geometry,
    )
    for name in ("time", "log_time", "x", "parameters", "loss", "log_loss"):
        np.testing.assert_allclose(getattr(read, name), getattr(PATH, name), rtol=1e-14)
    assert read.status.ok
    np.testing.assert_allclose(mf.observe.balance(read).values, mf.observe.balance(PATH).values, rtol=1e-12)
    np.testing.assert_allclose(mf.observe.norm(read, 1), mf.observe.norm(PATH, 1), rtol=1e-13)


def test_without_coordinates_the_parameters_are_x():
    read = mf.Trajectory.from_arrays(time=PATH.time, parameters=PATH.x, problem=PROBLEM)
    np.testing.assert_array_equal(read.x, PATH.x)


ELSEWHERE = {
    "times fall": ({"time": [0.0, 2.0, 1.0]}, "strictly increasing"),
    "time below zero": ({"time": [-1.0, 2.0, 3.0]}, "time must be non-negative"),
    "time NaN": ({"time": [0.0, np.nan, 3.0]}, "time must be finite, got at index 1"),
    "lengths differ": ({"time": [0.0, 1.0]}, "parameters must have 2 points"),
    "entries not finite": ({"parameters": np.full((3, 6), np.inf)}, "parameters must be finite"),
    "shape": ({"parameters": np.ones((3, 5))}, "shape"),
    "both coordinates": ({"reparameterization": HADAMARD, "potential": mf.potentials.Quadratic()}, "both"),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_bad_arrays_are_refused_in_words(name):
    changed, words = ELSEWHERE[name]
    arguments = {"time": [0.0, 1.0, 2.0], "parameters": np.ones((3, 6)), "problem": PROBLEM, **changed}
    with pytest.raises(ValueError, match=words):
        mf.Trajectory.from_arrays(**arguments)


def test_what_it_prints_is_short():
    assert len(repr(PATH)) < 3000
