"""Figures that can be read: in print, in grey, by everybody."""

import itertools

import numpy as np
import pytest

from mirrorflow import plotting


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def test_neighbouring_colours_differ_in_grey():
    grey = [luminance(colour) ** (1 / 2.2) for colour in plotting.COLOURS]
    assert all(abs(one - other) > 0.05 for one, other in itertools.pairwise(grey))


def test_looks_differ_in_more_than_colour():
    looks = plotting.looks(6)
    assert len({look["marker"] for look in looks}) == 6 == len({look["color"] for look in looks})
    assert len({str(look["linestyle"]) for look in looks}) == 6


def test_style_ends_with_its_block():
    import matplotlib as mpl

    before = mpl.rcParams["font.family"], mpl.rcParams["axes.prop_cycle"]
    with plotting.style():
        assert mpl.rcParams["font.family"] == ["serif"]
    assert (mpl.rcParams["font.family"], mpl.rcParams["axes.prop_cycle"]) == before


def test_same_figure_is_the_same_file(tmp_path):
    import matplotlib.pyplot as plt

    for folder in ("one", "two"):
        with plotting.style():
            figure, axes = plotting.canvas(1, 2)
            for panel in axes:
                panel.plot([0, 1], [1, 0])
                panel.set(xlabel="time $t$", ylabel="$x$")
            plotting.predicted(axes[0], [0, 1], [1, 0.1])
            plotting.letters(axes)
            paths = plotting.save(figure, "same", tmp_path / folder)
            plt.close(figure)
        assert [path.name for path in paths] == ["same.png", "same.pdf"]
    for name in ("same.png", "same.pdf"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_axis_without_a_label_is_refused_unless_it_shares_one(tmp_path):
    import matplotlib.pyplot as plt

    with plotting.style():
        figure, axes = plotting.canvas(1, 2, sharey=True)
        for panel in axes:
            panel.plot([0, 1], [1, 0])
            panel.set_xlabel("time $t$")
        with pytest.raises(ValueError, match="figure bare: the y axis of a panel has no label"):
            plotting.save(figure, "bare", tmp_path)
        axes[0].set_ylabel("$x$")
        plotting.save(figure, "shared", tmp_path)
        plt.close(figure)


def test_figure_is_drawn_again_only_if_something_changed(tmp_path):
    script = tmp_path / "drawn_once.py"
    source = (
        '"""Drawn once."""\nfrom mirrorflow import plotting\nEXPERIMENTS = []\nCLAIMS = ["a/b"]\n\n'
        "def draw(data):\n    figure, axes = plotting.canvas()\n    axes.plot([0, 1], [0, 1])\n"
        '    axes.set(xlabel="$x$", ylabel="$y$")\n    return figure\n'
    )
    script.write_text(source)
    out = tmp_path / "out"
    first = plotting.make(str(script), out=out)
    drawn = out / "figures" / "drawn-once.png"
    drawn.write_bytes(b"left as it is")
    assert plotting.make(str(script), out=out) == first and drawn.read_bytes() == b"left as it is"
    plotting.make(str(script), out=out, force=True)
    assert drawn.read_bytes()[:4] == b"\x89PNG"
    drawn.unlink()
    plotting.make(str(script), out=out)
    assert drawn.is_file() and plotting.made(out) == [first]


def test_unknown_figure_gets_near_ones():
    with pytest.raises(plotting.UnknownFigure, match="There is no figure 'nothing-of-the-kind'"):
        plotting.figure_of("nothing-of-the-kind")
