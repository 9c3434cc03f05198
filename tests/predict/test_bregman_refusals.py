"""What a Bregman projection refuses, in words."""

import dataclasses

import numpy as np
import pytest

import mirrorflow as mf

P = mf.potentials
project = mf.predict.bregman_projection


@dataclasses.dataclass(frozen=True)
class Data:
    """Anything with a design and a target is a regression."""

    design: np.ndarray
    target: np.ndarray


DESIGN = np.random.default_rng(0).normal(size=(3, 5))
GOOD = Data(DESIGN, DESIGN @ np.ones(5))


def test_inconsistent_targets_have_no_interpolator():
    rows = np.vstack([DESIGN, DESIGN[0]])
    with pytest.raises(ValueError, match=r"No x interpolates the data.*rank 3"):
        project(Data(rows, np.array([1.0, 2.0, 3.0, 1.5])), P.Quadratic(), np.zeros(5))
    with pytest.raises(ValueError, match=r"No x interpolates the data.*rank 0"):
        project(Data(np.zeros((2, 5)), np.ones(2)), P.Quadratic(), np.zeros(5))


def test_a_design_of_zeros_with_a_target_of_zeros_projects_nowhere():
    found = project(Data(np.zeros((2, 5)), np.zeros(2)), P.Quadratic(), np.ones(5))
    np.testing.assert_array_equal(found.x, np.ones(5))


def test_an_empty_intersection_with_the_domain_is_named():
    negative = Data(np.abs(DESIGN), -np.ones(3))
    with pytest.raises(ValueError, match="No interpolator lies inside the domain"):
        project(negative, P.BalancedSteepest(2, 2.0), np.ones(5))


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((GOOD, P.BalancedSteepest(2, 2.0), np.zeros(5)), "start must lie inside the domain"),
        ((GOOD, P.Quadratic(), np.zeros(4)), r"start must have shape \(5,\), got shape \(4,\)"),
        ((GOOD, P.Quadratic(), np.full(5, np.nan)), "start must be finite"),
        ((Data(DESIGN, np.ones(4)), P.Quadratic(), np.zeros(5)), "design must have shape"),
        ((Data(DESIGN[0], np.ones(5)), P.Quadratic(), np.zeros(5)), "design must have shape"),
        ((Data(np.full((3, 5), np.inf), np.ones(3)), P.Quadratic(), np.zeros(5)), "design must be finite"),
        ((object(), P.Quadratic(), np.zeros(5)), "problem must have a design and a target"),
        ((GOOD, P.HyperbolicEntropy(np.ones(4)), np.zeros(5)), "of scale"),
    ],
)
def test_bad_arguments_are_refused_in_words(arguments, message):
    with pytest.raises(ValueError, match=message):
        project(*arguments)


def test_the_start_is_given_once():
    for given in ({}, {"start": np.zeros(5), "start_dual": np.zeros(5)}):
        with pytest.raises(ValueError, match="exactly one of start and start_dual"):
            project(GOOD, P.Quadratic(), **given)
    bounded = P.PowerDifferencePotential(4, 0.5, 0.5)  # duals in (−½, ½)
    with pytest.raises(ValueError, match="start_dual must be inside the domain"):
        project(GOOD, bounded, start_dual=np.full(5, 0.6))
