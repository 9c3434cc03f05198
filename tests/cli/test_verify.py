"""`mirrorflow verify`: what it prints, writes and returns."""

import json

import pytest


def test_claims_that_come_out_as_they_should_return_zero(command, write, folder):
    result = command("verify", write("printed", "open"), "--jobs", "1")
    assert result.exit_code == 0, result.output
    assert "3 claims: 1 hold, 2 refuted (1 as they must be), 0 undecided. All as expected." in result.output
    assert "4 runs made and 0 read from the store" in result.output and "compiled" in result.output
    assert (folder / "out" / "report.html").is_file()
    assert len(json.loads((folder / "out" / "verdicts.json").read_text())["claims"]) == 3


@pytest.mark.parametrize(
    ("piece", "name"), [("wrong", "typed/wrong"), ("crash", "typed/crash"), ("printed but right", "typed/right")]
)
def test_claim_that_fails_returns_one_and_says_which(command, write, piece, name):
    result = command("verify", write(piece), "--jobs", "1")
    assert result.exit_code == 1 and "1 not as expected" in result.output
    assert name in result.output.partition("claims:")[0]


def test_a_published_statement_that_is_not_found_is_named_without_failing(command, write):
    result = command("verify", write("measured"), "--jobs", "1")
    assert result.exit_code == 0 and "All as expected." in result.output
    words = "in the papers, measured, and not found: typed/measured (published; refuted, and so is its control)"
    assert words in result.output


def test_an_open_statement_that_is_not_found_is_not_said_to_be_in_the_papers(command, write):
    result = command("verify", write("open"), "--jobs", "1")
    assert "2 claims: 1 hold, 1 refuted" in result.output and "in the papers" not in result.output


def test_an_error_that_no_finer_run_has_told_is_not_given_a_size(command, write):
    result = command("verify", write("exact"), "--jobs", "1")
    (line,) = [line for line in result.output.splitlines() if line.startswith("typed/exact")]
    (refined,) = [line for line in result.output.splitlines() if line.startswith("typed/good")]
    assert "not refined" in line and "not refined" not in refined


def test_errata_of_a_paper_are_of_what_it_prints(command, write):
    file = write("printed", "reading")
    command("verify", file, "--jobs", "1")
    result = command("paper", "2603.02064", "--from", file)
    errata = result.output.partition("Errata")[2]
    assert "typed/printed" in errata and "typed/reading" not in errata
    assert " reading " in result.output.partition("Errata")[0]


def test_words_of_a_failure_are_shown_as_they_are(command, write):
    assert "no such [bold]luck" in command("verify", write("crash"), "--jobs", "1").output


def test_second_time_reads_the_store(command, write):
    file = write()
    command("verify", file, "--jobs", "1")
    assert "0 runs made and 4 read from the store" in command("verify", file, "--jobs", "1").output


def test_one_claim_of_a_file_and_another_seed(command, write, folder):
    result = command("verify", f"{write('printed')}::typed/good", "--seed", "7", "--out", "there", "--jobs", "1")
    document = json.loads((folder / "there" / "verdicts.json").read_text())
    assert result.exit_code == 0 and [claim["name"] for claim in document["claims"]] == ["typed/good"]
    assert document["seed"] == 7 and document["claims"][0]["seed"] == 7
    assert document["claims"][0]["rerun"] == "mirrorflow verify my_claims.py::typed/good --seed 7"
    assert document["command"] == "mirrorflow verify my_claims.py::typed/good --seed 7 --out there --jobs 1"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["verify", "typed/godo", "my_claims.py"], "No claim matches 'typed/godo'"),
        (["verify", "my_claim.py"], "Did you mean my_claims.py?"),
        (["verify", "my_claims.py::typed/god"], "my_claims.py has no claim 'typed/god'; it has typed/good"),
        (["verify", "empty.py"], "empty.py registers no claim"),
        (["verify", "broken.py"], "ZeroDivisionError"),
        (["verify", "my_claims.py", "--seed", "-1"], "--seed"),
        (["verify", "my_claims.py", "--jobs", "0"], "--jobs"),
        (["verify", "my_claims.py", "--out", "my_claims.py"], "--out"),
        (["explain", "typed/nothing"], "typed/nothing"),
        (["paper", "title"], "is not an arXiv number"),
        (["paper", "2603.99999", "--from", "my_claims.py"], "2603.02064"),
        (["figure", "nothing"], "There is no figure 'nothing'"),
        (["figure", "nothing.py"], "There is no file 'nothing.py'"),
        (["list", "nothing.py"], "There is no file 'nothing.py'"),
        (["nothing"], "No such command"),
    ],
)
def test_what_does_not_exist_is_refused_with_code_two(command, write, folder, arguments, words):
    write()
    (folder / "empty.py").write_text("import mirrorflow as mf\n")
    (folder / "broken.py").write_text("1 / 0\n")
    result = command(*arguments)
    assert result.exit_code == 2 and words in " ".join(result.stderr.split()), result.stderr


def test_claim_without_control_is_refused_and_named(command, write):
    result = command("verify", write("incomplete"))
    assert result.exit_code == 2 and "'typed/incomplete'" in result.stderr and "no control" in result.stderr


def test_json_on_stdout_is_nothing_but_json(process, write):
    result = process("-m", "mirrorflow.cli", "verify", write("noise"), "--json", "--jobs", "2", "--no-figures")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["counts"] == {"holds": 1, "refuted": 0, "undecided": 0}
    assert "noise of the module" in result.stderr


def test_help_comes_without_anything_that_computes(process):
    program = """if True:
        import sys
        from typer.testing import CliRunner
        import mirrorflow.cli._app as commands
        names = "verify", "list", "figure", "run", "derive"
        for arguments in (["--help"], ["--version"], *([name, "--help"] for name in names)):
            assert CliRunner().invoke(commands.app, arguments).exit_code == 0
        heavy = {"jax", "numpy", "matplotlib", "scipy", "sympy", "equinox"} & set(sys.modules)
        assert not heavy, heavy
    """
    result = process("-c", program)
    assert result.returncode == 0, result.stderr


def test_version(command):
    import mirrorflow

    assert command("--version").stdout.strip() == f"mirrorflow {mirrorflow.__version__}"
