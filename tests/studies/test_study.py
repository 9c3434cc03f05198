"""Studies are tuned alike on all sides, resume where they were stopped, and say what cannot be told."""

import datetime
import json
import pathlib
import textwrap

import numpy as np
import pytest
from scipy import stats

import mirrorflow as mf
from mirrorflow.studies._loading import published
from mirrorflow.studies._plan import TUNING_SEED, best, missing, places, total, tuning
from mirrorflow.studies._records import Records
from mirrorflow.studies._tables import label
from mirrorflow.studies._work import Failed, study_results

SOURCE = textwrap.dedent(
    """
    import math, pathlib
    import numpy as np
    import mirrorflow as mf

    def run(trial):
        with pathlib.Path(__file__).with_suffix(".calls").open("a") as file:
            file.write(f"{trial.arm.name} {trial.seed}\\n")
        if trial.setting["shift"] == 99:
            raise ArithmeticError("nothing can be divided")
        rate = trial.numbers.get("learning_rate", 0.1)
        value = trial.setting["shift"] - math.log10(rate / trial.numbers["goal"]) ** 2
        noise = np.random.default_rng(trial.seed).normal() * 0.1
        return {"score": value} if trial.tuning else {"accuracy": value + noise}

    def draw(results):
        figure, axes = mf.plotting.canvas(width=mf.plotting.SINGLE)
        axes.set(xlabel="shift", ylabel="accuracy")
        return figure

    S = mf.studies
    ARMS = (
        S.Arm("plain", max, {"learning_rate": (1e-3, 1e-1)}, {"goal": 1e-2}),
        S.Arm("edge", max, {"learning_rate": (1e-3, 1e-1)}, {"goal": 1e-1}),
        S.Arm("two", max, {"learning_rate": (1e-3, 1e-1), "goal": (1e-3, 1e-1)}),
        S.Arm("untuned", max, {}, {"goal": 1e-1}),
    )
    STUDY = S.Study(
        "mine", "Mine", "Which is best?", "nobody", run, ARMS, "plain",
        (S.Measure("accuracy", "Accuracy", better=True),),
        small=S.Size(({"shift": 1},), seeds=2, trials=3, arms=("plain", "untuned")),
        full=S.Size(({"shift": 1}, {"shift": 2}), seeds=5, trials=5),
        draw=draw,
    )
    """
)


RATHER = 'S.Arm("edge", max, {"learning_rate": (1e-3, 1e-1)}, {"goal": 1.0}'


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(SOURCE)
    return path


def calls(script):
    path = script.with_suffix(".calls")
    return path.read_text().splitlines() if path.exists() else []


def test_every_arm_is_tuned_alike_from_a_seed_that_is_not_reported(script, tmp_path):
    results = mf.studies.conduct(str(script), full=True, out=tmp_path)
    made = calls(script)
    assert len(made) == total(results.study, True) == 2 * (5 + 5) * 3 + 2 * 5
    for name in ("plain", "edge", "two"):
        assert made.count(f"{name} {TUNING_SEED}") == 2 * 5
    assert not any(line == f"untuned {TUNING_SEED}" for line in made)
    # What tuning finds is the best of what was tried, and where it lies at an end that is said.
    assert results.best("plain", shift=1).numbers["learning_rate"] == 1e-2
    assert results.best("plain", shift=1).at_ends == ()
    assert results.best("edge", shift=2).numbers["learning_rate"] == 0.1
    assert results.best("edge", shift=2).at_ends == ("learning_rate",)


def test_means_and_paired_differences_are_students(script, tmp_path):
    results = mf.studies.conduct(str(script), full=True, out=tmp_path)
    values = results.values("plain", "accuracy", shift=2)
    low, high = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
    found = results.interval("plain", "accuracy", shift=2)
    np.testing.assert_allclose([found.mean - found.half, found.mean + found.half], [low, high], rtol=1e-12)
    # The noise of a seed is the same for both arms, so nothing of it is left in their difference.
    assert results.difference("edge", "accuracy", shift=2).half < 1e-12
    assert results.interval("edge", "accuracy", shift=2).half > 0.01


