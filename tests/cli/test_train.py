"""`mirrorflow train`: what is shown before, written meanwhile, and continued after."""

import json
import os
import pathlib
import signal

import numpy as np
import pytest

import mirrorflow as mf
from mirrorflow.training import _host

ROOT = pathlib.Path(mf.__file__).parents[1]
EXAMPLES = sorted((ROOT / "demos" / "training").glob("*.toml"))
CONFIG = """
[data]
name = "digits"
[network]
name = "perceptron"
widths = [16]
[optimizer]
name = "adamw"
learning_rate = 1e-2
[sparsity]
method = "rigl"
density = 0.25
[training]
steps = 40
batch = 32
evaluate_every = 20
"""


@pytest.fixture
def config(folder):
    (folder / "mine.toml").write_text(CONFIG)
    return folder / "mine.toml"


def rows(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def without_seconds(lines):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in lines]


def test_a_training_is_shown_and_written(command, folder, config):
    result = command("train", "mine.toml")
    assert result.exit_code == 0, result.stderr
    place = folder / "out" / "train" / "mine"
    assert [row["step"] for row in rows(place)] == [0, 20, 40]
    made = json.loads((place / "result.json").read_text())
    assert made["ok"] and made["steps"] == 40 and made["status"].startswith("finished")
    assert made["last"]["test_accuracy"] == rows(place)[-1]["test_accuracy"] > rows(place)[0]["test_accuracy"]
    assert made["last"]["nonzeros"] <= 256 and made["config"]["sparsity"]["interval"] == 2
    assert made["parameters"] == 64 * 16 + 16 + 16 * 10 + 10 and made["versions"]["mirrorflow"] == mf.__version__
    assert "256 of 1,024 prunable ones kept at the start (density 0.25)" in result.stdout
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["step", "train", "loss", "test", "loss", "accuracy", "density", "skipped", "seconds"] in lines
    assert [line[0] for line in lines if line and line[0] in ("0", "20", "40")] == ["0", "20", "40"]
    assert "✓ finished" in result.stdout and "out/train/mine" in result.stdout


