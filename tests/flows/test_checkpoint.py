"""An interrupted run continues from its checkpoint with the same result; a file that is none is refused."""

import signal

import jax
import numpy as np
import pytest

import mirrorflow as mf
from mirrorflow.flows import _host

PROBLEM = mf.problems.SparseRegression.sample(jax.random.key(3), samples=4, features=6, support=2)
FLOW = mf.Flow(
    PROBLEM,
    reparameterization=mf.reparameterizations.Hadamard(2),
    decay=mf.decay.Coupled(mf.schedules.switch_off(0.1, at=0.5)),
)
START = FLOW.lift(x=np.full(6, 0.05), balance=0.5)
UNTIL = {"time": mf.until.time(4.0), "unknown end": mf.until.loss(1e-9) | mf.until.time(100.0)}


def run(flow=FLOW, start=START, *, until="time", **more):
    return mf.integrate(flow, start, until=UNTIL[until], save=6, **more)


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(_host, "FIRST_BLOCK", 16)
    monkeypatch.setattr(_host, "next_block", lambda *_: 16)


@pytest.fixture
def interrupt_after(monkeypatch):
    def arrange(blocks):
        done, advance = [], _host.advance

        def interrupted(*given):
            done.append(advance(*given))
            if len(done) == blocks:
                signal.raise_signal(signal.SIGINT)
            return done[-1]

        monkeypatch.setattr(_host, "advance", interrupted)
        return done

    return arrange


@pytest.mark.parametrize("until", UNTIL)
@pytest.mark.parametrize("blocks", [1, 3])
def test_a_run_continues_with_the_same_result(until, blocks, tmp_path, small_blocks, interrupt_after):
    whole = run(until=until)
    done = interrupt_after(blocks)
    with pytest.raises(KeyboardInterrupt, match="continues"):
        run(until=until, checkpoint=tmp_path / "kept")
    before = len(done)
    resumed = run(until=until, checkpoint=tmp_path / "kept")
    assert len(done) - before < -(-whole.stats["steps"] // 16) * whole.stats["passes"]
    for one, other in zip(jax.tree.leaves(whole), jax.tree.leaves(resumed), strict=True):
        np.testing.assert_array_equal(one, other)
    assert whole.stats == resumed.stats and whole.status == resumed.status


def test_a_finished_run_is_read_from_its_checkpoint(tmp_path, interrupt_after):
    done = interrupt_after(0)
    first = run(checkpoint=tmp_path / "kept")
    count = len(done)
    again = run(checkpoint=tmp_path / "kept")
    assert len(done) == count
    np.testing.assert_array_equal(first.x, again.x)


@pytest.mark.parametrize(
    "other",
    [
        lambda path: run(checkpoint=path, rtol=1e-9),
        lambda path: run(start=1.01 * START, checkpoint=path),
        lambda path: run(
            flow=mf.Flow(PROBLEM, reparameterization=FLOW.reparameterization, decay=mf.decay.Coupled(0.1)),
            checkpoint=path,
        ),
    ],
    ids=["tolerance", "start", "decay"],
)
def test_another_run_does_not_continue_from_it(other, tmp_path):
    path = tmp_path / "kept"
    mine = run(checkpoint=path)
    theirs = other(path)
    assert np.abs(np.asarray(mine.x) - np.asarray(theirs.x)).max() > 0
    np.testing.assert_array_equal(theirs.x, other(None).x)
    # And mine is still there.
    np.testing.assert_array_equal(run(checkpoint=path).x, mine.x)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", "half"], ids=["empty", "text", "cut short"])
def test_a_broken_file_is_refused_in_words(content, tmp_path):
    path = tmp_path / "kept"
    if content == "half":
        run(checkpoint=path)
        content = path.read_bytes()[:-500]
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"cannot be read.*Delete it"):
        run(checkpoint=path)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="checkpoint must be a file"):
        run(checkpoint=tmp_path)