def test_what_is_recorded_is_not_run_again(script, tmp_path):
    mf.studies.conduct(str(script), full=True, out=tmp_path)
    before, record = len(calls(script)), tmp_path / "studies" / "mine.jsonl"
    lines = record.read_text().splitlines()
    # Stopped in the middle of a line: that run is made again, nothing else.
    record.write_text("\n".join(lines[:-1]) + "\n" + lines[-1][:20] + "\n")
    again = mf.studies.conduct(str(script), full=True, out=tmp_path)
    assert len(calls(script)) == before + 1
    assert missing(again.study, True, Records(again.study, tmp_path / "studies")) == []
    mf.studies.conduct(str(script), full=True, out=tmp_path, fresh=True)
    assert len(calls(script)) == 2 * before + 1


def test_processes_find_what_one_finds(script, tmp_path):
    one = mf.studies.conduct(str(script), full=True, out=tmp_path / "one")
    steps = []
    two = mf.studies.conduct(str(script), full=True, out=tmp_path / "two", jobs=2, progress=steps.append)
    assert mf.studies.table(one) == mf.studies.table(two)
    assert len(steps) == total(two.study, True)
    records = [(tmp_path / name / "studies" / "mine.jsonl").read_text().splitlines() for name in ("one", "two")]
    keys = [sorted(json.loads(line)["key"] for line in lines) for lines in records]
    assert keys[0] == keys[1]


def test_a_run_that_raises_names_itself_and_keeps_the_others(script, tmp_path):
    script.write_text(SOURCE.replace('{"shift": 2}', '{"shift": 99}'))
    with pytest.raises(Failed, match=r"'shift': 99.*nothing can be divided"):
        mf.studies.conduct(str(script), full=True, out=tmp_path)
    study = mf.studies.study_of(str(script))
    kept = Records(study, tmp_path / "studies")
    assert best(study, study.full, study.arm("plain"), {"shift": 1}, kept) is not None


@pytest.mark.parametrize("bad", ["rate == 1e-2", "rate == 1e-3", "rate != 1e-2"])
def test_scores_that_are_not_finite_are_never_the_best(script, tmp_path, bad):
    script.write_text(SOURCE.replace('{"score": value}', f'{{"score": math.nan if {bad} else value}}'))
    results = mf.studies.conduct(str(script), full=True, out=tmp_path)
    assert np.isfinite(results.best("plain", shift=1).score)


def test_an_arm_can_stand_against_another_than_the_baseline(script, tmp_path):
    text = SOURCE.replace('"untuned", max, {}, {"goal": 1e-1}', '"untuned", max, {}, {"goal": 1e-1}, against="edge"')
    script.write_text(text.replace('S.Arm("edge", max, {"learning_rate": (1e-3, 1e-1)}, {"goal": 1e-1}', RATHER))
    results = mf.studies.conduct(str(script), full=True, out=tmp_path)
    values = {name: results.values(name, "accuracy", shift=1) for name in ("untuned", "edge", "plain")}
    assert results.difference("untuned", "accuracy", shift=1).mean == np.mean(values["untuned"] - values["edge"])
    assert np.mean(values["plain"] - values["edge"]) > 0.5
    assert "untuned (from edge)" in mf.studies.table(results)


def test_two_seeds_tell_nothing(script, tmp_path):
    script.write_text(SOURCE.replace('"untuned", max, {}, {"goal": 1e-1}', '"untuned", max, {}, {"goal": 1e-2}'))
    results = mf.studies.conduct(str(script), out=tmp_path)
    # The difference is the same from both seeds, so that its interval is a point away from 0.
    found = results.difference("untuned", "accuracy", shift=1)
    assert found.half < 1e-12 < abs(found.mean)
    assert found.sign == 0
    assert "cannot be told" in mf.studies.table(results)


def test_tables_say_what_cannot_be_told(script, tmp_path):
    results = mf.studies.conduct(str(script), full=True, out=tmp_path)
    text = mf.studies.table(results)
    assert "0.1*" in text
    assert f"Made {datetime.date.today().isoformat()}" in text
    assert "untuned" in text
    assert "worse" in text
    small = mf.studies.conduct(str(script), out=tmp_path)
    assert small.interval("plain", "accuracy", shift=1).seeds == 2
    assert "—" in mf.studies.table(study_results(small.study, full=True, out=tmp_path / "empty"))