def test_an_interrupted_training_goes_on_and_fresh_starts_over(command, folder, config, monkeypatch):
    assert command("train", "mine.toml", "--out", "whole").exit_code == 0
    monkeypatch.setattr(_host, "FIRST_BLOCK", 7)
    advance, calls = _host.advance, iter(range(100))

    def interrupted(*arguments):
        if next(calls) == 1:
            os.kill(os.getpid(), signal.SIGINT)
        return advance(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(_host, "next_block", lambda *_: 7)
        patch.setattr(_host, "advance", interrupted)
        result = command("train", "mine.toml")
    assert result.exit_code == 130 and "interrupted" in result.stdout
    assert "mirrorflow train mine.toml goes on from step 14" in result.stderr
    place = folder / "out" / "train" / "mine"
    assert not json.loads((place / "result.json").read_text())["ok"] and len(rows(place)) == 1
    assert command("train", "mine.toml", "--resume").exit_code == 0
    whole = folder / "whole" / "train" / "mine"
    assert without_seconds(rows(place)) == without_seconds(rows(whole))
    with np.load(place / "state.npz") as ours, np.load(whole / "state.npz") as theirs:
        held = [name for name in ours.files if name != "words"]
        assert held and all(ours[name].tobytes() == theirs[name].tobytes() for name in held)

    config.write_text(CONFIG.replace("1e-2", "2e-2"))
    result = command("train", "mine.toml")
    assert result.exit_code == 2
    words = " ".join(result.stderr.split())
    assert "numbers['learning_rate'] was 0.01, now 0.02" in words and "start over with --fresh." in words
    assert command("train", "mine.toml", "--fresh").exit_code == 0 and len(rows(place)) == 3


def test_a_dry_run_shows_every_layer_and_writes_nothing(command, folder, config):
    result = command("train", "mine.toml", "--dry-run")
    assert result.exit_code == 0, result.stderr
    assert not (folder / "out").exists()
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["layers.0.linear.weight", "16×64", "1,024", "256", "0.25"] in lines
    assert ["head.weight", "10×16", "160", "160", "dense"] in lines
    assert ["2", "vectors", "26", "26", "dense"] in lines
    made = json.loads(command("train", "mine.toml", "--dry-run", "--json").stdout)
    assert made["parameters"] == 1210 and made["density"] == 0.25
    # Moments of every weight, a mask of one byte a weight, and a few numbers.
    assert 0 < made["optimizer_bytes"] - 1210 * (4 + 4 + 1) < 100


def test_json_is_all_there_is_on_the_output(command, config):
    result = command("train", "mine.toml", "--json")
    assert result.exit_code == 0 and json.loads(result.stdout)["steps"] == 40


def test_a_training_that_ends_badly_says_so(command, folder, config):
    config.write_text(CONFIG.replace("adamw", "sgd").replace("1e-2", "1e30"))
    result = command("train", "mine.toml")
    assert result.exit_code == 1 and "✗ not finite" in result.stdout
    place = folder / "out" / "train" / "mine"
    assert rows(place)[-1]["skipped"] == 20 and rows(place)[-1]["test_loss"] is None
    assert not json.loads((place / "result.json").read_text())["ok"]
    with np.load(place / "state.npz") as state:
        assert all(np.isfinite(state[name]).all() for name in state.files if state[name].dtype.kind == "f")
    assert command("train", "mine.toml").exit_code == 1


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("steps = 40", "steps = -1", "[training] steps must be an integer of at least 1, got -1."),
        ("widths = [16]", "widths = [16]\ndepth = 2", "[network] has no key 'depth' for 'perceptron'"),
        ('"perceptron"\nwidths = [16]', '"vit"\npatch = 3', "[network] patch must divide the height and width of 8×8"),
        ("density = 0.25", 'masks = "1:3"', "[sparsity] masks '1:3': axis 1 must be a multiple of m = 3 long, got 64."),
        ("batch = 32", "batch = 5000", "batch must be at most the 1347 samples to train on, got 5000"),
        ('name = "digits"', 'name = "arrays"\npath = "none.npz"', "there is none at none.npz"),
    ],
)
def test_what_cannot_be_trained_is_refused(command, folder, config, old, new, words):
    assert old in CONFIG
    config.write_text(CONFIG.replace(old, new))
    result = command("train", "mine.toml")
    assert result.exit_code == 2 and words in " ".join(result.stderr.split()) and "Traceback" not in result.stderr


def test_a_users_arrays_are_trained_on(command, folder, config):
    random = np.random.default_rng(0)
    labels = random.integers(0, 3, 200)
    inputs = np.eye(3, 5)[labels] + 0.1 * random.normal(size=(200, 5))
    (folder / "data").mkdir()
    np.savez(folder / "data" / "mine.npz", inputs=inputs, labels=labels)
    text = CONFIG.replace('name = "digits"', 'name = "arrays"\npath = "mine.npz"').replace(
        "density = 0.25", "density = 0.9"
    )
    (folder / "data" / "mine.toml").write_text(text)
    assert command("train", "data/mine.toml").exit_code == 0
    assert rows(folder / "out" / "train" / "mine")[-1]["test_accuracy"] > 0.9


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_can_be_trained(command, path):
    result = command("train", str(path), "--dry-run", "--json")
    assert result.exit_code == 0, result.stderr
    made = json.loads(result.stdout)
    assert made["parameters"] > 4000 and made["layers"]
    assert made["density"] == pytest.approx(0.05, rel=0.01) if "rigl" in path.stem else made["density"] == 1


def test_there_are_examples():
    assert {path.stem for path in EXAMPLES} >= {"resnet_rigl_sparse_opt", "vit_horst_90", "transformer_nano_adam"}
