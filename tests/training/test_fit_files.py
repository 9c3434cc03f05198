"""What a training keeps: the same bits after an interruption or a kill, a history without gaps and repetitions."""

import json
import os
import pathlib
import signal
import subprocess
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import mirrorflow as mf
from mirrorflow import _files
from mirrorflow.training import _host
from mirrorflow.training._mark import digest

from ._small import DATA, KEY, NETWORK, Net, Points, adam, fit, same, weights

MASKS = mf.sparsity.random_masks(KEY, weights(NETWORK), 0.5)
OPTIMIZERS = {
    "adam": adam,
    "noise": lambda learning_rate: optax.chain(optax.sgd(learning_rate), optax.add_noise(0.1, 0.5, jax.random.key(1))),
    "SET": lambda learning_rate: mf.sparsity.sparse_evolution(
        mf.optimizers.sign_in(optax.sgd(learning_rate), reset_every=5), MASKS, key=KEY, interval=7
    ),
    "nano_adam": lambda learning_rate: mf.optimizers.nano_adam(learning_rate, density=0.5, interval=4, exclude=()),
    "half precision": lambda learning_rate: optax.adam(learning_rate, mu_dtype=jnp.bfloat16),
    "schedule": lambda learning_rate: optax.inject_hyperparams(optax.adam)(learning_rate),
}


def act(x):
    return x


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture(autouse=True)
def _blocks(monkeypatch):
    """Blocks of three steps, so that there is something to interrupt."""
    monkeypatch.setattr(_host, "FIRST_BLOCK", 3)
    monkeypatch.setattr(_host, "next_block", lambda *_: 3)


def interrupt_at(step):
    """Ctrl-C once that many steps are made."""

    def tell(progress):
        if progress.step >= step:
            os.kill(os.getpid(), signal.SIGINT)

    return tell


def without_seconds(history):
    return {name: column for name, column in history.items() if name != "seconds"}


def alike(left, right):
    """Whether two runs hold the same bits, state and history."""
    parts = [(run.network, run.statistics, key_data(run.optimizer_state)) for run in (left, right)]
    arrays = [jax.tree.map(np.asarray, eqx.filter(part, eqx.is_array)) for part in parts]
    histories = [without_seconds(run.history) for run in (left, right)]
    assert list(histories[0]) == list(histories[1])
    return same(*arrays) and all(
        np.array_equal(a, b, equal_nan=True) for a, b in zip(*map(dict.values, histories), strict=True)
    )


def key_data(tree):
    return jax.tree.map(
        lambda leaf: jax.random.key_data(leaf) if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key) else leaf, tree
    )


