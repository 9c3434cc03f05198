"""`mirrorflow run`: a user's table, its flow, and where theory says that it ends."""

import json

import numpy as np
import pytest
from scipy.optimize import linprog, minimize

from mirrorflow.cli._potentials import POTENTIALS
from mirrorflow.cli._run._classification import extrapolated
from mirrorflow.cli._run._csv import read_csv
from mirrorflow.cli._run._data import prepare, read

NAMES = ("tall", "wide", "deep", "old")
SETTINGS = {"task": None, "samples": None, "seed": 0, "standardize": True, "intercept": False}
RANDOM = np.random.default_rng(3)
FULL = RANDOM.normal(size=(8, 4))  # one shape for every table, so that programs are shared
FEW = FULL[[0, 1, 2, 0, 1, 2, 0, 1]]  # three samples, again and again: rank 3
TARGET = FULL @ [1.0, -2.0, 0.5, 0.0] + 0.3 * RANDOM.normal(size=8)
SIGN = np.where(FULL @ [1.0, -2.0, 0.5, 0.1] > 0, 1, 0)


def table(path, inputs, target, names=NAMES, delimiter=","):
    lines = [delimiter.join([*names, "y"])]
    lines += [
        delimiter.join([*(repr(float(v)) for v in row), str(aim)]) for row, aim in zip(inputs, target, strict=True)
    ]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def found(folder, name="mine"):
    return json.loads((folder / "out" / "run" / name / "result.json").read_text("utf-8"))


def column(result, name):
    return np.array([feature[name] for feature in result["features"]])


def standardized(values):
    return (values - values.mean(axis=0)) / values.std(axis=0)


# --- regression ------------------------------------------------------------------------------------------------------


def test_quadratic_flow_ends_at_the_interpolator_of_least_norm(command, folder):
    target = FEW @ [1.0, -2.0, 0.5, 0.0]
    result = command("run", table(folder / "mine.csv", FEW, target), "--target", "y")
    assert result.exit_code == 0, result.stderr
    least = np.linalg.pinv(standardized(FEW), rcond=1e-12) @ standardized(target)
    made = found(folder)
    np.testing.assert_allclose(column(made, "measured"), least, atol=1e-7)
    np.testing.assert_allclose(column(made, "predicted"), least, atol=1e-10)
    assert made["verdict"]["outcome"] == "holds" and made["verdict"]["controls"][0]["outcome"] == "refuted"
    assert made["facts"]["interpolates"] and made["facts"]["rank"] == 2  # three points, less their mean
    assert "✓ holds" in result.stdout and "infinitely many x fit every sample" in result.stdout
    for name in ("figure.png", "figure.pdf", "report.html"):
        assert (folder / "out/run/mine" / name).stat().st_size > 1000


def test_least_squares_is_the_limit_where_nothing_interpolates(command, folder):
    path = table(folder / "mine.csv", FULL, TARGET, delimiter=";")
    result = command("run", path, "--target", "y", "--json")
    assert result.exit_code == 0, result.stderr
    made = json.loads(result.stdout)
    design = np.column_stack([FULL, np.ones(8)])
    solution, misfit, *_ = np.linalg.lstsq(design, TARGET)
    np.testing.assert_allclose(made["facts"]["coefficients_in_units_of_the_table"], solution[:4], atol=1e-7)
    np.testing.assert_allclose(made["facts"]["constant_in_units_of_the_table"], solution[4], atol=1e-7)
    np.testing.assert_allclose(made["facts"]["least_loss"] * 2 * TARGET.var(), misfit[0], rtol=1e-9)
    assert {row["part"] for row in made["verdict"]["rows"]} == {"limit", "least squares"}
    assert any("no x fits every sample" in note for note in made["notes"])
    assert made["curve"]["value"][0] > 1e6 * made["curve"]["value"][-1] > 0