def test_numbers_can_be_tuned_in_one_setting_for_all(script, tmp_path):
    script.write_text(SOURCE.replace("draw=draw", 'tuned_in={"shift": 2}'))
    results = mf.studies.conduct(str(script), full=True, out=tmp_path)
    assert len(calls(script)) == total(results.study, True) == 5 * 3 + 2 * 5 * 4
    assert results.best("plain", shift=1) == results.best("plain", shift=2)
    assert results.tried("plain", shift=1) == results.tried("plain", shift=2)
    assert len(results.tried("plain", shift=1)) == 5


def test_without_trials_numbers_are_the_middles_of_their_ranges(script, tmp_path):
    script.write_text(SOURCE.replace("seeds=2, trials=3", "seeds=2, trials=0"))
    results = mf.studies.conduct(str(script), out=tmp_path)
    assert len(calls(script)) == total(results.study, False) == 4
    assert results.best("plain", shift=1).numbers == {"learning_rate": 1e-2, "goal": 1e-2}
    assert "tuning" not in mf.studies.table(results)


def test_places_spread_over_every_range():
    arm = mf.studies.Arm("a", max, {"x": (1e-4, 1e-1), "y": (1.0, 100.0)})
    found = places(arm, 8)
    for name, (low, high) in arm.tuned.items():
        logs = np.sort([np.log(one[name] / low) / np.log(high / low) for one in found])
        assert (logs >= 0).all()
        assert (logs <= 1).all()
        # No quarter of the range is left out.
        assert len(np.unique(np.floor(4 * logs))) == 4
    assert places(arm, 8) == found


@pytest.mark.parametrize(
    "wrong, words",
    [
        (lambda: mf.studies.Arm("a", max, {"x": (0.0, 1.0)}), "0 < low < high"),
        (lambda: mf.studies.Arm("a", max, {"x": (0.1, 1.0)}, {"x": 1.0}), "not both"),
        (lambda: mf.studies.Size(({},), seeds=1, trials=1), "seeds must be at least 2"),
        (lambda: mf.studies.Size((), seeds=2, trials=1), "at least one setting"),
        (lambda: mf.studies.Size(({},), seeds=2, trials=-1), "trials must be at least 0"),
    ],
)
def test_what_makes_no_study_is_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        wrong()


def test_unknown_studies_are_refused(tmp_path):
    with pytest.raises(mf.studies.UnknownStudy, match="no study 'nothing-like-it'"):
        mf.studies.study_of("nothing-like-it")
    empty = tmp_path / "empty.py"
    empty.write_text("")
    with pytest.raises(ValueError, match="STUDY must be"):
        mf.studies.study_of(str(empty))


def test_settings_read_as_words():
    assert label({"task": "images", "density": 0.1}) == "images, density 0.1"


def test_tuning_runs_are_told_apart_by_what_they_measure(script):
    study = mf.studies.study_of(str(script))
    keys = {
        run.key
        for arm in study.arms
        for setting in study.full.settings
        for run in tuning(study, study.full, arm, setting)
    }
    assert len(keys) == 3 * 2 * 5


RESULTS = pathlib.Path(mf.__file__).parents[1] / "studies" / "results"


@pytest.mark.parametrize("name", sorted(path.stem for path in RESULTS.glob("*.jsonl")))
def test_published_tables_are_those_of_the_published_records(name, tmp_path):
    study = mf.studies.study_of(name)
    home = published(study)
    assert home is not None
    results = study_results(study, full=True, out=tmp_path)
    assert mf.studies.table(results) == (home / f"{study.name}.md").read_text("utf-8")


def test_every_study_can_be_read():
    names = mf.studies.study_names()
    assert {"horst", "sparse-opt", "nano-adam", "sign-in", "pilot", "decay-off", "fine-tuning", "signs"} <= set(names)
    for name in names:
        study = mf.studies.study_of(name)
        assert study.name == name
        assert study.draw is not None
        assert study.small.seeds < study.full.seeds
