"""Counterexamples: found, made small, checked again. The conjectures are arithmetic, so that nothing compiles."""

import itertools
import json
import os
import signal
import textwrap

import jax
import numpy as np
import pytest

import mirrorflow as mf
from mirrorflow import _accuracy
from mirrorflow.claims import _conjectures, _trial
from mirrorflow.claims._falsify import look
from mirrorflow.claims._search import Search, corners
from mirrorflow.claims._shrink import simpler_cases
from mirrorflow.claims._space import Space

N = mf.cases.integers(0, 100)
EXACT = mf.tolerance(1e-9, because="it is arithmetic")


@pytest.fixture(autouse=True)
def own_conjectures(monkeypatch):
    monkeypatch.setattr(_conjectures, "_known", dict(_conjectures._known))


def conjecture(check, space, name="test/it", **more):
    stated = {"statement": "x=1", "tolerance": EXACT, **more}
    return mf.Conjecture(name, space=space, check=check, **stated)


def fails_where(condition, **space):
    """A conjecture that is refuted exactly in the cases that meet the condition."""

    def check(**case):
        return mf.Comparison(predicted=0.0, measured=1.0 if condition(**case) else 0.0)

    check.__signature__ = _signature(space)
    return conjecture(check, space)


def _signature(names):
    import inspect

    return inspect.Signature([inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in names])


# --- shrinking -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_whole_number_shrinks_to_the_least_that_refutes(seed):
    result = mf.claims.falsify(fails_where(lambda n: n >= 7, n=N), seed=seed)
    assert result.outcome == "refuted" and result.counterexample.case == {"n": 7}
    assert result.counterexample.minimal and result.counterexample.found["n"] >= 7


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("condition", "space", "least"),
    [
        (lambda n, m: n + m >= 30, {"n": N, "m": N}, lambda c: c["n"] + c["m"] == 30),
        (lambda n, m: n == m > 3, {"n": N, "m": N}, lambda c: c == {"n": 4, "m": 4}),
        (lambda n, m: n > 2 and m - n > 1, {"n": N, "m": N}, lambda c: c == {"n": 3, "m": 5}),
        (
            lambda word, n: word in ("b", "c") and n > 0,
            {"word": mf.cases.choices("a", "b", "c"), "n": N},
            lambda c: c == {"word": "b", "n": 1},
        ),
        (lambda x: x > 3.2, {"x": mf.cases.reals(0.0, 100.0)}, lambda c: c == {"x": 4.0}),
        (lambda x: 3.2 < x < 9.7, {"x": mf.cases.reals(0.0, 100.0)}, lambda c: c == {"x": 4.0}),
        (lambda x: x > 0.02, {"x": mf.cases.reals(1e-3, 0.9, log=True)}, lambda c: c == {"x": 0.1}),
        (lambda x, flag: flag and x < 1, {"x": mf.cases.reals(-2.0, 2.0), "flag": mf.cases.booleans()}, None),
    ],
)
def test_counterexample_shrinks_to_a_simple_one(condition, space, least, seed):
    result = mf.claims.falsify(fails_where(condition, **space), seed=seed, budget=2000)
    case = result.counterexample.case
    assert least(case) if least else case == {"x": 0.0, "flag": True}


def test_nothing_simpler_than_a_minimal_counterexample_refutes():
    def condition(n, m, x):
        return n * m + x > 41 and n % 3 == 1

    space = {"n": N, "m": N, "x": mf.cases.reals(0.0, 10.0)}
    found = mf.claims.falsify(fails_where(condition, **space), budget=1000).counterexample
    assert found.minimal and condition(**found.case)
    assert not any(condition(**case) for case in simpler_cases(Space(space), found.case))


@pytest.mark.parametrize(
    "dimension",
    [
        mf.cases.integers(-3, 50),
        mf.cases.reals(-5.0, 7.3),
        mf.cases.reals(1e-6, 1e3, log=True),
        mf.cases.choices(2, 1, 0),
    ],
)
def test_going_to_simpler_values_ends(dimension):
    random = np.random.default_rng(3)
    for u in random.random(20):
        value, steps = dimension.at(u), 0
        while simpler := dimension.simpler(value):
            assert all(dimension.check("it", one) == one for one in simpler)
            value, steps = simpler[-1], steps + 1  # the least simplification each time
            assert steps < 400
        assert value in dimension.ends or value == 0.0 or value == 1.0