def test_raw_columns_stay_as_they_are(command, folder):
    path = table(folder / "mine.csv", FEW, FEW @ [1.0, -2.0, 0.5, 0.0])
    assert command("run", path, "--target", "y", "--raw").exit_code == 0
    least = np.linalg.pinv(FEW, rcond=1e-12) @ FEW @ [1.0, -2.0, 0.5, 0.0]
    np.testing.assert_allclose(column(found(folder), "measured"), least, atol=1e-7)


def test_hyperbolic_entropy_flow_ends_at_its_bregman_projection(command, folder):
    path = table(folder / "mine.csv", FEW, FEW @ [1.0, -2.0, 0.5, 0.0])
    assert command("run", path, "--target", "y", "--raw", "--potential", "hyperbolic-entropy:0.1").exit_code == 0

    def entropy(x):
        return np.sum(x * np.arcsinh(x / 0.1) - np.sqrt(x**2 + 0.01))

    rows = FEW[:3]
    fits = {"type": "eq", "fun": lambda x: rows @ x - rows @ [1.0, -2.0, 0.5, 0.0], "jac": lambda x: rows}
    options = {"ftol": 1e-15, "maxiter": 500}
    slope = {"jac": lambda x: np.arcsinh(x / 0.1)}
    answer = minimize(
        entropy, np.array([1.0, -2.0, 0.5, 0.0]), constraints=fits, method="SLSQP", options=options, **slope
    )
    np.testing.assert_allclose(column(found(folder), "measured"), answer.x, atol=1e-5)


def test_almost_collinear_features_are_never_refuted(command, folder):
    twins = FULL.copy()
    twins[:, 3] = twins[:, 0] + 1e-5 * FULL[:, 3]
    result = command("run", table(folder / "mine.csv", twins, TARGET), "--target", "y")
    assert result.exit_code == 3, result.stdout
    assert "? undecided" in result.stdout and "almost combinations of others" in result.stdout


# --- classification --------------------------------------------------------------------------------------------------


def test_separable_data_turn_to_the_largest_margin_of_the_horizon(command, folder):
    path = table(folder / "mine.csv", FULL, np.where(SIGN > 0, "yes", "no"))
    result = command("run", path, "--target", "y", "--raw", "--potential", "hyperbolic-entropy:0.1")
    assert result.exit_code == 0, result.stdout + result.stderr
    signed = np.where(SIGN > 0, 1.0, -1.0)[:, None] * FULL
    # max t with signed@(u−v) ≥ t and Σ(u+v) = 1
    rows = np.column_stack([-signed, signed, np.ones(8)])
    program = linprog(
        [0.0] * 8 + [-1.0], rows, np.zeros(8), [[1.0] * 8 + [0.0]], [1.0], [(0, None)] * 8 + [(None, None)]
    )
    made = found(folder)
    margin = -program.fun
    np.testing.assert_allclose(made["facts"]["largest_margin"], margin, rtol=1e-8)
    np.testing.assert_allclose(made["facts"]["margin_in_the_limit"], margin, rtol=5e-3)
    direction = program.x[:4] - program.x[4:8]
    np.testing.assert_allclose(column(made, "predicted"), direction, atol=1e-8)
    held = {row + 1 for row in np.flatnonzero(-program.ineqlin.marginals > 1e-9)}
    assert {sample["row"] for sample in made["support"]} == held
    assert made["labels"] == ["no", "yes"]
    parts = made["facts"]["gap_of_samples"] + made["facts"]["gap_of_features"]
    np.testing.assert_allclose(made["facts"]["gap"], 1 - made["facts"]["margin"] / margin, atol=1e-8)
    np.testing.assert_allclose(parts, made["facts"]["gap"], rtol=1e-9)
    assert "samples that hold the margin" in result.stdout


def test_gap_that_shrinks_like_a_power_is_extrapolated_exactly():
    times = 2.0 ** np.arange(4)
    value, doubt = extrapolated(1.0 - 0.2 * times**-0.5, slowest=0.5)
    assert abs(value - 1.0) < 1e-12 and doubt < 1e-12
    assert extrapolated(np.array([0.1, 0.2, 0.3, 0.4]), slowest=0.5) is None
    assert extrapolated(np.full(4, 1.0), slowest=0.5) == (1.0, 0.0)


