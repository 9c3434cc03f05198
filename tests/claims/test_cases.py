"""Cases and their products."""

import pickle

import pytest

import mirrorflow as mf


def test_grid_is_every_combination_with_the_last_name_fastest():
    cases = mf.cases.grid(q=(1.0, 2.0), depth=(2, 3))
    assert [(case.q, case.depth) for case in cases] == [(1.0, 2), (1.0, 3), (2.0, 2), (2.0, 3)]


def test_cases_add_and_filter():
    both = mf.cases.grid(q=(1.0, 2.0)) + mf.cases.single(q=3.0)
    assert [case.q for case in both] == [1.0, 2.0, 3.0]
    assert [case.q for case in both.where(lambda case: case.q > 1.5)] == [2.0, 3.0]


def test_case_cannot_change_and_names_its_fields():
    case = mf.cases.Case(q=1.0)
    with pytest.raises(AttributeError, match="cannot be changed"):
        case.q = 2.0
    with pytest.raises(AttributeError, match="has no field 'depth'; it has q"):
        _ = case.depth
    assert vars(case) == {"q": 1.0} and pickle.loads(pickle.dumps(case)) == case


@pytest.mark.parametrize("given", [{}, {"q": ()}, {"q": 1.0}, {"q": "abc"}])
def test_grid_refuses_what_is_no_grid(given):
    with pytest.raises(ValueError, match="grid"):
        mf.cases.grid(**given)


@pytest.mark.parametrize("given", [(), [1.0], "abc", {"q": 1.0}])
def test_experiment_refuses_what_are_no_cases(given):
    with pytest.raises(ValueError, match="cases"):
        mf.experiment(cases=given)(lambda case, key: None)


@pytest.mark.parametrize("given", [(1.0,), (0.1, 1.0), (1.0, 1.0), (1.0, 0.0), (1.0, -0.1)])
def test_experiment_needs_two_accuracies_that_decrease(given):
    with pytest.raises(ValueError, match="accuracies must be two or more"):
        mf.experiment(cases=mf.cases.single(), accuracies=given)(lambda case, key: None)