def test_shrinking_redraws_where_its_own_draw_no_longer_refutes():
    def check(n, key):
        draw = int(jax.random.randint(key, (), 0, 4))  # one draw in four refutes, each n by another one
        return mf.Comparison(0.0, 1.0 if draw == n % 4 else 0.0)

    found = mf.claims.falsify(conjecture(check, {"n": mf.cases.integers(0, 3)}), seed=1).counterexample
    key = jax.random.wrap_key_data(np.asarray(found.key, np.uint32))
    assert int(jax.random.randint(key, (), 0, 4)) == found.case["n"] % 4
    assert (key == _trial.key_of(found.seed, found.draw)).all()
    assert mf.claims.replay(found).outcome == "refuted"


# --- the search ------------------------------------------------------------------------------------------------------


def recording(seen):
    def check(n, x, key):
        seen.append((n, x, tuple(np.asarray(jax.random.key_data(key)).tolist())))
        return mf.Comparison(0.0, 0.001 * x * n, scale=1e3)

    return conjecture(check, {"n": N, "x": mf.cases.reals(0.0, 1.0)}, tolerance=mf.tolerance(1.0, because="of it"))


def trace(**settings):
    seen = []
    result = mf.claims.falsify(recording(seen), **settings)
    return seen[::2], result  # at two accuracies each


def test_same_seed_tries_the_same_cases_with_the_same_keys():
    first, one = trace(seed=5, budget=40)
    second, two = trace(seed=5, budget=40)
    assert first == second and one.worst == two.worst
    assert trace(seed=6, budget=40)[0] != first


def test_smaller_budget_tries_the_first_of_the_cases():
    assert trace(seed=5, budget=40)[0][:13] == trace(seed=5, budget=13)[0]


def test_key_of_a_case_depends_on_the_seed_and_its_number_alone():
    keys = [key for *_, key in trace(seed=5, budget=12)[0]]
    expected = [jax.random.key_data(jax.random.fold_in(jax.random.key(5), k)).tolist() for k in range(12)]
    assert [list(key) for key in keys] == expected


def test_check_draws_the_same_at_both_accuracies():
    seen = []
    mf.claims.falsify(recording(seen), budget=5)
    assert seen[::2] == seen[1::2]


def test_corners_come_first_and_small_ones_before_large_ones():
    seen, _ = trace(budget=4)
    assert [case[:2] for case in seen] == [(0, 0.0), (0, 1.0), (100, 0.0), (100, 1.0)]
    sizes = [sum(case.values()) for case in corners(Space(dict.fromkeys("abcdef", mf.cases.integers(0, 1))))]
    assert sizes == sorted(sizes) and sizes[0] == 0 and len(sizes) == 16


def test_points_leave_no_large_part_of_the_space_empty():
    space = Space({"x": mf.cases.reals(0.0, 1.0), "y": mf.cases.reals(0.0, 1.0)})
    search = Search(space, 0, draws=True)
    cases = [search.propose(k, None) for k in range(404)]
    even = [case for k, case in enumerate(cases) if k > 3 and k % 3 != 1]
    boxes = {(int(5 * case["x"]), int(5 * case["y"])) for case in even}
    assert len({box for box in boxes if max(box) < 5}) == 25


def test_local_search_finds_a_peak_that_is_easily_missed():
    def check(x, y):
        distance = (x - 0.637) ** 2 + (y - 0.218) ** 2
        return mf.Comparison(1.0, 1.0005 - distance, relation="at most")

    space = {"x": mf.cases.reals(0.0, 1.0), "y": mf.cases.reals(0.0, 1.0)}
    result = mf.claims.falsify(conjecture(check, space), budget=300)
    assert result.outcome == "refuted" and result.tried > 4


def test_space_without_draws_is_exhausted_and_no_case_tried_twice():
    seen = []

    def check(n, flag):
        seen.append((n, flag))
        return mf.Comparison(0, 0)

    space = {"n": mf.cases.integers(1, 7), "flag": mf.cases.booleans()}
    result = mf.claims.falsify(conjecture(check, space), budget=500)
    assert (result.outcome, result.stopped, result.tried) == ("survived", "exhausted", 14)
    assert sorted(seen[::2]) == sorted(itertools.product(range(1, 8), (False, True)))


# --- outcomes --------------------------------------------------------------------------------------------------------


def test_survivor_reports_its_worst_gap_in_units_of_the_tolerance():
    def check(n):
        return mf.Comparison(predicted=10.0, measured=10.0 - 1e-3 * abs(n - 60), relation="at most", scale=2.0)

    stated = mf.tolerance(0.01, because="of the test")
    result = mf.claims.falsify(conjecture(check, {"n": N}, tolerance=stated), budget=101)
    assert result.outcome == "survived" and result.counterexample is None and result.tried == 101
    assert result.worst.case == {"n": 60} and result.worst.gap == 0.0
    assert "survived 101 cases; the worst gap is 0 of the tolerance, at n=60" in str(result)


