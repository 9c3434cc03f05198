"""`mirrorflow list`, `explain` and `paper`."""


def test_list_has_a_line_for_every_claim(command, write):
    result = command("list", write("printed", "open"))
    assert result.exit_code == 0
    for name in ("typed/good", "typed/printed", "typed/open"):
        assert sum(name in line for line in result.stdout.splitlines()) == 1
    assert "not verified" in result.stdout and "xₜ = α/2" in result.stdout


def test_list_shows_the_last_verdicts(command, write):
    file = write("wrong")
    command("verify", file, "--jobs", "1")
    lines = command("list", file).stdout.splitlines()
    assert any("typed/good" in line and "holds" in line for line in lines)
    assert any("typed/wrong" in line and "refuted" in line for line in lines)


def test_explain_says_everything_before_and_after_a_verdict(command, write):
    file = write()
    before = command("explain", f"{file}::typed/good").stdout
    for words in ("xₜ = α/2", r"\frac{\alpha}{2}", "arXiv:2603.02064v2, Theorem 3", "proved", "my_claims.ones"):
        assert words in before
    for words in ("Almost one, twice.", "Number by number.", "twice as much", "because of the test", "my_claims.py:"):
        assert words in before
    assert "not been verified yet" in before and "mirrorflow verify my_claims.py::typed/good" in before
    command("verify", file, "--seed", "3", "--jobs", "1")
    after = command("explain", f"{file}::typed/good").stdout
    assert "✓ holds" in after and "seed 3" in after and "q=1.0" in after and "✗ refuted" in after
    assert "mirrorflow verify my_claims.py::typed/good --seed 3" in after and "jax" in after


def test_explain_wants_one_claim(command, write):
    result = command("explain", write("open"))
    assert result.exit_code == 2 and "typed/good" in result.stderr and "typed/open" in result.stderr


def test_paper_gathers_claims_and_errata_and_writes_a_page(command, write, folder):
    file = write("printed")
    for number in ("2603.02064", "arXiv:2603.02064v1"):
        result = command("paper", number, "--from", file)
        assert result.exit_code == 0, result.stderr
        assert "Never Saddle" in result.stdout and "Printed x=1.5." in result.stdout
        assert "typed/good" in result.stdout and "not verified" in result.stdout
    command("verify", file, "--jobs", "1")
    result = command("paper", "2603.02064", "--from", file)
    assert "holds" in result.stdout and "refuted" in result.stdout
    page = (folder / "out" / "paper-2603.02064.html").read_text()
    assert "Never Saddle" in page and "typed/printed" in page and "refuted, as it must be" in page