def test_slow_term_behind_a_fast_one_refutes_nothing():
    times = 1e3 * 2.0 ** np.arange(4)
    value, doubt = extrapolated(1.0 - 20 / times - 0.2 * times**-0.05, slowest=0.05)
    assert value < 0.98 and value + doubt >= 0.99
    value, doubt = extrapolated(0.9 - 20 / times, slowest=1.0)  # nothing slow: this limit is another one
    assert value + doubt < 0.99


# --- what can be read ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["matrix and target", "one matrix", "columns"])
def test_every_form_of_archive_gives_the_same_problem(tmp_path, form):
    columns = dict(zip(NAMES, FULL.T, strict=True))
    arrays = {
        "matrix and target": {"X": FULL, "y": TARGET[:, None], "names": np.array(NAMES)},
        "one matrix": {"all": np.column_stack([FULL, TARGET]), "columns": np.array([*NAMES, "y"])},
        "columns": {**columns, "y": TARGET},
    }[form]
    np.savez(tmp_path / "mine.npz", **arrays)
    made = prepare(read(str(tmp_path / "mine.npz")), "y", None, SETTINGS)
    assert made.names == list(NAMES) and made.task == "regression"
    np.testing.assert_allclose(made.inputs, standardized(FULL), atol=1e-14)
    np.testing.assert_allclose(made.target, standardized(TARGET), atol=1e-14)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiter_quotes_marks_and_line_ends_do_not_matter(tmp_path, delimiter):
    path = tmp_path / "mine.csv"
    text = delimiter.join(["", '"a, b; c"', "y"]) + "\r\n" + delimiter.join(["0", '" 1.5"', "2"]) + "\r\n\r\n"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode() + delimiter.join(["1", "-2", "1e3"]).encode())
    made = read_csv(path)
    assert list(made.columns) == ["column 1", "a, b; c", "y"] and made.features == ("a, b; c", "y")
    assert made.columns["a, b; c"].numbers.tolist() == [1.5, -2.0] and made.rows == 2


def test_drawn_rows_are_named_by_their_place_in_the_table(tmp_path):
    path = table(tmp_path / "mine.csv", np.arange(32.0).reshape(8, 4), np.arange(8))
    options = SETTINGS | {"samples": 3, "seed": 1, "standardize": False}
    made = prepare(read(path), "y", ["wide"], options)
    again = prepare(read(path), "y", ["wide"], options)
    assert made.rows.tolist() == again.rows.tolist() == (made.target + 1).tolist()
    assert made.inputs[:, 0].tolist() == (4 * made.target + 1).tolist() and len(set(made.rows)) == 3


