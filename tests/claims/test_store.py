"""Results on disk: whole or not at all, read back as they were, made again when they are damaged or out of date."""

import concurrent.futures
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf
from mirrorflow import _accuracy
from mirrorflow.claims._experiment import Unit
from mirrorflow.claims._runs import fetch
from mirrorflow.claims._store import Store

DIGEST = "ab" * 32


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "data")


CALLS = []


def note(case):
    CALLS.append(case.q)


# By where it says it is, this is code of an installed library: known by its name, so that the list it holds may grow.
note.__code__ = note.__code__.replace(co_filename=json.__file__)
note.__module__ = "json"


@pytest.fixture
def calls():
    CALLS.clear()
    return CALLS


@mf.experiment(cases=mf.cases.grid(q=(1.0, 2.0)))
def sample(case, key):
    """Notes that it really ran."""
    note(case)
    return {"x": case.q + jax.random.normal(key, (3,))}


def path_of_a_flow():
    problem = mf.problems.SparseRegression.sample(jax.random.key(0), samples=3, features=4, support=1)
    flow = mf.Flow(problem, reparameterization=mf.reparameterizations.Hadamard(depth=2))
    return mf.integrate(flow, flow.lift(x=jnp.full(4, 0.1), balance=0.3), until=mf.until.time(0.5), save=5)


def test_trajectory_comes_back_with_its_flow_and_status(store):
    path = path_of_a_flow()
    store.save("steepest.path", DIGEST, path, {"endings": []})
    back = store.load("steepest.path", DIGEST).result
    assert isinstance(back, mf.Trajectory) and back.status.ok and str(back.status) == str(path.status)
    for one, other in zip(jax.tree.leaves(path), jax.tree.leaves(back), strict=True):
        assert type(one) is type(other) and np.array_equal(np.asarray(one), np.asarray(other))
    assert jnp.allclose(back.flow.problem.loss(back.x[-1]), path.loss[-1])
    assert back.flow.as_mirror_flow(path.parameters[0]).potential is not None


def test_functions_keys_words_and_numbers_come_back(store):
    result = {"f": lambda x: x + 1, "key": jax.random.key(3), "n": 4, "word": "ok", "file": np.arange(2), "none": None}
    store.save("a.b", DIGEST, result, {})
    back = store.load("a.b", DIGEST).result
    assert back["f"](1) == 2 and back["n"] == 4 and back["word"] == "ok" and back["none"] is None
    assert np.array_equal(back["file"], [0, 1])
    assert jnp.array_equal(jax.random.normal(back["key"]), jax.random.normal(jax.random.key(3)))


def test_arrays_can_be_opened_by_name_without_this_package(store):
    store.save("a.b", DIGEST, {"x": jnp.arange(3.0), "inner": {"y": np.ones((2, 2))}}, {"seed": 5})
    place = store.place("a.b", DIGEST)
    with np.load(place / "arrays.npz") as arrays:
        assert sorted(arrays.files) == ["inner.y", "x"] and arrays["inner.y"].shape == (2, 2)
    meta = json.loads((place / "meta.json").read_text())
    assert meta["seed"] == 5 and meta["arrays"] == {"x": [3], "inner.y": [2, 2]}


@pytest.mark.parametrize("name", ["arrays.npz", "rest.pkl", "meta.json"])
@pytest.mark.parametrize("damage", ["truncate", "flip", "remove"])
def test_damaged_entry_is_noticed_and_made_again(store, calls, name, damage):
    unit = Unit(sample, sample.cases[0], 1.0, 0)
    whole = fetch(unit, store).result["x"]
    file = store.place(sample.name, unit.digest) / name
    data = bytearray(file.read_bytes())
    if damage == "truncate":
        file.write_bytes(data[: len(data) // 2])
    elif damage == "flip":
        data[len(data) // 3] ^= 0xFF
        file.write_bytes(data)
    else:
        file.unlink()
    assert jnp.array_equal(fetch(unit, store).result["x"], whole) and len(calls) == 2
    assert jnp.array_equal(fetch(unit, store).result["x"], whole) and len(calls) == 2


def test_entry_appears_whole_or_not_at_all(store, monkeypatch):
    monkeypatch.setattr("os.rename", lambda *_: (_ for _ in ()).throw(OSError("the disk is full")))
    with pytest.raises(OSError, match="disk is full"):
        store.save("a.b", DIGEST, {"x": np.ones(3)}, {})
    assert ("a.b", DIGEST) not in store and store.load("a.b", DIGEST) is None
    assert not list(store.folder.glob(".draft*"))


def test_several_writers_of_one_entry_leave_one_whole_entry(store):
    result = {"x": np.arange(5000.0)}
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: store.save("a.b", DIGEST, result, {}), range(40)))
    assert np.array_equal(store.load("a.b", DIGEST).result["x"], result["x"])
    assert [path.name for path in store.folder.iterdir()] == ["a.b"]


def test_nothing_is_run_twice(store, calls):
    for _ in range(3):
        for unit in sample.units(seed=0):
            fetch(unit, store)
    assert calls == [1.0, 2.0, 1.0, 2.0]  # two cases, two accuracies


def test_seed_case_accuracy_and_code_each_make_another_entry(store):
    first, second = sample.cases
    digests = {Unit(sample, first, 1.0, 0).digest, Unit(sample, second, 1.0, 0).digest}
    digests |= {Unit(sample, first, 0.1, 0).digest, Unit(sample, first, 1.0, 1).digest}

    @mf.experiment(cases=sample.cases)
    def other(case, key):
        return {"x": case.q + 1}

    assert len(digests | {Unit(other, first, 1.0, 0).digest}) == 5


def test_libraries_and_package_make_another_entry(store, monkeypatch):
    before = Unit(sample, sample.cases[0], 1.0, 0).digest
    monkeypatch.setattr("mirrorflow.claims._provenance.package_digest", lambda: "changed")
    assert Unit(sample, sample.cases[0], 1.0, 0).digest != before


def test_runs_are_read_at_the_finest_accuracy_and_selected_by_case(own_output):
    @mf.experiment(cases=mf.cases.grid(q=(1.0, 2.0), arm=("a", "b")))
    def sample(case, key):
        return {"factor": _accuracy.current(), "q": case.q}

    runs = sample.runs()
    assert all(result["factor"] == pytest.approx(0.1) for _, result in runs)
    assert runs.only(q=2.0, arm="b")["q"] == 2.0 and len(runs.where(arm="a")) == 2
    with pytest.raises(LookupError, match="2 runs match"):
        runs.only(arm="a")
    assert sample.runs(accuracy=1.0)[0].result["factor"] == 1.0
    assert (own_output / "data" / sample.name).is_dir()


def test_accuracy_around_a_run_does_not_change_what_is_stored(store):
    @mf.experiment(cases=mf.cases.single())
    def sample(case, key):
        return {"factor": _accuracy.current()}

    with mf.accuracy(0.5):
        entry = fetch(Unit(sample, sample.cases[0], 1.0, 0), store)
    assert entry.result["factor"] == 1.0


def test_experiment_that_returns_nothing_is_refused(store):
    @mf.experiment(cases=mf.cases.single())
    def sample(case, key):
        pass

    with pytest.raises(ValueError, match="returned nothing"):
        fetch(Unit(sample, sample.cases[0], 1.0, 0), store)