def test_room_below_a_bound_counts_as_a_negative_gap():
    check = lambda n: mf.Comparison(predicted=10.0, measured=7.0, relation="at most", scale=1.0)  # noqa: E731
    stated = mf.tolerance(0.5, because="of the test")
    worst = mf.claims.falsify(conjecture(check, {"n": N}, tolerance=stated), budget=2).worst
    assert worst.gap == -3.0 and worst.relative == -6.0


def test_gap_below_the_numerical_error_is_undecided_and_no_counterexample():
    def check(n):
        return mf.Comparison(0.0, 1e-3 * _accuracy.current() * n / 100, scale=1.0)  # vanishes as accuracy grows

    result = mf.claims.falsify(conjecture(check, {"n": N}, tolerance=mf.tolerance(5e-5, because="it")), budget=60)
    assert result.outcome == "undecided" and result.counterexample is None
    assert 0 < result.undecided < 60 and not result.failures
    assert all("both sides of the tolerance" in trial.reason for trial in result.doubtful)
    assert result.worst.gap == pytest.approx(1e-4)


def test_gap_beyond_the_numerical_error_refutes():
    def check(n):
        return mf.Comparison(0.0, 0.01 * n + 1e-3 * _accuracy.current(), scale=1.0)

    found = mf.claims.falsify(conjecture(check, {"n": N}, tolerance=mf.tolerance(0.05, because="it"))).counterexample
    assert found.case == {"n": 6} and found.row.numerical_error == pytest.approx(9e-4)


def test_number_that_is_not_finite_decides_nothing():
    result = mf.claims.falsify(conjecture(lambda n: mf.Comparison(0.0, np.nan), {"n": N}), budget=3)
    assert result.outcome == "undecided" and result.undecided == 3 and result.worst is None
    assert json.loads(json.dumps(result.to_dict(), allow_nan=False))["doubtful"][0]["gap"] is None


def test_exception_is_reported_with_its_case_and_refutes_nothing():
    def check(n):
        if n % 2:
            raise ZeroDivisionError("n is odd")
        return mf.Comparison(0.0, 0.0)

    result = mf.claims.falsify(conjecture(check, {"n": N}), budget=101)
    assert result.outcome == "undecided" and result.counterexample is None
    assert {trial.case["n"] for trial in result.failures} == set(range(1, 100, 2))
    assert all(trial.reason == "ZeroDivisionError: n is odd" for trial in result.failures)
    assert "raise ZeroDivisionError" in result.failures[0].traceback


def test_exception_does_not_hide_a_counterexample():
    def check(n):
        if n < 5:
            raise RuntimeError("too small")
        return mf.Comparison(0.0, 1.0)

    result = mf.claims.falsify(conjecture(check, {"n": N}))
    assert result.outcome == "refuted" and result.counterexample.case == {"n": 5}
    assert [trial.case for trial in result.failures] == [{"n": 0}]


def test_search_gives_up_on_a_check_that_always_fails():
    result = mf.claims.falsify(conjecture(lambda n: 1.0, {"n": N}), budget=50)
    assert (result.stopped, result.tried, result.outcome) == ("failing", 10, "undecided")
    assert "test/it must return a mf.Comparison" in result.failures[0].reason


def test_one_part_of_several_is_enough_to_refute():
    check = lambda n: {"good": mf.Comparison(0, 0), "bad": mf.Comparison(0.0, float(n > 3))}  # noqa: E731
    found = mf.claims.falsify(conjecture(check, {"n": N})).counterexample
    assert found.case == {"n": 4} and found.row.part == "bad" and len(found.rows) == 2


def test_tolerance_that_is_not_stated_has_a_reason():
    made = mf.Conjecture("test/plain", statement="x", space={"n": N}, check=lambda n: mf.Comparison(1.0, 1.0))
    assert made.tolerance.value == 1e-3 and "none was stated" in made.tolerance.because


# --- stopping --------------------------------------------------------------------------------------------------------


