"""`mirrorflow falsify` and `mirrorflow replay`: what they print, write and return."""

import json
import sys

import pytest

from mirrorflow.claims import _conjectures

SOURCE = r'''
"""Conjectures of a user."""
import mirrorflow as mf
from mirrorflow import _accuracy

print("noise of the module")


def false(n, word, key):
    return mf.Comparison(predicted=6.0, measured=float(n), relation="at most", scale=1.0)


def state(name, check, **more):
    space = {"n": mf.cases.integers(0, 40), "word": mf.cases.choices("one", "two")}
    return mf.Conjecture(name, statement=r"n \le 6", space=space, check=check, notes="Of the [bold]test.", **more)


def failing(n, word):
    if n > 38:
        raise RuntimeError("no such [bold]luck")
    return mf.Comparison(0.0, 0.0)


state("typed/false", false)
state("typed/true", lambda n, word: mf.Comparison(1.0, 1.0 + 1e-6 * n))
state("typed/near", lambda n, word: mf.Comparison(0.0, 5e-3 * _accuracy.current(), scale=1.0))
state("typed/failing", failing)
'''


@pytest.fixture
def file(folder, monkeypatch):
    monkeypatch.setattr(_conjectures, "_known", {})
    (folder / "my_conjectures.py").write_text(SOURCE)
    return "my_conjectures.py"


def words(text):
    return " ".join(text.split())


def test_survivor_returns_zero_and_says_how_much_was_tried(command, file):
    result = command("falsify", f"{file}::typed/true", "--budget", "30")
    assert result.exit_code == 0, result.output
    shown = words(result.stdout)
    assert "✓ survived typed/true n ≤ 6" in shown and "30 cases of at most 30" in shown
    assert "worst gap 0.04 of the tolerance, at n=40" in shown and "none was stated" in shown
    assert "Of the [bold]test." in shown and "noise" not in shown


def test_refuted_returns_one_and_shows_the_smallest_case_and_how_to_replay_it(command, file, folder):
    result = command("falsify", f"{file}::typed/false", "--seed", "4")
    assert result.exit_code == 1, result.output
    shown = words(result.stdout)
    assert "✗ refuted typed/false" in shown and "counterexample n=7, word=one (seed 4, draw" in shown
    assert "predicted 6, measured 7 (at most)" in shown and "smaller in" in shown
    assert "mirrorflow replay out/counterexamples/typed--false-seed-4.json" in shown
    saved = json.loads((folder / "out/counterexamples/typed--false-seed-4.json").read_text())
    assert saved["case"] == {"n": 7, "word": "one"} and saved["minimal"]
    record = json.loads((folder / "out/conjectures/typed--false-seed-4.json").read_text())
    assert record["outcome"] == "refuted" and record["counterexample"] == saved


def test_undecided_returns_three_and_shows_why(command, file):
    result = command("falsify", f"{file}::typed/near", "--budget", "5")
    assert result.exit_code == 3 and "? undecided" in result.stdout
    assert "lies on both sides of the tolerance" in words(result.stdout)


def test_failure_is_shown_with_its_case_and_its_traceback(command, file):
    result = command("falsify", f"{file}::typed/failing", "--budget", "100")
    assert result.exit_code == 3
    assert "RuntimeError: no such [bold]luck" in words(result.stdout) and "n=40" in result.stdout
    assert 'raise RuntimeError("no such [bold]luck")' in result.stderr


def test_all_conjectures_of_a_file_return_the_worst_code(command, file):
    result = command("falsify", file, "--budget", "20")
    assert result.exit_code == 1
    assert [name for name in ("false", "true", "near", "failing") if f"typed/{name}" not in result.stdout] == []


def test_seconds_end_the_search(command, file):
    result = command("falsify", f"{file}::typed/true", "--seconds", "1e-9")
    assert result.exit_code == 0 and "1 case of at most 100" in words(result.stdout)
    assert "stopped by --seconds" in words(result.stdout)


def test_json_on_stdout_is_nothing_but_json(command, file):
    result = command("falsify", file, "--budget", "20", "--json", "--out", "there")
    (found,) = [one for one in json.loads(result.stdout)["conjectures"] if one["conjecture"] == "typed/false"]
    assert found["outcome"] == "refuted" and found["replay"] == f"mirrorflow replay {found['file']}"
    verdict = command("replay", found["file"], "--json")
    assert verdict.exit_code == 1 and json.loads(verdict.stdout)["outcome"] == "refuted"


def test_replay_in_another_process_still_refutes(command, process, file):
    command("falsify", f"{file}::typed/false")
    result = process("-m", "mirrorflow.cli", "replay", "out/counterexamples/typed--false-seed-0.json")
    assert result.returncode == 1, result.stderr
    assert "✗ still refuted typed/false" in words(result.stdout) and "noise" not in result.stdout


def test_replay_says_where_the_conjecture_is_gone_and_takes_another_file(command, file, folder, monkeypatch):
    command("falsify", f"{file}::typed/false")
    (folder / file).rename(folder / "moved.py")
    monkeypatch.setattr(_conjectures, "_known", {})
    saved = "out/counterexamples/typed--false-seed-0.json"
    for name in [name for name in sys.modules if name.startswith("mirrorflow_file_")]:
        monkeypatch.delitem(sys.modules, name)
    result = command("replay", saved)
    assert result.exit_code == 2 and "(--from FILE)" in words(result.stderr)
    (folder / "moved.py").write_text((folder / "moved.py").read_text().replace("predicted=6.0", "predicted=60.0"))
    result = command("replay", saved, "--from", "moved.py")
    assert result.exit_code == 0 and "✓ holds now" in result.stdout
    assert "the check's code is not what it was" in words(result.stdout)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["falsify"], "name a file, or some of the"),
        (["falsify", "typed/fals"], "No conjecture matches 'typed/fals'"),
        (["falsify", "my_conjecture.py"], "Did you mean my_conjectures.py?"),
        (["falsify", "my_conjectures.py::typed/no"], "has no conjecture 'typed/no'; it has typed/false"),
        (["falsify", "empty.py"], "empty.py holds no conjecture"),
        (["falsify", "broken.py"], "ZeroDivisionError"),
        (["falsify", "my_conjectures.py", "--budget", "0"], "--budget"),
        (["falsify", "my_conjectures.py", "--seconds", "0"], "--seconds must be positive"),
        (["falsify", "my_conjectures.py", "--seed", "-1"], "--seed"),
        (["falsify", "my_conjectures.py", "--out", "my_conjectures.py"], "--out"),
        (["replay", "nothing.json"], "There is no file 'nothing.json'"),
        (["replay", "other.json"], "other.json cannot be read"),
    ],
)
def test_what_does_not_exist_is_refused_with_code_two(command, file, folder, arguments, expected):
    (folder / "empty.py").write_text("import mirrorflow as mf\n")
    (folder / "broken.py").write_text("1 / 0\n")
    (folder / "other.json").write_text("{}")
    result = command(*arguments)
    assert result.exit_code == 2 and expected in words(result.stderr), result.stderr