def lines(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_interrupted_training_goes_on_bit_for_bit(tmp_path, name):
    make = OPTIMIZERS[name]
    dtype = jnp.bfloat16 if name == "half precision" else jnp.float32
    more = {"network": Net(KEY, dtype=dtype), "data": Points(KEY, dtype=dtype), "evaluate_every": 10}
    whole = fit(make, **more)
    for stop in (5, 16, 30):
        with pytest.raises(mf.training.Interrupted, match="continues") as error:
            fit(make, out=tmp_path, progress=interrupt_at(stop), **more)
        run = error.value.run
        assert stop <= run.steps < stop + 3 and not run.status.ok and "interrupted" in str(run.status)
    assert alike(fit(make, out=tmp_path, **more), whole)
    assert [row["step"] for row in lines(tmp_path)] == [0, 10, 20, 30, 40]
    assert alike(fit(make, out=tmp_path, **more), whole)  # finished: read, not run


def test_a_control_goes_on_as_if_it_had_never_stopped(tmp_path):
    def make(decay):
        return mf.optimizers.pilot(optax.sgd(0.05), decay=decay)

    def control():
        state = [mf.optimizers.SparsityControl(decay=1e-3, factor=2.0, least_norm=1.0, epochs=8)]

        def adapt(row):
            if row["step"] > 0:
                state[0] = state[0].after(row["train_accuracy"], row["norm"])
            return {"decay": state[0].decay}

        return adapt

    def norm(seen):
        return {"norm": jnp.sum(jnp.abs(seen.network.first))}

    more = {"numbers": {"decay": 1e-3}, "evaluate_every": 5, "observe": norm}
    whole = fit(make, adapt=control(), **more)
    with pytest.raises(mf.training.Interrupted):
        fit(make, adapt=control(), out=tmp_path, progress=interrupt_at(22), **more)
    assert alike(fit(make, adapt=control(), out=tmp_path, **more), whole)
    assert not same(whole.params, fit(make, **more).params)


def test_interruption_without_a_folder_gives_the_run_so_far():
    with pytest.raises(KeyboardInterrupt) as error:
        fit(progress=interrupt_at(7))
    assert error.value.run.steps == 7 and error.value.run.history["step"].tolist() == [0, 4]


@pytest.mark.parametrize("moment", ["while the state is written", "before it is in place", "before the line", "in it"])
def test_a_kill_leaves_what_can_be_continued(tmp_path, monkeypatch, moment):
    whole = fit(evaluate_every=10)
    calls = iter(range(100))
    replace, write, tell = pathlib.Path.replace, _files.write_atomically, _host.Metrics.tell

    def kill_third(action, *arguments):
        if next(calls) == 2:
            raise Killed
        return action(*arguments)

    def half(path, data, **how):
        if path.name == "state.npz" and next(calls) == 2:
            path.with_name(".state.npz.draft").write_bytes(data[: len(data) // 2])
            raise Killed
        write(path, data, **how)

    def half_line(self):
        if next(calls) == 2:
            with self._path.open("a") as file:
                file.write('{"step": 20, "tr')
            raise Killed
        tell(self)

    with monkeypatch.context() as patch:
        if moment == "while the state is written":
            patch.setattr("mirrorflow.training._checkpoint.write_atomically", half)
        elif moment == "before it is in place":
            patch.setattr(pathlib.Path, "replace", lambda self, target: kill_third(replace, self, target))
        elif moment == "before the line":
            patch.setattr(_host.Metrics, "tell", lambda self: kill_third(tell, self))
        else:
            patch.setattr(_host.Metrics, "tell", half_line)
        with pytest.raises(Killed):
            fit(evaluate_every=10, out=tmp_path)
    assert alike(fit(evaluate_every=10, out=tmp_path), whole)
    assert [row["step"] for row in lines(tmp_path)] == [0, 10, 20, 30, 40]


def test_lines_hold_the_history_and_no_number_that_json_has_not(tmp_path):
    run = fit(out=tmp_path, observe=lambda seen: {"log": jnp.log(seen.step.astype(float)), "two": jnp.arange(2.0)})
    rows = lines(tmp_path)
    assert rows == mf.training.read_metrics(tmp_path)
    assert rows[0]["log"] is None and run.history["log"][0] == -np.inf and rows[1]["two"] == [0.0, 1.0]
    for name, column in run.history.items():
        held = np.array([np.nan if row[name] is None else row[name] for row in rows], float)
        np.testing.assert_array_equal(held, np.where(np.isinf(column), np.nan, column))
    assert run.history["two"].shape == (11, 2) and (np.diff(run.history["seconds"]) >= 0).all()
    again = fit(out=tmp_path, observe=lambda seen: {})
    np.testing.assert_array_equal(again.history["log"], run.history["log"])


def test_more_steps_go_on_and_fewer_are_refused(tmp_path):
    fit(out=tmp_path, steps=20, evaluate_every=10)
    assert alike(fit(out=tmp_path, evaluate_every=10), fit(evaluate_every=10))
    with pytest.raises(ValueError, match="steps must be at least the 40 that were made, got 20"):
        fit(out=tmp_path, steps=20)


def test_a_training_that_ended_badly_is_not_resumed_into_a_good_one(tmp_path):
    def descent(rate):
        return optax.sgd(rate)

    bad = fit(descent, {"rate": 1e30}, out=tmp_path)
    again = fit(descent, {"rate": 1e30}, out=tmp_path, steps=100)
    assert again.status == bad.status and not again.status.ok and again.steps == bad.steps


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"numbers": {"learning_rate": 0.02}}, r"numbers\['learning_rate'\] was 0.01, now 0.02"),
        ({"batch": 8}, "batch was 16, now 8"),
        ({"clip": 1.0}, "clip was None, now 1.0"),
        ({"key": jax.random.key(4)}, "key is another one"),
        ({"network": Net(KEY)}, "network is another one"),
        ({"data": Points(KEY)}, "data is another one"),
        ({"make": lambda learning_rate: optax.sgd(learning_rate)}, "make_optimizer is another one"),
    ],
)
def test_another_training_in_the_folder_is_refused_and_fresh_replaces_it(tmp_path, more, words):
    fit(out=tmp_path)
    before = (tmp_path / "state.npz").read_bytes()
    with pytest.raises(ValueError, match=f"holds another training: {words}"):
        fit(out=tmp_path, **more)
    assert (tmp_path / "state.npz").read_bytes() == before
    assert alike(fit(out=tmp_path, fresh=True, **more), fit(**more))
    assert len(lines(tmp_path)) == 11


def test_a_file_that_is_no_state_is_refused(tmp_path):
    fit(out=tmp_path)
    whole = (tmp_path / "state.npz").read_bytes()
    middle = bytearray(whole)
    middle[len(whole) // 2] ^= 1
    for held in (b"", whole[: len(whole) // 2], bytes(middle), b"something else"):
        (tmp_path / "state.npz").write_bytes(held)
        with pytest.raises(ValueError, match="cannot be read as the state of a training"):
            fit(out=tmp_path)
    assert fit(out=tmp_path, fresh=True).status.ok


def test_digests_are_the_same_in_every_process():
    program = (
        "import jax, jax.numpy as jnp, equinox as eqx\nfrom mirrorflow.training._mark import digest\n"
        "def act(x): return x\n"
        "print(digest((jax.nn.gelu, jax.nn.relu, act, eqx.nn.Lambda(jnp.tanh), jnp.arange(3), jax.random.key(0))))"
    )

    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
    rest = (jax.nn.gelu, jax.nn.relu, act, eqx.nn.Lambda(jnp.tanh))
    assert digest((*rest, jnp.arange(3, dtype=jnp.int32), jax.random.key(0))) == found
    assert digest((*rest, jnp.arange(3, dtype=jnp.int32), jax.random.key(1))) != found
    assert digest((*rest, jnp.arange(3, dtype=jnp.int64), jax.random.key(0))) != found
    assert digest((*rest[1:], *rest[:1], jnp.arange(3, dtype=jnp.int32), jax.random.key(0))) != found
    assert digest(DATA) == digest(Points(jax.random.key(2))) != digest(Points(jax.random.key(3)))