class Clock:
    """Every case takes a second."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def timed(seconds, condition=lambda n: False, budget=100):
    clock = Clock()

    def check(n, key):
        clock.now += 0.5  # at each of two accuracies
        return mf.Comparison(0.0, float(condition(n)))

    made = conjecture(check, {"n": N})
    return look(made, budget=budget, seconds=seconds, seed=0, progress=None, clock=clock)


def test_search_stops_after_its_seconds_with_what_it_tried():
    result = timed(seconds=5.5)
    assert (result.stopped, result.tried, result.outcome, result.seconds) == ("seconds", 6, "survived", 6.0)
    assert timed(seconds=0.1).tried == 1
    assert timed(seconds=1e9).stopped == "budget"


def test_shrinking_stops_after_the_seconds_with_what_it_has():
    result = timed(seconds=4.5, condition=lambda n: n >= 7)
    assert result.outcome == "refuted" and not result.counterexample.minimal
    assert result.counterexample.case["n"] > 7 and result.tried + result.counterexample.attempts == 5
    assert timed(seconds=100.0, condition=lambda n: n >= 7).counterexample.case == {"n": 7}


def interrupting(at, error=False):
    """A conjecture in whose k-th case somebody presses Ctrl-C."""
    calls = itertools.count()

    def check(n, key):
        if next(calls) == 2 * at:
            if error:
                raise KeyboardInterrupt
            os.kill(os.getpid(), signal.SIGINT)
        return mf.Comparison(0.0, float(n > 50))

    return conjecture(check, {"n": N})


def test_interruption_keeps_what_was_found_so_far():
    result = mf.claims.falsify(interrupting(at=0))
    assert (result.stopped, result.tried, result.outcome) == ("interrupted", 1, "survived")
    result = mf.claims.falsify(interrupting(at=0, error=True))  # inside a run, which ends with the exception
    assert (result.stopped, result.tried, result.outcome) == ("interrupted", 0, "undecided")


@pytest.mark.parametrize("error", [False, True])
def test_interruption_while_shrinking_keeps_the_counterexample(error):
    result = mf.claims.falsify(interrupting(at=5, error=error))
    assert (result.stopped, result.outcome) == ("interrupted", "refuted")
    assert result.counterexample.case["n"] > 50 and not result.counterexample.minimal


def test_progress_is_told_after_every_case():
    told = []
    result = mf.claims.falsify(fails_where(lambda n: n >= 7, n=N), progress=told.append)
    assert [state.tried for state in told if state.shrinks is None] == list(range(1, result.tried))
    assert len(told) == result.tried + result.counterexample.attempts
    assert told[-1].attempts <= result.counterexample.attempts


# --- again -----------------------------------------------------------------------------------------------------------

FILE = """
import jax
import mirrorflow as mf

BOUND = 20.0

def check(n, x, key):
    return mf.Comparison(BOUND, n + x + 0.1 * float(jax.random.uniform(key)), relation="at most", scale=1.0)

