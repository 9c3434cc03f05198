"""Claims held by several processes: the same verdicts, and nothing that one experiment does harms another."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

import mirrorflow as mf
from mirrorflow.claims._experiment import Origin, Unit
from mirrorflow.claims._schedule import Schedule
from mirrorflow.claims._tasks import Call, Done, HoldClaim, RunUnit

SOURCE = """
import os, sys, time
import numpy as np
import mirrorflow as mf
from mirrorflow import _accuracy

def claim(name, on):
    def compare(case, result, value=1.0):
        return mf.Comparison(value, result["x"])
    made = mf.claim(name, on=on, statement="x=1", source="here", status="proved",
                    tolerance=mf.tolerance(1e-3, because="of the test"))(compare)
    made.control(value=2.0)

@mf.experiment(cases=mf.cases.grid(draw=(0, 1, 2)))
def fine(case, key):
    print("noise on stdout must not disturb anything")
    return {"x": 1.0 + 1e-5 * _accuracy.current(), "process": os.getpid()}

@mf.experiment(cases=mf.cases.grid(draw=(0, 1)))
def dying(case, key):
    if case.draw == 1 and _accuracy.current() == 1.0:
        sys.stderr.write("about to die")
        sys.stderr.flush()
        os._exit(17)
    return {"x": 1.0}

@mf.experiment(cases=mf.cases.single())
def changing(case, key):
    return {"x": np.asarray(CHANGES)}

CHANGES = float(os.getpid())

@mf.experiment(cases=mf.cases.grid(draw=(0, 1)), accuracies=(2.0, 1.0))
def endless(case, key):
    while case.draw == 1 and _accuracy.current() == 2.0:
        time.sleep(1)
    return {"x": 1.0}

claim("page/endless", endless)
claim("page/fine", fine)
claim("page/dying", dying)
claim("page/changing", changing)
"""


@pytest.fixture
def claims_file(tmp_path):
    file = tmp_path / "claims_of_a_user.py"
    file.write_text(SOURCE)
    return file


def test_processes_give_verdicts_and_survive_each_other(claims_file, own_output):
    events = []
    called = [Call("asked", "math", "hypot", {}), Call("asked", "os", "getpid", {})]
    claims = mf.claims.load_file(claims_file)
    session = mf.claims.verify_all(claims, jobs=2, limit=10, progress=events.append, then=called)
    fine, dying, changing, endless = (
        session.verdicts[f"page/{name}"] for name in ("fine", "dying", "changing", "endless")
    )
    assert endless.outcome == "undecided" and "stopped because it had not ended after 10 s" in endless.reason
    assert any("running claims_of_a_user.endless(draw=1) at accuracy 2" in state.running for state in events)
    assert fine.outcome == "holds" and fine.control.outcome == "refuted"
    assert dying.outcome == "undecided" and "its process ended by itself with code 17" in dying.reason
    assert "about to die" in dying.decisive.traceback
    assert changing.outcome == "undecided" and "not the same in two processes" in changing.reason
    assert events[-1].made == session.runs == 16 and events[-1].held == 4
    answers = {call.function: done.value for call, done in session.called}
    assert answers["getpid"] != os.getpid() and session.programs.compiled >= 0
    assert "noise on stdout" in "".join(log.read_text() for log in (own_output / "logs").iterdir())


SCRIPT = """
import signal, sys, threading
import mirrorflow as mf
mf.enable_float64()
signal.signal(signal.SIGINT, signal.default_int_handler)  # shells have their background jobs ignore it
claims = mf.claims.load_file(sys.argv[1])
try:
    mf.claims.verify_all(claims, jobs=int(sys.argv[2]), progress=lambda state: print(state.made, flush=True))
except mf.claims.Interrupted as stop:
    print("stopped:", stop)
"""

SLOW = """
import time
import mirrorflow as mf

@mf.experiment(cases=mf.cases.grid(draw=tuple(range(30))))
def slow(case, key):
    time.sleep(0.3)
    return {"x": 1.0}

@mf.claim("page/slow", on=slow, statement="x=1", source="here", status="proved",
          tolerance=mf.tolerance(1e-3, because="of the test"))
def is_one(case, result, value=1.0):
    return mf.Comparison(value, result["x"])