def test_columns_of_text_are_left_out_and_said_to_be(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("name,a,y\nx,1,2\nz,2,5\nw,4,3\n")
    made = prepare(read(str(path)), "y", None, SETTINGS)
    assert made.names == ["a"] and any("left out" in note and "name" in note for note in made.notes)


# --- what cannot be used ---------------------------------------------------------------------------------------------

GOOD = "a,b,y\n1,2,3\n2,1,5\n4,4,1\n"
BAD = {
    "no rows": ("a,b,y\n", [], "no rows of data"),
    "empty": ("", [], "is empty"),
    "only blank lines": ("\n\n  \n", [], "is empty"),
    "no header": ("1,2,3\n4,5,6\n", ["--target", "1"], "has no header"),
    "twice": ("a,a,y\n1,2,3\n", [], "several columns with one name: a"),
    "ragged": ("a,b,y\n1,2,3\n1,2\n1\n", [], "row 2 (line 3) has 2 cells, and the header has 3. 2 rows are like that"),
    "unclosed": ('a,b,y\n1,2,3\n"1,2,3\n', [], "row 2 (line 3) has 1 cells"),
    "target": (GOOD.replace("y", "yield"), ["--target", "yeild"], "no column 'yeild'; did you mean 'yield'?"),
    "feature": (GOOD, ["--features", "a,bb"], "no column 'bb'"),
    "feature twice": (GOOD, ["--features", "a,a"], "a more than once"),
    "feature without name": (GOOD, ["--features", "a,,b"], "commas between them"),
    "target as feature": (GOOD, ["--features", "a,y"], "y is the target"),
    "only a target": ("y\n1\n2\n3\n", [], "no numeric column besides the target"),
    "text": (GOOD.replace("\n2,", "\ntwo,"), [], "a must hold numbers; row 2 holds 'two'. Leave the column out"),
    "text asked for": ("n,a,y\nu,1,3\nv,2,5\nw,4,1\n", ["--features", "n"], "row 1 holds 'u' (3 cells are no numbers)"),
    "decimal comma": ("a;y\n1,5;2\n2,5;3\n4;4\n", [], "(2 cells are no numbers); numbers are written with a point"),
    "text target": (GOOD.replace("5", "x"), [], "y holds text (row 2 holds 'x'), and a regression needs numbers"),
    "missing": ("a,b,y\n1,,3\n2,1,\n4,NaN,1\n", [], "Values are missing: b in rows 1 and 3; y in row 2"),
    "infinite": (GOOD.replace("4,4", "4,-inf"), [], "b is infinite in row 3"),
    "infinite target": (GOOD.replace("5", "inf"), [], "y is infinite in row 2"),
    "constant": ("a,b,y\n1,7,3\n2,7,5\n4,7,1\n", [], "cannot be standardized: b (7)"),
    "constant target": ("a,b,y\n1,2,3\n2,1,3\n4,4,3\n", [], "y is constant: it is 3 in every row"),
    "three labels": (GOOD, ["--task", "classification"], "exactly two labels; y has 3: 1, 3 and 5"),
    "inseparable": ("a,y\n1,0\n1,1\n2,0\n3,1\n", ["--raw"], "No x separates the data"),
    "needs a constant": ("a,y\n1,0\n2,0\n3,1\n4,1\n", ["--raw"], "With a constant term they can be separated"),
    "domain": (
        "a,b,y\n1,1,-1\n2,3,-4\n",
        ["--raw", "--task", "regression", "--potential", "negative-entropy"],
        "No interpolator lies inside",
    ),
    "horizon": ("a,y\n-1,0\n1,1\n", ["--reparameterization", "hadamard:3"], "has no horizon"),
    "below zero": ("a,y\n1,0\n-1,1\n", ["--potential", "negative-entropy"], "No x≥0 separates the data"),
    "potential": (GOOD, ["--potential", "hyperbolic"], "did you mean hyperbolic-aware or hyperbolic-entropy?"),
    "no number": (GOOD, ["--potential", "power"], "write power:P with a number"),
    "needless number": (GOOD, ["--potential", "cosh:2"], "cosh has no number"),
    "number out of range": (GOOD, ["--potential", "power:0.5"], "p must be greater than 1"),
    "both": (GOOD, ["--potential", "cosh", "--reparameterization", "hadamard:2"], "give one of them"),
    "reparameterization": (GOOD, ["--reparameterization", "hadamard:two"], "must be hadamard:DEPTH"),
    "balance": (GOOD, ["--reparameterization", "hadamard:2", "--balance", "0"], "--balance must be positive"),
    "start": (GOOD, ["--potential", "negative-entropy", "--start", "0"], "--start must lie inside the domain"),
    "start of factors": (
        GOOD,
        ["--reparameterization", "hadamard:2", "--start", "nan"],
        "--start must be finite, got 1 and nan",
    ),
    "until": (GOOD, ["--until", "0"], "--until must be positive"),
    "loss": (GOOD, ["--loss", "logistic"], "a regression has the squared loss"),
    "samples": (GOOD, ["--samples", "4"], "there are 3 rows, fewer than 4"),
    "constant term": (GOOD, ["--intercept"], "it goes with --raw"),
}


@pytest.mark.parametrize("text, options, words", BAD.values(), ids=BAD)
def test_table_or_option_that_cannot_be_used_is_refused_in_words(command, folder, text, options, words):
    (folder / "mine.csv").write_text(text)
    result = command("run", "mine.csv", *([] if "--target" in options else ["--target", "y"]), *options)
    assert (result.exit_code, result.stdout) == (2, ""), result.stderr
    assert words in " ".join(result.stderr.split())


BYTES = {
    "latin": ("mine.csv", "größe,y\n1,2\n".encode("latin-1"), "not written in UTF-8: byte 0xf6 in line 1"),
    "utf-16": ("mine.csv", "a,y\n1,2\n".encode("utf-16"), "is written in UTF-16"),
    "zero bytes": ("mine.csv", b"a,y\n1,\0\n", "holds zero bytes"),
    "no archive": ("mine.npz", b"a,y\n1,2\n", "is no archive of NumPy arrays"),
    "kind": ("mine.xlsx", b"PK", "a table is a file .csv"),
}


@pytest.mark.parametrize("name, data, words", BYTES.values(), ids=BYTES)
def test_file_of_another_kind_is_refused_in_words(command, folder, name, data, words):
    (folder / name).write_bytes(data)
    result = command("run", name, "--target", "y")
    assert result.exit_code == 2 and words in " ".join(result.stderr.split()), result.stderr


def test_file_that_is_not_there_has_its_neighbours_named(command, folder):
    (folder / "houses.csv").write_text(GOOD)
    result = command("run", "house.csv", "--target", "y")
    assert result.exit_code == 2 and "There is no file house.csv. Did you mean houses.csv?" in result.stderr
    assert command("run", ".", "--target", "y").exit_code == 2


ARCHIVES = {
    "objects": ({"X": np.ones((3, 2)), "y": np.array([1, "a", None], object)}, "y holds Python objects"),
    "lengths": ({"X": np.ones((3, 2)), "y": np.ones(4)}, "y has 4 samples and X has 3"),
    "axes": ({"X": np.ones((3, 2)), "y": np.ones((3, 1, 1))}, "y must have one axis"),
    "complex": ({"X": np.ones((3, 2)) * 1j, "y": np.ones(3)}, "must hold real numbers or text"),
    "number": ({"X": np.ones((3, 2)), "y": 1.0}, "y is a single value"),
    "two": ({"A": np.ones((3, 2)), "B": np.ones((3, 2)), "y": np.ones(3)}, "several arrays with two axes (A and B)"),
    "names": ({"X": np.ones((3, 2)), "names": np.array(["a"]), "y": np.ones(3)}, "1 names for the 2 columns of X"),
    "same names": ({"X": np.ones((3, 2)), "names": np.array(["a", "a"]), "y": np.ones(3)}, "one name: a"),
    "no rows": ({"X": np.ones((0, 2)), "y": np.ones(0)}, "no rows of data"),
    "nothing": ({}, "is empty"),
    "not a number": ({"X": np.array([[1.0, np.nan], [2, 1]]), "y": np.arange(2.0)}, "missing: X2 in row 1"),
}


@pytest.mark.parametrize("arrays, words", ARCHIVES.values(), ids=ARCHIVES)
def test_archive_that_cannot_be_used_is_refused_in_words(command, folder, arrays, words):
    np.savez(folder / "mine.npz", **arrays)
    result = command("run", "mine.npz", "--target", "y")
    assert result.exit_code == 2 and words in " ".join(result.stderr.split()), result.stderr


def test_help_lists_every_potential(command):
    result = command("run", "--help")
    words = " ".join(result.stdout.split())
    assert result.exit_code == 0
    assert all((f"{name}:{number}" if number else name) in words for name, (_, number) in POTENTIALS.items())