space = {"n": mf.cases.integers(0, 100), "x": mf.cases.reals(0.0, 1.0)}
mf.Conjecture("filed/bound", statement=r"n+x\\le 20", space=space, check=check)
"""


def forget():
    """As another process would begin."""
    import sys

    _conjectures._known.clear()
    for name in [name for name in sys.modules if name.startswith("mirrorflow_file_")]:
        del sys.modules[name]


@pytest.fixture
def filed(tmp_path):
    """A file with a conjecture, and its counterexample in another."""
    file = tmp_path / "my_conjectures.py"
    file.write_text(textwrap.dedent(FILE))
    (made,) = mf.claims.conjectures_of_file(file)
    found = mf.claims.falsify(made, seed=3).counterexample
    return file, found, found.save(tmp_path / "deep" / "counterexample.json")


def test_saved_counterexample_comes_back_as_it_was(filed):
    _, found, saved = filed
    assert mf.claims.Counterexample.load(saved) == found
    assert mf.claims.Counterexample.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    assert found.case["n"] == 20 and found.origin.kind == "file"


def test_saved_counterexample_is_checked_again_where_nothing_is_loaded(filed):
    _, found, saved = filed
    forget()
    verdict = mf.claims.replay(saved)
    assert verdict.outcome == "refuted" and verdict.as_expected and verdict.words == ""
    assert (verdict.predicted, verdict.measured) == (found.predicted, found.measured)
    assert mf.claims.replay(found.to_dict()).outcome == mf.claims.replay(found).outcome == "refuted"


def test_counterexample_to_what_was_corrected_no_longer_refutes(filed):
    file, _, saved = filed
    file.write_text(file.read_text().replace("BOUND = 20.0", "BOUND = 200.0"))
    forget()
    verdict = mf.claims.replay(saved)
    assert verdict.outcome == "holds" and "not what it was" in verdict.words


def test_check_that_fails_now_is_undecided_with_the_reason(filed):
    _, found, _ = filed

    def check(n, x, key):
        raise RuntimeError("gone")

    made = mf.Conjecture("filed/other", statement="x", space=mf.claims.conjecture("filed/bound").space, check=check)
    verdict = mf.claims.replay(found, made)
    assert verdict.outcome == "undecided" and verdict.reason == "RuntimeError: gone"
    assert "gone" in verdict.decisive.traceback


def test_file_that_is_gone_is_named_and_another_can_stand_in(filed, tmp_path):
    file, _, saved = filed
    moved = file.rename(tmp_path / "moved.py")
    forget()
    with pytest.raises(
        mf.claims.UnknownConjecture, match=r"'filed/bound' was defined in .*my_conjectures.py.* not there"
    ):
        mf.claims.replay(saved)
    (made,) = mf.claims.conjectures_of_file(moved)
    assert mf.claims.replay(saved, made).outcome == "refuted"


def test_what_is_no_counterexample_is_refused(filed, tmp_path):
    _, found, _ = filed
    (tmp_path / "other.json").write_text('{"claims": []}')
    (tmp_path / "text.json").write_text("no json")
    for file in ("other.json", "text.json"):
        with pytest.raises(ValueError, match=f"{file} cannot be read"):
            mf.claims.replay(tmp_path / file)
    with pytest.raises(ValueError, match="not complete"):
        mf.claims.replay({"format": found.to_dict()["format"], "conjecture": "filed/bound"})
    with pytest.raises(ValueError, match=r"n must be a whole number from 0 to 100, got 1000"):
        mf.claims.replay({**found.to_dict(), "case": {"n": 1000, "x": 0.0}})
    with pytest.raises(ValueError, match="names n, x, got n"):
        mf.claims.replay({**found.to_dict(), "case": {"n": 10}})
    with pytest.raises(ValueError, match="replay needs a counterexample"):
        mf.claims.replay(3)  # type: ignore[arg-type]


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "nopage"}, "name must be 'page/short-name'"),
        ({"statement": " "}, "statement .* must not be empty"),
        ({"space": {}}, "space must be a dictionary"),
        ({"space": {"n": (1, 2)}}, r"space\['n'\] must come from mf.cases.integers"),
        ({"space": {"key": N}}, "the name 'key' is kept"),
        ({"space": {"m": N}}, r"check must take the space's names \(m\) .* it is check\(n\)"),
        ({"check": 3}, "check must be a function"),
        ({"tolerance": 1e-3}, "tolerance must be mf.tolerance"),
        ({"accuracies": (1.0,)}, "accuracies must be two or more"),
    ],
)
def test_incomplete_conjectures_are_refused(changes, words):
    fine = {"name": "test/fine", "statement": "x", "space": {"n": N}, "check": lambda n: mf.Comparison(0.0, 0.0)}
    given = fine | changes
    with pytest.raises(ValueError, match=words):
        mf.Conjecture(given.pop("name"), **given)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: mf.cases.integers(3, 2), "low must not exceed high"),
        (lambda: mf.cases.integers(1.5, 2), "low must be a whole number"),
        (lambda: mf.cases.reals(0.0, np.inf), "high must be a finite number"),
        (lambda: mf.cases.reals(2.0, 1.0), "low must not exceed high"),
        (lambda: mf.cases.reals(0.0, 1.0, log=True), "low must be positive"),
        (lambda: mf.cases.choices(), "at least one value"),
        (lambda: mf.cases.choices("a", "a"), "got 'a' twice"),
        (lambda: mf.cases.choices(np.sin), "give it a name here"),
    ],
)
def test_ranges_without_values_are_refused(make, words):
    with pytest.raises((ValueError, TypeError), match=words):
        make()


def test_truth_and_one_are_different_choices():
    assert mf.cases.choices(1, True, 1.0).values == (1, True, 1.0)


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"budget": 0}, "budget"), ({"seconds": 0.0}, "seconds"), ({"seed": -1}, "seed"), ({"seed": 2**31}, "seed")],
)
def test_search_without_budget_or_time_is_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        mf.claims.falsify(fails_where(lambda n: False, n=N), **settings)


def test_unknown_conjecture_gets_near_names():
    conjecture(lambda n: mf.Comparison(0.0, 0.0), {"n": N}, name="test/balance")
    with pytest.raises(mf.claims.UnknownConjecture, match="did you mean 'test/balance'"):
        mf.claims.falsify("test/balanse")


def test_name_of_another_conjecture_is_refused():
    conjecture(lambda n: mf.Comparison(0.0, 0.0), {"n": N})
    with pytest.raises(ValueError, match=r"There is a conjecture 'test/it' already, .*needs another name"):
        conjecture(lambda n: mf.Comparison(1.0, 1.0), {"n": N})
