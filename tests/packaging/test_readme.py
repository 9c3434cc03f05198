"""What the README shows runs, and what it names exists."""

import pathlib
import re

import jax
import jax.numpy as jnp
import optax
import pytest

import mirrorflow as mf

ROOT = pathlib.Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PROGRAMS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_example_ends_where_theory_says():
    names: dict = {}
    exec(compile(PROGRAMS[0], "README.md", "exec"), names)
    assert names["path"].status.ok
    assert jnp.abs(names["path"].x[-1] - names["limit"].x).max() < 1e-6


def test_the_network_slides_and_keeps_its_balances():
    names: dict = {"jax": jax, "mf": mf}
    exec(compile(PROGRAMS[1], "README.md", "exec"), names)
    path = names["path"]
    assert path.status.ok and path.stats["slid"] > 0.9
    assert mf.observe.balance(path).max_drift < 1e-6


def test_the_sparse_optimizers_train_on_what_they_keep():
    params = {"kernel": jax.random.normal(jax.random.key(0), (12, 20)), "bias": jnp.zeros(12)}
    names: dict = {"jax": jax, "mf": mf, "optax": optax, "params": params}
    exec(compile(PROGRAMS[2], "README.md", "exec"), names)
    optimizer = names["optimizer"]
    updates, _ = optimizer.update(params, optimizer.init(params), params)
    stepped = optax.apply_updates(params, updates)
    assert int((stepped["kernel"] != 0).sum()) == 24
    assert (stepped["bias"] == 0).all()


def test_the_claim_holds_and_its_control_is_refuted(tmp_path):
    file = tmp_path / "my_claims.py"
    file.write_text(PROGRAMS[3])
    (claim,) = mf.claims.load_file(file)
    verdict = mf.claims.verify(claim, seed=1)
    assert verdict.outcome == "holds"
    assert verdict.control.outcome == "refuted"


@pytest.mark.optimized
def test_the_conjecture_is_refuted_and_its_counterexample_is_one(tmp_path):
    file = tmp_path / "my_conjectures.py"
    file.write_text(PROGRAMS[4])
    (conjecture,) = mf.claims.conjectures_of_file(file)
    found = mf.claims.falsify(conjecture, budget=3, seed=0)
    assert found.outcome == "refuted"
    assert mf.claims.replay(found.counterexample).outcome == "refuted"


def test_make_has_every_target_that_is_named():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r"make ([a-z]+)", README)) <= targets


def test_every_folder_and_file_that_is_named_exists():
    for path in re.findall(r"`([a-z_]+/|[a-z]+\.txt)`", README):
        assert (ROOT / path).exists(), path
