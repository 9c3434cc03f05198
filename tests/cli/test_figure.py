"""`mirrorflow figure`, and a figure script run by itself."""

import json

FIGURE = '''
"""Ones stay ones.

Both cases at $x=1$.
"""
import mirrorflow as mf
from mirrorflow import plotting


@mf.experiment(cases=mf.cases.grid(q=(1.0, 2.0)))
def ones(case, key):
    return {"x": [1.0, 1.0 * case.q]}


EXPERIMENTS = [ones]
CLAIMS = ["typed/good"]


def draw(data):
    figure, axes = plotting.canvas(width=plotting.SINGLE)
    for (case, result), look in zip(data[ones], plotting.looks(2)):
        axes.plot([0, 1], result["x"], label=f"$q={case.q:g}$", **look)
    axes.set(xlabel="time $t$ (loss units)", ylabel="$x$")
    return figure


if __name__ == "__main__":
    plotting.main()
'''


def test_figure_file_is_drawn_as_png_and_pdf(command, folder):
    (folder / "ones_stay.py").write_text(FIGURE.lstrip())
    result = command("figure", "ones_stay.py", "--seed", "2")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.split() == ["out/figures/ones-stay.png", "out/figures/ones-stay.pdf"]
    assert (folder / "out/figures/ones-stay.png").read_bytes()[:4] == b"\x89PNG"
    assert (folder / "out/figures/ones-stay.pdf").read_bytes()[:4] == b"%PDF"
    about = json.loads((folder / "out/figures/ones-stay.json").read_text())
    assert about["title"] == "Ones stay ones" and about["caption"] == "Both cases at $x=1$."
    assert about["claims"] == ["typed/good"] and about["seed"] == 2


def test_figure_script_runs_by_itself(process, folder):
    (folder / "ones_stay.py").write_text(FIGURE.lstrip())
    result = process("ones_stay.py", "--out", "elsewhere")
    assert result.returncode == 0, result.stderr
    assert (folder / "elsewhere/figures/ones-stay.pdf").is_file()
    assert (folder / "elsewhere/data/ones_stay.ones").is_dir()


def test_axis_without_a_label_is_refused(command, folder):
    (folder / "bare.py").write_text(FIGURE.lstrip().replace('ylabel="$x$"', 'title="bare"'))
    result = command("figure", "bare.py")
    assert result.exit_code == 1 and "the y axis of bare has no label" in result.stderr


def test_module_that_is_no_figure_is_refused(command, folder):
    (folder / "no_figure.py").write_text('"""Nothing."""\n')
    result = command("figure", "no_figure.py")
    assert result.exit_code == 1 and "is not a figure script" in result.stderr