is_one.control(value=2.0)
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_interruption_keeps_what_is_stored(tmp_path, own_output, jobs):
    file = tmp_path / "slow_claims.py"
    file.write_text(SLOW)
    program = textwrap.dedent(SCRIPT)
    run = subprocess.Popen(
        [sys.executable, "-c", program, str(file), str(jobs)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert run.stdout is not None
    for line in run.stdout:
        if int(line) >= 3:
            break
    run.send_signal(signal.SIGINT)
    rest, _ = run.communicate(timeout=60)
    assert "stopped: " in rest and "of 60 runs were made and are stored" in rest and run.returncode == 0
    kept = len(list((own_output / "data" / "slow_claims.slow").iterdir()))
    assert 3 <= kept < 60
    (claim,) = mf.claims.load_file(file)
    stored = sum((claim.on.name, unit.digest) in mf.claims._store.open_store() for unit in claim.on.units(0))
    assert stored == kept  # the same command continues from there


def schedule_of(experiments, cost=1.0):
    claims = []
    for number, experiment in enumerate(experiments):
        made = mf.claim(
            f"test/scheduled-{number}",
            on=experiment,
            statement="x",
            source="here",
            status="proved",
            tolerance=mf.tolerance(0, because="x"),
        )(lambda case, result, value=1: mf.Comparison(value, 1))
        claims.append(made.control(value=2))
    missing = {experiment: experiment.units(0) for experiment in experiments}
    last = Call("last", "os", "getpid", {})
    return Schedule(claims, missing, seed=0, full=False, expected=lambda _: cost, then=[last])


def experiment_of(cases):
    return mf.experiment(cases=mf.cases.grid(n=tuple(range(cases))))(lambda case, key: {"x": 1})


def test_experiment_stays_in_one_process_while_there_is_another_one():
    large, small = experiment_of(5), experiment_of(2)
    schedule = schedule_of([small, large])
    first, second = schedule.take(None), schedule.take(None)
    assert first.unit.experiment is large and second.unit.experiment is small  # the longest begins
    assert schedule.take(large).unit.experiment is large and schedule.take(small).unit.experiment is small


def test_experiments_of_a_page_stay_in_one_process_while_there_is_another_page():
    experiments = {name: experiment_of(cases) for name, cases in (("a1", 2), ("a2", 1), ("b1", 3), ("c1", 1))}
    for name, experiment in experiments.items():
        experiment.origin = Origin("module", name[0])
    names = {experiment: name for name, experiment in experiments.items()}
    schedule = schedule_of(list(experiments.values()))
    first, second = schedule.take(None), schedule.take(None)
    assert {names[first.unit.experiment], names[second.unit.experiment]} == {"a1", "b1"}  # the two longest pages
    order, previous = [], experiments["a1"]
    while isinstance(task := schedule.take(previous), RunUnit):
        schedule.finish(task, Done())
        previous = task.unit.experiment
        order.append(names[previous])
    assert list(dict.fromkeys(order)) == ["a1", "a2", "c1"]  # a's page to its end, then one that nobody is at


def test_claim_comes_after_all_runs_of_its_experiment_and_calls_come_last():
    schedule = schedule_of([experiment_of(1), experiment_of(1)])
    order, previous = [], None
    while (task := schedule.take(previous)) is not None:
        order.append(task)
        previous = task.unit.experiment if isinstance(task, RunUnit) else previous
        schedule.finish(task, Done())
    kinds = [type(task) for task in order]
    assert kinds.count(RunUnit) == 4 and kinds.count(HoldClaim) == 2 and kinds[-1] is Call
    for task in (task for task in order if isinstance(task, HoldClaim)):
        before = [run for run in order[: order.index(task)] if isinstance(run, RunUnit)]
        assert sum(run.unit.experiment is task.claim.on for run in before) == 2


def test_failure_of_a_run_reaches_the_claim():
    schedule = schedule_of([experiment_of(1)])
    tasks = [schedule.take(None), schedule.take(None)]
    assert all(isinstance(task.unit, Unit) for task in tasks)
    schedule.finish(tasks[0], Done(failure=("it broke", "trace")))
    schedule.finish(tasks[1], Done())
    held = schedule.take(None)
    assert isinstance(held, HoldClaim) and held.failures == {str(tasks[0].unit): ("it broke", "trace")}


def test_stopped_schedule_gives_out_nothing():
    schedule = schedule_of([experiment_of(3)])
    schedule.stop()
    started = time.perf_counter()
    assert schedule.take(None) is None and time.perf_counter() - started < 5
