"""`mirrorflow study`."""

import pytest

STUDY = """
import mirrorflow as mf

S = mf.studies


def run(trial):
    value = trial.numbers["rate"] * (1 + trial.arm.recipe) + 0.01 * trial.seed
    if trial.setting["way"] == "broken":
        raise ArithmeticError("nothing can be divided")
    return {"score": -value} if trial.tuning else {"loss": value}


def draw(results):
    figure, axes = mf.plotting.canvas(width=mf.plotting.SINGLE)
    axes.set(xlabel="way", ylabel="loss")
    return figure


STUDY = S.Study(
    "mine", "Mine", "Which is less?", "nobody", run,
    (S.Arm("one", 0, {"rate": (0.1, 10.0)}), S.Arm("two", 1, {"rate": (0.1, 10.0)})), "one",
    (S.Measure("loss", "Loss", better=False),),
    small=S.Size(({"way": "well"},), seeds=2, trials=0),
    full=S.Size(({"way": "well"},), seeds=3, trials=3),
    draw=draw,
)
"""


@pytest.fixture
def script(folder):
    (folder / "mine.py").write_text(STUDY)
    return "mine.py"


def test_studies_are_listed_with_their_questions(command):
    result = command("study")
    assert result.exit_code == 0
    assert "sign-in" in result.stdout
    assert "saddle" in result.stdout


def test_a_study_of_ones_own_is_made_shown_and_drawn(command, folder, script):
    made = command("study", script, "--full", "--jobs", "1")
    assert made.exit_code == 0, made.stderr
    assert "+0.10 ± 0.00: worse" in made.stdout
    assert {path.name for path in (folder / "out" / "studies").glob("mine.*")} == {
        "mine.jsonl",
        "mine.md",
        "mine.png",
        "mine.pdf",
    }
    again = command("study", script, "--full", "--show")
    assert again.stdout == made.stdout


def test_what_fails_is_said_and_ends_with_1(command, folder, script):
    (folder / script).write_text(STUDY.replace('"way": "well"', '"way": "broken"'))
    result = command("study", script, "--jobs", "1")
    assert result.exit_code == 1
    assert "nothing can be divided" in result.stderr


def test_unknown_studies_are_refused_with_near_names(command):
    result = command("study", "sign-inn")
    assert result.exit_code == 2
    assert "'sign-in'" in result.stderr
