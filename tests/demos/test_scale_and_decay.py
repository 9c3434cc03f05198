"""The first demo without its page: what it computes, that nothing is compiled twice, and that it draws what it says."""

import itertools
import re

import jax
import numpy as np
import pytest

from mirrorflow.claims._compiles import count
from mirrorflow.content.demos import _panels as panels
from mirrorflow.content.demos import _scale_and_decay as flows

CORNERS = list(itertools.product((1e-3, 10.0), (0.0, 1.0), (0.1, 1.0)))  # of the sliders: balance, strength, switch


@pytest.fixture(scope="module", autouse=True)
def _warmed():
    flows.warm()


@pytest.fixture(scope="module")
def pictures():
    return panels.Pictures()


def runs(balance, strength, switch, seed):
    setting = {"balance": balance, "strength": strength, "switch": switch}
    return flows.run(flows.picture(), **setting), flows.run(flows.data(seed), **setting), seed


def test_no_position_of_the_sliders_compiles_anything(pictures):
    with count() as programs:
        for (balance, strength, switch), seed in zip(CORNERS, itertools.cycle(flows.SEEDS)):
            pictures(*runs(balance, strength, switch, seed))
    assert (programs.compiled, programs.loaded) == (0, 0)


def test_a_program_would_be_noticed():
    with count() as programs:
        jax.jit(lambda x: x * 1.2345)(np.ones(7))
    assert programs.compiled + programs.loaded > 0


@pytest.mark.parametrize(("balance", "strength", "switch"), CORNERS)
def test_flow_ends_where_theory_says(balance, strength, switch):
    for run in runs(balance, strength, switch, flows.SEEDS[3])[:2]:
        assert run.path.status.ok
        assert run.gap < 1e-6  # at rest up to ∇f=1e-7, with singular values of 1
        decayed = 0.5 * balance * np.exp(-4 * strength * np.minimum(np.asarray(run.path.time), switch))
        np.testing.assert_allclose(run.scale_predicted, decayed, rtol=1e-12)
        np.testing.assert_allclose(run.scale_measured, decayed, rtol=1e-5)


def test_limit_depends_on_how_much_decay_was_spent_and_not_when():
    seed = flows.SEEDS[0]
    strong, weak, none = (
        runs(*setting, seed)[1] for setting in ((1.0, 1.0, 0.5), (1.0, 0.5, 1.0), (np.exp(-2.0), 0.0, 1.0))
    )
    assert max(abs(strong.limit - weak.limit).max(), abs(strong.limit - none.limit).max()) < 1e-6
    assert abs(strong.limit - strong.without_decay).max() > 1e-2


@pytest.mark.parametrize("seed", flows.SEEDS)
def test_least_norms_are_least_and_the_sparsest_is_the_truth(seed):
    data = flows.data(seed)
    np.testing.assert_allclose(data.sparse, data.problem.truth, atol=1e-9)
    np.testing.assert_allclose(data.least, np.linalg.pinv(data.problem.design) @ data.problem.target, atol=1e-12)


def test_limits_lead_from_the_least_l2_to_the_least_l1_norm():
    for seed in flows.SEEDS[:2]:
        two, one = flows.data(seed).excess(flows.all_limits(seed)).T
        assert (two > 1 - 1e-9).all() and (np.diff(two) > 0).all() and two[0] < 1 + 1e-3
        assert (one > 1 - 1e-9).all() and (np.diff(one) < 0).all() and one[-1] < 1 + 1e-2


def test_layer_lies_on_its_frame(pictures):
    pictures(*runs(0.5, 0.3, 0.7, flows.SEEDS[1]))
    for panel in (pictures.plane, pictures.path, pictures.coefficients, pictures.between):
        for axes, above in zip(panel.axes, panel.above, strict=True):
            np.testing.assert_allclose(above.get_position().bounds, axes.get_position().bounds, rtol=1e-12)
            assert above.get_xlim() == axes.get_xlim() and above.get_ylim() == axes.get_ylim()
            assert (above.get_xscale(), above.get_yscale()) == (axes.get_xscale(), axes.get_yscale())


def test_every_axis_says_what_it_shows(pictures):
    from mirrorflow.plotting._style import check_labels

    for panel in (pictures.plane, pictures.path, pictures.coefficients, pictures.between):
        check_labels(panel.frame, panel.words)


def test_another_run_changes_each_layer_and_no_frame_whose_axes_stay(pictures):
    one, other = (
        re.findall(r'src="([^"]+)"', pictures(*runs(balance, 0.4, 1.0, flows.SEEDS[1]))) for balance in (1.0, 0.9)
    )
    frames, layers = slice(0, None, 2), slice(1, None, 2)
    assert len(one) == 8 and one[frames] == other[frames]
    assert all(before != after for before, after in zip(one[layers], other[layers], strict=True))


def test_predicted_limit_is_drawn_where_it_is(pictures):
    two, twelve, seed = runs(0.1, 0.4, 1.0, flows.SEEDS[1])
    pictures(two, twelve, seed)
    np.testing.assert_array_equal(np.ravel(pictures.plane.ring.get_data()), two.predicted)
    np.testing.assert_array_equal(pictures.coefficients.ring.get_ydata(), twelve.predicted)
    np.testing.assert_array_equal(pictures.coefficients.flow.get_ydata(), twelve.limit)


def test_notebook_runs_as_a_program_without_a_page():
    from mirrorflow.content.demos import scale_and_decay

    _, names = scale_and_decay.app.run()
    assert names["twelve"].gap < 1e-6 and names["two"].gap < 1e-6
