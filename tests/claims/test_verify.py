"""From an experiment, a law and a wrong law to a verdict."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.integrate

import mirrorflow as mf
from mirrorflow import _accuracy


@mf.experiment(cases=mf.cases.grid(rate=(0.5, 1.0, 2.0)))
def decaying(case, key):
    """ẋ = −rate·x by an adaptive solver whose tolerance follows the ambient accuracy."""
    rtol = 1e-6 * _accuracy.current()
    times = np.linspace(0, 1, 11)
    run = scipy.integrate.solve_ivp(lambda t, x: -case.rate * x, (0, 1), [1.0], t_eval=times, rtol=rtol, atol=rtol)
    return {"time": times, "x": run.y[0]}


@mf.experiment(cases=mf.cases.grid(rate=(1.0,)))
def sloppy(case, key):
    """Steps of first order: at accuracy 1 wrong by a tenth."""
    steps = round(4 / _accuracy.current())
    return {"x": (1 - 1 / steps) ** steps}


def claimed(name, function, on=decaying, tolerance=1e-4, **more):
    made = mf.claim(
        name,
        on=on,
        statement="x_t=e^{-t}",
        source="arXiv:1234.56789",
        **{"status": "proved", **more},
        tolerance=mf.tolerance(tolerance, because="of the solver's tolerance"),
    )
    return made(function)


def exponential(case, result, power=1.0):
    return mf.Comparison(jnp.exp(-power * case.rate * result["time"]), result["x"])


def test_right_law_holds_and_wrong_law_is_refuted():
    claim = claimed("test/decay", exponential).control(power=2.0)
    verdict = mf.claims.verify(claim)
    assert verdict.outcome == "holds" and verdict.control.outcome == "refuted"
    assert 0 <= verdict.error <= verdict.tolerance and verdict.numerical_error > 0
    assert len(verdict.rows) == 3 and all(row.outcome == "holds" for row in verdict.rows)
    assert verdict.error + verdict.numerical_error == max(row.error + row.numerical_error for row in verdict.rows)
    assert verdict.seed == 0 and verdict.versions["jax"] == jax.__version__ and verdict.as_expected
    assert "holds" in str(verdict)


def test_wrong_law_is_refuted_and_fails():
    verdict = mf.claims.verify(claimed("test/wrong", exponential, tolerance=1e-5).control(power=3.0))
    assert verdict.outcome == "holds"

    def wrong(case, result, power=1.001):
        return exponential(case, result, power)

    verdict = mf.claims.verify(claimed("test/really-wrong", wrong, tolerance=1e-5).control(power=3.0))
    assert verdict.outcome == "refuted" and verdict.failed and not verdict.as_expected


def test_law_that_differs_by_less_than_the_solver_can_tell_is_undecided():
    def near(case, result, power=1.0):
        return mf.Comparison(jnp.exp(-power), result["x"])

    claim = claimed("test/near", near, on=sloppy, tolerance=1e-3).control(power=3.0)
    verdict = mf.claims.verify(claim)
    assert verdict.outcome == "undecided" and verdict.failed and verdict.control.outcome == "refuted"
    assert verdict.numerical_error > verdict.tolerance


def test_comparison_that_cannot_tell_a_wrong_law_says_nothing():
    def blind(case, result, power=1.0):
        return mf.Comparison(0.0, 0.0 * result["x"])

    verdict = mf.claims.verify(claimed("test/blind", blind).control("twice the power", power=2.0))
    assert verdict.outcome == "undecided" and "cannot tell the law from a wrong one" in verdict.reason
    assert "twice the power" in verdict.reason


def test_printed_form_must_be_refuted_and_its_correction_hold():
    def printed(case, result, power=2.0):
        return exponential(case, result, power)

    more = {"status": "printed", "expects": "refuted"}
    verdict = mf.claims.verify(claimed("test/printed", printed, **more).control("corrected", power=1.0))
    assert verdict.outcome == "refuted" and verdict.control.outcome == "holds" and not verdict.failed

    verdict = mf.claims.verify(claimed("test/neither", printed, **more).control("no better", power=3.0))
    assert verdict.outcome == "undecided" and verdict.failed
    assert "cannot tell the printed form from the corrected" in verdict.reason


def test_printed_form_that_holds_fails():
    verdict = mf.claims.verify(
        claimed("test/too-good", exponential, status="printed", expects="refuted").control(power=1.0 + 1e-12)
    )
    assert verdict.outcome == "holds" and verdict.failed


def test_open_question_is_measured_and_never_fails():
    def wrong(case, result, power=1.5):
        return exponential(case, result, power)

    verdict = mf.claims.verify(claimed("test/open", wrong, status="open").control(power=3.0))
    assert verdict.outcome == "refuted" and verdict.expects == "measured" and not verdict.failed


def test_worst_case_decides_and_every_case_keeps_its_row():
    def uneven(case, result, bad=2.0):
        return exponential(case, result, 1.0 if case.rate != bad else 1.3)

    verdict = mf.claims.verify(claimed("test/uneven", uneven).control(bad=0.5))
    assert verdict.outcome == "refuted" and verdict.decisive.case == "rate=2.0"
    assert [row.outcome for row in verdict.rows] == ["holds", "holds", "refuted"]


def test_every_control_must_do_its_work():
    claim = claimed("test/two", exponential).control("far", power=2.0).control("too near", power=1.0 + 1e-9)
    verdict = mf.claims.verify(claim)
    assert verdict.outcome == "undecided" and "too near" in verdict.reason
    assert [control.outcome for control in verdict.controls] == ["refuted", "holds"]
    assert verdict.control.words == "too near"


def test_parts_are_compared_one_by_one():
    def parts(case, result, power=1.0):
        return {"path": exponential(case, result, power), "start": mf.Comparison(1.0, result["x"][0])}

    verdict = mf.claims.verify(claimed("test/parts", parts).control(power=2.0))
    assert [row.part for row in verdict.rows[:2]] == ["path", "start"] and len(verdict.rows) == 6


def test_claim_across_cases_sees_all_runs_at_once():
    def slope(runs, factor=1.0):
        rates = np.array([case.rate for case, _ in runs])
        ends = np.array([result["x"][-1] for _, result in runs])
        return mf.Comparison(-factor, np.polyfit(rates, np.log(ends), 1)[0])

    verdict = mf.claims.verify(claimed("test/slope", slope, across="rate").control(factor=2.0))
    assert verdict.outcome == "holds" and len(verdict.rows) == 1 and verdict.rows[0].case == "all cases"
    assert verdict.predicted == -1.0 and verdict.measured == pytest.approx(-1.0, abs=1e-4)


def test_claim_across_some_fields_has_a_row_for_each_of_the_others():
    @mf.experiment(cases=mf.cases.grid(power=(1, 2), x=(1.0, 2.0, 4.0)))
    def powers(case, key):
        return {"y": case.x**case.power}

    def exponent(runs, shift=0.0):
        x = np.log([case.x for case, _ in runs])
        y = np.log([float(result["y"]) for _, result in runs])
        return mf.Comparison(runs[0].case.power + shift, np.polyfit(x, y, 1)[0])

    verdict = mf.claims.verify(claimed("test/powers", exponent, on=powers, across="x").control(shift=1.0))
    assert verdict.outcome == "holds" and [row.case for row in verdict.rows] == ["power=1", "power=2"]


def test_experiment_that_fails_leaves_the_claim_undecided_with_its_words():
    @mf.experiment(cases=mf.cases.grid(rate=(1.0, 2.0)))
    def failing(case, key):
        if case.rate == 2.0:
            raise RuntimeError("the solver gave up")
        return {"time": np.zeros(2), "x": np.ones(2)}

    verdict = mf.claims.verify(claimed("test/failing", exponential, on=failing).control(power=2.0))
    assert verdict.outcome == "undecided" and verdict.failed
    assert "failing(rate=2.0) at accuracy 1 failed: RuntimeError: the solver gave up" in verdict.reason
    assert "the solver gave up" in verdict.decisive.traceback


def test_comparison_that_fails_leaves_the_claim_undecided_with_its_words():
    def broken(case, result, power=1.0):
        return mf.Comparison(result["absent"], 1.0)

    verdict = mf.claims.verify(claimed("test/broken", broken).control(power=2.0))
    assert verdict.outcome == "undecided" and "KeyError: 'absent'" in verdict.reason

    def nothing(case, result, power=1.0):
        return None

    verdict = mf.claims.verify(claimed("test/nothing", nothing).control(power=2.0))
    assert "must return a mf.Comparison" in verdict.reason


def blowing_up(ends):
    @mf.experiment(cases=mf.cases.single(), ends=ends)
    def run(case, key):
        problem = mf.problems.Objective(lambda x: -jnp.sum(x**4), dimension=1)
        flow = mf.Flow(problem, potential=mf.potentials.Quadratic())
        return mf.integrate(flow, jnp.ones(1), until=mf.until.time(10.0), save=3)

    return run


def test_run_that_ends_badly_decides_nothing_and_says_how_it_ended():
    def size(case, path, limit=1e300):
        return mf.Comparison(limit, jnp.abs(path.x).max(), relation="at most")

    verdict = mf.claims.verify(claimed("test/blow-up", size, on=blowing_up("ok")).control(limit=1e-300))
    assert verdict.outcome == "undecided" and "ended otherwise than it should" in verdict.reason
    assert "finite time" in verdict.reason or "step limit" in verdict.reason or "stalled" in verdict.reason


def test_how_a_run_ends_can_be_the_subject():
    def ended(case, path, ok=False):
        return mf.Comparison(ok, path.status.ok)

    verdict = mf.claims.verify(claimed("test/ending", ended, on=blowing_up("any"), tolerance=0).control(ok=True))
    assert verdict.outcome == "holds"


def test_claims_and_controls_look_at_the_same_stored_runs(own_output):
    first = claimed("test/first", exponential).control(power=2.0).control(power=3.0)
    second = claimed("test/second", lambda case, result, p=1.0: exponential(case, result, p)).control(p=2.0)
    session = mf.claims.verify_all([first, second])
    assert session.runs == 6 and session.stored == 0  # three cases at two accuracies
    again = mf.claims.verify_all([first])
    assert again.runs == 0 and again.stored == 6
    assert again.verdicts["test/first"].error == session.verdicts["test/first"].error
    assert len(list((own_output / "data" / decaying.name).iterdir())) == 6


def test_seed_reaches_the_experiment():
    @mf.experiment(cases=mf.cases.single())
    def noisy(case, key):
        return {"x": jax.random.normal(key)}

    def same(case, result, seed=0):
        return mf.Comparison(jax.random.normal(jax.random.key(seed)), result["x"])

    claim = claimed("test/seed", same, on=noisy).control(seed=5)
    assert mf.claims.verify(claim, seed=0).outcome == "holds"
    assert mf.claims.verify(claim, seed=1).outcome == "refuted"
    with pytest.raises(ValueError, match="seed must be a whole number"):
        mf.claims.verify(claim, seed=-1)


def test_only_a_full_run_has_the_further_cases_and_the_slow_experiments():
    @mf.experiment(cases=mf.cases.single(rate=1.0), full=mf.cases.single(rate=3.0), slow=True)
    def slow(case, key):
        return {"time": np.zeros(1), "x": np.ones(1)}

    claim = claimed("test/slow", lambda c, r, p=1.0: mf.Comparison(p, r["x"]), on=slow).control(p=2.0)
    other = claimed("test/quick", exponential).control(power=2.0)
    assert len(mf.claims.verify(claim).rows) == 1 and len(mf.claims.verify(claim, full=True).rows) == 2
    quick = mf.claims.verify_all([claim, other])
    assert quick.skipped == ["test/slow"] and list(quick.verdicts) == ["test/quick"]
    assert len(mf.claims.verify_all([claim, other], full=True).verdicts["test/slow"].rows) == 2


def test_single_precision_is_refused():
    claim = claimed("test/precision", exponential).control(power=2.0)
    with jax.enable_x64(False), pytest.raises(ValueError, match=r"mf\.enable_float64"):
        mf.claims.verify(claim)


def test_document_is_finite_json_and_complete(own_output):
    def broken(case, result, power=1.0):
        return mf.Comparison(jnp.nan, 1.0)

    good = claimed("test/good", exponential, erratum="$x$", variables={"x": "it"}).control(power=2.0)
    session = mf.claims.verify_all([good, claimed("test/bad", broken).control(power=2.0)], seed=3)
    text = json.dumps(session.document("mirrorflow verify"), allow_nan=False)
    document = json.loads(text)
    one, other = document["claims"]
    assert (one["name"], one["outcome"], one["seed"]) == ("test/good", "holds", 3)
    assert other["error"] is None and other["outcome"] == "undecided" and document["failed"] == ["test/bad"]
    assert document["counts"] == {"holds": 1, "refuted": 0, "undecided": 1}
    assert len(one["rows"]) == 3 and one["controls"][0]["outcome"] == "refuted"
    assert document["programs"]["compiled"] >= 0 and document["versions"]["python"]
    kept = json.loads((own_output / "data" / "verdicts" / "test--good.json").read_text())
    assert kept["outcome"] == "holds" and kept["seed"] == 3
